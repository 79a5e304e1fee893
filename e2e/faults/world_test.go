package faults_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/e2e/acpagent"
	"github.com/postern-gateway/postern/gateway"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/upstream"
	"github.com/postern-gateway/postern/translate/schematest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The tests wait for quarantines and deadlines far more than they compute, so many more of them run side by side than there are
	// processors.
	if err := flag.Set("test.parallel", strconv.Itoa(sideBySide)); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		removeProgram()
		os.Exit(code)
	}))
}

// callTimeout is how long the gateway waits for the shop: longer than any machine needs.
const callTimeout = patience * 40 * time.Second

// lossy is for shops that never answer a call: a quarantine is a little longer than what the gateway waits for the shop.
func lossy(w *world) { w.options.Upstream.Timeout = patience * 6 * time.Second }

// The dates that are served.
const (
	oldest = acpagent.Oldest
	newest = acpagent.Newest
)

// world is everything that a purchase meets, each on its own loopback port. When the test ends, the invariants of all that happened in
// it are checked; see verify.
type world struct {
	t         *testing.T
	shop      *shop.Shop
	stripe    *stripetest.Server
	receiver  *receiver
	schemas   *schematest.Validators // nil: bodies are not checked
	http      *http.Client
	dir       string
	logs      *acpagent.Log
	shopURL   string
	stripeURL string

	beforeShop, beforeStripe *echo         // nil unless stalling
	delays                   chan struct{} // closed when the delays of the shop's faults are over; nil: they last as long as they say

	// What a test may change before the gateway starts.
	options  gateway.Options
	settings settings
	secrets  secrets
	program  bool     // the gateway is the real program, in a process of its own
	env      []string // more of the program's environment
	// shopBefore and stripeBefore put something before shop and Stripe: they get its address and return theirs.
	shopBefore, stripeBefore func(url string) string

	gateway *gateway.Gateway // when it runs in this process
	ended   <-chan error
	child   *program // when it runs in its own

	mu       sync.Mutex
	tokens   map[string]string // bearer tokens by agent
	minted   []string          // payment tokens
	sessions []string          // ids of the sessions that were answered
	answered []answered        // answers that are kept under a key
	operator map[string]bool   // sessions that are left to a person on purpose
}

// settings are the lines of gateway.yaml and shop.yaml that tests change.
type settings struct {
	completeTimeout time.Duration
	webhookVersion  string
	maxProcessing   time.Duration // of the shop, as its description declares it
	shop            string        // more lines of the shop, such as "abandon_after: 1m"
	aliceKeys       string        // more keys of alice
	unsaid          string        // what is taken out of the shop's description
	carol           string        // more lines of a third agent, carol; empty: there is none
}

// secrets are what must never be told.
type secrets struct {
	stripeKey, shopKey, webhook, sealing string
}

// timing makes the waits of the saga short enough for a test; the order between them stays.
func timing() checkout.Timing {
	return checkout.Timing{
		Poll: 10 * time.Millisecond, Margin: 50 * time.Millisecond, Settle: 200 * time.Millisecond, Backoff: 10 * time.Millisecond,
		Sweeps:    []time.Duration{50 * time.Millisecond, 150 * time.Millisecond},
		Preflight: callTimeout,
	}
}

// newWorld builds a world and starts it. change may set what it likes before the gateway is made.
func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := &world{
		t: t, tokens: map[string]string{}, logs: &acpagent.Log{}, dir: t.TempDir(), schemas: schematest.New(t),
		options:  gateway.Options{Timing: timing(), Upstream: upstream.Options{Timeout: callTimeout, BreakerFailures: 1000}},
		settings: settings{completeTimeout: patience * 25 * time.Second, webhookVersion: newest, maxProcessing: 300 * time.Millisecond},
		secrets: secrets{
			stripeKey: stripetest.SellerKey, shopKey: "shop-key-of-the-office", webhook: "receiver-secret", sealing: strings.Repeat("5e", 32),
		},
		http:     &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience * 50 * time.Second},
		operator: map[string]bool{},
	}
	w.options.Log = slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, agent := range []string{"alice", "mallory", "carol"} {
		var err error
		if w.tokens[agent], err = agentkey.New("test"); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range change {
		c(w)
	}
	if w.options.Clock == nil {
		w.options.Clock = clock.System()
	}
	w.receiver = newReceiver(t, w.options.Clock.Now, w.secrets.webhook)
	w.stripe = stripetest.New(t, stripetest.Options{Clock: w.options.Clock})
	if w.secrets.stripeKey != stripetest.SellerKey {
		w.stripe.AddSellerKey(w.secrets.stripeKey)
	}
	ctx := context.WithoutCancel(t.Context())
	shopClock := w.options.Clock
	if w.delays != nil {
		shopClock = untold{shopClock, w.delays}
	}
	w.shop = shop.New(ctx, shop.Options{Clock: shopClock, Key: w.secrets.shopKey})
	server, err := shop.Serve(ctx, w.shop, "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.shopURL, w.stripeURL = server.URL(), w.stripe.URL()
	if w.shopBefore != nil {
		w.shopURL = w.shopBefore(w.shopURL)
	}
	if w.stripeBefore != nil {
		w.stripeURL = w.stripeBefore(w.stripeURL)
	}
	t.Cleanup(func() {
		w.halt()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		w.http.CloseIdleConnections()
		if t.Failed() {
			lines := strings.Split(w.logs.String(), "\n")
			t.Logf("the end of the gateway's log:\n%s", strings.Join(lines[max(0, len(lines)-80):], "\n"))
		}
	})
	w.boot()
	t.Cleanup(w.verify)
	return w
}

// configFile writes gateway.yaml and what it names, and returns its path.
func (w *world) configFile() string {
	w.t.Helper()
	for name, text := range map[string]string{
		"stripe.key": w.secrets.stripeKey, "shop.key": w.secrets.shopKey, "webhook.key": w.secrets.webhook, "seal.key": w.secrets.sealing,
	} {
		w.write(name, text)
	}
	return w.write("gateway.yaml", fmt.Sprintf(`
listen: "127.0.0.1:0"
encryption_key: "${file:seal.key}"
store: {sqlite: postern.db}
limits: {complete_timeout: %s, requests_per_second: 100000, burst: 100000, completes_per_minute: 100000}
telemetry: {log_level: debug}
shops:
  main:
    adapter: declarative
    settings: {file: %q, base_url: %q, secrets: {shop_key: "${file:shop.key}"}}
    currency: usd
    payment: {stripe: {secret_key: "${file:stripe.key}", merchant_id: %q, base_url: %q}}
    links: {terms_of_use: https://shop.example/terms, privacy_policy: https://shop.example/privacy}
    poll_every: 24h
    %s
agents:
  - name: alice
    keys: [{sha256: %q}%s]
    shops: [main]
    webhook: {url: %q, secret: "${file:webhook.key}", version: %q, allow_private: true}
  - name: mallory
    keys: [{sha256: %q}]
    shops: [main]
%s`, w.settings.completeTimeout, w.description(), w.shopURL, stripetest.SellerProfile, w.stripeURL, w.settings.shop,
		agentkey.Hash(w.tokens["alice"]), w.settings.aliceKeys, w.receiver.URL+"/agentic_checkout/webhooks/order_events",
		w.settings.webhookVersion, agentkey.Hash(w.tokens["mallory"]), w.third()))
}

// third is the entry of the third agent, if there is one.
func (w *world) third() string {
	if w.settings.carol == "" {
		return ""
	}
	return fmt.Sprintf("  - name: carol\n    keys: [{sha256: %q}]\n    shops: [main]\n    %s\n", agentkey.Hash(w.tokens["carol"]), w.settings.carol)
}

// description writes the demo shop's description with this world's processing time, which the quarantine counts from.
func (w *world) description() string {
	w.t.Helper()
	text, err := os.ReadFile("../../cmd/postern/demo/shop.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	for declared, here := range map[string]string{"max_processing: 5s": "max_processing: " + w.settings.maxProcessing.String(), w.settings.unsaid: ""} {
		if !bytes.Contains(text, []byte(declared)) {
			w.t.Fatalf("shop.yaml does not declare %q any more", declared)
		}
		text = bytes.Replace(text, []byte(declared), []byte(here), 1) // replacing nothing by nothing changes nothing
	}
	return w.write("shop.yaml", string(text))
}

func (w *world) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// config is the gateway's file for this world.
func (w *world) config() *config.Config {
	w.t.Helper()
	cfg, err := config.Load(w.configFile(), config.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	return cfg
}

// boot starts the gateway as a new process would.
func (w *world) boot() {
	w.t.Helper()
	if w.program {
		w.bootProgram()
		return
	}
	ctx := context.WithoutCancel(w.t.Context())
	g, err := gateway.New(ctx, w.config(), w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.gateway, w.ended = g, g.Start(ctx)
}

// halt ends the gateway in an orderly way.
func (w *world) halt() {
	w.t.Helper()
	w.haltProgram()
	if w.gateway == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience*time.Minute)
	defer cancel()
	if err := w.gateway.Stop(ctx); err != nil {
		w.t.Error(err)
	}
	if err := <-w.ended; err != nil {
		w.t.Error(err)
	}
	w.gateway = nil
}

// restart is the end of one process and the start of the next.
func (w *world) restart() {
	w.t.Helper()
	w.halt()
	w.boot()
}

// url is the gateway's origin.
func (w *world) url() string {
	if w.child != nil {
		return "http://" + w.child.addr
	}
	return w.gateway.URL()
}

// until waits for something that has to come true.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience * 30 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	w.t.Fatalf("waited in vain: %s", what)
}

// inject sets a fault of the shop.
func (w *world) inject(f shop.Fault) {
	w.t.Helper()
	if err := w.shop.Inject(f); err != nil {
		w.t.Fatal(err)
	}
}

// arm sets faults of Stripe.
func (w *world) arm(f ...stripetest.Fault) {
	w.t.Helper()
	if err := w.stripe.Arm(f...); err != nil {
		w.t.Fatal(err)
	}
}

// sku is the n-th item of the shop.
func (w *world) sku(n int) string { return shop.Catalogue()[n].SKU }

// token mints a payment token that allows any total of these tests.
func (w *world) token(change ...func(*stripetest.Grant)) string {
	w.t.Helper()
	g := stripetest.Grant{Currency: "usd", MaxAmount: 1_000_000, ExpiresAt: w.options.Clock.Now().Add(30 * 24 * time.Hour)}
	for _, c := range change {
		c(&g)
	}
	id, err := w.stripe.Mint(g)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.minted = append(w.minted, id)
	return id
}

// card makes a token for another card than the one that always works.
func card(method string) func(*stripetest.Grant) {
	return func(g *stripetest.Grant) { g.PaymentMethod = method }
}

// stalling puts something before shop and Stripe that can keep answers back and turn requests away.
func stalling(w *world) {
	w.shopBefore = func(url string) string { w.beforeShop = newEcho(w.t, url); return w.beforeShop.URL }
	w.stripeBefore = func(url string) string { w.beforeStripe = newEcho(w.t, url); return w.beforeStripe.URL }
}

// delaying makes the delays of the shop's faults last until the test closes delays, however slow the machine is.
func delaying(w *world) { w.delays = make(chan struct{}) }

// blind makes the shop fail at every search for an order but the one before placing, so that nothing can be concluded from how much
// time has passed.
func (w *world) blind() {
	w.t.Helper()
	w.inject(shop.Fault{Operation: string(shop.OrderFind), Kind: shop.ErrorBefore, Skip: 1, Times: shop.Forever})
}

// untold is a clock on which nobody can tell how long a sleep takes.
type untold struct {
	clock.Clock
	over <-chan struct{}
}

func (c untold) Sleep(ctx context.Context, _ time.Duration) error {
	select {
	case <-c.over:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shifted is the machine's clock, moved.
type shifted struct {
	mu sync.Mutex
	by time.Duration
}

func (c *shifted) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return clock.System().Now().Add(c.by)
}

func (c *shifted) Sleep(ctx context.Context, d time.Duration) error {
	return clock.System().Sleep(ctx, d)
}

// jump moves the clock.
func (c *shifted) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by += d
}
