package stripepay_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/paytest"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

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
		"far too long": {
			200, strings.Repeat(" ", 5<<20) + `{"id":"pi_1","status":"requires_capture","currency":"usd","amount":4923}`, payment.Unknown,
		},
		"redirect": {307, `{}`, payment.Unknown},
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
			_, inspected := p.Inspect(t.Context(), p.Terms(), "spt_secret")
			_, _, found := p.Find(t.Context(), payment.FindRequest{SessionID: "cs_1", Since: time.Unix(1, 0)})
			wantNoSecrets(t, log.String(), err, inspected, found)
		})
	}
}

// wantNoSecrets looks through the log and through everything that the errors wrap.
func wantNoSecrets(t *testing.T, log string, failures ...error) {
	t.Helper()
	texts := []string{log}
	for _, err := range failures {
		for ; err != nil; err = errors.Unwrap(err) {
			texts = append(texts, err.Error(), fmt.Sprintf("%+v %#v", err, err))
		}
	}
	for _, secret := range []string{"spt_secret", "topsecret", "_secret_x", "jane@"} {
		for _, text := range texts {
			if strings.Contains(text, secret) {
				t.Errorf("%q shows in %q", secret, text)
			}
		}
	}
}

// TestDeadServer proves that an error below HTTP does not carry the path with the token, and that nothing was sent.
func TestDeadServer(t *testing.T) {
	t.Parallel()
	server := answering(t, 200, "{}")
	server.Close()
	var log buffer
	p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_topsecret", BaseURL: server.URL}, clock.System(), &log)
	_, inspected := p.Inspect(t.Context(), p.Terms(), "spt_secret")
	_, authorized := p.Authorize(t.Context(), order(p, "spt_secret"))
	for _, err := range []error{inspected, authorized} {
		if err == nil || payment.KindOf(err) != payment.Unreachable {
			t.Errorf("error %v, want unreachable", err)
		}
	}
	wantNoSecrets(t, log.String(), inspected, authorized)
}

// TestRedirectsAreNotFollowed proves that key and token go nowhere but to the configured origin.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		var strayed atomic.Int64
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			strayed.Add(1)
			_, _ = io.WriteString(w, `{"id":"pi_1","status":"requires_capture","currency":"usd","amount":4923}`)
		}))
		defer other.Close()
		server := answering(t, status, `{}`, "Location", other.URL)
		p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_1", BaseURL: server.URL}, clock.System(), io.Discard)
		if _, err := p.Authorize(t.Context(), order(p, "spt_1")); payment.KindOf(err) != payment.Unknown || err == nil {
			t.Errorf("%d: %v", status, err)
		}
		if _, ok, err := p.Find(t.Context(), payment.FindRequest{IntentID: "pi_1"}); ok || err == nil {
			t.Errorf("%d: found %v, %v", status, ok, err)
		}
		if n := strayed.Load(); n != 0 {
			t.Errorf("%d: %d requests strayed", status, n)
		}
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
