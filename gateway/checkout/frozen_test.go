package checkout_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment"
)

// TestS06_FrozenVersionAndShape changes the version of the processor's API, or the shape of the token's parameter, under an attempt
// whose hold has no known outcome. Every repeat is the request of the first call, because the same key with another one is refused, and
// nobody would know of the hold; only the next attempt is made in the new way.
func TestS06_FrozenVersionAndShape(t *testing.T) {
	t.Parallel()
	frozen := payment.Terms{Account: "memory", APIVersion: "2025-09-30", Shape: "first"}
	for name, changed := range map[string]payment.Terms{
		"the version": {Account: "memory", APIVersion: "2026-04-22", Shape: "first"},
		"the shape":   {Account: "memory", APIVersion: "2025-09-30", Shape: "second"},
		"both":        {Account: "memory", APIVersion: "2026-04-22", Shape: "second"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				cs, calls := w.create(), 0
				w.memory.hold = func(make func() payment.Intent) (payment.Intent, error) {
					if calls++; calls > 3 {
						return make(), nil
					}
					make()
					return payment.Intent{}, &payment.Error{Kind: payment.Unknown, Message: "planted: the answer is lost"}
				}
				answered := w.begin("", cs.ID, w.token())
				w.at(w.clock.Now())
				w.halt()
				<-answered
				w.memory.terms = changed
				w.boot()
				w.at(w.clock.Now().Add(time.Minute))
				w.sold(w.get(cs.ID))
				asked := w.memory.holds()
				if len(asked) != 4 || asked[0].Terms != frozen {
					t.Fatalf("%d calls, the first on %+v", len(asked), asked[0].Terms)
				}
				for _, r := range asked {
					if r != asked[0] {
						t.Errorf("repeated as %+v, want %+v", r, asked[0])
					}
				}
				next := w.create()
				(<-w.begin("k2", next.ID, w.token())).session(t)
				if got := w.memory.holds()[4].Terms; got != changed {
					t.Errorf("the next attempt was made on %+v", got)
				}
			}, func(w *world) { w.memory.terms = frozen })
		})
	}
}
