package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// Sealed names a value that is sealed at rest.
type Sealed string

// The values that [RunDamage] has damaged.
const (
	SealedSagaBody  Sealed = "body of the saga of session cs_bad"
	SealedSagaToken Sealed = "token of the saga of session cs_bad"
	SealedSession   Sealed = "body of session cs_bad_old"
	SealedCart      Sealed = "body of cart cart_bad"
	SealedDelivery  Sealed = "body of delivery bad"
)

// RunDamage runs the part of the suite that is about one row that cannot be unsealed: it is told and left alone, and the others come
// as if it were not there. open opens the store that lives in folder, or begins one there, and closes it when its test ends. spoil
// changes the value in the files of a store that is closed.
func RunDamage(t *testing.T, open func(t *testing.T, folder string) store.Store, spoil func(t *testing.T, folder string, what Sealed)) {
	for what, test := range map[Sealed]func(t *testing.T, s store.Store){
		SealedSagaBody:  sagaDamaged,
		SealedSagaToken: sagaDamaged,
		SealedSession:   sessionDamaged,
		SealedCart:      cartDamaged,
		SealedDelivery:  deliveryDamaged,
	} {
		t.Run(string(what), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s := open(t, folder)
			for _, id := range []string{"cs_bad", "cs_good"} {
				seed(t, s, id)
				commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: saga(id, 1)}}})
				old := session(id + "_old")
				old.ExpiresAt = after(-10)
				commit(t, s, store.Batch{Session: &store.SessionWrite{Session: old}})
			}
			for _, id := range []string{"cart_bad", "cart_good"} {
				old := cart(id)
				old.DueAt = after(-10)
				commit(t, s, store.Batch{Cart: &store.CartWrite{Cart: old}})
			}
			commit(t, s, store.Batch{Events: []store.Delivery{
				event("bad", "order", commerce.OrderCreate), event("behind", "order", commerce.OrderUpdate),
			}})
			commit(t, s, store.Batch{Events: []store.Delivery{event("good", "another order", commerce.OrderCreate)}})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, folder, what)
			test(t, open(t, folder))
		})
	}
}

// wantDamaged insists on one damaged row that holds nothing, and on the names of the rows in order.
func wantDamaged[R any](t *testing.T, rows []R, look func(R) (name string, sealed []byte, damaged error), names ...string) {
	t.Helper()
	var got []string
	for _, r := range rows {
		name, sealed, damaged := look(r)
		got = append(got, name)
		if bad := name == names[0]; bad != (damaged != nil) || bad != (sealed == nil) {
			t.Errorf("%s: damaged %v, holds %q", name, damaged, sealed)
		}
	}
	if diff := cmp.Diff(names, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func sagaDamaged(t *testing.T, s store.Store) {
	look := func(g store.Saga) (string, []byte, error) {
		return g.SessionID, append(append([]byte(nil), g.Body...), g.Token...), g.Damaged
	}
	wantDamaged(t, must(s.AcquireSagas(t.Context(), lease("p1", 0, 30), 9))(t), look, "cs_bad", "cs_good")
	equal(t, "leased again", len(must(s.AcquireSagas(t.Context(), lease("p1", 1, 30), 9))(t)), 0)
	wantDamaged(t, must(s.AcquireSagas(t.Context(), lease("p1", 30, 60), 9))(t), look, "cs_bad", "cs_good")
	if got, err := s.Sagas(t.Context(), "cs_bad"); err == nil {
		t.Errorf("Sagas = %+v, want an error", got)
	}
	equal(t, "sagas of the other session", len(must(s.Sagas(t.Context(), "cs_good"))(t)), 1)
}

func sessionDamaged(t *testing.T, s store.Store) {
	found := must(s.ExpiredSessions(t.Context(), epoch, 9))(t)
	wantDamaged(t, found, func(c store.Session) (string, []byte, error) { return c.ID, c.Body, c.Damaged }, "cs_bad_old", "cs_good_old")
	if got, err := s.Session(t.Context(), "cs_bad_old"); err == nil {
		t.Errorf("Session = %+v, want an error", got)
	}
}

func cartDamaged(t *testing.T, s store.Store) {
	found := must(s.DueCarts(t.Context(), epoch, 9))(t)
	wantDamaged(t, found, func(c store.Cart) (string, []byte, error) { return c.ID, c.Body, c.Damaged }, "cart_bad", "cart_good")
	if got, err := s.Cart(t.Context(), "cart_bad"); err == nil {
		t.Errorf("Cart = %+v, want an error", got)
	}
}

func deliveryDamaged(t *testing.T, s store.Store) {
	look := func(d store.Delivery) (string, []byte, error) { return d.ID, d.Body, d.Damaged }
	found := must(s.AcquireDeliveries(t.Context(), lease("p1", 0, 30), 9))(t)
	wantDamaged(t, found, look, "bad", "good")
	wantDamaged(t, must(s.Deliveries(t.Context(), "order"))(t), look, "bad", "behind")
	found[0].State, found[0].Owner, found[0].LeaseUntil = store.DeliveryDead, "", time.Time{}
	commit(t, s, store.Batch{Outcomes: []store.DeliveryWrite{{Delivery: found[0], Owner: "p1"}}})
	equal(t, "leased behind it", leased(t, s, lease("p1", 1, 30), 9), []string{"behind"})
	wantDamaged(t, must(s.Deliveries(t.Context(), "order"))(t), look, "bad", "behind")
}
