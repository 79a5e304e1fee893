//go:build e2e

package stripemock_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

const key = "sk_test_123" // the mock takes any test key

func form(pairs ...string) url.Values {
	out := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Add(pairs[i], pairs[i+1])
	}
	return out
}

// sides starts both servers.
func sides(t *testing.T, flags ...string) (ours, theirs side, fake *stripetest.Server) {
	t.Helper()
	fake = stripetest.New(t, stripetest.Options{})
	ours = side{name: "stripetest", url: fake.URL(), key: stripetest.SellerKey, version: stripepay.DefaultAPIVersion}
	theirs = side{name: "stripe-mock", url: start(t, flags...), key: key}
	return ours, theirs, fake
}

// bare are the few members that Stripe describes and its mock's fixtures never show, each with why ours shows it. Anything else that is
// not shown fails.
var bare = map[string]string{
	"charge.payment_method_details.card.capture_before":        "only an open hold has it, and the fixture is a captured charge; the gateway reads it",
	"refund.failure_reason":                                    "only a failed refund has it, and the fixture succeeded",
	"payment_intent.last_payment_error.charge":                 "the fixture has no error; the description of api_errors judges ours",
	"payment_intent.last_payment_error.code":                   "as above",
	"payment_intent.last_payment_error.decline_code":           "as above",
	"payment_intent.last_payment_error.doc_url":                "as above",
	"payment_intent.last_payment_error.message":                "as above",
	"payment_intent.next_action.use_stripe_sdk":                "only a challenged card has it, and the fixture is not challenged",
	"shared_payment.granted_token.payment_method_details.card": "the fixture is of no kind of payment method; a card's token shows its card",
	"shared_payment.issued_token.return_url":                   "it is optional, and the fixture leaves it out",
}

// oneSided are the members that are null in one of the two answers only, each with why: the mock keeps no state, so its fixture shows
// one moment of an object's life. The description alone judges the value that the other does not show.
var oneSided = map[string]string{
	"payment_intent.automatic_payment_methods":                   "a payment by a token or a named method has none",
	"payment_intent.canceled_at":                                 "the fixture is not canceled",
	"payment_intent.cancellation_reason":                         "the fixture is not canceled",
	"payment_intent.last_payment_error":                          "most of ours did not fail",
	"payment_intent.latest_charge":                               "an intent that was never confirmed has none",
	"payment_intent.managed_payments":                            "not a way in which the gateway sells",
	"payment_intent.next_action":                                 "most of ours are not challenged",
	"payment_intent.payment_method":                              "the fixture has none",
	"payment_intent.payment_method_configuration_details":        "goes with automatic_payment_methods",
	"payment_intent.processing":                                  "no card payment is told in it",
	"payment_intent.shipping":                                    "the gateway sends none: the shop has the address",
	"payment_intent.transfer_data":                               "the gateway splits no payment",
	"charge.balance_transaction":                                 "ours keeps no balance",
	"charge.billing_details.name":                                "ours keeps no buyer's data",
	"charge.description":                                         "the gateway sends none",
	"charge.failure_code":                                        "the fixture did not fail",
	"charge.failure_message":                                     "the fixture did not fail",
	"charge.payment_intent":                                      "the fixture's charge stands alone",
	"charge.payment_method":                                      "a payment by a token shows none",
	"charge.payment_method_details.card.amount_authorized":       "the fixture was not held first",
	"charge.payment_method_details.card.three_d_secure":          "nobody authenticated the holder of our card, and the fixture's was",
	"refund.payment_intent":                                      "the fixture is the refund of a charge",
	"refund.reason":                                              "the fixture has none",
	"shared_payment.granted_token.deactivated_at":                "the fixture is active",
	"shared_payment.granted_token.deactivated_reason":            "the fixture is active",
	"shared_payment.granted_token.shared_metadata":               "the fixture has none",
	"shared_payment.granted_token.usage_details.amount_captured": "the fixture was not used",
	"shared_payment.granted_token.usage_limits.expires_at":       "the fixture never expires",
	"shared_payment.issued_token.deactivated_at":                 "the fixture is active",
	"shared_payment.issued_token.deactivated_reason":             "the fixture is active",
	"shared_payment.issued_token.next_action":                    "no token of ours waits for its buyer",
	"shared_payment.issued_token.shared_metadata":                "the fixture has none",
	"shared_payment.issued_token.status":                         "the fixture has none",
	"shared_payment.issued_token.usage_details.amount_captured":  "the fixture was not used",
	"shared_payment.issued_token.usage_limits.expires_at":        "the fixture never expires",
}

// same compares two answers by the named schema.
func same(t *testing.T, all schemas, name string, ours, theirs map[string]any) {
	t.Helper()
	root, ok := all[name]
	if !ok {
		t.Fatalf("the description has no %s", name)
	}
	c := comparison{schemas: all}
	c.value(name, ours, theirs, true, root)
	report(t, c)
}

// sameList compares the items of two lists.
func sameList(t *testing.T, all schemas, name string, ours, theirs map[string]any) {
	t.Helper()
	for member := range ours {
		if jsonType(ours[member]) != jsonType(theirs[member]) {
			t.Errorf("list.%s: ours is a %s, theirs a %s", member, jsonType(ours[member]), jsonType(theirs[member]))
		}
	}
	mine, _ := ours["data"].([]any)
	known, _ := theirs["data"].([]any)
	if len(mine) == 0 || len(known) == 0 {
		t.Fatalf("an empty list proves nothing: %d of ours, %d of theirs", len(mine), len(known))
	}
	for i, item := range mine {
		object, _ := item.(map[string]any)
		model, _ := known[min(i, len(known)-1)].(map[string]any)
		same(t, all, name, object, model)
	}
}

func report(t *testing.T, c comparison) {
	t.Helper()
	slices.Sort(c.problems)
	for _, p := range c.problems {
		t.Error(p)
	}
	for _, path := range c.undisplayed {
		if !excepted(bare, path) {
			t.Errorf("%s: the mock does not show it", path)
		}
	}
	for _, path := range c.oneNull {
		if !excepted(oneSided, path) {
			t.Errorf("%s: it is null in one of the two answers only", path)
		}
	}
}

// excepted reports whether the member, or one that it is part of, is an exception.
func excepted(exceptions map[string]string, path string) bool {
	// An expanded charge stands inside an intent; it is named by itself.
	for named := strings.Replace(path, "payment_intent.latest_charge.", "charge.", 1); named != ""; {
		if exceptions[named] != "" {
			return true
		}
		named = named[:max(strings.LastIndexByte(named, '.'), 0)]
	}
	return false
}

// TestMoneyShapes compares create, confirm, retrieve, capture, cancel, list and refund.
func TestMoneyShapes(t *testing.T) {
	all := description(t, "spec3.json")
	ours, theirs, _ := sides(t)
	manual := []string{"amount", "4923", "currency", "usd", "capture_method", "manual", "payment_method", "pm_card_visa", "metadata[a]", "b"}
	both := func(name, path string, mockPath string, f url.Values) map[string]any {
		t.Helper()
		mine := ours.ok(t, http.MethodPost, path, f)
		same(t, all, name, mine, theirs.ok(t, http.MethodPost, mockPath, f))
		return mine
	}
	id := func(object map[string]any) string {
		text, _ := object["id"].(string)
		return text
	}
	const intents = "/v1/payment_intents"

	held := id(both("payment_intent", intents, intents, form(append(manual, "confirm", "true")...)))
	waiting := id(both("payment_intent", intents, intents, form(manual...)))
	both("payment_intent", intents+"/"+waiting+"/confirm", intents+"/pi_1/confirm", form())

	open := form("expand[]", "latest_charge")
	same(t, all, "payment_intent", ours.ok(t, http.MethodGet, intents+"/"+held, open), theirs.ok(t, http.MethodGet, intents+"/pi_1", open))
	both("payment_intent", intents+"/"+held+"/capture", intents+"/pi_1/capture", form("amount_to_capture", "4000"))
	same(t, all, "payment_intent", ours.ok(t, http.MethodGet, intents+"/"+held, open), theirs.ok(t, http.MethodGet, intents+"/pi_1", open))
	both("payment_intent", intents+"/"+waiting+"/cancel", intents+"/pi_1/cancel", form("cancellation_reason", "abandoned"))
	both("refund", "/v1/refunds", "/v1/refunds", form("payment_intent", held, "amount", "10", "reason", "requested_by_customer", "metadata[k]", "v"))

	status, _ := ours.call(t, http.MethodPost, intents, form(
		"amount", "1", "currency", "usd", "confirm", "true", "payment_method", "pm_card_visa_chargeDeclined"))
	if status != http.StatusPaymentRequired {
		t.Errorf("a decline answered %d", status)
	}
	ours.ok(t, http.MethodPost, intents, form("amount", "1", "currency", "usd", "confirm", "true", "payment_method", "pm_card_threeDSecure2Required"))
	for _, f := range []url.Values{form("limit", "10"), form("limit", "10", "expand[]", "data.latest_charge")} {
		sameList(t, all, "payment_intent", ours.ok(t, http.MethodGet, intents, f), theirs.ok(t, http.MethodGet, intents, f))
	}
	f := form("limit", "10", "payment_intent", held)
	sameList(t, all, "refund", ours.ok(t, http.MethodGet, "/v1/refunds", f), theirs.ok(t, http.MethodGet, "/v1/refunds", f))
}

// TestErrorShapes compares error answers with the description; the mock has hardly any of its own.
func TestErrorShapes(t *testing.T) {
	all := description(t, "spec3.json")
	fake := stripetest.New(t, stripetest.Options{})
	ours := side{name: "stripetest", url: fake.URL(), key: stripetest.SellerKey}
	for name, f := range map[string]url.Values{
		"decline":   form("amount", "1", "currency", "usd", "confirm", "true", "payment_method", "pm_card_visa_chargeDeclined"),
		"challenge": form("amount", "1", "currency", "usd", "confirm", "true", "payment_method", "pm_card_threeDSecure2Required", "error_on_requires_action", "true"),
		"unknown":   form("amount", "1", "currency", "usd", "amuont", "1"),
		"missing":   form("amount", "1", "currency", "usd", "payment_method", "pm_1"),
	} {
		status, body := ours.call(t, http.MethodPost, "/v1/payment_intents", f)
		inner, _ := body["error"].(map[string]any)
		if status < 400 || inner == nil || len(body) != 1 {
			t.Fatalf("%s: %d %v", name, status, body)
		}
		c := comparison{schemas: all}
		c.value("error", inner, nil, false, all["api_errors"])
		for _, p := range c.problems {
			t.Errorf("%s: %s", name, p)
		}
	}
}

// TestTokenShapes compares what the seller and the agent read of a token with the preview's description.
func TestTokenShapes(t *testing.T) {
	all := description(t, "spec3.beta.sdk.json")
	ours, theirs, _ := sides(t, "-beta")
	agent := ours
	agent.key = stripetest.AgentKey
	limits := []string{
		"payment_method", "pm_card_visa", "usage_limits[currency]", "usd", "usage_limits[max_amount]", "500",
		"usage_limits[expires_at]", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10), "shared_metadata[a]", "b",
	}
	const granted, issued = "shared_payment.granted_token", "shared_payment.issued_token"
	helper := "/v1/test_helpers/shared_payment/granted_tokens"

	minted := ours.ok(t, http.MethodPost, helper, form(limits...))
	same(t, all, granted, minted, theirs.ok(t, http.MethodPost, helper, form(limits...)))
	token, _ := minted["id"].(string)
	model := theirs.ok(t, http.MethodGet, "/v1/shared_payment/granted_tokens/spt_1", nil)
	same(t, all, granted, ours.ok(t, http.MethodGet, "/v1/shared_payment/granted_tokens/"+token, nil), model)

	paid := form("amount", "200", "currency", "usd", "confirm", "true", "payment_method_data[shared_payment_granted_token]", token)
	ours.ok(t, http.MethodPost, "/v1/payment_intents", paid)
	same(t, all, granted, ours.ok(t, http.MethodGet, "/v1/shared_payment/granted_tokens/"+token, nil), model)
	same(t, all, granted, ours.ok(t, http.MethodPost, helper+"/"+token+"/revoke", nil), model)

	offer := form(append(limits, "seller_details[network_business_profile]", stripetest.SellerProfile, "seller_details[external_id]", "cart")...)
	given := agent.ok(t, http.MethodPost, "/v1/shared_payment/issued_tokens", offer)
	same(t, all, issued, given, theirs.ok(t, http.MethodPost, "/v1/shared_payment/issued_tokens", offer))
	token, _ = given["id"].(string)
	path := "/v1/shared_payment/issued_tokens/"
	same(t, all, issued, agent.ok(t, http.MethodGet, path+token, nil), theirs.ok(t, http.MethodGet, path+"spt_1", nil))
	same(t, all, issued, agent.ok(t, http.MethodPost, path+token+"/revoke", nil), theirs.ok(t, http.MethodPost, path+"spt_1/revoke", nil))
}

// TestRequestsAreAllowed replays to the mock, word for word, what Postern sends for a whole purchase.
func TestRequestsAreAllowed(t *testing.T) {
	ours, theirs, fake := sides(t)
	transport := &http.Transport{DisableKeepAlives: true}
	p, err := stripepay.New(stripepay.Settings{SecretKey: stripetest.SellerKey, BaseURL: ours.url}, stripepay.Options{
		HTTP: &http.Client{Transport: transport}, Clock: clock.System(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	buy(t, p, fake)

	seen := map[stripetest.Op]int{}
	for _, r := range fake.Requests() {
		f := r.Form
		switch r.Op {
		case stripetest.OpGranted, stripetest.OpMint:
			continue // the preview's; the published one does not know tokens
		case stripetest.OpCreate:
			const token = "payment_method_data[shared_payment_granted_token]"
			if f.Get(token) == "" {
				t.Errorf("an authorization without a token: %v", f)
			}
			f.Del(token)
			f.Set("payment_method", "pm_card_visa")
		default: // goes out as it is
		}
		status, body := theirs.call(t, r.Method, r.Path, f)
		if status != http.StatusOK {
			t.Errorf("%s: the mock answered %d to %v: %v", r.Op, status, f, body)
		}
		seen[r.Op]++
	}
	for _, op := range []stripetest.Op{
		stripetest.OpCreate, stripetest.OpRetrieve, stripetest.OpList, stripetest.OpCapture, stripetest.OpCancel, stripetest.OpRefund,
		stripetest.OpRefundList,
	} {
		if seen[op] == 0 {
			t.Errorf("%s was never sent", op)
		}
	}
}

// buy makes every call of the contract once.
func buy(t *testing.T, p payment.Processor, fake *stripetest.Server) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	hold := func(k string) payment.Intent {
		t.Helper()
		token, err := fake.Mint(stripetest.Grant{Currency: "usd", MaxAmount: 4923})
		must(err)
		i, err := p.Authorize(t.Context(), payment.AuthorizeRequest{
			Key: k, Terms: p.Terms(), Amount: commerce.Money{Minor: 4923, Currency: "usd"}, Token: payment.Secret(token),
			SessionID: "cs_1", Attempt: 1, Gateway: "e2e",
		})
		must(err)
		return i
	}
	must(p.Check(t.Context()))
	one, two := hold("one"), hold("two")
	_, err := p.Capture(t.Context(), payment.ChangeRequest{Key: "capture", IntentID: one.ID})
	must(err)
	_, err = p.Void(t.Context(), payment.ChangeRequest{Key: "void", IntentID: two.ID})
	must(err)
	_, err = p.Refund(t.Context(), payment.RefundRequest{
		Key: "refund", IntentID: one.ID, Amount: commerce.Money{Minor: 1, Currency: "usd"}, Reason: "requested_by_customer",
	})
	must(err)
	_, _, err = p.Find(t.Context(), payment.FindRequest{IntentID: one.ID})
	must(err)
	_, _, err = p.Find(t.Context(), payment.FindRequest{SessionID: "cs_1", Attempt: 1, Since: time.Now().Add(-time.Hour)})
	must(err)
	_, _, err = p.FindRefund(t.Context(), one.ID, "refund")
	must(err)
}
