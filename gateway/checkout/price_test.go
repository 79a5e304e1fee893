package checkout_test

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestDefaultOptionCostsOneCall asks the shop once for a session whose default option has not changed.
func TestDefaultOptionCostsOneCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	before := w.shop.told().quoted
	a, err := w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("ring twice")})
	if got := session(t, a, err); got.Quote.Total != cs.Quote.Total || len(got.Quote.Choices) != 1 || got.Quote.Choices[0].OptionID != "slow" {
		t.Fatalf("total %d, choices %v", got.Quote.Total, got.Quote.Choices)
	}
	if n := w.shop.told().quoted - before; n != 1 {
		t.Fatalf("%d calls", n)
	}
	a, err = w.complete("k1", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed {
		t.Fatalf("got %s", got.Status)
	}
	if n := w.shop.told().quoted - before; n != 2 {
		t.Fatalf("%d calls for update and complete", n)
	}
	w.completed(cs.ID)
}

// TestDefaultOptionFollowsThePrice selects what is cheapest now, and forgets a default that is gone, without a word to the agent.
func TestDefaultOptionFollowsThePrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	w.shop.do(func() { w.shop.slowFee = 3000 })
	a, err := w.update(cs.ID, commerce.UpdateRequest{})
	got := session(t, a, err)
	if got.Quote.Choices[0].OptionID != "fast" || got.Quote.Amount(commerce.TotalFulfillment) != 1200 {
		t.Fatalf("choices %v", got.Quote.Choices)
	}
	w.shop.do(func() { w.shop.slowFee, w.shop.noFast = 0, true })
	a, err = w.update(cs.ID, commerce.UpdateRequest{})
	got = session(t, a, err)
	if got.Status != commerce.Ready || got.Quote.Choices[0].OptionID != "slow" || len(got.Messages) != 0 {
		t.Fatalf("%s, choices %v, messages %v", got.Status, got.Quote.Choices, got.Messages)
	}
	w.shop.do(func() { w.shop.noFast = false })
	// A choice of the agent stays, although it is not the cheapest, and is told about when it goes.
	a, err = w.update(cs.ID, commerce.UpdateRequest{Choices: commerce.Set([]commerce.Choice{{Type: commerce.Shipping, OptionID: "fast"}})})
	if got = session(t, a, err); got.Quote.Choices[0].OptionID != "fast" {
		t.Fatalf("choices %v", got.Quote.Choices)
	}
	a, err = w.update(cs.ID, commerce.UpdateRequest{})
	if got = session(t, a, err); got.Quote.Choices[0].OptionID != "fast" {
		t.Fatalf("choices %v", got.Quote.Choices)
	}
	w.shop.do(func() { w.shop.noFast = true })
	a, err = w.update(cs.ID, commerce.UpdateRequest{})
	got = session(t, a, err)
	wantMessage(t, got, commerce.CodeInvalid)
	if got.Status != commerce.NotReady {
		t.Fatalf("got %s", got.Status)
	}
	w.nothing(cs.ID)
}

// TestRefusedWishes prices the rest and says what was refused.
func TestRefusedWishes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	a, err := w.update(cs.ID, commerce.UpdateRequest{Codes: commerce.Set([]string{" nope ", "SAVE", "save", "NOPE"})})
	got := session(t, a, err)
	if len(got.Cart.Codes) != 2 || len(got.Quote.Discounts.Rejected) != 1 || got.Status != commerce.Ready {
		t.Fatalf("codes %v, rejected %v, %s", got.Cart.Codes, got.Quote.Discounts.Rejected, got.Status)
	}
	a, err = w.update(cs.ID, commerce.UpdateRequest{Lines: commerce.Set([]commerce.CartLine{{ItemID: "tea", Quantity: 99}, {ItemID: "cup", Quantity: 1}})})
	got = session(t, a, err)
	wantMessage(t, got, commerce.CodeOutOfStock)
	if len(got.Quote.Lines) != 2 || got.Status != commerce.NotReady {
		t.Fatalf("%d lines, %s", len(got.Quote.Lines), got.Status)
	}
	_, err = w.update(cs.ID, commerce.UpdateRequest{Lines: commerce.Set([]commerce.CartLine{{ItemID: "ghost", Quantity: 1}})})
	wantKind(t, err, commerce.Invalid)
	if again := w.get(cs.ID); len(again.Cart.Lines) != 2 {
		t.Fatalf("a refused update changed the session: %v", again.Cart.Lines)
	}
	w.nothing(cs.ID)
}
