package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/gateway/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a shop every function of which does what the test says.
type script struct {
	calls int
	do    func(ctx context.Context) error
	quote commerce.Quote
	items map[string]adapters.Item
	asked []string
}

func (s *script) run(ctx context.Context) error {
	s.calls++
	if s.do == nil {
		return nil
	}
	return s.do(ctx)
}

func (s *script) adapter() adapters.Adapter {
	return adapters.Adapter{
		Facts: adapters.Facts{Currency: "usd"},
		Quote: func(ctx context.Context, _ adapters.QuoteRequest) (commerce.Quote, error) {
			q := s.quote
			q.Lines = slices.Clone(q.Lines)
			return q, s.run(ctx)
		},
		PlaceOrder: func(ctx context.Context, _ adapters.PlaceRequest) (commerce.Snapshot, error) {
			return commerce.Snapshot{Ref: "1"}, s.run(ctx)
		},
		FindOrder: func(ctx context.Context, _ adapters.OrderQuery) (adapters.Found, error) {
			return adapters.Found{}, s.run(ctx)
		},
		GetOrder:      func(ctx context.Context, _ string) (commerce.Snapshot, error) { return commerce.Snapshot{}, s.run(ctx) },
		RecordPayment: func(ctx context.Context, _ adapters.PaymentRecord) error { return s.run(ctx) },
		CancelOrder:   func(ctx context.Context, _ adapters.CancelRequest) error { return s.run(ctx) },
		ReleaseCart:   func(ctx context.Context, _ string) error { return s.run(ctx) },
		RecordRefund:  func(ctx context.Context, _ adapters.RefundRecord) error { return s.run(ctx) },
		Changes: func(ctx context.Context, _ string, _ int) (adapters.ChangePage, error) {
			return adapters.ChangePage{}, s.run(ctx)
		},
		Check: s.run,
		Item: func(_ context.Context, id string) (adapters.Item, error) {
			s.asked = append(s.asked, id)
			item, ok := s.items[id]
			if !ok {
				return item, &commerce.Fault{Kind: commerce.ItemUnavailable, Item: id, Message: "no such item"}
			}
			return item, nil
		},
	}
}

// operations calls every operation once; writes says which of them leave an unknown outcome behind.
func operations() (all map[string]func(context.Context, *upstream.Shop) error, writes []string) {
	return map[string]func(context.Context, *upstream.Shop) error{
		"quote": func(ctx context.Context, s *upstream.Shop) error {
			_, err := s.Quote(ctx, adapters.QuoteRequest{})
			return err
		},
		"place_order": func(ctx context.Context, s *upstream.Shop) error {
			_, err := s.PlaceOrder(ctx, adapters.PlaceRequest{})
			return err
		},
		"find_order": func(ctx context.Context, s *upstream.Shop) error {
			_, err := s.FindOrder(ctx, adapters.OrderQuery{})
			return err
		},
		"get_order": func(ctx context.Context, s *upstream.Shop) error {
			_, err := s.GetOrder(ctx, "1")
			return err
		},
		"record_payment": func(ctx context.Context, s *upstream.Shop) error {
			return s.RecordPayment(ctx, adapters.PaymentRecord{})
		},
		"cancel_order": func(ctx context.Context, s *upstream.Shop) error { return s.CancelOrder(ctx, adapters.CancelRequest{}) },
		"release_cart": func(ctx context.Context, s *upstream.Shop) error { return s.ReleaseCart(ctx, "1") },
		"record_refund": func(ctx context.Context, s *upstream.Shop) error {
			return s.RecordRefund(ctx, adapters.RefundRecord{})
		},
		"changes": func(ctx context.Context, s *upstream.Shop) error {
			_, err := s.Changes(ctx, "", 1)
			return err
		},
		"check": func(ctx context.Context, s *upstream.Shop) error { return s.Check(ctx) },
	}, []string{"place_order", "record_payment", "cancel_order", "release_cart", "record_refund"}
}

func wantKind(t *testing.T, err error, k commerce.Kind) {
	t.Helper()
	if err == nil || commerce.KindOf(err) != k {
		t.Fatalf("got %v (%s), want %s", err, commerce.KindOf(err), k)
	}
}

// TestUnknown: a write that timed out, or failed in a way that nobody understands, is Indeterminate; a read is Temporary.
func TestUnknown(t *testing.T) {
	t.Parallel()
	all, writes := operations()
	for what, fail := range map[string]func(context.Context) error{
		"deadline": func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		},
		"plain error":        func(context.Context) error { return errors.New("?") },
		"a kind of an agent": func(context.Context) error { return commerce.Faultf(commerce.Unavailable, "?") },
		"a refusal of an agent": func(context.Context) error {
			return fmt.Errorf("wrapped: %w", commerce.Faultf(commerce.Invalid, "?"))
		},
	} {
		for op, call := range all {
			t.Run(what+"/"+op, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &script{do: fail, quote: commerce.Quote{Currency: "usd"}}
					shop := upstream.New("main", s.adapter(), upstream.Options{Timeout: 3 * time.Second})
					began := time.Now()
					err := call(t.Context(), shop)
					want := commerce.Temporary
					if slices.Contains(writes, op) {
						want = commerce.Indeterminate
					}
					wantKind(t, err, want)
					if commerce.Definite(err) == slices.Contains(writes, op) {
						t.Fatalf("definite: %v", commerce.Definite(err))
					}
					if took := time.Since(began); what == "deadline" && took != 3*time.Second {
						t.Fatalf("it took %s", took)
					}
				})
			})
		}
	}
}

// TestRefusalsPass hands a shop's refusal on as it is.
func TestRefusalsPass(t *testing.T) {
	t.Parallel()
	all, _ := operations()
	for k := commerce.PriceChanged; k < commerce.Invalid; k++ {
		if k.String() == commerce.Unexpected.String() || k == commerce.Indeterminate || k == commerce.Temporary {
			continue
		}
		s := &script{do: func(context.Context) error { return commerce.Faultf(k, "no") }, quote: commerce.Quote{Currency: "usd"}}
		shop := upstream.New("main", s.adapter(), upstream.Options{BreakerFailures: 1})
		for range 3 {
			for op, call := range all {
				if err := call(t.Context(), shop); commerce.KindOf(err) != k {
					t.Fatalf("%s: %s became %v: a refusal is no outage", op, k, err)
				}
			}
		}
		if s.calls != 3*len(all) {
			t.Fatalf("%s: %d calls reached the shop, want %d", k, s.calls, 3*len(all))
		}
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	all, _ := operations()
	for _, k := range []commerce.Kind{commerce.Temporary, commerce.Indeterminate, commerce.Unexpected} {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{quote: commerce.Quote{Currency: "usd"}, do: func(context.Context) error { return commerce.Faultf(k, "down") }}
				shop := upstream.New("main", s.adapter(), upstream.Options{BreakerFailures: 3, BreakerPause: 10 * time.Second})
				for range 3 {
					_ = shop.Check(t.Context())
				}
				for op, call := range all { // not even sent, so that a write is definite too
					err := call(t.Context(), shop)
					wantKind(t, err, commerce.Temporary)
					if !commerce.Definite(err) {
						t.Errorf("%s: an unsent write is not definite", op)
					}
				}
				if s.calls != 3 {
					t.Fatalf("%d calls, want 3", s.calls)
				}
				time.Sleep(10*time.Second + time.Millisecond)
				s.do = nil
				if err := shop.Check(t.Context()); err != nil {
					t.Fatalf("the breaker stayed open: %v", err)
				}
				if err := shop.Check(t.Context()); err != nil || s.calls != 5 {
					t.Fatalf("%d calls, %v", s.calls, err)
				}
			})
		})
	}
	t.Run("one success starts the count again", func(t *testing.T) {
		t.Parallel()
		s := &script{}
		shop := upstream.New("main", s.adapter(), upstream.Options{BreakerFailures: 2})
		for i := range 10 {
			s.do = nil
			if i%2 == 0 {
				s.do = func(context.Context) error { return commerce.Faultf(commerce.Temporary, "down") }
			}
			_ = shop.Check(t.Context())
		}
		if s.calls != 10 {
			t.Fatalf("%d calls", s.calls)
		}
	})
	t.Run("an agent that goes away is no outage", func(t *testing.T) {
		t.Parallel()
		s := &script{do: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		shop := upstream.New("main", s.adapter(), upstream.Options{BreakerFailures: 1})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 3 {
			wantKind(t, shop.Check(ctx), commerce.Temporary)
		}
		if s.calls != 3 {
			t.Fatalf("%d calls", s.calls)
		}
	})
}

// TestAnUncountableCartIsNoOutage asks again and again for more than can be counted. That is the agent's wish, and says nothing of how the
// shop is: the next buyer is served.
func TestAnUncountableCartIsNoOutage(t *testing.T) {
	t.Parallel()
	s := &script{quote: commerce.Quote{Currency: "usd", Lines: []commerce.Line{{ID: "1", Quantity: 4, UnitAmount: math.MaxInt64/2 + 1}}}}
	shop := upstream.New("main", s.adapter(), upstream.Options{BreakerFailures: 1, BreakerPause: time.Hour})
	for range 3 {
		_, err := shop.Quote(t.Context(), adapters.QuoteRequest{})
		if wantKind(t, err, commerce.Rejected); !errors.Is(err, commerce.ErrOverflow) {
			t.Fatalf("got %v", err)
		}
	}
	s.quote.Lines = nil
	if _, err := shop.Quote(t.Context(), adapters.QuoteRequest{}); err != nil || s.calls != 4 {
		t.Fatalf("%d calls, then %v", s.calls, err)
	}
}

func TestQuoteIsProved(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]commerce.Quote{
		"currency": {Currency: "eur"},
		"negative": {Currency: "usd", Lines: []commerce.Line{{ID: "1", UnitAmount: -1}}},
		"line":     {Currency: "usd", Lines: []commerce.Line{{ID: "1", Base: 2, Subtotal: 1, Total: 1}}},
		"total":    {Currency: "usd", Total: 2, Totals: []commerce.Total{{Type: commerce.TotalDue, Amount: 1}}},
	} {
		shop := upstream.New("main", (&script{quote: q}).adapter(), upstream.Options{})
		if _, err := shop.Quote(t.Context(), adapters.QuoteRequest{}); commerce.KindOf(err) != commerce.Temporary {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOrderWithoutRefIsUnknown(t *testing.T) {
	t.Parallel()
	a := (&script{}).adapter()
	a.PlaceOrder = func(context.Context, adapters.PlaceRequest) (commerce.Snapshot, error) {
		return commerce.Snapshot{Number: "17"}, nil
	}
	_, err := upstream.New("main", a, upstream.Options{}).PlaceOrder(t.Context(), adapters.PlaceRequest{})
	wantKind(t, err, commerce.Indeterminate)
}

func TestCatalogueIsRemembered(t *testing.T) {
	t.Parallel()
	now := clock.NewManual(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
	s := &script{
		items: map[string]adapters.Item{"tea": {ID: "tea", Name: "Tea"}, "cup": {ID: "cup", Name: "Cup"}, "jug": {ID: "jug", Name: "Jug"}},
		quote: commerce.Quote{Currency: "usd", Lines: []commerce.Line{{ID: "1", ItemID: "tea"}, {ID: "2", ItemID: "cup"}, {ID: "3", ItemID: "x", Name: "said"}}},
	}
	shop := upstream.New("main", s.adapter(), upstream.Options{CatalogueSize: 2, CatalogueTTL: time.Minute, Clock: now})
	quote := func(asked ...string) {
		t.Helper()
		s.asked = nil
		q, err := shop.Quote(t.Context(), adapters.QuoteRequest{})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range q.Lines {
			if l.Name == "" {
				t.Errorf("line %s has no name", l.ID)
			}
		}
		if !slices.Equal(s.asked, asked) {
			t.Fatalf("asked for %v, want %v", s.asked, asked)
		}
	}
	quote("tea", "cup")
	quote()
	now.Advance(time.Minute)
	quote("tea", "cup")
	s.quote.Lines[1].ItemID = "jug" // drops the least used
	quote("jug")
	s.quote.Lines[1].ItemID = "cup"
	quote("cup")
	s.quote.Lines[0].ItemID = "ghost"
	_, err := shop.Quote(t.Context(), adapters.QuoteRequest{})
	wantKind(t, err, commerce.ItemUnavailable)
}

func TestWhatAShopCannot(t *testing.T) {
	t.Parallel()
	a := (&script{}).adapter()
	a.FindOrder, a.Changes, a.ReleaseCart, a.RecordRefund, a.Check, a.Item = nil, nil, nil, nil, nil, nil
	shop := upstream.New("main", a, upstream.Options{})
	if shop.CanFind() {
		t.Error("a shop without FindOrder can find")
	}
	_, err := shop.FindOrder(t.Context(), adapters.OrderQuery{})
	wantKind(t, err, commerce.Unsupported)
	_, err = shop.Changes(t.Context(), "", 1)
	wantKind(t, err, commerce.Unsupported)
	err = errors.Join(shop.ReleaseCart(t.Context(), "1"), shop.RecordRefund(t.Context(), adapters.RefundRecord{}), shop.Check(t.Context()))
	if err != nil {
		t.Errorf("there was nothing to do: %v", err)
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	s := &script{quote: commerce.Quote{Currency: "usd"}}
	shop := upstream.New("main", s.adapter(), upstream.Options{Tracer: telemetry.NewTracer(provider.Tracer("test"))})
	all, _ := operations()
	for _, call := range all {
		if err := call(t.Context(), shop); err != nil {
			t.Fatal(err)
		}
	}
	s.do = func(context.Context) error {
		return commerce.Faultf(commerce.OutOfStock, "the buyer ada@example.com wants too much")
	}
	_ = shop.CancelOrder(t.Context(), adapters.CancelRequest{})
	var names []string
	for _, span := range recorder.Ended() {
		names = append(names, span.Name())
		attrs := map[string]string{}
		for _, a := range span.Attributes() {
			if !telemetry.Allowed(a.Key) {
				t.Errorf("%s: attribute %s may not leave", span.Name(), a.Key)
			}
			attrs[string(a.Key)] = a.Value.AsString()
		}
		if attrs[string(telemetry.AttrShop)] != "main" {
			t.Errorf("%s names shop %q", span.Name(), attrs[string(telemetry.AttrShop)])
		}
		if d := span.Status().Description; d != "" && d != commerce.OutOfStock.String() {
			t.Errorf("%s: status %q", span.Name(), d)
		}
	}
	for op := range all {
		if !slices.Contains(names, telemetry.SpanShopPrefix+op) {
			t.Errorf("no span of %s in %v", op, names)
		}
	}
	last := recorder.Ended()[len(recorder.Ended())-1]
	if last.Status().Description != commerce.OutOfStock.String() {
		t.Errorf("the refusal shows as %v", last.Status())
	}
}

// TestCallIsCheap bounds what the rules cost where there is nothing to do and spans are off.
func TestCallIsCheap(t *testing.T) {
	s := &script{}
	on := upstream.New("main", s.adapter(), upstream.Options{})
	bare := testing.AllocsPerRun(100, func() { _ = on.Check(t.Context()) })
	if bare > 12 {
		t.Errorf("%.0f allocations for a call that does nothing", bare)
	}
}
