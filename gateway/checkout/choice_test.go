package checkout_test

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestOneOptionForAllLines names an option once for each line, which is one wish, and then two options, which are refused.
func TestOneOptionForAllLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	choose := func(options ...string) commerce.UpdateRequest {
		var choices []commerce.Choice
		for i, o := range options {
			choices = append(choices, commerce.Choice{Type: commerce.Shipping, OptionID: o, LineIDs: []string{cs.Cart.Lines[i].ItemID}})
		}
		return commerce.UpdateRequest{Choices: commerce.Set(choices)}
	}
	a, err := w.service.Update(t.Context(), w.call(""), cs.ID, choose("fast", "fast"))
	if got := session(t, a, err); len(got.Quote.Choices) != 1 || got.Quote.Choices[0].OptionID != "fast" {
		t.Fatalf("selected %v", got.Quote.Choices)
	}
	_, err = w.service.Update(t.Context(), w.call(""), cs.ID, choose("fast", "slow"))
	wantKind(t, err, commerce.Invalid)
	a, err = w.service.Get(t.Context(), w.call(""), cs.ID)
	if got := session(t, a, err); got.Quote.Choices[0].OptionID != "fast" {
		t.Fatalf("a refused update selected %v", got.Quote.Choices)
	}
}
