package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

// A card number where people write text is refused before anything is stored, and neither told back nor logged; where numbers are ids
// and telephones it is none.
func TestFault65_CardNumbers(t *testing.T) {
	t.Parallel()
	const card = "4000 0566 5566 5556"
	create := func(member string) string {
		return `{"line_items":[{"id":"a"}],"currency":"usd","capabilities":{},` + member + `}`
	}
	w := newWorld(t)
	for _, r := range []struct{ path, body, param string }{
		{"/checkout_sessions", create(`"order_notes":"charge ` + card + ` please"`), "$.order_notes"},
		{"/checkout_sessions", create(`"metadata":{"a":{"b":["` + card + `"]}}`), "$.metadata.a.b[0]"},
		{"/checkout_sessions", create(`"affiliate_attribution":{"provider":"p","token":"t","metadata":{"x":"` + card + `"}}`), "$.affiliate_attribution.metadata.x"},
		{"/checkout_sessions/cs_1", `{"order_notes":"4000056655665556"}`, "$.order_notes"},
	} {
		a := w.do(request{path: r.path, body: r.body})
		want(t, a, http.StatusBadRequest, "pii_not_allowed")
		if a.text("param") != r.param || strings.Contains(string(a.body), "5566") {
			t.Errorf("%s: %s", r.body, a.body)
		}
	}
	if n := w.shelf.calls.Load(); n != 0 {
		t.Errorf("the service was called %d times", n)
	}
	a := w.do(request{path: "/checkout_sessions", body: create(`"metadata":{"order_id":"4000056655665556"},"quote_id":"4000056655665556",` +
		`"fulfillment_details":{"phone_number":"4000056655665556"}`)})
	want(t, a, http.StatusCreated, "")
	if strings.Contains(w.log.String(), "5566") {
		t.Errorf("the log holds a card number: %s", w.log)
	}
}
