package adaptertest

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// request is a request for a quote with what the catalogue says of the cart's items, as the gateway makes it. An item that the catalogue
// does not know is left out, where the gateway would not ask for a quote at all: the quote must refuse it by itself too, because an item
// may leave the shop while the gateway still remembers it.
func (s *suite) request(t T, key, ref string, c commerce.Cart) adapters.QuoteRequest {
	t.Helper()
	r := adapters.QuoteRequest{Key: key, CartRef: ref, Cart: c}
	if s.Adapter.Item == nil {
		return r
	}
	r.Items = map[string]adapters.Item{}
	for _, l := range c.Lines {
		item, err := s.Adapter.Item(s.ctx, l.ItemID)
		if s.note(err) == nil {
			r.Items[l.ItemID] = item
		} else if commerce.KindOf(err) != commerce.ItemUnavailable {
			t.Fatalf("item %s: %v", l.ItemID, err)
		}
	}
	return r
}

// staleMembers are names of what a shop changes from one minute to the next.
var staleMembers = []string{"price", "amount", "total", "tax", "stock", "quantity", "available", "availability", "in_stock", "inventory_quantity"}

func (s *suite) item(t T) {
	before := s.lookUp(t)
	// An order changes the stock and whatever the shop counts. Nothing of that may be in what is kept for minutes.
	_, _, o := s.place(t, s.NewKey())
	if after := s.lookUp(t); !reflect.DeepEqual(before, after) {
		t.Errorf("an order changed what the catalogue says of %s: %+v, first %+v", s.Item, after, before)
	}
	s.cancel(t, o)
	var ref any
	if strings.HasPrefix(before.Ref, "{") && json.Unmarshal([]byte(before.Ref), &ref) == nil {
		if name := staleMember(ref); name != "" {
			t.Errorf("the ref of %s holds %q, which is no lasting fact", s.Item, name)
		}
	}
	_, err := s.Adapter.Item(s.ctx, s.UnknownItem)
	f, ok := errors.AsType[*commerce.Fault](s.note(err))
	if !ok || f.Kind != commerce.ItemUnavailable {
		t.Errorf("the catalogue says of an unknown item %v, want ItemUnavailable", err)
	}
}

func (s *suite) lookUp(t T) adapters.Item {
	t.Helper()
	item, err := s.Adapter.Item(s.ctx, s.Item)
	if s.note(err) != nil {
		t.Fatalf("item %s: %v", s.Item, err)
	}
	if item.ID != s.Item || item.Name == "" && item.Ref == "" {
		t.Errorf("the catalogue says of %s: %+v, want its id and a name or a ref", s.Item, item)
	}
	return item
}

// staleMember finds a member in v that changes from one minute to the next.
func staleMember(v any) string {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if slices.Contains(staleMembers, strings.ToLower(name)) {
				return name
			}
			if found := staleMember(inner); found != "" {
				return found
			}
		}
	case []any:
		for _, inner := range v {
			if found := staleMember(inner); found != "" {
				return found
			}
		}
	}
	return ""
}
