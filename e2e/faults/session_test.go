package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// update changes a session and returns it.
func (a *agent) update(id, key string, change object) sessionView {
	a.w.t.Helper()
	return view(a.w.t, a.must(200, "POST", "/checkout_sessions/"+id, key, change))
}

func codes(list ...string) object {
	if list == nil {
		list = []string{}
	}
	return object{"discounts": object{"codes": list}}
}

// discounts is the discount extension of a session.
func discounts(t *testing.T, r reply) (applied, rejected []object) {
	t.Helper()
	d, ok := r.json(t)["discounts"].(object)
	if !ok {
		return nil, nil
	}
	for name, into := range map[string]*[]object{"applied": &applied, "rejected": &rejected} {
		list, _ := d[name].([]any)
		for _, x := range list {
			*into = append(*into, x.(object)) //nolint:errcheck,forcetypeassert // the schema says so
		}
	}
	return applied, rejected
}

func TestCancelGivesTheStockBack(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(version)
			stock := w.shop.Stock()[w.sku(5)]
			s := a.ready("c", w.sku(5), 2)
			if len(w.shop.Carts()) != 1 || w.shop.Held()[w.sku(5)] != 2 {
				t.Fatalf("carts %v hold %v", w.shop.Carts(), w.shop.Held())
			}
			r := a.must(200, "POST", "/checkout_sessions/"+s.ID+"/cancel", "x", nil)
			if view(t, r).Status != "canceled" {
				t.Errorf("canceled as %s", r)
			}
			w.until("the cart is dropped", func() bool { return len(w.shop.Carts()) == 0 })
			if left, held := w.shop.Stock()[w.sku(5)], w.shop.Held(); left != stock || len(held) != 0 {
				t.Errorf("%d pieces are left of %d, carts hold %v", left, stock, held)
			}
			again := a.refused(405, "conflict", "", "POST", "/checkout_sessions/"+s.ID+"/cancel", "x2", nil)
			if _, ok := again.header["Allow"]; !ok {
				t.Errorf("a 405 without Allow: %v", again.header)
			}
			a.refused(409, "conflict", "", "POST", "/checkout_sessions/"+s.ID, "u", object{"buyer": ada()})
			a.refused(409, "conflict", "", "POST", completeOf(s.ID), "p", a.payment(w.token()))
			if a.get(s.ID).Status != "canceled" || len(w.stripe.Ledger().Intents) != 0 {
				t.Error("something went on after the cancel")
			}
			// What was given back can be bought, to the last piece.
			s = a.ready("c2", w.sku(5), 2)
			w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
			a.refused(405, "conflict", "", "POST", "/checkout_sessions/"+s.ID+"/cancel", "x", nil)
		})
	}
}

// TestUndoneAttemptGivesTheStockBack: an order that is taken back after a refused capture stands on the shelf again.
func TestUndoneAttemptGivesTheStockBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	stock := w.shop.Stock()[w.sku(0)]
	s := a.ready("c", w.sku(0), 3)
	w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Refuse, Status: 400, Code: "payment_intent_unexpected_state"})
	r := a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token()))
	w.open(r, "ready_for_payment").wants(t, "payment_declined", a.credential())
	if left := w.shop.Stock()[w.sku(0)]; left != stock {
		t.Errorf("%d pieces are left of %d", left, stock)
	}
	if all := w.shop.Orders(); len(all) != 1 || all[0].State != shop.Canceled {
		t.Errorf("the order was not canceled: %+v", all)
	}
	w.stripe.Disarm()
	w.bought(a.must(200, "POST", completeOf(s.ID), "p2", a.payment(w.token())), s.total())
}

func TestOwnership(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, version := range []string{oldest, newest} {
		a, mallory := w.agent(version), w.agent(version)
		mallory.name = "mallory"
		s := a.ready("c-"+version, w.sku(0), 1)
		path := "/checkout_sessions/" + s.ID
		theft := func() {
			t.Helper()
			mallory.refused(404, "not_found", "", "GET", path, "", nil)
			mallory.refused(404, "not_found", "", "POST", path, "m", object{"buyer": ada()})
			mallory.refused(404, "not_found", "", "POST", completeOf(s.ID), "m", mallory.payment(w.token()))
			mallory.refused(404, "not_found", "", "POST", path+"/cancel", "m", nil)
			// The owner's keys are the owner's: they replay nothing to anybody else.
			mallory.refused(404, "not_found", "", "POST", completeOf(s.ID), "p-"+version, mallory.payment(w.token()))
		}
		theft()
		if got := a.get(s.ID); got.Status != "ready_for_payment" || len(w.intents(s.ID)) != 0 {
			t.Errorf("the session was touched: %+v", got)
		}
		w.bought(a.must(200, "POST", completeOf(s.ID), "p-"+version, a.payment(w.token())), s.total())
		theft()
		own := mallory.ready("c-"+version, w.sku(1), 1) // the same key of another agent is another key
		if own.ID == s.ID {
			t.Error("mallory was given alice's session")
		}
	}
}

func TestDatesMix(t *testing.T) {
	t.Parallel()
	for _, d := range [][2]string{{oldest, newest}, {newest, oldest}} {
		t.Run(d[0]+" then "+d[1], func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a, b := w.agent(d[0]), w.agent(d[1])
			s := a.ready("c", w.sku(0), 1)
			if got := b.get(s.ID); got.total() != s.total() || got.Status != s.Status {
				t.Errorf("read in %s it is %+v", d[1], got)
			}
			change := object{"fulfillment_option_id": "express"}
			if d[1] == newest {
				change = object{"selected_fulfillment_options": []any{object{"type": "shipping", "option_id": "express", "item_ids": []any{}}}}
			}
			dearer := b.update(s.ID, "u", change)
			if dearer.total() <= s.total() || a.get(s.ID).total() != dearer.total() {
				t.Errorf("the update in %s was not taken: %d, was %d", d[1], dearer.total(), s.total())
			}
			body := b.payment(w.token())
			r := b.must(200, "POST", completeOf(s.ID), "p", body)
			w.bought(r, dearer.total())
			// The stored answer is the one that was given, in whatever date it is asked for again.
			if again := a.must(200, "POST", completeOf(s.ID), "p", body); string(again.body) != string(r.body) {
				t.Errorf("replayed in %s as %s", d[0], again)
			}
			if got := a.get(s.ID); got.Status != "completed" {
				t.Errorf("read in %s it is %s", d[0], got.Status)
			}
		})
	}
}

func TestDiscountCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(3), 1)
	full := s.total()
	path := "/checkout_sessions/" + s.ID

	r := a.must(200, "POST", path, "u1", codes("save10")) // the shop says SAVE10
	applied, rejected := discounts(t, r)
	if len(applied) != 1 || len(rejected) != 0 || !strings.EqualFold(fmt.Sprint(applied[0]["code"]), "save10") || view(t, r).total() >= full {
		t.Errorf("save10 was not applied: %s", r)
	}
	cheaper := view(t, r).total()

	for i, x := range []struct{ code, reason string }{
		{"NOSUCH", "discount_code_invalid"}, {"SUMMER09", "discount_code_expired"}, {"BIG20", "discount_code_minimum_not_met"},
	} {
		r = a.must(200, "POST", path, "r"+string(rune('0'+i)), codes("SAVE10", x.code))
		applied, rejected = discounts(t, r)
		if len(applied) != 1 || len(rejected) != 1 || rejected[0]["code"] != x.code || rejected[0]["reason"] != x.reason {
			t.Errorf("%s: applied %v, rejected %v", x.code, applied, rejected)
		}
		if got := view(t, r); got.Status != "ready_for_payment" || got.total() != cheaper || got.says(x.reason).Type != "warning" {
			t.Errorf("%s: %+v", x.code, got)
		}
	}
	// Two percentages do not go together: one is applied, and the other is told.
	a.update(s.ID, "q", object{"line_items": []any{object{"id": w.sku(3), "quantity": 3}}})
	applied, rejected = discounts(t, a.must(200, "POST", path, "u2", codes("SAVE10", "BIG20")))
	if len(applied) != 1 || len(rejected) != 1 || rejected[0]["reason"] != "discount_code_combination_disallowed" {
		t.Errorf("two percentages: applied %v, rejected %v", applied, rejected)
	}
	a.update(s.ID, "q2", object{"line_items": []any{object{"id": w.sku(3), "quantity": 1}}})

	r = a.must(200, "POST", path, "u3", codes())
	if applied, rejected = discounts(t, r); len(applied)+len(rejected) != 0 || view(t, r).total() != full {
		t.Errorf("[] does not clear the codes: %s", r)
	}
	r = a.must(200, "POST", path, "u4", codes("Welcome5", "WELCOME5")) // one code, twice
	if applied, _ = discounts(t, r); len(applied) != 1 || view(t, r).total() >= full {
		t.Errorf("welcome5: %s", r)
	}
	w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), view(t, r).total())
	if o := w.orders(s.ID); len(o) != 1 || len(o[0].Coupons) != 1 || o[0].Coupons[0].Code != "WELCOME5" {
		t.Errorf("the order has other coupons: %+v", o)
	}
}

func TestOptionsAndAddresses(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(version)
			s := a.ready("c", w.sku(0), 1)
			standard := s.total()
			choose := func(option string) object {
				if version == oldest {
					return object{"fulfillment_option_id": option}
				}
				return object{"selected_fulfillment_options": []any{object{"type": "shipping", "option_id": option, "item_ids": []any{w.sku(0)}}}}
			}
			deliver := func(address any) object {
				if version == oldest {
					return object{"fulfillment_address": address}
				}
				return object{"fulfillment_details": object{"address": address}}
			}
			param := "$.fulfillment_details.address"
			if version == oldest {
				param = "$.fulfillment_address"
			}
			if got := a.update(s.ID, "u1", choose("express")); got.total() <= standard {
				t.Errorf("express costs %d, standard %d", got.total(), standard)
			}
			if got := a.update(s.ID, "u2", choose("standard")); got.total() != standard {
				t.Errorf("back at standard it costs %d, was %d", got.total(), standard)
			}
			// Another state, another tax.
			elsewhere := home()
			elsewhere["state"], elsewhere["city"], elsewhere["postal_code"] = "OR", "Portland", "97201"
			if got := a.update(s.ID, "u3", deliver(elsewhere)); got.total() >= standard || got.Status != "ready_for_payment" {
				t.Errorf("without sales tax it costs %d, with it %d: %+v", got.total(), standard, got)
			}
			// null takes the address away.
			got := a.update(s.ID, "u4", deliver(nil))
			if got.wants(t, "missing", param); got.Status != "not_ready_for_payment" {
				t.Errorf("without an address: %+v", got)
			}
			w.open(a.must(200, "POST", completeOf(s.ID), "p-none", a.payment(w.token())), "not_ready_for_payment")
			// No option serves this one.
			abroad := home()
			abroad["country"], abroad["state"], abroad["postal_code"] = "DE", "BE", "10115"
			got = a.update(s.ID, "u5", deliver(abroad))
			code := "region_restricted"
			if version == oldest {
				code = "invalid"
			}
			if got.wants(t, code, param); got.Status != "not_ready_for_payment" {
				t.Errorf("abroad: %+v", got)
			}
			w.open(a.must(200, "POST", completeOf(s.ID), "p-abroad", a.payment(w.token())), "not_ready_for_payment")
			if w.stripe.Arrivals(stripetest.OpCreate) != 0 {
				t.Error("a hold was taken for a session that was not ready")
			}
			if got = a.update(s.ID, "u6", deliver(home())); got.total() != standard || got.Status != "ready_for_payment" {
				t.Errorf("back home: %+v", got)
			}
			w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), standard)
		})
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(version)
			param := "$.line_items[1].item.id"
			if version == oldest {
				param = "$.items[1].id"
			}
			a.refused(400, "invalid_item_id", param, "POST", "/checkout_sessions", "c1", a.cart(w.sku(0), 1, "NOT-SOLD-HERE", 1))
			a.refused(400, "invalid_item_id", param, "POST", "/checkout_sessions", "c2", a.cart(w.sku(0), 1, "MUG-2009", 1)) // discontinued

			// A line that is out of stock stands in the session, with its price, until it goes.
			if err := w.shop.SetStock(w.sku(2), 0); err != nil {
				t.Fatal(err)
			}
			s := view(t, a.must(201, "POST", "/checkout_sessions", "c3", a.cart(w.sku(0), 1, w.sku(2), 2)))
			if s.wants(t, "out_of_stock", "$.line_items[1]"); s.Status != "not_ready_for_payment" || len(s.Lines) != 2 {
				t.Errorf("out of stock: %+v", s)
			}
			if !slices.ContainsFunc(s.Totals, func(r row) bool { return r.Type == "total" && r.Amount > 0 }) {
				t.Errorf("no total is shown: %+v", s.Totals)
			}
			w.open(a.must(200, "POST", completeOf(s.ID), "p-none", a.payment(w.token())), "not_ready_for_payment")
			lines := []any{object{"id": w.sku(0), "quantity": 1}}
			change := object{"line_items": lines}
			if version == oldest {
				change = object{"items": lines}
			}
			if s = a.update(s.ID, "u", change); s.Status != "ready_for_payment" || len(s.Lines) != 1 {
				t.Errorf("without the line: %+v", s)
			}
			w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
		})
	}
}

func TestReplaysThroughARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	create := a.cart(w.sku(0), 1)
	first := a.must(201, "POST", "/checkout_sessions", "k", create)
	s := view(t, first)
	change := object{"buyer": ada()}
	updated := a.must(200, "POST", "/checkout_sessions/"+s.ID, "k", change)
	body := a.payment(w.token())
	done := a.must(200, "POST", completeOf(s.ID), "k", body)
	other := a.ready("k2", w.sku(1), 1)
	canceled := a.must(200, "POST", "/checkout_sessions/"+other.ID+"/cancel", "k", nil)
	refusal := a.refused(400, "invalid_item_id", "$.line_items[0].item.id", "POST", "/checkout_sessions", "k3", a.cart("NOT-SOLD-HERE", 1))
	w.until("the sweeps are over and the cart is dropped", func() bool {
		return w.shop.Calls(shop.OrderFind).Arrived >= len(timing().Sweeps) && w.shop.Calls(shop.CartDelete).Arrived > 0
	})
	for range 2 {
		w.restart()
		w.untouched(func() {
			for _, x := range []struct {
				status int
				path   string
				key    string
				body   any
				want   reply
			}{
				{201, "/checkout_sessions", "k", create, first},
				{200, "/checkout_sessions/" + s.ID, "k", change, updated},
				{200, completeOf(s.ID), "k", body, done},
				{200, "/checkout_sessions/" + other.ID + "/cancel", "k", nil, canceled},
				{400, "/checkout_sessions", "k3", a.cart("NOT-SOLD-HERE", 1), refusal},
			} {
				r := a.must(x.status, "POST", x.path, x.key, x.body)
				if string(r.body) != string(x.want.body) || r.header.Get("Idempotent-Replayed") != "true" {
					t.Errorf("%s was not replayed: %s", x.path, r)
				}
			}
		})
	}
}
