package reader

import (
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// Create reads the body of POST /checkout_sessions. Its error is a
// *[wire.Refusal], which is a [commerce.Fault] of kind Invalid to errors.As.
func (d Dialect) Create(r *wire.Reader) (commerce.CreateRequest, error) {
	root := r.Root()
	request := commerce.CreateRequest{
		Lines:        d.linesOrCart(root),
		CartID:       cartID(root.Get("metadata")),
		Currency:     d.currency(root.Get("currency")),
		Buyer:        wire.Optional(root.Get("buyer"), d.buyer),
		ShipTo:       d.shipTo(root),
		Codes:        d.codes(root),
		Choices:      d.choicesOnCreate(root),
		Groups:       d.groups(root.Get("fulfillment_groups")),
		Capabilities: d.capabilities(root.Get("capabilities")),
		Affiliate:    d.affiliateOf(root),
		Locale:       d.context(root.Get("locale"), Locale).Text(),
		Timezone:     d.context(root.Get("timezone"), Timezone).Text(),
		QuoteID:      d.context(root.Get("quote_id"), QuoteID).Text(),
		Metadata:     metadata(d.context(root.Get("metadata"), Metadata)),
		Notes:        d.notes(root.Get("order_notes")),
	}
	r.DeviateRest(UnknownMember, NullValue)
	return request, r.Err()
}

// Update reads the body of POST /checkout_sessions/{id}. An absent member
// changes nothing, null clears, a value replaces; an empty list is a value.
// Errors as in [Dialect.Create].
func (d Dialect) Update(r *wire.Reader) (commerce.UpdateRequest, error) {
	root := r.Root()
	request := commerce.UpdateRequest{
		Lines:   d.linesChange(root),
		Buyer:   wire.Change(root.Get("buyer"), d.buyer),
		ShipTo:  d.shipToChange(root),
		Codes:   d.codesChange(root),
		Choices: wire.Change(d.selected(root), d.choices),
		Groups:  wire.Change(root.Get("fulfillment_groups"), d.groups),
		Notes:   wire.Change(root.Get("order_notes"), d.notes),
	}
	r.DeviateRest(UnknownMember, NullValue)
	return request, r.Err()
}

// Complete reads the body of POST /checkout_sessions/{id}/complete. It carries
// the handler's id as it was sent; whether the session advertised it is for
// the checkout to say. Errors as in [Dialect.Create].
func (d Dialect) Complete(r *wire.Reader) (commerce.CompleteRequest, error) {
	root := r.Root()
	request := commerce.CompleteRequest{
		Payment:        d.payment(root.Require("payment_data")),
		Buyer:          wire.Optional(root.Get("buyer"), d.buyer),
		ShipTo:         d.shipToOnComplete(root.Get("fulfillment_details")),
		Authentication: wire.Optional(root.Get("authentication_result"), d.authentication),
		Affiliate:      d.affiliateOf(root),
		RiskSignals:    wire.Optional(d.context(root.Get("risk_signals"), RiskSignals), riskSignals),
		Consents:       d.consents(root.Get("marketing_consents")),
		Notes:          wire.Optional(root.Get("order_notes"), d.notes),
	}
	r.DeviateRest(UnknownMember, NullValue)
	return request, r.Err()
}

// Cancel reads the body of POST /checkout_sessions/{id}/cancel, which may be
// missing, empty, or hold anything beside the trace. Errors as in [Dialect.Create]: of
// the body itself, never of the trace.
func (d Dialect) Cancel(r *wire.Reader) (commerce.CancelRequest, error) {
	root := r.Root()
	if err := r.Err(); err != nil {
		return commerce.CancelRequest{}, err
	}
	return commerce.CancelRequest{IntentTrace: d.intentTrace(r, root)}, nil
}

// Cart reads the body of POST /carts and PUT /carts/{id}, which replaces the
// whole cart. Errors as in [Dialect.Create]; a cart without lines is refused with the
// code missing_line_items (ACP rfc.cart 6, read 2026-11-22).
func (d Dialect) Cart(r *wire.Reader) (commerce.CartRequest, error) {
	root := r.Root()
	request := commerce.CartRequest{
		Lines:  d.lines(d.lineList(root), wire.LinesMissing),
		Buyer:  wire.Optional(root.Get("buyer"), d.buyer),
		Locale: root.Get("locale").Text(),
	}
	r.DeviateRest(UnknownMember, NullValue)
	return request, r.Err()
}

// only records d where the value is there and the date does not have it.
func only(v wire.Value, native bool, d wire.Deviation) wire.Value {
	if !native && !v.IsAbsent() {
		v.Deviate(d)
	}
	return v
}

// needed records d where the value is missing and the date requires it.
func needed(v wire.Value, required bool, d wire.Deviation) wire.Value {
	if required && !v.HasValue() {
		v.Deviate(d)
	}
	return v
}

// context is a member of a session that only some dates have.
func (d Dialect) context(v wire.Value, deviation wire.Deviation) wire.Value {
	return only(v, d.Context, deviation)
}

// word is a text of a closed list that only passes through.
func word(v wire.Value, known ...string) string {
	text := v.Text()
	if text != "" && !slices.Contains(known, text) {
		v.Deviate(UnknownValue)
	}
	return text
}

func text(v wire.Value) string { return v.Text() }

// moment checks a date and time and keeps it as it was written.
func moment(v wire.Value) string {
	v.Time()
	return v.Text()
}
