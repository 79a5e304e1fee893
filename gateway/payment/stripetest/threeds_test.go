package stripetest_test

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

const threeDS = "payment_method_options[card][three_d_secure]"

// TestAuthenticationFromElsewhere holds on a card that wants authentication once the result comes along, whole and well-formed, and shows
// it at the charge without its cryptogram.
func TestAuthenticationFromElsewhere(t *testing.T) {
	b := open(t, stripetest.Options{})
	for _, method := range []string{"pm_card_threeDSecure2Required", "pm_card_authenticationRequired"} {
		token := b.mint(stripetest.Grant{PaymentMethod: method})
		r := b.hold("", token, "100", "error_on_requires_action", "true")
		b.wantError(r, 402, "card_error", "authentication_required")
		r = b.hold("", token, "100", threeDS+"[cryptogram]", "AAAA", threeDS+"[transaction_id]", "ds-1")
		b.wantError(r, 400, "invalid_request_error", "parameter_missing")
		r = b.hold("", token, "100", threeDS+"[cryptogram]", "AAAA", threeDS+"[transaction_id]", "ds-1", threeDS+"[version]", "3")
		b.wantError(r, 400, "invalid_request_error", "")
		r = b.hold("", token, "100", threeDS+"[cryptogram]", "AAAA", threeDS+"[transaction_id]", "ds-1", threeDS+"[version]", "2.2.0",
			threeDS+"[electronic_commerce_indicator]", "99")
		b.wantError(r, 400, "invalid_request_error", "")
		r = b.hold("", token, "100", "error_on_requires_action", "true", "capture_method", "manual", "expand[0]", "latest_charge",
			threeDS+"[cryptogram]", "AAAA", threeDS+"[transaction_id]", "ds-1", threeDS+"[version]", "2.2.0", threeDS+"[electronic_commerce_indicator]", "05")
		b.wantStatus(r, 200)
		at := []string{"latest_charge", "payment_method_details", "card", "three_d_secure"}
		if r.text("status") != "requires_capture" || r.text(append(at, "transaction_id")...) != "ds-1" || r.text(append(at, "version")...) != "2.2.0" {
			t.Errorf("%s: %v", method, r.body)
		}
	}
	if n := b.Ledger().Held("usd"); n != 200 {
		t.Errorf("%d held", n)
	}
}
