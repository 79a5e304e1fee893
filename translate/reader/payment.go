package reader

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

// payment reads payment_data: a token and its provider, or a handler and an
// instrument, whose type may be any, those of seller-backed handlers included.
// When neither is there, the date's own member is named as missing. Which
// handler a bare token means, and whether a handler was advertised, is for the
// checkout to decide.
//
// A purchase order number alone satisfies the newer schemas and would be an
// order without payment, so it is refused.
func (d Dialect) payment(v wire.Value) commerce.Payment {
	order := d.invoice(v.Get("purchase_order_number"))
	payment := commerce.Payment{
		BillingAddress:      wire.Optional(v.Get("billing_address"), d.address),
		PurchaseOrderNumber: order.Text(),
		Terms:               word(d.invoice(v.Get("payment_terms")), "immediate", "net_15", "net_30", "net_60", "net_90"),
		DueDate:             d.invoice(v.Get("due_date")).Text(),
		ApprovalRequired:    d.invoice(v.Get("approval_required")).Bool(),
	}
	handler, instrument, token := v.Get("handler_id"), v.Get("instrument"), v.Get("token")
	switch {
	case handler.HasValue() || instrument.HasValue():
		only(v, d.Handlers, PaymentHandler)
		payment.HandlerID = v.Require("handler_id").Word()
		readInstrument(v.Require("instrument"), &payment)
		only(token, false, UnknownMember) // the instrument's is meant
	case token.HasValue():
		only(token, !d.Handlers, PaymentToken)
		payment.Token = tokenText(token)
		payment.Provider = providerName(v.Get("provider"))
	case order.HasValue():
		order.Refuse(wire.Unsupported, "a purchase order is no payment here; send handler_id and instrument")
	case d.Handlers:
		v.Require("handler_id")
	default:
		v.Require("token")
	}
	return payment
}

// invoice is a member that only dates with handlers have.
func (d Dialect) invoice(v wire.Value) wire.Value { return only(v, d.Handlers, InvoiceTerms) }

// readInstrument reads an instrument and its credential. Their types are
// required by the schemas and absent in published samples; the handler's id
// says enough. One sample has the token in the instrument itself. Both may
// hold more than we read.
func readInstrument(v wire.Value, payment *commerce.Payment) {
	if token := v.Get("token"); token.HasValue() && v.Get("credential").IsAbsent() {
		token.Deviate(CredentialMissing)
		payment.InstrumentType = needed(v.Get("type"), true, InstrumentTypeMissing).Text()
		payment.Token = tokenText(token)
		v.Open()
		return
	}
	credential := v.Require("credential")
	payment.InstrumentType = needed(v.Get("type"), true, InstrumentTypeMissing).Text()
	payment.CredentialType = needed(credential.Get("type"), true, CredentialTypeMissing).Text()
	payment.Token = tokenText(credential.Require("token"))
	v.Open()
	credential.Open()
}

func tokenText(v wire.Value) string {
	token := v.TextMax(maxToken)
	if token == "" {
		v.Refuse(wire.Missing, "")
	}
	return token
}

func providerName(v wire.Value) string {
	name := needed(v, true, ProviderMissing).Text()
	if name != "" && name != provider {
		v.Refuse(wire.Unsupported, "the provider is "+provider)
	}
	return provider
}
