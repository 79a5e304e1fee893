package storetest

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

func sessionRoundTrip(t *testing.T, s store.Store) {
	_, err := s.Session(t.Context(), "cs_1")
	wantErr(t, err, store.ErrNotFound)

	want := session("cs_1")
	want.Status, want.Live, want.Answered = commerce.CompleteInProgress, true, true
	want.UpdatedAt = time.Time{}
	want.ExpiresAt = want.ExpiresAt.In(time.FixedZone("elsewhere", 3600)).Add(999) // nanoseconds are dropped
	commit(t, s, store.Batch{Session: &store.SessionWrite{Session: want}})
	want.ExpiresAt = after(3600)
	want.Version = 1
	got := must(s.Session(t.Context(), "cs_1"))(t)
	equal(t, "session", got, want)
	if got.ExpiresAt.Location() != time.UTC || !got.UpdatedAt.IsZero() {
		t.Errorf("times = %v, %v, want UTC and the zero time", got.ExpiresAt, got.UpdatedAt)
	}

	want.Status, want.Live, want.Answered, want.Body = commerce.Completed, false, false, nil
	want.ExpiresAt, want.UpdatedAt = time.Time{}, after(5)
	commit(t, s, store.Batch{Session: &store.SessionWrite{Session: want, Expect: 1}})
	want.Version = 2
	equal(t, "session after its update", must(s.Session(t.Context(), "cs_1"))(t), want)
}

func sessionVersion(t *testing.T, s store.Store) {
	seed(t, s, "cs_1", "cs_2")
	changed := session("cs_1")
	changed.Body = []byte("changed")
	for _, expect := range []int64{0, 2, -1} { // 0 is an insert of what exists
		refused(t, s, store.ErrStale, store.Batch{Session: &store.SessionWrite{Session: changed, Expect: expect}})
	}
	refused(t, s, store.ErrStale, store.Batch{Session: &store.SessionWrite{Session: session("cs_3"), Expect: 1}})
	want := session("cs_1")
	want.Version = 1
	equal(t, "session", must(s.Session(t.Context(), "cs_1"))(t), want)

	commit(t, s, store.Batch{Session: &store.SessionWrite{Session: changed, Expect: 1}})
	refused(t, s, store.ErrStale, store.Batch{Session: &store.SessionWrite{Session: changed, Expect: 1}})
	want = session("cs_2")
	want.Version = 1
	equal(t, "the other session", must(s.Session(t.Context(), "cs_2"))(t), want)
}

func sessionKeepsOwner(t *testing.T, s store.Store) {
	seed(t, s, "cs_1")
	for _, change := range []func(*store.Session){
		func(w *store.Session) { w.Agent = "someone_else" },
		func(w *store.Session) { w.Shop = "another" },
	} {
		w := session("cs_1")
		change(&w)
		refused(t, s, store.ErrStale, store.Batch{Session: &store.SessionWrite{Session: w, Expect: 1}})
	}
}

func sessionIdle(t *testing.T, s store.Store) {
	seed(t, s, "cs_1")
	// The condition looks at what was before the batch: a complete begins its own saga with it.
	live := session("cs_1")
	live.Live, live.Status = true, commerce.CompleteInProgress
	commit(t, s, store.Batch{
		Session: &store.SessionWrite{Session: live, Expect: 1, Idle: true},
		Sagas:   []store.SagaWrite{{Saga: saga("cs_1", 1)}},
	})
	update := session("cs_1")
	refused(t, s, store.ErrStale, store.Batch{Session: &store.SessionWrite{Session: update, Expect: 2, Idle: true}})
	// The saga itself goes on.
	commit(t, s, store.Batch{Session: &store.SessionWrite{Session: update, Expect: 2}})
	// The session says that it is free, but its attempt is still live.
	refused(t, s, store.ErrStale, store.Batch{Session: &store.SessionWrite{Session: update, Expect: 3, Idle: true}})
	over := saga("cs_1", 1)
	over.Live, over.Closed = false, true
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: over, Expect: 1}}})
	commit(t, s, store.Batch{Session: &store.SessionWrite{Session: update, Expect: 3, Idle: true}})
	equal(t, "version", must(s.Session(t.Context(), "cs_1"))(t).Version, int64(4))
	// A session that says that it is bound is, whatever its attempts say.
	commit(t, s, store.Batch{Session: &store.SessionWrite{Session: live, Expect: 4}})
	refused(t, s, store.ErrStale, store.Batch{Session: &store.SessionWrite{Session: update, Expect: 5, Idle: true}})
}

func expiredSessions(t *testing.T, s store.Store) {
	add := func(id string, expires int, change func(*store.Session)) {
		w := session(id)
		w.ExpiresAt = after(expires)
		if change != nil {
			change(&w)
		}
		commit(t, s, store.Batch{Session: &store.SessionWrite{Session: w}})
	}
	add("second", 20, nil)
	add("first", 10, func(w *store.Session) { w.Status = commerce.NotReady })
	add("exactly now", 100, nil)
	add("later", 101, nil)
	add("completed", 10, func(w *store.Session) { w.Status = commerce.Completed })
	add("canceled", 10, func(w *store.Session) { w.Status = commerce.Canceled })
	add("expired", 10, func(w *store.Session) { w.Status = commerce.Expired })
	add("live", 10, func(w *store.Session) { w.Live = true })
	add("live attempt", 10, nil)
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: saga("live attempt", 1)}}})

	list := func(limit int) []string {
		t.Helper()
		found := must(s.ExpiredSessions(t.Context(), after(100), limit))(t)
		ids := make([]string, len(found))
		for i, f := range found {
			ids[i] = f.ID
			equal(t, "body", string(f.Body), `{"id":"`+f.ID+`"}`)
		}
		return ids
	}
	equal(t, "expired", list(10), []string{"first", "second", "exactly now"})
	equal(t, "expired, two of them", list(2), []string{"first", "second"})
	equal(t, "expired, none of them", list(0), []string{})

	gone := session("first")
	gone.Status, gone.ExpiresAt = commerce.Expired, after(10)
	commit(t, s, store.Batch{Session: &store.SessionWrite{Session: gone, Expect: 1, Idle: true}})
	equal(t, "expired", list(10), []string{"second", "exactly now"})
}
