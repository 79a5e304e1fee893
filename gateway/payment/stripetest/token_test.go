package stripetest_test

import (
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

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
	spent := b.mint(stripetest.Grant{MaxAmount: 700})
	b.wantStatus(b.post("/v1/payment_intents/"+b.hold("", spent, "700").text("id")+"/capture", nil), 200)
	if got := b.get("/v1/shared_payment/granted_tokens/" + spent); got.text("deactivated_reason") != "consumed" {
		t.Errorf("after a capture of everything: %v", got.body)
	}
	later := b.mint(stripetest.Grant{ExpiresAt: start.Add(2 * time.Hour)})
	b.clock.Advance(time.Hour)
	b.wantError(b.hold("", live, "100"), 400, "invalid_request_error", "")
	if got := b.get("/v1/shared_payment/granted_tokens/" + live); got.text("deactivated_reason") != "expired" {
		t.Errorf("after expiry: %v", got.body)
	}
	b.clock.Advance(time.Hour)
	if got := b.get("/v1/shared_payment/granted_tokens/" + later); got.text("deactivated_reason") != "expired" {
		t.Errorf("after the second expiry: %v", got.body)
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
