package conformance

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
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// eventsPath is where agents take events (openapi.agentic_checkout_webhook.yaml of every date, read 2026-11-22).
	eventsPath = "/agentic_checkout/webhooks/order_events"
	// eventTime is how long the suite waits for an event where nobody says otherwise, and eventLook how often it looks. A seller on the
	// same machine needs milliseconds.
	eventTime = 20 * time.Second
	eventLook = 10 * time.Millisecond
	// tolerance is how old a signature may be.
	tolerance = 300 * time.Second
	maxEvent  = 1 << 20 // bytes
)

// delivery is one request that came to the receiver, believed or not.
type delivery struct {
	header http.Header
	raw    []byte
	answer int // the status that it was given
	node
}

func (d delivery) session() string { return d.text("data", "checkout_session_id") }

// receiver takes events and keeps them as they came. It is safe for concurrent use.
type receiver struct {
	url  string
	http *http.Server
	done chan error

	mu      sync.Mutex
	got     []delivery
	answers map[string][]int // what the next deliveries about a session are told; 0 cuts the connection
}

// listen opens the receiver and has the harness send events to it.
func (r *run) listen(ctx context.Context) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for events: %w", err)
	}
	rec := &receiver{url: "http://" + ln.Addr().String() + eventsPath, done: make(chan error, 1), answers: map[string][]int{}}
	rec.http = &http.Server{Handler: rec, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	go func() { rec.done <- rec.http.Serve(ln) }()
	r.receiver = rec
	return r.harness.call(ctx, http.MethodPost, "/receiver", map[string]string{"url": rec.url}, nil)
}

// deafen ends the receiver.
func (r *run) deafen(ctx context.Context) error {
	err := r.harness.call(ctx, http.MethodPost, "/receiver", map[string]string{"url": ""}, nil)
	err = errors.Join(err, r.receiver.http.Close())
	if served := <-r.receiver.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// ServeHTTP keeps a delivery and answers it.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxEvent))
	if err != nil || req.URL.Path != eventsPath {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	d := delivery{header: req.Header.Clone(), raw: body}
	d.node, _ = parse(body) // one that cannot be read is kept, and statements look at it
	if status := r.keep(d); status != http.StatusOK {
		if status == 0 {
			hangUp(w)
			return
		}
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"received":true}`) // a sender that went away will send again
}

// hangUp cuts the connection without an answer.
func hangUp(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		err = conn.Close()
	}
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (r *receiver) keep(d delivery) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	d.answer = http.StatusOK
	if next := r.answers[d.session()]; len(next) > 0 {
		d.answer, r.answers[d.session()] = next[0], next[1:]
	}
	r.got = append(r.got, d)
	return d.answer
}

// answerWith tells the next deliveries about a session these statuses, one each; 0 cuts the connection.
func (r *receiver) answerWith(session string, statuses ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[session] = statuses
}

// answerWell tells all deliveries that they were taken.
func (r *receiver) answerWell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = map[string][]int{}
}

// of are the deliveries about a session.
func (r *receiver) of(session string) []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []delivery
	for _, d := range r.got {
		if d.session() == session {
			out = append(out, d)
		}
	}
	return out
}

// events are the deliveries about a session, as they are now.
func (t *trial) events(session string) []delivery {
	t.need(OfferReceiver)
	t.mu.Lock()
	t.looks++
	t.mu.Unlock()
	return t.receiver.of(session)
}

// await waits for a delivery about a session.
func (t *trial) await(session, what string, match func(delivery) bool) delivery {
	for deadline := t.clock.Now().Add(t.options.Patience); ; {
		all := t.events(session)
		for _, d := range all {
			if match(d) {
				return d
			}
		}
		if t.clock.Now().After(deadline) || t.clock.Sleep(t.ctx, eventLook) != nil {
			var seen []string
			for _, d := range all {
				seen = append(seen, d.text("type")+" "+d.text("data", "status"))
			}
			t.failf("the event %s did not come within %s; of this session came %q", what, t.options.Patience, seen)
		}
	}
}

// accepted are the deliveries that were answered well, repetitions of one event left out.
func accepted(all []delivery) []delivery {
	var out []delivery
	seen := map[string]bool{}
	for _, d := range all {
		id := d.header.Get("Request-Id")
		if d.answer != http.StatusOK || id != "" && seen[id] {
			continue
		}
		seen[id] = true
		out = append(out, d)
	}
	return out
}

var signatureForm = regexp.MustCompile(`^t=\d+,v1=[a-fA-F0-9]{64}$`)

// believes verifies a signature in the form of 2026-04-17.
func believes(header string, body []byte, secret string, now time.Time) error {
	if !signatureForm.MatchString(header) {
		return errors.New("Merchant-Signature is not t=<unix>,v1=<64 hex digits>")
	}
	stamp, signature, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("the signature's time is out of range")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age.Abs() > tolerance {
		return fmt.Errorf("the signature is %s away from now", age.Round(time.Second))
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	want, err := hex.DecodeString(signature)
	if err != nil || !hmac.Equal(want, mac.Sum(nil)) {
		return errors.New("the signature does not verify over the time, a dot and the raw body")
	}
	return nil
}
