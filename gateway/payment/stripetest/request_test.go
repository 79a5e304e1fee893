package stripetest_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestRefusals(t *testing.T) {
	b := open(t, stripetest.Options{})
	base := []string{"amount", "100", "currency", "usd"}
	for name, c := range map[string]struct {
		status int
		code   string
		h      headers
		pairs  []string
	}{
		"no key":            {401, "", headers{"Authorization": ""}, base},
		"live key":          {401, "", headers{"Authorization": "Bearer sk_live_1"}, base},
		"stranger's key":    {401, "", headers{"Authorization": "Bearer sk_test_other"}, base},
		"connected account": {403, "account_invalid", headers{"Stripe-Account": "acct_1"}, base},
		"json body":         {400, "", headers{"Content-Type": "application/json"}, base},
		"unknown parameter": {400, "parameter_unknown", nil, append(slices.Clone(base), "amuont", "1")},
		"deep metadata":     {400, "parameter_unknown", nil, append(slices.Clone(base), "metadata[a][b]", "1")},
		"bare metadata":     {400, "parameter_unknown", nil, append(slices.Clone(base), "metadata", "1")},
		"no amount":         {400, "parameter_missing", nil, []string{"currency", "usd"}},
		"text amount":       {400, "parameter_invalid_integer", nil, []string{"amount", "1.5", "currency", "usd"}},
		"zero amount":       {400, "parameter_invalid_integer", nil, []string{"amount", "0", "currency", "usd"}},
		"upper currency":    {400, "", nil, []string{"amount", "100", "currency", "USD"}},
		"bad enum":          {400, "", nil, append(slices.Clone(base), "capture_method", "later")},
		"bad flag":          {400, "", nil, append(slices.Clone(base), "confirm", "yes")},
		"no method":         {400, "payment_intent_unexpected_state", nil, append(slices.Clone(base), "confirm", "true")},
		"unknown method":    {404, "resource_missing", nil, append(slices.Clone(base), "payment_method", "pm_1")},
		"long metadata":     {400, "", nil, append(slices.Clone(base), "metadata[a]", strings.Repeat("x", 501))},
		"long key":          {400, "", headers{"Idempotency-Key": strings.Repeat("k", 256)}, base},
	} {
		t.Run(name, func(t *testing.T) {
			b := b
			b.T = t
			h := headers{}
			maps.Copy(h, c.h)
			b.wantError(b.post("/v1/payment_intents", h, c.pairs...), c.status, "invalid_request_error", c.code)
		})
	}
	b.wantError(b.get("/v1/customers"), 404, "invalid_request_error", "")
	b.wantError(b.get("/v1/payment_intents/pi_none"), 404, "invalid_request_error", "resource_missing")
	b.wantError(b.post("/v1/refunds", nil, "payment_intent", "pi_none"), 404, "invalid_request_error", "resource_missing")
	if n := len(b.Ledger().Intents); n != 0 {
		t.Errorf("%d intents came of refused requests", n)
	}
}

func TestIdempotency(t *testing.T) {
	b := open(t, stripetest.Options{})
	token := b.mint(stripetest.Grant{})
	first := b.hold("k", token, "100")
	second := b.hold("k", token, "100")
	b.wantStatus(second, 200)
	if first.text("id") != second.text("id") || second.header.Get("Idempotent-Replayed") != "true" ||
		second.header.Get("Original-Request") != first.header.Get("Request-Id") || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("replay: %v %v", second.header, second.body)
	}
	b.wantError(b.hold("k", token, "101"), 400, "idempotency_error", "")
	b.wantError(b.post("/v1/refunds", headers{"Idempotency-Key": "k"}, "payment_intent", first.text("id")), 400, "idempotency_error", "")
	if n := len(b.Ledger().Intents); n != 1 {
		t.Fatalf("%d intents", n)
	}

	// A refusal of the parameters is not stored, a refusal in execution is.
	b.wantStatus(b.hold("v", token, "none"), 400)
	b.wantStatus(b.hold("v", token, "100"), 200)
	limit := b.hold("x", token, "999999")
	again := b.hold("x", token, "999999")
	b.wantStatus(again, 400)
	if again.header.Get("Idempotent-Replayed") != "true" || again.text("error", "message") != limit.text("error", "message") {
		t.Errorf("a stored refusal: %v", again.header)
	}

	// The answer is that of the first time, even if the world moved on.
	b.wantStatus(b.post("/v1/payment_intents/"+first.text("id")+"/cancel", nil), 200)
	if r := b.hold("k", token, "100"); r.text("status") != "requires_capture" {
		t.Errorf("replay: %v", r.body)
	}
	// After a day the key is forgotten and executes anew.
	b.clock.Advance(24 * time.Hour)
	if r := b.hold("k", token, "100"); r.text("id") == first.text("id") || r.status != 200 {
		t.Errorf("after a day: %v", r.body)
	}
}

func TestConcurrentKey(t *testing.T) {
	b := open(t, stripetest.Options{})
	token := b.mint(stripetest.Grant{})
	if err := b.Arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Latency, DelayMS: 300, Times: 1}); err != nil {
		t.Fatal(err)
	}
	first := make(chan reply, 1)
	go func() { first <- b.hold("k", token, "100") }()
	for b.Arrivals(stripetest.OpCreate) == 0 {
		time.Sleep(time.Millisecond)
	}
	b.wantError(b.hold("k", token, "100"), 409, "idempotency_error", "idempotency_key_in_use")
	one := <-first
	b.wantStatus(one, 200)
	if two := b.hold("k", token, "100"); two.text("id") != one.text("id") {
		t.Errorf("two holds under one key")
	}
}
