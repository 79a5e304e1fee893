package faults_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// echo stands before a server and can be told to answer in its place by repeating everything that it was sent, as systems do that were
// left in a debugging mode.
type echo struct {
	*httptest.Server
	mu     sync.Mutex
	method string
	path   string // a suffix
	times  int
	status int
	kind   string // the Content-Type
	form   string // with one %s for what was sent
	struck int
	seen   []http.Header // of every request
}

func newEcho(t *testing.T, target string) *echo {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{DisableKeepAlives: true},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) {
			panic(http.ErrAbortHandler) // a cut connection is passed on as one
		},
	}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if !e.answer(w, r, body) {
			r.Body = io.NopCloser(bytes.NewReader(body))
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// repeat makes the next requests of this kind be answered by what they hold; times below zero is until further notice.
func (e *echo) repeat(method, path string, times, status int, kind, form string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.method, e.path, e.times, e.status, e.kind, e.form, e.struck = method, path, times, status, kind, form, 0
}

// hits is how many requests were answered since the last repeat.
func (e *echo) hits() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.struck
}

// headers are those of every request that came by.
func (e *echo) headers() []http.Header {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}

func (e *echo) answer(w http.ResponseWriter, r *http.Request, body []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, r.Header.Clone())
	if e.times == 0 || r.Method != e.method || !strings.HasSuffix(r.URL.Path, e.path) {
		return false
	}
	e.times--
	e.struck++
	all := r.Method + " " + r.URL.String() + " " + string(body)
	if plain, err := url.QueryUnescape(string(body)); err == nil {
		all += " " + plain
	}
	for name, values := range r.Header {
		all += " " + name + ": " + strings.Join(values, ",")
	}
	if e.kind == "application/json" {
		all = strings.Trim(fmt.Sprintf("%q", all), `"`)
		all = strings.NewReplacer(`\x00`, ``, `\a`, ``, `\v`, ``).Replace(all)
	}
	w.Header().Set("Content-Type", e.kind)
	w.Header().Set("X-Debug", strings.Map(printable, all))
	w.WriteHeader(e.status)
	_, _ = fmt.Fprintf(w, e.form, all)
	return true
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}
