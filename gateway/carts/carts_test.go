package carts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

func TestCreateAndGet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := lines("a", "b")
	r.Locale, r.Buyer = "de-AT", &commerce.Buyer{Email: "ada@example.com"}
	c := w.cart(w.service.Create(t.Context(), w.keyed("k1"), r))
	if c.ID != "cart_1" || c.Quote.Total != 2000 || len(c.Quote.Lines) != 2 || c.Cart.Locale != "de-AT" || c.Cart.Buyer.Email != "ada@example.com" {
		t.Errorf("cart = %+v", c)
	}
	if !c.ExpiresAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("it expires at %v, want an hour from now", c.ExpiresAt)
	}
	again := w.cart(w.service.Get(t.Context(), w.call(), c.ID))
	if diff := cmp.Diff(c, again); diff != "" {
		t.Errorf("get differs (-create +get):\n%s", diff)
	}
	// The answer was stored with the cart, in the same commit.
	claim := store.Claim{Agent: "a", Path: "POST /carts", Key: "k1", Token: "t2", At: w.clock.Now()}
	if existing, taken, err := w.store.Claim(t.Context(), claim); err != nil || taken || existing.Answer == nil {
		t.Errorf("the answer was not stored: %v %v %v", existing, taken, err)
	}
}

// TestNotThere: whatever is the reason, a cart that an agent does not get looks like one that never was.
func TestNotThere(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(w *world, call *carts.Call, id *string){
		"unknown":      func(_ *world, _ *carts.Call, id *string) { *id = "cart_99" },
		"foreign":      func(_ *world, c *carts.Call, _ *string) { c.Agent = "b" },
		"another shop": func(_ *world, c *carts.Call, _ *string) { c.Shop = "other" },
		"expired":      func(w *world, _ *carts.Call, _ *string) { w.clock.Advance(time.Hour) },
		"shop is gone": func(w *world, _ *carts.Call, _ *string) { delete(w.config.Shops, "main"); w.restart() },
		"shop is off":  func(w *world, _ *carts.Call, _ *string) { w.config.Shops["main"] = carts.Shop{Off: true}; w.restart() },
		"canceled": func(w *world, c *carts.Call, id *string) {
			w.cart(w.service.Cancel(w.tb.Context(), *c, *id))
		},
		"canceled, but the shop is away": func(w *world, c *carts.Call, id *string) {
			w.shop.stuck = commerce.Faultf(commerce.Temporary, "away")
			w.cart(w.service.Cancel(w.tb.Context(), *c, *id))
			w.service.ReturnDue(w.tb.Context()) // it is due again in a minute
		},
		"canceled and given back": func(w *world, c *carts.Call, id *string) {
			w.cart(w.service.Cancel(w.tb.Context(), *c, *id))
			w.service.ReturnDue(w.tb.Context())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config.Shops["other"] = carts.Shop{}
			w.restart()
			id, call := w.create("a").ID, w.call()
			spoil(w, &call, &id)
			quotes := w.shop.quotes
			_, err := w.service.Get(t.Context(), call, id)
			wantKind(t, err, commerce.NotFound)
			_, err = w.service.Replace(t.Context(), call, id, lines("b"))
			wantKind(t, err, commerce.NotFound)
			_, err = w.service.Cancel(t.Context(), call, id)
			wantKind(t, err, commerce.NotFound)
			if name != "another shop" { // a session is asked for at its own shop, which the caller compares
				_, err = w.service.Saved(t.Context(), call.Agent, id)
				wantKind(t, err, commerce.NotFound)
			}
			if w.shop.quotes != quotes {
				t.Error("the shop was asked")
			}
		})
	}
	w := newWorld(t)
	w.config.Shops["off"] = carts.Shop{Off: true}
	w.restart()
	for _, shop := range []string{"off", "unheard"} {
		call := w.call()
		call.Shop = shop
		_, err := w.service.Create(t.Context(), call, lines("a"))
		wantKind(t, err, commerce.NotFound)
		if w.service.Serves(shop) {
			t.Errorf("%s keeps carts", shop)
		}
	}
}

// TestSwitchedOff: what was kept before is given back when its time comes.
func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("a")
	w.config.Shops["main"] = carts.Shop{Off: true}
	w.restart()
	w.clock.Advance(time.Hour)
	w.service.ReturnDue(t.Context())
	if held := w.shop.held(); len(held) != 0 {
		t.Errorf("the shop holds %v", held)
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := lines("a", "b")
	r.Locale, r.Buyer = "de", &commerce.Buyer{Email: "ada@example.com"}
	c := w.cart(w.service.Create(t.Context(), w.call(), r))
	w.clock.Advance(30 * time.Minute)
	next := w.cart(w.service.Replace(t.Context(), w.call(), c.ID, lines("c", "b")))
	var got []string
	for _, l := range next.Quote.Lines {
		got = append(got, l.ID+" "+l.ItemID)
	}
	if diff := cmp.Diff([]string{"li_3 c", "li_2 b"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	// The request is the whole wish: a buyer that it does not name is gone. The locale is no part of it.
	if next.Cart.Buyer != nil || next.Cart.Locale != "de" || !next.ExpiresAt.Equal(noon.Add(90*time.Minute)) {
		t.Errorf("cart = %+v", next)
	}
	if diff := cmp.Diff(map[string][]string{"shopcart_1": {"c", "b"}}, w.shop.held()); diff != "" {
		t.Errorf("the shop's carts (-want +got):\n%s", diff)
	}
	w.clock.Advance(59 * time.Minute) // past the first end, before the new one
	w.service.ReturnDue(t.Context())
	w.cart(w.service.Get(t.Context(), w.call(), c.ID))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		items     []string
		fail      error
		kind      commerce.Kind
		code, at  string
		unchanged bool
	}{
		{name: "no lines", kind: commerce.Invalid, code: "missing_line_items", at: "$.line_items"},
		{name: "an unknown item alone", items: []string{"no-1"}, kind: commerce.Invalid, code: "invalid_item_id", at: "$.line_items[0].item.id"},
		{name: "unknown items only", items: []string{"no-1", "no-2"}, kind: commerce.Invalid, code: "invalid_item_id", at: "$.line_items[0].item.id"},
		{name: "sold out", items: []string{"gone-1", "gone-2"}, kind: commerce.NothingAvailable, at: "$.line_items"},
		{name: "sold out or unknown", items: []string{"no-1", "gone-2"}, kind: commerce.NothingAvailable, at: "$.line_items"},
		{name: "buyer", items: []string{"a"}, fail: commerce.Faultf(commerce.BuyerRejected, "canary"), kind: commerce.Invalid, at: "$.buyer"},
		{name: "refused", items: []string{"a"}, fail: commerce.Faultf(commerce.Rejected, "canary"), kind: commerce.Invalid},
		{name: "a refusal that names no line", items: []string{"a"}, fail: commerce.Faultf(commerce.OutOfStock, "canary"), kind: commerce.NothingAvailable, at: "$.line_items"},
		{
			name: "too dear", items: []string{"b", "a"}, kind: commerce.Invalid, at: "$.line_items[1].quantity",
			fail: &commerce.Fault{Kind: commerce.Rejected, LineID: "li_2", Message: "canary", Err: commerce.ErrOverflow},
		},
		{name: "away", items: []string{"a"}, fail: commerce.Faultf(commerce.Temporary, "canary"), kind: commerce.Unavailable},
		{name: "unexplained", items: []string{"a"}, fail: commerce.Faultf(commerce.Unexplained, "canary"), kind: commerce.Unavailable},
		{name: "no fault at all", items: []string{"a"}, fail: errors.New("canary"), kind: commerce.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.shop.fail = c.fail
			_, err := w.service.Create(t.Context(), w.call(), lines(c.items...))
			f := fault(t, err, c.kind)
			if f.Code != c.code || f.Param != c.at || strings.Contains(f.Message, "canary") {
				t.Errorf("fault %q at %q: %q, want %q at %q", f.Code, f.Param, f.Message, c.code, c.at)
			}
			if held := w.shop.held(); len(held) != 0 {
				t.Errorf("the shop holds %v", held)
			}
			// A refused replace leaves the cart as it was.
			w.shop.fail = nil
			was := w.create("z", "y")
			w.shop.fail = c.fail
			_, err = w.service.Replace(t.Context(), w.call(), was.ID, lines(c.items...))
			wantKind(t, err, c.kind)
			now := w.cart(w.service.Get(t.Context(), w.call(), was.ID))
			was.Quote.CartRef, now.Quote.CartRef = "", "" // only this may change, and an agent does not see it
			if diff := cmp.Diff(was, now); diff != "" {
				t.Errorf("the cart changed (-was +now):\n%s", diff)
			}
		})
	}
}

// TestRefusedLinesStay: what cannot be had stays in the cart, with a message and without a price.
func TestRefusedLinesStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.create("gone-1", "a", "no-3")
	if c.Quote.Total != 1000 || len(c.Quote.Lines) != 3 || c.Quote.Lines[0].Availability != commerce.SoldOut || c.Quote.Lines[0].Total != 0 {
		t.Errorf("quote = %+v", c.Quote)
	}
	var got []string
	for _, m := range c.Messages {
		got = append(got, fmt.Sprint(m.Type, " ", m.Code, " ", m.Param, " ", m.Resolution))
	}
	if diff := cmp.Diff([]string{
		"error out_of_stock $.line_items[0] requires_buyer_review", "error not_found $.line_items[2] requires_buyer_review",
	}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	saved, err := w.service.Saved(t.Context(), "a", c.ID)
	if err != nil || len(saved.Cart.Lines) != 3 {
		t.Errorf("saved = %+v, %v", saved, err)
	}
}

func TestManyRefusedLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	items := make([]string, 40)
	for i := range items {
		items[i] = fmt.Sprintf("gone-%d", i)
	}
	_, err := w.service.Create(t.Context(), w.call(), lines(items...))
	wantKind(t, err, commerce.Unavailable)
	if w.shop.quotes > 32 {
		t.Errorf("the shop was asked %d times", w.shop.quotes)
	}
}

func TestCancelGivesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	was := w.create("a")
	last := w.cart(w.service.Cancel(t.Context(), w.call(), was.ID))
	last.Canceled = false
	if diff := cmp.Diff(was, last); diff != "" {
		t.Errorf("the last state differs (-was +canceled):\n%s", diff)
	}
	w.service.ReturnDue(t.Context())
	w.service.ReturnDue(t.Context()) // nothing is left to do
	if diff := cmp.Diff([]string{"shopcart_1"}, w.shop.released); diff != "" {
		t.Errorf("released (-want +got):\n%s", diff)
	}
	if _, err := w.store.Cart(t.Context(), was.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the row is still there: %v", err)
	}
}

func TestExpiryGivesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create("a")
	kept := w.create("b")
	w.clock.Advance(30 * time.Minute)
	w.cart(w.service.Replace(t.Context(), w.call(), kept.ID, lines("b")))
	w.clock.Advance(30 * time.Minute)
	w.service.ReturnDue(t.Context())
	if diff := cmp.Diff(map[string][]string{"shopcart_2": {"b"}}, w.shop.held()); diff != "" {
		t.Errorf("the shop's carts (-want +got):\n%s", diff)
	}
}

// TestShopThatDoesNotTakeBack: a shop that is away is asked again, with growing pauses; one that refuses is not.
func TestShopThatDoesNotTakeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create("a").ID
	w.cart(w.service.Cancel(t.Context(), w.call(), id))
	w.shop.stuck = commerce.Faultf(commerce.Temporary, "away")
	w.service.ReturnDue(t.Context())
	w.clock.Advance(59 * time.Second)
	w.shop.stuck = nil
	w.service.ReturnDue(t.Context())
	if len(w.shop.released) != 0 {
		t.Error("the shop was asked again at once")
	}
	w.clock.Advance(time.Second)
	w.service.ReturnDue(t.Context())
	if len(w.shop.released) != 1 {
		t.Error("the shop was not asked again")
	}

	id = w.create("a").ID
	w.cart(w.service.Cancel(t.Context(), w.call(), id))
	w.shop.stuck = commerce.Faultf(commerce.Rejected, "no")
	w.service.ReturnDue(t.Context())
	if _, err := w.store.Cart(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a cart that the shop refuses for good is still there: %v", err)
	}

	id = w.create("a").ID
	w.cart(w.service.Cancel(t.Context(), w.call(), id))
	w.shop.stuck = commerce.Faultf(commerce.Temporary, "away")
	for range 40 {
		w.service.ReturnDue(t.Context())
		w.clock.Advance(2 * time.Hour)
	}
	if _, err := w.store.Cart(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a cart that nobody takes back is kept for ever: %v", err)
	}
}

// TestUnknownPricing (S3): the shop's cart of a pricing that may have happened is not used again, and it is given back in the end.
func TestUnknownPricing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create("a").ID
	w.shop.fail = commerce.Faultf(commerce.Indeterminate, "cut off")
	_, err := w.service.Replace(t.Context(), w.call(), id, lines("b"))
	wantKind(t, err, commerce.Unavailable)
	w.shop.fail = nil
	w.cart(w.service.Replace(t.Context(), w.call(), id, lines("c")))
	if diff := cmp.Diff(map[string][]string{"shopcart_1": {"a"}, "shopcart_2": {"c"}}, w.shop.held()); diff != "" {
		t.Errorf("the shop's carts (-want +got):\n%s", diff)
	}
	w.cart(w.service.Cancel(t.Context(), w.call(), id))
	w.service.ReturnDue(t.Context())
	if held := w.shop.held(); len(held) != 0 {
		t.Errorf("the shop still holds %v", held)
	}
}

func TestShopForgotTheCart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create("a").ID
	clear(w.shop.carts)
	w.cart(w.service.Replace(t.Context(), w.call(), id, lines("b")))
	if diff := cmp.Diff(map[string][]string{"shopcart_2": {"b"}}, w.shop.held()); diff != "" {
		t.Errorf("the shop's carts (-want +got):\n%s", diff)
	}
}

// TestShopMoved: a cart of another shop is asked of nobody; a replace begins a new one.
func TestShopMoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.create("a").ID, w.create("b").ID
	w.shop.identity, w.shop.carts = "shop elsewhere", map[string][]commerce.CartLine{}
	w.restart()
	w.shop.asked = nil
	w.cart(w.service.Replace(t.Context(), w.call(), first, lines("c")))
	if diff := cmp.Diff([]string{""}, w.shop.asked); diff != "" {
		t.Errorf("the new shop was asked for the old one's cart (-want +got):\n%s", diff)
	}
	w.cart(w.service.Cancel(t.Context(), w.call(), second))
	w.service.ReturnDue(t.Context())
	if len(w.shop.released) != 0 {
		t.Errorf("the new shop was asked to release %v", w.shop.released)
	}
	if diff := cmp.Diff(map[string][]string{"shopcart_3": {"c"}}, w.shop.held()); diff != "" {
		t.Errorf("the shop's carts (-want +got):\n%s", diff)
	}
}

// TestRace: of two changes that read the same version one is told that it came second, and nothing of it is stored.
func TestRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create("a").ID
	w.shop.before = func() { // another process changes the row in between
		w.shop.before = nil
		row, err := w.store.Cart(t.Context(), id)
		if err == nil {
			err = w.store.Commit(t.Context(), store.Batch{Cart: &store.CartWrite{Cart: row, Expect: row.Version}})
		}
		if err != nil {
			t.Error(err)
		}
	}
	_, err := w.service.Replace(t.Context(), w.keyed("k"), id, lines("b"))
	wantKind(t, err, commerce.Conflict)
	if c := w.cart(w.service.Get(t.Context(), w.call(), id)); c.Cart.Lines[0].ItemID != "a" {
		t.Errorf("the loser's lines were stored: %+v", c)
	}
}

// late is a store whose list of due carts is older than its carts.
type late struct{ store.Store }

func (s late) DueCarts(ctx context.Context, now time.Time, limit int) ([]store.Cart, error) {
	return s.Store.DueCarts(ctx, now.Add(24*time.Hour), limit)
}

// TestNewLife: a cart that was replaced after it was listed as expired is not given back.
func TestNewLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Store = late{w.store}
	w.restart()
	id := w.create("a").ID
	w.service.ReturnDue(t.Context())
	w.cart(w.service.Get(t.Context(), w.call(), id))
	if len(w.shop.released) != 0 {
		t.Error("the shop's cart of a live one was given back")
	}
}

// TestUnstored: a cart that could not be stored holds nothing in the shop.
func TestUnstored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := w.call()
	call.Claim = &store.Claim{Agent: "a", Path: "POST /carts", Key: "not taken", Token: "t"}
	_, err := w.service.Create(t.Context(), call, lines("a"))
	wantKind(t, err, commerce.Unavailable)
	if held := w.shop.held(); len(held) != 0 {
		t.Errorf("the shop holds %v", held)
	}
}

// TestBackground: Start gives back at once what was canceled, and what has expired at its next look; Stop ends it.
func TestBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Clock = clock.System()
		w.restart()
		w.service.Start(t.Context())
		defer w.service.Stop()
		canceled := w.create("a").ID
		w.create("b")
		time.Sleep(7 * time.Second) // between two looks
		w.cart(w.service.Cancel(t.Context(), w.call(), canceled))
		synctest.Wait()
		if diff := cmp.Diff(map[string][]string{"shopcart_2": {"b"}}, w.shop.held()); diff != "" {
			t.Errorf("the shop's carts (-want +got):\n%s", diff)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if held := w.shop.held(); len(held) != 0 {
			t.Errorf("the shop still holds %v", held)
		}
	})
	newWorld(t).service.Stop() // one that was not started
}
