package demo_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// kettles is a request for two kettles and a pair of cups, in a cart of its own.
func kettles(key string) adapters.QuoteRequest {
	return adapters.QuoteRequest{Key: key, Cart: commerce.Cart{Currency: "usd", Lines: []commerce.CartLine{
		{ID: "li_1", ItemID: "KET-0900", Quantity: 2}, {ID: "li_2", ItemID: "CUP-0002", Quantity: 1},
	}}}
}

// TestSecondQuoteAsksTheCatalogueNothing: words come from the cache, price and stock never do.
func TestSecondQuoteAsksTheCatalogueNothing(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	s := upstream.New("main", a, upstream.Options{})
	lookUps := func() int { return v.Shop().Calls(shop.ItemGet).Arrived }
	quote := func(key string) commerce.Quote {
		t.Helper()
		q, err := s.Quote(t.Context(), kettles(key))
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"Copper Gooseneck Kettle, 0.9 l", "Stoneware Cups, Sea Green, Pair"} {
			if l := q.Lines[i]; l.Name != name || l.Description == "" || len(l.Images) != 1 || !strings.HasSuffix(l.Images[0], l.ItemID+".svg") {
				t.Errorf("%s: line %d is %+v", key, i, l)
			}
		}
		return q
	}
	if q := quote("k1"); q.Lines[0].UnitAmount != 8900 || q.Total != 2*8900+3495 || *q.Lines[0].AvailableQuantity != 40 {
		t.Errorf("the first quote is %+v", q)
	}
	if n := lookUps(); n != 2 {
		t.Errorf("the first quote made %d look-ups, want one for each item", n)
	}
	if err := errors.Join(v.Shop().SetPrice("KET-0900", "95.50"), v.Shop().SetStock("KET-0900", 7)); err != nil {
		t.Fatal(err)
	}
	if q := quote("k2"); q.Lines[0].UnitAmount != 9550 || q.Total != 2*9550+3495 || *q.Lines[0].AvailableQuantity != 7 {
		t.Errorf("after price and stock changed the quote is %+v", q)
	}
	if n := lookUps(); n != 2 {
		t.Errorf("the second quote made %d look-ups more, want none", n-2)
	}
	// What is out of stock is priced by a call that is never remembered.
	if err := errors.Join(v.Shop().SetPrice("KET-0900", "96.00"), v.Shop().SetStock("KET-0900", 1)); err != nil {
		t.Fatal(err)
	}
	for i, price := range []string{"96.00", "97.00"} {
		if err := v.Shop().SetPrice("KET-0900", price); err != nil {
			t.Fatal(err)
		}
		q := quote("k3")
		if l := q.Lines[0]; l.UnitAmount != 9600+100*int64(i) || l.Availability != commerce.SoldOut || *l.AvailableQuantity != 1 {
			t.Errorf("out of stock at %s the line is %+v", price, l)
		}
	}
}

// TestWhatTheCatalogueRefusesMakesNoCart: neither an unknown item nor one that is no longer sold gets as far as a cart.
func TestWhatTheCatalogueRefusesMakesNoCart(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	s := upstream.New("main", a, upstream.Options{})
	for _, item := range []string{"NOPE-1", "MUG-2009", "..", "../orders", "KET-0900/../../orders", "a?b=c", ""} {
		r := kettles("k")
		r.Cart.Lines[1].ItemID = item
		_, err := s.Quote(t.Context(), r)
		f, ok := errors.AsType[*commerce.Fault](err)
		if !ok || f.Kind != commerce.ItemUnavailable || f.LineID != "li_2" || f.Item != item {
			t.Errorf("item %q gives %v, want ItemUnavailable about li_2", item, err)
		}
	}
	if n := v.Shop().Calls(shop.CartCreate).Arrived; n != 0 {
		t.Errorf("%d carts were made", n)
	}
}
