package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/httpapi"
)

func TestPurchaseInBothDates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ date, create, pay, items string }{
		{newest, lineItems, payData, "line_items"}, {oldest, oldItems, oldPay, "items"},
	} {
		w := newWorld(t)
		h := map[string]string{"API-Version": c.date}
		a := w.do(request{path: "/checkout_sessions", body: c.create, header: h})
		want(t, a, http.StatusCreated, "")
		id := "/checkout_sessions/" + a.text("id")
		got := w.do(request{method: http.MethodGet, path: id, header: h})
		want(t, got, http.StatusOK, "")
		if string(got.body) != string(a.body) {
			t.Errorf("%s: get says %s, create said %s", c.date, got.body, a.body)
		}
		want(t, w.do(request{path: id, body: `{"` + c.items + `":[{"id":"item_2","quantity":1}]}`, header: h}), http.StatusOK, "")
		a = w.do(request{path: id + "/complete", body: c.pay, header: h})
		want(t, a, http.StatusOK, "")
		if order, _ := a.doc["order"].(map[string]any); a.text("status") != "completed" || order["id"] != "1001" {
			t.Errorf("%s: %s", c.date, a.body)
		}
		a = w.do(request{path: id + "/cancel", header: h})
		want(t, a, http.StatusMethodNotAllowed, "conflict")
		if allow, ok := a.header["Allow"]; !ok || allow[0] != "" {
			t.Errorf("%s: Allow = %q, want an empty one", c.date, allow)
		}
		want(t, w.do(request{path: id + "/complete", body: c.pay, header: h}), http.StatusConflict, "conflict")
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, allow := range map[string]string{
		"/checkout_sessions": "POST", "/checkout_sessions/cs_1": "GET, POST", "/checkout_sessions/cs_1/complete": "POST", "/checkout_sessions/cs_1/cancel": "POST",
		"/healthz": "GET, HEAD", "/readyz": "GET, HEAD",
	} {
		for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "get", "BREW", "GET", "POST"} {
			if method == http.MethodHead && strings.HasSuffix(path, "z") || strings.Contains(", "+allow+",", ", "+method+",") {
				continue
			}
			a := w.do(request{method: method, path: path})
			want(t, a, http.StatusMethodNotAllowed, "method_not_allowed")
			if got := a.header.Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow = %q, want %q", method, path, got, allow)
			}
		}
	}
	want(t, w.do(request{method: http.MethodConnect, path: "/checkout_sessions"}), http.StatusNotFound, "not_found")
}

func TestCancelTakesAnyBody(t *testing.T) {
	t.Parallel()
	for _, date := range []string{newest, oldest} {
		for _, c := range []struct{ name, body, media string }{
			{"nothing", "", ""},
			{"nothing with a type", "", "application/json"},
			{"nothing with another type", "", "text/plain"},
			{"empty object", "{}", "application/json"},
			{"empty object without a type", "{}", ""},
			{"white space", " \n", "application/json"},
			{"unknown members", `{"why":"not","x":[1]}`, "application/json"},
			{"intent trace", `{"intent_trace":{"reason_code":"price_sensitivity"}}`, "application/json"},
		} {
			w := newWorld(t)
			a := w.do(request{path: "/checkout_sessions/" + w.create() + "/cancel", body: c.body, header: map[string]string{"Content-Type": c.media, "API-Version": date}})
			want(t, a, http.StatusOK, "")
			if a.text("status") != "canceled" {
				t.Errorf("%s in %s: %s", c.name, date, a.body)
			}
		}
		w := newWorld(t)
		path := "/checkout_sessions/" + w.create() + "/cancel"
		h := map[string]string{"Idempotency-Key": "k", "API-Version": date}
		first := w.do(request{path: path, header: h})
		want(t, first, http.StatusOK, "")
		// The stored answer goes before the state: the same key is told the same, a new one that nothing is left to cancel.
		if again := w.do(request{path: path, header: h}); string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: the replay differs: %s", date, again.body)
		}
		want(t, w.do(request{path: path, header: map[string]string{"API-Version": date}}), http.StatusMethodNotAllowed, "conflict")
		// The empty body and the empty object are two bodies.
		a := w.do(request{path: path, body: "{}", header: h})
		if a.text("code") != "idempotency_conflict" {
			t.Errorf("%s: {} for nothing under one key: %d %s", date, a.status, a.body)
		}
		want(t, w.do(request{path: path, body: "{}", header: map[string]string{"Content-Type": "text/plain", "API-Version": date}}), http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
}

func TestRequestIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for sent, echoed := range map[string]bool{
		"rq_1": true, "a-b.c:d/e+f=": true, strings.Repeat("r", 128): true,
		"": false, "<empty>": false, strings.Repeat("r", 129): false, "a b": false, "a\tb": false, "ü": false, "a\x7f": false,
	} {
		for _, path := range []string{"/checkout_sessions", "/nowhere"} {
			a := w.do(request{path: path, body: lineItems, header: map[string]string{"Request-Id": sent, "Authorization": "Bearer no"}})
			got := a.header.Get("Request-Id")
			if echoed != (got == sent) || (!echoed && !strings.HasPrefix(got, "req_")) {
				t.Errorf("Request-Id %q came back as %q", sent, got)
			}
		}
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, a := range []answer{
		w.do(request{path: "/checkout_sessions", body: lineItems}), w.do(request{path: "/checkout_sessions", body: "{"}), w.do(request{path: "/nowhere"}),
		w.do(request{method: http.MethodGet, path: "/healthz"}),
	} {
		if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Server") != "" {
			t.Errorf("%d: %v", a.status, a.header)
		}
	}
}

func TestAcceptLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, want := range map[string]string{
		lineItems: "de-AT",
		strings.Replace(lineItems, `"currency"`, `"locale":"fr","currency"`, 1): "fr",
	} {
		w.do(request{path: "/checkout_sessions", body: body, header: map[string]string{"Accept-Language": "de-AT, en;q=0.5"}})
		if got := w.shelf.locale.Load(); got != want {
			t.Errorf("locale = %q, want %q", got, want)
		}
	}
}

func TestSlowCompletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.config.Timeouts = acp.Timeouts{Complete: 20 * time.Millisecond} })
	id := w.create()
	w.shelf.before = func(ctx context.Context, _ string) error {
		<-ctx.Done()
		return commerce.Faultf(commerce.Unavailable, "the completion is still running")
	}
	r := request{path: "/checkout_sessions/" + id + "/complete", body: payData, header: map[string]string{"Idempotency-Key": "k"}}
	a := w.do(r)
	want(t, a, http.StatusServiceUnavailable, "service_unavailable")
	// S7, S8: nothing is stored, and the same key goes on, with any body.
	w.shelf.before = nil
	r.body = strings.Replace(payData, "spt_canary", "spt_other", 1)
	a = w.do(r)
	want(t, a, http.StatusOK, "")
	if a.header.Get("Idempotent-Replayed") != "" {
		t.Error("an answer that nobody got before is called a replay")
	}
}

func TestAgentThatHangsUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create()
	ctx, hangUp := context.WithCancel(t.Context())
	w.shelf.before = func(ctx context.Context, _ string) error {
		hangUp()
		<-ctx.Done()
		return context.Cause(ctx)
	}
	r := request{path: "/checkout_sessions/" + id, body: `{}`, header: map[string]string{"Idempotency-Key": "k"}, cancel: ctx}
	want(t, w.do(r), http.StatusServiceUnavailable, "service_unavailable")
	w.shelf.before, r.cancel = nil, nil
	want(t, w.do(r), http.StatusOK, "")
}

func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shelf.before = func(context.Context, string) error { panic("canary") }
	r := request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Idempotency-Key": "k"}}
	want(t, w.do(r), http.StatusInternalServerError, "processing_error")
	w.shelf.before = nil
	want(t, w.do(r), http.StatusCreated, "")
	if strings.Contains(w.log.String(), "canary") {
		t.Errorf("the log tells the panic's value: %s", w.log)
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked, down := 0, error(nil)
	w := newWorld(t, func(w *world) {
		w.options.Ready = func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			asked++
			return down
		}
	})
	probe := func(path string) answer {
		return w.do(request{method: http.MethodGet, path: path, header: map[string]string{"Authorization": "", "API-Version": ""}})
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { want(t, probe("/readyz"), http.StatusOK, "") })
	}
	wg.Wait()
	if asked != 1 {
		t.Errorf("the check ran %d times within a second, want once", asked)
	}
	mu.Lock()
	down = errors.New("internal text")
	mu.Unlock()
	want(t, probe("/readyz"), http.StatusOK, "")
	w.clock.Advance(time.Second)
	a := probe("/readyz")
	want(t, a, http.StatusServiceUnavailable, "service_unavailable")
	if strings.Contains(string(a.body), "internal text") {
		t.Errorf("the probe tells what is inside: %s", a.body)
	}
	want(t, probe("/healthz"), http.StatusOK, "")
}

func TestClosedStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, w.do(request{path: "/checkout_sessions", body: lineItems}), http.StatusServiceUnavailable, "service_unavailable")
	a := w.do(request{method: http.MethodGet, path: "/checkout_sessions/" + id})
	if a.status < 500 {
		t.Errorf("a get without a store: %d %s", a.status, a.body)
	}
}

// eavesdropper is a pipeline that hears what the shell understood.
type eavesdropper struct{ heard acp.Request }

func (e *eavesdropper) Do(_ context.Context, r acp.Request) acp.Response {
	e.heard = r
	return acp.Response{Status: http.StatusOK, Body: []byte("{}")}
}

// TestWhatTheShellUnderstands: every header that has a meaning reaches the pipeline, and two lines of one are never one of them.
func TestWhatTheShellUnderstands(t *testing.T) {
	t.Parallel()
	w, ear := newWorld(t), &eavesdropper{}
	w.options.Pipeline, w.options.Carts = ear, true
	w.handler = httpapi.NewHandler(w.options)
	for _, c := range []struct {
		method, path string
		operation    acp.Operation
		id           string
		keyOptional  bool
	}{
		{"POST", "/checkout_sessions", acp.Create, "", false},
		{"GET", "/checkout_sessions/x1", acp.Get, "x1", false},
		{"POST", "/checkout_sessions/x1", acp.Update, "x1", false},
		{"POST", "/checkout_sessions/x1/complete", acp.Complete, "x1", false},
		{"POST", "/checkout_sessions/x1/cancel", acp.Cancel, "x1", false},
		{"POST", "/carts", acp.CartCreate, "", false},
		{"GET", "/carts/x1", acp.CartGet, "x1", false},
		{"PUT", "/carts/x1", acp.CartReplace, "x1", true},
		{"POST", "/carts/x1", acp.CartReplace, "x1", false},
		{"POST", "/carts/x1/cancel", acp.CartCancel, "x1", false},
	} {
		q := w.build(request{method: c.method, path: c.path, header: map[string]string{
			"Authorization": "Bearer t", "API-Version": newest, "Idempotency-Key": "k", "Accept-Language": "de", "Request-Id": "r",
			"Signature": "sig", "Timestamp": "2026-11-22T12:00:00Z", "Buyer-Identity": "a.b.c",
		}})
		q.Header.Add("Signature", "another")
		w.handler.ServeHTTP(httptest.NewRecorder(), q)
		got := ear.heard
		got.Body = nil
		want := acp.Request{
			Operation: c.operation, ID: c.id, Token: "t", Host: "main.example", APIVersion: newest, Key: "k", KeyPresent: true,
			KeyOptional: c.keyOptional, Language: "de", Signature: "sig, another", Timestamp: "2026-11-22T12:00:00Z", Identity: "a.b.c", RequestID: "r",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.method, c.path, diff)
		}
	}
}
