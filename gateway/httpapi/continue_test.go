package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/httpapi"
)

// door is who keeps what is handed off: each token is an error's name, or good once.
type door struct{ looks, follows atomic.Int64 }

const shopAddress = "https://shop.example/cart/1?key=a&b=c"

func (d *door) Look(_ context.Context, token string) error {
	d.looks.Add(1)
	return d.say(token)
}

func (d *door) Follow(_ context.Context, token string) (string, error) {
	d.follows.Add(1)
	return shopAddress, d.say(token)
}

func (*door) say(token string) error {
	return map[string]error{
		"forged": handoff.ErrForged, "expired": handoff.ErrExpired, "gone": handoff.ErrGone, "busy": handoff.ErrBusy,
		"broken": errors.New("secret reason"),
	}[token]
}

func withDoor(d *door) func(*world) { return func(w *world) { w.options.Handoffs = d } }

// visit sends what a browser would.
func (w *world) visit(method, path string) *httptest.ResponseRecorder {
	w.tb.Helper()
	r := httptest.NewRequestWithContext(w.tb.Context(), method, path, nil)
	r.Header.Set("Referer", "https://elsewhere.example/")
	r.Header.Set("Host", "evil.example")
	a := httptest.NewRecorder()
	w.handler.ServeHTTP(a, r)
	return a
}

// TestLookingIsFree fetches the page as link previews and agents do, again and again: nothing is used, and the page loads nothing.
func TestLookingIsFree(t *testing.T) {
	t.Parallel()
	d := &door{}
	w := newWorld(t, withDoor(d))
	for range 3 {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := w.visit(method, "/continue/good")
			body := a.Body.String()
			if a.Code != http.StatusOK || (method == http.MethodHead) != (body == "") {
				t.Fatalf("%s: %d %q", method, a.Code, body)
			}
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
				"Content-Type": "text/html; charset=utf-8", "X-Robots-Tag": "noindex, nofollow",
			} {
				if got := a.Header().Get(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			policy := a.Header().Get("Content-Security-Policy")
			if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("policy %q", policy)
			}
			if a.Header().Get("Location") != "" || strings.Contains(body, "<script") || strings.Contains(body, "shop.example") {
				t.Errorf("the page leads away by itself: %s", body)
			}
			if method == http.MethodGet && (strings.Count(body, "<button") != 1 || !strings.Contains(body, `<html lang="en">`) || !strings.Contains(body, "<h1>")) {
				t.Errorf("the page is %s", body)
			}
		}
	}
	if d.follows.Load() != 0 || d.looks.Load() != 6 {
		t.Fatalf("%d looks, %d uses", d.looks.Load(), d.follows.Load())
	}
}

// TestThePressOfTheButton goes on at the address that the adapter named, whatever stands in the request.
func TestThePressOfTheButton(t *testing.T) {
	t.Parallel()
	d := &door{}
	w := newWorld(t, withDoor(d))
	a := w.visit(http.MethodPost, "/continue/good?next=https://evil.example&url=//evil.example")
	if a.Code != http.StatusSeeOther || a.Header().Get("Location") != shopAddress || d.follows.Load() != 1 {
		t.Fatalf("%d to %q", a.Code, a.Header().Get("Location"))
	}
	if strings.Contains(a.Body.String(), "evil") || a.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Error("the answer repeats the request")
	}
}

func TestWhatIsNoHandOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withDoor(&door{}))
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/continue/forged", 404},
		{http.MethodPost, "/continue/forged", 404},
		{http.MethodGet, "/continue/expired", 410},
		{http.MethodPost, "/continue/expired", 410},
		{http.MethodPost, "/continue/gone", 410},
		{http.MethodPost, "/continue/busy", 409},
		{http.MethodPost, "/continue/broken", 503},
		{http.MethodPut, "/continue/good", 405},
		{http.MethodDelete, "/continue/good", 405},
		{http.MethodGet, "/continue/", 404},
		{http.MethodGet, "/continue", 404},
		{http.MethodGet, "/continue/a/b", 404},
	} {
		a := w.visit(c.method, c.path)
		if a.Code != c.status || a.Header().Get("Location") != "" || strings.Contains(a.Body.String(), "secret") {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.Code, a.Body)
		}
		if c.status == 405 && a.Header().Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("allow %q", a.Header().Get("Allow"))
		}
	}
	if a := newWorld(t).visit(http.MethodGet, "/continue/good"); a.Code != http.StatusNotFound {
		t.Errorf("without hand-offs: %d", a.Code)
	}
}

// TestATokenIsNowhere looks for the token in logs and spans: whoever reads them must not be able to use it.
func TestATokenIsNowhere(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	w := newWorld(t, withDoor(&door{}), func(w *world) { w.options.Tracers = trace.NewTracerProvider(trace.WithSyncer(spans)) })
	w.visit(http.MethodGet, "/continue/good-secret-token")
	w.visit(http.MethodPost, "/continue/good-secret-token")
	w.visit(http.MethodPost, "/continue/broken")
	for _, path := range []string{"//continue/good-secret-token", "/./continue/good-secret-token", "/en/continue/good-secret-token", "/continue/good-secret-token/"} {
		w.visit(http.MethodGet, path) // somebody's gateway or mail program wrote the address anew
	}
	if log := w.log.String(); strings.Contains(log, "good-secret-token") || !strings.Contains(log, "/continue/{token}") {
		t.Errorf("the log: %s", log)
	}
	for _, s := range spans.GetSpans() {
		for _, a := range s.Attributes {
			if strings.Contains(a.Value.String(), "good-secret-token") {
				t.Errorf("span %s has %s = %s", s.Name, a.Key, a.Value.String())
			}
		}
	}
}

var _ httpapi.Handoffs = (*door)(nil)
