package stripepay

import (
	"strings"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/payment"
)

// prove puts into params what an authentication outside Stripe brought, as payment_method_options[card][three_d_secure]; without one
// nothing is added, and Stripe decides whether one is needed. Everything stands as it was frozen: a replay must be byte-same.
//
// Source: docs.stripe.com/payments/payment-intents/three-d-secure-import and the types of stripe-go v82, read 2026-11-22. The page shows
// cards; that it works beside a Shared Payment Token is unproved until a real account is asked.
func prove(params *stripe.PaymentIntentCreateParams, r payment.AuthorizeRequest) {
	a := r.Authentication
	if a == nil {
		return
	}
	params.PaymentMethodOptions = &stripe.PaymentIntentCreatePaymentMethodOptionsParams{
		Card: &stripe.PaymentIntentCreatePaymentMethodOptionsCardParams{
			ThreeDSecure: &stripe.PaymentIntentCreatePaymentMethodOptionsCardThreeDSecureParams{
				Cryptogram: stripe.String(a.Cryptogram), TransactionID: stripe.String(a.TransactionID),
				ElectronicCommerceIndicator: stripe.String(a.ECI), Version: stripe.String(threeDSVersion(a.Version)),
			},
		},
	}
}

// threeDSVersion is a version of 3-D Secure as Stripe spells it: 1.0.2, 2.1.0, 2.2.0, 2.3.0 or 2.3.1. ACP's own text leaves the last number
// out in places.
func threeDSVersion(v string) string {
	if strings.Count(v, ".") == 1 {
		return v + ".0"
	}
	return v
}
