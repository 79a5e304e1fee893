package upstream_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// counter is a shop with a catalogue, a price that moves and a fault that its quotes fail with.
type counter struct {
	catalogue map[string]adapters.Item
	looked    []string
	price     int64
	quoted    []map[string]adapters.Item
	fail      error
	wait      time.Duration // of a look-up
}

func (c *counter) adapter() adapters.Adapter {
	return adapters.Adapter{
		Facts: adapters.Facts{Currency: "usd"},
		Item: func(ctx context.Context, id string) (adapters.Item, error) {
			c.looked = append(c.looked, id)
			select {
			case <-ctx.Done():
				return adapters.Item{}, ctx.Err()
			case <-time.After(c.wait):
			}
			item, ok := c.catalogue[id]
			if !ok {
				return item, commerce.Faultf(commerce.ItemUnavailable, "no such item")
			}
			return item, nil
		},
		Quote: func(_ context.Context, r adapters.QuoteRequest) (commerce.Quote, error) {
			c.quoted = append(c.quoted, r.Items)
			q := commerce.Quote{Currency: "usd"}
			for _, l := range r.Cart.Lines {
				q.Lines = append(q.Lines, commerce.Line{ID: l.ID, ItemID: l.ItemID, Base: c.price, Subtotal: c.price, Total: c.price, SKU: "live"})
			}
			return q, c.fail
		},
	}
}

func teaAndCup() adapters.QuoteRequest {
	return adapters.QuoteRequest{Cart: commerce.Cart{Lines: []commerce.CartLine{
		{ID: "l1", ItemID: "tea"}, {ID: "l2", ItemID: "cup"}, {ID: "l3", ItemID: "tea"},
	}}}
}

func stocked() *counter {
	return &counter{price: 100, catalogue: map[string]adapters.Item{
		"tea": {ID: "tea", Ref: "v1", Name: "Tea", Description: "green", SKU: "old"}, "cup": {ID: "cup", Ref: "v2", Name: "Cup", Images: []string{"cup.png"}},
	}}
}

// TestQuoteBringsTheCatalogue: each item is looked up once, what it says comes with every request, and prices are never among it.
func TestQuoteBringsTheCatalogue(t *testing.T) {
	t.Parallel()
	c := stocked()
	shop := upstream.New("main", c.adapter(), upstream.Options{CatalogueSize: 1})
	big := upstream.New("main", c.adapter(), upstream.Options{})
	for i, price := range []int64{100, 250} {
		c.price = price
		q, err := big.Quote(t.Context(), teaAndCup())
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"tea", "cup"}; !slices.Equal(c.looked, want) {
			t.Errorf("quote %d: looked up %v in all, want %v", i, c.looked, want)
		}
		if got := c.quoted[i]; len(got) != 2 || got["tea"].Ref != "v1" || got["cup"].Ref != "v2" {
			t.Errorf("quote %d: the request brings %v", i, got)
		}
		l := q.Lines[0]
		if l.Name != "Tea" || l.Description != "green" || l.SKU != "live" || l.Total != price || q.Lines[1].Images[0] != "cup.png" || q.Lines[2].Name != "Tea" {
			t.Errorf("quote %d: lines %+v", i, q.Lines)
		}
	}
	// A cache that is smaller than the cart still looks nothing up twice in one quote.
	c.looked = nil
	if _, err := shop.Quote(t.Context(), teaAndCup()); err != nil || len(c.looked) != 2 {
		t.Errorf("looked up %v, %v", c.looked, err)
	}
}

// TestUnknownItemIsNotRemembered: it is the fault of its first line, the shop is not asked to price it, and it may come into the shop.
func TestUnknownItemIsNotRemembered(t *testing.T) {
	t.Parallel()
	c := stocked()
	cup := c.catalogue["cup"]
	delete(c.catalogue, "cup")
	shop := upstream.New("main", c.adapter(), upstream.Options{BreakerFailures: 1})
	for range 3 {
		_, err := shop.Quote(t.Context(), teaAndCup())
		f, ok := errors.AsType[*commerce.Fault](err)
		if !ok || f.Kind != commerce.ItemUnavailable || f.LineID != "l2" || f.Item != "cup" {
			t.Fatalf("got %v (%+v), want ItemUnavailable about l2", err, f)
		}
	}
	if got := strings.Join(c.looked, " "); got != "tea cup cup cup" || len(c.quoted) != 0 {
		t.Errorf("looked up %s, priced %d times", got, len(c.quoted))
	}
	c.catalogue["cup"] = cup
	if _, err := shop.Quote(t.Context(), teaAndCup()); err != nil {
		t.Error(err)
	}
}

// TestRefusedItemIsForgotten: what the shop says that it does not sell is looked up afresh, and nothing else is.
func TestRefusedItemIsForgotten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault error
		again []string
	}{
		"by item":       {&commerce.Fault{Kind: commerce.ItemUnavailable, Item: "cup"}, []string{"cup"}},
		"by line":       {&commerce.Fault{Kind: commerce.ItemUnavailable, LineID: "l3"}, []string{"tea"}},
		"unnamed":       {&commerce.Fault{Kind: commerce.ItemUnavailable}, []string{"tea", "cup"}},
		"out of stock":  {&commerce.Fault{Kind: commerce.OutOfStock, Item: "cup"}, nil},
		"an outage":     {errors.New("?"), nil},
		"price changed": {&commerce.Fault{Kind: commerce.PriceChanged}, nil},
	} {
		c := stocked()
		shop := upstream.New("main", c.adapter(), upstream.Options{})
		c.fail = test.fault
		if _, err := shop.Quote(t.Context(), teaAndCup()); err == nil {
			t.Errorf("%s: the quote did not fail", name)
		}
		c.fail, c.looked = nil, nil
		if _, err := shop.Quote(t.Context(), teaAndCup()); err != nil || !slices.Equal(c.looked, test.again) {
			t.Errorf("%s: looked up again %v, want %v (%v)", name, c.looked, test.again, err)
		}
	}
}

// TestLookUpsShareTheDeadline: look-ups and pricing are one call, with one deadline.
func TestLookUpsShareTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := stocked()
		c.wait = 2 * time.Second
		shop := upstream.New("main", c.adapter(), upstream.Options{Timeout: 3 * time.Second})
		began := time.Now()
		_, err := shop.Quote(t.Context(), teaAndCup())
		wantKind(t, err, commerce.Temporary)
		if took := time.Since(began); took != 3*time.Second || len(c.quoted) != 0 {
			t.Errorf("it took %s and priced %d times", took, len(c.quoted))
		}
		// What was learned before the deadline is kept.
		if _, err := shop.Quote(t.Context(), teaAndCup()); err != nil || len(c.looked) != 3 {
			t.Errorf("looked up %v, %v", c.looked, err)
		}
	})
}

// TestNoCatalogue: a shop without one is given none.
func TestNoCatalogue(t *testing.T) {
	t.Parallel()
	c := stocked()
	a := c.adapter()
	a.Item = nil
	if _, err := upstream.New("main", a, upstream.Options{}).Quote(t.Context(), teaAndCup()); err != nil || c.quoted[0] != nil {
		t.Errorf("the request brings %v, %v", c.quoted[0], err)
	}
}
