package adaptertest

import (
	"context"
	"slices"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// T is what the suite needs of a test.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Harness is a shop that the suite may use up. Members that are marked optional leave the rules untested that need them, and the suite
// says so in its log.
type Harness struct {
	Adapter adapters.Adapter
	Context context.Context // ends the suite's calls
	// NewKey gives a key that the shop has never seen.
	NewKey func() string

	Item, OtherItem string           // two items with plenty of stock that need shipping
	UnknownItem     string           // an item that the shop does not sell
	ScarceItem      string           // an item of which fewer than ScarceQuantity are left
	ScarceQuantity  int64            // see ScarceItem
	Address         commerce.Address // one that is served by two options at least
	FarAddress      commerce.Address // one that no option serves
	Buyer           commerce.Buyer
	Coupon          string // optional: a code that takes something off Item
	BadCoupon       string // a code that the shop does not know

	// ApartItem has plenty of stock and goes, to Address, by other options than Item. Optional; for shops that split.
	ApartItem string
	// DigitalItem goes nowhere and needs no address. Optional.
	DigitalItem string
	// RebateItem is what the shop takes something off by itself of RebateQuantity or more. Optional.
	RebateItem     string
	RebateQuantity int64
	// WarnedItem is what the shop has something to say of, with the code WarnedCode. Optional.
	WarnedItem, WarnedCode string

	// Calls is how many calls the shop has had. Optional.
	Calls func() int
	// Consents is how many answers about marketing the shop has noted that changed anything. Optional.
	Consents func(ctx context.Context) (int, error)
	// Stock is how many of an item can be sold. Optional.
	Stock func(ctx context.Context, item string) (int64, error)
	// Ship sends a paid order. Optional.
	Ship func(ctx context.Context, order commerce.Snapshot) error
	// Refund makes the shop decide a refund of a paid order, of 1.00 or the like. Optional.
	Refund func(ctx context.Context, order commerce.Snapshot) error

	// Only says by its name whether a rule is tested; nil: all are. It is for those who look for one rule's fault; a shop is judged by all.
	Only func(rule string) bool

	// Secrets are texts that no error may hold, beside the buyer's name, e-mail, phone and street.
	Secrets []string
}

// suite is a run in progress.
type suite struct {
	Harness

	ctx    context.Context // the harness's
	errors []error         // every error that the adapter gave
}

// note keeps an error for the rule that none of them gives anything away.
func (s *suite) note(err error) error {
	if err != nil {
		s.errors = append(s.errors, err)
	}
	return err
}

// cart is a cart of one or two items for the harness's buyer.
func (s *suite) cart(change ...func(*commerce.Cart)) commerce.Cart {
	buyer, address := s.Buyer, s.Address
	c := commerce.Cart{
		Lines:    []commerce.CartLine{{ID: "li_1", ItemID: s.Item, Quantity: 2}, {ID: "li_2", ItemID: s.OtherItem, Quantity: 1}},
		Currency: s.Adapter.Facts.Currency, Buyer: &buyer,
		ShipTo: &commerce.Contact{Name: buyer.Name(), Phone: buyer.Phone, Email: buyer.Email, Address: &address},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func (s *suite) quote(t T, key, ref string, c commerce.Cart) commerce.Quote {
	t.Helper()
	q, err := s.Adapter.Quote(s.ctx, s.request(t, key, ref, c))
	if s.note(err) != nil {
		t.Fatalf("quote: %v", err)
	}
	s.checkQuote(t, q, c)
	return q
}

// checkQuote holds a quote against what every quote must be.
func (s *suite) checkQuote(t T, q commerce.Quote, c commerce.Cart) {
	t.Helper()
	if err := q.Check(); err != nil {
		t.Errorf("the quote does not add up: %v", err)
	}
	if q.Currency != s.Adapter.Facts.Currency {
		t.Errorf("the quote is in %q, the shop sells in %q", q.Currency, s.Adapter.Facts.Currency)
	}
	if q.CartRef == "" || q.ExactTotal == "" {
		t.Errorf("the quote has no cart ref (%q) or no exact total (%q)", q.CartRef, q.ExactTotal)
	}
	if n, err := commerce.RoundExact(q.ExactTotal, q.Currency.Digits(), s.Adapter.Facts.Rounding); err != nil || n != q.Total {
		t.Errorf("the exact total %s rounds to %d (%v), the quote says %d", q.ExactTotal, n, err, q.Total)
	}
	if len(q.Lines) != len(c.Lines) {
		t.Fatalf("%d lines were asked for, %d came back", len(c.Lines), len(q.Lines))
	}
	for i, l := range q.Lines {
		if w := c.Lines[i]; l.ID != w.ID || l.ItemID != w.ItemID || l.Quantity != w.Quantity {
			t.Errorf("line %d is %s: %d of %s, asked for %s: %d of %s", i, l.ID, l.Quantity, l.ItemID, w.ID, w.Quantity, w.ItemID)
		}
	}
	for _, ch := range q.Choices {
		if !offers(q, ch.OptionID) {
			t.Errorf("option %q is chosen and not offered", ch.OptionID)
		}
	}
	s.checkDelivery(t, q, c)
	checkWords(t, q)
	if s.Adapter.Facts.NoCodes && slices.ContainsFunc(q.Discounts.Applied, func(d commerce.AppliedDiscount) bool { return d.Code != "" }) {
		t.Errorf("a code is applied, and the facts say that the shop takes none")
	}
}

func offers(q commerce.Quote, id string) bool {
	for _, o := range q.Options {
		if o.ID == id {
			return true
		}
	}
	return false
}

func blocked(q commerce.Quote) bool {
	for _, m := range q.Messages {
		if m.Blocks() {
			return true
		}
	}
	return false
}

// message finds a message by its code.
func message(q commerce.Quote, code string) (commerce.Message, bool) {
	for _, m := range q.Messages {
		if m.Code == code {
			return m, true
		}
	}
	return commerce.Message{}, false
}

// place quotes the usual cart and makes an order of it, authorized.
func (s *suite) place(t T, key string) (commerce.Quote, adapters.PlaceRequest, commerce.Snapshot) {
	t.Helper()
	c := s.cart()
	q := s.quote(t, key, "", c)
	r := s.placeRequest(key, c, q)
	o, err := s.Adapter.PlaceOrder(s.ctx, r)
	if s.note(err) != nil {
		t.Fatalf("place order: %v", err)
	}
	return q, r, o
}

func (s *suite) placeRequest(key string, c commerce.Cart, q commerce.Quote) adapters.PlaceRequest {
	c.Choices = q.Choices
	return adapters.PlaceRequest{
		Key: key, SessionID: "cs_" + key, CartRef: q.CartRef, Fingerprint: q.Fingerprint,
		Total: commerce.Money{Minor: q.Total, Currency: q.Currency}, ExactTotal: q.ExactTotal, Cart: c,
		Payment: adapters.Payment{State: commerce.Authorized, TxnID: "pi_" + key},
	}
}

func (s *suite) get(t T, ref string) commerce.Snapshot {
	t.Helper()
	o, err := s.Adapter.GetOrder(s.ctx, ref)
	if s.note(err) != nil {
		t.Fatalf("get order %s: %v", ref, err)
	}
	if o.Ref != ref {
		t.Errorf("the order got by ref %s calls itself %s", ref, o.Ref)
	}
	return o
}

func (s *suite) record(t T, o commerce.Snapshot, state commerce.PaymentState, txn string) {
	t.Helper()
	err := s.Adapter.RecordPayment(s.ctx, adapters.PaymentRecord{
		Key: "rec_" + txn, Ref: o.Ref, State: state, TxnID: txn, Amount: commerce.Money{Minor: o.Total, Currency: o.Currency},
	})
	if s.note(err) != nil {
		t.Fatalf("record payment %s: %v", state, err)
	}
}
