package storetest

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/store"
)

func order(t *testing.T, s store.Store) {
	seed(t, s, "cs_1", "cs_2")
	_, err := s.Order(t.Context(), "main", "1001")
	wantErr(t, err, store.ErrNotFound)
	_, err = s.OrderOfSession(t.Context(), "cs_1")
	wantErr(t, err, store.ErrNotFound)

	want := sampleOrder("1001", "cs_1")
	commit(t, s, store.Batch{Order: &store.OrderWrite{Order: want}})
	want.Version = 1
	equal(t, "order", must(s.Order(t.Context(), "main", "1001"))(t), want)
	equal(t, "order of session", must(s.OrderOfSession(t.Context(), "cs_1"))(t), want)
	_, err = s.Order(t.Context(), "another", "1001")
	wantErr(t, err, store.ErrNotFound)

	refused(t, s, store.ErrStale, store.Batch{Order: &store.OrderWrite{Order: want}})
	refused(t, s, store.ErrStale, store.Batch{Order: &store.OrderWrite{Order: sampleOrder("1002", "cs_1")}}) // a session has one order
	refused(t, s, store.ErrStale, store.Batch{Order: &store.OrderWrite{Order: want, Expect: 2}})
	moved := want
	moved.SessionID = "cs_2"
	refused(t, s, store.ErrStale, store.Batch{Order: &store.OrderWrite{Order: moved, Expect: 1}})

	want.Body, want.IntentID, want.UpdatedAt = []byte("shipped"), "pi_2", after(9)
	commit(t, s, store.Batch{Order: &store.OrderWrite{Order: want, Expect: 1}})
	want.Version = 2
	equal(t, "order", must(s.Order(t.Context(), "main", "1001"))(t), want)
}

func refunds(t *testing.T, s store.Store) {
	seed(t, s, "cs_1", "cs_2")
	commit(t, s, store.Batch{
		Order:   &store.OrderWrite{Order: sampleOrder("1001", "cs_1")},
		Refunds: []store.RefundWrite{{Refund: refund("1001", "z")}, {Refund: refund("1001", "a")}},
	})
	commit(t, s, store.Batch{Order: &store.OrderWrite{Order: sampleOrder("1002", "cs_2")}, Refunds: []store.RefundWrite{{Refund: refund("1002", "z")}}})
	first, second := refund("1001", "z"), refund("1001", "a")
	first.Version, second.Version = 1, 1
	equal(t, "refunds", must(s.Refunds(t.Context(), "main", "1001"))(t), []store.Refund{first, second})

	// What is known never comes back as new (S14).
	refused(t, s, store.ErrStale, store.Batch{Refunds: []store.RefundWrite{{Refund: refund("1001", "z")}}})
	first.State, first.ProcessorID, first.Mark, first.Attempts = store.RefundDone, "re_1", after(1), 3
	first.Owner, first.LeaseUntil, first.DueAt = "p1", after(2), after(3)
	refused(t, s, store.ErrStale, store.Batch{Refunds: []store.RefundWrite{{Refund: first, Expect: 2}}})
	commit(t, s, store.Batch{Refunds: []store.RefundWrite{{Refund: first, Expect: 1}}})
	first.Version = 2
	equal(t, "refunds", must(s.Refunds(t.Context(), "main", "1001"))(t), []store.Refund{first, second})
	other := refund("1002", "z")
	other.Version = 1
	equal(t, "refunds of the other order", must(s.Refunds(t.Context(), "main", "1002"))(t), []store.Refund{other})
}

func refundsAcquire(t *testing.T, s store.Store) {
	seed(t, s, "cs_1")
	commit(t, s, store.Batch{Order: &store.OrderWrite{Order: sampleOrder("1001", "cs_1")}})
	for id, change := range map[string]func(*store.Refund){
		"b due":       func(*store.Refund) {},
		"a due first": func(w *store.Refund) { w.DueAt = after(-1) },
		"not due":     func(w *store.Refund) { w.DueAt = after(1) },
		"held":        func(w *store.Refund) { w.Owner, w.LeaseUntil = "p2", after(1) },
		"lease ended": func(w *store.Refund) { w.Owner, w.LeaseUntil, w.DueAt = "p2", after(-1), after(-2) },
		"done":        func(w *store.Refund) { w.State = store.RefundDone },
		"failed":      func(w *store.Refund) { w.State = store.RefundFailed },
		"known":       func(w *store.Refund) { w.State = store.RefundKnown },
		"operator":    func(w *store.Refund) { w.State = store.RefundNeedsOperator },
	} {
		w := refund("1001", id)
		change(&w)
		commit(t, s, store.Batch{Refunds: []store.RefundWrite{{Refund: w}}})
	}
	acquire := func(owner string, now, limit int) []string {
		t.Helper()
		found := must(s.AcquireRefunds(t.Context(), lease(owner, now, now+30), limit))(t)
		ids := make([]string, len(found))
		for i, f := range found {
			ids[i] = f.ID
			equal(t, "lease", []any{f.Owner, f.LeaseUntil, f.Version}, []any{owner, after(now + 30), int64(2)})
		}
		return ids
	}
	equal(t, "leased", acquire("p1", 0, 2), []string{"lease ended", "a due first"})
	equal(t, "leased next", acquire("p1", 0, 9), []string{"b due"})
	equal(t, "leased later", acquire("p1", 1, 9), []string{"held", "not due"})
	for _, f := range must(s.Refunds(t.Context(), "main", "1001"))(t) {
		if f.ID == "b due" {
			refused(t, s, store.ErrStale, store.Batch{Refunds: []store.RefundWrite{{Refund: f, Expect: 1}}}) // read before it was leased
			f.State, f.Owner = store.RefundDone, ""
			commit(t, s, store.Batch{Refunds: []store.RefundWrite{{Refund: f, Expect: 2}}})
		}
	}
}

func cursor(t *testing.T, s store.Store) {
	at := func(shop string) string {
		t.Helper()
		return must(s.Cursor(t.Context(), shop))(t)
	}
	move := func(shop, from, to string) store.Batch {
		return store.Batch{Cursor: &store.CursorWrite{Shop: shop, From: from, To: to}}
	}
	equal(t, "cursor at first", at("main"), "")
	refused(t, s, store.ErrStale, move("main", "5", "6"))
	commit(t, s, move("main", "", "1"))
	refused(t, s, store.ErrStale, move("main", "", "2"))
	commit(t, s, move("main", "1", "2"))
	refused(t, s, store.ErrStale, move("main", "1", "3"))
	equal(t, "cursor", at("main"), "2")
	equal(t, "cursor of another shop", at("another"), "")
	commit(t, s, move("main", "2", "")) // begin anew
	commit(t, s, move("main", "", "7"))
	equal(t, "cursor", at("main"), "7")
}

func sessionLog(t *testing.T, s store.Store) {
	want := []store.LogEntry{
		{At: after(2), SessionID: "cs_1", Attempt: 1, Note: "authorize"},
		{At: after(1), SessionID: "cs_1", Attempt: 1, Note: "authorized"}, // a clock that was set back changes no order
		{At: after(3), SessionID: "cs_1", Attempt: 2, Note: "place"},
	}
	commit(t, s, store.Batch{Log: append([]store.LogEntry{{At: after(1), SessionID: "cs_2", Note: "other"}}, want[:2]...)})
	commit(t, s, store.Batch{Log: want[2:]})
	equal(t, "log", must(s.Log(t.Context(), "cs_1"))(t), want)
	if got := must(s.Log(t.Context(), "cs_3"))(t); len(got) != 0 {
		t.Fatalf("log of nobody = %v", got)
	}
}
