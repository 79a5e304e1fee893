package stripepay_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
)

// hangUp is a server that answers the first request of each connection and, on the second, reads it and closes the connection: what
// a client sees of a keep-alive that died.
type hangUp struct {
	arrivals atomic.Int64
	*httptest.Server
}

func newHangUp(t *testing.T) *hangUp {
	t.Helper()
	h := &hangUp{}
	var mu sync.Mutex
	seen := map[string]int{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h.arrivals.Add(1)
		mu.Lock()
		seen[r.RemoteAddr]++
		second := seen[r.RemoteAddr] > 1
		mu.Unlock()
		if second {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Errorf("hijack: %v", err)
				return
			}
			_ = conn.Close()
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"pi_1","object":"payment_intent","status":"requires_capture","currency":"usd","amount":4923}`)
	}))
	t.Cleanup(h.Close)
	return h
}

// TestWritesAreNotResent is rule 8 of the house: on a dead kept-alive connection each write arrives once and its outcome is unknown.
// The control below proves that net/http would resend the very same request.
func TestWritesAreNotResent(t *testing.T) {
	t.Parallel()
	writes := map[string]func(*stripepay.Processor) error{
		"authorize": func(p *stripepay.Processor) error {
			_, err := p.Authorize(t.Context(), order(p, "spt_1"))
			return err
		},
		"capture": func(p *stripepay.Processor) error {
			_, err := p.Capture(t.Context(), payment.ChangeRequest{Key: "k", IntentID: "pi_1"})
			return err
		},
		"void": func(p *stripepay.Processor) error {
			_, err := p.Void(t.Context(), payment.ChangeRequest{Key: "k", IntentID: "pi_1"})
			return err
		},
		"refund": func(p *stripepay.Processor) error {
			_, err := p.Refund(t.Context(), payment.RefundRequest{Key: "k", IntentID: "pi_1", Amount: commerce.Money{Minor: 1, Currency: "usd"}})
			return err
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			server := newHangUp(t)
			p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_1", BaseURL: server.URL}, clock.System(), io.Discard)
			if _, _, err := p.Find(t.Context(), payment.FindRequest{IntentID: "pi_1"}); err != nil {
				t.Fatal(err)
			}
			if kind := payment.KindOf(write(p)); kind != payment.Unknown {
				t.Errorf("kind %d, want unknown", kind)
			}
			if n := server.arrivals.Load(); n != 2 {
				t.Errorf("%d arrivals, want 2: one read and one write", n)
			}
		})
	}

	t.Run("control", func(t *testing.T) {
		server := newHangUp(t)
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		for range 2 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader([]byte("a=1")))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Idempotency-Key", "k")
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		if n := server.arrivals.Load(); n != 3 {
			t.Errorf("%d arrivals of 2 calls, want 3: if net/http no longer resends, the transport's guard can go", n)
		}
	})
}
