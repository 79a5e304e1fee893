package faults_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/acpagent"
)

// receiver is an agent's end of the relay. Every answer of it repeats what it was sent, and the secret that it shares with the gateway.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	got  []event
	lost []event // deliveries that were refused
	fail int     // so many deliveries are answered 500
}

// event is one delivery that arrived.
type event struct {
	header http.Header
	body   []byte
	at     time.Time // by the world's clock
	Type   string    `json:"type"`
	Data   struct {
		ID          string           `json:"id"`
		Session     string           `json:"checkout_session_id"`
		Permalink   string           `json:"permalink_url"`
		Status      string           `json:"status"`
		Refunds     []map[string]any `json:"refunds"`
		Adjustments []struct {
			ID     string `json:"id"`
			Type   string `json:"type"`
			Status string `json:"status"`
			Amount int64  `json:"amount"`
		} `json:"adjustments"`
		Fulfillments []map[string]any `json:"fulfillments"`
	} `json:"data"`
}

func newReceiver(t *testing.T, now func() time.Time, secret string) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		e := event{header: req.Header, at: now()}
		var err error
		if e.body, err = io.ReadAll(req.Body); err == nil {
			err = json.Unmarshal(e.body, &e)
		}
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		all := fmt.Sprintf("%s %s %v %s", secret, req.URL, req.Header, e.body)
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("X-Debug", strings.Map(printable, all))
		if r.fail > 0 {
			r.fail--
			r.lost = append(r.lost, e)
			w.WriteHeader(http.StatusInternalServerError)
		} else {
			r.got = append(r.got, e)
		}
		_, _ = fmt.Fprintf(w, "<html>%s</html>", all)
	}))
	t.Cleanup(r.Close)
	return r
}

// events are the deliveries about a session that were taken, oldest first; all of them for an empty session.
func (r *receiver) events(session string) []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []event
	for _, e := range r.got {
		if session == "" || e.Data.Session == session {
			out = append(out, e)
		}
	}
	return out
}

// refuse answers so many deliveries with 500.
func (r *receiver) refuse(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = n
}

// refused are the deliveries that were answered with 500.
func (r *receiver) refused() []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]event(nil), r.lost...)
}

// signedBy checks Merchant-Signature as a receiver must.
func (e event) signedBy(secret string, now time.Time) bool {
	return acpagent.VerifySignature(secret, e.header.Get("Merchant-Signature"), e.body, now) == nil
}
