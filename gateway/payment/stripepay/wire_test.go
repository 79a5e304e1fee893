package stripepay_test

import (
	"bytes"
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
	"sync"
	"sync/atomic"
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

// hangUp is a server that answers the first request of each connection and, on the second, reads it and closes the connection: what
// a client sees of a keep-alive that died.
type hangUp struct {
	arrivals atomic.Int64
	*httptest.Server
}

func newHangUp(t *testing.T) *hangUp {
	t.Helper()
	h := &hangUp{}
	var mu sync.Mutex
	seen := map[string]int{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h.arrivals.Add(1)
		mu.Lock()
		seen[r.RemoteAddr]++
		second := seen[r.RemoteAddr] > 1
		mu.Unlock()
		if second {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Errorf("hijack: %v", err)
				return
			}
			_ = conn.Close()
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"pi_1","object":"payment_intent","status":"requires_capture","currency":"usd","amount":4923}`)
	}))
	t.Cleanup(h.Close)
	return h
}

// TestWritesAreNotResent is rule 8 of the house: on a dead kept-alive connection each write arrives once and its outcome is unknown.
// The control below proves that net/http would resend the very same request.
func TestWritesAreNotResent(t *testing.T) {
	t.Parallel()
	writes := map[string]func(*stripepay.Processor) error{
		"authorize": func(p *stripepay.Processor) error {
			_, err := p.Authorize(t.Context(), order(p, "spt_1"))
			return err
		},
		"capture": func(p *stripepay.Processor) error {
			_, err := p.Capture(t.Context(), payment.ChangeRequest{Key: "k", IntentID: "pi_1"})
			return err
		},
		"void": func(p *stripepay.Processor) error {
			_, err := p.Void(t.Context(), payment.ChangeRequest{Key: "k", IntentID: "pi_1"})
			return err
		},
		"refund": func(p *stripepay.Processor) error {
			_, err := p.Refund(t.Context(), payment.RefundRequest{Key: "k", IntentID: "pi_1", Amount: commerce.Money{Minor: 1, Currency: "usd"}})
			return err
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			server := newHangUp(t)
			p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_1", BaseURL: server.URL}, clock.System(), io.Discard)
			if _, _, err := p.Find(t.Context(), payment.FindRequest{IntentID: "pi_1"}); err != nil {
				t.Fatal(err)
			}
			if kind := payment.KindOf(write(p)); kind != payment.Unknown {
				t.Errorf("kind %d, want unknown", kind)
			}
			if n := server.arrivals.Load(); n != 2 {
				t.Errorf("%d arrivals, want 2: one read and one write", n)
			}
		})
	}

	t.Run("control", func(t *testing.T) {
		server := newHangUp(t)
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		for range 2 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader([]byte("a=1")))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Idempotency-Key", "k")
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		if n := server.arrivals.Load(); n != 3 {
			t.Errorf("%d arrivals of 2 calls, want 3: if net/http no longer resends, the transport's guard can go", n)
		}
	})
}

// answering is a server with one fixed answer, for what the stateful Stripe never says.
func answering(t *testing.T, status int, body string, header ...string) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

// TestAnswers walks through answers and the kind that each must have.
func TestAnswers(t *testing.T) {
	t.Parallel()
	stripeError := func(kind, code string) string {
		return `{"error":{"type":"` + kind + `","code":"` + code + `","message":"mail jane@example.com about spt_secret",` +
			`"payment_intent":{"id":"pi_9","client_secret":"pi_9_secret_x"}}}`
	}
	for name, c := range map[string]struct {
		status int
		body   string
		kind   payment.ErrorKind
	}{
		"bad key":            {401, stripeError("invalid_request_error", ""), payment.Unauthorized},
		"no permission":      {403, stripeError("invalid_request_error", ""), payment.Unauthorized},
		"key in use":         {409, stripeError("idempotency_error", "idempotency_key_in_use"), payment.Busy},
		"lock timeout":       {429, stripeError("invalid_request_error", "lock_timeout"), payment.Busy},
		"rate limit":         {429, stripeError("invalid_request_error", "rate_limit"), payment.Busy},
		"other parameters":   {400, stripeError("idempotency_error", ""), payment.KeyReused},
		"decline":            {402, stripeError("card_error", "card_declined"), payment.Declined},
		"authentication":     {402, stripeError("card_error", "authentication_required"), payment.ActionRequired},
		"unknown parameter":  {400, stripeError("invalid_request_error", "parameter_unknown"), payment.Refused},
		"amount too small":   {400, stripeError("invalid_request_error", "amount_too_small"), payment.Refused},
		"unknown token":      {404, stripeError("invalid_request_error", "resource_missing"), payment.TokenUnknown},
		"unknown call":       {404, stripeError("invalid_request_error", ""), payment.Refused},
		"internal error":     {500, stripeError("api_error", ""), payment.Unknown},
		"bad gateway page":   {502, "<html>spt_secret</html>", payment.Unknown},
		"forbidden page":     {403, "<html>spt_secret</html>", payment.Unknown},
		"too many page":      {429, "<html>spt_secret</html>", payment.Unknown},
		"empty refusal":      {400, "", payment.Unknown},
		"refusal of nothing": {400, `{"message":"jane@example.com"}`, payment.Unknown},
		"empty answer":       {200, "", payment.Unknown},
		"broken answer":      {200, `{"id":"pi_1","status":"requires_cap`, payment.Unknown},
		"page with 200":      {200, "<html>spt_secret</html>", payment.Unknown},
		"other object":       {200, `{"object":"list","data":[]}`, payment.Unknown},
		"unheard-of status":  {200, `{"id":"pi_1","status":"levitating","currency":"usd","amount":4923}`, payment.Unknown},
		"no currency":        {200, `{"id":"pi_1","status":"requires_capture","amount":4923}`, payment.Unknown},
		"wrong type":         {200, `{"id":"pi_1","status":"requires_capture","currency":"usd","amount":"4923"}`, payment.Unknown},
		"far too long":       {200, `{"id":"` + strings.Repeat("x", 5<<20) + `"}`, payment.Unknown},
		"redirect":           {307, `{}`, payment.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := answering(t, c.status, c.body, "Request-Id", "req_7", "Location", "http://192.0.2.1/steal")
			var log buffer
			p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_topsecret", BaseURL: server.URL}, clock.System(), &log)
			_, err := p.Authorize(t.Context(), order(p, "spt_secret"))
			if kind := payment.KindOf(err); err == nil || kind != c.kind {
				t.Errorf("kind %d, want %d: %v", kind, c.kind, err)
			}
			for _, secret := range []string{"spt_secret", "topsecret", "_secret_x", "jane@"} {
				if strings.Contains(err.Error(), secret) || strings.Contains(log.String(), secret) {
					t.Errorf("%q shows in %q or in the log %q", secret, err, log.String())
				}
			}
		})
	}
}

// TestCardErrorAfterTheHold proves that a card error on a capture is a plain refusal, not a decline of the buyer's card.
func TestCardErrorAfterTheHold(t *testing.T) {
	t.Parallel()
	f := newFake(t, stripepay.Settings{}, stripetest.Options{})
	held, err := f.Authorize(t.Context(), order(f.Processor, f.mint(t, paytest.Grant{Max: 4923})))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.stripe.Arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Refuse, Times: 1}); err != nil {
		t.Fatal(err)
	}
	_, err = f.Capture(t.Context(), payment.ChangeRequest{Key: "k", IntentID: held.ID})
	if payment.KindOf(err) != payment.Refused || err == nil {
		t.Errorf("error %v, want refused", err)
	}
}

// TestUnreadAfterRefusal proves that a refused change whose intent cannot be read is unknown, since it may have been made before.
func TestUnreadAfterRefusal(t *testing.T) {
	t.Parallel()
	f := newFake(t, stripepay.Settings{}, stripetest.Options{})
	held, err := f.Authorize(t.Context(), order(f.Processor, f.mint(t, paytest.Grant{Max: 4923})))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Capture(t.Context(), payment.ChangeRequest{Key: "k1", IntentID: held.ID}); err != nil {
		t.Fatal(err)
	}
	if err := f.stripe.Arm(stripetest.Fault{Op: stripetest.OpRetrieve, Kind: stripetest.Unavailable, Times: 1}); err != nil {
		t.Fatal(err)
	}
	_, err = f.Void(t.Context(), payment.ChangeRequest{Key: "k2", IntentID: held.ID})
	if err == nil || payment.KindOf(err) != payment.Unknown {
		t.Errorf("error %v, want unknown", err)
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
	mine := order(f.Processor, f.mint(t, paytest.Grant{Max: 4923}))
	held, err := f.Authorize(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	declined := order(f.Processor, f.mint(t, paytest.Grant{Card: paytest.Declining, Max: 4923}))
	declined.Key += "b"
	if _, err := f.Authorize(t.Context(), declined); payment.KindOf(err) != payment.Declined {
		t.Fatal(err)
	}
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
