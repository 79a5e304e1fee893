package acp

import (
	"context"
	"log/slog"
	"time"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/signing"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/wire"
)

// Sessions is the session service as the pipeline uses it: *checkout.Service. Every function answers with what Call.Render made of the
// session; where Call.Claim is set, the answer was stored under it together with the session.
type Sessions interface {
	Create(ctx context.Context, c checkout.Call, r commerce.CreateRequest) (store.Answer, error)
	Get(ctx context.Context, c checkout.Call, id string) (store.Answer, error)
	Update(ctx context.Context, c checkout.Call, id string, r commerce.UpdateRequest) (store.Answer, error)
	Complete(ctx context.Context, c checkout.Call, id string, r commerce.CompleteRequest) (store.Answer, error)
	Cancel(ctx context.Context, c checkout.Call, id string, r commerce.CancelRequest) (store.Answer, error)
}

// Signatures verifies that the agent signed the body: *signing.Verifier. It fails with a [commerce.Fault].
type Signatures interface {
	Verify(ctx context.Context, c signing.Call) error
}

// Identities finds out which customer of the seller a buyer's token proves: *identity.Prover. An agent without an identity provider
// proves nobody. It fails with a [commerce.Fault] when the token is not a good one.
type Identities interface {
	Prove(ctx context.Context, agent, token string) (subject string, err error)
}

// Store is the part of store.Store that idempotency needs.
type Store interface {
	Claim(ctx context.Context, c store.Claim) (existing store.Claim, taken bool, err error)
	Release(ctx context.Context, c store.Claim) error
	Commit(ctx context.Context, b store.Batch) error
}

// Config is what a [Pipeline] needs.
type Config struct {
	Agents   *Agents
	Sessions Sessions
	// Carts is nil when no shop keeps carts.
	Carts Carts
	Store Store
	Clock clock.Clock
	// Owner names this incarnation of the process; claims carry it (S17).
	Owner string
	// Timeouts bound a call from its arrival to its answer.
	Timeouts Timeouts
	// MaxLines is the most lines of a session. Default, and at most, commerce.MaxLines.
	MaxLines int
	// Versions are what is taken beside the published dates. The zero value takes those alone.
	Versions translate.Set
	// Signatures is nil when no agent signs.
	Signatures Signatures
	// Identities is nil when no agent proves its buyers.
	Identities Identities
	// Limits is nil when agents may call as often as they like.
	Limits Limits
	// Deviated hears of each shape that was read although the call's date does not have it, once for each call, and of a date that was
	// named by an alias; nil: nobody does.
	Deviated func(ctx context.Context, agent, date string, d wire.Deviation)
	Log      *slog.Logger     // nil: silent
	Tracer   telemetry.Tracer // zero: off
}

// Timeouts bound a call. Zero means the default. When the time is over the agent is told 503 and to come again; a completion goes on.
type Timeouts struct {
	// Read is for get, of a session or a cart. Default 8 s.
	Read time.Duration
	// Change is for create, update and cancel, and for all that changes a cart. Default 8 s.
	Change time.Duration
	// Complete is for complete. Default 25 s: agents do not say how long they wait, and common gateways give up after 30 s.
	Complete time.Duration
}

func (t Timeouts) of(o Operation) time.Duration {
	d, otherwise := t.Change, 8*time.Second
	switch o {
	case Get, CartGet:
		d = t.Read
	case Complete:
		d, otherwise = t.Complete, 25*time.Second
	case Create, Update, Cancel, CartCreate, CartReplace, CartCancel:
	}
	if d <= 0 {
		return otherwise
	}
	return d
}
