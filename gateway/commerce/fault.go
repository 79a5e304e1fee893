package commerce

import (
	"errors"
	"fmt"
	"time"
)

// Kind is what went wrong, as a closed set. What a kind becomes on the wire is decided in one table of the acp package.
type Kind uint8

// The faults that a shop can raise through its adapter. A write to a shop has three outcomes: done, refused (any kind but the last
// group's) or unknown, which is [Indeterminate] alone. A timeout of a write is unknown, and unknown is never treated as refused.
const (
	// Unexpected is the zero value: a bug or an answer that nobody understands.
	Unexpected Kind = iota
	// PriceChanged says that the shop's price is no longer the quoted one.
	PriceChanged
	// OutOfStock names a line that cannot be had in the quantity asked for.
	OutOfStock
	// ItemUnavailable names an item that the shop does not sell.
	ItemUnavailable
	// CouponRejected names a code that the shop does not take.
	CouponRejected
	// AddressRejected says that the shop cannot use the address.
	AddressRejected
	// NoShipping says that no fulfillment option serves the address.
	NoShipping
	// OptionGone says that the selected fulfillment option is not offered any more.
	OptionGone
	// BuyerRejected says that the shop does not sell to this buyer.
	BuyerRejected
	// AlreadyPlaced says that this cart is an order already.
	AlreadyPlaced
	// CartGone says that the shop forgot the cart.
	CartGone
	// Rejected is any other definite refusal of the shop.
	Rejected
	// Unsupported says that the shop cannot do this at all.
	Unsupported
	// Unexplained is an answer of the 400s that the adapter does not recognise. A write that met it was not done; what it says of a
	// question nobody knows, so that it is never told to an agent as a fault of what it asked for.
	Unexplained
	// OrderGone says that the shop does not know the order.
	OrderGone
)

// The faults of reaching a shop, definite in that nothing was done, but for Indeterminate.
const (
	// Indeterminate says that a write was sent and its outcome is not known.
	Indeterminate Kind = iota + 32
	// RateLimited says that the shop wants less traffic.
	RateLimited
	// Unauthorized says that the shop refused our credentials.
	Unauthorized
	// Temporary says that the shop cannot be asked now; nothing was done.
	Temporary
)

// The faults that are told to an agent.
const (
	// Invalid is a request that no retry can mend; Param names the member.
	Invalid Kind = iota + 64
	// NotFound is a session that does not exist or belongs to somebody else.
	NotFound
	// Conflict is a request that the state of the session does not allow.
	Conflict
	// NotCancelable is a cancel of a session that has ended.
	NotCancelable
	// Unavailable is an outcome that is still open, or an upstream that cannot be reached. The same request may be sent again.
	Unavailable
	// Unauthenticated is a missing, unknown or expired bearer token.
	Unauthenticated
	// TooLarge is a body over the limit.
	TooLarge
	// UnsupportedMedia is a body of another type than JSON.
	UnsupportedMedia
	// MethodNotAllowed is a method that the path does not have.
	MethodNotAllowed
	// MissingVersion is a request without API-Version.
	MissingVersion
	// UnsupportedVersion is a request of a date that is not served.
	UnsupportedVersion
	// IdempotencyKeyRequired is a POST without a key where the date wants one.
	IdempotencyKeyRequired
	// IdempotencyInFlight is a key whose first request still runs.
	IdempotencyInFlight
	// IdempotencyMismatch is a key that was used with another body.
	IdempotencyMismatch
	// ThreeDSRequired is a complete that lacks the authentication result.
	ThreeDSRequired
	// RequestTimeout is a body that did not arrive in time.
	RequestTimeout
	// NothingAvailable is a cart of which nothing can be had now.
	NothingAvailable
	// TooManyRequests is an agent that calls more often than it may.
	TooManyRequests
)

// Fault is an error with a kind. Message is for a stranger: it names no secret and no buyer's data. Err is for the log.
type Fault struct {
	Kind       Kind
	Code       string         // a more exact code than the kind's own, such as invalid_item_id
	Param      string         // JSONPath of the member, starting with $
	Message    string         // what was attempted, and what to do
	LineID     string         // for OutOfStock and ItemUnavailable
	Item       string         // the item that the shop named, when the line is not known
	Coupon     string         // for CouponRejected
	Reason     DiscountReason // for CouponRejected
	Available  *int64         // units left, for OutOfStock
	RetryAfter time.Duration  // for RateLimited, Unavailable and IdempotencyInFlight; zero: the table's own
	Err        error
}

// Error is the message, and the cause when there is one.
func (f *Fault) Error() string {
	if f.Err != nil {
		return fmt.Sprintf("%s: %v", f.Message, f.Err)
	}
	return f.Message
}

// Unwrap is the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Faultf makes a fault without a cause; add one with [Fault.Because].
func Faultf(k Kind, format string, args ...any) *Fault {
	return &Fault{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Because is f with err as its cause, for the log only. It changes f.
func (f *Fault) Because(err error) *Fault {
	f.Err = err
	return f
}

// At is f about the member at param. It changes f.
func (f *Fault) At(param string) *Fault {
	f.Param = param
	return f
}

// KindOf is the kind of the first [Fault] in err's chain, or [Unexpected].
func KindOf(err error) Kind {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Kind
	}
	return Unexpected
}

// Definite reports whether a write that failed with err surely did nothing. Only a closed set of kinds says so; everything else,
// a plain error included, is unknown.
func Definite(err error) bool {
	switch k := KindOf(err); k {
	case Unexpected, Indeterminate:
		return false
	default:
		return k != AlreadyPlaced
	}
}
