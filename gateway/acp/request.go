package acp

import (
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Operation is what a call wants. The set is closed; the zero value is none.
type Operation string

// The operations of a checkout session, and of a cart.
const (
	Create   Operation = "create"
	Get      Operation = "get"
	Update   Operation = "update"
	Complete Operation = "complete"
	Cancel   Operation = "cancel"

	CartCreate  Operation = "cart_create"
	CartGet     Operation = "cart_get"
	CartReplace Operation = "cart_replace"
	CartCancel  Operation = "cart_cancel"
)

// reads reports whether the operation changes nothing.
func (o Operation) reads() bool { return o == Get || o == CartGet }

// creates reports whether the operation makes what has no id yet.
func (o Operation) creates() bool { return o == Create || o == CartCreate }

// ofCart reports whether the operation is about a cart.
func (o Operation) ofCart() bool {
	return o == CartCreate || o == CartGet || o == CartReplace || o == CartCancel
}

// Request is one call, freed from what carried it.
type Request struct {
	Operation Operation
	// MCP says that the call came over MCP, which exists for fewer dates, and where an agent may be excused from idempotency keys.
	MCP bool
	// ID is the checkout session's, or the cart's; empty where one is created.
	ID string
	// Token is the opaque bearer token; empty when there is none.
	Token string
	// Host is the name that the agent called, with or without a port. It finds the shop of an agent that has several.
	Host string
	// APIVersion is the date that the agent asked for; empty when it did not.
	APIVersion string
	// Key is the Idempotency-Key. KeyPresent tells an empty key from none. Get ignores both.
	Key        string
	KeyPresent bool
	// KeyOptional says that the carrier's method needs no key in any date, as PUT does: only a POST must have one (ACP
	// rfc.agentic_checkout 6.1, read 2026-11-22). A key that is there counts.
	KeyOptional bool
	// Language is the value of Accept-Language; may be empty.
	Language string
	// Signature and Timestamp are what the agent signed the body with; empty when it did not.
	Signature, Timestamp string
	// Identity is a signed token that names the buyer; empty when there is none.
	Identity string
	// RequestID names the call in logs.
	RequestID string
	// Body reads the whole body. It is called at most once, and only after the caller is known, so that strangers cost nothing. Its
	// error is a [commerce.Fault]. Nil means an empty body. Get ignores it.
	Body func() ([]byte, error)
}

// path is the scope of an idempotency key beside the agent: the endpoint's path with its method (ACP rfc.agentic_checkout 6.1, read
// 2026-11-22). It is the same for every carrier, so that all of them share their stored answers.
func (r Request) path() string {
	const root = "POST /checkout_sessions"
	switch r.Operation {
	case CartCreate:
		return "POST /carts"
	case CartReplace:
		return "PUT /carts/" + r.ID // by POST too: it is one endpoint with two spellings
	case CartCancel:
		return "POST /carts/" + r.ID + "/cancel"
	case Update:
		return root + "/" + r.ID
	case Complete, Cancel:
		return root + "/" + r.ID + "/" + string(r.Operation)
	default:
		return root
	}
}

// Response is the answer to a call, to be carried back as it is.
type Response struct {
	// Status is the HTTP status. A carrier that has none of its own still tells errors by it: 400 and above.
	Status int
	// Body is JSON: a session, or a flat error.
	Body []byte
	// Replayed says that this is the stored answer to an earlier call.
	Replayed bool
	// RetryAfter is when the same call may be sent again; zero: nothing is said. It is always whole seconds.
	RetryAfter time.Duration

	// Agent, Shop and Version are what was found out about the call, for the log; empty until known.
	Agent, Shop, Version string
	// Refused says that Kind is the fault that this answer tells. It is false for a replay.
	Refused bool
	Kind    commerce.Kind
}
