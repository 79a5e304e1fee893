//go:build e2e

package medusa_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/acpagent"
	"github.com/postern-gateway/postern/translate/schematest"
)

const webhookSecret = "the-agents-own-secret-of-32-bytes"

// event is one delivery that was believed.
type event struct {
	id   string
	body []byte
	Type string `json:"type"`
	Data struct {
		SessionID string `json:"checkout_session_id"`
		Permalink string `json:"permalink_url"`
		Status    string `json:"status"`
		LineItems []struct {
			ID       string `json:"id"`
			Status   string `json:"status"`
			Quantity struct {
				Ordered   int `json:"ordered"`
				Current   int `json:"current"`
				Fulfilled int `json:"fulfilled"`
			} `json:"quantity"`
		} `json:"line_items"`
		Fulfillments []struct {
			Type, Status   string
			Carrier        string `json:"carrier"`
			TrackingNumber string `json:"tracking_number"`
			TrackingURL    string `json:"tracking_url"`
			LineItems      []struct {
				ID       string `json:"id"`
				Quantity int    `json:"quantity"`
			} `json:"line_items"`
		} `json:"fulfillments"`
		Adjustments []struct {
			ID, Type, Status, Currency string
			Amount                     int64
		} `json:"adjustments"`
		// Refunds are how dates before 2026-04-17 tell of money that went back.
		Refunds []struct {
			Type   string
			Amount int64
		} `json:"refunds"`
	} `json:"data"`
}

// refunded is the money that the event says has gone back, and pending what it says will.
func (e event) refunded() (done, pending int64) {
	for _, r := range e.Data.Refunds {
		done += r.Amount
	}
	for _, a := range e.Data.Adjustments {
		if a.Type == "refund" && a.Status == "completed" {
			done += a.Amount
		} else {
			pending += a.Amount
		}
	}
	return done, pending
}

// shipped reports whether the event says that the goods are on their way.
func (e event) shipped() bool { return e.Data.Status == "shipped" || e.Data.Status == "completed" }

// receiver is an agent's end of the relay, written from the specification. It refuses what is not signed.
type receiver struct {
	*httptest.Server
	version string

	mu     sync.Mutex
	events []event
	wrong  []string
}

func newReceiver(t *testing.T, version string) *receiver {
	r := &receiver{version: version}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err == nil {
			err = acpagent.VerifySignature(webhookSecret, req.Header.Get("Merchant-Signature"), body, time.Now())
		}
		e := event{id: req.Header.Get("Request-Id"), body: body}
		if err == nil {
			err = json.Unmarshal(body, &e)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if err != nil || e.id == "" {
			r.wrong = append(r.wrong, fmt.Sprintf("event %q: %v: %s", e.id, err, body))
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"type":"invalid_request","code":"invalid_signature","message":"not believed"}`)
			return
		}
		r.events = append(r.events, e)
		_, _ = io.WriteString(w, `{"received":true}`)
	}))
	t.Cleanup(r.Close)
	return r
}

// of are the events of a session, oldest first, without repeated deliveries.
func (r *receiver) of(session string) []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]bool{}
	var out []event
	for _, e := range r.events {
		if e.Data.SessionID == session && !seen[e.id] {
			seen[e.id] = true
			out = append(out, e)
		}
	}
	return out
}

// await returns the first event of a session that matches, now or later.
func (r *receiver) await(t *testing.T, session, what string, match func(event) bool) event {
	t.Helper()
	for range 1000 {
		for _, e := range r.of(session) {
			if match(e) {
				return e
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	var have []string
	for _, e := range r.of(session) {
		have = append(have, string(e.body))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.Fatalf("no event came that %s; not believed: %q; believed: %q", what, r.wrong, have)
	return event{}
}

// check asserts what must hold of all events of a session: each was signed, fits its published schema, differs from every other, and
// the first and only the first is order_create.
func (r *receiver) check(t *testing.T, schemas *schematest.Validators, session string) {
	t.Helper()
	r.mu.Lock()
	wrong := r.wrong
	r.mu.Unlock()
	if len(wrong) > 0 {
		t.Errorf("not believed: %q", wrong)
	}
	bodies := map[string]string{}
	for i, e := range r.of(session) {
		if err := schemas.Check(r.version, schematest.Event, e.body); err != nil {
			t.Errorf("event %s: %v\n%s", e.id, err, e.body)
		}
		if (e.Type == "order_create") != (i == 0) {
			t.Errorf("event %d is %s", i, e.Type)
		}
		// What is told, without the kind of telling: an update that says what the creation said tells nothing.
		var data struct {
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(e.body, &data); err != nil {
			t.Error(err)
		}
		if other, ok := bodies[string(data.Data)]; ok {
			t.Errorf("events %s and %s tell the same: %s", other, e.id, e.body)
		}
		bodies[string(data.Data)] = e.id
	}
}
