package stripetest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

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

// TestPeak holds twice at once and undoes one: the ledger does not forget that there were two.
func TestPeak(t *testing.T) {
	b := open(t, stripetest.Options{})
	hold := func() string {
		t.Helper()
		held := b.hold("", b.mint(stripetest.Grant{}), "1000")
		b.wantStatus(held, 200)
		return held.text("id")
	}
	cancel := func(id string) {
		t.Helper()
		b.wantStatus(b.post("/v1/payment_intents/"+id+"/cancel", nil), 200)
	}
	want := func(n int) {
		t.Helper()
		l := b.Ledger()
		if got := l.Peak("session", "cs_1"); got != n {
			t.Errorf("%d at once, want %d: %+v", got, n, l.Intents)
		}
		if err := l.Check("session"); (err != nil) != (n > 1) {
			t.Errorf("with %d at once the check says %v", n, err)
		}
	}
	want(0)
	first := hold()
	cancel(first)
	want(1)
	second := hold() // one after the other
	want(1)
	b.wantStatus(b.post("/v1/payment_intents/"+second+"/capture", nil), 200)
	want(1)
	b.wantStatus(b.post("/v1/payment_intents", nil, "amount", "1000", "currency", "usd", "metadata[session]", "cs_1"), 200) // holds nothing
	want(1)
	third := hold() // beside the money that the second took
	want(2)
	cancel(third)
	want(2)
	if b.Ledger().Peak("session", "cs_2") != 0 {
		t.Error("another session has a peak")
	}
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
			object, _ := item.(map[string]any)
			id, _ := object["id"].(string)
			out = append(out, id)
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
	// Without the card: on demand, once.
	id = b.hold("other", b.mint(stripetest.Grant{PaymentMethod: "pm_card_refundFail"}), "100").text("id")
	b.wantStatus(b.post("/v1/payment_intents/"+id+"/capture", nil), 200)
	if err := b.Arm(stripetest.Fault{Op: stripetest.OpRefund, Kind: stripetest.Process, Times: 1}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pending", "succeeded"} {
		if got := b.post("/v1/refunds", nil, "payment_intent", id, "amount", "50").text("status"); got != want {
			t.Errorf("refund is %s, want %s", got, want)
		}
	}
}
