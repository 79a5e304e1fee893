package carts_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/store"
)

const origin = "https://agents.example.com"

// withHandoff lets buyers go on in the shop.
func withHandoff(t *testing.T) (*world, *handoff.Signer) {
	t.Helper()
	w := newWorld(t)
	signer, err := handoff.New([]byte(strings.Repeat("k", 32)), origin, w.clock)
	if err != nil {
		t.Fatal(err)
	}
	w.config.Handoff, w.config.Owner = signer, "process-1"
	w.config.Shops["main"] = carts.Shop{TTL: time.Hour, Continue: 15 * time.Minute}
	w.restart()
	return w, signer
}

// token is the token of a cart's address.
func token(t *testing.T, signer *handoff.Signer, c commerce.SavedCart) handoff.Token {
	t.Helper()
	text, ok := strings.CutPrefix(c.ContinueURL, origin+handoff.Path)
	if !ok {
		t.Fatalf("continue_url = %q", c.ContinueURL)
	}
	opened, err := signer.Open(text)
	if err != nil || opened.Kind != handoff.Cart || opened.ID != c.ID {
		t.Fatalf("token %v: %v", opened, err)
	}
	return opened
}

func TestHandOff(t *testing.T) {
	t.Parallel()
	w, signer := withHandoff(t)
	w.shop.anywhere = true
	c := w.create("a")
	first := token(t, signer, c)
	if again := token(t, signer, w.cart(w.service.Get(t.Context(), w.call(), c.ID))); again != first {
		t.Error("a cart does not read as it was told")
	}
	w.clock.Advance(8 * time.Minute) // more than half of its time has passed
	second := token(t, signer, w.cart(w.service.Get(t.Context(), w.call(), c.ID)))
	if !second.Expires.After(first.Expires) {
		t.Error("an address that is nearly over is told")
	}
	address, err := w.service.HandOff(t.Context(), first)
	if err != nil || address != "https://shop.example/cart/shopcart_1" {
		t.Fatalf("%q, %v", address, err)
	}
	// Neither the token nor another one leads there again, and the agent is not told of a place to go.
	for _, used := range []handoff.Token{first, second} {
		if _, err := w.service.HandOff(t.Context(), used); !errors.Is(err, handoff.ErrGone) {
			t.Errorf("error = %v, want ErrGone", err)
		}
	}
	seen := w.cart(w.service.Get(t.Context(), w.call(), c.ID))
	if seen.ContinueURL != "" || seen.Quote.Total != 1000 {
		t.Errorf("cart = %+v", seen)
	}
	// The shop's cart is the buyer's (S3): a replace begins another, and only that one is given back.
	again := w.cart(w.service.Replace(t.Context(), w.call(), c.ID, lines("b")))
	token(t, signer, again)
	if _, err := w.service.HandOff(t.Context(), first); !errors.Is(err, handoff.ErrGone) {
		t.Errorf("a token that was used leads on again: %v", err)
	}
	w.cart(w.service.Cancel(t.Context(), w.call(), c.ID))
	w.service.ReturnDue(t.Context())
	if diff := cmp.Diff(map[string][]string{"shopcart_1": {"a"}}, w.shop.held()); diff != "" {
		t.Errorf("the shop's carts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"shopcart_2"}, w.shop.released); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
}

// TestACartIsBoughtByOne: while a buyer has the cart in the shop, no checkout is made of it. A replace takes it back.
func TestACartIsBoughtByOne(t *testing.T) {
	t.Parallel()
	w, signer := withHandoff(t)
	c := w.create("a")
	if _, err := w.service.Saved(t.Context(), w.call().Agent, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.service.HandOff(t.Context(), token(t, signer, c)); err != nil {
		t.Fatal(err)
	}
	if cart, err := w.service.Saved(t.Context(), w.call().Agent, c.ID); commerce.KindOf(err) != commerce.NotFound {
		t.Errorf("the buyer's cart can be bought twice: %+v, %v", cart, err)
	}
	w.cart(w.service.Replace(t.Context(), w.call(), c.ID, lines("b")))
	if _, err := w.service.Saved(t.Context(), w.call().Agent, c.ID); err != nil {
		t.Errorf("after the replace: %v", err)
	}
}

func TestNothingToHandOff(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world, id string){
		"canceled": func(w *world, id string) { w.cart(w.service.Cancel(w.tb.Context(), w.call(), id)) },
		"canceled, but the shop is away": func(w *world, id string) {
			w.shop.stuck = commerce.Faultf(commerce.Temporary, "away")
			w.cart(w.service.Cancel(w.tb.Context(), w.call(), id))
			w.service.ReturnDue(w.tb.Context())
		},
		"expired": func(w *world, _ string) { w.clock.Advance(time.Hour) },
		"given back": func(w *world, _ string) {
			w.clock.Advance(time.Hour)
			w.service.ReturnDue(w.tb.Context())
		},
		"no carts any more": func(w *world, _ string) {
			w.config.Shops["main"] = carts.Shop{Off: true, Continue: time.Hour}
			w.restart()
		},
		"no hand-offs any more": func(w *world, _ string) { w.config.Shops["main"] = carts.Shop{}; w.restart() },
		"another shop":          func(w *world, _ string) { w.shop.identity = "elsewhere"; w.restart() },
		"no shop":               func(w *world, _ string) { delete(w.config.Shops, "main"); w.restart() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, signer := withHandoff(t)
			c := w.create("a")
			held := token(t, signer, c)
			spoil(w, c.ID)
			if address, err := w.service.HandOff(t.Context(), held); !errors.Is(err, handoff.ErrGone) {
				t.Errorf("%q, %v, want ErrGone", address, err)
			}
		})
	}
}

// TestHandOffRaces: of many that press the button one goes on; an agent that changes the cart in between is seen first, and the token
// stays good.
func TestHandOffRaces(t *testing.T) {
	t.Parallel()
	w, signer := withHandoff(t)
	held := token(t, signer, w.create("a"))
	var won atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch _, err := w.service.HandOff(t.Context(), held); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, handoff.ErrGone):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d buyers went on, want one", won.Load())
	}

	c := w.create("a")
	held = token(t, signer, c)
	w.shop.leads = func() { // another process replaces the cart
		w.shop.leads = nil
		row, err := w.store.Cart(t.Context(), c.ID)
		if err == nil {
			err = w.store.Commit(t.Context(), store.Batch{Cart: &store.CartWrite{Cart: row, Expect: row.Version}})
		}
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := w.service.HandOff(t.Context(), held); !errors.Is(err, handoff.ErrBusy) {
		t.Errorf("error = %v, want ErrBusy", err)
	}
	if _, err := w.service.HandOff(t.Context(), held); err != nil {
		t.Errorf("the token was used up: %v", err)
	}
}

// TestNoPlaceToGo: where there is none, no address is offered.
func TestNoPlaceToGo(t *testing.T) {
	t.Parallel()
	w, _ := withHandoff(t)
	w.config.Handoff = nil
	w.restart()
	if c := w.create("a"); c.ContinueURL != "" {
		t.Errorf("continue_url = %q", c.ContinueURL)
	}
	w, _ = withHandoff(t)
	w.shop.nowhere = true
	w.restart()
	if c := w.create("a"); c.ContinueURL != "" {
		t.Errorf("continue_url = %q", c.ContinueURL)
	}
}
