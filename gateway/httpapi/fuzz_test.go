package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzHandler sends anything anywhere: the handler never panics, and answers a 2xx or a flat error that carries a Request-Id.
func FuzzHandler(f *testing.F) {
	f.Add("POST", "/checkout_sessions", "Bearer "+tokenA, newest, "k", "application/json", "rq", lineItems)
	f.Add("POST", "/checkout_sessions", "Bearer "+tokenA, oldest, "", "application/json", "", oldItems)
	f.Add("POST", "/checkout_sessions/cs_1", "Bearer "+tokenA, newest, "k", "application/json", "", `{"line_items":null}`)
	f.Add("POST", "/checkout_sessions/cs_1/complete", "bearer  "+tokenA, newest, "k", "application/json", "", payData)
	f.Add("POST", "/checkout_sessions/cs_1/cancel", "Bearer "+tokenA, newest, "k", "", "", "")
	f.Add("GET", "/checkout_sessions/cs_1", "Bearer "+tokenB, newest, "", "", "\x00", "")
	f.Add("GET", "/checkout_sessions/%2e%2e", "Basic x", "x", "\xff", "a/b; c", "a b", "\xef\xbb\xbf{}")
	for _, b := range broken {
		if len(b.body) < 1000 {
			f.Add("POST", "/checkout_sessions", "Bearer "+tokenA, newest, "k", "application/json", "", b.body)
		}
	}
	w := newWorld(f)
	w.create()
	f.Fuzz(func(t *testing.T, method, path, auth, version, key, media, id, body string) {
		q := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		u, err := q.URL.Parse(path)
		if err != nil || !strings.HasPrefix(path, "/") || method == "" {
			return // no request that net/http would hand on
		}
		q.Method, q.URL, q.RequestURI = method, u, path
		q.Header = http.Header{"Authorization": {auth}, "Api-Version": {version}, "Content-Type": {media}, "Request-Id": {id}}
		if key != "" {
			q.Header["Idempotency-Key"] = []string{key}
		}
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, q)
		if rec.Header().Get("Request-Id") == "" {
			t.Errorf("no Request-Id: %v", rec.Header())
		}
		var doc map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
			t.Fatalf("%d with no JSON object: %q", rec.Code, rec.Body)
		}
		switch {
		case rec.Code == http.StatusInternalServerError:
			t.Errorf("500: %s", w.log)
		case rec.Code >= 400:
			for _, name := range []string{"type", "code", "message"} {
				if s, _ := doc[name].(string); s == "" {
					t.Errorf("%d without %s: %s", rec.Code, name, rec.Body)
				}
			}
		case rec.Code != http.StatusOK && rec.Code != http.StatusCreated:
			t.Errorf("%d: %s", rec.Code, rec.Body)
		}
	})
}
