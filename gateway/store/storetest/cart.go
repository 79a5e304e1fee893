package storetest

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/store"
)

func cartRoundTrip(t *testing.T, s store.Store) {
	_, err := s.Cart(t.Context(), "cart_1")
	wantErr(t, err, store.ErrNotFound)

	want := cart("cart_1")
	want.UpdatedAt = time.Time{}
	want.DueAt = want.DueAt.In(time.FixedZone("elsewhere", 3600)).Add(999) // nanoseconds are dropped
	commit(t, s, store.Batch{Cart: &store.CartWrite{Cart: want}})
	want.DueAt, want.Version = after(3600), 1
	got := must(s.Cart(t.Context(), "cart_1"))(t)
	equal(t, "cart", got, want)
	if got.DueAt.Location() != time.UTC || !got.UpdatedAt.IsZero() {
		t.Errorf("times = %v, %v, want UTC and the zero time", got.DueAt, got.UpdatedAt)
	}

	want.Ended, want.Body, want.DueAt, want.UpdatedAt = true, nil, after(5), after(4)
	commit(t, s, store.Batch{Cart: &store.CartWrite{Cart: want, Expect: 1}})
	want.Version = 2
	equal(t, "cart after its update", must(s.Cart(t.Context(), "cart_1"))(t), want)

	commit(t, s, store.Batch{Cart: &store.CartWrite{Cart: cart("cart_1"), Expect: 2, Forget: true}})
	_, err = s.Cart(t.Context(), "cart_1")
	wantErr(t, err, store.ErrNotFound)
}

// cartConditions: a cart is replaced and forgotten in the version that its writer read, for its owner, and in no other way.
func cartConditions(t *testing.T, s store.Store) {
	for _, id := range []string{"cart_1", "cart_2"} {
		commit(t, s, store.Batch{Cart: &store.CartWrite{Cart: cart(id)}})
	}
	changed := cart("cart_1")
	changed.Body = []byte("changed")
	write := func(w store.CartWrite) store.Batch { return store.Batch{Cart: &w} }
	for _, expect := range []int64{0, 2, -1} { // 0 is an insert of what exists
		refused(t, s, store.ErrStale, write(store.CartWrite{Cart: changed, Expect: expect}))
		refused(t, s, store.ErrStale, write(store.CartWrite{Cart: changed, Expect: expect, Forget: true}))
	}
	refused(t, s, store.ErrStale, write(store.CartWrite{Cart: cart("cart_3"), Expect: 1}))
	refused(t, s, store.ErrStale, write(store.CartWrite{Cart: cart("cart_3"), Expect: 1, Forget: true}))
	for _, change := range []func(*store.Cart){
		func(w *store.Cart) { w.Agent = "someone_else" },
		func(w *store.Cart) { w.Shop = "another" },
	} {
		w := cart("cart_1")
		change(&w)
		refused(t, s, store.ErrStale, write(store.CartWrite{Cart: w, Expect: 1}))
		refused(t, s, store.ErrStale, write(store.CartWrite{Cart: w, Expect: 1, Forget: true}))
	}
	want := cart("cart_1")
	want.Version = 1
	equal(t, "cart", must(s.Cart(t.Context(), "cart_1"))(t), want)

	commit(t, s, write(store.CartWrite{Cart: changed, Expect: 1}))
	refused(t, s, store.ErrStale, write(store.CartWrite{Cart: changed, Expect: 1}))
	commit(t, s, write(store.CartWrite{Cart: changed, Expect: 2, Forget: true}))
	want = cart("cart_2")
	want.Version = 1
	equal(t, "the other cart", must(s.Cart(t.Context(), "cart_2"))(t), want)
}

func dueCarts(t *testing.T, s store.Store) {
	for id, due := range map[string]int{"second": 20, "first": 10, "exactly now": 100, "later": 101} {
		w := cart(id)
		w.DueAt, w.Ended = after(due), id == "second"
		commit(t, s, store.Batch{Cart: &store.CartWrite{Cart: w}})
	}
	list := func(limit int) []string {
		t.Helper()
		found := must(s.DueCarts(t.Context(), after(100), limit))(t)
		ids := make([]string, len(found))
		for i, f := range found {
			ids[i] = f.ID
			equal(t, "body", string(f.Body), `{"id":"`+f.ID+`"}`)
			equal(t, "ended", f.Ended, f.ID == "second")
		}
		return ids
	}
	equal(t, "due", list(10), []string{"first", "second", "exactly now"})
	equal(t, "due, two of them", list(2), []string{"first", "second"})
	equal(t, "due, none of them", list(0), []string{})
	commit(t, s, store.Batch{Cart: &store.CartWrite{Cart: cart("first"), Expect: 1}})
	equal(t, "due", list(10), []string{"second", "exactly now"})
}
