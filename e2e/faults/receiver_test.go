package faults_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is an agent's end of the relay.
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

func newReceiver(t *testing.T, now func() time.Time) *receiver {
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
		if r.fail > 0 {
			r.fail--
			r.lost = append(r.lost, e)
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.got = append(r.got, e)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"received":true}`)
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

// signedBy checks Merchant-Signature as a receiver must, from the published description alone: t=<unix>,v1=<64 hex>, HMAC-SHA256 over
// t + "." + body, at most 300 s old.
func (e event) signedBy(secret string, now time.Time) bool {
	t, v1, ok := strings.Cut(e.header.Get("Merchant-Signature"), ",v1=")
	t, dated := strings.CutPrefix(t, "t=")
	unix, err := strconv.ParseInt(t, 10, 64)
	if !ok || !dated || err != nil || math.Abs(now.Sub(time.Unix(unix, 0)).Seconds()) > 300 {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(t + "." + string(e.body)))
	return len(v1) == 64 && hmac.Equal([]byte(v1), []byte(hex.EncodeToString(mac.Sum(nil))))
}
