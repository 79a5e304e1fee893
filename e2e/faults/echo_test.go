package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// echo stands before a server. It can turn everybody away, it can keep an answer back, and it can be told to answer in the server's place by repeating everything
// that it was sent, as systems do that were left in a debugging mode.
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
	seen   []*http.Request // every request, without its body
	stalls []*stall
	// away cuts every request off before the server hears of it. Closing the server's listener would not do: somebody else may be given
	// its port.
	away atomic.Bool
}

// stall is an answer that is kept back, so that a test holds the moment between a deed and its reply for as long as it likes.
type stall struct {
	method, path string
	there        chan struct{} // closed when the answer is there
	gone         chan struct{} // closed when it may go
	taken        bool
}

// arrived waits until the deed is done and its answer is kept back.
func (s *stall) arrived(w *world) {
	w.t.Helper()
	w.until("an answer to "+s.path+" is kept back", func() bool {
		select {
		case <-s.there:
			return true
		default:
			return false
		}
	})
}

// letGo lets the answer go on its way; it is called once.
func (s *stall) letGo() { close(s.gone) }

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
		ModifyResponse: e.keepBack,
	}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		e.note(r)
		if e.away.Load() {
			panic(http.ErrAbortHandler)
		}
		if !e.answer(w, r, body) {
			r.Body = io.NopCloser(bytes.NewReader(body))
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(e.Close)
	return e
}

// stall keeps the answer to the next request of this kind back. It ends with the caller's patience at the latest.
func (e *echo) stall(method, path string) *stall {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &stall{method: method, path: path, there: make(chan struct{}), gone: make(chan struct{})}
	e.stalls = append(e.stalls, s)
	return s
}

func (e *echo) keepBack(res *http.Response) error {
	e.mu.Lock()
	i := slices.IndexFunc(e.stalls, func(s *stall) bool {
		return !s.taken && s.method == res.Request.Method && strings.HasSuffix(res.Request.URL.Path, s.path)
	})
	if i < 0 {
		e.mu.Unlock()
		return nil
	}
	s := e.stalls[i]
	s.taken = true
	e.mu.Unlock()
	close(s.there)
	select {
	case <-s.gone:
		return nil
	case <-res.Request.Context().Done():
		return res.Request.Context().Err()
	}
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
	var out []http.Header
	for _, r := range e.seen {
		out = append(out, r.Header)
	}
	return out
}

// tried is how many requests came by whose address holds the part, whatever became of them.
func (e *echo) tried(method, part string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.seen {
		if r.Method == method && strings.Contains(r.RequestURI, part) {
			n++
		}
	}
	return n
}

func (e *echo) note(r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, r.Clone(context.WithoutCancel(r.Context())))
}

func (e *echo) answer(w http.ResponseWriter, r *http.Request, body []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
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
