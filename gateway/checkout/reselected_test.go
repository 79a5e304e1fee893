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

// TestWhatWasFrozenIsPlacedAnewOrNotAtAll loses a placing call that never acted, and changes the shop's mind before the order is sent
// again. What would not have been paid in the first place is not paid now.
func TestWhatWasFrozenIsPlacedAnewOrNotAtAll(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		item  string
		moves func(*memoryShop)
		want  commerce.Status
	}{
		"a sign-in that the shop calls a remark": {"tea", func(m *memoryShop) {
			m.spoil = func(q *commerce.Quote) {
				q.Messages = []commerce.Message{{Type: commerce.Info, Code: commerce.CodeRequiresSignIn, Content: "planted"}}
			}
		}, commerce.RequiresEscalation},
		"an address is wanted after all": {"booking", func(m *memoryShop) {
			m.spoil = func(q *commerce.Quote) { q.NeedsShipping, q.Lines[0].NoDelivery = true, false }
		}, commerce.NotReady},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSplitWorld(t)
			a, err := w.service.Create(t.Context(), w.call(""), order(false, c.item))
			if c.item == "tea" {
				a, err = w.service.Create(t.Context(), w.call(""), order(true, c.item))
			}
			cs := session(t, a, err)
			wantStatus(t, cs, commerce.Ready)
			w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
				w.shop.do(func() { c.moves(w.shop) })
				return commerce.Snapshot{}, errCut // never acted
			})
			a, err = w.complete("k1", cs.ID, w.token())
			wantStatus(t, session(t, a, err), c.want)
			w.untouched(cs.ID)
		})
	}
}

// TestAnotherDeliveryThanTheChosenOneIsNotPaid lets the shop take a selection without a word and price another. An agent that chose is
// asked again; nothing is paid for a delivery that nobody wanted.
func TestAnotherDeliveryThanTheChosenOneIsNotPaid(t *testing.T) {
	t.Parallel()
	for name, split := range map[string]bool{"one option for all": false, "by the line": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSplitWorld(t, func(w *world) { w.shop.facts.Split = split })
			a, err := w.service.Create(t.Context(), w.call(""), order(true, "tea"))
			slow := session(t, a, err).Quote // the default
			w.shop.do(func() {
				w.shop.spoil = func(q *commerce.Quote) {
					if len(q.Choices) > 0 {
						q.Choices, q.Total, q.ExactTotal, q.Totals = slow.Choices, slow.Total, slow.ExactTotal, slow.Totals
					}
				}
			})
			r := order(true, "tea")
			r.Choices = []commerce.Choice{choose("fast", "tea")}
			a, err = w.service.Create(t.Context(), w.call(""), r)
			cs := session(t, a, err)
			wantStatus(t, cs, commerce.NotReady)
			diff(t, []string{"invalid $.selected_fulfillment_options"}, codes(cs))
			a, err = w.complete("k1", cs.ID, w.token())
			wantStatus(t, session(t, a, err), commerce.NotReady)
			w.nothing(cs.ID)
			a, err = w.update(cs.ID, commerce.UpdateRequest{Choices: commerce.Set([]commerce.Choice{choose("slow", "tea")})})
			wantStatus(t, session(t, a, err), commerce.Ready)
		})
	}
}

// TestAMovedDeliveryIsShownBeforeItIsCharged leaves an attempt alone whose order is lost, while what needed no delivery comes to be sent,
// for nothing. Whoever completes next is shown that first.
func TestAMovedDeliveryIsShownBeforeItIsCharged(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t)
	a, err := w.service.Create(t.Context(), w.call(""), order(true, "booking"))
	cs, gone := session(t, a, err), w.gate()
	wantStatus(t, cs, commerce.Ready)
	w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
		gone.pass()
		w.shop.do(func() {
			w.shop.offers = func(c commerce.Cart) []commerce.FulfillmentOption {
				return []commerce.FulfillmentOption{{Type: commerce.Shipping, ID: "gift", Title: "gift", LineIDs: linesOf(c, "booking")}}
			}
			w.shop.spoil = func(q *commerce.Quote) { q.NeedsShipping, q.Lines[0].NoDelivery = true, false }
		})
		return commerce.Snapshot{}, errCut // never acted
	})
	w.leave("k1", cs.ID, w.token())
	gone.open()
	w.until("the attempt is undone", func() bool { return !w.row(cs.ID).Live })
	w.untouched(cs.ID)
	a, err = w.complete("k2", cs.ID, w.token())
	told := session(t, a, err)
	wantStatus(t, told, commerce.Ready)
	diff(t, map[string][]string{"gift": {"li_1"}}, selected(told))
	w.untouched(cs.ID)
	a, err = w.complete("k3", cs.ID, w.token())
	wantStatus(t, session(t, a, err), commerce.Completed)
	w.completed(cs.ID)
}

// TestWhatTheShopSelectsBesideStands selects for one line, while the shop keeps what it had selected for the other.
func TestWhatTheShopSelectsBesideStands(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t, func(w *world) {
		w.shop.offers = func(c commerce.Cart) (options []commerce.FulfillmentOption) {
			for _, o := range []struct{ id, item string }{{"slow", "tea"}, {"fast", "tea"}, {"van", "cup"}} {
				options = append(options, commerce.FulfillmentOption{Type: commerce.Shipping, ID: o.id, Title: o.id, LineIDs: linesOf(c, o.item)})
			}
			return options
		}
		w.shop.spoil = func(q *commerce.Quote) {
			if len(q.Choices) == 1 {
				q.Choices = append(q.Choices, commerce.Choice{Type: commerce.Shipping, OptionID: "van", LineIDs: []string{"li_2"}})
			}
		}
	})
	r := order(true, "tea", "cup")
	r.Choices = []commerce.Choice{choose("fast", "tea")}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	wantStatus(t, cs, commerce.Ready)
	diff(t, map[string][]string{"fast": {"li_1"}, "van": {"li_2"}}, selected(cs))
}
