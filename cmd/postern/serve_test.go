package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestServeEndsInTheMiddle tells the gateway to stop while the shop is placing an order. The call that runs is answered, the program
// ends well, and the next start shows one order and one charge.
func TestServeEndsInTheMiddle(t *testing.T) {
	s, err := shop.Serve(t.Context(), shop.New(t.Context(), shop.Options{}), "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	stripe := stripetest.New(t, stripetest.Options{})
	file := writeConfig(t, s, stripe)

	first := startServe(t, file)
	created := first.call(http.MethodPost, "", "create", `{"currency":"usd","line_items":[{"id":"CUP-0002","quantity":1}],"buyer":{"email":"ada@example.com","first_name":"Ada","last_name":"Lovelace","phone_number":"+15595550100"},"fulfillment_details":{"name":"Ada Lovelace","email":"ada@example.com","phone_number":"+15595550100","address":{"city":"Fresno","country":"US","line_one":"1 Analytical Way","name":"Ada Lovelace","postal_code":"93650","state":"CA"}}}`)
	id := regexp.MustCompile(`cs_[0-9A-Z]+`).FindString(created)
	if id == "" || !strings.Contains(created, `"ready_for_payment"`) {
		t.Fatalf("create: %s", created)
	}
	token, err := stripe.Mint(stripetest.Grant{Currency: "usd", MaxAmount: 50000})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shop().Inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.Slow, Delay: 500 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	answer := make(chan string, 1)
	go func() {
		answer <- first.call(http.MethodPost, "/"+id+"/complete", "complete", `{"payment_data":{"handler_id":"card_tokenized","instrument":{"type":"card","credential":{"type":"spt","token":"`+token+`"}}}}`)
	}()
	for s.Shop().Calls(shop.OrderPlace).Arrived == 0 {
		select {
		case early := <-answer:
			t.Fatalf("complete was answered before the order was placed: %s", early)
		case <-time.After(5 * time.Millisecond):
		}
	}
	first.stop()
	if got := <-answer; !strings.HasPrefix(got, "200 ") || !strings.Contains(got, `"completed"`) {
		t.Errorf("complete: %s", got)
	}
	second := startServe(t, file)
	if got := second.call(http.MethodGet, "/"+id, "", ""); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, `"completed"`) {
		t.Errorf("after the next start: %s", got)
	}
	second.stop()
	captured := 0
	for _, i := range stripe.Ledger().Intents {
		if i.Captured > 0 {
			captured++
		}
	}
	if n := len(s.Shop().Orders()); n != 1 || captured != 1 {
		t.Errorf("%d orders and %d charges, want one of each", n, captured)
	}
}

// served is postern serve inside of the test.
type served struct {
	t    *testing.T
	url  string
	stop func() // as SIGTERM does; waits for the end
}

// startServe runs postern serve until stop.
func startServe(t *testing.T, file string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var log lockedBuffer
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, streams{in: strings.NewReader(""), out: io.Discard, err: &log}, []string{"serve", "--config", file})
	}()
	stop := func() {
		t.Helper()
		cancel()
		if code := <-done; code != 0 || !strings.Contains(log.String(), `"msg":"stopped"`) {
			t.Errorf("exit status %d\n%s", code, log.String())
		}
	}
	address := regexp.MustCompile(`"msg":"serving","addr":"([^"]+)"`)
	for {
		if m := address.FindStringSubmatch(log.String()); m != nil {
			return &served{t: t, url: "http://" + m[1] + "/checkout_sessions", stop: stop}
		}
		select {
		case code := <-done:
			cancel()
			t.Fatalf("exit status %d\n%s", code, log.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// call makes one call as the agent and returns the status and the body.
func (s *served) call(method, path, key, body string) string {
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Error(err)
		return ""
	}
	req.Header = http.Header{"Authorization": {"Bearer password"}, "Api-Version": {"2026-04-17"}}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
		req.Header.Set("Content-Type", "application/json")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close() //nolint:errcheck // a read body
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return res.Status[:4] + string(text)
}

// writeConfig writes a gateway.yaml for a shop and a Stripe that run, with one agent whose token is password. It sets what the file names.
func writeConfig(t *testing.T, s *shop.Server, stripe *stripetest.Server) (file string) {
	t.Helper()
	description, err := filepath.Abs(filepath.Join("demo", "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SHOP_KEY", s.Shop().Key())
	t.Setenv("STRIPE_SECRET_KEY", stripetest.SellerKey)
	t.Setenv("SEALING_KEY", strings.Repeat("ab", 32))
	file = filepath.Join(t.TempDir(), "gateway.yaml")
	text := strings.NewReplacer("SHOP_YAML", description, "SHOP_URL", s.URL(), "STRIPE_URL", stripe.URL(), "PROFILE", stripetest.SellerProfile).Replace(`
listen: 127.0.0.1:0
encryption_key: "${env:SEALING_KEY}"
store: {sqlite: postern.db}
shops:
  main:
    adapter: declarative
    settings: {file: "SHOP_YAML", base_url: "SHOP_URL", secrets: {shop_key: "${env:SHOP_KEY}"}}
    currency: usd
    payment: {stripe: {secret_key: "${env:STRIPE_SECRET_KEY}", merchant_id: PROFILE, base_url: "STRIPE_URL"}}
    links: {terms_of_use: https://shop.example/terms, privacy_policy: https://shop.example/privacy}
agents:
  - {name: one, keys: [{sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8}], shops: [main]}
`)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
