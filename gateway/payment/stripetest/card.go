package stripetest

// card is what a test payment method does when it is charged.
type card struct {
	brand, last4, funding string
	// declineCode and code make the issuer refuse; both empty accepts.
	code, declineCode string
	message           string
	// authenticate asks for 3-D Secure.
	authenticate bool
	// refundPending leaves refunds pending until [Server.SettleRefund].
	refundPending bool
}

func visa(last4 string) card { return card{brand: "visa", last4: last4, funding: "credit"} }

func declined(last4, code, declineCode, message string) card {
	c := visa(last4)
	c.code, c.declineCode, c.message = code, declineCode, message
	return c
}

// testCards are the payment methods that Stripe documents for test mode and this server knows.
// Source: docs.stripe.com/testing.
func testCards() map[string]card {
	const was = "Your card was declined."
	generic := declined("0002", "card_declined", "generic_decline", was)
	funds := declined("9995", "card_declined", "insufficient_funds", "Your card has insufficient funds.")
	lost := declined("9987", "card_declined", "lost_card", was)
	stolen := declined("9979", "card_declined", "stolen_card", was)
	expired := declined("0069", "expired_card", "expired_card", "Your card has expired.")
	cvc := declined("0127", "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
	processing := declined("0119", "processing_error", "processing_error", "An error occurred while processing your card.")
	velocity := declined("6975", "card_declined", "card_velocity_exceeded", was)
	secure := visa("3220")
	secure.authenticate = true
	authentication := visa("3184")
	authentication.authenticate = true
	pending := visa("7726")
	pending.refundPending = true
	failing := visa("5126") // its refunds succeed at first, until [Server.SettleRefund] fails them
	return map[string]card{
		"pm_card_visa":                                     visa("4242"),
		"pm_card_visa_debit":                               {brand: "visa", last4: "5556", funding: "debit"},
		"pm_card_mastercard":                               {brand: "mastercard", last4: "4444", funding: "credit"},
		"pm_card_amex":                                     {brand: "amex", last4: "8431", funding: "credit"},
		"pm_card_discover":                                 {brand: "discover", last4: "9424", funding: "credit"},
		"pm_card_chargeDeclined":                           generic,
		"pm_card_visa_chargeDeclined":                      generic,
		"pm_card_chargeDeclinedInsufficientFunds":          funds,
		"pm_card_visa_chargeDeclinedInsufficientFunds":     funds,
		"pm_card_chargeDeclinedLostCard":                   lost,
		"pm_card_visa_chargeDeclinedLostCard":              lost,
		"pm_card_chargeDeclinedStolenCard":                 stolen,
		"pm_card_visa_chargeDeclinedStolenCard":            stolen,
		"pm_card_chargeDeclinedExpiredCard":                expired,
		"pm_card_visa_chargeDeclinedExpiredCard":           expired,
		"pm_card_chargeDeclinedIncorrectCvc":               cvc,
		"pm_card_visa_chargeDeclinedIncorrectCvc":          cvc,
		"pm_card_chargeDeclinedProcessingError":            processing,
		"pm_card_visa_chargeDeclinedProcessingError":       processing,
		"pm_card_chargeDeclinedVelocityLimitExceeded":      velocity,
		"pm_card_visa_chargeDeclinedVelocityLimitExceeded": velocity,
		"pm_card_threeDSecure2Required":                    secure,
		"pm_card_authenticationRequired":                   authentication,
		"pm_card_pendingRefund":                            pending,
		"pm_card_refundFail":                               failing,
	}
}
