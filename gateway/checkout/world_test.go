package checkout_test

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/upstream"
)

func TestMain(m *testing.M) {
	// The tests wait much more than they compute, so that more of them run side by side than there are processors.
	if err := flag.Set("test.parallel", strconv.Itoa(16/slow)); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// world is a service between a shop in memory, the stateful Stripe on loopback and a real database.
type world struct {
	t       *testing.T
	shop    *memoryShop
	stripe  *stripetest.Server
	memory  *memoryProcessor // in place of stripe
	clock   *skewed
	process *process
	store   *mortalStore
	file    *sqlstore.Store
	path    string
	account string // the connected account that is charged
	key     string // the seller's at Stripe; empty: the first
	// keyAccount is the account that the settings name as the key's; empty: none.
	keyAccount string
	upstream   upstream.Options
	settings   checkout.Shop
	timing     checkout.Timing
	service    *checkout.Service
	alerts     *alerts
	seq        *atomic.Int64
	boots      int
	// subject is the customer whom calls prove; empty: nobody.
	subject string
	// savedCart finds the saved carts of an agent; nil: there are none.
	savedCart func(agent, id string) (commerce.SavedCart, error)
	// firstToken is what a complete was first sent with.
	firstToken string
	// deadline is how long a complete waits, and patience how long a test waits for what must come.
	deadline, patience time.Duration
	// wishes change what sessions are created with, and adds what completes are sent with.
	wishes []func(*commerce.CreateRequest)
	adds   []func(*commerce.CompleteRequest)
	// handoff signs hand-offs; nil: nobody is handed off.
	handoff *handoff.Signer
	// failBody and failAnswer let rendering fail, for real orders only.
	failBody, failAnswer atomic.Bool
}

// skewed is the machine's clock, moved by the test.
type skewed struct{ offset atomic.Int64 }

func (s *skewed) Now() time.Time { return clock.System().Now().Add(time.Duration(s.offset.Load())) }

func (s *skewed) Sleep(ctx context.Context, d time.Duration) error {
	return clock.System().Sleep(ctx, d)
}

func (s *skewed) advance(d time.Duration) { s.offset.Add(int64(d)) }

// alerts keeps what the operator was told.
type alerts struct {
	mu   sync.Mutex
	seen []string
}

func (a *alerts) Enabled(context.Context, slog.Level) bool { return true }

func (a *alerts) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(at slog.Attr) bool {
		if at.Key == "alert" {
			a.mu.Lock()
			a.seen = append(a.seen, at.Value.String())
			a.mu.Unlock()
		}
		return true
	})
	return nil
}

func (a *alerts) WithAttrs([]slog.Attr) slog.Handler { return a }
func (a *alerts) WithGroup(string) slog.Handler      { return a }

// all is a copy.
func (a *alerts) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.seen)
}

func (a *alerts) has(what string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.seen, what)
}

// forever is longer than anything that a test lets pass.
const forever = 1000 * time.Hour

// patience is as long as the whole run of the tests may last, but for the time in which to say what was waited for: no machine is too
// slow for a test, only for the run.
func patience(t *testing.T) time.Duration {
	t.Helper()
	if end, limited := t.Deadline(); limited {
		return max(time.Until(end)-20*time.Second, time.Second)
	}
	return time.Hour
}

func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := &world{
		t: t, shop: newMemoryShop(), clock: &skewed{}, alerts: &alerts{}, seq: &atomic.Int64{}, deadline: patience(t), patience: patience(t),
		path:     filepath.Join(t.TempDir(), "postern.db"),
		upstream: upstream.Options{Timeout: 150 * time.Millisecond, BreakerFailures: 1000},
		timing: checkout.Timing{
			Preflight: forever,
			Lease:     forever, // neither a slow machine nor a test's jump in time is a crash
			Poll:      slow * 5 * time.Millisecond, Margin: 50 * time.Millisecond, Settle: 50 * time.Millisecond, Backoff: 5 * time.Millisecond,
			Sweeps: []time.Duration{30 * time.Millisecond},
		},
	}
	w.stripe = stripetest.New(t, stripetest.Options{Clock: w.clock})
	return w.open(change)
}

// open makes the changes and starts the service.
func (w *world) open(change []func(*world)) *world {
	w.t.Helper()
	w.settings.OrderURL = "https://shop.example/orders/{number}"
	for _, c := range change {
		c(w)
	}
	w.boot()
	w.t.Cleanup(func() { w.halt() })
	return w
}

// boot starts the service as a new process would.
func (w *world) boot() {
	w.t.Helper()
	w.boots++
	p := &process{}
	file, err := sqlstore.Open(w.t.Context(), sqlstore.Options{Path: w.path, Key: []byte(strings.Repeat("k", 32))})
	if err != nil {
		w.t.Fatal(err)
	}
	s := w.settings
	s.Payment = w.processor(p)
	s.Upstream = upstream.New("main", mortalAdapter(p, w.shop.adapter()), w.upstream)
	s.Handlers = []commerce.PaymentHandler{{ID: "card", Name: "dev.acp.tokenized.card", PSP: "stripe"}}
	w.process, w.file = p, file
	w.store = &mortalStore{Store: file, process: p}
	w.service = checkout.New(checkout.Config{
		Store: w.store, Clock: w.clock, Owner: w.owner(), Shops: map[string]*checkout.Shop{"main": &s},
		NewID: func(p string) string { return fmt.Sprintf("%s%06d", p, w.seq.Add(1)) },
		EventBody: func(_ string, e commerce.Event) ([]byte, bool, error) {
			if w.failBody.Load() && e.ID != "evt_0" {
				return nil, false, fmt.Errorf("planted: the event cannot be rendered")
			}
			b, err := json.Marshal(e)
			return b, true, err
		},
		SavedCart: w.findCart, Handoff: w.handoff, Log: slog.New(w.alerts), Timing: w.timing, Random: func() float64 { return 0.5 }, // retries come to the instant
	})
	w.service.Start()
}

// findCart is the hook for saved carts.
func (w *world) findCart(_ context.Context, agent, id string) (commerce.SavedCart, error) {
	if w.savedCart == nil {
		return commerce.SavedCart{}, commerce.Faultf(commerce.NotFound, "there are no saved carts")
	}
	return w.savedCart(agent, id)
}

// processor is who holds the money, as a process reaches it.
func (w *world) processor(p *process) payment.Processor {
	w.t.Helper()
	if w.memory != nil {
		return w.memory
	}
	pay, err := stripepay.New(stripepay.Settings{
		SecretKey: payment.Secret(cmp.Or(w.key, stripetest.SellerKey)), KeyAccount: w.keyAccount,
		BaseURL: w.stripe.URL(), Timeout: w.patience, Account: w.account, ReturnURL: "https://shop.example/back",
	}, stripepay.Options{
		HTTP:  &http.Client{Transport: mortalTransport{p, &http.Transport{DisableKeepAlives: true}}},
		Clock: w.clock, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return pay
}

func (w *world) owner() string { return fmt.Sprintf("process-%d", w.boots) }

// halt stops the service and closes its database.
func (w *world) halt() {
	if w.service == nil {
		return
	}
	w.service.Stop()
	if err := w.file.Close(); err != nil {
		w.t.Error(err)
	}
	w.service = nil
}

// restart is an orderly end and a new process.
func (w *world) restart() {
	w.t.Helper()
	w.halt()
	w.boot()
}

// crash ends the process as kill -9 does, and starts a new one.
func (w *world) crash() {
	w.t.Helper()
	w.process.kill()
	w.restart()
}
