package checkout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// instantProcessor holds and takes whatever it is asked for, at once and without a network.
type instantProcessor struct {
	payment.Processor
	mu      sync.Mutex
	intents map[string]payment.Intent
}

func (p *instantProcessor) Terms() payment.Terms { return payment.Terms{Account: "bench"} }

func (p *instantProcessor) Inspect(context.Context, payment.Terms, payment.Secret) (payment.Limits, error) {
	return payment.Limits{Currency: "usd", Max: 1 << 40}, nil
}

func (p *instantProcessor) Authorize(_ context.Context, r payment.AuthorizeRequest) (payment.Intent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := payment.Intent{ID: "pi_" + r.Key, State: payment.Held, Amount: r.Amount, Capturable: r.Amount.Minor}
	p.intents[i.ID] = i
	return i, nil
}

func (p *instantProcessor) Capture(_ context.Context, r payment.ChangeRequest) (payment.Intent, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.intents[r.IntentID]
	i.State, i.Received, i.Capturable = payment.Taken, i.Amount.Minor, 0
	p.intents[r.IntentID] = i
	return i, nil
}

// bench is a service on a real database with a shop and a processor that cost nothing.
func bench(b *testing.B) (s *checkout.Service, call checkout.Call, create func() string) {
	b.Helper()
	file, err := sqlstore.Open(b.Context(), sqlstore.Options{Path: filepath.Join(b.TempDir(), "postern.db"), Key: []byte(strings.Repeat("k", 32))})
	if err != nil {
		b.Fatal(err)
	}
	shop := newMemoryShop()
	shop.stock["tea"], shop.stock["cup"] = 1<<40, 1<<40
	a := shop.adapter()
	a.Facts.ExactLookup, a.FindOrder = true, nil // its list of orders is searched from end to end
	var seq atomic.Int64
	s = checkout.New(checkout.Config{
		Store: file, Clock: clock.System(), Owner: "bench", NewID: func(p string) string { return fmt.Sprintf("%s%08d", p, seq.Add(1)) },
		EventBody: func(_ string, e commerce.Event) ([]byte, bool, error) {
			body, err := json.Marshal(e)
			return body, true, err
		},
		Shops: map[string]*checkout.Shop{"main": {
			Upstream: upstream.New("main", a, upstream.Options{}), Payment: &instantProcessor{intents: map[string]payment.Intent{}},
			Handlers: []commerce.PaymentHandler{{ID: "card"}},
		}},
		Timing: checkout.Timing{Sweeps: []time.Duration{}},
	})
	s.Start()
	b.Cleanup(func() {
		s.Stop()
		if err := file.Close(); err != nil {
			b.Error(err)
		}
	})
	call = checkout.Call{Agent: "agent", Shop: "main", Render: func(cs commerce.Session) (store.Answer, error) {
		return store.Answer{Status: 200, Body: []byte(cs.ID)}, nil
	}}
	create = func() string {
		a, err := s.Create(b.Context(), call, commerce.CreateRequest{
			Lines:  []commerce.CartLine{{ItemID: "tea", Quantity: 2}, {ItemID: "cup", Quantity: 1}},
			Buyer:  &commerce.Buyer{Email: "ada@example.com"},
			ShipTo: &commerce.Contact{Address: &commerce.Address{LineOne: "1 Main St", City: "Reno", PostalCode: "89501", Country: "US"}},
		})
		if err != nil {
			b.Fatal(err)
		}
		return string(a.Body)
	}
	return s, call, create
}

func BenchmarkCreate(b *testing.B) {
	_, _, create := bench(b)
	b.ReportAllocs()
	for b.Loop() {
		create()
	}
}

func BenchmarkUpdate(b *testing.B) {
	s, call, create := bench(b)
	id := create()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Update(b.Context(), call, id, commerce.UpdateRequest{Notes: commerce.Set("ring twice")}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s, call, create := bench(b)
	id := create()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(b.Context(), call, id); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkComplete is the time to the answer; what the saga does after it runs beside the next one.
func BenchmarkComplete(b *testing.B) {
	s, call, create := bench(b)
	r := commerce.CompleteRequest{Payment: commerce.Payment{HandlerID: "card", Token: "spt_bench"}}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		id := create()
		b.StartTimer()
		if _, err := s.Complete(b.Context(), call, id, r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompleteParallel completes many sessions side by side, which the store commits in groups.
func BenchmarkCompleteParallel(b *testing.B) {
	s, call, create := bench(b)
	r := commerce.CompleteRequest{Payment: commerce.Payment{HandlerID: "card", Token: "spt_bench"}}
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Complete(b.Context(), call, create(), r); err != nil {
				b.Error(err)
			}
		}
	})
}
