package demo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
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
		{"coupon", func(a *adapters.Adapter) { a.Facts.NoCodes = true }},
		{"quote with an address", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) {
			q.Options = append(q.Options, commerce.FulfillmentOption{ID: "x", Title: "x", Type: commerce.Pickup})
		})},
		{"options for lines that go apart", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Choices = q.Choices[:min(1, len(q.Choices))] })},
		{"options for lines that go apart", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { // everybody may have everything
			for i := range q.Options {
				q.Options[i].LineIDs = nil
			}
		})},
		{"options for lines that go apart", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { // the dearer way is not charged
			for i := range q.Options {
				q.Options[i].Subtotal++
				q.Options[i].Total++
			}
		})},
		{"options for lines that go apart", func(a *adapters.Adapter) { // the order goes by other ways than those that were chosen
			inner := a.PlaceOrder
			a.PlaceOrder = func(ctx context.Context, r adapters.PlaceRequest) (commerce.Snapshot, error) {
				s, err := inner(ctx, r)
				s.OptionIDs = []string{"standard", "tube"}
				return s, err
			}
		}},
		{"choose an option that a line is not offered", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Messages = nil })},
		{"digital goods", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.NeedsShipping = true })},
		{"digital goods", func(a *adapters.Adapter) { // nobody learns how to get at them
			inner := a.GetOrder
			a.GetOrder = func(ctx context.Context, ref string) (commerce.Snapshot, error) {
				s, err := inner(ctx, ref)
				for i := range s.Shipments {
					s.Shipments[i].Digital = nil
				}
				return s, err
			}
		}},
		{"digital goods beside others", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.NeedsShipping = false })},
		{"digital goods beside others", func(a *adapters.Adapter) { a.Facts.Split = false }},
		{"automatic discount", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) {
			for i := range q.Discounts.Applied {
				q.Discounts.Applied[i].Code = "MUGS"
			}
		})},
		{"what the shop says of an item", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) { q.Messages = nil })},
		{"what the shop says of an item", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) {
			for i := range q.Messages {
				q.Messages[i].Content = "<b>18</b>"
			}
		})},
		{"what the shop says of an item", quoting(func(_ adapters.QuoteRequest, q *commerce.Quote) {
			for i := range q.Messages {
				q.Messages[i].Resolution = ""
			}
		})},
		{"continue in the shop", func(a *adapters.Adapter) {
			a.Continue = func(commerce.Cart, string) (string, error) { return "/my-cart", nil }
		}},
		{"continue in the shop", func(a *adapters.Adapter) {
			a.Continue = func(c commerce.Cart, _ string) (string, error) {
				return "https://shop.example/?to=" + url.QueryEscape(c.Email()), nil
			}
		}},
		{"continue in the shop", func(a *adapters.Adapter) {
			a.Continue = func(commerce.Cart, string) (string, error) { return "https://shop.example/" + rand.Text(), nil }
		}},
		{"continue in the shop", func(a *adapters.Adapter) {
			inner, item := a.Continue, a.Item
			a.Continue = func(c commerce.Cart, ref string) (string, error) {
				_, _ = item(t.Context(), c.Lines[0].ItemID)
				return inner(c, ref)
			}
		}},
		{"record a consent twice", func(a *adapters.Adapter) {
			a.RecordConsent = func(context.Context, adapters.ConsentRecord) error { return nil }
		}},
		{"record a consent twice", func(a *adapters.Adapter) { // each call is another answer
			inner := a.RecordConsent
			a.RecordConsent = func(ctx context.Context, r adapters.ConsentRecord) error {
				r.Address = rand.Text() + r.Address
				return inner(ctx, r)
			}
		}},
		{"record a consent twice", func(a *adapters.Adapter) { // no is never told
			inner := a.RecordConsent
			a.RecordConsent = func(ctx context.Context, r adapters.ConsentRecord) error {
				r.Consent.OptedIn = true
				return inner(ctx, r)
			}
		}},
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
			h := harness(t, v, a)
			h.Only = func(rule string) bool { return rule == m.rule || m.rule == "errors give nothing away" }
			adaptertest.Run(&recorder{failed: &failed}, h)
			if !slices.Contains(failed, m.rule) {
				t.Errorf("the suite does not find it; it complains about %v", failed)
			}
		})
	}
}
