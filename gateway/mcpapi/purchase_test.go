package mcpapi_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestPurchase buys over MCP through the whole gateway: a shop on its own port, a Stripe with a ledger, and the SDK's client.
func TestPurchase(t *testing.T) {
	t.Parallel()
	stripe, origin := openGateway(t, "")
	client := connect(t, origin+"/mcp", token)
	type session struct {
		ID, Status   string
		Capabilities struct {
			Payment struct{ Handlers []struct{ ID string } }
		}
		LineItems []struct{ ID string }       `json:"line_items"`
		Options   []struct{ ID, Type string } `json:"fulfillment_options"`
		Totals    []struct {
			Type   string
			Amount int64
		}
		Messages []struct{ Code string }
		Order    *struct{ ID string }
	}
	calls := 0
	use := func(tool, id, payload string) (s session) {
		t.Helper()
		calls++
		arguments := map[string]any{"meta": map[string]string{"api_version": newest, "idempotency_key": fmt.Sprint("key-", calls)}}
		if id != "" {
			arguments["id"] = id
		}
		if payload != "" {
			arguments["payload"] = json.RawMessage(payload)
		}
		result, err := client.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
		if err != nil {
			t.Fatalf("%s: %v", tool, err)
		}
		text, ok := result.Content[0].(*mcp.TextContent)
		if !ok {
			t.Fatalf("%s: content %v", tool, result.Content)
		}
		if err := json.Unmarshal([]byte(text.Text), &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := use("create_checkout_session", "", `{"line_items":[{"id":"CUP-0002"}],"currency":"usd","capabilities":{}}`)
	s = use("update_checkout_session", s.ID, `{"buyer":{"first_name":"Ada","last_name":"Lovelace","email":"ada@example.com"},"fulfillment_details":{"name":"Ada Lovelace",`+
		`"address":{"name":"Ada Lovelace","line_one":"1 Analytical Way","city":"Fresno","state":"CA","country":"US","postal_code":"93650"}}}`)
	if s.Status != "ready_for_payment" || len(s.Options) == 0 {
		t.Fatalf("after the update: %+v", s)
	}
	var due int64
	for _, total := range s.Totals {
		if total.Type == "total" {
			due = total.Amount
		}
	}
	pay := func(method string) session {
		spt, err := stripe.Mint(stripetest.Grant{PaymentMethod: method, Currency: "usd", MaxAmount: due, ExpiresAt: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		return use("complete_checkout_session", s.ID, fmt.Sprintf(`{"payment_data":{"handler_id":%q,"instrument":{"type":"card","credential":{"type":"spt","token":%q}}}}`,
			s.Capabilities.Payment.Handlers[0].ID, spt))
	}
	if declined := pay("pm_card_chargeDeclinedInsufficientFunds"); declined.Order != nil || len(declined.Messages) == 0 {
		t.Errorf("a declined card: %+v", declined)
	}
	if captured(stripe) != 0 {
		t.Errorf("%d was taken from a declined card", captured(stripe))
	}
	paid := pay("pm_card_visa")
	if paid.Status != "completed" || paid.Order == nil || captured(stripe) != due {
		t.Errorf("%+v, %d was taken, %d is due", paid, captured(stripe), due)
	}
	if read := use("get_checkout_session", s.ID, ""); read.Order == nil || read.Order.ID != paid.Order.ID {
		t.Errorf("the session shows %+v", read.Order)
	}
}

func captured(stripe *stripetest.Server) (sum int64) {
	for _, i := range stripe.Ledger().Intents {
		sum += i.Captured
	}
	return sum
}

// TestSwitch holds that MCP is served and shown in discovery by default, and neither when it is off.
func TestSwitch(t *testing.T) {
	t.Parallel()
	for more, on := range map[string]bool{"": true, "mcp: {enabled: true}": true, "mcp: {authorization_servers: [https://login.example]}": true, "mcp: {enabled: false}": false} {
		_, origin := openGateway(t, more)
		get := func(path string) (int, string) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			response, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err := errors.Join(err, response.Body.Close()); err != nil {
				t.Fatal(err)
			}
			return response.StatusCode, string(body)
		}
		status, _ := get("/mcp")
		if on != (status == http.StatusUnauthorized) || !on != (status == http.StatusNotFound) {
			t.Errorf("%q: GET /mcp: %d", more, status)
		}
		if status, body := get("/.well-known/oauth-protected-resource"); on != (status == http.StatusOK) || strings.Contains(more, "login") != strings.Contains(body, `["https://login.example"]`) {
			t.Errorf("%q: metadata: %d %s", more, status, body)
		}
		if status, body := get("/.well-known/acp.json"); status != http.StatusOK || on != strings.Contains(body, `"mcp"`) {
			t.Errorf("%q: discovery: %d %s", more, status, body)
		}
	}
}

// openGateway starts a shop, a Stripe and the gateway, with more in its configuration, and tells where it is.
func openGateway(t *testing.T, more string) (stripe *stripetest.Server, origin string) {
	t.Helper()
	old, err := shop.Serve(t.Context(), shop.New(t.Context(), shop.Options{}), "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := old.Close(); err != nil {
			t.Error(err)
		}
	})
	if stripe, err = stripetest.Start(t.Context(), stripetest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stripe.Close)
	dir := t.TempDir()
	description, err := os.ReadFile("../../cmd/postern/demo/shop.yaml")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "shop.yaml"), description, 0o600)
	}
	text := fmt.Sprintf(`listen: 127.0.0.1:0
encryption_key: %q
store: {sqlite: postern.db}
shops:
  harbor:
    adapter: declarative
    settings: {file: shop.yaml, base_url: %q, secrets: {shop_key: %q}}
    currency: usd
    payment: {stripe: {secret_key: %q, merchant_id: %q, base_url: %q}}
    links: {terms_of_use: "https://shop.example/terms", privacy_policy: "https://shop.example/privacy"}
agents:
  - name: agent
    keys: [{sha256: %q}]
    shops: [harbor]
%s
`, base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))), old.URL(), old.Shop().Key(), stripetest.SellerKey, stripetest.SellerProfile, stripe.URL(), agentkey.Hash(token), more)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "gateway.yaml"), []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(filepath.Join(dir, "gateway.yaml"), config.Options{AllowLiteralSecrets: true})
	if err == nil {
		err = gateway.Check(cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	g, err := gateway.New(t.Context(), cfg, gateway.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ended := g.Start(t.Context())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Stop(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return stripe, g.URL()
}
