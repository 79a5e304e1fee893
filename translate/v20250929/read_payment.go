package v20250929

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

const (
	// provider is the one payment provider that the older dates name.
	provider = "stripe"

	// maxToken is the longest payment token, in characters, that is taken.
	// Shared payment tokens have about thirty; vault tokens of others some
	// hundred.
	maxToken = 4096
)

// Payment reads payment_data in either shape that agents send: the token and
// provider of the older dates, or the handler and instrument of the newer
// ones. When neither is there, the member called needed is named as missing.
// Which handler a token of the older shape means, and whether a handler was
// advertised, is for the checkout to decide.
//
// A purchase order number alone satisfies the newer schema and would be an
// order without payment, so it is refused.
func Payment(v wire.Value, needed string) commerce.Payment {
	payment := commerce.Payment{
		BillingAddress:      wire.Optional(v.Get("billing_address"), Address),
		PurchaseOrderNumber: v.Get("purchase_order_number").Text(),
		Terms:               v.Get("payment_terms").Text(),
		DueDate:             v.Get("due_date").Text(),
		ApprovalRequired:    v.Get("approval_required").Bool(),
	}
	handler, instrument, token := v.Get("handler_id"), v.Get("instrument"), v.Get("token")
	order := v.Get("purchase_order_number")
	switch {
	case handler.HasValue() || instrument.HasValue():
		payment.HandlerID = v.Require("handler_id").Word()
		readInstrument(v.Require("instrument"), &payment)
	case token.HasValue():
		payment.Token = tokenText(token)
		payment.Provider = providerName(v.Get("provider"))
	case order.HasValue():
		order.Refuse(wire.Unsupported, "a purchase order is no payment here; send handler_id and instrument")
	default:
		v.Require(needed)
	}
	return payment
}

// readInstrument reads an instrument and its credential. Their types are
// required by the schema and absent in published samples; the handler's id
// says enough.
func readInstrument(v wire.Value, payment *commerce.Payment) {
	credential := v.Require("credential")
	payment.InstrumentType = v.Get("type").Text()
	payment.CredentialType = credential.Get("type").Text()
	payment.Token = tokenText(credential.Require("token"))
}

func tokenText(v wire.Value) string {
	token := v.TextMax(maxToken)
	if token == "" {
		v.Refuse(wire.Missing, "")
	}
	return token
}

func providerName(v wire.Value) string {
	name := v.Text()
	if name != "" && name != provider {
		v.Refuse(wire.Unsupported, "the provider is "+provider)
	}
	return provider
}
