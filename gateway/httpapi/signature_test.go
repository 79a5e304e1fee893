package httpapi_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/signing"
)

// TestFault62_Signatures: a signature that is wrong, stale, from the future or replayed is refused before anything happens, on every path.
func TestFault62_Signatures(t *testing.T) {
	t.Parallel()
	const secret = "a-shared-secret-of-agent-a"
	w := newWorld(t, withCarts, func(w *world) {
		v, err := signing.New([]config.Agent{{Name: "a", Signature: &config.Signature{
			Mode: config.SignatureEnforce, Algorithm: config.HMACSHA256, Payload: config.SignedTimestampBody, MaxSkew: 5 * time.Minute,
			Keys: []config.SignatureKey{{Secret: config.NewSecret(secret)}},
		}}}, w.clock, nil)
		if err != nil {
			t.Fatal(err)
		}
		w.config.Signatures = v
	})
	signed := func(body string, at time.Time, key string) map[string]string {
		stamp := at.Format(time.RFC3339)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(stamp + "." + body))
		return map[string]string{
			"Signature": base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), "Timestamp": stamp, "Idempotency-Key": key,
		}
	}
	for _, r := range []request{
		{path: "/checkout_sessions", body: lineItems},
		{path: "/carts", body: cartLines},
		{method: http.MethodPut, path: "/carts/cart_1", body: cartLines},
		{path: "/carts/cart_1/cancel"},
	} {
		for name, header := range map[string]map[string]string{
			"none":            {"Idempotency-Key": "none"},
			"of another body": signed(r.body+" ", noon, "other"),
			"stale":           signed(r.body, noon.Add(-5*time.Minute-time.Second), "stale"),
			"of the future":   signed(r.body, noon.Add(5*time.Minute+time.Second), "future"),
		} {
			r.header = header
			a := w.do(r)
			want(t, a, http.StatusUnauthorized, "invalid_signature")
			if a.header.Get("Idempotent-Replayed") != "" {
				t.Errorf("%s %s: a refusal was kept", r.path, name)
			}
		}
	}
	if n := w.shelf.calls.Load(); n != 0 {
		t.Errorf("the service was called %d times", n)
	}
	good := signed(lineItems, noon, "good")
	want(t, w.do(request{path: "/checkout_sessions", body: lineItems, header: good}), http.StatusCreated, "")
	// A retry is the same call; the same signature under another key is a replay.
	if a := w.do(request{path: "/checkout_sessions", body: lineItems, header: good}); a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("a retry is %d %s", a.status, a.body)
	}
	replayed := signed(lineItems, noon, "another")
	want(t, w.do(request{path: "/checkout_sessions", body: lineItems, header: replayed}), http.StatusUnauthorized, "invalid_signature")
	if n := w.shelf.calls.Load(); n != 1 {
		t.Errorf("the service was called %d times, want once", n)
	}
	want(t, w.do(request{path: "/checkout_sessions", body: lineItems, header: map[string]string{"Authorization": "Bearer " + tokenB}}), http.StatusCreated, "")
}
