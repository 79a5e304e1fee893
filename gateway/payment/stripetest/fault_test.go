package stripetest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

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
		{Kind: "explode"},
		{Op: "coffee", Kind: stripetest.CutReply},
		{Kind: stripetest.Latency},
		{Kind: stripetest.PartialHold},
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
	if got := order("POST", stripetest.ControlSettle, stripetest.SellerKey, `{"refund":"re_none","status":"succeeded"}`); got != 400 {
		t.Errorf("settling a refund that does not exist: %d", got)
	}
	if got := order("POST", stripetest.ControlFinish, stripetest.SellerKey, `{"intent":"`+id+`","ok":true}`); got != 400 {
		t.Errorf("finishing a canceled intent: %d", got)
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
