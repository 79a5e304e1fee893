package faults_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// untouched runs f and asserts that neither the shop nor Stripe was asked for anything.
func (w *world) untouched(f func()) {
	w.t.Helper()
	count := func() map[shop.Operation]int {
		n := map[shop.Operation]int{"stripe": len(w.stripe.Requests())}
		for _, op := range shop.Operations() {
			if op != shop.OrderList && op != shop.OrderGet && op != shop.OrderFind { // the gateway's own looks at orders
				n[op] = w.shop.Calls(op).Arrived
			}
		}
		return n
	}
	before := count()
	f()
	for op, n := range count() {
		if n != before[op] {
			w.t.Errorf("%d calls of %s were made", n-before[op], op)
		}
	}
}

// bad is a body that must be refused.
type bad struct {
	name, body  string
	status      int
	code, param string
	header      []string
}

// refuses sends bad bodies to create. What is refused for good is refused again in the same words under the same key.
func refuses(t *testing.T, version string, bodies ...bad) {
	t.Helper()
	w := newWorld(t)
	w.untouched(func() {
		for i, b := range bodies {
			a, key := w.agent(version).as(b.header...), fmt.Sprintf("k%d", i)
			r := a.must(b.status, "POST", "/checkout_sessions", key, b.body)
			if e := failure(r); e.Code != b.code || (b.param != "*" && e.Param != b.param) {
				t.Errorf("%s: refused with %s, want code %q and param %q", b.name, r, b.code, b.param)
			}
			if again := a.must(b.status, "POST", "/checkout_sessions", key, b.body); string(again.body) != string(r.body) {
				t.Errorf("%s: the second refusal is %s, the first %s", b.name, again, r)
			}
		}
	})
	if len(w.shop.Carts()) != 0 {
		t.Error("a cart was made")
	}
}

func line(members string) string {
	return `{"line_items":[{"id":"KET-0900"` + members + `}],"currency":"usd","capabilities":{}}`
}

func TestFault53_BodiesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	refuses(t, newest,
		bad{"over the limit", line(`,"name":"` + strings.Repeat("x", 256<<10) + `"`), 413, "too_large", "", nil},
		bad{"compressed", line(""), 415, "unsupported_media_type", "", []string{"Content-Encoding", "gzip"}},
		bad{"form", "id=1", 415, "unsupported_media_type", "", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		bad{"no type", line(""), 415, "unsupported_media_type", "", []string{"Content-Type", ""}},
		bad{"no body", "", 400, "missing", "$.line_items", nil},
	)
}

func TestFault54_DeepJSON(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return `{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	refuses(t, newest, bad{"10,001 levels", deep(10_001), 400, "invalid", "$", nil}, bad{"9,000 levels", deep(9_000), 400, "invalid", "$", nil})
	refuses(t, oldest, bad{"9,000 levels", deep(9_000), 400, "invalid", "$", nil})
}

func TestFault55_StrictJSON(t *testing.T) {
	t.Parallel()
	refuses(t, newest,
		bad{"duplicate", line(`,"quantity":1,"quantity":2`), 400, "invalid", "$.line_items[0].quantity", nil},
		bad{"case", line(`,"QUANTITY":2`), 400, "invalid", "$.line_items[0].QUANTITY", nil},
		bad{"trailing", line("") + "{}", 400, "invalid", "$", nil},
		bad{"byte order mark", "\xef\xbb\xbf" + line(""), 400, "invalid", "$", nil},
		bad{"bad UTF-8", line(`,"name":"` + "\xff" + `"`), 400, "invalid", "$.line_items[0].name", nil},
	)
}

func TestFault57_Numbers(t *testing.T) {
	t.Parallel()
	var bodies []bad
	for _, n := range []string{"1.5", "1e400", "9223372036854775808", "9007199254740993", `"1"`, "true", "null1"} {
		param := "$.line_items[0].quantity"
		if n == "null1" {
			param = "*"
		}
		bodies = append(bodies, bad{n, line(`,"quantity":` + n), 400, "invalid", param, nil})
	}
	refuses(t, newest, bodies...)

	w := newWorld(t)
	a := w.agent(newest)
	for i, n := range []string{"1.0", "1e0", "0.1e1"} {
		s := view(t, a.must(201, "POST", "/checkout_sessions", fmt.Sprintf("k%d", i), line(`,"quantity":`+n)))
		if s.Quantity() != 1 {
			t.Errorf("%s was read as %d", n, s.Quantity())
		}
	}
}

func TestFault58_Ranges(t *testing.T) {
	t.Parallel()
	lines := func(n int) string {
		return `{"line_items":[` + strings.TrimSuffix(strings.Repeat(`{"id":"KET-0900"},`, n), ",") + `],"currency":"usd","capabilities":{}}`
	}
	refuses(t, newest,
		bad{"zero", line(`,"quantity":0`), 400, "invalid", "$.line_items[0].quantity", nil},
		bad{"negative", line(`,"quantity":-1`), 400, "invalid", "$.line_items[0].quantity", nil},
		bad{"10^9", line(`,"quantity":1000000000`), 400, "invalid", "$.line_items[0].quantity", nil},
		bad{"10,000 lines", lines(10_000), 400, "invalid", "$.line_items", nil},
		bad{"no lines", lines(0), 400, "missing", "$.line_items", nil},
	)
	// Above the shop's own limit the session says so, and nothing can be bought until it is repaired.
	for _, version := range []string{oldest, newest} {
		w := newWorld(t)
		a := w.agent(version)
		s := view(t, a.must(201, "POST", "/checkout_sessions", "c", a.cart(w.sku(0), 6))) // five at most
		code := "quantity_exceeded"
		if version == oldest {
			code = "out_of_stock" // the nearest of the six codes of that date
		}
		if s.Status != "not_ready_for_payment" {
			t.Errorf("%s: the session is %s", version, s.Status)
		}
		if m := s.says(code); m.Type != "error" || !strings.HasPrefix(m.Param, "$.line_items[0]") {
			t.Errorf("%s: want %s, got %+v", version, code, s.Messages)
		}
		w.open(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), "not_ready_for_payment")
		if w.stripe.Arrivals(stripetest.OpCreate) != 0 {
			t.Errorf("%s: a hold was taken", version)
		}
	}
}

// TestFault58_Overflow lets the shop ask for more than 64 bits of minor units can hold. The request is refused for good, and the shop is
// not taken to be ill.
func TestFault58_Overflow(t *testing.T) {
	t.Parallel()
	dear := strings.NewReplacer(`"price":"89.00"`, `"price":"46116860184273879.05"`, `"amount":"356.00"`, `"amount":"184467440737095516.20"`)
	grand := regexp.MustCompile(`"grand":"([0-9.]+)"`)
	more := decimal.RequireFromString("184467440737095160.20") // than four kettles cost
	w := newWorld(t, func(w *world) {
		w.options.Upstream.BreakerFailures = 1
		w.shopBefore = func(target string) string {
			return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, _ []byte, on http.Handler) bool {
				said := httptest.NewRecorder()
				on.ServeHTTP(said, r)
				text := said.Body.String()
				if is := dear.Replace(text); is != text && strings.Contains(text, `"356.00"`) {
					text = grand.ReplaceAllStringFunc(is, func(total string) string {
						return `"grand":"` + decimal.RequireFromString(grand.FindStringSubmatch(total)[1]).Add(more).String() + `"`
					})
				}
				maps.Copy(rw.Header(), said.Header())
				rw.Header().Set("Content-Length", strconv.Itoa(len(text)))
				rw.WriteHeader(said.Code)
				_, _ = io.WriteString(rw, text)
				return true
			})
		}
	})
	a := w.agent(newest)
	s := a.ready("c", w.sku(1), 1)
	a.refused(400, "invalid", "$.line_items", "POST", "/checkout_sessions", "over", a.cart(w.sku(0), 4))
	lines := []any{object{"id": w.sku(1), "quantity": 1}, object{"id": w.sku(0), "quantity": 4}}
	a.refused(400, "invalid", "$.line_items", "POST", "/checkout_sessions/"+s.ID, "over", object{"line_items": lines})
	if got := a.get(s.ID); got.total() != s.total() || len(got.Lines) != 1 {
		t.Errorf("the session was changed: %+v", got)
	}
	w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
}

func TestFault59_Currencies(t *testing.T) {
	t.Parallel()
	t.Run("session", func(t *testing.T) {
		t.Parallel()
		refuses(t, newest,
			bad{"other", strings.Replace(line(""), "usd", "eur", 1), 400, "invalid", "$.currency", nil},
			bad{"none such", strings.Replace(line(""), "usd", "dollars", 1), 400, "invalid", "$.currency", nil},
		)
	})
	t.Run("shop", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		w.inject(shop.Fault{Operation: string(shop.CartGet), Kind: shop.WrongCurrency, Times: shop.Forever})
		a.refused(503, "service_unavailable", "", "POST", "/checkout_sessions/"+s.ID, "u", object{"buyer": ada()})
		a.refused(503, "service_unavailable", "", "POST", completeOf(s.ID), "p", a.payment(w.token()))
		if got := a.get(s.ID); got.total() != s.total() || got.Currency != "usd" || w.stripe.Arrivals(stripetest.OpCreate) != 0 {
			t.Errorf("another currency got in: %+v", got)
		}
	})
	t.Run("token", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, version := range []string{oldest, newest} {
			a := w.agent(version)
			s := a.ready("c-"+version, w.sku(0), 1)
			token := w.token(func(g *stripetest.Grant) { g.Currency = "eur" })
			a.refused(400, "invalid", a.credential(), "POST", completeOf(s.ID), "p", a.payment(token))
			w.open(a.must(200, "GET", "/checkout_sessions/"+s.ID, "", nil), "ready_for_payment")
		}
	})
}

func TestFault60_KeysAndVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.untouched(func() {
		a := w.agent(newest)
		body := a.cart(w.sku(0), 1)
		a.refused(400, "idempotency_key_required", "", "POST", "/checkout_sessions", "", body)
		a.refused(400, "invalid", "", "POST", "/checkout_sessions", strings.Repeat("k", 256), body)
		for _, x := range []struct{ version, code string }{{"", "missing_api_version"}, {"2026-04-18", "unsupported_api_version"}, {"1", "unsupported_api_version"}} {
			r := a.as("API-Version", x.version).refused(400, x.code, "", "POST", "/checkout_sessions", "k", body)
			versions, _ := r.json(t)["supported_versions"].([]any)
			if !slices.Equal(versions, []any{oldest, "2025-12-12", "2026-01-16", "2026-01-30", newest}) {
				t.Errorf("supported_versions is %v", versions)
			}
		}
	})
	// A key that was refused for its version is free, 255 characters are a key, and the older date works without one.
	w.agent(newest).ready("k", w.sku(0), 1)
	w.agent(newest).ready(strings.Repeat("k", 255), w.sku(0), 1)
	w.agent(oldest).ready("", w.sku(0), 1)
}

func TestFault61_Strangers(t *testing.T) {
	t.Parallel()
	watch := &shifted{}
	expiring, err := agentkey.New("test")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(w *world) {
		w.options.Clock = watch
		w.settings.aliceKeys = fmt.Sprintf(", {sha256: %q, expires: %s}", agentkey.Hash(expiring), time.Now().UTC().Add(time.Hour).Format(time.RFC3339))
	})
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	paths := []struct{ method, path string }{
		{"POST", "/checkout_sessions"},
		{"GET", "/checkout_sessions/" + s.ID},
		{"POST", "/checkout_sessions/" + s.ID},
		{"POST", completeOf(s.ID)},
		{"POST", "/checkout_sessions/" + s.ID + "/cancel"},
	}
	unauthorized := func(authorization string) {
		t.Helper()
		w.untouched(func() {
			for _, p := range paths {
				r := a.as("Authorization", authorization).refused(401, "unauthorized", "", p.method, p.path, "x", object{})
				if r.header.Get("Www-Authenticate") != "Bearer" {
					t.Errorf("a 401 without WWW-Authenticate: %v", r.header)
				}
			}
		})
	}
	for _, authorization := range []string{"", "Bearer", "Bearer wrong", "Basic " + w.tokens["alice"], w.tokens["alice"], "Bearer " + w.tokens["alice"] + "x"} {
		unauthorized(authorization)
	}
	// A second key of the same agent opens what the first one made, until it expires.
	a.as("Authorization", "Bearer "+expiring).must(200, "GET", "/checkout_sessions/"+s.ID, "", nil)
	watch.jump(2 * time.Hour)
	unauthorized("Bearer " + expiring)

	// Somebody else's session looks like one that does not exist.
	mallory := w.agent(newest)
	mallory.name = "mallory"
	for _, p := range paths[1:] {
		foreign := mallory.refused(404, "not_found", "", p.method, p.path, "x", mallory.bodyFor(p.path))
		absent := mallory.refused(404, "not_found", "", p.method, strings.Replace(p.path, s.ID, "cs_01AAAAAAAAAAAAAAAAAAAAAAAA", 1), "x", mallory.bodyFor(p.path))
		said := strings.ReplaceAll(string(foreign.body), s.ID, "cs_01AAAAAAAAAAAAAAAAAAAAAAAA")
		if said != string(absent.body) {
			t.Errorf("%s: a foreign session is told from an absent one: %s and %s", p.path, foreign, absent)
		}
	}
	if w.stripe.Arrivals(stripetest.OpCreate) != 0 {
		t.Error("something was charged")
	}

	// A revoked key is one that is no longer in the file.
	old := w.tokens["alice"]
	if w.tokens["alice"], err = agentkey.New("test"); err != nil {
		t.Fatal(err)
	}
	w.restart()
	unauthorized("Bearer " + old)
	w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
}

// bodyFor is a good body for a path of an agent that should be refused all the same.
func (a *agent) bodyFor(path string) any {
	if strings.HasSuffix(path, "/complete") {
		return a.payment(a.w.token())
	}
	return object{}
}
