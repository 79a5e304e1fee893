package stripepay_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/paytest"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestWhatIsSentOfAnAuthentication pins the parameters: a replay after an upgrade of Postern must be byte-same. Without a result there are
// none, and a cryptogram shows in no log.
func TestWhatIsSentOfAnAuthentication(t *testing.T) {
	t.Parallel()
	for version, sent := range map[string]string{"2.2.0": "2.2.0", "2.2": "2.2.0", "1.0.2": "1.0.2", "2.3.1": "2.3.1"} {
		f := newFake(t, stripepay.Settings{}, stripetest.Options{})
		r := order(f.Processor, f.mint(t, paytest.Grant{Card: paytest.Secure, Max: 4923}))
		r.Authentication = &commerce.AuthenticationResult{
			Outcome: commerce.OutcomeAuthenticated, Cryptogram: "M6+990I6FLD8Y6rZz9d5QbfrMNY=", ECI: "05", TransactionID: "ds-1", Version: version,
		}
		if _, err := f.Authorize(t.Context(), r); err != nil {
			t.Fatalf("version %s: %v", version, err)
		}
		got := map[string]string{}
		for name, values := range f.stripe.Requests()[0].Form {
			if rest, ok := strings.CutPrefix(name, "payment_method_options"); ok {
				got[rest] = strings.Join(values, "|")
			}
		}
		want := map[string]string{
			"[card][three_d_secure][cryptogram]": "M6+990I6FLD8Y6rZz9d5QbfrMNY=", "[card][three_d_secure][transaction_id]": "ds-1",
			"[card][three_d_secure][version]": sent, "[card][three_d_secure][electronic_commerce_indicator]": "05",
		}
		if len(got) != len(want) {
			t.Errorf("sent %v", got)
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %q, want %q", name, got[name], value)
			}
		}
		if strings.Contains(f.log.String(), "M6+990") {
			t.Error("the log shows the cryptogram")
		}
		if i := f.stripe.Ledger().Intents; len(i) != 1 || i[0].ThreeDS != "ds-1" || i[0].Held != 4923 {
			t.Errorf("the processor has %+v", i)
		}
	}
}
