package storetest

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// leased leases deliveries and returns their ids.
func leased(t *testing.T, s store.Store, l store.Lease, limit int) []string {
	t.Helper()
	found := must(s.AcquireDeliveries(t.Context(), l, limit))(t)
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
		equal(t, "lease", []any{f.Owner, f.LeaseUntil, string(f.Body)}, []any{l.Owner, l.Until, "event " + f.ID})
	}
	return ids
}

// states tells the state of each delivery of a lane, in order.
func states(t *testing.T, s store.Store, lane string) []string {
	t.Helper()
	found := must(s.Deliveries(t.Context(), lane))(t)
	got := make([]string, len(found))
	for i, f := range found {
		got[i] = f.ID + " " + string(f.State)
		if i > 0 && f.Seq <= found[i-1].Seq {
			t.Fatalf("seq %d after %d", f.Seq, found[i-1].Seq)
		}
	}
	return got
}

// outcome writes what became of a delivery that owner holds.
func outcome(id string, owner string, state store.DeliveryState, due int) store.Batch {
	return store.Batch{Outcomes: []store.DeliveryWrite{{
		Delivery: store.Delivery{ID: id, State: state, Attempts: 1, DueAt: after(due), LastResult: "503"}, Owner: owner,
	}}}
}

func deliveryLanes(t *testing.T, s store.Store) {
	create, other := event("e1", "order 1", commerce.OrderCreate), event("e3", "order 2", commerce.OrderCreate)
	create.State = "" // pending is what a new event is
	other.DueAt = after(-1)
	commit(t, s, store.Batch{Events: []store.Delivery{create, event("e2", "order 1", commerce.OrderUpdate)}})
	commit(t, s, store.Batch{Events: []store.Delivery{other}})
	later := event("e4", "order 3", commerce.OrderCreate)
	later.DueAt = after(1)
	commit(t, s, store.Batch{Events: []store.Delivery{later}})

	got := must(s.Deliveries(t.Context(), "order 2"))(t)
	other.Seq = got[0].Seq
	equal(t, "delivery", got, []store.Delivery{other})

	equal(t, "leased, one", leased(t, s, lease("p1", 0, 30), 1), []string{"e3"})
	equal(t, "leased", leased(t, s, lease("p1", 0, 30), 9), []string{"e1"})
	equal(t, "leased while the lane is out", leased(t, s, lease("p2", 0, 30), 9), []string{})
	commit(t, s, outcome("e1", "p1", store.DeliveryPending, 10))
	equal(t, "leased while the first waits", leased(t, s, lease("p2", 5, 30), 9), []string{"e4"})
	equal(t, "leased", leased(t, s, lease("p2", 10, 30), 9), []string{"e1"})
	commit(t, s, outcome("e1", "p2", store.DeliveryDelivered, 10))
	equal(t, "leased next", leased(t, s, lease("p2", 10, 30), 9), []string{"e2"})
	commit(t, s, outcome("e2", "p2", store.DeliveryDead, 10))
	equal(t, "states", states(t, s, "order 1"), []string{"e1 delivered", "e2 dead"})
	commit(t, s, store.Batch{Events: []store.Delivery{event("e5", "order 1", commerce.OrderUpdate)}})
	equal(t, "leased after a dead one", leased(t, s, lease("p2", 10, 30), 9), []string{"e5"})
}

func deliverySupersedes(t *testing.T, s store.Store) {
	add := func(id, lane string, kind commerce.EventType) {
		t.Helper()
		commit(t, s, store.Batch{Events: []store.Delivery{event(id, lane, kind)}})
	}
	add("o1", "another order", commerce.OrderUpdate)
	add("e1", "order", commerce.OrderCreate)
	add("e2", "order", commerce.OrderUpdate)
	add("e3", "order", commerce.OrderUpdate)
	equal(t, "states", states(t, s, "order"), []string{"e1 pending", "e2 superseded", "e3 pending"})
	equal(t, "leased", leased(t, s, lease("p1", 0, 30), 9), []string{"o1", "e1"})
	commit(t, s, outcome("e1", "p1", store.DeliveryDelivered, 0))
	equal(t, "leased", leased(t, s, lease("p1", 0, 30), 9), []string{"e3"})
	add("e4", "order", commerce.OrderUpdate) // e3 is out and may arrive: it stays
	add("e5", "order", commerce.OrderUpdate)
	add("e6", "order", "order_other") // another type supersedes nothing and is not superseded
	equal(t, "states", states(t, s, "order")[2:], []string{"e3 pending", "e4 superseded", "e5 pending", "e6 pending"})
	add("e7", "order", commerce.OrderUpdate)
	equal(t, "states", states(t, s, "order"), []string{
		"e1 delivered", "e2 superseded", "e3 pending", "e4 superseded", "e5 superseded", "e6 pending", "e7 pending",
	})
	longer := outcome("e3", "p1", store.DeliveryPending, 0) // its owner goes on with it
	longer.Outcomes[0].Delivery.Owner, longer.Outcomes[0].Delivery.LeaseUntil = "p1", after(60)
	commit(t, s, longer)
	equal(t, "states", states(t, s, "order")[2:3], []string{"e3 pending"})
	commit(t, s, outcome("e3", "p1", store.DeliveryPending, 60)) // it failed: the newer state goes in its place
	equal(t, "states", states(t, s, "order")[2:], []string{
		"e3 superseded", "e4 superseded", "e5 superseded", "e6 pending", "e7 pending",
	})
	add("e8", "order", commerce.OrderUpdate)
	equal(t, "states", states(t, s, "order")[2:], []string{
		"e3 superseded", "e4 superseded", "e5 superseded", "e6 pending", "e7 superseded", "e8 pending",
	})
	equal(t, "leased", leased(t, s, lease("p1", 0, 30), 9), []string{"e6"})
	refused(t, s, store.ErrStale, outcome("e3", "", store.DeliveryDelivered, 0))
	equal(t, "states of another lane", states(t, s, "another order"), []string{"o1 pending"})
}

func deliveryLease(t *testing.T, s store.Store) {
	commit(t, s, store.Batch{Events: []store.Delivery{event("e1", "order", commerce.OrderCreate), event("e2", "order", commerce.OrderUpdate)}})
	equal(t, "leased", leased(t, s, lease("p1", 0, 30), 9), []string{"e1"})
	equal(t, "leased under a lease", leased(t, s, lease("p2", 29, 60), 9), []string{})
	equal(t, "leased after the lease", leased(t, s, lease("p2", 30, 60), 9), []string{"e1"})
	refused(t, s, store.ErrStale, outcome("e1", "p1", store.DeliveryDelivered, 0))
	commit(t, s, outcome("e1", "p2", store.DeliveryDelivered, 0))
	equal(t, "leased next", leased(t, s, lease("p2", 31, 60), 9), []string{"e2"})
	for _, bad := range []store.Lease{lease("", 0, 30), lease("p1", 0, 0)} {
		if got, err := s.AcquireDeliveries(t.Context(), bad, 9); err == nil {
			t.Errorf("AcquireDeliveries(%+v) = %v, want an error", bad, got)
		}
	}
}

func deliveryConditions(t *testing.T, s store.Store) {
	commit(t, s, store.Batch{Events: []store.Delivery{event("e1", "order", commerce.OrderCreate)}})
	refused(t, s, store.ErrStale, store.Batch{Events: []store.Delivery{event("e1", "elsewhere", commerce.OrderCreate)}})
	refused(t, s, store.ErrStale, outcome("e1", "p1", store.DeliveryDelivered, 0)) // not leased
	refused(t, s, store.ErrStale, outcome("e9", "p1", store.DeliveryDelivered, 0))
	equal(t, "leased", leased(t, s, lease("p1", 0, 30), 9), []string{"e1"})
	commit(t, s, store.Batch{Outcomes: []store.DeliveryWrite{{Owner: "p1", Delivery: store.Delivery{
		ID: "e1", State: store.DeliveryPending, Attempts: 4, DueAt: after(77), LastResult: "timeout", Owner: "p1", LeaseUntil: after(99),
	}}}})
	want := event("e1", "order", commerce.OrderCreate)
	want.Attempts, want.DueAt, want.LastResult, want.Owner, want.LeaseUntil = 4, after(77), "timeout", "p1", after(99)
	got := must(s.Deliveries(t.Context(), "order"))(t)
	want.Seq = got[0].Seq
	equal(t, "delivery", got, []store.Delivery{want})
	commit(t, s, outcome("e1", "p1", store.DeliveryDelivered, 0))
	refused(t, s, store.ErrStale, outcome("e1", "p1", store.DeliveryPending, 0)) // final
	refused(t, s, store.ErrStale, outcome("e1", "", store.DeliveryPending, 0))
}
