package carts_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is the service over a real database and a shop in memory.
type world struct {
	tb      testing.TB
	clock   *clock.Manual
	store   store.Store
	shop    *shop
	config  carts.Config
	service *carts.Service
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	st, err := sqlstore.Open(tb.Context(), sqlstore.Options{Path: filepath.Join(tb.TempDir(), "postern.db"), Key: bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Error(err)
		}
	})
	w := &world{tb: tb, clock: clock.NewManual(noon), store: st, shop: &shop{carts: map[string][]commerce.CartLine{}, identity: "shop at here"}}
	n := 0
	w.config = carts.Config{
		Store: st, Clock: w.clock, NewID: func(prefix string) string { n++; return fmt.Sprintf("%s%d", prefix, n) },
		Shops: map[string]carts.Shop{"main": {TTL: time.Hour}},
	}
	w.restart()
	return w
}

// restart makes the service anew, as the configuration now stands.
func (w *world) restart() {
	shops := map[string]carts.Shop{}
	for name, s := range w.config.Shops {
		s.Upstream = upstream.New(name, w.shop.adapter(), upstream.Options{Clock: w.clock, BreakerFailures: 1000})
		shops[name] = s
	}
	config := w.config
	config.Shops = shops
	w.service = carts.New(config)
}

// call is a call of agent a at the shop main.
func (w *world) call() carts.Call {
	return carts.Call{Agent: "a", Shop: "main", Render: func(c commerce.SavedCart) (store.Answer, error) {
		body, err := json.Marshal(c)
		return store.Answer{Status: 200, Body: body}, err
	}}
}

// keyed is a call with an idempotency claim that is taken.
func (w *world) keyed(key string) carts.Call {
	w.tb.Helper()
	c := w.call()
	c.Claim = &store.Claim{Agent: "a", Path: "POST /carts", Key: key, Owner: "p", Token: "t", At: w.clock.Now()}
	if _, taken, err := w.store.Claim(w.tb.Context(), *c.Claim); err != nil || !taken {
		w.tb.Fatal(taken, err)
	}
	return c
}

// lines wishes for one of each item.
func lines(items ...string) commerce.CartRequest {
	var r commerce.CartRequest
	for _, item := range items {
		r.Lines = append(r.Lines, commerce.CartLine{ItemID: item, Quantity: 1})
	}
	return r
}

// cart is what an answer tells.
func (w *world) cart(a store.Answer, err error) commerce.SavedCart {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
	var c commerce.SavedCart
	if err := json.Unmarshal(a.Body, &c); err != nil {
		w.tb.Fatal(err)
	}
	return c
}

// create makes a cart that must succeed.
func (w *world) create(items ...string) commerce.SavedCart {
	w.tb.Helper()
	return w.cart(w.service.Create(w.tb.Context(), w.call(), lines(items...)))
}

func wantKind(tb testing.TB, err error, kind commerce.Kind) {
	tb.Helper()
	_ = fault(tb, err, kind) // it is an error that was expected
}

// fault is the fault of the kind that err must be.
func fault(tb testing.TB, err error, kind commerce.Kind) *commerce.Fault {
	tb.Helper()
	f, _ := errors.AsType[*commerce.Fault](err)
	if f == nil || f.Kind != kind {
		tb.Fatalf("error = %v (%s), want %s", err, commerce.KindOf(err), kind)
	}
	return f
}

// shop is a shop that sells everything for 10.00 but for the items whose names say otherwise: gone-… is out of stock, no-… unknown.
type shop struct {
	identity string

	mu       sync.Mutex
	carts    map[string][]commerce.CartLine // by ref
	made     int
	quotes   int
	released []string
	fail     error // of the next quotes
	stuck    error // of releases
	before   func()
	leads    func()   // before a buyer is led on
	anywhere bool     // that place needs no cart of the shop
	asked    []string // the carts that quotes were asked for
	nowhere  bool     // there is no place where a buyer goes on
}

func (s *shop) adapter() adapters.Adapter {
	never := errors.New("a saved cart asks for no order")
	return adapters.Adapter{
		Facts:    adapters.Facts{Currency: "usd"},
		Identity: s.identity,
		Quote:    s.quote,
		PlaceOrder: func(context.Context, adapters.PlaceRequest) (commerce.Snapshot, error) {
			return commerce.Snapshot{}, never
		},
		Continue: func(cart commerce.Cart, ref string) (string, error) {
			if s.leads != nil {
				s.leads()
			}
			if (ref == "" && !s.anywhere) || s.nowhere {
				return "", errors.New("the buyer has it already")
			}
			return "https://shop.example/cart/" + ref, nil
		},
		ReleaseCart: func(_ context.Context, ref string) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.stuck != nil {
				return s.stuck
			}
			s.released = append(s.released, ref)
			delete(s.carts, ref)
			return nil
		},
	}
}

func (s *shop) quote(_ context.Context, r adapters.QuoteRequest) (commerce.Quote, error) {
	if s.before != nil {
		s.before()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quotes++
	s.asked = append(s.asked, r.CartRef)
	if s.fail != nil {
		return commerce.Quote{}, s.fail
	}
	ref := r.CartRef
	if _, ok := s.carts[ref]; ref != "" && !ok {
		return commerce.Quote{}, commerce.Faultf(commerce.CartGone, "no such cart")
	}
	q := commerce.Quote{Currency: "usd"}
	for _, l := range r.Cart.Lines {
		switch {
		case len(l.ItemID) > 5 && l.ItemID[:5] == "gone-":
			return commerce.Quote{}, &commerce.Fault{Kind: commerce.OutOfStock, LineID: l.ID, Message: "sold out"}
		case len(l.ItemID) > 3 && l.ItemID[:3] == "no-":
			return commerce.Quote{}, &commerce.Fault{Kind: commerce.ItemUnavailable, Item: l.ItemID, Message: "unknown"}
		}
		n := 1000 * l.Quantity
		q.Lines = append(q.Lines, commerce.Line{
			ID: l.ID, ItemID: l.ItemID, Name: l.ItemID, Quantity: l.Quantity, UnitAmount: 1000, Base: n, Subtotal: n, Total: n,
		})
		q.Total += n
	}
	for _, t := range []commerce.TotalType{commerce.TotalItemsBase, commerce.TotalSubtotal, commerce.TotalDue} {
		q.Totals = append(q.Totals, commerce.Total{Type: t, DisplayText: string(t), Amount: q.Total})
	}
	if ref == "" {
		s.made++
		ref = fmt.Sprintf("shopcart_%d", s.made)
	}
	s.carts[ref] = slices.Clone(r.Cart.Lines)
	q.CartRef, q.ExactTotal = ref, fmt.Sprintf("%d.%02d", q.Total/100, q.Total%100)
	return q, nil
}

// held are the items of each cart that the shop has.
func (s *shop) held() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]string{}
	for ref, lines := range s.carts {
		for _, l := range lines {
			out[ref] = append(out[ref], l.ItemID)
		}
	}
	return out
}
