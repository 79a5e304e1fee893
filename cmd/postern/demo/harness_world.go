package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/conformance"
)

// worldRoutes move what is common to all parties.
func (h *harness) worldRoutes(mux *http.ServeMux) {
	mux.Handle("POST /receiver", h.serve(h.listenAt))
	mux.Handle("POST /clock", h.serve(h.advance))
	mux.Handle("POST /restart", h.serve(h.restart))
	mux.Handle("GET /log", h.serve(h.log))
	mux.Handle("GET /sessions/{id}/records", h.serve(h.records))
}

func (h *harness) listenAt(r *http.Request) (any, error) {
	in, err := take[struct {
		URL string `json:"url"`
	}](r)
	if err != nil {
		return nil, err
	}
	return nil, h.world.exchange.forwardTo(in.URL)
}

func (h *harness) advance(r *http.Request) (any, error) {
	in, err := take[struct {
		Seconds int64 `json:"advance_seconds"`
	}](r)
	if err != nil {
		return nil, err
	}
	if in.Seconds < 0 {
		return nil, fmt.Errorf("move the time by %d s: it only moves on", in.Seconds)
	}
	h.world.clock.Advance(time.Duration(in.Seconds) * time.Second)
	return map[string]time.Time{"now": h.world.clock.Now()}, nil
}

func (h *harness) restart(r *http.Request) (any, error) {
	in, err := take[struct {
		Rotate bool `json:"rotate_secrets"`
	}](r)
	if err != nil {
		return nil, err
	}
	if err := h.world.restart(r.Context(), in.Rotate); err != nil {
		return nil, err
	}
	return h.seller()
}

// log is what the gateway has written since a place in its log, counted in lines.
func (h *harness) log(r *http.Request) (any, error) {
	from, err := number(r, "from")
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(h.world.path("postern.log"))
	if err != nil {
		return nil, fmt.Errorf("read the gateway's log: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	next := int64(len(lines))
	return map[string]any{"lines": lines[min(max(from, 0), next):], "next": next}, nil
}

// records are what the gateway keeps with a session and shows to no agent.
func (h *harness) records(r *http.Request) (any, error) {
	g := h.world.live()
	if g == nil {
		return nil, errDown
	}
	s, err := g.Session(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	out := conformance.Records{Attributions: []conformance.Attribution{}}
	for _, a := range s.Affiliates {
		out.Attributions = append(out.Attributions, conformance.Attribution{Provider: a.Provider, Touchpoint: a.Touchpoint})
	}
	if s.IntentTrace != nil {
		out.Traces, out.Reason = 1, s.IntentTrace.ReasonCode
	}
	return out, nil
}

// exchange takes the events of the suite's agents and hands them to whoever listens, byte for byte, with the answer back. Agents are
// configured before anybody listens; this is the address that does not change.
type exchange struct {
	transport *http.Transport

	mu sync.Mutex
	to string
}

// forwardTo names the listener; an empty address is nobody, and events are then taken and dropped.
func (x *exchange) forwardTo(address string) error {
	if address != "" {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" || !loopback(u.Hostname()) {
			return fmt.Errorf("send events to %q: it is no http address on loopback", address)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.to = address
	return nil
}

// ServeHTTP hands one delivery on.
func (x *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	to := x.to
	x.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"message": "the event is too long"})
		return
	}
	if to == "" {
		answer(w, http.StatusOK, map[string]any{"received": true})
		return
	}
	status, header, text, err := x.send(r.Context(), to, r.Header, body)
	if err != nil {
		answer(w, http.StatusBadGateway, map[string]any{"message": "the listener does not answer"})
		return
	}
	for _, name := range []string{"Content-Type", "Retry-After"} {
		if v := header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // a sender that went away will send again
}

func (x *exchange) send(ctx context.Context, to string, header http.Header, body []byte) (int, http.Header, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("hand an event on: %w", err)
	}
	req.Header = header.Clone()
	res, err := x.transport.RoundTrip(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("hand an event on: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxEvent))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("hand an event on: %w", err)
	}
	return res.StatusCode, res.Header, text, nil
}

// loopback reports whether a host is this machine by its address.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
