package checkout_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestCodes replaces and clears discount codes, and says of each rejected one which it was, as the agent counts them.
func TestCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := order(true, "tea")
	r.Codes = []string{"SAVE", "save", " ", "nope", "Save", "WORSE", "nope"}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	diff(t, []string{"SAVE", "nope", "WORSE"}, cs.Cart.Codes)
	diff(t, r.Codes, cs.Quote.Discounts.Codes)
	diff(t, []string{"discount_code_invalid $.discounts.codes[3]", "discount_code_invalid $.discounts.codes[5]"}, codes(cs))
	if cs.Status != commerce.Ready || cs.Messages[0].Type != commerce.Warning || len(cs.Quote.Discounts.Rejected) != 2 {
		t.Fatalf("%s, %v, %v", cs.Status, cs.Messages, cs.Quote.Discounts.Rejected)
	}
	w.shop.do(func() { diff(t, []string{"SAVE"}, w.shop.carts[cs.Quote.CartRef].Codes) })
	a, err = w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("they stay")})
	if got := session(t, a, err); !slices.Equal(got.Quote.Discounts.Codes, r.Codes) {
		t.Fatalf("codes %v", got.Quote.Discounts.Codes)
	}
	a, err = w.update(cs.ID, commerce.UpdateRequest{Codes: commerce.Set([]string{"save"})})
	got := session(t, a, err)
	diff(t, []string{"save"}, got.Quote.Discounts.Codes)
	for name, change := range map[string]commerce.Change[[]string]{"[]": commerce.Set([]string{}), "null": commerce.Clear[[]string]()} {
		a, err = w.update(cs.ID, commerce.UpdateRequest{Codes: change})
		got = session(t, a, err)
		if len(got.Quote.Discounts.Codes)+len(got.Cart.Codes)+len(got.Quote.Discounts.Rejected)+len(got.Messages) != 0 {
			t.Fatalf("%s leaves %v, %v", name, got.Cart.Codes, got.Messages)
		}
	}
}

// TestTheShopCountsOtherwise lets a shop say of lines and codes what is wrong, as it was asked for them, after others were set aside.
func TestTheShopCountsOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shop.do(func() {
		w.shop.spoil = func(q *commerce.Quote) {
			q.Messages = []commerce.Message{
				commerce.WarningMessage(commerce.CodeLowStock, "$.line_items[0].quantity", "planted"),
				commerce.WarningMessage(string(commerce.DiscountExpired), "$.discounts.codes[0]", "planted: too late"),
				commerce.WarningMessage("high_demand", "$.line_items[7]", "planted"),
			}
			q.Discounts.Rejected = []commerce.RejectedDiscount{{Code: "save", Reason: "by its age", Message: "too late"}}
		}
	})
	r := commerce.CreateRequest{
		Lines: []commerce.CartLine{{ItemID: "tea", Quantity: 99}, {ItemID: "cup", Quantity: 1}}, Codes: []string{"nope", "nope", "SAVE"},
	}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	diff(t, []string{
		"low_stock $.line_items[1].quantity", "discount_code_expired $.discounts.codes[2]", "high_demand $.line_items[7]",
		"out_of_stock $.line_items[0]", "discount_code_invalid $.discounts.codes[0]", "missing $.fulfillment_details.address", "missing $.buyer.email",
	}, codes(cs))
	diff(t, []commerce.RejectedDiscount{
		{Code: "SAVE", Reason: commerce.DiscountInvalid, Message: "too late"}, {Code: "nope", Reason: commerce.DiscountInvalid, Message: "no such code"},
	}, cs.Quote.Discounts.Rejected)
}

// TestAutomaticDiscounts stand in the session though no code was sent.
func TestAutomaticDiscounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	automatic := []commerce.AppliedDiscount{{ID: "spring", Automatic: true, Amount: 100, Allocations: []commerce.Allocation{{LineID: "li_1", Amount: 100}}}}
	w.shop.do(func() {
		w.shop.spoil = func(q *commerce.Quote) {
			l := &q.Lines[0]
			l.Discount, l.Subtotal, l.Total = 100, l.Base-100, l.Base-100
			q.Discounts.Applied = automatic
			q.Total -= 100
			q.ExactTotal = commerce.FormatMinor(q.Total, 2)
			q.Totals[1].Amount, q.Totals[3].Amount = q.Totals[1].Amount-100, q.Total
			q.Totals = append(q.Totals, commerce.Total{Type: commerce.TotalItemsDiscount, Amount: 100})
		}
	})
	a, err := w.service.Create(t.Context(), w.call(""), order(true, "tea"))
	cs := session(t, a, err)
	diff(t, automatic, cs.Quote.Discounts.Applied)
	if cs.Status != commerce.Ready {
		t.Fatalf("%s: %v", cs.Status, cs.Messages)
	}
}

// TestDiscountExtension is active where the agent names it or uses it, and nowhere where the shop takes no codes.
func TestDiscountExtension(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		none  bool // the shop takes no codes
		names []string
		codes []string
		want  []string
		says  []string
	}{
		"named":             {names: []string{"discount@2026-01-27", "x"}, want: []string{"discount@2026-01-27", "x"}},
		"used":              {codes: []string{"SAVE"}, want: []string{"discount"}},
		"named and used":    {names: []string{"discount"}, codes: []string{"SAVE"}, want: []string{"discount"}},
		"neither":           {names: []string{"x"}, want: []string{"x"}},
		"named, none taken": {none: true, names: []string{"x", "discount@2026-01-27"}, want: []string{"x"}},
		"used, none taken": {
			none: true, codes: []string{"SAVE", "save", "B"},
			says: []string{"discount_code_invalid $.discounts.codes[0]", "discount_code_invalid $.discounts.codes[2]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.shop.facts.NoCodes = c.none })
			r := order(true, "tea")
			r.Capabilities.Extensions, r.Codes = c.names, c.codes
			a, err := w.service.Create(t.Context(), w.call(""), r)
			cs := session(t, a, err)
			if !slices.Equal(c.want, cs.Capabilities.Extensions) {
				t.Errorf("active %q, want %q", cs.Capabilities.Extensions, c.want)
			}
			diff(t, append([]string{}, c.says...), codes(cs))
			if cs.Status != commerce.Ready {
				t.Errorf("got %s", cs.Status)
			}
			w.shop.do(func() {
				if asked := w.shop.carts[cs.Quote.CartRef].Codes; c.none && len(asked) > 0 {
					t.Errorf("the shop was asked for %q", asked)
				}
			})
		})
	}
	w := newWorld(t)
	cs := w.create()
	a, err := w.update(cs.ID, commerce.UpdateRequest{Codes: commerce.Set([]string{"SAVE"})})
	diff(t, []string{"discount"}, session(t, a, err).Capabilities.Extensions)
}

// TestTenBadCodes is the most codes of a session, refused one by one: the session is there all the same.
func TestTenBadCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := order(true, "tea")
	for i := range commerce.MaxCodes {
		r.Codes = append(r.Codes, fmt.Sprintf("guess-%d", i))
	}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	if cs := session(t, a, err); cs.Status != commerce.Ready || len(cs.Quote.Discounts.Rejected) != commerce.MaxCodes {
		t.Fatalf("%s, rejected %v", cs.Status, cs.Quote.Discounts.Rejected)
	}
}
