package checkout_test

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestAnotherDeliveryIsShownFirst takes the selected option away before a complete, while another one costs as much. What the buyer saw
// was sent to them; nothing is charged for what they would have to fetch until that was shown too.
func TestAnotherDeliveryIsShownFirst(t *testing.T) {
	t.Parallel()
	only := func(o commerce.FulfillmentOption) func(commerce.Cart) []commerce.FulfillmentOption {
		return func(c commerce.Cart) []commerce.FulfillmentOption {
			o.Title, o.LineIDs = o.ID, linesOf(c, "tea")
			return []commerce.FulfillmentOption{o}
		}
	}
	for name, split := range map[string]bool{"one option for all": false, "by the line": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSplitWorld(t, func(w *world) {
				w.shop.facts.Split = split
				w.shop.offers = only(commerce.FulfillmentOption{Type: commerce.Shipping, ID: "gift"})
			})
			a, err := w.service.Create(t.Context(), w.call(""), order(true, "tea"))
			cs := session(t, a, err)
			wantStatus(t, cs, commerce.Ready)
			w.shop.do(func() { w.shop.offers = only(commerce.FulfillmentOption{Type: commerce.Pickup, ID: "shelf"}) })
			a, err = w.complete("", cs.ID, w.token())
			told := session(t, a, err)
			wantStatus(t, told, commerce.Ready)
			wantMessage(t, told, commerce.CodeLimitedAvailability)
			if _, ok := selected(told)["shelf"]; !ok {
				t.Fatalf("selected %v", selected(told))
			}
			w.nothing(cs.ID)
			a, err = w.complete("k1", cs.ID, w.token())
			wantStatus(t, session(t, a, err), commerce.Completed)
			w.completed(cs.ID)
		})
	}
}
