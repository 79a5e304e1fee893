package checkout_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a service between a shop in memory, the stateful Stripe on loopback and a real database.
type world struct {
	t        *testing.T
	shop     *memoryShop
	stripe   *stripetest.Server
	clock    *skewed
	store    *sqlstore.Store
	path     string
	settings checkout.Shop
	timing   checkout.Timing
	service  *checkout.Service
	alerts   *alerts
	seq      *atomic.Int64
	process  int
	// deadline is how long a complete waits.
	deadline time.Duration
	failBody atomic.Bool // the event cannot be rendered
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

func (a *alerts) has(what string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.seen {
		if s == what {
			return true
		}
	}
	return false
}

func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	w := &world{
		t: t, shop: newMemoryShop(), clock: &skewed{}, alerts: &alerts{}, seq: &atomic.Int64{}, deadline: 5 * time.Second,
		path: filepath.Join(t.TempDir(), "postern.db"),
		timing: checkout.Timing{
			Poll: 5 * time.Millisecond, Margin: 20 * time.Millisecond, Settle: 50 * time.Millisecond, Backoff: 5 * time.Millisecond,
			Sweeps: []time.Duration{30 * time.Millisecond},
		},
	}
	w.stripe = stripetest.New(t, stripetest.Options{Clock: w.clock})
	w.settings = checkout.Shop{OrderURL: "https://shop.example/orders/{number}"}
	for _, c := range change {
		c(w)
	}
	w.boot()
	t.Cleanup(func() { w.halt() })
	return w
}

// boot starts the service as a new process would.
func (w *world) boot() {
	w.t.Helper()
	w.process++
	st, err := sqlstore.Open(w.t.Context(), sqlstore.Options{Path: w.path, Key: []byte(strings.Repeat("k", 32))})
	if err != nil {
		w.t.Fatal(err)
	}
	pay, err := stripepay.New(stripepay.Settings{
		SecretKey: stripetest.SellerKey, BaseURL: w.stripe.URL(), Timeout: time.Second, Account: w.settingsAccount(),
	}, stripepay.Options{HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, Clock: w.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.t.Fatal(err)
	}
	s := w.settings
	s.Upstream = upstream.New("main", w.shop.adapter(), upstream.Options{Timeout: 150 * time.Millisecond, BreakerFailures: 1000})
	s.Payment = pay
	s.Handlers = []commerce.PaymentHandler{{ID: "card", Name: "dev.acp.tokenized.card", PSP: "stripe"}}
	w.store = st
	w.service = checkout.New(checkout.Config{
		Store: st, Clock: w.clock, Owner: fmt.Sprintf("process-%d", w.process), Shops: map[string]*checkout.Shop{"main": &s},
		NewID: func(p string) string { return fmt.Sprintf("%s%06d", p, w.seq.Add(1)) },
		EventBody: func(_ string, e commerce.Event) ([]byte, bool, error) {
			if w.failBody.Load() && e.ID != "evt_0" {
				return nil, false, fmt.Errorf("planted: the event cannot be rendered")
			}
			b, err := json.Marshal(e)
			return b, true, err
		},
		Log: slog.New(w.alerts), Timing: w.timing,
	})
	w.service.Start()
}

func (w *world) settingsAccount() string { return "" }

// halt stops the service and closes its database.
func (w *world) halt() {
	if w.service == nil {
		return
	}
	w.service.Stop()
	if err := w.store.Close(); err != nil {
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

// call is an agent's request, with a claim when key is not empty.
func (w *world) call(key string) checkout.Call {
	c := checkout.Call{Agent: "agent", Shop: "main", Render: func(cs commerce.Session) (store.Answer, error) {
		b, err := json.Marshal(cs)
		return store.Answer{Status: 200, Body: b}, err
	}}
	if key != "" {
		cl := store.Claim{
			Agent: "agent", Path: "/", Key: key, Fingerprint: sha256.Sum256([]byte(key)), Owner: fmt.Sprintf("process-%d", w.process),
			Token: fmt.Sprintf("claim-%d", w.seq.Add(1)), At: w.clock.Now(),
		}
		if _, taken, err := w.store.Claim(w.t.Context(), cl); err != nil || !taken {
			w.t.Fatalf("claim %s: taken %v, %v", key, taken, err)
		}
		c.Claim = &cl
	}
	return c
}

func session(t *testing.T, a store.Answer, err error) commerce.Session {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
	var cs commerce.Session
	if err := json.Unmarshal(a.Body, &cs); err != nil {
		t.Fatal(err)
	}
	return cs
}

// create opens a session that is ready to be paid.
func (w *world) create() commerce.Session {
	w.t.Helper()
	a, err := w.service.Create(w.t.Context(), w.call(""), commerce.CreateRequest{
		Lines:  []commerce.CartLine{{ItemID: "tea", Quantity: 2}, {ItemID: "cup", Quantity: 1}},
		Buyer:  &commerce.Buyer{FirstName: "Ada", LastName: "Byron", Email: "ada@example.com"},
		ShipTo: &commerce.Contact{Name: "Ada Byron", Address: &commerce.Address{LineOne: "1 Main St", City: "Reno", State: "NV", PostalCode: "89501", Country: "US"}},
	})
	cs := session(w.t, a, err)
	if cs.Status != commerce.Ready {
		w.t.Fatalf("session is %s: %v", cs.Status, cs.Messages)
	}
	return cs
}

func (w *world) token(change ...func(*stripetest.Grant)) string {
	w.t.Helper()
	g := stripetest.Grant{Currency: "usd", MaxAmount: 100_000, ExpiresAt: w.clock.Now().Add(30 * 24 * time.Hour)}
	for _, c := range change {
		c(&g)
	}
	id, err := w.stripe.Mint(g)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) complete(key, id, token string) (store.Answer, error) {
	return w.completeWith(w.call(key), id, token)
}

func (w *world) completeWith(c checkout.Call, id, token string) (store.Answer, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), w.deadline)
	defer cancel()
	return w.service.Complete(ctx, c, id, commerce.CompleteRequest{Payment: commerce.Payment{
		HandlerID: "card", InstrumentType: "card", CredentialType: "spt", Token: token,
	}})
}

// until waits for a condition that background work brings about.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	w.t.Fatalf("waited in vain: %s", what)
}

func (w *world) row(id string) store.Session {
	w.t.Helper()
	row, err := w.store.Session(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return row
}

func (w *world) steps(id string) []string {
	w.t.Helper()
	sagas, err := w.store.Sagas(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	var s []string
	for _, g := range sagas {
		s = append(s, g.Step)
	}
	return s
}

// invariants asserts I1 to I4 for a session that has come to rest: at most one intent ever held or took money, at most one live
// order, captured means ordered for the same total, and no hold without a live saga.
func (w *world) invariants(id string) {
	w.t.Helper()
	row := w.row(id)
	ledger := w.stripe.Ledger().With(stripepay.MetadataSession, id)
	var moved, captured, refunded, held int64
	for _, i := range ledger.Intents {
		if i.Moved() && i.Refunded == 0 {
			moved++
		}
		captured, refunded, held = captured+i.Captured, refunded+i.Refunded, held+i.Held
	}
	orders := w.shop.live()
	switch {
	case moved > 1:
		w.t.Errorf("I1: %d intents hold or took money", moved)
	case len(orders) > 1:
		w.t.Errorf("I2: %d live orders", len(orders))
	case captured-refunded > 0 && (len(orders) != 1 || orders[0].Total != captured-refunded):
		w.t.Errorf("I3: captured %d, orders %v", captured-refunded, orders)
	case held > 0 && !row.Live:
		w.t.Errorf("I4: %d held without a live saga", held)
	case row.Status == commerce.Completed && (len(orders) != 1 || captured-refunded != orders[0].Total) && refunded == 0:
		w.t.Errorf("completed without its order and charge: captured %d, orders %v", captured, orders)
	}
}

func wantKind(t *testing.T, err error, k commerce.Kind) {
	t.Helper()
	if err == nil || commerce.KindOf(err) != k {
		t.Fatalf("got %v (%s), want %s", err, commerce.KindOf(err), k)
	}
}

func wantMessage(t *testing.T, cs commerce.Session, code string) {
	t.Helper()
	for _, m := range cs.Messages {
		if m.Code == code {
			return
		}
	}
	t.Fatalf("no message %q in %v", code, cs.Messages)
}

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("(-want +got)\n%s", d)
	}
}

var _ payment.Processor = (*stripepay.Processor)(nil)
