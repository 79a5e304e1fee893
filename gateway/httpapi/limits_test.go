package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/limits"
)

// withLimits lets agents a and c send so much; b has the same.
func withLimits(l config.Limits) func(*world) {
	return func(w *world) {
		w.config.Limits = limits.New([]config.Agent{{Name: "a"}, {Name: "b"}, {Name: "c"}}, l, w.clock)
		withCarts(w)
	}
}

var generous = config.Limits{RequestsPerSecond: 1000, Burst: 1000, CompletesPerMinute: 1000, RejectedCodesPerMinute: 1000}

// TestFault64_FloodByOneAgent: whoever floods is told when to come again, in every operation and before anything is read; others notice
// nothing.
func TestFault64_FloodByOneAgent(t *testing.T) {
	t.Parallel()
	l := generous
	l.RequestsPerSecond, l.Burst = 2, 10
	w := newWorld(t, withLimits(l))
	id, cart := w.create(), w.cart() // two of ten
	for range 8 {
		want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id}), http.StatusOK, "")
	}
	for _, r := range []request{
		{path: "/checkout_sessions", body: lineItems},
		{path: "/checkout_sessions", body: "{"},
		{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Authorization": "Bearer " + tokenA2}}, // another token of the same agent
		{method: http.MethodGet, path: "/checkout_sessions/" + id},
		{path: "/checkout_sessions/" + id, body: "{}"},
		{path: "/checkout_sessions/" + id + "/complete", body: payData},
		{path: "/checkout_sessions/" + id + "/cancel"},
		{path: "/carts", body: cartLines},
		{method: http.MethodGet, path: cart},
		{method: http.MethodPut, path: cart, body: cartLines},
		{path: cart + "/cancel"},
	} {
		a := w.do(r)
		want(t, a, http.StatusTooManyRequests, "rate_limited")
		if a.header.Get("Retry-After") != "1" || a.text("type") != "invalid_request" {
			t.Errorf("%s: Retry-After %q: %s", r.path, a.header.Get("Retry-After"), a.body)
		}
	}
	// What is nobody's call costs nobody anything, and a stranger is told no more than before.
	for range 50 {
		want(t, w.do(request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Authorization": "Bearer no"}}), http.StatusUnauthorized, "unauthorized")
		want(t, w.do(request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"API-Version": ""}}), http.StatusBadRequest, "missing_api_version")
		want(t, w.do(request{method: http.MethodGet, path: "/healthz"}), http.StatusOK, "")
	}
	for i := range 10 {
		h := map[string]string{"Authorization": "Bearer " + tokenB, "Idempotency-Key": fmt.Sprint("b", i)}
		want(t, w.do(request{path: "/checkout_sessions", body: lineItems, header: h}), http.StatusCreated, "")
	}
	w.clock.Advance(time.Second)
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id}), http.StatusOK, "")
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id}), http.StatusOK, "")
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id}), http.StatusTooManyRequests, "rate_limited")
}

// TestRateIsNotStored: the same request with the same key goes through when its time has come.
func TestRateIsNotStored(t *testing.T) {
	t.Parallel()
	l := generous
	l.RequestsPerSecond, l.Burst = 1, 1
	w := newWorld(t, withLimits(l))
	r := request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Idempotency-Key": "k"}}
	w.do(request{method: http.MethodGet, path: "/checkout_sessions/cs_9"})
	want(t, w.do(r), http.StatusTooManyRequests, "rate_limited")
	w.clock.Advance(time.Second)
	a := w.do(r)
	want(t, a, http.StatusCreated, "")
	if a.header.Get("Idempotent-Replayed") != "" {
		t.Error("it is called a replay")
	}
	// A replay is a call as any other.
	want(t, w.do(r), http.StatusTooManyRequests, "rate_limited")
}

func TestCompletesAreCounted(t *testing.T) {
	t.Parallel()
	l := generous
	l.CompletesPerMinute = 2
	w := newWorld(t, withLimits(l))
	id := w.create()
	complete := func(key string) answer {
		return w.do(request{path: "/checkout_sessions/" + id + "/complete", body: payData, header: map[string]string{"Idempotency-Key": key}})
	}
	want(t, complete("k1"), http.StatusOK, "")
	want(t, complete("k2"), http.StatusConflict, "conflict")
	a := complete("k3")
	want(t, a, http.StatusTooManyRequests, "rate_limited")
	if a.header.Get("Retry-After") != "30" {
		t.Errorf("Retry-After = %s, want 30", a.header.Get("Retry-After"))
	}
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id}), http.StatusOK, "") // nothing else is held up
	w.clock.Advance(30 * time.Second)
	want(t, complete("k3"), http.StatusConflict, "conflict")
}

// TestCodeGuessing (ACP rfc.discount_extension 11): rejected codes cost, whatever sends them; requests without codes go on.
func TestCodeGuessing(t *testing.T) {
	t.Parallel()
	l := generous
	l.RejectedCodesPerMinute = 4
	w := newWorld(t, withLimits(l))
	with := func(codes ...string) string {
		return strings.Replace(lineItems, `"currency"`, `"discounts":{"codes":["`+strings.Join(codes, `","`)+`"]},"currency"`, 1)
	}
	first := w.do(request{path: "/checkout_sessions", body: with("GOOD", "BAD1")})
	want(t, first, http.StatusCreated, "")
	id := first.text("id")
	for range 20 { // a code that is good costs nothing, nor does a session that still tells of an old one
		want(t, w.do(request{path: "/checkout_sessions", body: with("GOOD")}), http.StatusCreated, "")
		want(t, w.do(request{path: "/checkout_sessions/" + id, body: `{"buyer":{"email":"ada@example.com"}}`}), http.StatusOK, "")
	}
	want(t, w.do(request{path: "/checkout_sessions/" + id, body: `{"discounts":{"codes":["BAD2","BAD3"]}}`}), http.StatusOK, "")
	want(t, w.do(request{path: "/checkout_sessions", body: with("BAD4"), header: map[string]string{"Idempotency-Key": "k"}}), http.StatusCreated, "")
	for _, r := range []request{
		{path: "/checkout_sessions", body: with("GOOD")},
		{path: "/checkout_sessions", body: strings.Replace(lineItems, `"currency"`, `"coupons":["GOOD"],"currency"`, 1)},
		{path: "/checkout_sessions/" + id, body: `{"discounts":{"codes":["BAD5"]}}`, header: map[string]string{"Idempotency-Key": "u"}},
	} {
		a := w.do(r)
		want(t, a, http.StatusTooManyRequests, "rate_limited")
		if a.header.Get("Retry-After") != "15" {
			t.Errorf("Retry-After = %s, want 15", a.header.Get("Retry-After"))
		}
	}
	want(t, w.do(request{path: "/checkout_sessions", body: lineItems}), http.StatusCreated, "")
	want(t, w.do(request{path: "/checkout_sessions/" + id, body: `{"discounts":{"codes":[]}}`}), http.StatusOK, "")
	want(t, w.do(request{path: "/checkout_sessions", body: with("GOOD"), header: map[string]string{"Authorization": "Bearer " + tokenB}}), http.StatusCreated, "")
	// What was stored before is told again, codes or not.
	if a := w.do(request{path: "/checkout_sessions", body: with("BAD4"), header: map[string]string{"Idempotency-Key": "k"}}); a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the stored answer is held up: %d %s", a.status, a.body)
	}
	w.clock.Advance(15 * time.Second)
	want(t, w.do(request{path: "/checkout_sessions/" + id, body: `{"discounts":{"codes":["BAD5"]}}`, header: map[string]string{"Idempotency-Key": "u"}}), http.StatusOK, "")
}
