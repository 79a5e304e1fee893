package stripetest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const preview = "2026-04-22.preview"

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// bench is a server, its clock and a plain HTTP client without any SDK.
type bench struct {
	*testing.T
	*stripetest.Server
	clock  *clock.Manual
	client *http.Client
}

func open(t *testing.T, o stripetest.Options) bench {
	t.Helper()
	t.Parallel()
	manual := clock.NewManual(start)
	o.Clock = manual
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return bench{T: t, Server: stripetest.New(t, o), clock: manual, client: &http.Client{Transport: transport}}
}

// reply is an answer with its decoded JSON.
type reply struct {
	status int
	header http.Header
	body   map[string]any
	err    error
}

// at walks the JSON by member names.
func (r reply) at(path ...string) any {
	var v any = r.body
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (r reply) text(path ...string) string {
	s, _ := r.at(path...).(string)
	return s
}

func (r reply) number(path ...string) int64 {
	f, _ := r.at(path...).(float64)
	return int64(f)
}

type headers map[string]string

func (b bench) do(method, path string, h headers, pairs ...string) reply {
	b.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	target, body := b.URL()+path, io.Reader(strings.NewReader(form.Encode()))
	if method == http.MethodGet {
		target, body = target+"?"+form.Encode(), nil
	}
	req, err := http.NewRequestWithContext(b.Context(), method, target, body)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+stripetest.SellerKey)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.GetBody = nil
	}
	for name, value := range h {
		req.Header.Set(name, value)
	}
	res, err := b.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = res.Body.Close() }()
	out := reply{status: res.StatusCode, header: res.Header}
	out.err = json.NewDecoder(res.Body).Decode(&out.body)
	return out
}

func (b bench) post(path string, h headers, pairs ...string) reply {
	b.Helper()
	return b.do(http.MethodPost, path, h, pairs...)
}

func (b bench) get(path string, pairs ...string) reply {
	b.Helper()
	return b.do(http.MethodGet, path, headers{"Stripe-Version": preview}, pairs...)
}

func (b bench) mint(g stripetest.Grant) string {
	b.Helper()
	if g.Currency == "" {
		g.Currency = "usd"
	}
	if g.MaxAmount == 0 {
		g.MaxAmount = 5000
	}
	id, err := b.Mint(g)
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// hold creates and confirms with manual capture on a token.
func (b bench) hold(key, token, amount string, pairs ...string) reply {
	b.Helper()
	h := headers{"Stripe-Version": preview}
	if key != "" {
		h["Idempotency-Key"] = key
	}
	return b.post("/v1/payment_intents", h, append([]string{
		"amount", amount, "currency", "usd", "confirm", "true", "capture_method", "manual",
		"payment_method_data[shared_payment_granted_token]", token, "metadata[session]", "cs_1",
	}, pairs...)...)
}

func (b bench) wantStatus(r reply, status int) {
	b.Helper()
	if r.err != nil || r.status != status {
		b.Fatalf("status %d (error %v), want %d: %v", r.status, r.err, status, r.body)
	}
}

func (b bench) wantError(r reply, status int, kind, code string) {
	b.Helper()
	b.wantStatus(r, status)
	if r.text("error", "type") != kind || r.text("error", "code") != code {
		b.Fatalf("error %v, want type %q code %q", r.body, kind, code)
	}
	if _, there := r.at("error").(map[string]any)["code"]; there != (code != "") {
		b.Fatalf("error %v: the member code must be absent when it is empty", r.body)
	}
}

func (b bench) wantMoney(id, status string, held, captured, refunded int64) {
	b.Helper()
	l := b.Ledger()
	i, ok := l.Intent(id)
	if !ok || i.Status != status || i.Held != held || i.Captured != captured || i.Refunded != refunded {
		b.Fatalf("intent %+v, want %s held %d captured %d refunded %d", i, status, held, captured, refunded)
	}
	if err := l.Check("session"); err != nil {
		b.Fatal(err)
	}
}

func (b bench) eventTypes() []string {
	var out []string
	for _, e := range b.Events() {
		out = append(out, e.Type)
	}
	return out
}

func TestHoldCaptureRefund(t *testing.T) {
	b := open(t, stripetest.Options{})
	token := b.mint(stripetest.Grant{})
	held := b.hold("k1", token, "4923", "expand[]", "latest_charge")
	b.wantStatus(held, 200)
	id := held.text("id")
	if held.text("status") != "requires_capture" || held.number("amount_capturable") != 4923 || held.number("amount_received") != 0 {
		t.Fatalf("hold: %v", held.body)
	}
	before := held.number("latest_charge", "payment_method_details", "card", "capture_before")
	if before != start.Add(7*24*time.Hour).Unix() {
		t.Errorf("capture_before %d", before)
	}
	if held.text("metadata", "session") != "cs_1" || held.at("last_payment_error") != nil {
		t.Errorf("intent: %v", held.body)
	}
	b.wantMoney(id, "requires_capture", 4923, 0, 0)

	b.wantError(b.post("/v1/payment_intents/"+id+"/capture", nil, "amount_to_capture", "4924"), 400, "invalid_request_error", "amount_too_large")
	taken := b.post("/v1/payment_intents/"+id+"/capture", headers{"Idempotency-Key": "k2"})
	b.wantStatus(taken, 200)
	if taken.text("status") != "succeeded" || taken.number("amount_received") != 4923 || taken.number("amount_capturable") != 0 {
		t.Fatalf("capture: %v", taken.body)
	}
	again := b.post("/v1/payment_intents/"+id+"/capture", headers{"Idempotency-Key": "k3"})
	b.wantError(again, 400, "invalid_request_error", "payment_intent_unexpected_state")
	if again.text("error", "payment_intent", "status") != "succeeded" {
		t.Error("the error must carry the intent")
	}
	b.wantError(b.post("/v1/payment_intents/"+id+"/cancel", nil), 400, "invalid_request_error", "payment_intent_unexpected_state")
	b.wantMoney(id, "succeeded", 0, 4923, 0)

	part := b.post("/v1/refunds", headers{"Idempotency-Key": "r1"}, "payment_intent", id, "amount", "1000", "reason", "requested_by_customer", "metadata[k]", "v")
	b.wantStatus(part, 200)
	if part.text("status") != "succeeded" || part.number("amount") != 1000 || part.text("metadata", "k") != "v" {
		t.Fatalf("refund: %v", part.body)
	}
	b.wantError(b.post("/v1/refunds", nil, "payment_intent", id, "amount", "3924"), 400, "invalid_request_error", "")
	b.wantStatus(b.post("/v1/refunds", nil, "payment_intent", id), 200)
	b.wantError(b.post("/v1/refunds", nil, "payment_intent", id), 400, "invalid_request_error", "charge_already_refunded")
	b.wantMoney(id, "succeeded", 0, 4923, 4923)
	list := b.get("/v1/refunds", "payment_intent", id)
	if data, _ := list.at("data").([]any); len(data) != 2 {
		t.Errorf("refunds: %v", list.body)
	}
	b.wantStatus(b.get("/v1/refunds/"+part.text("id")), 200)

	want := []string{
		"payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated", "shared_payment.granted_token.used",
		"payment_intent.succeeded", "charge.captured", "refund.created", "charge.refunded", "refund.created", "charge.refunded",
	}
	if got := b.eventTypes(); !slices.Equal(got, want) {
		t.Errorf("events %v", got)
	}
}

func TestCancelReleasesHoldAndToken(t *testing.T) {
	b := open(t, stripetest.Options{})
	token := b.mint(stripetest.Grant{MaxAmount: 1000})
	id := b.hold("", token, "1000").text("id")
	b.wantError(b.hold("", token, "1"), 400, "invalid_request_error", "")
	gone := b.post("/v1/payment_intents/"+id+"/cancel", nil, "cancellation_reason", "abandoned")
	b.wantStatus(gone, 200)
	if gone.text("status") != "canceled" || gone.text("cancellation_reason") != "abandoned" || gone.number("canceled_at") != start.Unix() {
		t.Fatalf("cancel: %v", gone.body)
	}
	b.wantMoney(id, "canceled", 0, 0, 0)
	b.wantError(b.post("/v1/payment_intents/"+id+"/capture", nil), 400, "invalid_request_error", "payment_intent_unexpected_state")
	b.wantError(b.post("/v1/refunds", nil, "payment_intent", id), 400, "invalid_request_error", "")
	b.wantStatus(b.hold("", token, "1000"), 200)
}

func TestHoldRunsOut(t *testing.T) {
	b := open(t, stripetest.Options{})
	id := b.hold("", b.mint(stripetest.Grant{}), "100").text("id")
	b.clock.Advance(7*24*time.Hour - time.Second)
	b.wantMoney(id, "requires_capture", 100, 0, 0)
	b.clock.Advance(time.Second)
	b.wantMoney(id, "canceled", 0, 0, 0)
	if got := b.get("/v1/payment_intents/" + id); got.text("cancellation_reason") != "automatic" {
		t.Errorf("intent: %v", got.body)
	}
	if !slices.Contains(b.eventTypes(), "charge.expired") {
		t.Errorf("events: %v", b.eventTypes())
	}
}

func TestDeclinesAndChallenges(t *testing.T) {
	b := open(t, stripetest.Options{})
	for method, want := range map[string][2]string{
		"pm_card_visa_chargeDeclined":                  {"card_declined", "generic_decline"},
		"pm_card_visa_chargeDeclinedInsufficientFunds": {"card_declined", "insufficient_funds"},
		"pm_card_chargeDeclinedExpiredCard":            {"expired_card", "expired_card"},
	} {
		r := b.hold("", b.mint(stripetest.Grant{PaymentMethod: method}), "100")
		b.wantError(r, 402, "card_error", want[0])
		if r.text("error", "decline_code") != want[1] || r.text("error", "payment_intent", "status") != "requires_payment_method" {
			t.Errorf("%s: %v", method, r.body)
		}
	}
	token := b.mint(stripetest.Grant{PaymentMethod: "pm_card_threeDSecure2Required"})
	r := b.hold("", token, "100")
	b.wantStatus(r, 200)
	if r.text("status") != "requires_action" || r.text("next_action", "type") != "use_stripe_sdk" {
		t.Errorf("challenge: %v", r.body)
	}
	r = b.hold("", token, "100", "error_on_requires_action", "true")
	b.wantError(r, 402, "card_error", "authentication_required")
	r = b.post("/v1/payment_intents", nil, "amount", "100", "currency", "usd", "error_on_requires_action", "true")
	b.wantError(r, 400, "invalid_request_error", "")
	if got := b.Ledger().Held("usd") + b.Ledger().Captured("usd"); got != 0 {
		t.Errorf("%d moved", got)
	}
}

func TestTokenLimits(t *testing.T) {
	b := open(t, stripetest.Options{})
	live := b.mint(stripetest.Grant{MaxAmount: 1000, ExpiresAt: start.Add(time.Hour)})
	b.wantError(b.hold("", live, "1001"), 400, "invalid_request_error", "")
	b.wantError(b.hold("", b.mint(stripetest.Grant{Currency: "eur"}), "100"), 400, "invalid_request_error", "")
	b.wantError(b.hold("", "spt_unknown", "100"), 404, "invalid_request_error", "resource_missing")

	revoked := b.mint(stripetest.Grant{})
	b.wantStatus(b.post("/v1/test_helpers/shared_payment/granted_tokens/"+revoked+"/revoke", headers{"Stripe-Version": preview}), 200)
	b.wantError(b.hold("", revoked, "100"), 400, "invalid_request_error", "")
	if got := b.get("/v1/shared_payment/granted_tokens/" + revoked); got.text("deactivated_reason") != "revoked" {
		t.Errorf("token: %v", got.body)
	}

	half := b.hold("", live, "1000").text("id")
	b.wantStatus(b.post("/v1/payment_intents/"+half+"/capture", nil, "amount_to_capture", "400"), 200)
	got := b.get("/v1/shared_payment/granted_tokens/" + live)
	if got.number("usage_details", "amount_captured", "value") != 400 || got.at("deactivated_at") != nil {
		t.Errorf("after a partial capture: %v", got.body)
	}
	b.clock.Advance(time.Hour)
	b.wantError(b.hold("", live, "100"), 400, "invalid_request_error", "")
	if got := b.get("/v1/shared_payment/granted_tokens/" + live); got.text("deactivated_reason") != "expired" {
		t.Errorf("after expiry: %v", got.body)
	}
	if held := b.Ledger().Held("usd"); held != 0 {
		t.Errorf("%d held", held)
	}
}

func TestTokenRules(t *testing.T) {
	b := open(t, stripetest.Options{Rules: stripetest.Rules{SingleUse: true, DeclineConsumes: true}})
	once := b.mint(stripetest.Grant{})
	b.wantStatus(b.hold("", once, "100"), 200)
	b.wantError(b.hold("", once, "100"), 400, "invalid_request_error", "")
	if got := b.get("/v1/shared_payment/granted_tokens/" + once); got.text("deactivated_reason") != "consumed" {
		t.Errorf("token: %v", got.body)
	}
	bad := b.mint(stripetest.Grant{PaymentMethod: "pm_card_visa_chargeDeclined"})
	b.wantStatus(b.hold("", bad, "100"), 402)
	b.wantStatus(b.hold("", bad, "100"), 400)

	b.SetRules(stripetest.Rules{HoldKeepsAmount: true})
	kept := b.mint(stripetest.Grant{MaxAmount: 100})
	id := b.hold("", kept, "100").text("id")
	b.wantStatus(b.post("/v1/payment_intents/"+id+"/cancel", nil), 200)
	b.wantStatus(b.hold("", kept, "100"), 400)
}

func TestShapesFollowTheVersion(t *testing.T) {
	b := open(t, stripetest.Options{})
	token := b.mint(stripetest.Grant{})
	const top, nested = "shared_payment_granted_token", "payment_method_data[shared_payment_granted_token]"
	base := []string{"amount", "100", "currency", "usd", "confirm", "true", "capture_method", "manual"}
	for _, c := range []struct {
		version, parameter string
		status             int
	}{
		{preview, nested, 200},
		{preview, top, 400},
		{"2026-02-25.preview", top, 200},
		{"2026-02-25.preview", nested, 400},
		{"2025-08-27.basil", nested, 400},
		{"2025-08-27.basil", top, 400},
		{"", nested, 400},
	} {
		r := b.post("/v1/payment_intents", headers{"Stripe-Version": c.version}, append(base, c.parameter, token)...)
		b.wantStatus(r, c.status)
		if c.status == 400 && (r.text("error", "code") != "parameter_unknown" || r.text("error", "param") != c.parameter) {
			t.Errorf("%s with %s: %v", c.version, c.parameter, r.body)
		}
	}
	b.wantStatus(b.do("GET", "/v1/shared_payment/granted_tokens/"+token, headers{"Stripe-Version": "2025-08-27.basil"}), 404)
	b.wantStatus(b.post("/v1/payment_intents", headers{"Stripe-Version": "newest"}, base...), 400)
}

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

func TestFaults(t *testing.T) {
	b := open(t, stripetest.Options{})
	arm := func(faults ...stripetest.Fault) {
		t.Helper()
		b.Disarm()
		if err := b.Arm(faults...); err != nil {
			t.Fatal(err)
		}
	}
	token := b.mint(stripetest.Grant{MaxAmount: 100_000})
	intents := func() int { return len(b.Ledger().Intents) }

	arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.CutReply, Times: 1})
	if r := b.hold("cut", token, "100"); r.err == nil {
		t.Fatalf("a cut reply arrived: %v", r.body)
	}
	if r := b.hold("cut", token, "100"); r.status != 200 || intents() != 1 {
		t.Fatalf("after a cut reply: %v, %d intents", r.body, intents())
	}

	arm(stripetest.Fault{Kind: stripetest.CutRequest, Times: 1})
	if r := b.hold("early", token, "100"); r.err == nil || intents() != 1 {
		t.Fatalf("a cut request: %v, %d intents", r.body, intents())
	}

	arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.ServerError, Times: 1})
	b.wantError(b.hold("e", token, "100"), 500, "api_error", "")
	if r := b.hold("e", token, "100"); r.status != 500 || r.header.Get("Idempotent-Replayed") != "true" || intents() != 1 {
		t.Fatalf("a stored 500: %v", r.body)
	}
	arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.ServerError, Times: 1, Acts: true})
	b.wantStatus(b.hold("ea", token, "100"), 500)
	if intents() != 2 {
		t.Fatal("a 500 after acting must have acted")
	}

	for kind, status := range map[stripetest.Kind]int{stripetest.RateLimit: 429, stripetest.Unavailable: 503, stripetest.KeyInUse: 409} {
		arm(stripetest.Fault{Kind: kind, Times: 1})
		b.wantStatus(b.hold(string(kind), token, "100"), status)
		b.wantStatus(b.hold(string(kind), token, "100"), 200)
	}

	arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Garble, Times: 1})
	if r := b.hold("g", token, "100"); r.status != 200 || r.err == nil {
		t.Fatalf("a garbled reply: %v", r.body)
	}
	arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Refuse, Times: 1, Skip: 1, Code: "card_declined", DeclineCode: "do_not_honor"})
	b.wantStatus(b.hold("s0", token, "100"), 200)
	if r := b.hold("s1", token, "100"); r.status != 402 || r.text("error", "decline_code") != "do_not_honor" {
		t.Fatalf("refuse: %v", r.body)
	}
	b.wantStatus(b.hold("s2", token, "100"), 200)

	arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Succeed, Times: 1})
	if r := b.hold("auto", token, "100"); r.text("status") != "succeeded" || r.number("amount_received") != 100 {
		t.Fatalf("unexpected capture: %v", r.body)
	}
	arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.PartialHold, Amount: 40, Times: 1}, stripetest.Fault{Kind: stripetest.Review, Times: 1})
	if r := b.hold("p", token, "100"); r.number("amount_capturable") != 40 || r.text("review") == "" {
		t.Fatalf("partial hold: %v", r.body)
	}
	arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Process, Times: 2})
	ok, no := b.hold("w1", token, "100").text("id"), b.hold("w2", token, "100").text("id")
	if r := b.get("/v1/payment_intents/" + ok); r.text("status") != "processing" || r.number("amount_capturable") != 0 {
		t.Fatalf("processing: %v", r.body)
	}
	if err := b.Finish(ok, true); err != nil {
		t.Fatal(err)
	}
	if err := b.Finish(no, false); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{ok: "requires_capture", no: "requires_payment_method"} {
		if r := b.get("/v1/payment_intents/" + id); r.text("status") != want {
			t.Errorf("%s: %v", id, r.body)
		}
	}
	for _, f := range []stripetest.Fault{
		{Kind: "explode"}, {Op: "coffee", Kind: stripetest.CutReply}, {Kind: stripetest.Latency}, {Kind: stripetest.PartialHold},
		{Kind: stripetest.CutReply, Times: -1},
	} {
		if err := b.Arm(f); err == nil {
			t.Errorf("fault %+v was accepted", f)
		}
	}
}

func TestSuspend(t *testing.T) {
	b := open(t, stripetest.Options{})
	b.wantStatus(b.get("/v1/balance"), 200)
	if err := b.Suspend(); err != nil {
		t.Fatal(err)
	}
	if r := b.get("/v1/balance"); r.err == nil {
		t.Errorf("a suspended server answered %d", r.status)
	}
	if err := b.Resume(); err != nil {
		t.Fatal(err)
	}
	b.wantStatus(b.get("/v1/balance"), 200)
}

func TestLists(t *testing.T) {
	b := open(t, stripetest.Options{})
	token := b.mint(stripetest.Grant{MaxAmount: 100_000})
	var ids []string
	for range 5 {
		ids = append(ids, b.hold("", token, "100").text("id"))
		b.clock.Advance(time.Second)
	}
	page := func(pairs ...string) ([]string, bool) {
		r := b.get("/v1/payment_intents", pairs...)
		b.wantStatus(r, 200)
		var out []string
		data, _ := r.at("data").([]any)
		for _, item := range data {
			out = append(out, item.(map[string]any)["id"].(string))
		}
		more, _ := r.at("has_more").(bool)
		return out, more
	}
	slices.Reverse(ids)
	if got, more := page("limit", "2"); !slices.Equal(got, ids[:2]) || !more {
		t.Errorf("first page %v %v", got, more)
	}
	if got, more := page("limit", "3", "starting_after", ids[1]); !slices.Equal(got, ids[2:]) || more {
		t.Errorf("second page %v %v", got, more)
	}
	since := start.Add(3 * time.Second).Unix()
	if got, _ := page("created[gte]", itoa(since)); !slices.Equal(got, ids[:2]) {
		t.Errorf("since: %v", got)
	}
	b.wantStatus(b.get("/v1/payment_intents", "limit", "101"), 400)
	b.wantStatus(b.get("/v1/payment_intents", "starting_after", "pi_none"), 404)
}

func itoa(n int64) string {
	text, _ := json.Marshal(n)
	return string(text)
}

func TestAgentIssuesAndRevokes(t *testing.T) {
	b := open(t, stripetest.Options{})
	agent := headers{"Authorization": "Bearer " + stripetest.AgentKey, "Stripe-Version": preview}
	issue := []string{
		"payment_method", "pm_card_visa", "usage_limits[currency]", "usd", "usage_limits[max_amount]", "500",
		"usage_limits[expires_at]", itoa(start.Add(time.Hour).Unix()), "seller_details[external_id]", "cart_1",
	}
	b.wantStatus(b.post("/v1/shared_payment/issued_tokens", agent, append(issue, "seller_details[network_business_profile]", "profile_none")...), 400)
	issued := b.post("/v1/shared_payment/issued_tokens", agent, append(issue, "seller_details[network_business_profile]", stripetest.SellerProfile)...)
	b.wantStatus(issued, 200)
	id := issued.text("id")
	if issued.text("status") != "active" || issued.text("object") != "shared_payment.issued_token" {
		t.Fatalf("issued: %v", issued.body)
	}
	granted := b.get("/v1/shared_payment/granted_tokens/" + id)
	if granted.number("usage_limits", "max_amount") != 500 || granted.text("agent_details", "network_business_profile") != stripetest.AgentProfile {
		t.Fatalf("granted: %v", granted.body)
	}
	b.wantStatus(b.get("/v1/shared_payment/issued_tokens/"+id), 404)
	b.wantStatus(b.hold("", id, "200"), 200)
	b.wantStatus(b.post("/v1/shared_payment/issued_tokens/"+id+"/revoke", agent), 200)
	b.wantStatus(b.post("/v1/shared_payment/issued_tokens/"+id+"/revoke", agent), 400)
	b.wantStatus(b.hold("", id, "200"), 400)
	if got := b.do("GET", "/v1/shared_payment/issued_tokens/"+id, agent); got.text("status") != "deactivated" {
		t.Errorf("issued: %v", got.body)
	}
}

func TestAccountsAreApart(t *testing.T) {
	b := open(t, stripetest.Options{})
	b.AddSeller("sk_test_second", "profile_test_second")
	b.AddSellerKey("rk_test_rotated")
	token := b.mint(stripetest.Grant{})
	id := b.hold("k", token, "100").text("id")
	other := headers{"Authorization": "Bearer sk_test_second", "Stripe-Version": preview}
	b.wantStatus(b.do("GET", "/v1/payment_intents/"+id, other), 404)
	b.wantStatus(b.do("GET", "/v1/shared_payment/granted_tokens/"+token, other), 404)
	rotated := headers{"Authorization": "Bearer rk_test_rotated"}
	b.wantStatus(b.do("GET", "/v1/payment_intents/"+id, rotated), 200)
}

func TestControlEndpoint(t *testing.T) {
	b := open(t, stripetest.Options{})
	order := func(method, path, key, body string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, b.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		res, err := b.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	cut := `[{"op":"payment_intents.create","kind":"cut_reply","times":1}]`
	if got := order("POST", stripetest.ControlFaults, "sk_test_other", cut); got != 401 {
		t.Errorf("a stranger's order: %d", got)
	}
	if got := order("POST", stripetest.ControlFaults, stripetest.SellerKey, `[{"kind":"cut_reply","tmies":1}]`); got != 400 {
		t.Errorf("a misspelt order: %d", got)
	}
	if got := order("POST", stripetest.ControlFaults, stripetest.SellerKey, cut); got != 200 {
		t.Errorf("an order: %d", got)
	}
	token := b.mint(stripetest.Grant{})
	if r := b.hold("k", token, "100"); r.err == nil {
		t.Error("the fault did not strike")
	}
	if got := order("POST", stripetest.ControlFaults, stripetest.SellerKey, cut); got != 200 {
		t.Errorf("an order: %d", got)
	}
	if got := order("DELETE", stripetest.ControlFaults, stripetest.SellerKey, ""); got != 200 {
		t.Errorf("clearing: %d", got)
	}
	id := b.hold("k", token, "100").text("id")
	var l stripetest.Ledger
	req, err := http.NewRequestWithContext(t.Context(), "GET", b.URL()+stripetest.ControlLedger, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(stripetest.SellerKey, "")
	res, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(&l); err != nil || len(l.With("session", "cs_1").Holds()) != 1 {
		t.Errorf("ledger %+v: %v", l, err)
	}
	if got := order("POST", stripetest.ControlExpire, stripetest.SellerKey, `{"intent":"`+id+`"}`); got != 200 {
		t.Errorf("expiring: %d", got)
	}
	b.wantMoney(id, "canceled", 0, 0, 0)
	if got := order("POST", stripetest.ControlFinish, stripetest.SellerKey, `{"intent":"`+id+`","ok":true}`); got != 400 {
		t.Errorf("finishing a canceled intent: %d", got)
	}
}

func TestPendingAndFailedRefunds(t *testing.T) {
	b := open(t, stripetest.Options{})
	id := b.hold("", b.mint(stripetest.Grant{PaymentMethod: "pm_card_pendingRefund"}), "100").text("id")
	b.wantStatus(b.post("/v1/payment_intents/"+id+"/capture", nil), 200)
	r := b.post("/v1/refunds", nil, "payment_intent", id, "amount", "60")
	if r.text("status") != "pending" {
		t.Fatalf("refund: %v", r.body)
	}
	b.wantStatus(b.post("/v1/refunds", nil, "payment_intent", id, "amount", "60"), 400)
	if err := b.SettleRefund(r.text("id"), "failed"); err != nil {
		t.Fatal(err)
	}
	b.wantMoney(id, "succeeded", 0, 100, 0)
	if got := b.get("/v1/refunds/" + r.text("id")); got.text("status") != "failed" || got.text("failure_reason") == "" {
		t.Errorf("refund: %v", got.body)
	}
	b.wantStatus(b.post("/v1/refunds", nil, "payment_intent", id, "amount", "100"), 200)
	if err := b.SettleRefund(r.text("id"), "lost"); err == nil {
		t.Error("an unknown status was accepted")
	}
}

func TestRefusesTheNetwork(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{":0", "0.0.0.0:0", "192.0.2.1:0", "nonsense"} {
		if s, err := stripetest.Start(t.Context(), stripetest.Options{Addr: addr}); err == nil {
			s.Close()
			t.Errorf("listened on %q", addr)
		}
	}
}
