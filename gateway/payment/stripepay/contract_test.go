package stripepay_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/paytest"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// realKey is the variable that turns the suite on the real API on. It moves test money only.
const realKey = "POSTERN_STRIPE_TEST_KEY"

// TestContract is the suite on the stateful Stripe, under both shapes of the token's parameter.
func TestContract(t *testing.T) {
	t.Parallel()
	for shape, version := range map[string]string{
		stripepay.ShapeMethodData: stripepay.DefaultAPIVersion,
		stripepay.ShapeTopLevel:   "2026-02-25.preview",
	} {
		t.Run(shape, func(t *testing.T) {
			t.Parallel()
			paytest.Run(t, func(t *testing.T) paytest.World {
				t.Helper()
				return newFake(t, stripepay.Settings{Shape: shape, APIVersion: version}, stripetest.Options{}).world()
			})
		})
	}
}

// TestContractOnStripe is the suite on the real API. It has no case unless a test key is given.
func TestContractOnStripe(t *testing.T) {
	key := os.Getenv(realKey)
	if key == "" {
		t.Skipf("no real account is asked: %s is not set", realKey)
	}
	checkRealKey(t, key)
	paytest.Run(t, func(t *testing.T) paytest.World {
		t.Helper()
		return newReal(t, key).world()
	})
}

// checkRealKey fails on anything that could move real money.
func checkRealKey(t *testing.T, key string) {
	t.Helper()
	if !strings.HasPrefix(key, "sk_test_") && !strings.HasPrefix(key, "rk_test_") {
		t.Fatalf("%s must hold a key that begins with sk_test_ or rk_test_; refusing to run with anything else", realKey)
	}
}

// methods are the test payment methods behind the suite's cards.
var methods = map[paytest.Card]string{
	paytest.Good:      "pm_card_visa",
	paytest.Declining: "pm_card_visa_chargeDeclined",
	paytest.Broke:     "pm_card_visa_chargeDeclinedInsufficientFunds",
	paytest.Secure:    "pm_card_threeDSecure2Required",
	paytest.Slow:      "pm_card_pendingRefund",
}

// returnURL is where a buyer with a saved card would come back to.
const returnURL = "https://shop.example/back"

// fake is a processor on a Stripe of its own.
type fake struct {
	*stripepay.Processor
	stripe *stripetest.Server
	clock  *clock.Manual
	log    *buffer
}

// buffer takes log lines from several goroutines.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newFake(t *testing.T, s stripepay.Settings, o stripetest.Options) fake {
	t.Helper()
	f := fake{clock: clock.NewManual(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)), log: &buffer{}}
	o.Clock = f.clock
	f.stripe = stripetest.New(t, o)
	if s.SecretKey == "" {
		s.SecretKey = stripetest.SellerKey
	}
	s.BaseURL = f.stripe.URL()
	if s.ReturnURL == "" {
		s.ReturnURL = returnURL
	}
	f.Processor = newProcessor(t, s, f.clock, f.log)
	return f
}

func newProcessor(t *testing.T, s stripepay.Settings, c clock.Clock, log io.Writer) *stripepay.Processor {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	p, err := stripepay.New(s, stripepay.Options{
		HTTP:  &http.Client{Transport: transport},
		Clock: c,
		Log:   slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (f fake) world() paytest.World {
	return paytest.World{
		Processor: f.Processor,
		Mint:      f.mint,
		Revoke: func(t *testing.T, token payment.Secret) {
			t.Helper()
			if err := f.stripe.Revoke(string(token)); err != nil {
				t.Fatal(err)
			}
		},
		Now: f.clock.Now,
		Pass: func(t *testing.T, d time.Duration) {
			t.Helper()
			f.clock.Advance(d)
		},
		Settle: func(t *testing.T, refundID string, as payment.RefundStatus) {
			t.Helper()
			if err := f.stripe.SettleRefund(refundID, string(as)); err != nil {
				t.Fatal(err)
			}
		},
		Inject:  f.inject,
		Vault:   f.vault(),
		Secrets: []string{stripetest.SellerKey},
	}
}

func (f fake) vault() *paytest.Vault {
	return &paytest.Vault{
		Customer: func(*testing.T) string {
			return f.stripe.NewCustomer()
		},
		Save: func(t *testing.T, customer string, c paytest.Card, shown bool) {
			t.Helper()
			redisplay := "always"
			if !shown {
				redisplay = "limited"
			}
			if _, err := f.stripe.Save(customer, stripetest.SavedMethod{PaymentMethod: methods[c], AllowRedisplay: redisplay}); err != nil {
				t.Fatal(err)
			}
		},
		Forget: func(t *testing.T, c commerce.SavedCard) {
			t.Helper()
			if err := f.stripe.Forget(c.Method); err != nil {
				t.Fatal(err)
			}
		},
	}
}

func (f fake) mint(t *testing.T, g paytest.Grant) payment.Secret {
	t.Helper()
	if g.Currency == "" {
		g.Currency = "usd"
	}
	if g.ExpiresIn == 0 {
		g.ExpiresIn = time.Hour
	}
	id, err := f.stripe.Mint(stripetest.Grant{
		PaymentMethod: methods[g.Card], Currency: string(g.Currency), MaxAmount: g.Max, ExpiresAt: f.clock.Now().Add(g.ExpiresIn),
	})
	if err != nil {
		t.Fatal(err)
	}
	return payment.Secret(id)
}

func (f fake) inject(t *testing.T, c paytest.Call, fault paytest.Fault) {
	t.Helper()
	op := map[paytest.Call]stripetest.Op{
		paytest.Authorize: stripetest.OpCreate, paytest.Capture: stripetest.OpCapture,
		paytest.Void: stripetest.OpCancel, paytest.Refund: stripetest.OpRefund,
	}[c]
	var err error
	switch fault {
	case paytest.Unreachability:
		err = f.stripe.Suspend()
	case paytest.RunsOut:
		for _, i := range f.stripe.Ledger().Holds() {
			err = f.stripe.ExpireHold(i.ID)
		}
	default:
		order, ok := map[paytest.Fault]stripetest.Fault{
			paytest.CutReply:      {Kind: stripetest.CutReply},
			paytest.StoredFailure: {Kind: stripetest.ServerError},
			paytest.ActedFailure:  {Kind: stripetest.ServerError, Acts: true},
			paytest.Limited:       {Kind: stripetest.RateLimit},
			paytest.KeyInUse:      {Kind: stripetest.KeyInUse},
			paytest.Garbled:       {Kind: stripetest.Garble},
			paytest.Unavailable:   {Kind: stripetest.Unavailable},
			paytest.Late:          {Kind: stripetest.LateReply, DelayMS: 1000},
			paytest.TakesAtOnce:   {Kind: stripetest.Succeed},
			paytest.StaysOpen:     {Kind: stripetest.Process},
			paytest.PartialHold:   {Kind: stripetest.PartialHold, Amount: 1},
			paytest.OpensReview:   {Kind: stripetest.Review},
		}[fault]
		if !ok {
			t.Fatalf("fault %d cannot be injected", fault)
		}
		order.Op, order.Times = op, 1
		err = f.stripe.Arm(order)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// api is a plain client for what only a test needs: the helpers that make and revoke tokens, and the open questions.
type api struct {
	url, key string
	client   *http.Client
	account  string // connected, that calls are for; empty: the key's own
}

// answer is a status and the JSON of an answer.
type answer struct {
	status int
	body   map[string]any
}

func (a answer) at(path ...string) any {
	var v any = a.body
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (a answer) text(path ...string) string {
	s, _ := a.at(path...).(string)
	return s
}

// String tells status, code and the members that the questions are about, never a token.
func (a answer) String() string {
	if a.status >= 400 {
		return fmt.Sprintf("%d %s code=%q param=%q decline=%q: %s", a.status, a.text("error", "type"), a.text("error", "code"),
			a.text("error", "param"), a.text("error", "decline_code"), a.text("error", "message"))
	}
	return fmt.Sprintf("%d status=%q", a.status, a.text("status"))
}

func (a api) do(t *testing.T, method, path, version string, pairs ...string) answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequestWithContext(t.Context(), method, a.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(a.key, "")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if version != "" {
		req.Header.Set("Stripe-Version", version)
	}
	if a.account != "" {
		req.Header.Set("Stripe-Account", a.account)
	}
	res, err := a.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	out := answer{status: res.StatusCode}
	if err := json.NewDecoder(res.Body).Decode(&out.body); err != nil {
		t.Fatalf("%s answered %d and no JSON: %v", path, res.StatusCode, err)
	}
	return out
}

const helper = "/v1/test_helpers/shared_payment/granted_tokens"

func (a api) mint(t *testing.T, method, currency string, limit int64, expires time.Time) string {
	t.Helper()
	got := a.do(t, "POST", helper, stripepay.DefaultAPIVersion,
		"payment_method", method, "usage_limits[currency]", currency, "usage_limits[max_amount]", strconv.FormatInt(limit, 10),
		"usage_limits[expires_at]", strconv.FormatInt(expires.Unix(), 10))
	if got.status != 200 {
		t.Fatalf("mint a token: %s", got)
	}
	return got.text("id")
}

func newAPI(t *testing.T, base, key string) api {
	t.Helper()
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	t.Cleanup(transport.CloseIdleConnections)
	return api{url: base, key: key, client: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// sandbox is a processor on a test account of the real Stripe.
type sandbox struct {
	*stripepay.Processor
	api
}

func newReal(t *testing.T, key string) sandbox {
	t.Helper()
	checkRealKey(t, key)
	return sandbox{
		Processor: newProcessor(t, stripepay.Settings{SecretKey: payment.Secret(key), ReturnURL: returnURL, Timeout: time.Minute}, clock.System(), io.Discard),
		api:       newAPI(t, stripepay.StripeURL, key),
	}
}

func (r sandbox) world() paytest.World {
	return paytest.World{
		Processor: r.Processor,
		Mint: func(t *testing.T, g paytest.Grant) payment.Secret {
			t.Helper()
			if g.Currency == "" {
				g.Currency = "usd"
			}
			if g.ExpiresIn == 0 {
				g.ExpiresIn = time.Hour
			}
			return payment.Secret(r.mint(t, methods[g.Card], string(g.Currency), g.Max, time.Now().Add(g.ExpiresIn)))
		},
		Revoke: func(t *testing.T, token payment.Secret) {
			t.Helper()
			if got := r.do(t, "POST", helper+"/"+string(token)+"/revoke", stripepay.DefaultAPIVersion); got.status != 200 {
				t.Fatalf("revoke a token: %s", got)
			}
		},
		Now:     time.Now,
		Pass:    func(t *testing.T, d time.Duration) { t.Helper(); time.Sleep(d) },
		Vault:   r.vault(),
		Secrets: []string{r.key},
	}
}

func (r sandbox) vault() *paytest.Vault {
	must := func(t *testing.T, path string, pairs ...string) answer {
		t.Helper()
		got := r.do(t, "POST", path, "", pairs...)
		if got.status != http.StatusOK {
			t.Fatalf("%s: %s", path, got)
		}
		return got
	}
	return &paytest.Vault{
		Customer: func(t *testing.T) string { t.Helper(); return must(t, "/v1/customers").text("id") },
		Save: func(t *testing.T, customer string, c paytest.Card, shown bool) {
			t.Helper()
			method := methods[c]
			if c == paytest.Broke {
				method = "pm_card_chargeCustomerFail" // a card that declines cannot be attached; this one declines later
			}
			id := must(t, "/v1/payment_methods/"+method+"/attach", "customer", customer).text("id")
			redisplay := "limited"
			if shown {
				redisplay = "always"
			}
			must(t, "/v1/payment_methods/"+id, "allow_redisplay", redisplay)
		},
		Forget: func(t *testing.T, c commerce.SavedCard) {
			t.Helper()
			must(t, "/v1/payment_methods/"+c.Method+"/detach")
		},
	}
}
