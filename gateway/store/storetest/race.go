package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// contenders is how many goroutines want the same thing.
const contenders = 8

// together runs f in all contenders at once.
func together(f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range contenders {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

// oneVersionWins: of the writers that read the same version, exactly one writes. The counter in the body loses no step.
func oneVersionWins(t *testing.T, s store.Store) {
	const rounds = 20
	seed(t, s, "cs_1")
	var won atomic.Int64
	together(func(int) {
		for done := 0; done < rounds; {
			read, err := s.Session(t.Context(), "cs_1")
			if err != nil {
				t.Error(err)
				return
			}
			next := read
			next.Body = fmt.Append(nil, read.Version)
			err = s.Commit(t.Context(), store.Batch{Session: &store.SessionWrite{Session: next, Expect: read.Version, Idle: true}})
			switch {
			case err == nil:
				won.Add(1)
				done++
			case !errors.Is(err, store.ErrStale):
				t.Error(err)
				return
			}
		}
	})
	got := must(s.Session(t.Context(), "cs_1"))(t)
	equal(t, "wins and version", []int64{won.Load(), got.Version - 1}, []int64{contenders * rounds, contenders * rounds})
	equal(t, "body", string(got.Body), fmt.Sprint(got.Version-1))
}

// oneClaimWins: of the requests with one key, one runs; when it gives up, one of the others does; when it answers, all see the answer.
func oneClaimWins(t *testing.T, s store.Store) {
	var running, ran atomic.Int64
	var answered atomic.Bool
	together(func(i int) {
		mine := claimOf("k1", fmt.Sprint("t", i))
		for {
			existing, taken, err := s.Claim(t.Context(), mine)
			switch {
			case err != nil:
				t.Error(err)
				return
			case !taken && existing.Answer != nil:
				if string(existing.Answer.Body) != "done" {
					t.Errorf("answer = %q", existing.Answer.Body)
				}
				return
			case !taken:
				continue
			}
			if answered.Load() {
				t.Error("claimed after the answer was stored")
			}
			if running.Add(1) != 1 {
				t.Error("two requests with one key run at once")
			}
			if ran.Add(1) <= contenders/2 {
				running.Add(-1)
				if err := s.Release(t.Context(), mine); err != nil {
					t.Error(err)
				}
				continue
			}
			running.Add(-1)
			err = s.Commit(t.Context(), store.Batch{Answers: []store.AnswerWrite{{Claim: mine, Answer: store.Answer{Status: 200, Body: []byte("done")}}}})
			if err != nil {
				t.Error(err)
			}
			answered.Store(true)
			return
		}
	})
	equal(t, "requests that ran", ran.Load(), int64(contenders/2+1))

	for round := range 200 { // a fresh key each time: the first look-up is where two can slip through
		var taken atomic.Int64
		together(func(i int) {
			c := claimOf(fmt.Sprint("fresh", round), fmt.Sprint("t", i))
			_, won, err := s.Claim(t.Context(), c)
			if err != nil {
				t.Error(err)
			}
			if won {
				taken.Add(1)
			}
		})
		equal(t, "winners of a fresh key", taken.Load(), int64(1))
	}
}

// oneLeaseWins: nothing is leased to two owners.
func oneLeaseWins(t *testing.T, s store.Store) {
	const rows = 40
	for i := range rows {
		id := fmt.Sprint("cs_", i)
		seed(t, s, id)
		commit(t, s, store.Batch{
			Sagas:  []store.SagaWrite{{Saga: saga(id, 1)}},
			Events: []store.Delivery{event("e"+id, id, commerce.OrderCreate)},
		})
	}
	var mu sync.Mutex
	owners := map[string]int{}
	together(func(i int) {
		l := lease(fmt.Sprint("p", i), 0, 30)
		for {
			sagas, err := s.AcquireSagas(t.Context(), l, 3)
			if err != nil {
				t.Error(err)
				return
			}
			deliveries, err := s.AcquireDeliveries(t.Context(), l, 3)
			if err != nil {
				t.Error(err)
				return
			}
			if len(sagas)+len(deliveries) == 0 {
				return
			}
			mu.Lock()
			for _, f := range sagas {
				owners[f.SessionID]++
			}
			for _, f := range deliveries {
				owners[f.ID]++
			}
			mu.Unlock()
		}
	})
	equal(t, "leased", len(owners), 2*rows)
	for id, n := range owners {
		if n != 1 {
			t.Errorf("%s was leased %d times", id, n)
		}
	}
}

// oneBeginWins: of the completes that race for one session, one begins an attempt; a cancel that races with them loses or wins whole.
func oneBeginWins(t *testing.T, s store.Store) {
	seed(t, s, "cs_1")
	var begun, canceled atomic.Int64
	together(func(i int) {
		next := session("cs_1")
		b := store.Batch{Session: &store.SessionWrite{Session: next, Expect: 1, Idle: true}}
		if i%2 == 0 {
			b.Session.Session.Status, b.Session.Session.Live = commerce.CompleteInProgress, true
			b.Sagas = []store.SagaWrite{{Saga: saga("cs_1", 1)}}
		} else {
			b.Session.Session.Status = commerce.Canceled
		}
		switch err := s.Commit(t.Context(), b); {
		case err == nil && i%2 == 0:
			begun.Add(1)
		case err == nil:
			canceled.Add(1)
		case !errors.Is(err, store.ErrStale):
			t.Error(err)
		}
	})
	equal(t, "winners", begun.Load()+canceled.Load(), int64(1))
	equal(t, "attempts", int64(len(must(s.Sagas(t.Context(), "cs_1"))(t))), begun.Load())
	if got := must(s.Session(t.Context(), "cs_1"))(t); (got.Status == commerce.Canceled) != (canceled.Load() == 1) {
		t.Errorf("status = %s with %d cancels", got.Status, canceled.Load())
	}
}
