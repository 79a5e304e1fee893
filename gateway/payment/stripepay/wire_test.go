package stripepay_test

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/paytest"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func order(p *stripepay.Processor, token payment.Secret) payment.AuthorizeRequest {
	return payment.AuthorizeRequest{
		Key: "postern:cs_1:1:authorize", Terms: p.Terms(), Amount: commerce.Money{Minor: 4923, Currency: "usd"}, Token: token,
		SessionID: "cs_1", Attempt: 1, Gateway: "shop-a",
	}
}

// TestWhatIsSent pins the parameters and headers of an authorization: a replay after an upgrade of Postern must be byte-same, or
// Stripe refuses the key.
func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	for shape, parameter := range map[string]string{
		stripepay.ShapeMethodData: "payment_method_data[shared_payment_granted_token]",
		stripepay.ShapeTopLevel:   "shared_payment_granted_token",
	} {
		version := map[string]string{stripepay.ShapeMethodData: "2026-04-22.preview", stripepay.ShapeTopLevel: "2026-02-25.preview"}[shape]
		f := newFake(t, stripepay.Settings{Shape: shape, APIVersion: version}, stripetest.Options{})
		token := f.mint(t, paytest.Grant{Max: 4923})
		if _, err := f.Authorize(t.Context(), order(f.Processor, token)); err != nil {
			t.Fatal(err)
		}
		sent := f.stripe.Requests()
		if len(sent) != 1 {
			t.Fatalf("%d requests, want 1: an authorization does not look at the token by itself", len(sent))
		}
		r := sent[0]
		want := map[string]string{
			"amount": "4923", "currency": "usd", "capture_method": "manual", "confirm": "true", "error_on_requires_action": "true",
			"expand[0]": "latest_charge", parameter: string(token),
			"metadata[postern_session]": "cs_1", "metadata[postern_attempt]": "1", "metadata[postern_gateway]": "shop-a",
		}
		got := map[string]string{}
		for name := range r.Form {
			got[name] = strings.Join(r.Form[name], "|")
		}
		if !maps.Equal(got, want) {
			t.Errorf("parameters %v, want %v", got, want)
		}
		if r.Key != "postern:cs_1:1:authorize" || !slices.Equal(r.Header["Stripe-Version"], []string{version}) {
			t.Errorf("key %q, versions %v", r.Key, r.Header["Stripe-Version"])
		}
		for _, name := range []string{"X-Stripe-Client-User-Agent", "X-Stripe-Client-Telemetry", "Traceparent", "Stripe-Account"} {
			if r.Header.Get(name) != "" {
				t.Errorf("header %s was sent", name)
			}
		}
	}
}

// TestFrozenTermsWin proves that an attempt keeps the version and shape that it was frozen with.
func TestFrozenTermsWin(t *testing.T) {
	t.Parallel()
	f := newFake(t, stripepay.Settings{}, stripetest.Options{})
	r := order(f.Processor, f.mint(t, paytest.Grant{Max: 4923}))
	r.Terms.APIVersion, r.Terms.Shape = "2026-02-25.preview", stripepay.ShapeTopLevel
	if _, err := f.Authorize(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := f.stripe.Requests()[0]; got.Version != "2026-02-25.preview" || !got.Form.Has("shared_payment_granted_token") {
		t.Errorf("sent %s %v", got.Version, got.Form)
	}
}

// TestNoRetries proves that one call is one request, whatever is answered.
func TestNoRetries(t *testing.T) {
	t.Parallel()
	for _, kind := range []stripetest.Kind{
		stripetest.CutRequest, stripetest.CutReply, stripetest.ServerError, stripetest.RateLimit, stripetest.KeyInUse,
		stripetest.Unavailable, stripetest.Garble,
	} {
		f := newFake(t, stripepay.Settings{}, stripetest.Options{})
		r := order(f.Processor, f.mint(t, paytest.Grant{Max: 4923}))
		if err := f.stripe.Arm(stripetest.Fault{Kind: kind}); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Authorize(t.Context(), r); err == nil {
			t.Errorf("%s: no error", kind)
		}
		if n := f.stripe.Arrivals(stripetest.OpCreate); n != 1 {
			t.Errorf("%s: %d arrivals, want 1", kind, n)
		}
	}
}

// TestSearchPages proves that a search goes through every page and prefers the intent that holds money.
func TestSearchPages(t *testing.T) {
	t.Parallel()
	f := newFake(t, stripepay.Settings{}, stripetest.Options{})
	begun := f.clock.Now()
	decline := func(key string) {
		t.Helper()
		declined := order(f.Processor, f.mint(t, paytest.Grant{Card: paytest.Declining, Max: 4923}))
		declined.Key += key
		if _, err := f.Authorize(t.Context(), declined); payment.KindOf(err) != payment.Declined {
			t.Fatal(err)
		}
	}
	decline("before")
	held, err := f.Authorize(t.Context(), order(f.Processor, f.mint(t, paytest.Grant{Max: 4923})))
	if err != nil {
		t.Fatal(err)
	}
	decline("after")
	other := order(f.Processor, f.mint(t, paytest.Grant{Max: 1 << 40}))
	other.SessionID = "cs_2"
	for i := range 120 {
		other.Key = "other" + strconv.Itoa(i)
		if _, err := f.Authorize(t.Context(), other); err != nil {
			t.Fatal(err)
		}
	}
	found, ok, err := f.Find(t.Context(), payment.FindRequest{SessionID: "cs_1", Attempt: 1, Since: begun})
	if err != nil || !ok || found.ID != held.ID {
		t.Fatalf("found %+v %v: %v", found, ok, err)
	}
	if n := f.stripe.Arrivals(stripetest.OpList); n != 2 {
		t.Errorf("%d pages, want 2", n)
	}
	ahead := payment.FindRequest{SessionID: "cs_1", Attempt: 1, Since: begun.Add(5 * time.Minute)}
	if found, ok, err := f.Find(t.Context(), ahead); err != nil || !ok || found.ID != held.ID {
		t.Errorf("with our clock five minutes ahead of Stripe's: %+v %v: %v", found, ok, err)
	}
	if err := f.stripe.Arm(stripetest.Fault{Op: stripetest.OpList, Kind: stripetest.ServerError, Skip: 1, Times: 1}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := f.Find(t.Context(), payment.FindRequest{SessionID: "cs_3", Attempt: 1, Since: begun}); ok || err == nil {
		t.Errorf("a search that failed half way must not say that there is none: %v %v", ok, err)
	}
}

// TestModesDoNotMix proves that a live token is unknown to a test key.
func TestModesDoNotMix(t *testing.T) {
	t.Parallel()
	server := answering(t, 200, `{"id":"spt_1","object":"shared_payment.granted_token","livemode":true,
		"usage_limits":{"currency":"usd","max_amount":100,"expires_at":null},"deactivated_at":null}`)
	p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_1", BaseURL: server.URL}, clock.System(), io.Discard)
	_, err := p.Inspect(t.Context(), p.Terms(), "spt_1")
	if err == nil || payment.KindOf(err) != payment.TokenUnknown {
		t.Errorf("error %v, want an unknown token", err)
	}
	for _, body := range []string{`{}`, `{"id":"spt_1"}`, `{"id":"spt_2","usage_limits":{"currency":"usd"}}`, `{"id":"spt_1","usage_limits":{"currency":"x"}}`} {
		server := answering(t, 200, body)
		p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_1", BaseURL: server.URL}, clock.System(), io.Discard)
		if _, err := p.Inspect(t.Context(), p.Terms(), "spt_1"); err == nil || payment.KindOf(err) != payment.Unknown {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestLogs proves what a log line shows.
func TestLogs(t *testing.T) {
	t.Parallel()
	f := newFake(t, stripepay.Settings{}, stripetest.Options{})
	token := f.mint(t, paytest.Grant{Max: 4923})
	if _, err := f.Inspect(t.Context(), f.Terms(), token); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Authorize(t.Context(), order(f.Processor, token)); err != nil {
		t.Fatal(err)
	}
	lines := f.log.String()
	for _, want := range []string{"route=/v1/shared_payment/granted_tokens/{id}", "route=/v1/payment_intents", "status=200", "request_id=req_"} {
		if !strings.Contains(lines, want) {
			t.Errorf("the log lacks %q: %s", want, lines)
		}
	}
	if strings.Contains(lines, string(token)) || strings.Contains(lines, stripetest.SellerKey) {
		t.Errorf("the log shows a secret: %s", lines)
	}
}

// TestDeadlineWithoutTrace proves that a transport that reports nothing is never taken for one that sent nothing.
func TestDeadlineWithoutTrace(t *testing.T) {
	t.Parallel()
	p, err := stripepay.New(stripepay.Settings{SecretKey: "sk_test_1"}, stripepay.Options{
		HTTP:  &http.Client{Transport: mute{}},
		Clock: clock.System(),
		Log:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Authorize(t.Context(), order(p, "spt_1"))
	if err == nil || payment.KindOf(err) != payment.Unknown {
		t.Errorf("error %v, want unknown", err)
	}
}

// mute fails without telling how far it came.
type mute struct{}

func (mute) RoundTrip(*http.Request) (*http.Response, error) { return nil, net.ErrClosed }

// TestTimeout proves that the settings' timeout ends a call, and that its outcome is open.
func TestTimeout(t *testing.T) {
	t.Parallel()
	f := newFake(t, stripepay.Settings{Timeout: 100 * time.Millisecond}, stripetest.Options{})
	r := order(f.Processor, f.mint(t, paytest.Grant{Max: 4923}))
	if err := f.stripe.Arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.LateReply, DelayMS: 5000}); err != nil {
		t.Fatal(err)
	}
	_, err := f.Authorize(context.WithoutCancel(t.Context()), r)
	if err == nil || payment.KindOf(err) != payment.Unknown {
		t.Errorf("error %v, want unknown", err)
	}
}

// TestWrongKey proves that refused credentials are told apart, and that the connected account is named.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	f := newFake(t, stripepay.Settings{SecretKey: "sk_test_stranger"}, stripetest.Options{})
	if err := f.Check(t.Context()); payment.KindOf(err) != payment.Unauthorized || err == nil {
		t.Errorf("check: %v", err)
	}
	_, err := f.Authorize(t.Context(), order(f.Processor, "spt_1"))
	if payment.KindOf(err) != payment.Unauthorized || err == nil {
		t.Errorf("authorize: %v", err)
	}
	for _, secret := range []string{"stranger", base64.StdEncoding.EncodeToString([]byte("sk_test_stranger:"))} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
	accounts := make(chan string, 8)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accounts <- r.Header.Get("Stripe-Account")
		_, _ = io.WriteString(w, `{"object":"list","data":[]}`)
	}))
	defer server.Close()
	p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_1", Account: "acct_7", BaseURL: server.URL}, clock.System(), io.Discard)
	calls := []func(){
		func() { _ = p.Check(t.Context()) },
		func() { _, _ = p.Authorize(t.Context(), order(p, "spt_1")) },
		func() { _, _ = p.Inspect(t.Context(), p.Terms(), "spt_1") },
		func() { _, _ = p.Capture(t.Context(), payment.ChangeRequest{Key: "k", IntentID: "pi_1"}) },
		func() { _, _ = p.Void(t.Context(), payment.ChangeRequest{Key: "k", IntentID: "pi_1"}) },
		func() { _, _ = p.Refund(t.Context(), payment.RefundRequest{Key: "k", IntentID: "pi_1"}) },
		func() { _, _, _ = p.Find(t.Context(), payment.FindRequest{IntentID: "pi_1"}) },
		func() { _, _, _ = p.Find(t.Context(), payment.FindRequest{SessionID: "cs_1", Since: time.Unix(1, 0)}) },
		func() { _, _, _ = p.FindRefund(t.Context(), "pi_1", "k") },
	}
	for i, send := range calls {
		send()
		if got := <-accounts; got != "acct_7" {
			t.Errorf("call %d went to account %q", i, got)
		}
	}
}
