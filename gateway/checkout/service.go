package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// Shop is one shop with everything that selling from it needs.
type Shop struct {
	Upstream *upstream.Shop
	Payment  payment.Processor
	Handlers []commerce.PaymentHandler
	Links    []commerce.Link
	// OrderURL is where a buyer sees an order when the shop gives no address of its own; {number} stands for the order's number.
	OrderURL string
	// Interventions are what the shop can do, and asks for, when a buyer must step in. The zero value is nothing.
	Interventions commerce.Interventions
	// FreeOrders allows a total of zero to be placed without payment (S15). Default: refused.
	FreeOrders bool
	// RefundUnrecorded is what happens when the shop refuses for good to note a captured payment (S11): true cancels the order and
	// refunds, false asks the operator.
	RefundUnrecorded bool
	// SessionTTL is how long an open session lives after its last change. Default 6 h.
	SessionTTL time.Duration
	// Authentication is how agents authenticate card holders; nil leaves it to the processor.
	Authentication *Authentication
	// Continue is how long an address may be used under which a buyer goes on in the shop; zero offers none.
	Continue time.Duration
	// Marketing are the channels that buyers are asked about. They are offered where the shop takes the answer.
	Marketing []commerce.MarketingOption
	// AbandonAfter is how long an unfinished attempt is held open without a retry before it is undone (S10). Default 10 min.
	AbandonAfter time.Duration
}

// Config is what a [Service] needs.
type Config struct {
	Store store.Store
	Clock clock.Clock
	Shops map[string]*Shop
	// Owner names this incarnation of the process; leases and claims carry it (S17).
	Owner string
	// NewID makes a new id that sorts by time, with the prefix.
	NewID func(prefix string) string
	// EventBody renders an event for the agent's subscription; ok is false when the agent has none.
	EventBody func(agent string, e commerce.Event) (body []byte, ok bool, err error)
	// Delivered is called after an event was committed, so that the relay need not wait for its next look.
	Delivered func()
	// Handoff makes the addresses under which buyers go on in a shop; nil: none are made.
	Handoff *handoff.Signer
	// Random is in [0, 1) and spreads the retries of sagas. Nil: math/rand.
	Random func() float64
	// SavedCart finds the saved cart of an agent for a create by its id; a cart that the agent cannot use is NotFound. Nil: there are
	// none.
	SavedCart func(ctx context.Context, agent, id string) (commerce.SavedCart, error)
	// Look asks the relay to read an order of a shop once more, some time after its completion and without waiting. Nil: nobody does.
	Look   func(shop, ref string)
	Log    *slog.Logger
	Tracer telemetry.Tracer
	Timing Timing
}

// Timing holds the waits of the saga. The zero value of each means its default.
type Timing struct {
	// Lease is how long a saga belongs to the process without a commit. It is longer than any call. Default 60 s.
	Lease time.Duration
	// Poll is how often due sagas are looked for. Default 250 ms.
	Poll time.Duration
	// Margin is added to the quarantine of an unknown shop call, taken off a token's expiry, and how long the mark of an intent may be
	// old when the call is sent. Default 2 s.
	Margin time.Duration
	// Settle is how long an intent that was answered with a stored failure may still turn up in the processor's list. Default 30 s.
	Settle time.Duration
	// Backoff is the first wait before a repeated call; it doubles up to 200 times as long. Default 250 ms.
	Backoff time.Duration
	// KeyLife is how long a processor's idempotency key is trusted (S6). Default 23 h.
	KeyLife time.Duration
	// Sweeps is when, after the completion, the shop is searched for a second order. Default 2 min and 30 min.
	Sweeps []time.Duration
	// Preflight is how long a token's limits are read before the hold; a look that takes longer is given up. Default 2 s.
	Preflight time.Duration
	// TokenLife is how long after its session closed a payment token is kept (S18). Default 24 h.
	TokenLife time.Duration
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		at *time.Duration
		to time.Duration
	}{
		{&t.Lease, time.Minute},
		{&t.Poll, 250 * time.Millisecond},
		{&t.Margin, 2 * time.Second},
		{&t.Settle, 30 * time.Second},
		{&t.Backoff, 250 * time.Millisecond},
		{&t.KeyLife, 23 * time.Hour},
		{&t.Preflight, 2 * time.Second},
		{&t.TokenLife, 24 * time.Hour},
	} {
		if *d.at <= 0 {
			*d.at = d.to
		}
	}
	if t.Sweeps == nil {
		t.Sweeps = []time.Duration{2 * time.Minute, 30 * time.Minute}
	}
	return t
}

// Service is the session service. Make it with [New], start its background work with [Service.Start] and end it with
// [Service.Stop]. It is safe for concurrent use.
type Service struct {
	store     store.Store
	clock     clock.Clock
	shops     map[string]*Shop
	owner     string
	newID     func(string) string
	eventBody func(string, commerce.Event) ([]byte, bool, error)
	delivered func()
	savedCart func(ctx context.Context, agent, id string) (commerce.SavedCart, error)
	look      func(shop, ref string)
	handoff   *handoff.Signer
	random    func() float64
	log       *slog.Logger
	tracer    telemetry.Tracer
	timing    Timing
	steps     map[string]Step

	locks   locks
	waiting waiting
	// toldDamaged holds the damagedRow of which the operator was told.
	toldDamaged sync.Map
	runs        sync.WaitGroup
	slots       chan struct{}
	stop        context.CancelCauseFunc
	base        context.Context
}

// maxRuns bounds the sagas that run at the same time in one process.
const maxRuns = 128

// New wires a service. It does nothing yet.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Delivered == nil {
		c.Delivered = func() {}
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Look == nil {
		c.Look = func(string, string) {}
	}
	if c.SavedCart == nil {
		c.SavedCart = func(context.Context, string, string) (commerce.SavedCart, error) {
			return commerce.SavedCart{}, commerce.Faultf(commerce.NotFound, "there are no saved carts")
		}
	}
	if c.EventBody == nil {
		c.EventBody = func(string, commerce.Event) ([]byte, bool, error) { return nil, false, nil }
	}
	for _, s := range c.Shops {
		if s.SessionTTL <= 0 {
			s.SessionTTL = 6 * time.Hour
		}
		if s.AbandonAfter <= 0 {
			s.AbandonAfter = 10 * time.Minute
		}
	}
	s := &Service{
		store: c.Store, clock: c.Clock, shops: c.Shops, owner: c.Owner, newID: c.NewID, eventBody: c.EventBody,
		delivered: c.Delivered, savedCart: c.SavedCart, look: c.Look, handoff: c.Handoff, random: c.Random, log: c.Log, tracer: c.Tracer, timing: c.Timing.withDefaults(), steps: Steps(),
		slots: make(chan struct{}, maxRuns),
	}
	s.base, s.stop = context.WithCancelCause(context.Background()) //nolint:forbidigo // the background work belongs to no request
	return s
}

// Call is one request of an agent, as the pipeline hands it over.
type Call struct {
	Agent string
	Shop  string
	// Subject is the buyer that the agent's identity provider proved for this call; empty: nobody.
	Subject string
	// Claim is the idempotency claim to answer; nil when the request carries no key.
	Claim *store.Claim
	// Render encodes a session as this call's answer.
	Render func(commerce.Session) (store.Answer, error)
}

// errStopped is the cause of work that ends because the service does.
var errStopped = errors.New("the gateway is stopping")

// shop finds the settings of a shop.
func (s *Service) shop(name string) (*Shop, error) {
	sh, ok := s.shops[name]
	if !ok {
		return nil, fmt.Errorf("shop %q is not configured", name)
	}
	return sh, nil
}

// identity is which shop name stands for now; empty when it is not configured or says nothing of itself.
func (s *Service) identity(name string) string {
	if sh, err := s.shop(name); err == nil {
		return sh.Upstream.Identity()
	}
	return ""
}

// load reads a session for its owner: the agent, at the session's shop, and where both are proven, the buyer. A session of somebody else
// looks like one that does not exist, and so does one of a shop that the agent may not use any more.
func (s *Service) load(ctx context.Context, c Call, id string) (store.Session, commerce.Session, error) {
	row, err := s.store.Session(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && (row.Agent != c.Agent || row.Shop != c.Shop)) {
		return row, commerce.Session{}, commerce.Faultf(commerce.NotFound, "there is no checkout session %q", id)
	}
	if err != nil {
		return row, commerce.Session{}, unavailable("read the session", err)
	}
	var cs commerce.Session
	if err := json.Unmarshal(row.Body, &cs); err != nil {
		return row, cs, fmt.Errorf("read session %s from the store: %w", id, err)
	}
	if c.Subject != "" && cs.Subject != "" && c.Subject != cs.Subject {
		return row, commerce.Session{}, commerce.Faultf(commerce.NotFound, "there is no checkout session %q", id)
	}
	return row, cs, nil
}

// sessionRow makes the row that keeps cs.
func sessionRow(cs commerce.Session) (store.Session, error) {
	body, err := json.Marshal(cs)
	if err != nil {
		return store.Session{}, fmt.Errorf("write session %s: %w", cs.ID, err)
	}
	return store.Session{
		ID: cs.ID, Agent: cs.Agent, Shop: cs.Shop, Status: cs.Status, ExpiresAt: cs.ExpiresAt, UpdatedAt: cs.UpdatedAt, Body: body,
	}, nil
}

// answer renders cs and prepares its storing under the call's claim.
func (c Call) answer(cs commerce.Session) (store.Answer, []store.AnswerWrite, error) {
	a, err := c.Render(cs)
	if err != nil {
		return a, nil, fmt.Errorf("render session %s: %w", cs.ID, err)
	}
	if c.Claim == nil {
		return a, nil, nil
	}
	return a, []store.AnswerWrite{{Claim: *c.Claim, Answer: a}}, nil
}

// unavailable is the fault of an upstream that cannot be reached; what was attempted is named, the cause is for the log.
func unavailable(attempt string, err error) error {
	return commerce.Faultf(commerce.Unavailable, "could not %s now; send the same request again", attempt).Because(err)
}

// conflict is the fault of a request that the session's state does not allow.
func conflict(format string, args ...any) error {
	return commerce.Faultf(commerce.Conflict, format, args...)
}
