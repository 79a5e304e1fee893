package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/store"
)

// sign sets the headers of one attempt. The signature is HMAC-SHA256 over t + "." + body, with exactly one v1 (ACP 2026-04-17,
// openapi.agentic_checkout_webhook.yaml, read 2026-11-22). Receivers refuse a t that is 300 s away, which is why every attempt is
// signed anew. The event id is the same at every attempt and is what a receiver can drop repetitions by.
func sign(h http.Header, secret config.Secret, d store.Delivery, now time.Time) {
	t := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(t + "."))
	mac.Write(d.Body)
	h.Set("Merchant-Signature", "t="+t+",v1="+hex.EncodeToString(mac.Sum(nil)))
	h.Set("Timestamp", now.UTC().Format(time.RFC3339))
	h.Set("Request-Id", d.ID)
	h.Set("webhook-id", d.ID)
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "Postern")
}
