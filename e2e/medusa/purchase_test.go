//go:build e2e

package medusa_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/e2e/medusa"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// basket is one purchase and what has to come of it.
type basket struct {
	name    string
	version string
	skus    []string // one piece of each
	codes   []string
	options []string // chosen one after the other, each with the total that the agent must then be shown
	totals  []int64
	// shown is the discount in cents that the session tells; promotion is the shop's name of it.
	shown     int64
	promotion string
	// agreed is the total that the shop keeps, unrounded.
	agreed string
}

func (b basket) option() string { return b.options[len(b.options)-1] }
func (b basket) total() int64   { return b.totals[len(b.totals)-1] }

func baskets() []basket {
	return []basket{
		{
			name: "with a code, back to the standard option", version: newest, skus: []string{medusa.TowelSKU, medusa.TeapotSKU},
			codes: []string{medusa.Code}, options: []string{medusa.Express, medusa.Standard}, totals: []int64{5654, 4923},
			shown: 1000, promotion: medusa.Code, agreed: "49.2321",
		},
		{
			name: "with a code, by express", version: newest, skus: []string{medusa.TowelSKU, medusa.TeapotSKU},
			codes: []string{medusa.Code}, options: []string{medusa.Express}, totals: []int64{5654},
			shown: 1000, promotion: medusa.Code, agreed: "56.538975",
		},
		{
			name: "with the automatic promotion, by express", version: oldest, skus: []string{medusa.TowelSKU, medusa.LampSKU},
			options: []string{medusa.Express}, totals: []int64{9199}, shown: 975, promotion: medusa.AutomaticCode, agreed: "91.99247375",
		},
	}
}

// TestPurchase buys, ships and refunds, and asks the shop and Stripe themselves what came of it.
func TestPurchase(t *testing.T) {
	for _, b := range baskets() {
		t.Run(b.version+" "+b.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.agents[b.version]
			before := map[string]int{}
			for _, sku := range b.skus {
				before[sku] = w.stock(sku).Available
			}

			s := w.buy(a, b)
			order, intent := w.sold(s.ID)
			w.narrate("purchase: shop order %s holds %s = %s; Stripe %s captured %s once",
				order.ID, strings.Join(b.skus, " + "), order.Agreed(), intent.ID, cents(intent.Captured))
			w.isOrder(order, intent, s, b)
			for _, sku := range b.skus {
				if got := w.stock(sku).Available; got != before[sku]-1 {
					t.Errorf("%s: %d pieces are free, were %d", sku, got, before[sku])
				}
			}
			first := a.events.await(t, s.ID, "creates the order", func(e event) bool { return e.Type == "order_create" })
			if first.Data.Permalink != s.Order.Permalink {
				t.Errorf("the event tells %s, the session %s", first.Data.Permalink, s.Order.Permalink)
			}

			w.ships(a, s, order)
			w.refunds(a, s, order, intent)
			a.events.check(t, w.schemas, s.ID)
			again := a.get(s)
			if again.Status != "completed" || again.sum("total") != b.total() {
				t.Errorf("read again: %+v", again)
			}
			// The oldest date tells of the order in the answer to complete alone.
			if b.version != oldest && (again.Order == nil || again.Order.ID != s.Order.ID) {
				t.Errorf("read again: order %+v", again.Order)
			}
			if ids := w.orders(s.ID); !slices.Equal(ids, []string{order.ID}) {
				t.Errorf("the shop has orders %v of %s", ids, s.ID)
			}
		})
	}
}

// buy opens a session, chooses options and pays.
func (w *world) buy(a *agent, b basket) session {
	w.t.Helper()
	var lines []any
	for _, sku := range b.skus {
		lines = append(lines, sku, 1)
	}
	s := a.create(a.cart(medusa.ServedCountry, b.codes, lines...))
	if s.Status != "ready_for_payment" || len(s.Lines) != len(b.skus) || len(s.Options) != 2 || s.selected() != w.seeded.ShippingOptions[medusa.Standard] {
		w.t.Fatalf("created %+v", s)
	}
	w.narrate("agent %s opens %s: %s, %s", a.version, s.ID, strings.Join(b.skus, " + "), cents(s.sum("total")))
	if b.version == newest {
		if d := s.Discounts.Applied; len(d) != 1 || d[0].Code != medusa.Code || d[0].Amount != b.shown || d[0].Automatic {
			w.t.Errorf("applied %+v", d)
		}
	}
	for i, option := range b.options {
		id := w.seeded.ShippingOptions[option]
		if s = a.update(s, a.choose(s, id)); s.selected() != id || s.sum("total") != b.totals[i] || s.Status != "ready_for_payment" {
			w.t.Fatalf("chose %s, want %s: %+v", option, cents(b.totals[i]), s)
		}
		w.narrate("agent chooses %s: %s", option, cents(s.sum("total")))
	}
	if got := s.sum("items_discount"); got != b.shown {
		w.t.Errorf("the session shows a discount of %s, want %s", cents(got), cents(b.shown))
	}
	if got := s.sum("subtotal") + s.sum("fulfillment") + s.sum("tax") + s.sum("fee") - s.sum("discount"); got != s.sum("total") {
		w.t.Errorf("the totals give %s in place of %s: %+v", cents(got), cents(s.sum("total")), s.Totals)
	}
	w.untouched(s.ID)
	done := a.complete(s)
	if done.Status != "completed" || done.Order == nil || done.sum("total") != b.total() {
		w.t.Fatalf("completed %+v", done)
	}
	w.narrate("agent pays %s: order %s, %s", s.ID, done.Order.ID, done.Order.Permalink)
	return done
}

// isOrder compares what the shop holds with what was bought.
func (w *world) isOrder(o medusa.Order, i stripetest.Intent, s session, b basket) {
	t := w.t
	t.Helper()
	var skus []string
	for _, l := range o.Lines {
		skus = append(skus, l.SKU)
		if l.Quantity != 1 || l.VariantID != w.seeded.Variants[l.SKU] {
			t.Errorf("line %+v", l)
		}
		for _, p := range l.Adjustments {
			if p.Code != b.promotion {
				t.Errorf("line %s is adjusted by %s", l.SKU, p.Code)
			}
		}
	}
	want := slices.Sorted(slices.Values(b.skus))
	if slices.Sort(skus); !slices.Equal(skus, want) {
		t.Errorf("the order holds %v, want %v", skus, want)
	}
	wantAmount(t, "the order's total", o.Agreed(), b.agreed)
	// Half up, to cents: 49.2321 is 4923.
	minor := decimal.RequireFromString(b.agreed).Shift(2).Round(0).IntPart()
	if i.Amount != minor || i.Captured != minor || i.Captures != 1 || i.Held != 0 || i.Refunded != 0 || i.Currency != "usd" {
		t.Errorf("the intent is %+v, want %d captured once", i, minor)
	}
	payment, err := o.Payment()
	must(t, err)
	if payment.CapturedAt == nil || payment.CanceledAt != nil || len(payment.Refunds) != 0 {
		t.Errorf("the shop's payment is %+v", payment)
	}
	if o.Status != "pending" || o.Currency != "usd" || o.Email != "ada@example.com" {
		t.Errorf("the order is %s in %s for %s", o.Status, o.Currency, o.Email)
	}
	if o.Metadata["payment_intent"] != i.ID || o.Metadata["postern_session"] != s.ID {
		t.Errorf("the order's metadata are %v, want intent %s", o.Metadata, i.ID)
	}
	home := medusa.Address{
		FirstName: "Ada", LastName: "Byron", LineOne: "17 Analytical Row", LineTwo: "Flat 2", City: "Dallas", Province: "TX", PostCode: "75201", Country: "us",
	}
	if o.ShipTo != home {
		t.Errorf("the parcel goes to %+v", o.ShipTo)
	}
	if len(o.Shipping) != 1 || o.Shipping[0].OptionID != w.seeded.ShippingOptions[b.option()] {
		t.Errorf("the order goes by %+v, want %s", o.Shipping, b.option())
	}
}

// ships sends the goods in the shop; the agent must hear of it.
func (w *world) ships(a *agent, s session, o medusa.Order) {
	t := w.t
	t.Helper()
	number := "1Z999" + o.ID[len(o.ID)-6:]
	link := "https://track.example/" + number
	must(t, w.shop.Ship(t.Context(), o.ID, number, link))
	w.poll()
	e := a.events.await(t, s.ID, "tells of the shipment", event.shipped)
	if e.Type != "order_update" {
		t.Errorf("the shipment came as %s", e.Type)
	}
	if a.version == newest {
		f := e.Data.Fulfillments
		if len(f) != 1 || f[0].TrackingNumber != number || f[0].TrackingURL != link || f[0].Status != "shipped" || len(f[0].LineItems) != len(o.Lines) {
			t.Fatalf("the shipment is told as %s", e.body)
		}
		for _, l := range f[0].LineItems {
			if !slices.ContainsFunc(s.Lines, func(have line) bool { return have.ID == l.ID }) {
				t.Errorf("the shipment names line %s, which the session does not have", l.ID)
			}
		}
	}
	w.narrate("shipment: the shop sends %s with %s; signed %s %s tells status %s", o.ID, number, e.Type, e.id, e.Data.Status)
}

// refunds gives back a part and then the rest in the shop, as a clerk does who knows nothing of Stripe.
func (w *world) refunds(a *agent, s session, o medusa.Order, i stripetest.Intent) {
	t := w.t
	t.Helper()
	part := decimal.RequireFromString("5.25")
	back := int64(0)
	for n, amount := range []decimal.Decimal{part, o.Agreed().Sub(part)} {
		must(t, w.shop.Refund(t.Context(), o.ID, amount, fmt.Sprintf("reason %d", n+1)))
		back += amount.Shift(2).Round(0).IntPart()
		w.poll()
		e := a.events.await(t, s.ID, "tells that "+cents(back)+" went back", func(e event) bool {
			done, pending := e.refunded()
			return done == back && pending == 0
		})
		if l := w.money(s.ID); l.Refunded("usd") != back || len(l.Refunds) != n+1 {
			t.Errorf("Stripe gave back %+v, want %s in %d", l.Refunds, cents(back), n+1)
		}
		w.narrate("refund: the shop notes %s on %s; Stripe %s gave back %s in all; signed %s %s tells it", amount, o.ID, i.ID, cents(back), e.Type, e.id)
	}
	if back != i.Captured {
		t.Errorf("gave back %s of %s", cents(back), cents(i.Captured))
	}
	have := a.events.of(s.ID)
	last := have[len(have)-1]
	if done, pending := last.refunded(); done != back || pending != 0 || !last.shipped() {
		t.Errorf("the last event is %s", last.body)
	}
	// Nothing more moves: neither what we gave back comes round as a new refund, nor is an old one made twice.
	calls := w.stripe.Arrivals(stripetest.OpRefund)
	for range 2 {
		w.poll()
	}
	time.Sleep(200 * time.Millisecond)
	if l := w.money(s.ID); l.Refunded("usd") != back || len(l.Refunds) != 2 || w.stripe.Arrivals(stripetest.OpRefund) != calls {
		t.Errorf("after two more polls Stripe gave back %+v", l.Refunds)
	}
	if now := a.events.of(s.ID); len(now) != len(have) || !bytes.Equal(now[len(now)-1].body, last.body) {
		t.Errorf("after two more polls %d events, were %d", len(now), len(have))
	}
	payment, err := readOrder(t, w.shop, o.ID).Payment()
	must(t, err)
	if len(payment.Refunds) != 2 {
		t.Errorf("the shop notes %+v", payment.Refunds)
	}
}

// narrate tells a reader of the run what happened.
func (w *world) narrate(format string, args ...any) {
	w.t.Helper()
	w.t.Logf("medusa "+format, args...)
}
