package storetest

import (
	"fmt"
	"os"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// RunReopen runs the part of the suite that is about what outlives a process. open opens the store that lives in folder, or begins one
// there, and closes it when its test ends; a store that is open already may be closed before that.
func RunReopen(t *testing.T, open func(t *testing.T, folder string) store.Store) {
	for _, way := range []struct {
		name string
		next func(t *testing.T, s store.Store, folder string) (nextFolder string)
	}{
		{"after Close", func(t *testing.T, s store.Store, folder string) string {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return folder
		}},
		// A killed process leaves its files as they are at that moment: a copy of them without a Close.
		{"after a kill", func(t *testing.T, _ store.Store, folder string) string {
			next := t.TempDir()
			if err := os.CopyFS(next, os.DirFS(folder)); err != nil {
				t.Fatal(err)
			}
			return next
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s := open(t, folder)
			before := furnish(t, s)
			folder = way.next(t, s, folder)
			s = open(t, folder)
			before.check(t, s)
			// The lifetimes do not end with one reopening.
			folder = way.next(t, s, folder)
			s = open(t, folder)
			equal(t, "version", must(s.Session(t.Context(), "cs_1"))(t).Version, int64(1))
		})
	}
}

// furnished is what was committed before the process ended.
type furnished struct {
	session  store.Session
	cart     store.Cart
	saga     store.Saga
	order    store.Order
	delivery store.Delivery
	answered store.Claim
}

func furnish(t *testing.T, s store.Store) furnished {
	t.Helper()
	f := furnished{session: session("cs_1"), cart: cart("cart_1"), saga: saga("cs_1", 1), order: sampleOrder("1001", "cs_1"), answered: claimOf("answered", "t1")}
	f.delivery = event("e1", "order", commerce.OrderCreate)
	f.answered.Answer = &store.Answer{Status: 201, Body: []byte("exactly this")}
	takes(t, s, claimOf("answered", "t1"))
	takes(t, s, claimOf("running", "t1"))
	commit(t, s, store.Batch{
		Session: &store.SessionWrite{Session: f.session},
		Cart:    &store.CartWrite{Cart: f.cart},
		Sagas:   []store.SagaWrite{{Saga: f.saga}},
		Answers: []store.AnswerWrite{{Claim: claimOf("answered", "t1"), Answer: *f.answered.Answer}},
		Order:   &store.OrderWrite{Order: f.order},
		Refunds: []store.RefundWrite{{Refund: refund("1001", "r1")}},
		Cursor:  &store.CursorWrite{Shop: "main", To: "42"},
		Events:  []store.Delivery{f.delivery},
		Log:     []store.LogEntry{{At: epoch, SessionID: "cs_1", Note: "begun"}},
	})
	equal(t, "sagas leased", len(must(s.AcquireSagas(t.Context(), lease("p1", 0, 3000), 9))(t)), 1)
	equal(t, "refunds leased", len(must(s.AcquireRefunds(t.Context(), lease("p1", 0, 3000), 9))(t)), 1)
	equal(t, "deliveries leased", leased(t, s, lease("p1", 0, 3000), 9), []string{"e1"})
	for i := range 50 {
		seed(t, s, fmt.Sprint("more_", i))
	}
	return f
}

// check finds everything that was acknowledged, and nothing that belonged to the ended process.
func (f furnished) check(t *testing.T, s store.Store) {
	t.Helper()
	f.session.Version, f.cart.Version, f.order.Version = 1, 1, 1
	equal(t, "session", must(s.Session(t.Context(), "cs_1"))(t), f.session)
	equal(t, "cart", must(s.Cart(t.Context(), "cart_1"))(t), f.cart)
	equal(t, "order", must(s.OrderOfSession(t.Context(), "cs_1"))(t), f.order)
	equal(t, "cursor", must(s.Cursor(t.Context(), "main"))(t), "42")
	equal(t, "log", len(must(s.Log(t.Context(), "cs_1"))(t)), 1)
	for i := range 50 {
		must(s.Session(t.Context(), fmt.Sprint("more_", i)))(t)
	}
	got := meets(t, s, claimOf("answered", "t2"))
	equal(t, "answer", got.Answer, f.answered.Answer)
	equal(t, "fingerprint", got.Fingerprint, f.answered.Fingerprint)
	// A claim that was never answered is void (S17), and its late writer too.
	refused(t, s, store.ErrClaimLost, store.Batch{Answers: []store.AnswerWrite{{Claim: claimOf("running", "t1"), Answer: store.Answer{Status: 200}}}})
	takes(t, s, claimOf("running", "t2"))
	// Leases end with their process, long before their time.
	sagas := must(s.AcquireSagas(t.Context(), lease("p2", 1, 30), 9))(t)
	if len(sagas) != 1 || string(sagas[0].Token) != "spt_1" || string(sagas[0].Body) != "frozen" {
		t.Fatalf("sagas leased by the next process = %+v", sagas)
	}
	equal(t, "refunds leased", len(must(s.AcquireRefunds(t.Context(), lease("p2", 1, 30), 9))(t)), 1)
	equal(t, "deliveries leased", leased(t, s, lease("p2", 1, 30), 9), []string{"e1"})
}
