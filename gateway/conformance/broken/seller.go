//go:build brokenseller

package broken

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	harnessPath = "/harness"
	eventsPath  = "/agentic_checkout/webhooks/order_events"
	maxBody     = 8 << 20
)

// object is a JSON object.
type object = map[string]any

// exchange is one call on its way through the proxy.
type exchange struct {
	*Seller

	method, path string
	header       http.Header // of the call
	in           []byte
	call         object // the call's body, nil where it is no object

	status int // of the answer; one that is set before the call is made keeps it from being made
	back   http.Header
	out    []byte
	answer object // the answer's body; a change in it is sent
}

// Seller is a proxy in front of a good seller. One goroutine plants faults; calls are safe for concurrent use.
type Seller struct {
	// URL is the seller's origin, Harness its harness's address.
	URL, Harness string

	target, harness string
	transport       *http.Transport
	http            *http.Server
	done            chan error

	mu       sync.Mutex
	fault    Fault
	memory   map[string]any // of a fault, over several calls
	receiver string         // who hears of events
}

// Open starts a proxy in front of the seller at target and the harness that sees it.
func Open(ctx context.Context, target, harness string) (*Seller, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &Seller{
		URL: "http://" + ln.Addr().String(), target: target, harness: harness, transport: &http.Transport{MaxIdleConnsPerHost: 8},
		done: make(chan error, 1), memory: map[string]any{},
	}
	s.Harness = s.URL + harnessPath
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 5 * time.Second}
	go func() { s.done <- s.http.Serve(ln) }()
	return s, nil
}

// Close ends the proxy.
func (s *Seller) Close() error {
	err := s.http.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.transport.CloseIdleConnections()
	return err
}

// Plant makes the seller have one fault from now on. The zero Fault is none.
func (s *Seller) Plant(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.memory = f, map[string]any{}
}

// once reports whether key is seen for the first time since the fault was planted.
func (s *Seller) once(key string) bool {
	_, seen := s.remember(key, true)
	return !seen
}

// remember keeps the first value under a key, and returns it.
func (s *Seller) remember(key string, value any) (first any, seen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.memory[key]; ok {
		return v, true
	}
	s.memory[key] = value
	return value, false
}

// recall returns what is kept under a key.
func (s *Seller) recall(key string) (any, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.memory[key]
	return v, ok
}

// ServeHTTP hands a call on, with the fault in it.
func (s *Seller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	in, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	x := &exchange{Seller: s, method: r.Method, path: r.URL.Path, header: r.Header.Clone(), in: in}
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	switch rest, isHarness := strings.CutPrefix(r.URL.Path, harnessPath+"/"); {
	case isHarness:
		err = s.askHarness(r, x, rest, fault)
	case r.URL.Path == eventsPath:
		err = s.deliver(r, x, fault)
	default:
		err = s.pass(r, x, fault)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	for name, values := range x.back {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(x.status)
	_, _ = w.Write(x.out) // a caller that went away does not miss it
}

// pass makes a call of the protocol.
func (s *Seller) pass(r *http.Request, x *exchange, f Fault) error {
	x.call = read(x.in)
	if f.before != nil {
		before := text(x.call)
		f.before(x)
		if after := text(x.call); x.call != nil && !bytes.Equal(before, after) {
			x.in = after
		}
		if x.status != 0 {
			x.finish()
			return nil
		}
	}
	if err := s.send(r.Context(), x, s.target+x.path); err != nil {
		return err
	}
	x.answer = read(x.out)
	if f.after != nil {
		before := text(x.answer)
		f.after(x)
		if x.answer != nil && !bytes.Equal(before, text(x.answer)) {
			x.finish()
		}
	}
	return nil
}

// finish writes the answer that a fault has made.
func (x *exchange) finish() {
	if x.back == nil {
		x.back = http.Header{"Content-Type": {"application/json"}}
	}
	x.out = text(x.answer)
}

// askHarness makes a call of the harness. Where events go is kept, so that faults can be planted in them.
func (s *Seller) askHarness(r *http.Request, x *exchange, rest string, f Fault) error {
	if rest == "receiver" {
		body := read(x.in)
		s.mu.Lock()
		s.receiver, _ = body["url"].(string)
		s.mu.Unlock()
		if body["url"] != "" {
			x.in = text(object{"url": s.URL + eventsPath})
		}
	}
	query := ""
	if r.URL.RawQuery != "" {
		query = "?" + r.URL.RawQuery
	}
	if err := s.send(r.Context(), x, s.harness+"/"+rest+query); err != nil || f.harness == nil {
		return err
	}
	if x.answer = read(x.out); x.answer != nil {
		f.harness(x)
		x.finish()
	}
	return nil
}

// deliver hands an event on to the receiver.
func (s *Seller) deliver(r *http.Request, x *exchange, f Fault) error {
	if f.event != nil {
		x.call = read(x.in)
		before := text(x.call)
		f.event(x)
		if after := text(x.call); x.call != nil && !bytes.Equal(before, after) {
			x.in = after
		}
		if x.status != 0 {
			return nil
		}
	}
	s.mu.Lock()
	to := s.receiver
	s.mu.Unlock()
	if to == "" {
		x.status = http.StatusOK
		return nil
	}
	return s.send(r.Context(), x, to)
}

// send makes the call and reads the answer.
func (s *Seller) send(ctx context.Context, x *exchange, to string) error {
	req, err := http.NewRequestWithContext(ctx, x.method, to, bytes.NewReader(x.in)) //nolint:gosec // it goes where the test said
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	req.Header = x.header
	res, err := s.transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // it is read to its end
	x.status, x.back = res.StatusCode, res.Header
	if x.out, err = io.ReadAll(io.LimitReader(res.Body, maxBody)); err != nil {
		return fmt.Errorf("call: %w", err)
	}
	return nil
}

// read is a body as an object, nil where it is none.
func read(body []byte) object {
	var out object
	if json.Unmarshal(body, &out) != nil {
		return nil
	}
	return out
}

// text writes an object; nil is nothing.
func text(v object) []byte {
	if v == nil {
		return nil
	}
	out, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil
	}
	return out
}
