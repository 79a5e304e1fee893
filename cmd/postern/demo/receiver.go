package demo

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/clock"
)

const (
	// eventPath is where agents take events (the same file).
	eventPath = "/agentic_checkout/webhooks/order_events"
	// exchangePath is where the events of the conformance suite's agents go, on the same address.
	exchangePath = "/conformance" + eventPath
	// tolerance is how far a signature's time may be away (ACP 2026-04-17, openapi.agentic_checkout_webhook.yaml, read 2026-11-22).
	tolerance = 300 * time.Second
	// maxEvent is far above the size of any event, in bytes.
	maxEvent = 1 << 20
	// eventTime is how long the story waits for an event. Deliveries are made within milliseconds.
	eventTime = 10 * time.Second
)

// received is one event whose signature was good.
type received struct {
	ID    string // the same at every repetition
	Type  string
	Order shopper.Told
	Body  []byte // as it was signed
}

// receiver is the agent's end of the events. It is written from the specification and shares no code with the gateway's relay.
type receiver struct {
	url    string
	secret []byte
	speaks shopper.Dialect
	clock  clock.Clock
	http   *http.Server
	done   chan error

	mu      sync.Mutex // guards what follows
	events  []received
	refused []string // why requests were not believed
	changed chan struct{}
	heard   func(received) // called for each new event, may be nil
}

func openReceiver(ctx context.Context, secret string, speaks shopper.Dialect, c clock.Clock, others http.Handler) (*receiver, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for events: %w", err)
	}
	r := &receiver{
		url: "http://" + ln.Addr().String() + eventPath, secret: []byte(secret), speaks: speaks, clock: c,
		done: make(chan error, 1), changed: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.Handle("POST "+eventPath, r)
	mux.Handle("POST "+exchangePath, others)
	r.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	go func() { r.done <- r.http.Serve(ln) }()
	return r, nil
}

// address is the receiver's origin.
func (r *receiver) address() string { return strings.TrimSuffix(r.url, eventPath) }

func (r *receiver) close() error {
	err := r.http.Close()
	if served := <-r.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// ServeHTTP believes a signed event and refuses everything else.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxEvent))
	if err == nil {
		err = verify(req.Header.Get("Merchant-Signature"), body, r.secret, r.clock.Now())
	}
	if err != nil {
		r.refuse(err)
		answer(w, http.StatusUnauthorized, map[string]any{"type": "invalid_request", "code": "invalid_signature", "message": err.Error()})
		return
	}
	id := req.Header.Get("Request-Id")
	kind, order, err := r.speaks.ReadEvent(body)
	if err != nil || id == "" {
		r.refuse(fmt.Errorf("event %q cannot be read: %w", id, err))
		answer(w, http.StatusBadRequest, map[string]any{"type": "invalid_request", "code": "invalid", "message": "the event cannot be read"})
		return
	}
	r.keep(received{ID: id, Type: kind, Order: order, Body: body})
	answer(w, http.StatusOK, map[string]any{"received": true, "request_id": id})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // a sender that went away will send again
}

// verify proves that a body was signed with the secret, and lately: t=<unix>,v1=<hex HMAC-SHA256 of t "." body>.
func verify(header string, body, secret []byte, now time.Time) error {
	stamp, signature, ok := strings.Cut(header, ",")
	stamp, isTime := strings.CutPrefix(stamp, "t=")
	signature, isHash := strings.CutPrefix(signature, "v1=")
	if !ok || !isTime || !isHash {
		return errors.New("the signature is missing or malformed")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("the signature's time is malformed")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age.Abs() > tolerance {
		return errors.New("the signature is stale")
	}
	got, err := hex.DecodeString(signature)
	if err != nil {
		return errors.New("the signature is not hexadecimal")
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	if !hmac.Equal(got, mac.Sum(nil)) {
		return errors.New("the signature is wrong")
	}
	return nil
}

func (r *receiver) refuse(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = append(r.refused, why.Error())
}

// keep notes an event. Delivery is at least once: a repetition is answered and not counted.
func (r *receiver) keep(e received) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.events, func(have received) bool { return have.ID == e.ID }) {
		return
	}
	r.events = append(r.events, e)
	close(r.changed)
	r.changed = make(chan struct{})
	if r.heard != nil {
		r.heard(e)
	}
}

// await returns the first event that matches, now or later.
func (r *receiver) await(ctx context.Context, what string, match func(received) bool) (received, error) {
	ctx, cancel := context.WithTimeout(ctx, eventTime)
	defer cancel()
	for {
		r.mu.Lock()
		i := slices.IndexFunc(r.events, match)
		changed, refused, count := r.changed, slices.Clone(r.refused), len(r.events)
		if i >= 0 {
			e := r.events[i]
			r.mu.Unlock()
			return e, nil
		}
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return received{}, fmt.Errorf("wait for the event %s: it did not come within %s (%d others came; refused: %q)", what, eventTime, count, refused)
		}
	}
}

// all is what came so far.
func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// list is [receiver.all] for the result.
func (r *receiver) list() []Event {
	events := r.all()
	out := make([]Event, len(events))
	for i, e := range events {
		out[i] = Event{ID: e.ID, Type: e.Type, Status: e.Order.Status}
	}
	return out
}

// doubts are the requests that were not believed.
func (r *receiver) doubts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.refused)
}

// onEvent tells of every coming event; nil ends it.
func (r *receiver) onEvent(f func(received)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = f
}
