package checkout_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// doConsent takes an answer about marketing.
func (m *memoryShop) doConsent(_ context.Context, r adapters.ConsentRecord) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err, ok := pop(&m.consent); ok && err != nil {
		return err
	}
	m.consents = append(m.consents, r)
	return nil
}

// consents is what the shop knows: its last word of each key, in order.
func (m *memoryShop) heardConsents() (all []adapters.ConsentRecord) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.consents {
		if !slices.ContainsFunc(all, func(k adapters.ConsentRecord) bool { return k.Key == c.Key }) {
			all = append(all, c)
		}
	}
	return all
}

// asking is a shop that asks about two channels, and answers that a complete brings.
func asking(answers ...commerce.MarketingConsent) func(*world) {
	return func(w *world) {
		w.shop.takesConsent = true
		w.settings.Marketing = []commerce.MarketingOption{
			{Channel: "email", DisplayText: "News by e-mail", PrivacyPolicyURL: "https://shop.example/privacy"},
			{Channel: "sms", DisplayText: "News by text", PrivacyPolicyURL: "https://shop.example/privacy"},
		}
		w.adds = append(w.adds, func(r *commerce.CompleteRequest) { r.Consents = answers })
	}
}

// TestConsentsThatCount is which answers reach the shop: of channels that were offered and have an address.
func TestConsentsThatCount(t *testing.T) {
	t.Parallel()
	phone := func(w *world) {
		w.wishes = append(w.wishes, func(r *commerce.CreateRequest) { r.ShipTo.Phone = "+17755550100" })
	}
	for name, c := range map[string]struct {
		change  func(*world)
		answers []commerce.MarketingConsent
		want    []string
	}{
		"absence is no consent":      {nil, nil, nil},
		"yes by e-mail":              {nil, []commerce.MarketingConsent{{Channel: "email", OptedIn: true}}, []string{"email true ada@example.com"}},
		"no is told too":             {nil, []commerce.MarketingConsent{{Channel: "email"}}, []string{"email false ada@example.com"}},
		"a channel that is not ours": {nil, []commerce.MarketingConsent{{Channel: "fax", OptedIn: true}}, nil},
		"nobody's telephone":         {nil, []commerce.MarketingConsent{{Channel: "sms", OptedIn: true}}, nil},
		"the receiver's telephone":   {phone, []commerce.MarketingConsent{{Channel: "sms", OptedIn: true}}, []string{"sms true +17755550100"}},
		"both": {
			phone,
			[]commerce.MarketingConsent{{Channel: "sms"}, {Channel: "email", OptedIn: true}},
			[]string{"email true ada@example.com", "sms false +17755550100"},
		},
		"yes and no is no": {
			nil, []commerce.MarketingConsent{{Channel: "email", OptedIn: true}, {Channel: "email"}}, []string{"email false ada@example.com"},
		},
		"a shop that takes none": {
			func(w *world) { w.shop.takesConsent = false }, []commerce.MarketingConsent{{Channel: "email", OptedIn: true}}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, asking(c.answers...), func(w *world) {
				if c.change != nil {
					c.change(w)
				}
			})
			cs := w.create()
			if offered := len(cs.MarketingOptions) == 2; offered != w.shop.takesConsent {
				t.Fatalf("options %v", cs.MarketingOptions)
			}
			a, err := w.complete("k1", cs.ID, w.token())
			done := session(t, a, err)
			w.completed(cs.ID)
			var got []string
			for _, r := range w.shop.heardConsents() {
				got = append(got, fmt.Sprintf("%s %v %s", r.Consent.Channel, r.Consent.OptedIn, r.Address))
				if r.OrderRef == "" || r.Consent.DisplayText == "" || r.Consent.At.IsZero() {
					t.Errorf("told without its proof: %+v", r)
				}
			}
			diff(t, c.want, got)
			if len(done.Consents) != len(c.want) {
				t.Errorf("the session keeps %v", done.Consents)
			}
		})
	}
}

// TestConsentsNeverHoldAPurchaseUp lets the shop refuse the answers, for a while and for good.
func TestConsentsNeverHoldAPurchaseUp(t *testing.T) {
	t.Parallel()
	yes := commerce.MarketingConsent{Channel: "email", OptedIn: true}
	t.Run("for a while", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, asking(yes), func(w *world) {
			w.shop.consent = slices.Repeat([]error{commerce.Faultf(commerce.Temporary, "planted")}, 3)
		})
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token())
		wantStatus(t, session(t, a, err), commerce.Completed)
		w.completed(cs.ID)
		if n := len(w.shop.heardConsents()); n != 1 {
			t.Fatalf("the shop heard %d answers", n)
		}
	})
	t.Run("for good", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, asking(yes), func(w *world) {
			w.shop.consent = slices.Repeat([]error{commerce.Faultf(commerce.Rejected, "planted")}, 9)
		})
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token())
		wantStatus(t, session(t, a, err), commerce.Completed)
		w.completed(cs.ID)
		if !w.alerts.has("consent_not_recorded") {
			t.Error("nobody was told")
		}
	})
	t.Run("a purchase that fails", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, asking(yes), func(w *world) { w.shop.always = refuse(commerce.OutOfStock) })
		cs := w.create()
		a, err := w.complete("k1", cs.ID, w.token())
		told := session(t, a, err)
		w.untouched(cs.ID)
		if n := len(w.shop.heardConsents()); n != 0 || len(told.Consents) != 0 {
			t.Fatalf("the shop heard %d answers of a purchase that is none", n)
		}
	})
	t.Run("a shop that is away for days", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T, w *world) {
			cs := w.create()
			w.sold((<-w.begin("k1", cs.ID, w.token())).session(t))
			w.at(w.clock.Now().Add(72 * time.Hour))
			if g := w.saga(cs.ID); g.Step != "closed" || len(w.shop.heardConsents()) != 1 {
				t.Fatalf("%s, heard %v", g.Step, w.shop.heardConsents())
			}
		}, asking(yes), func(w *world) {
			w.timing.Poll = time.Minute
			w.shop.consent = slices.Repeat([]error{commerce.Faultf(commerce.Temporary, "planted")}, 60)
		})
	})
}

// TestConsentsAreToldOnceAfterACrash ends the process at every point of a complete that brings two answers. Each reaches the shop under one
// key, and only with the order.
func TestConsentsAreToldOnceAfterACrash(t *testing.T) {
	t.Parallel()
	change := func(w *world) {
		asking(commerce.MarketingConsent{Channel: "email", OptedIn: true}, commerce.MarketingConsent{Channel: "sms"})(w)
		w.wishes = append(w.wishes, func(r *commerce.CreateRequest) { r.Buyer.Phone = "+17755550100" })
	}
	for i, point := range points(t, change) {
		if slow > 1 && i%3 != 0 {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", i+1, point), func(t *testing.T) {
			t.Parallel()
			w, id, _ := killed(t, i+1, change)
			if w.rest(id); w.row(id).Status != commerce.Completed {
				w.untouched(id)
				if n := len(w.shop.heardConsents()); n != 0 {
					t.Fatalf("%d answers without an order", n)
				}
				return
			}
			w.completed(id)
			var channels []string
			for _, r := range w.shop.heardConsents() {
				channels = append(channels, r.Consent.Channel)
			}
			diff(t, []string{"email", "sms"}, channels)
			if n := len(w.get(id).Consents); n != 2 {
				t.Errorf("the session keeps %d answers", n)
			}
		})
	}
}
