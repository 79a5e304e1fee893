package checkout_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// Row 35: the same key fifty times at once. One runs, and what it answers is what everybody gets in the end.
func TestRow35_SameKeyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs, token := w.create(), w.token()
	var mu sync.Mutex
	fresh, bodies := 0, map[string]int{}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			a, replayed, err := w.insist("k1", cs.ID, token)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if !replayed {
				fresh++
			}
			bodies[string(a.Body)]++
		})
	}
	all.Wait()
	if fresh != 1 || len(bodies) != 1 {
		t.Fatalf("%d ran, %d different answers", fresh, len(bodies))
	}
	w.completed(cs.ID)
}

// Row 38: fifty keys, and rows 38 and 39: fifty tokens, complete one session at once.
func TestRows38And39_ManyKeysAndTokensAtOnce(t *testing.T) {
	t.Parallel()
	for name, tokens := range map[string]int{"one token": 1, "two tokens": 2, "a token each": 50} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			pool := make([]string, tokens)
			for i := range pool {
				pool[i] = w.token()
			}
			var mu sync.Mutex
			done, conflicts := 0, 0
			var all sync.WaitGroup
			for i := range 50 {
				all.Go(func() {
					a, err := w.complete(fmt.Sprintf("k%d", i), cs.ID, pool[i%tokens])
					mu.Lock()
					defer mu.Unlock()
					if commerce.KindOf(err) == commerce.Conflict && err != nil {
						conflicts++ // it came after the order was answered (S9)
						return
					}
					if got := session(t, a, err); got.Status == commerce.Completed {
						done++
					}
				})
			}
			all.Wait()
			if done == 0 || done+conflicts != 50 {
				t.Fatalf("%d completed, %d conflicts", done, conflicts)
			}
			w.completed(cs.ID)
			if n := len(w.ledger(cs.ID).Intents); n != 1 {
				t.Fatalf("%d intents", n)
			}
		})
	}
}

// TestManyDeclinedTokensAtOnce lets the only good token of many win, however the attempts follow one another.
func TestManyDeclinedTokensAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cs := w.create()
	var all sync.WaitGroup
	for i := range 8 {
		token := w.token(func(g *stripetest.Grant) {
			if i != 5 {
				g.PaymentMethod = "pm_card_visa_chargeDeclined"
			}
		})
		all.Go(func() {
			a, err := w.complete(fmt.Sprintf("k%d", i), cs.ID, token)
			if commerce.KindOf(err) == commerce.Conflict && err != nil {
				return
			}
			if got := session(t, a, err); i == 5 && got.Status != commerce.Completed {
				t.Errorf("the good token: %s %v", got.Status, got.Messages)
			}
		})
	}
	all.Wait()
	w.completed(cs.ID)
}

// Row 41: complete, update and cancel of one session at once are as if they had come one after the other.
func TestRow41_CompleteUpdateCancel(t *testing.T) {
	t.Parallel()
	for round := range 12 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			token := w.token()
			var mu sync.Mutex
			var completed, canceled bool
			act := []func(int){
				func(i int) {
					a, err := w.complete(fmt.Sprintf("k%d", i), cs.ID, token)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						completed = completed || session(t, a, err).Status == commerce.Completed
					} else if k := commerce.KindOf(err); k != commerce.Conflict && k != commerce.Unavailable {
						t.Errorf("complete: %v", err)
					}
				},
				func(i int) {
					codes := []string(nil)
					if i%2 == 0 {
						codes = []string{"SAVE"}
					}
					if _, err := w.update(cs.ID, commerce.UpdateRequest{Codes: commerce.Set(codes)}); err != nil && commerce.KindOf(err) != commerce.Conflict {
						t.Errorf("update: %v", err)
					}
				},
				func(int) {
					a, err := w.cancel(cs.ID)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						canceled = canceled || session(t, a, err).Status == commerce.Canceled
					} else if k := commerce.KindOf(err); k != commerce.Conflict && k != commerce.NotCancelable {
						t.Errorf("cancel: %v", err)
					}
				},
			}
			var all sync.WaitGroup
			for i := range 18 {
				pause := time.Duration(rand.IntN(25)) * time.Millisecond
				all.Go(func() {
					time.Sleep(pause)
					act[i%3](i)
				})
			}
			all.Wait()
			w.rest(cs.ID)
			if completed && canceled {
				t.Fatal("the session was completed and canceled")
			}
			switch got := w.get(cs.ID).Status; {
			case completed && got == commerce.Completed:
				w.completed(cs.ID)
			case canceled && got == commerce.Canceled:
				w.nothing(cs.ID)
				if w.row(cs.ID).Live {
					t.Error("a canceled session is bound")
				}
			default:
				t.Fatalf("completed %v, canceled %v, but the session is %s", completed, canceled, got)
			}
		})
	}
}

// TestManySessions completes many sessions at once on one service: nobody gets anybody's answer.
func TestManySessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.shop.stock["tea"], w.shop.stock["cup"] = 1000, 1000
		w.upstream.Timeout = 5 * time.Second
	})
	var all sync.WaitGroup
	for i := range 40 {
		cs, token := w.create(), w.token()
		all.Go(func() {
			a, err := w.complete(fmt.Sprintf("k%d", i), cs.ID, token)
			if got := session(t, a, err); got.ID != cs.ID || got.Status != commerce.Completed || !bytes.Contains(a.Body, []byte(cs.ID)) {
				t.Errorf("session %s got %s of %s", cs.ID, got.Status, got.ID)
			}
		})
	}
	all.Wait()
	ledger := w.stripe.Ledger()
	if len(ledger.Intents) != 40 || len(w.shop.live()) != 40 || ledger.Captured("usd") != 40*w.shop.live()[0].Total {
		t.Fatalf("%d intents, %d orders, captured %d", len(ledger.Intents), len(w.shop.live()), ledger.Captured("usd"))
	}
}

// TestLockEndsWithItsRequest lets a request that waits for another one's shop call go when its time is over.
func TestLockEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.upstream.Timeout = 5 * time.Second })
	cs := w.create()
	g := w.gate()
	w.shop.do(func() {
		w.shop.spoil = func(*commerce.Quote) {
			w.shop.spoil = nil
			g.pass()
		}
	})
	slow := make(chan error, 1)
	go func() { _, err := w.update(cs.ID, commerce.UpdateRequest{}); slow <- err }()
	g.wait()
	w.deadline = 30 * time.Millisecond
	_, err := w.complete("k1", cs.ID, w.token())
	wantKind(t, err, commerce.Unavailable)
	g.open()
	if err := <-slow; err != nil {
		t.Fatal(err)
	}
	w.nothing(cs.ID)
}
