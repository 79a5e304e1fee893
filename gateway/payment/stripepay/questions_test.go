package stripepay_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// What Stripe's documents leave open about Shared Payment Tokens is asked here, of the real API when a test key is given. Nothing
// in Postern depends on an answer; each one may make it simpler.

// TestOpenQuestionsOnStripe prints the real API's answers.
func TestOpenQuestionsOnStripe(t *testing.T) {
	key := os.Getenv(realKey)
	if key == "" {
		t.Skipf("no real account is asked: %s is not set", realKey)
	}
	checkRealKey(t, key)
	for _, a := range ask(t, newAPI(t, stripepay.StripeURL, key), time.Now, func(d time.Duration) { time.Sleep(d) }) {
		t.Logf("%s\n    %s", a.question, a.reply)
	}
}

// TestOpenQuestionsOnTheFake proves that the questions are asked as they should be: on the fake every answer is known.
func TestOpenQuestionsOnTheFake(t *testing.T) {
	t.Parallel()
	f := newFake(t, stripepay.Settings{}, stripetest.Options{})
	got := ask(t, newAPI(t, f.stripe.URL(), stripetest.SellerKey), f.clock.Now, f.clock.Advance)
	want := map[string]string{
		"1a": "captured=0 open; a second hold of 1: 400",
		"1b": `captured=0 open; a new hold: 200 status="requires_capture"`,
		"2":  "captured=0 open",
		"3":  `200 status="requires_capture"`,
		"4a": `200 status="succeeded"`,
		"4b": `200 status="succeeded"`,
		"4c": "captured=500 open",
		"5a": `code="parameter_unknown"`,
		"5b": `code="parameter_unknown"`,
		"6":  `400 invalid_request_error code=""`,
		"7":  "shared_payment.granted_token.deactivated shared_payment.granted_token.used",
		"8":  `code="parameter_unknown"`,
		"9":  `account_invalid`,
		"10": "not askable with a secret key",
		"11": `code="parameter_unknown"`,
		"12": `decline="authentication_not_handled"`,
		"13": "card brand visa last4 4242",
		"+a": `400 invalid_request_error code=""`,
		"+b": `400 invalid_request_error code=""`,
	}
	for _, a := range got {
		name, _, _ := strings.Cut(a.question, " ")
		if !strings.Contains(a.reply, want[name]) || want[name] == "" {
			t.Errorf("%s\n    %s\n    want %s", a.question, a.reply, want[name])
		}
		delete(want, name)
	}
	if len(want) != 0 {
		t.Errorf("not asked: %v", want)
	}
}

// asked is one question with its answer.
type asked struct{ question, reply string }

// inquiry asks one account.
type inquiry struct {
	*testing.T
	api
	now  func() time.Time
	pass func(time.Duration)
}

const (
	nested   = "payment_method_data[shared_payment_granted_token]"
	topLevel = "shared_payment_granted_token"
	basil    = "2025-08-27.basil"
	endive   = "2026-09-30.endive"
	// connectedAccount is the variable that names an account which the test key's platform may charge, acct_….
	connectedAccount = "POSTERN_STRIPE_CONNECTED_ACCOUNT"
)

func ask(t *testing.T, a api, now func() time.Time, pass func(time.Duration)) []asked {
	t.Helper()
	q := inquiry{T: t, api: a, now: now, pass: pass}
	var out []asked
	say := func(question, reply string) { out = append(out, asked{question, reply}) }

	token := q.token("pm_card_visa", 1000)
	first := q.hold(token, "1000")
	say("1a after a hold of the whole limit, the token says", q.usage(token)+"; a second hold of 1: "+q.hold(token, "1").String())
	q.do(t, "POST", "/v1/payment_intents/"+first.text("id")+"/cancel", "")
	say("1b after the hold was cancelled, the token says", q.usage(token)+"; a new hold: "+q.hold(token, "1000").String())

	token = q.token("pm_card_visa_chargeDeclined", 1000)
	q.hold(token, "1000")
	say("2 after a decline, the token says", q.usage(token))

	token = q.token("pm_card_visa", 2000)
	first = q.hold(token, "1000")
	q.capture(first.text("id"))
	say("3 after a capture of half the limit, a second payment of the other half", q.hold(token, "1000").String())

	token = q.token("pm_card_visa", 1000)
	first = q.hold(token, "1000")
	q.do(t, "POST", helper+"/"+token+"/revoke", stripepay.DefaultAPIVersion)
	say("4a capture after the token was revoked", q.capture(first.text("id")).String())
	token = q.mint(t, "pm_card_visa", "usd", 1000, now().Add(8*time.Second))
	first = q.hold(token, "1000")
	pass(10 * time.Second)
	say("4b capture after the token expired", q.capture(first.text("id")).String())
	token = q.token("pm_card_visa", 1000)
	first = q.hold(token, "1000")
	q.capture(first.text("id"), "amount_to_capture", "500")
	say("4c after a capture of half a hold, the token says", q.usage(token))

	say("5a the current parameter under "+basil, q.authorize(basil, nested, q.token("pm_card_visa", 1000), "1000").String())
	say("5b the private preview's parameter under "+stripepay.DefaultAPIVersion,
		q.authorize(stripepay.DefaultAPIVersion, topLevel, q.token("pm_card_visa", 1000), "1000").String())

	say("6 a payment in usd on a token in eur", q.hold(q.mint(t, "pm_card_visa", "eur", 1000, now().Add(time.Hour)), "1000").String())

	say("7 token events in the account's list, as "+basil+" shows them (an endpoint's own selection may differ)", q.events())

	say("8 the test helper with seller_details", q.do(t, "POST", helper, stripepay.DefaultAPIVersion,
		"payment_method", "pm_card_visa", "usage_limits[currency]", "usd", "usage_limits[max_amount]", "1000",
		"usage_limits[expires_at]", fmt.Sprint(now().Add(time.Hour).Unix()),
		"seller_details[network_id]", "internal", "seller_details[external_id]", "postern").String())

	say("9 a token and a payment with it under Stripe-Account", q.onAccount())
	say("10 the names of a restricted key's permissions", "not askable with a secret key: no call tells them; the dashboard lists them, "+
		"and a call that lacks one names it in its refusal")
	say("11 tokens under "+endive+", without a preview", q.authorize(endive, nested, q.token("pm_card_visa", 1000), "1000").String())

	say("12 error_on_requires_action with a card that wants authentication",
		q.hold(q.token("pm_card_threeDSecure2Required", 1000), "1000", "error_on_requires_action", "true").String())

	shown := q.do(t, "GET", "/v1/shared_payment/granted_tokens/"+q.token("pm_card_visa", 1000), stripepay.DefaultAPIVersion)
	say("13 what a fresh token shows of its payment method", fmt.Sprintf("%s brand %v last4 %v", shown.text("payment_method_details", "type"),
		shown.at("payment_method_details", "card", "brand"), shown.at("payment_method_details", "card", "last4")))

	say("+a a payment above the limit", q.hold(q.token("pm_card_visa", 1000), "1001").String())
	token = q.token("pm_card_visa", 1000)
	q.do(t, "POST", helper+"/"+token+"/revoke", stripepay.DefaultAPIVersion)
	say("+b a payment on a revoked token", q.hold(token, "1000").String())
	return out
}

func (q inquiry) token(method string, limit int64) string {
	q.Helper()
	return q.mint(q.T, method, "usd", limit, q.now().Add(time.Hour))
}

func (q inquiry) authorize(version, parameter, token, amount string, more ...string) answer {
	q.Helper()
	return q.do(q.T, "POST", "/v1/payment_intents", version, append([]string{
		"amount", amount, "currency", "usd", "confirm", "true", "capture_method", "manual", parameter, token,
	}, more...)...)
}

func (q inquiry) hold(token, amount string, more ...string) answer {
	q.Helper()
	return q.authorize(stripepay.DefaultAPIVersion, nested, token, amount, more...)
}

func (q inquiry) capture(id string, more ...string) answer {
	q.Helper()
	return q.do(q.T, "POST", "/v1/payment_intents/"+id+"/capture", "", more...)
}

// onAccount mints a token and pays with it for the account that the environment names, or else for the key's own.
func (q inquiry) onAccount() string {
	q.Helper()
	if q.account = os.Getenv(connectedAccount); q.account == "" {
		q.account = q.do(q.T, "GET", "/v1/account", "").text("id")
	}
	minted := q.do(q.T, "POST", helper, stripepay.DefaultAPIVersion, "payment_method", "pm_card_visa", "usage_limits[currency]", "usd",
		"usage_limits[max_amount]", "1000", "usage_limits[expires_at]", fmt.Sprint(q.now().Add(time.Hour).Unix()))
	if minted.status != 200 {
		return "no token: " + minted.String()
	}
	return q.hold(minted.text("id"), "1000").String()
}

// usage tells how much of a token is used up and whether it is open.
func (q inquiry) usage(token string) string {
	q.Helper()
	got := q.do(q.T, "GET", "/v1/shared_payment/granted_tokens/"+token, stripepay.DefaultAPIVersion)
	if got.status != 200 {
		return got.String()
	}
	captured, _ := got.at("usage_details", "amount_captured", "value").(float64)
	state := "open"
	if reason := got.text("deactivated_reason"); reason != "" {
		state = "deactivated as " + reason
	}
	return fmt.Sprintf("captured=%d %s", int64(captured), state)
}

// events lists the kinds of token events that the account has seen.
func (q inquiry) events() string {
	q.Helper()
	got := q.do(q.T, "GET", "/v1/events?limit=100", basil)
	if got.status != 200 {
		return got.String()
	}
	var kinds []string
	list, _ := got.at("data").([]any)
	for _, item := range list {
		event, _ := item.(map[string]any)
		if kind, _ := event["type"].(string); strings.HasPrefix(kind, "shared_payment.") {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	if kinds = slices.Compact(kinds); len(kinds) == 0 {
		return "none"
	}
	return strings.Join(kinds, " ")
}
