package storetest

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/store"
)

func sagaRoundTrip(t *testing.T, s store.Store) {
	if got := must(s.Sagas(t.Context(), "cs_1"))(t); len(got) != 0 {
		t.Fatalf("sagas of nobody = %v", got)
	}
	seed(t, s, "cs_1", "cs_2")
	second, first, other := saga("cs_1", 2), saga("cs_1", 1), saga("cs_2", 1)
	first.Live, first.Closed, first.Token, first.Body = false, true, nil, nil
	first.TokenUntil = after(24 * 3600)
	second.Owner, second.LeaseUntil, second.Mark = "p1", after(30), after(1)
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: second}, {Saga: first}, {Saga: other}}})
	first.Version, second.Version = 1, 1
	equal(t, "sagas", must(s.Sagas(t.Context(), "cs_1"))(t), []store.Saga{first, second})

	second.Step, second.Body, second.Token, second.Mark = "place", []byte("further"), []byte("spt_2"), after(2)
	second.Owner, second.LeaseUntil, second.DueAt = "", after(0), after(60)
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: second, Expect: 1, Owner: "p1"}}})
	second.Version = 2
	equal(t, "sagas", must(s.Sagas(t.Context(), "cs_1"))(t), []store.Saga{first, second})
	other.Version = 1
	equal(t, "saga of the other session", must(s.Sagas(t.Context(), "cs_2"))(t), []store.Saga{other})
}

func sagaConditions(t *testing.T, s store.Store) {
	seed(t, s, "cs_1")
	one := saga("cs_1", 1)
	one.Owner, one.LeaseUntil = "p1", after(30)
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: one}}})
	next := one
	next.Step = "place"
	for name, w := range map[string]store.SagaWrite{
		"insert of what exists": {Saga: next},
		"another version":       {Saga: next, Expect: 2, Owner: "p1"},
		"another owner":         {Saga: next, Expect: 1, Owner: "p2"},
		"no owner":              {Saga: next, Expect: 1},
		"no such attempt":       {Saga: saga("cs_1", 2), Expect: 1, Owner: "p1"},
		"another agent": {Saga: func() store.Saga {
			w := next
			w.Agent = "someone_else"
			return w
		}(), Expect: 1, Owner: "p1"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, s, store.ErrStale, store.Batch{Sagas: []store.SagaWrite{w}}) })
	}
	equal(t, "step", must(s.Sagas(t.Context(), "cs_1"))(t)[0].Step, "authorize")
	next.Owner = "" // given up, and taken again by name
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: next, Expect: 1, Owner: "p1"}}})
	next.Owner = "p2"
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: next, Expect: 2}}})
	refused(t, s, store.ErrStale, store.Batch{Sagas: []store.SagaWrite{{Saga: next, Expect: 3}}})
}

func sagaOneLive(t *testing.T, s store.Store) {
	seed(t, s, "cs_1", "cs_2")
	first, second := saga("cs_1", 1), saga("cs_1", 2)
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: first}, {Saga: saga("cs_2", 1)}}})
	refused(t, s, store.ErrStale, store.Batch{Sagas: []store.SagaWrite{{Saga: second}}})
	over := first
	over.Live, over.Closed = false, true
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: over, Expect: 1}, {Saga: second}}})
	// A closed attempt does not come back to life beside another.
	refused(t, s, store.ErrStale, store.Batch{Sagas: []store.SagaWrite{{Saga: first, Expect: 2}}})
	got := must(s.Sagas(t.Context(), "cs_1"))(t)
	if len(got) != 2 || got[0].Live || !got[1].Live {
		t.Fatalf("sagas = %+v, want the second live and nothing else", got)
	}
}

func sagaAcquire(t *testing.T, s store.Store) {
	for id, change := range map[string]func(*store.Saga){
		"due":          func(w *store.Saga) { w.DueAt = after(-1) },
		"due now":      func(*store.Saga) {},
		"not due":      func(w *store.Saga) { w.DueAt = after(1) },
		"closed":       func(w *store.Saga) { w.Live, w.Closed = false, true },
		"held":         func(w *store.Saga) { w.Owner, w.LeaseUntil = "p2", after(1) },
		"lease ended":  func(w *store.Saga) { w.Owner, w.LeaseUntil, w.DueAt = "p2", after(0), after(-2) },
		"long overdue": func(w *store.Saga) { w.DueAt, w.Live = after(-3), false }, // not live, still open
	} {
		seed(t, s, id)
		w := saga(id, 1)
		change(&w)
		commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: w}}})
	}
	acquire := func(l store.Lease, limit int) []string {
		t.Helper()
		found := must(s.AcquireSagas(t.Context(), l, limit))(t)
		ids := make([]string, len(found))
		for i, f := range found {
			ids[i] = f.SessionID
			want := must(s.Sagas(t.Context(), f.SessionID))(t)[0]
			equal(t, "leased saga as it is stored", f, want)
			equal(t, "lease", []any{f.Owner, f.LeaseUntil, f.Version, string(f.Token), string(f.Body)},
				[]any{l.Owner, l.Until, int64(2), "spt_1", "frozen"})
		}
		return ids
	}
	equal(t, "none asked for", acquire(lease("p1", 0, 30), 0), []string{})
	equal(t, "leased", acquire(lease("p1", 0, 30), 2), []string{"long overdue", "lease ended"})
	equal(t, "leased next", acquire(lease("p1", 0, 30), 9), []string{"due", "due now"})
	equal(t, "leased again", acquire(lease("p3", 0, 30), 9), []string{})
	equal(t, "leased later", acquire(lease("p3", 1, 30), 9), []string{"held", "not due"})
	for _, bad := range []store.Lease{lease("", 0, 30), lease("p1", 0, 0)} {
		if got, err := s.AcquireSagas(t.Context(), bad, 9); err == nil {
			t.Errorf("AcquireSagas(%+v) = %v, want an error", bad, got)
		}
	}
}

// sagaFrozenOwner: a process that slept through its lease cannot commit late (S1), even when it has leased the saga again itself.
func sagaFrozenOwner(t *testing.T, s store.Store) {
	seed(t, s, "cs_1")
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: saga("cs_1", 1)}}})
	frozen := must(s.AcquireSagas(t.Context(), lease("p1", 0, 10), 1))(t)[0]
	for _, owner := range []string{"p2", "p1"} {
		woken := must(s.AcquireSagas(t.Context(), lease(owner, 1000, 1010), 9))(t)
		if owner == "p2" {
			equal(t, "leases", len(woken), 1)
		} else if len(woken) != 0 {
			t.Fatalf("leased under a running lease: %+v", woken)
		}
		frozen.Step = "late"
		refused(t, s, store.ErrStale, store.Batch{Sagas: []store.SagaWrite{{Saga: frozen, Expect: frozen.Version, Owner: "p1"}}})
	}
	again := must(s.AcquireSagas(t.Context(), lease("p1", 2000, 2010), 9))(t)
	equal(t, "leases", len(again), 1)
	refused(t, s, store.ErrStale, store.Batch{Sagas: []store.SagaWrite{{Saga: frozen, Expect: frozen.Version, Owner: "p1"}}})
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: again[0], Expect: again[0].Version, Owner: "p1"}}})
}
