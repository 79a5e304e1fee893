package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/upstream"
	"github.com/postern-gateway/postern/translate/schematest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The dates that are served.
const (
	oldest = "2025-09-29"
	newest = "2026-04-17"
)

// world is everything that a purchase meets, each on its own loopback port.
type world struct {
	t        *testing.T
	shop     *shop.Shop
	stripe   *stripetest.Server
	gateway  *gateway.Gateway
	receiver *receiver
	tokens   map[string]string // bearer tokens by agent
	logs     *bytes.Buffer
	schemas  *schematest.Validators
	dir      string
	shopURL  string
	options  gateway.Options
	ended    <-chan error
	http     *http.Client
}

// receiver is an agent's end of the relay.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		r.bodies = append(r.bodies, b)
		r.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"received":true}`)
	}))
	t.Cleanup(r.Close)
	return r
}

// events are the bodies that arrived, oldest first.
func (r *receiver) events() [][]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]byte(nil), r.bodies...)
}

// syncBuffer is a buffer that goroutines may write.
type syncBuffer struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// timing makes the waits of the saga short enough for a test; the order between them stays.
func timing() checkout.Timing {
	return checkout.Timing{
		Poll: 10 * time.Millisecond, Margin: 50 * time.Millisecond, Settle: 200 * time.Millisecond, Backoff: 10 * time.Millisecond,
		Sweeps: []time.Duration{50 * time.Millisecond, 150 * time.Millisecond},
	}
}

// newWorld builds a world and starts it. change may set options before the gateway is made.
func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := &world{
		t: t, receiver: newReceiver(t), tokens: map[string]string{}, logs: &bytes.Buffer{}, dir: t.TempDir(), schemas: schematest.New(t),
		options: gateway.Options{Timing: timing(), Upstream: upstream.Options{Timeout: time.Second, BreakerFailures: 1000}},
		http:    &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second},
	}
	w.options.Log = slog.New(slog.NewJSONHandler(&syncBuffer{b: w.logs}, nil))
	for _, c := range change {
		c(w)
	}
	if w.options.Clock == nil {
		w.options.Clock = clock.System()
	}
	w.stripe = stripetest.New(t, stripetest.Options{Clock: w.options.Clock})
	ctx := context.WithoutCancel(t.Context())
	w.shop = shop.New(ctx, shop.Options{Clock: w.options.Clock})
	server, err := shop.Serve(ctx, w.shop, "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.shopURL = server.URL()
	for _, agent := range []string{"alice", "mallory"} {
		if w.tokens[agent], err = agentkey.New("test"); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		w.halt()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the gateway's log:\n%s", w.logs)
		}
	})
	w.boot()
	return w
}

// config is the gateway's file for this world.
func (w *world) config() *config.Config {
	w.t.Helper()
	description, err := filepath.Abs("../../cmd/postern/demo/shop.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	cfg, err := config.Parse([]byte(fmt.Sprintf(`
listen: "127.0.0.1:0"
encryption_key: %q
store: {sqlite: %q}
shops:
  main:
    adapter: declarative
    settings: {file: %q, base_url: %q, secrets: {shop_key: %q}}
    currency: usd
    payment: {stripe: {secret_key: %q, merchant_id: %q, base_url: %q}}
    links: {terms_of_use: https://shop.example/terms, privacy_policy: https://shop.example/privacy}
    poll_every: 24h
agents:
  - name: alice
    keys: [{sha256: %q}]
    shops: [main]
    webhook: {url: %q, secret: receiver-secret, version: "2026-04-17", allow_private: true}
  - name: mallory
    keys: [{sha256: %q}]
    shops: [main]
`, strings.Repeat("5e", 32), filepath.Join(w.dir, "postern.db"), description, w.shopURL, w.shop.Key(), stripetest.SellerKey,
		stripetest.SellerProfile, w.stripe.URL(), agentkey.Hash(w.tokens["alice"]), w.receiver.URL+"/agentic_checkout/webhooks/order_events",
		agentkey.Hash(w.tokens["mallory"]))), config.Options{AllowLiteralSecrets: true, Dir: w.dir})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := gateway.Check(cfg); err != nil {
		w.t.Fatal(err)
	}
	return cfg
}

// boot starts the gateway as a new process would.
func (w *world) boot() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	g, err := gateway.New(ctx, w.config(), w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	w.gateway, w.ended = g, g.Start(ctx)
}

// halt ends the gateway in an orderly way.
func (w *world) halt() {
	if w.gateway == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := w.gateway.Stop(ctx); err != nil {
		w.t.Error(err)
	}
	if err := <-w.ended; err != nil {
		w.t.Error(err)
	}
	w.gateway = nil
}

// reply is an answer of the gateway.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// json decodes the answer into a tree.
func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(r.body, &m); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return m
}

// agent is one caller that speaks one date.
type agent struct {
	w       *world
	name    string
	version string
}

func (w *world) agent(version string) *agent { return &agent{w: w, name: "alice", version: version} }

// do sends one request. Every answer is checked against the published schema of its date.
func (a *agent) do(ctx context.Context, method, path, key string, body any) (reply, error) {
	var payload io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		payload = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return reply{}, err
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.w.gateway.URL()+path, payload)
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Authorization", "Bearer "+a.w.tokens[a.name])
	req.Header.Set("API-Version", a.version)
	req.Header.Set("Request-Id", "req-"+key)
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := a.w.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{res.StatusCode, res.Header, text}
	a.conforms(path, r)
	return r, nil
}

// conforms asserts invariant I9 and the schema of the answer.
func (a *agent) conforms(path string, r reply) {
	a.w.t.Helper()
	kind := schematest.Session
	switch {
	case r.status/100 != 2:
		kind = schematest.Error
	case strings.HasSuffix(path, "/complete"):
		kind = schematest.Completion
	}
	version := a.version
	if version != oldest {
		version = newest // a refusal before the version is known is told in the newest date
	}
	if a.w.schemas == nil {
		return // the log says why
	}
	if err := a.w.schemas.Check(version, kind, r.body); err != nil {
		a.w.t.Errorf("%s: %v\n%s", path, err, r.body)
	}
}

// must sends one request that has to be answered with the status.
func (a *agent) must(status int, method, path, key string, body any) reply {
	a.w.t.Helper()
	r, err := a.do(a.w.t.Context(), method, path, key, body)
	if err != nil {
		a.w.t.Fatal(err)
	}
	if r.status != status {
		a.w.t.Fatalf("%s %s: got %d %s, want %d", method, path, r.status, r.body, status)
	}
	return r
}
