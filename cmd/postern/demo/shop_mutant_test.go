package demo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// recorder is a test that only notes which rules failed.
type recorder struct {
	name   string
	failed *[]string
}

func (r *recorder) Helper()             {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Errorf(string, ...any) {
	*r.failed = append(*r.failed, r.name)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

// Run runs a rule on a goroutine of its own, which Fatalf can end.
func (r *recorder) Run(name string, f func(*recorder)) bool {
	done := make(chan struct{})
	sub := &recorder{name: name, failed: r.failed}
	go func() {
		defer close(done)
		f(sub)
	}()
	<-done
	return !slices.Contains(*r.failed, name)
}

// TestTheSuiteFindsBrokenAdapters breaks one thing at a time in an adapter that keeps the contract; the rule about it must fail.
func TestTheSuiteFindsBrokenAdapters(t *testing.T) {
	t.Parallel()
	quoting := func(change func(adapters.QuoteRequest, *commerce.Quote)) func(*adapters.Adapter) {
		return func(a *adapters.Adapter) {
			inner := a.Quote
			a.Quote = func(ctx context.Context, r adapters.QuoteRequest) (commerce.Quote, error) {
				q, err := inner(ctx, r)
				if err == nil {
					change(r, &q)
				}
				return q, err
			}
		}
	}
	mutants := []struct {
		rule   string
		mutate func(*adapters.Adapter)
	}{
		{"facts", func(a *adapters.Adapter) { a.Facts.ExactLookup = false }},
		{"quote without an address", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) {
			q.Options = append(q.Options, commerce.FulfillmentOption{ID: "x", Title: "x"})
		})},
		{"quote with an address", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Choices = nil })},
		{"quote again", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Fingerprint = rand.Text() })},
		{"quote a changed cart", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Fingerprint = "same" })},
		{"choose an option that is not offered", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Messages = nil })},
		{"address that no option serves", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Messages = nil })},
		{"coupon", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Discounts.Applied = nil })},
		{"coupon that the shop does not know", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Discounts.Rejected = nil })},
		{"out of stock", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Messages = nil })},
		{"unknown item", func(a *adapters.Adapter) {
			inner := a.Quote
			a.Quote = func(ctx context.Context, r adapters.QuoteRequest) (commerce.Quote, error) {
				q, err := inner(ctx, r)
				if err != nil {
					err = fmt.Errorf("quote: %s", "no")
				}
				return q, err
			}
		}},
		{"item", func(a *adapters.Adapter) { // the catalogue knows everything
			inner := a.Item
			a.Item = func(ctx context.Context, id string) (adapters.Item, error) {
				item, err := inner(ctx, id)
				if err != nil {
					return adapters.Item{ID: id, Name: "?"}, nil
				}
				return item, nil
			}
		}},
		{"item", func(a *adapters.Adapter) { // its ref moves
			inner := a.Item
			a.Item = func(ctx context.Context, id string) (adapters.Item, error) {
				item, err := inner(ctx, id)
				item.Ref = rand.Text()
				return item, err
			}
		}},
		{"item", func(a *adapters.Adapter) { // its ref holds a price
			inner := a.Item
			a.Item = func(ctx context.Context, id string) (adapters.Item, error) {
				item, err := inner(ctx, id)
				item.Ref = `{"ids":[{"price":"17.50"}]}`
				return item, err
			}
		}},
		{"place", func(a *adapters.Adapter) {
			inner := a.PlaceOrder
			a.PlaceOrder = func(ctx context.Context, r adapters.PlaceRequest) (commerce.Snapshot, error) {
				s, err := inner(ctx, r)
				s.Total++
				return s, err
			}
		}},
		{"place twice under one key", func(a *adapters.Adapter) {
			inner := a.PlaceOrder
			a.Facts.Idempotent = true
			a.PlaceOrder = func(ctx context.Context, r adapters.PlaceRequest) (commerce.Snapshot, error) {
				r.Key += rand.Text()
				return inner(ctx, r)
			}
		}},
		{"find by key", func(a *adapters.Adapter) {
			a.FindOrder = func(context.Context, adapters.OrderQuery) (adapters.Found, error) {
				return adapters.Found{Exact: true}, nil
			}
		}},
		{"record a capture twice", func(a *adapters.Adapter) {
			a.RecordPayment = func(context.Context, adapters.PaymentRecord) error { return nil }
		}},
		{"cancel twice", func(a *adapters.Adapter) {
			a.CancelOrder = func(context.Context, adapters.CancelRequest) error { return nil }
		}},
		{"payment recorded on a canceled order is an error", func(a *adapters.Adapter) {
			inner := a.RecordPayment
			a.RecordPayment = func(ctx context.Context, r adapters.PaymentRecord) error {
				_ = inner(ctx, r) // a refusal is overheard
				return nil
			}
		}},
		{"cancel gives stock back", func(a *adapters.Adapter) {
			a.CancelOrder = func(context.Context, adapters.CancelRequest) error { return nil }
		}},
		{"changes", func(a *adapters.Adapter) {
			a.Changes = func(context.Context, string, int) (adapters.ChangePage, error) {
				return adapters.ChangePage{Cursor: "x"}, nil
			}
		}},
		{"changes after shipping", func(a *adapters.Adapter) {
			inner := a.GetOrder
			a.GetOrder = func(ctx context.Context, ref string) (commerce.Snapshot, error) {
				s, err := inner(ctx, ref)
				s.Shipments = nil
				return s, err
			}
		}},
		{"refund in the shop", func(a *adapters.Adapter) {
			inner := a.GetOrder
			a.GetOrder = func(ctx context.Context, ref string) (commerce.Snapshot, error) {
				s, err := inner(ctx, ref)
				for _, r := range s.Refunds {
					s.Total -= r.Amount
				}
				return s, err
			}
		}},
		{"errors give nothing away", func(a *adapters.Adapter) {
			inner := a.GetOrder
			a.GetOrder = func(ctx context.Context, ref string) (commerce.Snapshot, error) {
				s, err := inner(ctx, ref)
				if err != nil {
					err = fmt.Errorf("get the order of adalbert@example.com: %w", err)
				}
				return s, err
			}
		}},
	}
	for _, m := range mutants {
		t.Run(m.rule, func(t *testing.T) {
			t.Parallel()
			v, a := openShop(t)
			m.mutate(&a)
			var failed []string
			adaptertest.Run(&recorder{failed: &failed}, harness(t, v, a))
			if !slices.Contains(failed, m.rule) {
				t.Errorf("the suite does not find it; it complains about %v", failed)
			}
		})
	}
}
