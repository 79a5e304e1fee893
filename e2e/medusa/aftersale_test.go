//go:build e2e

package medusa_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/e2e/medusa"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// bought is a purchase of a towel and a teapot with the code, 49.23 USD.
func (w *world) bought(a *agent) (session, medusa.Order, stripetest.Intent) {
	w.t.Helper()
	s := a.complete(a.create(a.cart(medusa.ServedCountry, []string{medusa.Code}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1)))
	if s.Status != "completed" {
		w.t.Fatalf("completed %+v", s)
	}
	order, intent := w.sold(s.ID)
	a.events.await(w.t, s.ID, "creates the order", func(e event) bool { return e.Type == "order_create" })
	return s, order, intent
}

// TestTwoParcels sends the lines one after the other: the agent hears of each parcel, and of shipped only when all is on its way.
func TestTwoParcels(t *testing.T) {
	w := newWorld(t)
	a := w.agents[newest]
	s, order, _ := w.bought(a)
	must(t, w.shop.Ship(t.Context(), order.ID, "P-1", "https://track.example/P-1", medusa.TowelSKU))
	w.poll()
	parcels := func(n int) func(event) bool {
		return func(e event) bool { return len(e.Data.Fulfillments) == n }
	}
	first := a.events.await(t, s.ID, "tells of the first parcel", parcels(1))
	if first.shipped() {
		t.Errorf("one parcel of two, and the order is %s", first.Data.Status)
	}
	for _, l := range first.Data.LineItems {
		towel := slices.ContainsFunc(s.Lines, func(have line) bool { return have.ID == l.ID && have.Item.ID == medusa.TowelSKU })
		if want := map[bool]int{true: 1}[towel]; l.Quantity.Fulfilled != want || l.Quantity.Current != 1 {
			t.Errorf("line %+v, want %d sent", l, want)
		}
	}
	must(t, w.shop.Ship(t.Context(), order.ID, "P-2", "https://track.example/P-2"))
	w.poll()
	second := a.events.await(t, s.ID, "tells of the second parcel", parcels(2))
	if !second.shipped() {
		t.Errorf("all is on its way, and the order is %s", second.Data.Status)
	}
	a.events.check(t, w.schemas, s.ID)
	w.narrate("shipment of %s in two parcels: told as %s, then %s", order.ID, first.Data.Status, second.Data.Status)
}

// TestOrderCanceledInTheShop cancels a paid order as a clerk does. Medusa notes that the money went back; Postern sees to it that it
// does, once, also when a part had gone back before.
func TestOrderCanceledInTheShop(t *testing.T) {
	for name, part := range map[string]decimal.Decimal{"whole": decimal.Zero, "after a refund of a part": decimal.RequireFromString("5.25")} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.agents[newest]
			s, order, intent := w.bought(a)
			if part.IsPositive() {
				must(t, w.shop.Refund(t.Context(), order.ID, part, "a chip in the lid"))
				w.poll()
			}
			must(t, w.shop.Cancel(t.Context(), order.ID))
			w.poll()
			e := a.events.await(t, s.ID, "tells that all went back", func(e event) bool {
				done, pending := e.refunded()
				return e.Data.Status == "canceled" && done == intent.Captured && pending == 0
			})
			w.poll()
			if l := w.money(s.ID); l.Refunded("usd") != intent.Captured {
				t.Errorf("Stripe gave back %+v of %d", l.Refunds, intent.Captured)
			}
			a.events.check(t, w.schemas, s.ID)
			w.narrate("canceled in the shop: %s; Stripe gave back %s; signed %s tells status %s", order.ID, cents(intent.Captured), e.id, e.Data.Status)
		})
	}
}

// TestRefundWhoseReplyIsLost loses Stripe's answer to a refund: the money moves once.
func TestRefundWhoseReplyIsLost(t *testing.T) {
	w := newWorld(t)
	a := w.agents[newest]
	s, order, _ := w.bought(a)
	must(t, w.stripe.Arm(stripetest.Fault{Op: stripetest.OpRefund, Kind: stripetest.CutReply, Times: 1}))
	must(t, w.shop.Refund(t.Context(), order.ID, decimal.RequireFromString("7.00"), "late"))
	w.poll()
	a.events.await(t, s.ID, "tells of the refund", func(e event) bool {
		done, pending := e.refunded()
		return done == 700 && pending == 0
	})
	if l := w.money(s.ID); l.Refunded("usd") != 700 || len(l.Refunds) != 1 {
		t.Errorf("Stripe gave back %+v", l.Refunds)
	}
	if w.stripe.Arrivals(stripetest.OpRefund) < 2 {
		t.Error("the call was not repeated: its reply was not lost")
	}
	a.events.check(t, w.schemas, s.ID)
}

// TestRefundWhileTheGatewayIsDown refunds in the shop while nobody polls: the next start finds it.
func TestRefundWhileTheGatewayIsDown(t *testing.T) {
	w := newWorld(t)
	a := w.agents[newest]
	s, order, _ := w.bought(a)
	w.halt()
	must(t, w.shop.Refund(t.Context(), order.ID, decimal.RequireFromString("3.00"), "late"))
	w.boot()
	a.events.await(t, s.ID, "tells of the refund", func(e event) bool { done, _ := e.refunded(); return done == 300 })
	w.halt()
	w.boot()
	w.poll()
	if l := w.money(s.ID); l.Refunded("usd") != 300 || len(l.Refunds) != 1 {
		t.Errorf("Stripe gave back %+v", l.Refunds)
	}
	a.events.check(t, w.schemas, s.ID)
}

// TestTwoCompletesAtOnce pays one session from two agents' processes at the same moment: one order, one charge.
func TestTwoCompletesAtOnce(t *testing.T) {
	w := newWorld(t)
	a := w.agents[newest]
	s := a.create(a.cart(medusa.ServedCountry, []string{medusa.Code}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1))
	bodies := []object{a.pay(), a.pay(), a.pay()}
	answers := make([]answer, len(bodies))
	var group sync.WaitGroup
	for i, body := range bodies {
		group.Go(func() {
			var err error
			if answers[i], err = a.send(t.Context(), http.MethodPost, "/checkout_sessions/"+s.ID+"/complete", "k"+string(rune('0'+i)), body); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	told := 0
	for _, r := range answers {
		switch r.status {
		case http.StatusOK:
			if done := a.read(r); done.Status != "completed" || done.Order == nil {
				t.Errorf("answered %s", r.body)
			}
			told++
		case http.StatusConflict:
		default:
			t.Errorf("answered %d %s", r.status, r.body)
		}
	}
	order, intent := w.sold(s.ID)
	if told == 0 || len(w.money(s.ID).Intents) != 1 {
		t.Errorf("%d were told of the order; intents %+v", told, w.money(s.ID).Intents)
	}
	w.narrate("three completes at once: one order %s, one charge %s", order.ID, intent.ID)
}

// TestBasketsOfChance buys what nobody worked out beforehand, lines of the same item among it: the session's parts add up to what is
// charged, and that is the shop's own unrounded total by the rounding rule.
func TestBasketsOfChance(t *testing.T) {
	w := newWorld(t)
	a := w.agents[newest]
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	skus := []string{medusa.TowelSKU, medusa.TeapotSKU, medusa.LampSKU}
	for range 5 {
		var lines []any
		wanted := 0
		for range 1 + random.IntN(4) {
			quantity := 1 + random.IntN(7)
			lines = append(lines, skus[random.IntN(len(skus))], quantity)
			wanted += quantity
		}
		codes := []string{}
		if random.IntN(3) > 0 {
			codes = append(codes, medusa.Code)
		}
		s := a.create(a.cart(medusa.ServedCountry, codes, lines...))
		if random.IntN(2) > 0 {
			s = a.update(s, a.choose(s, w.seeded.ShippingOptions[medusa.Express]))
		}
		s = a.complete(s)
		if s.Status != "completed" {
			t.Fatalf("%v: %+v", lines, s)
		}
		order, intent := w.sold(s.ID)
		sum := s.sum("items_base_amount") - s.sum("items_discount") + s.sum("fulfillment") + s.sum("tax") - s.sum("discount")
		if minor := order.Agreed().Shift(2).Round(0).IntPart(); intent.Captured != minor || s.sum("total") != minor || sum != minor {
			t.Errorf("%v: the shop keeps %s, Stripe took %d, the session tells %+v", lines, order.Agreed(), intent.Captured, s.Totals)
		}
		perLine, ordered := int64(0), 0
		for _, l := range s.Lines {
			for _, part := range l.Totals {
				if part.Type == "total" {
					perLine += part.Amount
				}
			}
		}
		for _, l := range order.Lines {
			ordered += l.Quantity
		}
		if ordered != wanted {
			t.Errorf("%v: the order has %+v", lines, order.Lines)
		}
		if rest := s.sum("total") - s.sum("fulfillment"); perLine > rest || perLine < rest-s.sum("tax") {
			t.Errorf("%v: the lines add up to %d of %+v", lines, perLine, s.Totals)
		}
	}
}
