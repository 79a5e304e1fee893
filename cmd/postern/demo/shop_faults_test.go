package demo_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/commerce"
)

func sampleCart() commerce.Cart {
	return commerce.Cart{
		Currency: "usd",
		Lines:    []commerce.CartLine{{ID: "li_1", ItemID: "SCL-2000", Quantity: 1}},
		Buyer:    &commerce.Buyer{FirstName: "Canary", LastName: "Vögelin", Email: "canary@example.com"},
		ShipTo: &commerce.Contact{Name: "Canary Vögelin", Address: &commerce.Address{
			Name: "Canary Vögelin", LineOne: "17 Privet Marker Rd", City: "Fresno", State: "CA", PostalCode: "93650", Country: "US",
		}},
	}
}

func sampleQuote(t *testing.T, a adapters.Adapter) (commerce.Quote, adapters.PlaceRequest) {
	t.Helper()
	key := rand.Text()
	q, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: key, Cart: sampleCart()})
	if err != nil {
		t.Fatal(err)
	}
	c := sampleCart()
	c.Choices = q.Choices
	return q, adapters.PlaceRequest{
		Key: key, SessionID: "cs_1", CartRef: q.CartRef, Fingerprint: q.Fingerprint, ExactTotal: q.ExactTotal, Cart: c,
		Total: commerce.Money{Minor: q.Total, Currency: "usd"}, Payment: adapters.Payment{State: commerce.Authorized, TxnID: "pi_1"},
	}
}

func discreet(t *testing.T, v *shop.Server, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, secret := range []string{v.Shop().Key(), "canary@", "Vögelin", "Privet", "pi_1"} {
			if strings.Contains(e.Error(), secret) {
				t.Errorf("the error holds %q: %v", secret, e)
			}
		}
	}
}

func TestAFaultWhilePlacing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		fault  shop.Fault
		want   commerce.Kind
		orders int // that the shop has afterwards
	}{
		{shop.Fault{Kind: shop.ErrorAfter}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.ErrorBefore}, commerce.Indeterminate, 0},
		{shop.Fault{Kind: shop.CutBefore}, commerce.Indeterminate, 0},
		{shop.Fault{Kind: shop.CutAfter}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.CutMiddle}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.Huge, Bytes: 3 << 20}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.HTML}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.BrokenJSON}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.DuplicateKeys}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.WrongCurrency}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.NegativePrice}, commerce.Indeterminate, 1},
		{shop.Fault{Kind: shop.Off}, commerce.Indeterminate, 0},
		{shop.Fault{Kind: shop.Unauthorized}, commerce.Unauthorized, 0},
		{shop.Fault{Kind: shop.RateLimited}, commerce.RateLimited, 0},
		{shop.Fault{Kind: shop.SellOut, SKU: "SCL-2000"}, commerce.OutOfStock, 0},
		{shop.Fault{Kind: shop.Reprice, SKU: "SCL-2000", Price: "61.00"}, commerce.PriceChanged, 0},
		{shop.Fault{Kind: shop.Vanish}, commerce.CartGone, 0},
	}
	for _, c := range cases {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			t.Parallel()
			v, a := openShop(t)
			_, r := sampleQuote(t, a)
			c.fault.Operation = string(shop.OrderPlace)
			if err := v.Shop().Inject(c.fault); err != nil {
				t.Fatal(err)
			}
			_, err := a.PlaceOrder(t.Context(), r)
			if commerce.KindOf(err) != c.want {
				t.Errorf("kind %d, want %d: %v", commerce.KindOf(err), c.want, err)
			}
			discreet(t, v, err)
			if n := len(v.Shop().OrdersByRef(r.Key)); n != c.orders {
				t.Errorf("%d orders, want %d", n, c.orders)
			}
			found, err := a.FindOrder(t.Context(), adapters.OrderQuery{Key: r.Key})
			if err != nil || len(found.Orders) != c.orders || !found.Exact {
				t.Errorf("found %d orders exactly=%t (%v), want %d", len(found.Orders), found.Exact, err, c.orders)
			}
		})
	}
}

func TestALookUpThatFailsPlacesNothing(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	_, r := sampleQuote(t, a)
	if err := v.Shop().Inject(shop.Fault{Operation: string(shop.OrderFind), Kind: shop.ErrorBefore}); err != nil {
		t.Fatal(err)
	}
	_, err := a.PlaceOrder(t.Context(), r)
	if commerce.KindOf(err) != commerce.Temporary || !commerce.Definite(err) || len(v.Shop().OrdersByRef(r.Key)) != 0 {
		t.Errorf("%v, want a definite Temporary and no order", err)
	}
}

func TestAFaultWhileReadingOrPricing(t *testing.T) {
	t.Parallel()
	kinds := []shop.Kind{
		shop.ErrorBefore, shop.ErrorAfter, shop.CutBefore, shop.CutAfter, shop.CutMiddle, shop.HTML, shop.BrokenJSON, shop.DuplicateKeys,
		shop.WrongCurrency, shop.NegativePrice, shop.Off, shop.Huge,
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			v, a := openShop(t)
			_, r := sampleQuote(t, a)
			o, err := a.PlaceOrder(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			for _, op := range []shop.Operation{shop.OrderGet, shop.CartGet} {
				if err := v.Shop().Inject(shop.Fault{Operation: string(op), Kind: kind, Bytes: 3 << 20, Times: shop.Forever}); err != nil {
					t.Fatal(err)
				}
			}
			_, err = a.GetOrder(t.Context(), o.Ref)
			if commerce.KindOf(err) != commerce.Temporary {
				t.Errorf("get order: %v, want Temporary", err)
			}
			discreet(t, v, err)
			_, err = a.Quote(t.Context(), adapters.QuoteRequest{Key: rand.Text(), Cart: sampleCart()})
			if commerce.KindOf(err) != commerce.Temporary {
				t.Errorf("quote: %v, want Temporary", err)
			}
			discreet(t, v, err)
			v.Shop().ClearFaults()
			if q, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: rand.Text(), Cart: sampleCart()}); err != nil || q.Total != 7143 {
				t.Errorf("after the fault: %d, %v", q.Total, err)
			}
		})
	}
}

func TestAFaultWhileRecordingOrCanceling(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	_, r := sampleQuote(t, a)
	o, err := a.PlaceOrder(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	record := adapters.PaymentRecord{Key: "k", Ref: o.Ref, State: commerce.Captured, TxnID: "pi_1", Amount: r.Total}
	for _, kind := range []shop.Kind{shop.ErrorAfter, shop.CutMiddle, shop.BrokenJSON} {
		for _, op := range []shop.Operation{shop.OrderPayment, shop.OrderCancel} {
			if err := v.Shop().Inject(shop.Fault{Operation: string(op), Kind: kind}); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.RecordPayment(t.Context(), record); commerce.KindOf(err) != commerce.Indeterminate {
			t.Errorf("record: %v, want Indeterminate", err)
		}
		if err := a.CancelOrder(t.Context(), adapters.CancelRequest{Key: "c", Ref: o.Ref}); commerce.KindOf(err) != commerce.Indeterminate {
			t.Errorf("cancel: %v, want Indeterminate", err)
		}
	}
	if err := a.CancelOrder(t.Context(), adapters.CancelRequest{Key: "c", Ref: o.Ref}); err != nil {
		t.Errorf("cancel again: %v", err)
	}
}

// TestAStaleSessionStartsANewCart: a reply with the next token that was lost twice leaves a cart that nobody can use.
func TestAStaleSessionStartsANewCart(t *testing.T) {
	t.Parallel()
	_, a := openShop(t)
	first, r := sampleQuote(t, a)
	again := func(ref string) (commerce.Quote, error) {
		return a.Quote(t.Context(), adapters.QuoteRequest{Key: r.Key, CartRef: ref, Cart: sampleCart()})
	}
	if _, err := again(first.CartRef); err != nil {
		t.Fatal(err)
	}
	if _, err := again(first.CartRef); commerce.KindOf(err) != commerce.CartGone {
		t.Errorf("an outdated session gives %v, want CartGone", err)
	}
	if q, err := again(""); err != nil || q.Total != first.Total {
		t.Errorf("a new cart: %d, %v", q.Total, err)
	}
}

func TestWhatTheBuyerIsTold(t *testing.T) {
	t.Parallel()
	_, a := openShop(t)
	cases := []struct {
		name   string
		change func(*commerce.Cart)
		code   string
		param  string
		blocks bool
	}{
		{"bad zip", func(c *commerce.Cart) { c.ShipTo.Address.PostalCode = "9" }, "invalid", "$.fulfillment_details.address.postal_code", true},
		{"bad e-mail", func(c *commerce.Cart) { c.Buyer.Email = "nobody" }, "invalid", "$.buyer.email", true},
		{"too many", func(c *commerce.Cart) { c.Lines[0].Quantity = 9 }, "quantity_exceeded", "$.line_items[0]", true},
		{"expired", func(c *commerce.Cart) { c.Codes = []string{"summer09"} }, "discount_code_expired", "$.discounts.codes[0]", false},
		{"minimum", func(c *commerce.Cart) { c.Codes = []string{"save10", "BIG20"} }, "discount_code_minimum_not_met", "$.discounts.codes[1]", false},
	}
	for _, c := range cases {
		cart := sampleCart()
		c.change(&cart)
		q, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: rand.Text(), Cart: cart})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(q.Messages) != 1 || q.Messages[0].Code != c.code || q.Messages[0].Param != c.param || q.Messages[0].Blocks() != c.blocks {
			t.Errorf("%s: messages %+v", c.name, q.Messages)
		}
	}
}

func BenchmarkQuoteOverHTTP(b *testing.B) {
	_, a := openShop(b)
	r := adapters.QuoteRequest{Key: "bench", Cart: sampleCart()}
	start := time.Now()
	for b.Loop() {
		q, err := a.Quote(b.Context(), r)
		if err != nil {
			b.Fatal(err)
		}
		r.CartRef = q.CartRef
	}
	b.ReportMetric(float64(time.Since(start).Microseconds())/float64(b.N), "µs/quote")
}
