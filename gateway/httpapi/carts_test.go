package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/upstream"
)

const cartLines = `{"line_items":[{"id":"item_1","quantity":2}]}`

// withCarts gives a world the true cart service, with the shops main, which keeps carts, and other, which does not. Items whose names
// begin with gone are sold out, and with no unknown.
func withCarts(w *world) {
	adapter := adapters.Adapter{
		Facts: adapters.Facts{Currency: "usd"},
		Quote: func(_ context.Context, r adapters.QuoteRequest) (commerce.Quote, error) {
			for _, l := range r.Cart.Lines {
				switch {
				case strings.HasPrefix(l.ItemID, "gone"):
					return commerce.Quote{}, &commerce.Fault{Kind: commerce.OutOfStock, LineID: l.ID, Message: "sold out"}
				case strings.HasPrefix(l.ItemID, "no"):
					return commerce.Quote{}, &commerce.Fault{Kind: commerce.ItemUnavailable, LineID: l.ID, Message: "unknown"}
				case strings.HasPrefix(l.ItemID, "away"):
					return commerce.Quote{}, commerce.Faultf(commerce.Temporary, "away")
				}
			}
			return price(r.Cart), nil
		},
	}
	n := 0
	service := carts.New(carts.Config{
		Store: w.store, Clock: w.clock, NewID: func(prefix string) string { n++; return fmt.Sprint(prefix, n) },
		Shops: map[string]carts.Shop{
			"main": {Upstream: upstream.New("main", adapter, upstream.Options{Clock: w.clock}), TTL: time.Hour}, "other": {Off: true},
		},
	})
	w.config.Carts, w.options.Carts = service, true
}

// cart makes a cart and returns its path.
func (w *world) cart() string {
	w.tb.Helper()
	a := w.do(request{path: "/carts", body: cartLines})
	want(w.tb, a, http.StatusCreated, "")
	return "/carts/" + a.text("id")
}

func TestCartFromEndToEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCarts)
	made := w.do(request{path: "/carts", body: `{"line_items":[{"id":"item_1","quantity":2},{"id":"gone_1"}],"buyer":{"email":"ada@example.com"}}`})
	want(t, made, http.StatusCreated, "")
	path := "/carts/" + made.text("id")
	if made.text("currency") != "usd" || made.text("expires_at") != "2026-11-22T13:00:00Z" || made.doc["status"] != nil || made.doc["capabilities"] != nil {
		t.Errorf("cart = %s", made.body)
	}
	if !strings.Contains(string(made.body), `"out_of_stock"`) || !strings.Contains(string(made.body), `$.line_items[1]`) {
		t.Errorf("the line that cannot be had is not told: %s", made.body)
	}
	got := w.do(request{method: http.MethodGet, path: path})
	want(t, got, http.StatusOK, "")
	if string(got.body) != string(made.body) {
		t.Errorf("get says %s, create said %s", got.body, made.body)
	}
	for i, method := range []string{http.MethodPut, http.MethodPost} {
		w.clock.Advance(10 * time.Minute)
		put := w.do(request{method: method, path: path, body: fmt.Sprintf(`{"line_items":[{"id":"item_3","quantity":%d}]}`, i+1)})
		want(t, put, http.StatusOK, "")
		lines, _ := put.doc["line_items"].([]any)
		if len(lines) != 1 || put.text("expires_at") != fmt.Sprintf("2026-11-22T13:%d0:00Z", i+1) || put.doc["buyer"] != nil {
			t.Errorf("%s: %s", method, put.body)
		}
		got = w.do(request{method: http.MethodGet, path: path})
		if string(got.body) != string(put.body) {
			t.Errorf("get says %s, %s said %s", got.body, method, put.body)
		}
	}
	last := w.do(request{path: path + "/cancel"})
	want(t, last, http.StatusOK, "")
	if string(last.body) != string(got.body) {
		t.Errorf("cancel says %s, the last state was %s", last.body, got.body)
	}
	for _, r := range []request{
		{method: http.MethodGet, path: path}, {method: http.MethodPut, path: path, body: cartLines}, {path: path, body: cartLines}, {path: path + "/cancel"},
	} {
		want(t, w.do(r), http.StatusNotFound, "not_found")
	}
}

func TestCartRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCarts, func(w *world) { w.config.MaxLines = 3; w.options.MaxBody = 1000 })
	path := w.cart()
	many := `{"line_items":[` + strings.Repeat(`{"id":"a"},`, 3) + `{"id":"a"}]}`
	h := func(name, value string) map[string]string { return map[string]string{name: value} }
	for _, c := range []struct {
		name   string
		r      request
		status int
		code   string
		param  string
	}{
		{"no key", request{path: "/carts", body: cartLines, header: h("Idempotency-Key", "")}, 400, "idempotency_key_required", ""},
		{"no key for a replace by POST", request{path: path, body: cartLines, header: h("Idempotency-Key", "")}, 400, "idempotency_key_required", ""},
		{"no key for a cancel", request{path: path + "/cancel", header: h("Idempotency-Key", "")}, 400, "idempotency_key_required", ""},
		{"empty key for a PUT", request{method: "PUT", path: path, body: cartLines, header: h("Idempotency-Key", "<empty>")}, 400, "invalid", ""},
		{"no token", request{path: "/carts", body: cartLines, header: h("Authorization", "")}, 401, "unauthorized", ""},
		{"no token for a get", request{method: "GET", path: path, header: h("Authorization", "")}, 401, "unauthorized", ""},
		{"no version", request{path: "/carts", body: cartLines, header: h("API-Version", "")}, 400, "missing_api_version", ""},
		{"older version", request{path: "/carts", body: cartLines, header: h("API-Version", oldest)}, 400, "unsupported_api_version", ""},
		{"older version of a get", request{method: "GET", path: path, header: h("API-Version", oldest)}, 400, "unsupported_api_version", ""},
		{"no JSON", request{path: "/carts", body: "{"}, 400, "invalid", "$"},
		{"no lines", request{path: "/carts", body: "{}"}, 400, "missing_line_items", "$.line_items"},
		{"empty lines", request{path: "/carts", body: `{"line_items":[]}`}, 400, "missing_line_items", "$.line_items"},
		{"empty lines of a PUT", request{method: "PUT", path: path, body: `{"line_items":[]}`}, 400, "missing_line_items", "$.line_items"},
		{"too many lines", request{path: "/carts", body: many}, 400, "invalid", "$.line_items"},
		{"too many lines of a PUT", request{method: "PUT", path: path, body: many}, 400, "invalid", "$.line_items"},
		{"quantity", request{path: "/carts", body: `{"line_items":[{"id":"a","quantity":0}]}`}, 400, "invalid", "$.line_items[0].quantity"},
		{"unknown item", request{path: "/carts", body: `{"line_items":[{"id":"no_1"}]}`}, 400, "invalid_item_id", "$.line_items[0].item.id"},
		{"all sold out", request{path: "/carts", body: `{"line_items":[{"id":"gone_1"}]}`}, 422, "out_of_stock", "$.line_items"},
		{"all sold out in a PUT", request{method: "PUT", path: path, body: `{"line_items":[{"id":"gone_1"}]}`}, 422, "out_of_stock", "$.line_items"},
		{"shop away", request{path: "/carts", body: `{"line_items":[{"id":"away"}]}`}, 503, "service_unavailable", ""},
		{"large body", request{path: "/carts", body: `{"line_items":[{"id":"` + strings.Repeat("a", 1000) + `"}]}`}, 413, "too_large", ""},
		{"media type", request{path: "/carts", body: cartLines, header: h("Content-Type", "text/plain")}, 415, "unsupported_media_type", ""},
		{"unknown cart", request{method: "GET", path: "/carts/cart_99"}, 404, "not_found", ""},
		{"an id that is none", request{method: "GET", path: "/carts/cart.99"}, 404, "not_found", ""},
		{"foreign cart", request{method: "GET", path: path, header: h("Authorization", "Bearer "+tokenB)}, 404, "not_found", ""},
		{"foreign cart of a PUT", request{method: "PUT", path: path, body: cartLines, header: h("Authorization", "Bearer "+tokenB)}, 404, "not_found", ""},
		{"a shop without carts", request{path: "/carts", body: cartLines, host: "other.example", header: h("Authorization", "Bearer "+tokenC)}, 404, "not_found", ""},
		{"deeper path", request{method: "GET", path: path + "/lines"}, 404, "not_found", ""},
	} {
		a := w.do(c.r)
		want(t, a, c.status, c.code)
		if a.text("param") != c.param {
			t.Errorf("%s: param = %q, want %q: %s", c.name, a.text("param"), c.param, a.body)
		}
		if strings.HasSuffix(c.code, "_api_version") {
			if diff := cmp.Diff([]any{newest}, a.doc["supported_versions"]); diff != "" {
				t.Errorf("%s: the dates that have carts (-want +got):\n%s", c.name, diff)
			}
		}
	}
	// Nothing of it changed the cart, and nothing was made.
	got := w.do(request{method: http.MethodGet, path: path})
	if !strings.Contains(string(got.body), "item_1") {
		t.Errorf("the cart changed: %s", got.body)
	}
	if id := w.cart(); !strings.HasPrefix(id, "/carts/") {
		t.Error(id)
	}
	w.clock.Advance(time.Hour)
	want(t, w.do(request{method: http.MethodGet, path: path}), http.StatusNotFound, "not_found")
}

func TestCartKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCarts)
	send := func(method, path, body, key string) answer {
		return w.do(request{method: method, path: path, body: body, header: map[string]string{"Idempotency-Key": key}})
	}
	first := send("POST", "/carts", cartLines, "k")
	again := send("POST", "/carts", `{ "line_items": [{"quantity":2.0, "id":"item_1"}] }`, "k")
	if string(first.body) != string(again.body) || again.status != http.StatusCreated || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the replay is %d %s, the first was %s", again.status, again.body, first.body)
	}
	want(t, send("POST", "/carts", `{"line_items":[{"id":"b"}]}`, "k"), http.StatusUnprocessableEntity, "idempotency_conflict")
	path := "/carts/" + first.text("id")
	// A PUT needs no key, and one that is there counts. POST is another spelling of the same endpoint.
	want(t, send("PUT", path, `{"line_items":[{"id":"c"}]}`, ""), http.StatusOK, "")
	want(t, send("PUT", path, `{"line_items":[{"id":"d"}]}`, "k"), http.StatusOK, "")
	if a := send("POST", path, `{"line_items":[{"id":"d"}]}`, "k"); a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("not replayed: %d %s", a.status, a.body)
	}
	want(t, send("PUT", path, `{"line_items":[{"id":"e"}]}`, "k"), http.StatusUnprocessableEntity, "idempotency_conflict")
	// Stock comes back: neither a refusal for it nor a cart that is not there is kept.
	want(t, send("PUT", path, `{"line_items":[{"id":"gone_1"}]}`, "g"), http.StatusUnprocessableEntity, "out_of_stock")
	want(t, send("PUT", path, `{"line_items":[{"id":"f"}]}`, "g"), http.StatusOK, "")
	last := send("POST", path+"/cancel", "", "x")
	want(t, last, http.StatusOK, "")
	if a := send("POST", path+"/cancel", "", "x"); string(a.body) != string(last.body) || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the cancel is not replayed: %d %s", a.status, a.body)
	}
}

func TestCartMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCarts)
	for path, allow := range map[string]string{"/carts": "POST", "/carts/cart_1": "GET, POST, PUT", "/carts/cart_1/cancel": "POST"} {
		for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "GET", "POST"} {
			if strings.Contains(", "+allow+",", ", "+method+",") {
				continue
			}
			a := w.do(request{method: method, path: path})
			want(t, a, http.StatusMethodNotAllowed, "method_not_allowed")
			if got := a.header.Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow = %q, want %q", method, path, got, allow)
			}
		}
	}
	// Where no shop keeps carts there are no such paths.
	w = newWorld(t)
	for _, path := range []string{"/carts", "/carts/cart_1", "/carts/cart_1/cancel"} {
		for _, method := range []string{"GET", "PUT", "POST", "DELETE"} {
			want(t, w.do(request{method: method, path: path}), http.StatusNotFound, "not_found")
		}
	}
}

func TestCartCancelTakesAnyBody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCarts)
	for _, c := range []struct{ body, media string }{
		{"", ""}, {"", "text/plain"}, {"{}", ""}, {"{}", "application/json"}, {`{"intent_trace":{"reason_code":"other"}}`, "application/json"},
	} {
		want(t, w.do(request{path: w.cart() + "/cancel", body: c.body, header: map[string]string{"Content-Type": c.media}}), http.StatusOK, "")
	}
	want(t, w.do(request{path: w.cart() + "/cancel", body: "{"}), http.StatusBadRequest, "invalid")
}

func TestCartLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withCarts)
	for body, want := range map[string]string{cartLines: "de-AT", strings.Replace(cartLines, "{", `{"locale":"fr",`, 1): "fr"} {
		a := w.do(request{path: "/carts", body: body, header: map[string]string{"Accept-Language": "de-AT, en;q=0.5"}})
		saved, err := w.store.Cart(t.Context(), a.text("id"))
		var kept struct{ Cart commerce.SavedCart }
		if err == nil {
			err = json.Unmarshal(saved.Body, &kept)
		}
		if err != nil || kept.Cart.Cart.Locale != want {
			t.Errorf("locale = %q, want %q (%v)", kept.Cart.Cart.Locale, want, err)
		}
	}
}
