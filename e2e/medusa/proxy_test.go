//go:build e2e

package medusa_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"
)

// proxy stands between the gateway and the shop and passes everything on. Where a trap was set it loses the shop's reply, as a network
// does: the shop has acted and the caller cannot know.
type proxy struct {
	*httptest.Server
	t    *testing.T
	shop string
	http *http.Client

	mu    sync.Mutex
	calls []string // method and path
	traps []*trap
}

// trap strikes the first call that matches.
type trap struct {
	method string
	path   *regexp.Regexp
	// before runs before the shop hears of the call; after runs when it has answered. Either may be nil.
	before, after func()
	// lose drops the reply; drop does not even pass the call on.
	lose, drop bool
	// struck is closed when the trap has struck: after after, and before the connection is cut.
	struck chan struct{}
}

func newProxy(t *testing.T, shop string) *proxy {
	p := &proxy{t: t, shop: shop, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// set arms a trap on a method and a path, given as a regular expression for the whole path.
func (p *proxy) set(method, path string, x trap) *trap {
	x.method, x.path, x.struck = method, regexp.MustCompile("^"+path+"$"), make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.traps = append(p.traps, &x)
	return &x
}

// wait waits until the trap has struck, and fails the test when nothing walks into it.
func (x *trap) wait(t *testing.T) {
	t.Helper()
	select {
	case <-x.struck:
	case <-time.After(2 * time.Minute):
		t.Fatalf("no call %s %s came", x.method, x.path)
	}
}

// count is how many calls with the method and path arrived.
func (p *proxy) count(method, path string) int {
	form := regexp.MustCompile("^" + method + " " + path + "$")
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, c := range p.calls {
		if form.MatchString(c) {
			n++
		}
	}
	return n
}

func (p *proxy) take(r *http.Request) *trap {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, r.Method+" "+r.URL.Path)
	for i, x := range p.traps {
		if x.method == r.Method && x.path.MatchString(r.URL.Path) {
			p.traps = append(p.traps[:i:i], p.traps[i+1:]...)
			return x
		}
	}
	return nil
}

// ServeHTTP passes a call on. The shop is not told when the caller goes away: what has been sent takes effect.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := p.take(r)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if x != nil && x.before != nil {
		x.before()
	}
	if x != nil && x.drop {
		close(x.struck)
		panic(http.ErrAbortHandler)
	}
	ctx := context.WithoutCancel(r.Context())
	req, err := http.NewRequestWithContext(ctx, r.Method, p.shop+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		p.t.Error(err)
		panic(http.ErrAbortHandler)
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Accept-Encoding") // Go's own, so that the answer comes in plain
	res, err := p.http.Do(req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	answer, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if x != nil {
		if x.after != nil {
			x.after()
		}
		close(x.struck)
		if x.lose {
			panic(http.ErrAbortHandler)
		}
	}
	w.Header().Set("Content-Type", res.Header.Get("Content-Type"))
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(answer)
}
