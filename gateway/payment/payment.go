// Package payment is the contract between the checkout saga and whoever holds the money.
//
// Start with [Processor]. Its rules are the suite in paytest, which the stateful fake in stripetest always passes and the real API
// passes when a test key is given; stripepay is the one implementation. The package imports commerce and the standard library.
package payment

import (
	"context"
	"errors"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Processor holds, takes and gives back money. Every write carries a key: a second call under the same key and parameters gives the
// first result and moves nothing. Implementations never retry by themselves, are safe for concurrent use and never put a token, a
// key or a client secret into an error.
//
// Every failure is a *[Error]. A write has three outcomes: done (nil), refused (every kind but Unknown), unknown ([Unknown]). A
// timeout, a 5xx, a reply that cannot be read and a cancelled context are unknown.
type Processor interface {
	// Terms are what a new attempt must freeze so that a replay is byte-same.
	Terms() Terms
	// Inspect reads the token's limits before anything is written. It moves nothing; Unknown here only means "could not look".
	Inspect(ctx context.Context, t Terms, token Secret) (Limits, error)
	// Authorize holds Amount on the token. The second call under the same Key gives the same hold.
	Authorize(ctx context.Context, r AuthorizeRequest) (Intent, error)
	// Capture takes the whole hold. A capture of a captured intent gives the intent; of a canceled one it is Refused.
	Capture(ctx context.Context, r ChangeRequest) (Intent, error)
	// Void lets a hold go. A void of a canceled intent gives the intent; of a captured one it fails with AlreadyCaptured.
	Void(ctx context.Context, r ChangeRequest) (Intent, error)
	// Refund gives Amount back. The second call under the same key gives the same refund, in the state that the first call met: how far it
	// has come since is for FindRefund to say. A refund that is pending may still fail.
	Refund(ctx context.Context, r RefundRequest) (Refund, error)
	// Find reads an intent by its id, or, when the id is empty, looks through the intents since r.Since for the session and attempt.
	// ok is false when there surely is none. A search that is too long for one call fails as Busy; a call with the same request goes on
	// with it.
	Find(ctx context.Context, r FindRequest) (i Intent, ok bool, err error)
	// FindRefund reads whether a refund was made under the key, and how far it has come, by looking through the refunds of the intent. ok
	// is false when there surely is none.
	FindRefund(ctx context.Context, intentID, key string) (r Refund, ok bool, err error)
	// Check proves that the credentials work, without moving anything.
	Check(ctx context.Context) error
}

// Secret is a bearer credential. It prints as [redacted] in every form; convert with string(s) only to send it.
type Secret string

const redacted = "[redacted]"

// String hides the secret.
func (Secret) String() string { return redacted }

// GoString hides the secret.
func (Secret) GoString() string { return redacted }

// MarshalText hides the secret, also in JSON and logs.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Terms are the settings that a call was, or will be, made with. They are frozen with an attempt, because a replay under other
// terms is another request (facts of Stripe: idempotency compares parameters; the version header is kept constant too).
type Terms struct {
	Account    string `json:"account,omitempty"` // fingerprint of the account behind the key; never the key
	APIVersion string `json:"api_version"`       // such as "2026-04-22.preview"
	Shape      string `json:"shape"`             // where the token stands: "payment_method_data" or "top_level"
	// ReturnURL is where a buyer would come back to who pays with a saved card; empty: saved cards are not taken.
	ReturnURL string `json:"return_url,omitempty"`
}

// Limits are what a token allows. Source: Stripe, GrantedToken, preview 2026-04-22, read 2026-11-22.
type Limits struct {
	Currency          commerce.Currency
	Max               int64 // the most that may be captured in all
	Captured          int64
	ExpiresAt         time.Time // zero: never
	DeactivatedAt     time.Time // zero: active
	DeactivatedReason string    // consumed, expired, resolved or revoked
	Live              bool      // of live mode
}

// Allows says why a charge of m at now would be refused, as a *[Error] of a Token… kind, or nil. margin is how long before expiry a
// token is already useless.
func (l Limits) Allows(m commerce.Money, now time.Time, margin time.Duration) error {
	switch {
	case !l.DeactivatedAt.IsZero():
		return &Error{Kind: TokenDeactivated, Code: l.DeactivatedReason, Message: "the shared payment token is deactivated"}
	case !l.ExpiresAt.IsZero() && !l.ExpiresAt.After(now.Add(margin)):
		return &Error{Kind: TokenDeactivated, Code: "expired", Message: "the shared payment token has expired"}
	case l.Currency != m.Currency:
		return &Error{Kind: TokenCurrency, Message: "the shared payment token is for another currency than the session"}
	case l.Max-l.Captured < m.Minor:
		return &Error{Kind: TokenLimit, Message: "the shared payment token does not allow the session's total"}
	default:
		return nil
	}
}

// AuthorizeRequest asks for a hold. Key, Terms, Amount, Token and the ids are frozen with the attempt.
type AuthorizeRequest struct {
	Key    string
	Terms  Terms
	Amount commerce.Money
	Token  Secret
	// Saved is a card that the seller keeps for a customer; then Token is empty. It is frozen like Token.
	Saved *commerce.SavedCard
	// Authentication is what an authentication outside the processor brought; nil: the processor decides whether one is needed.
	Authentication *commerce.AuthenticationResult
	SessionID      string
	Attempt        int
	Gateway        string // names this installation in the metadata
}

// Vault is a [Processor] that keeps cards for the seller's customers. It is optional: ask for it by type assertion.
type Vault interface {
	// SavedCards are the cards of a customer that may be shown to them again and have not expired, newest first, at most ten; an unknown
	// customer has none. It moves nothing.
	SavedCards(ctx context.Context, t Terms, customer string) ([]commerce.SavedCard, error)
}

// ChangeRequest asks for a capture or a void.
type ChangeRequest struct {
	Key      string
	IntentID string
}

// RefundRequest asks for money back. Metadata keeps the key, so that [Processor.FindRefund] can find it.
type RefundRequest struct {
	Key      string
	IntentID string
	Amount   commerce.Money
	Reason   string // duplicate, fraudulent or requested_by_customer; empty: not said
}

// FindRequest names an intent by id, or by what it was made for.
type FindRequest struct {
	IntentID  string
	SessionID string
	Attempt   int
	Since     time.Time
}

// Intent is a PaymentIntent as it is now.
type Intent struct {
	ID            string
	State         State
	Amount        commerce.Money
	Capturable    int64 // what the hold covers now
	Received      int64 // what has been taken
	CaptureBefore time.Time
	UnderReview   bool
	Refunded      int64
}

// State is the state of an intent.
type State string

// The states of an intent, by what they mean for the money.
const (
	Held           State = "held"            // requires_capture
	Taken          State = "captured"        // succeeded
	Gone           State = "canceled"        // canceled: no money can move any more
	Failed         State = "failed"          // requires_payment_method: nothing held, but it could be confirmed again
	RequiresAction State = "requires_action" // waits for the buyer; nothing held
	Processing     State = "processing"      // nobody knows yet
)

// Refund is money on its way back.
type Refund struct {
	ID     string
	Status RefundStatus
	Amount commerce.Money
}

// RefundStatus is how far a refund has come.
type RefundStatus string

// The states of a refund.
const (
	RefundPending   RefundStatus = "pending"   // taken, not made: it becomes one of the others
	RefundSucceeded RefundStatus = "succeeded" // on its way through the banks
	RefundFailed    RefundStatus = "failed"    // or canceled: the money is with the seller
)

// ErrorKind is why money did not move, as a closed set.
type ErrorKind uint8

// The kinds of failure. Only Unknown leaves the outcome open.
const (
	// Unknown is the zero value, so that a forgotten kind is never taken for a refusal.
	Unknown ErrorKind = iota
	// Declined says that the issuer said no. Intent names the dead intent, if there is one.
	Declined
	// ActionRequired says that the issuer wants the buyer to authenticate. Nothing is held.
	ActionRequired
	// TokenDeactivated says that the token was spent, revoked or has expired.
	TokenDeactivated
	// TokenLimit says that the token allows less than the amount.
	TokenLimit
	// TokenCurrency says that the token is for another currency.
	TokenCurrency
	// TokenUnknown says that there is no such token for this seller and mode.
	TokenUnknown
	// AlreadyCaptured says that a void came too late; refund instead.
	AlreadyCaptured
	// Refused is any other definite no, such as a capture of a canceled intent or a refund above the remainder.
	Refused
	// KeyReused says that the key was used with other parameters: a bug or a changed configuration. It says nothing about the first call.
	KeyReused
	// Busy says that a request under the same key runs, or that calls are limited. This call did nothing; the key's outcome is open.
	Busy
	// Unauthorized says that the processor refused our credentials. Nothing was done.
	Unauthorized
	// Unreachable says that the request was surely never sent.
	Unreachable
)

// Error is a failure of the processor. Message holds no secret and no buyer's data.
type Error struct {
	Kind        ErrorKind
	Code        string // the processor's code, or the reason of a deactivation
	DeclineCode string
	IntentID    string // of the intent that the failure is about, if any
	RequestID   string // of the processor, for its support
	StoredReply bool   // the failure is a replay of a reply stored under the key
	Message     string
	Err         error
}

// Error is the message with the ids that help to find the call.
func (e *Error) Error() string {
	s := e.Message
	if e.Code != "" {
		s += " (" + e.Code + ")"
	}
	if e.RequestID != "" {
		s += " [request " + e.RequestID + "]"
	}
	return s
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first [Error] in err's chain, or [Unknown].
func KindOf(err error) ErrorKind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unknown
}
