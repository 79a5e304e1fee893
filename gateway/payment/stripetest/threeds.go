package stripetest

import "maps"

// threeDSecure is the result of an authentication that was made elsewhere and is handed in with a payment.
// Source: docs.stripe.com/payments/payment-intents/three-d-secure-import and stripe-go v82, read 2026-11-22.
type threeDSecure struct {
	cryptogram, transaction, indicator, version string
}

const threeDSPrefix = "payment_method_options[card][three_d_secure]"

// threeDSSpec are its parameters.
func threeDSSpec() spec {
	return spec{
		threeDSPrefix + "[cryptogram]":                    {},
		threeDSPrefix + "[transaction_id]":                {},
		threeDSPrefix + "[version]":                       {oneOf: []string{"1.0.2", "2.1.0", "2.2.0", "2.3.0", "2.3.1"}},
		threeDSPrefix + "[electronic_commerce_indicator]": {oneOf: []string{"01", "02", "05", "06", "07"}},
		threeDSPrefix + "[ares_trans_status]":             {oneOf: []string{"A", "C", "I", "N", "R", "U", "Y"}},
		threeDSPrefix + "[requestor_challenge_indicator]": {},
		threeDSPrefix + "[exemption_indicator]":           {},
	}
}

// withThreeDS adds the parameters to those of a call.
func withThreeDS(s spec) spec {
	maps.Copy(s, threeDSSpec())
	return s
}

// readThreeDS reads the result, nil when none was handed in. Cryptogram, transaction and version must come together.
func readThreeDS(a args) (*threeDSecure, *apiError) {
	sent := false
	for name := range threeDSSpec() {
		sent = sent || a.has(name)
	}
	if !sent {
		return nil, nil
	}
	for _, name := range []string{"[cryptogram]", "[transaction_id]", "[version]"} {
		if a.text(threeDSPrefix+name) == "" {
			return nil, missingParameter(threeDSPrefix + name)
		}
	}
	return &threeDSecure{
		cryptogram: a.text(threeDSPrefix + "[cryptogram]"), transaction: a.text(threeDSPrefix + "[transaction_id]"),
		version: a.text(threeDSPrefix + "[version]"), indicator: a.text(threeDSPrefix + "[electronic_commerce_indicator]"),
	}, nil
}

// threeDSBody is what a charge shows of it. The cryptogram is not shown.
type threeDSBody struct {
	Indicator     *string `json:"electronic_commerce_indicator"`
	Result        string  `json:"result"`
	TransactionID string  `json:"transaction_id"`
	Version       string  `json:"version"`
}

func (t *threeDSecure) wire() *threeDSBody {
	if t == nil {
		return nil
	}
	return &threeDSBody{Indicator: optional(t.indicator), Result: "authenticated", TransactionID: t.transaction, Version: t.version}
}
