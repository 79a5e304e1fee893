//go:build e2e

package medusa_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/e2e/acpagent"
	"github.com/postern-gateway/postern/e2e/medusa"
	"github.com/postern-gateway/postern/gateway"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/translate/schematest"
)

// world is a real shop with everything else that a purchase meets: a Stripe, an agent of each date with its receiver of events, the
// gateway, and between gateway and shop a proxy that can lose replies.
type world struct {
	t       *testing.T
	shop    *medusa.Shop
	seeded  medusa.Seeded
	stripe  *stripetest.Server
	proxy   *proxy
	agents  map[string]*agent
	schemas *schematest.Validators
	dir     string
	http    *http.Client
	log     *acpagent.Log
	// patience is how long a complete may run before it is answered with 503.
	patience time.Duration

	gateway *gateway.Gateway
	ended   <-chan error
	program *program // in place of gateway, where it is killed
}

// newWorld builds a world and starts its gateway in this process.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := newSite(t)
	w.boot()
	return w
}

// newSite is a world whose gateway is not running yet.
func newSite(t *testing.T) *world {
	t.Helper()
	shop, seeded := openSeeded(t)
	w := &world{
		t: t, shop: shop, seeded: seeded, agents: map[string]*agent{}, schemas: schematest.New(t), dir: t.TempDir(), log: &acpagent.Log{},
		patience: 25 * time.Second,
		stripe:   stripetest.New(t, stripetest.Options{}), proxy: newProxy(t, shop.URL),
		http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute},
	}
	if w.schemas == nil {
		t.Fatalf("the published schemas are needed: set %s", schematest.DirVariable)
	}
	for name, version := range map[string]string{"elder": oldest, "younger": newest} {
		token, err := agentkey.New("test")
		must(t, err)
		w.agents[version] = &agent{w: w, name: name, version: version, token: token, events: newReceiver(t, version)}
	}
	t.Cleanup(func() {
		w.halt()
		if t.Failed() {
			t.Logf("the gateway's log:\n%s", w.log)
		}
	})
	return w
}

// config is the gateway's file. It names the adapter's description as an operator would, from the examples.
func (w *world) config(listen string) string {
	w.t.Helper()
	description, err := filepath.Abs("../../adapters/declarative/examples/medusa.yaml")
	must(w.t, err)
	for name, text := range map[string]string{
		"publishable.key": w.seeded.PublishableKey, "secret.key": w.seeded.SecretKey, "stripe.key": stripetest.SellerKey,
		"seal.key": strings.Repeat("5e", 32), "webhook.key": webhookSecret,
	} {
		must(w.t, os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
	}
	text := fmt.Sprintf(`
listen: %q
encryption_key: "${file:seal.key}"
store: {sqlite: postern.db}
shops:
  main:
    adapter: declarative
    settings:
      file: %q
      base_url: %q
      currency: usd
      values: {region: %s, sales_channel: %s}
      secrets: {publishable_key: "${file:publishable.key}", secret_key: "${file:secret.key}"}
    currency: usd
    payment: {stripe: {secret_key: "${file:stripe.key}", merchant_id: %s, base_url: %q}}
    links: {terms_of_use: https://shop.example/terms, privacy_policy: https://shop.example/privacy}
    order_url: https://shop.example/orders/{number}
    poll_every: 24h
limits: {complete_timeout: %s, requests_per_second: 100000, burst: 100000, completes_per_minute: 100000}
agents:
`, listen, description, w.proxy.URL, w.seeded.RegionID, w.seeded.SalesChannelID, stripetest.SellerProfile, w.stripe.URL(), w.patience)
	for version, a := range w.agents {
		text += fmt.Sprintf(`  - name: %s
    keys: [{sha256: %q}]
    shops: [main]
    webhook: {url: %q, secret: "${file:webhook.key}", version: %q, allow_private: true}
`, a.name, agentkey.Hash(a.token), a.events.URL+"/agentic_checkout/webhooks/order_events", version)
	}
	return text
}

// boot starts the gateway in this process, with shorter waits between tries.
func (w *world) boot() {
	w.t.Helper()
	cfg, err := config.Parse([]byte(w.config("127.0.0.1:0")), config.Options{Dir: w.dir})
	must(w.t, err)
	must(w.t, gateway.Check(cfg))
	ctx := context.WithoutCancel(w.t.Context())
	g, err := gateway.New(ctx, cfg, gateway.Options{
		Log: slog.New(slog.NewJSONHandler(w.log, nil)),
		Timing: checkout.Timing{
			Poll: 20 * time.Millisecond, Margin: 100 * time.Millisecond, Backoff: 50 * time.Millisecond, Preflight: time.Minute,
			Sweeps: []time.Duration{200 * time.Millisecond, time.Second},
		},
	})
	must(w.t, err)
	w.gateway, w.ended = g, g.Start(ctx)
}

// halt ends the gateway in an orderly way.
func (w *world) halt() {
	if w.program != nil {
		w.program.kill()
	}
	if w.gateway == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := w.gateway.Stop(ctx); err != nil {
		w.t.Error(err)
	}
	if err := <-w.ended; err != nil {
		w.t.Error(err)
	}
	w.gateway = nil
}

func (w *world) url() string {
	if w.program != nil {
		return "http://" + w.program.addr
	}
	return w.gateway.URL()
}

// poll lets the gateway ask the shop what changed.
func (w *world) poll() {
	w.t.Helper()
	must(w.t, w.gateway.Poll(w.t.Context()))
}

// grant is a new payment token for a card.
func (w *world) grant(method string) string {
	w.t.Helper()
	id, err := w.stripe.Mint(stripetest.Grant{PaymentMethod: method, Currency: "usd", MaxAmount: 100_000, ExpiresAt: time.Now().Add(time.Hour)})
	must(w.t, err)
	return id
}

// money is what Stripe holds of a session.
func (w *world) money(session string) stripetest.Ledger {
	return w.stripe.Ledger().With(stripepay.MetadataSession, session)
}

// orders are the orders of a session, asked of the shop itself.
func (w *world) orders(session string) []string {
	w.t.Helper()
	ids, err := w.shop.OrdersWith(w.t.Context(), "postern_session", session)
	must(w.t, err)
	return ids
}

// sold waits until a session has come to rest as one order with one charge, known to the shop as captured, and returns both. Orders
// that were undone before are named.
func (w *world) sold(session string, undone ...string) (medusa.Order, stripetest.Intent) {
	w.t.Helper()
	must(w.t, w.money(session).Check(stripepay.MetadataSession))
	var wrong string
	for range 300 {
		intents := slices.DeleteFunc(w.money(session).Intents, func(i stripetest.Intent) bool { return !i.Moved() })
		ids := slices.DeleteFunc(w.orders(session), func(id string) bool { return slices.Contains(undone, id) })
		switch {
		case len(ids) > 1 || len(intents) > 1:
			w.t.Fatalf("session %s has orders %v and charges %+v", session, ids, intents)
		case len(ids) == 0 || len(intents) == 0:
			wrong = fmt.Sprintf("has orders %v and charges %+v", ids, intents)
		default:
			order := readOrder(w.t, w.shop, ids[0])
			if order.PaymentStatus == "captured" && intents[0].Status == stripetest.StatusSucceeded {
				return order, intents[0]
			}
			wrong = fmt.Sprintf("has order %s with payment %s and intent %s", order.ID, order.PaymentStatus, intents[0].Status)
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Fatalf("session %s %s", session, wrong)
	return medusa.Order{}, stripetest.Intent{}
}

// unsold asserts that a session has no order and that no money of it is held or was taken.
func (w *world) unsold(session string) {
	w.t.Helper()
	if ids := w.orders(session); len(ids) > 0 {
		w.t.Errorf("session %s has orders %v", session, ids)
	}
	for _, i := range w.money(session).Intents {
		if i.Moved() {
			w.t.Errorf("session %s has intent %s: %s, held %d, captured %d", session, i.ID, i.Status, i.Held, i.Captured)
		}
	}
}

// untouched asserts that Stripe was not even asked to hold anything.
func (w *world) untouched(session string) {
	w.t.Helper()
	w.unsold(session)
	if intents := w.money(session).Intents; len(intents) > 0 {
		w.t.Errorf("session %s made intents: %+v", session, intents)
	}
}

// stock reads what the shop has of a SKU.
func (w *world) stock(sku string) medusa.Stock {
	w.t.Helper()
	s, err := w.shop.Stock(w.t.Context(), w.seeded.Inventory[sku])
	must(w.t, err)
	return s
}

// setStock makes that so many pieces of a SKU can be sold, until the end of the test.
func (w *world) setStock(sku string, available int) {
	w.t.Helper()
	set := func(ctx context.Context, available int) {
		s, err := w.shop.Stock(ctx, w.seeded.Inventory[sku])
		must(w.t, err)
		must(w.t, w.shop.SetStock(ctx, w.seeded, w.seeded.Inventory[sku], s.Reserved+available))
	}
	was := w.stock(sku).Available
	set(w.t.Context(), available)
	w.t.Cleanup(func() { set(context.WithoutCancel(w.t.Context()), was) })
}

// scarce puts the one piece of the scarce item back on the shelf, whatever was bought before.
func (w *world) scarce() {
	w.t.Helper()
	w.setStock(medusa.ScarceSKU, medusa.ScarceStock)
}

// cents is an amount for a reader.
func cents(n int64) string { return fmt.Sprintf("%d.%02d USD", n/100, n%100) }
