package declarative_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestStrangersOrdersAreNeverOurs asks a shop that ignores the filter of a search and answers with everybody's orders.
func TestStrangersOrdersAreNeverOurs(t *testing.T) {
	t.Parallel()
	keyed := strings.Replace(strings.Replace(stateless, "{ref: .no, number: .no,", "{ref: .no, number: .no, key: .ref,", 1),
		"{mode: header, header: Idempotency-Key}", "{mode: search}", 1)
	order := func(no, ref string) string {
		return strings.Replace(strings.Replace(goodOrder, "1001", no, 1), "{", `{"ref":`+ref+",", 1)
	}
	ours, other, keyless := order("1", `"k1"`), order("2", `"k2"`), order("3", "null")
	for name, c := range map[string]struct {
		answer string
		orders int
		exact  bool
	}{
		"none":             {"[]", 0, true},
		"ours":             {"[" + ours + "]", 1, true},
		"another key's":    {"[" + other + "]", 0, true},
		"ours and others'": {"[" + other + "," + ours + "]", 1, true},
		"without a key":    {"[" + keyless + "]", 0, false},
		"ours and keyless": {"[" + ours + "," + keyless + "]", 1, false},
	} {
		f, a := open(t, keyed, map[string]string{"GET /orders": c.answer, "POST /orders": ours})
		found, err := a.FindOrder(t.Context(), adapters.OrderQuery{Key: "k1"})
		if err != nil || len(found.Orders) != c.orders || found.Exact != c.exact {
			t.Errorf("%s: %d orders, exact %v, %v", name, len(found.Orders), found.Exact, err)
		}
		_, err = a.PlaceOrder(t.Context(), adapters.PlaceRequest{Key: "k1", CartRef: `{"cart":"c1"}`, Total: commerce.Money{Minor: 2000, Currency: "usd"}})
		posted := false
		for _, call := range f.calls() {
			posted = posted || strings.HasPrefix(call, "POST /orders")
		}
		switch {
		case !c.exact && (commerce.KindOf(err) != commerce.Temporary || posted):
			t.Errorf("%s: placed %v in doubt, %v", name, posted, err)
		case c.exact && (err != nil || posted != (c.orders == 0)):
			t.Errorf("%s: placed %v, %v", name, posted, err)
		}
	}
}
