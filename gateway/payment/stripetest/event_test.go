package stripetest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestWebhooksAreSignedAndRetried(t *testing.T) {
	const secret = "whsec_test"
	got := make(chan string, 16)
	refused := 0
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if refused++; refused == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		at, signature, _ := strings.Cut(r.Header.Get("Stripe-Signature"), ",v1=")
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(strings.TrimPrefix(at, "t=") + "." + string(body)))
		if hex.EncodeToString(mac.Sum(nil)) != signature {
			t.Errorf("the signature does not fit")
		}
		var e struct {
			Type string `json:"type"`
			Data struct {
				Object struct {
					ID string `json:"id"`
				} `json:"object"`
			} `json:"data"`
		}
		if err := json.Unmarshal(body, &e); err != nil || e.Data.Object.ID == "" {
			t.Errorf("event %s: %v", body, err)
		}
		got <- e.Type
	}))
	defer endpoint.Close()
	b := open(t, stripetest.Options{Webhook: stripetest.Webhook{URL: endpoint.URL, Secret: secret}})
	b.hold("", b.mint(stripetest.Grant{}), "100")
	for _, want := range []string{"payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"} {
		select {
		case kind := <-got:
			if kind != want {
				t.Fatalf("event %s, want %s", kind, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("no event, want %s", want)
		}
	}
	list := b.get("/v1/events", "type", "payment_intent.created")
	if data, _ := list.at("data").([]any); len(data) != 1 {
		t.Errorf("events: %v", list.body)
	}
	if lost := b.Undelivered(); len(lost) != 0 {
		t.Errorf("lost: %v", lost)
	}
}
