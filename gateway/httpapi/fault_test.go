package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/httpapi"
)

// The tests of this file carry the numbers of the fault matrix.

func TestFault35_SameKeyTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	running, open := make(chan struct{}), make(chan struct{})
	w.shelf.before = func(context.Context, string) error {
		close(running) // a second run would panic here
		<-open
		return nil
	}
	send := func() answer {
		return w.do(request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Idempotency-Key": "same"}})
	}
	var first answer
	var wg sync.WaitGroup
	wg.Go(func() { first = send() })
	<-running
	var others sync.WaitGroup
	for range 49 {
		others.Go(func() { want(t, send(), http.StatusConflict, "idempotency_in_flight") })
	}
	// Another body under a key whose first request still runs: nothing final can be said yet.
	a := w.do(request{path: "/checkout_sessions", body: strings.Replace(lineItems, "item_1", "item_2", 1), header: map[string]string{"Idempotency-Key": "same"}})
	want(t, a, http.StatusConflict, "idempotency_in_flight")
	others.Wait()
	close(open)
	wg.Wait()
	want(t, first, http.StatusCreated, "")
	if got := first.header.Get("Idempotent-Replayed"); got != "" {
		t.Errorf("the first answer says that it is replayed: %q", got)
	}
	for range 3 {
		again := send()
		if again.status != first.status || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("the replay differs: %d %v %s", again.status, again.header, again.body)
		}
	}
	if n := w.shelf.opened(); n != 1 {
		t.Errorf("%d sessions were opened, want 1", n)
	}
}

func TestFault36_EqualBodiesInOtherWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := map[string]string{"Idempotency-Key": "k"}
	first := w.do(request{path: "/checkout_sessions", body: `{"line_items":[{"id":"item_1","quantity":1}],"currency":"usd","capabilities":{}}`, header: key})
	want(t, first, http.StatusCreated, "")
	for _, body := range []string{
		`{"line_items":[{"id":"item_1","quantity":1}],"currency":"usd","capabilities":{}}`,
		`{"capabilities":{},"currency":"usd","line_items":[{"quantity":1.0,"id":"item_1"}]}`,
		"\n{ \"currency\" : \"\\u0075sd\",\"capabilities\":{ },\"line_items\":[{\"id\":\"item_1\",\"quantity\":1e0}]}",
	} {
		a := w.do(request{path: "/checkout_sessions", body: body, header: key})
		if a.status != http.StatusCreated || string(a.body) != string(first.body) || a.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: %d %s, want the first answer", body, a.status, a.body)
		}
	}
	// The fingerprint is of the body alone: another date replays the same bytes.
	h := map[string]string{"Idempotency-Key": "k", "API-Version": oldest}
	a := w.do(request{path: "/checkout_sessions", body: `{"line_items":[{"id":"item_1","quantity":1}],"currency":"usd","capabilities":{}}`, header: h})
	if a.status != http.StatusCreated || string(a.body) != string(first.body) {
		t.Errorf("under another date: %d %s", a.status, a.body)
	}
	if n := w.shelf.opened(); n != 1 {
		t.Errorf("%d sessions were opened, want 1", n)
	}
}

func TestFault37_SameKeyOtherBody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		date, body string
		status     int
		others     []string
	}{
		{newest, lineItems, http.StatusUnprocessableEntity, []string{
			strings.Replace(lineItems, `"quantity":2`, `"quantity":3`, 1),
			strings.Replace(lineItems, `"currency"`, `"locale":null,"currency"`, 1), // null is not absent
			strings.Replace(lineItems, `"currency"`, `"x_extension":1,"currency"`, 1),
			strings.Replace(lineItems, `[{`, `[{"id":"item_2"},{`, 1),
			`[]`, // not even a request, but another body
		}},
		{oldest, oldItems, http.StatusConflict, []string{strings.Replace(oldItems, `"quantity":2`, `"quantity":3`, 1)}},
	} {
		w := newWorld(t)
		h := map[string]string{"Idempotency-Key": "k", "API-Version": c.date}
		want(t, w.do(request{path: "/checkout_sessions", body: c.body, header: h}), http.StatusCreated, "")
		for _, other := range c.others {
			want(t, w.do(request{path: "/checkout_sessions", body: other, header: h}), c.status, "idempotency_conflict")
		}
		if n := w.shelf.calls.Load(); n != 1 {
			t.Errorf("%s: the service was called %d times, want once", c.date, n)
		}
		// The same key of another agent, on another path, is another key.
		other := map[string]string{"Idempotency-Key": "k", "API-Version": c.date, "Authorization": "Bearer " + tokenB}
		want(t, w.do(request{path: "/checkout_sessions", body: c.others[0], header: other}), http.StatusCreated, "")
		want(t, w.do(request{path: "/checkout_sessions/cs_1", body: c.others[0], header: h}), http.StatusOK, "")
		// A second token of the same agent is the same agent.
		second := map[string]string{"Idempotency-Key": "k", "API-Version": c.date, "Authorization": "Bearer " + tokenA2}
		if a := w.do(request{path: "/checkout_sessions", body: c.body, header: second}); a.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: another token of the agent is not replayed: %d %s", c.date, a.status, a.body)
		}
	}
}

func TestFault53_BodiesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := `{"line_items":[{"id":"` + strings.Repeat("x", httpapi.DefaultMaxBody) + `"}]}`
	for _, c := range []struct {
		name   string
		body   string
		header map[string]string
		status int
		code   string
	}{
		{"over 256 KiB", long, nil, 413, "too_large"},
		{"form", "line_items=1", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
		{"no type", lineItems, map[string]string{"Content-Type": ""}, 415, "unsupported_media_type"},
		{"text", lineItems, map[string]string{"Content-Type": "text/json"}, 415, "unsupported_media_type"},
		{"other charset", lineItems, map[string]string{"Content-Type": "application/json; charset=utf-16"}, 415, "unsupported_media_type"},
		{"broken type", lineItems, map[string]string{"Content-Type": "application/json; charset"}, 415, "unsupported_media_type"},
		{"gzip", lineItems, map[string]string{"Content-Encoding": "gzip"}, 415, "unsupported_media_type"},
		{"two encodings", lineItems, map[string]string{"Content-Encoding": "identity, br"}, 415, "unsupported_media_type"},
		{"utf-8", lineItems, map[string]string{"Content-Type": `Application/JSON; charset="UTF-8"`}, 201, ""},
		{"identity", lineItems, map[string]string{"Content-Encoding": "identity"}, 201, ""},
	} {
		want(t, w.do(request{path: "/checkout_sessions", body: c.body, header: c.header}), c.status, c.code)
	}
	// Without an announced length the limit is met while reading.
	q := w.build(request{path: "/checkout_sessions", body: long})
	q.ContentLength = -1
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, q)
	if rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a long body in chunks: %d %s", rec.Code, rec.Body)
	}
	// And so does the type.
	q = w.build(request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Content-Type": "text/plain"}})
	q.ContentLength = -1
	rec = httptest.NewRecorder()
	w.handler.ServeHTTP(rec, q)
	if rec.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a body of another type in chunks: %d %s", rec.Code, rec.Body)
	}
}

// broken are bodies that strict reading refuses, with the place that the refusal names.
var broken = []struct{ name, body, param string }{
	{"duplicate member", `{"line_items":[{"id":"a","quantity":1,"quantity":2}]}`, "$.line_items[0].quantity"},
	{"QUANTITY", `{"line_items":[{"id":"a","QUANTITY":2}]}`, "$.line_items[0].QUANTITY"},
	{"trailing data", lineItems + `{}`, "$"},
	{"byte order mark", "\xef\xbb\xbf" + lineItems, "$"},
	{"not JSON", `{"line_items":`, "*"},
	{"an array", `[1]`, "$"},
	{"invalid UTF-8", "{\"locale\":\"\xff\"}", "$.locale"},
	{"lone surrogate", `{"locale":"\ud800"}`, "$.locale"},
	{"NUL", `{"locale":"\u0000"}`, "$.locale"},
	{"no items", `{"line_items":[]}`, "$.line_items"},
	{"empty object", `{}`, "$.line_items"},
	{"2^53+1", `{"line_items":[{"id":"a","quantity":9007199254740993}]}`, "$.line_items[0].quantity"},
	{"2^63", `{"line_items":[{"id":"a","quantity":9223372036854775808}]}`, "$.line_items[0].quantity"},
	{"1e400", `{"line_items":[{"id":"a","quantity":1e400}]}`, "$.line_items[0].quantity"},
	{"a number as text", `{"line_items":[{"id":"a","quantity":"1"}]}`, "$.line_items[0].quantity"},
	{"1.5", `{"line_items":[{"id":"a","quantity":1.5}]}`, "$.line_items[0].quantity"},
	{"zero", `{"line_items":[{"id":"a","quantity":0}]}`, "$.line_items[0].quantity"},
	{"negative", `{"line_items":[{"id":"a","quantity":-1}]}`, "$.line_items[0].quantity"},
	{"10^9", `{"line_items":[{"id":"a","quantity":1000000000}]}`, "$.line_items[0].quantity"},
	{"10000 lines", `{"line_items":[` + strings.TrimSuffix(strings.Repeat(`{"id":"a"},`, 10000), ",") + `]}`, "$.line_items"},
	{"10001 levels", strings.Repeat("[", 10001) + strings.Repeat("]", 10001), "$"},
	{"9000 levels", `{"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, "$"},
}

func refusesBroken(t *testing.T, names ...string) {
	t.Helper()
	w := newWorld(t)
	for _, name := range names {
		found := false
		for _, b := range broken {
			if b.name != name {
				continue
			}
			found = true
			a := w.do(request{path: "/checkout_sessions", body: b.body})
			if code := a.text("code"); a.status != http.StatusBadRequest || (code != "invalid" && code != "missing") {
				t.Errorf("%s: %d %s", b.name, a.status, a.body)
			}
			if got := a.text("param"); got != b.param && (b.param != "*" || !strings.HasPrefix(got, "$")) {
				t.Errorf("%s: param %q, want %q: %s", b.name, got, b.param, a.body)
			}
		}
		if !found {
			t.Fatalf("no body %q", name)
		}
	}
	if n := w.shelf.calls.Load(); n != 0 {
		t.Errorf("the service was called %d times", n)
	}
}

func TestFault54_DeepJSON(t *testing.T) {
	t.Parallel()
	refusesBroken(t, "10001 levels", "9000 levels")
}

func TestFault55_StrictJSON(t *testing.T) {
	t.Parallel()
	refusesBroken(t, "duplicate member", "QUANTITY", "trailing data", "byte order mark", "not JSON", "an array", "no items", "empty object")
}

func TestFault56_Encodings(t *testing.T) {
	t.Parallel()
	refusesBroken(t, "invalid UTF-8", "lone surrogate", "NUL")
}

func TestFault57_Numbers(t *testing.T) {
	t.Parallel()
	refusesBroken(t, "2^53+1", "2^63", "1e400", "a number as text", "1.5")
	w := newWorld(t)
	for number, cents := range map[string]int{"1.0": 1000, "1e2": 100_000} {
		a := w.do(request{path: "/checkout_sessions", body: `{"line_items":[{"id":"a","quantity":` + number + `}]}`})
		want(t, a, http.StatusCreated, "")
		var body struct{ Totals []struct{ Amount int } }
		if err := json.Unmarshal(a.body, &body); err != nil || len(body.Totals) == 0 || body.Totals[len(body.Totals)-1].Amount != cents {
			t.Errorf("quantity %s: %v %s", number, err, a.body)
		}
	}
}

func TestFault58_Ranges(t *testing.T) {
	t.Parallel()
	refusesBroken(t, "zero", "negative", "10^9", "10000 lines")
	w := newWorld(t, func(w *world) { w.config.MaxLines = 1 })
	a := w.do(request{path: "/checkout_sessions", body: `{"line_items":[{"id":"a"},{"id":"b"}]}`})
	want(t, a, http.StatusBadRequest, "invalid")
	a = w.do(request{path: "/checkout_sessions", body: `{"items":[{"id":"a"},{"id":"b"}]}`, header: map[string]string{"API-Version": oldest}})
	want(t, a, http.StatusBadRequest, "invalid")
	if a.text("param") != "$.items" {
		t.Errorf("param = %q, want it in terms of the date", a.text("param"))
	}
}

func TestFault60_KeysAndVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create()
	before := w.shelf.calls.Load()
	paths := map[string]string{
		"/checkout_sessions": lineItems, "/checkout_sessions/" + id: `{}`, "/checkout_sessions/" + id + "/complete": payData,
		"/checkout_sessions/" + id + "/cancel": "",
	}
	for path, body := range paths {
		for _, c := range []struct{ key, code string }{
			{"", "idempotency_key_required"}, {"<empty>", "invalid"}, {strings.Repeat("k", 256), "invalid"}, {"a\x01b", "invalid"}, {"a\xffb", "invalid"},
		} {
			want(t, w.do(request{path: path, body: body, header: map[string]string{"Idempotency-Key": c.key}}), http.StatusBadRequest, c.code)
		}
		for version, code := range map[string]string{
			"": "missing_api_version", "<empty>": "missing_api_version", "2025-12-13": "unsupported_api_version", "2026-04-16": "unsupported_api_version",
			"latest": "unsupported_api_version", newest + ", " + oldest: "unsupported_api_version",
		} {
			a := w.do(request{path: path, body: body, header: map[string]string{"API-Version": version}})
			want(t, a, http.StatusBadRequest, code)
			if got := fmt.Sprint(a.doc["supported_versions"]); got != "["+oldest+" 2025-12-12 2026-01-16 2026-01-30 "+newest+"]" {
				t.Errorf("supported_versions = %s, want the dates, oldest first", got)
			}
		}
	}
	if n := w.shelf.calls.Load() - before; n != 0 {
		t.Errorf("the service was called %d times", n)
	}
	// 255 characters are a key, and characters are not bytes.
	for _, key := range []string{strings.Repeat("k", 255), strings.Repeat("ü", 255)} {
		want(t, w.do(request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Idempotency-Key": key}}), http.StatusCreated, "")
	}
	// The oldest date runs without a key, unprotected; a get needs none and ignores one.
	for range 2 {
		want(t, w.do(request{path: "/checkout_sessions", body: oldItems, header: map[string]string{"API-Version": oldest, "Idempotency-Key": ""}}), http.StatusCreated, "")
	}
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id}), http.StatusOK, "")
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id, header: map[string]string{"Idempotency-Key": strings.Repeat("k", 300)}}), http.StatusOK, "")
}

func TestFault61_Strangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create()
	before := w.shelf.calls.Load()
	operations := []request{
		{path: "/checkout_sessions", body: lineItems},
		{method: http.MethodGet, path: "/checkout_sessions/" + id},
		{path: "/checkout_sessions/" + id, body: `{}`},
		{path: "/checkout_sessions/" + id + "/complete", body: payData},
		{path: "/checkout_sessions/" + id + "/cancel"},
	}
	for _, r := range operations {
		for _, auth := range []string{
			"", "<empty>", "Bearer", "Bearer ", "Bearer wrong", "Basic " + tokenA, tokenA, "Bearer " + tokenExpired, "Bearer " + tokenA + "x",
			"Bearer " + tokenA + ", Bearer " + tokenA, "Bearer " + tokenA + " " + tokenB,
		} {
			r.header = map[string]string{"Authorization": auth}
			a := w.do(r)
			want(t, a, http.StatusUnauthorized, "unauthorized")
			if a.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("no challenge: %v", a.header)
			}
		}
	}
	if n := w.shelf.calls.Load() - before; n != 0 {
		t.Errorf("the service was called %d times", n)
	}
	// The scheme's case does not matter (RFC 9110 11.1), the token's does.
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id, header: map[string]string{"Authorization": "bearer " + tokenA}}), http.StatusOK, "")
	// A key that has expired meanwhile.
	h := map[string]string{"Authorization": "Bearer " + tokenA2}
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id, header: h}), http.StatusOK, "")
	w.clock.Advance(time.Hour)
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id, header: h}), http.StatusUnauthorized, "unauthorized")

	// Somebody else's session looks like one that does not exist.
	for _, r := range operations[1:] {
		r.header = map[string]string{"Authorization": "Bearer " + tokenB, "Request-Id": "same", "Idempotency-Key": "same"}
		foreign := w.do(r)
		r.path = strings.Replace(r.path, id, "cs_999", 1)
		absent := w.do(r)
		want(t, foreign, http.StatusNotFound, "not_found")
		if strings.ReplaceAll(string(foreign.body), id, "cs_999") != string(absent.body) {
			t.Errorf("a foreign session tells itself: %s, absent: %s", foreign.body, absent.body)
		}
	}
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id}), http.StatusOK, "")
}

func TestFault63_PathsAndForwardedHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create()
	for _, path := range []string{
		"/", "/checkout_sessions/", "/Checkout_Sessions/" + id, "/CHECKOUT_SESSIONS/" + id, "//checkout_sessions/" + id, "/checkout_sessions//" + id,
		"/checkout_sessions/./" + id, "/x/../checkout_sessions/" + id, "/checkout_sessions%2f" + id, "/checkout_sessions/" + id + "%2Fcomplete",
		"/checkout_sessions/" + id + "/", "/checkout_sessions/" + id + "/complete/", "/checkout_sessions/" + id + "/orders", "/checkout_sessions/%63s_1%2e", "/checkout_sessions/%63s_1", "/%63heckout_sessions/" + id,
		"/healthz/", "/debug/pprof/", "/checkout_sessions/" + id + "%00", "/checkout_sessions/" + strings.Repeat("x", 65), "/checkout_sessions/..%5c" + id,
	} {
		want(t, w.do(request{method: http.MethodGet, path: path}), http.StatusNotFound, "not_found")
	}
	// No header but Authorization says who calls.
	forged := map[string]string{
		"Authorization": "", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Uri": "/healthz", "X-Original-Url": "/healthz",
		"X-Forwarded-User": "a", "User-Agent": "kube-probe/1.30", "X-Forwarded-Authorization": "Bearer " + tokenA, "X-Http-Method-Override": "GET",
	}
	want(t, w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id, header: forged, remote: "127.0.0.1:1"}), http.StatusUnauthorized, "unauthorized")

	// The agent of two shops finds them by host, and a forwarded one counts from a trusted proxy only.
	w = newWorld(t, func(w *world) { w.options.TrustedProxies = trusted("10.0.0.0/8", "fd00::/8") })
	for _, c := range []struct {
		remote, host, forwarded, shop string
	}{
		{"192.0.2.1:999", "main.example", "", "main"},
		{"192.0.2.1:999", "OTHER.example.:8443", "", "other"},
		{"192.0.2.1:999", "main.example", "other.example", "main"},
		{"127.0.0.1:999", "main.example", "other.example", "main"},
		{"10.1.2.3:999", "main.example", "other.example", "other"},
		{"[fd00::1]:999", "main.example", "other.example:443", "other"},
		{"[::ffff:10.1.2.3]:999", "main.example", "other.example", "other"},
		{"10.1.2.3:999", "main.example", "", "main"},
		{"10.1.2.3:999", "main.example", "evil.example", ""},
		{"192.0.2.1:999", "evil.example", "other.example", ""},
	} {
		h := map[string]string{"Authorization": "Bearer " + tokenC, "X-Forwarded-Host": c.forwarded}
		a := w.do(request{path: "/checkout_sessions", body: lineItems, header: h, remote: c.remote, host: c.host})
		if c.shop == "" {
			want(t, a, http.StatusNotFound, "not_found")
			continue
		}
		want(t, a, http.StatusCreated, "")
		if call := w.shelf.call("create"); call.Shop != c.shop || call.Agent != "c" {
			t.Errorf("%+v: agent %s shop %s", c, call.Agent, call.Shop)
		}
	}
}

// TestS17_WhatIsStored sends each request twice under one key and looks at whether the second one ran.
func TestS17_WhatIsStored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		fails  error
		body   string
		status int
		code   string
		stored bool
	}{
		{"a session", nil, lineItems, 201, "", true},
		{"refused while decoding", nil, `{"line_items":[]}`, 400, "missing", true},
		{"refused by the service for good", &commerce.Fault{Kind: commerce.Invalid, Code: "invalid_item_id", Param: "$.line_items[0].item.id", Message: "no such item"}, lineItems, 400, "invalid_item_id", true},
		{"not found", commerce.Faultf(commerce.NotFound, "absent"), lineItems, 404, "not_found", false},
		{"not cancelable", commerce.Faultf(commerce.NotCancelable, "ended"), lineItems, 405, "conflict", false},
		{"a conflict", commerce.Faultf(commerce.Conflict, "busy"), lineItems, 409, "conflict", false},
		{"unavailable", commerce.Faultf(commerce.Unavailable, "later"), lineItems, 503, "service_unavailable", false},
		{"the shop cannot be reached", commerce.Faultf(commerce.Temporary, "internal text"), lineItems, 503, "service_unavailable", false},
		{"a bug", errors.New("internal text"), lineItems, 500, "processing_error", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.shelf.before = func(context.Context, string) error { return c.fails }
			r := request{path: "/checkout_sessions", body: c.body, header: map[string]string{"Idempotency-Key": "k"}}
			first := w.do(r)
			want(t, first, c.status, c.code)
			if strings.Contains(string(first.body), "internal text") {
				t.Errorf("the answer tells what is inside: %s", first.body)
			}
			ran := w.shelf.calls.Load()
			second := w.do(r)
			if c.stored {
				if string(second.body) != string(first.body) || second.status != first.status || second.header.Get("Idempotent-Replayed") != "true" || w.shelf.calls.Load() != ran {
					t.Errorf("the second answer is not the stored one: %d %s", second.status, second.body)
				}
				return
			}
			want(t, second, c.status, c.code)
			if second.header.Get("Idempotent-Replayed") != "" || w.shelf.calls.Load() != ran+1 {
				t.Errorf("the refusal was stored: %v", second.header)
			}
			// The key is free for any body now, fingerprint and all (S8).
			w.shelf.before = nil
			r.body = strings.Replace(lineItems, "item_1", "item_9", 1)
			want(t, w.do(r), http.StatusCreated, "")
		})
	}
}
