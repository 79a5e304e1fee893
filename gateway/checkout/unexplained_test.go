package checkout_test

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// TestUnexplainedAnswerIsNoRefusal lets the shop answer a pricing with something in the 400s that its adapter does not recognise. The
// agent is told to come back, nothing is stored, the operator hears of it, and the shop is not taken to be ill; a refusal that the
// adapter does recognise is the request's own fault, for good.
func TestUnexplainedAnswerIsNoRefusal(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*world, string, checkout.Call) (store.Answer, error){
		"create": func(w *world, _ string, c checkout.Call) (store.Answer, error) {
			return w.service.Create(w.t.Context(), c, commerce.CreateRequest{Lines: []commerce.CartLine{{ItemID: "tea", Quantity: 1}}})
		},
		"update": func(w *world, id string, c checkout.Call) (store.Answer, error) {
			return w.service.Update(w.t.Context(), c, id, commerce.UpdateRequest{Codes: commerce.Set([]string{"SAVE"})})
		},
		"complete": func(w *world, id string, c checkout.Call) (store.Answer, error) {
			return w.completeWith(c, id, w.token())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.upstream.BreakerFailures = 1 })
			cs := w.create()
			for kind, want := range map[commerce.Kind]commerce.Kind{
				commerce.Unexplained: commerce.Unavailable, commerce.Rejected: commerce.Invalid, commerce.Unsupported: commerce.Invalid,
			} {
				w.shop.do(func() { w.shop.quote = []error{commerce.Faultf(kind, "planted: POST /carts answered 422")} })
				before := w.alerts.count("shop_answer_unexplained")
				_, err := ask(w, cs.ID, w.call(""))
				wantKind(t, err, want)
				if told := w.alerts.count("shop_answer_unexplained") - before; (told == 1) != (kind == commerce.Unexplained) {
					t.Errorf("%s: told %d times", kind, told)
				}
				if got := w.get(cs.ID); got.Status != commerce.Ready || got.Quote.Total != cs.Quote.Total || len(got.Cart.Codes) != 0 {
					t.Fatalf("%s changed the session: %s %v", kind, got.Status, got.Cart.Codes)
				}
				w.nothing(cs.ID)
			}
			if a, err := ask(w, cs.ID, w.call("")); err != nil || len(a.Body) == 0 {
				t.Fatalf("afterwards: %v", err)
			}
		})
	}
}
