package stripetest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
)

// Webhook is an endpoint for the seller's events.
type Webhook struct {
	// URL takes the POSTs.
	URL string
	// Secret signs them, as in whsec_….
	Secret string
}

// Event is one thing that happened, as a webhook tells it.
type Event struct {
	ID   string
	Type string
	// Body is the JSON exactly as delivered.
	Body []byte
}

// eventVersion is the API version of events, fixed per endpoint at Stripe; it is not that of the request that caused them.
const eventVersion = "2025-08-27.basil"

// emit records an event of the account that made the call, and delivers it if it is the seller's. The caller holds the lock.
func (s *Server) emit(c *call, kind string, object any) { s.emitTo(c.account, c, kind, object) }

func (s *Server) emitTo(a *account, c *call, kind string, object any) {
	e := &eventBody{
		APIVersion: eventVersion, Created: c.now.Unix(), Data: eventData{Object: object}, ID: s.newID("evt_"), Object: "event",
		Request: eventRequest{ID: optional(c.requestID), IdempotencyKey: optional(c.key)}, Type: kind,
	}
	if a == s.accounts[0] && s.post.on() {
		e.PendingWebhooks = 1
	}
	a.events = append(a.events, e)
	if a == s.accounts[0] {
		s.post.add(Event{ID: e.ID, Type: e.Type, Body: encode(e)})
	}
}

// Events are the seller's events so far, oldest first.
func (s *Server) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Event
	for _, e := range s.accounts[0].events {
		out = append(out, Event{ID: e.ID, Type: e.Type, Body: encode(e)})
	}
	return out
}

// Undelivered lists the events that the endpoint did not accept after all attempts.
func (s *Server) Undelivered() []Event { return s.post.lost() }

// Sign is the Stripe-Signature header for a body sent at a moment. Tests forge, age and repeat deliveries with it.
// Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
func Sign(body []byte, secret string, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

func listEvents(_ *Server, c *call) (any, *apiError) {
	var all []*eventBody
	for _, e := range slices.Backward(c.account.events) {
		if c.args.inCreated(time.Unix(e.Created, 0)) && (!c.args.has("type") || c.args.text("type") == e.Type) {
			all = append(all, e)
		}
	}
	page, more, err := page(all, c.args, func(e *eventBody) string { return e.ID })
	if err != nil {
		return nil, err
	}
	out := listBody[*eventBody]{Data: []*eventBody{}, HasMore: more, Object: "list", URL: "/v1/events"}
	out.Data = append(out.Data, page...)
	return out, nil
}

// poster delivers events one after the other, as they happened. Stripe promises no order; tests that want disorder send the bodies
// of [Server.Events] themselves, signed by [Sign].
type poster struct {
	clock  clock.Clock
	client *http.Client
	ready  chan struct{}

	mu      sync.Mutex
	webhook Webhook
	queue   []Event
	failed  []Event
}

func newPoster(w Webhook, c clock.Clock) *poster {
	return &poster{
		clock: c, webhook: w, ready: make(chan struct{}, 1),
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
	}
}

func (p *poster) on() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.webhook.URL != ""
}

func (p *poster) lost() []Event {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.failed)
}

func (p *poster) add(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.webhook.URL != "" {
		p.queue = append(p.queue, e)
	}
}

// wake starts delivery of what was added. It is called after the answer is decided, outside the server's lock.
func (p *poster) wake() {
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

func (p *poster) next() (Event, Webhook, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return Event{}, Webhook{}, false
	}
	e := p.queue[0]
	p.queue = p.queue[1:]
	return e, p.webhook, true
}

// run delivers until ctx ends.
func (p *poster) run(ctx context.Context) {
	for {
		for e, w, ok := p.next(); ok && w.URL != ""; e, w, ok = p.next() {
			if err := p.deliver(ctx, e, w); err != nil {
				p.mu.Lock()
				p.failed = append(p.failed, e)
				p.mu.Unlock()
			}
		}
		select {
		case <-p.ready:
		case <-ctx.Done():
			return
		}
	}
}

// deliver tries three times, a sandbox's number of attempts, with short gaps so that tests stay fast.
func (p *poster) deliver(ctx context.Context, e Event, w Webhook) error {
	var err error
	for attempt := range 3 {
		if err = clock.System().Sleep(ctx, time.Duration(attempt)*50*time.Millisecond); err != nil {
			return err
		}
		if err = p.send(ctx, e, w); err == nil {
			return nil
		}
	}
	return err
}

func (p *poster) send(ctx context.Context, e Event, w Webhook) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(e.Body))
	if err != nil {
		return fmt.Errorf("deliver event %s: %w", e.ID, err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Stripe-Signature", Sign(e.Body, w.Secret, p.clock.Now()))
	res, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("deliver event %s: %w", e.ID, err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // Only the status counts.
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("deliver event %s: the endpoint answered %d", e.ID, res.StatusCode)
	}
	return nil
}

// balanceBody is as much of a balance as proves that a key works.
type balanceBody struct {
	Available []json.RawMessage `json:"available"`
	Livemode  bool              `json:"livemode"`
	Object    string            `json:"object"`
	Pending   []json.RawMessage `json:"pending"`
}

func retrieveAccount(_ *Server, c *call) (any, *apiError) {
	return accountBody{ID: c.account.id, Object: "account"}, nil
}

func retrieveBalance(*Server, *call) (any, *apiError) {
	return balanceBody{Available: []json.RawMessage{}, Object: "balance", Pending: []json.RawMessage{}}, nil
}
