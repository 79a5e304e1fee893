package sqlstore_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// benchSession is a session of usual size: 1.5 KB.
func benchSession(id string) store.Session {
	now := time.Unix(1_800_000_000, 0)
	return store.Session{ID: id, Agent: "chatgpt", Shop: "main", Status: commerce.Ready, ExpiresAt: now, UpdatedAt: now, Body: make([]byte, 1500)}
}

// benchID is ordered by time, as the gateway's ids are.
func benchID(i int64) string { return fmt.Sprintf("cs_%020d", i) }

// create is what one create or update costs the store: the claim, and one commit of session and answer.
func create(b *testing.B, s store.Store, i int64) {
	claim := store.Claim{
		Agent: "chatgpt", Path: "/checkout_sessions", Key: strconv.FormatInt(i, 10), Owner: "p1", Token: "t", At: time.Unix(1_800_000_000, 0),
	}
	_, taken, err := s.Claim(b.Context(), claim)
	if err == nil && taken {
		err = s.Commit(b.Context(), store.Batch{
			Session: &store.SessionWrite{Session: benchSession(benchID(i))},
			Answers: []store.AnswerWrite{{Claim: claim, Answer: store.Answer{Status: 201, Body: make([]byte, 1500)}}},
		})
	}
	if err != nil || !taken {
		b.Error(taken, err)
	}
}

func BenchmarkCreate(b *testing.B) {
	s := openIn(b, b.TempDir())
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		create(b, s, i)
	}
}

func BenchmarkCreateParallel(b *testing.B) {
	for _, clients := range []int{8, 32, 128} {
		b.Run(strconv.Itoa(clients), func(b *testing.B) {
			s := openIn(b, b.TempDir())
			var next atomic.Int64
			b.ReportAllocs()
			b.SetParallelism(clients / 2) // times GOMAXPROCS, which is 2 where the bars are measured
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					create(b, s, next.Add(1))
				}
			})
		})
	}
}

func BenchmarkUpdate(b *testing.B) {
	s := openIn(b, b.TempDir())
	one := benchSession("cs_1")
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		if err := s.Commit(b.Context(), store.Batch{Session: &store.SessionWrite{Session: one, Expect: i, Idle: i > 0}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSession(b *testing.B) {
	s := openIn(b, b.TempDir())
	for i := range int64(1000) {
		create(b, s, i)
	}
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		if _, err := s.Session(b.Context(), benchID(i%1000)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	s := openIn(b, b.TempDir())
	create(b, s, 1)
	claim := store.Claim{Agent: "chatgpt", Path: "/checkout_sessions", Key: "1", Token: "t2", At: time.Unix(1_800_000_000, 0)}
	b.ReportAllocs()
	for b.Loop() {
		if existing, _, err := s.Claim(b.Context(), claim); err != nil || existing.Answer == nil {
			b.Fatal(existing, err)
		}
	}
}

func BenchmarkDeliver(b *testing.B) {
	s := openIn(b, b.TempDir())
	now := time.Unix(1_800_000_000, 0)
	const group = 50
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var batch store.Batch
		for j := range group {
			id := fmt.Sprintf("evt_%d_%d", i, j)
			batch.Events = append(batch.Events, store.Delivery{ID: id, Lane: id, Agent: "a", Type: commerce.OrderCreate, DueAt: now, Body: make([]byte, 1500)})
		}
		if err := s.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
		found, err := s.AcquireDeliveries(b.Context(), store.Lease{Owner: "p", Now: now, Until: now.Add(time.Minute)}, group)
		if err != nil || len(found) != group {
			b.Fatal(len(found), err)
		}
		for _, one := range found {
			one.State, one.Owner = store.DeliveryDelivered, ""
			if err := s.Commit(b.Context(), store.Batch{Outcomes: []store.DeliveryWrite{{Delivery: one, Owner: "p"}}}); err != nil {
				b.Fatal(err)
			}
		}
	}
}
