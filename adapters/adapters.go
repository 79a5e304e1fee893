// Package adapters is the contract between Postern and a shop.
//
// Start with [Adapter]: a value of functions, nil where the shop cannot, so that Go, YAML and later remote adapters declare a
// capability in one place only. The rules are the suite in adaptertest; a rule that is not there does not exist. The upstream
// package puts a deadline, a circuit breaker, a cache and spans around every adapter, once for all shops.
//
// The package imports commerce and the standard library.
package adapters

import (
	"context"
	"net/http"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Adapter speaks one shop's API. The functions fail with a *[commerce.Fault] of a shop kind; any other error counts as unknown for a
// write and as Temporary for a read. They are safe for concurrent use, honour ctx, never retry a write, and keep no state: what they
// must remember comes back in opaque refs that the gateway stores.
type Adapter struct {
	Facts Facts
	// Identity says which shop this speaks to: a stable text such as the adapter's name and the shop's address, without secrets. A
	// purchase that is under way is bound to it: when it changes, nothing more is asked of the shop for that purchase. Optional.
	Identity string

	// Quote prices the whole desired state. It may write a cart in the shop, but nothing that a buyer can see. With an empty CartRef
	// it starts a new cart; else it brings that cart to the desired state, or fails with CartGone. Required.
	Quote func(ctx context.Context, r QuoteRequest) (commerce.Quote, error)
	// PlaceOrder makes an order of the cart, once for each Key when the shop can (Facts.Idempotent); a second call otherwise may make
	// a second order, which is why the saga looks first. It fails with PriceChanged when the fence does not hold. Required.
	PlaceOrder func(ctx context.Context, r PlaceRequest) (commerce.Snapshot, error)
	// FindOrder looks for orders and says how exact the match is. Required unless placing is idempotent.
	FindOrder func(ctx context.Context, q OrderQuery) (Found, error)
	// GetOrder reads the whole order. Required.
	GetOrder func(ctx context.Context, ref string) (commerce.Snapshot, error)
	// RecordPayment tells the shop what became of the money. The second call with the same Key changes nothing. A capture that the shop
	// does not note, as on an order that was canceled meanwhile, is an error, because somebody must hear of it. Required.
	RecordPayment func(ctx context.Context, r PaymentRecord) error
	// CancelOrder gives the order up and its stock back. The second call changes nothing. Required.
	CancelOrder func(ctx context.Context, r CancelRequest) error

	// Changes lists orders that changed since the cursor, oldest first. Required here or ParseWebhook.
	Changes func(ctx context.Context, cursor string, limit int) (ChangePage, error)
	// ParseWebhook verifies a hint from the shop and returns the refs of the orders that it is about.
	ParseWebhook func(h http.Header, body []byte) ([]string, error)
	// EnsureWebhooks makes the shop send its hints to url. The second call changes nothing.
	EnsureWebhooks func(ctx context.Context, url string) error

	// Item reads what the catalogue says of an item: the shop's own id for it, and words, for shops whose carts hold little more than
	// a number. Answers are cached for minutes and come back in QuoteRequest.Items; an unknown item is ItemUnavailable. Optional.
	Item func(ctx context.Context, itemID string) (Item, error)
	// Continue is the address in the shop where a buyer goes on by themselves with what is in the cart; cartRef may be empty. It calls
	// nobody. Optional.
	Continue func(cart commerce.Cart, cartRef string) (string, error)
	// RecordConsent tells the shop whether the buyer of a placed order wants to hear of it on a channel. The second call with the same
	// answer changes nothing. Optional: without it no channel is offered.
	RecordConsent func(ctx context.Context, r ConsentRecord) error
	// ReleaseCart drops a cart and what it holds. The second call changes nothing. Optional.
	ReleaseCart func(ctx context.Context, cartRef string) error
	// RecordRefund notes money that was already returned. The second call with the same Key changes nothing. Optional.
	RecordRefund func(ctx context.Context, r RefundRecord) error
	// Check proves credentials and reach without changing anything. Optional.
	Check func(ctx context.Context) error
}

// Facts are what is true of a shop's API, declared and not probed.
type Facts struct {
	// Currency is what the shop prices in. Other currencies are refused at create.
	Currency commerce.Currency
	// Rounding is the shop's rule from exact totals to minor units.
	Rounding commerce.Rounding
	// Idempotent says that PlaceOrder under the same Key and cart gives the first order again.
	Idempotent bool
	// ExactLookup says that FindOrder by Key is exact and complete once MaxProcessing has passed.
	ExactLookup bool
	// MaxProcessing is the longest time after a call was cut off that it may still take effect in the shop.
	MaxProcessing time.Duration
	// Split says that different lines of a cart can go by different fulfillment options. Else one option is for the whole cart.
	Split bool
	// NoCodes says that the shop takes no discount codes: none is asked of it, and the extension is not advertised.
	NoCodes bool
	// CommitsOn is when the order binds.
	CommitsOn CommitsOn
}

// CommitsOn is the step at which a shop's order binds.
type CommitsOn string

// When an order binds: at placing (the zero value means this too), or only when the payment is recorded.
const (
	OnPlace   CommitsOn = "place"
	OnPayment CommitsOn = "payment"
)

// QuoteRequest asks for a price of the whole desired state.
type QuoteRequest struct {
	// Key names the session; adapters may send it as a reference. It is the same for every cart of the session, so that it must not make a
	// shop give an old cart again: an empty CartRef asks for a new one.
	Key     string
	CartRef string // of the cart to bring up to date; empty for a new one
	Cart    commerce.Cart
	// Items is what the catalogue says of the cart's items, by their ids; nil when the adapter has no Item. It may be minutes old and
	// is shared with other requests: read it, and fail with ItemUnavailable when the shop no longer knows what it names.
	Items map[string]Item
}

// PlaceRequest asks for an order. Everything in it was frozen before the money was held.
type PlaceRequest struct {
	Key         string
	SessionID   string
	CartRef     string
	Fingerprint string
	Total       commerce.Money // what is held
	ExactTotal  string         // the shop's own total when it was quoted
	Cart        commerce.Cart
	Payment     Payment
}

// Payment is what the shop is told about the money.
type Payment struct {
	State commerce.PaymentState // none, authorized or captured
	TxnID string                // the processor's id, such as a PaymentIntent's
}

// OrderQuery names an order by what is known; an adapter uses what its shop can search for.
type OrderQuery struct {
	Key     string
	CartRef string
	TxnID   string
	Since   time.Time // the order is not older than this
}

// Found is the answer to an [OrderQuery]. Canceled orders are included; the saga never adopts one.
type Found struct {
	Orders []commerce.Snapshot
	Exact  bool // the match was by Key, or by something as unique
}

// ConsentRecord is a buyer's answer about marketing. Address is an e-mail address or a phone number, as the channel needs.
type ConsentRecord struct {
	Key      string
	OrderRef string
	Address  string
	Consent  commerce.Consent
}

// PaymentRecord tells a shop what became of the money. So far only Captured is sent: an order whose hold was let go is canceled instead.
type PaymentRecord struct {
	Key    string
	Ref    string
	State  commerce.PaymentState
	TxnID  string
	Amount commerce.Money
}

// CancelRequest gives an order up.
type CancelRequest struct {
	Key    string
	Ref    string
	Reason string
}

// RefundRecord notes a refund that the processor has made.
type RefundRecord struct {
	Key      string
	Ref      string
	RefundID string // the processor's
	Amount   commerce.Money
	Reason   string
}

// ChangePage is a page of a shop's change feed. Cursor is opaque and is stored with what the page led to; More says to ask again at
// once.
type ChangePage struct {
	Refs   []string
	Cursor string
	More   bool
}

// Item is what a shop's catalogue says of an item. It carries no price and no stock: those come from a quote only, never from a
// cache. The zero value is an item of which nothing is known.
type Item struct {
	ID string // as the agent names it
	// Ref is opaque to all but the adapter: what the shop itself calls the item, such as the id of a variant that a SKU stands for. It
	// holds facts that do not change while the item is sold.
	Ref                      string
	Name, Description        string
	Images                   []string
	ProductID, SKU, Category string
}
