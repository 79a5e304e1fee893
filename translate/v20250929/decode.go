package v20250929

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// DecodeCreate reads the body of POST /checkout_sessions. Its error is a
// *[wire.Refusal], which is a [commerce.Fault] of kind Invalid to errors.As.
func DecodeCreate(r *wire.Reader) (commerce.CreateRequest, error) {
	root := r.Root()
	request := commerce.CreateRequest{
		Lines:     Lines(root.OneOf("items", "line_items"), r),
		Buyer:     wire.Optional(root.Get("buyer"), Buyer),
		ShipTo:    shipTo(root),
		Choices:   choices(root.Get("fulfillment_option_id")),
		Affiliate: wire.Optional(root.Get("affiliate_attribution"), Affiliate),
	}
	return request, r.Err()
}

// DecodeUpdate reads the body of POST /checkout_sessions/{id}. An absent
// member changes nothing, null clears, a value replaces. Errors as in
// [DecodeCreate].
func DecodeUpdate(r *wire.Reader) (commerce.UpdateRequest, error) {
	root := r.Root()
	request := commerce.UpdateRequest{
		Lines:   LinesChange(root.OneOf("items", "line_items"), r),
		Buyer:   wire.Change(root.Get("buyer"), Buyer),
		ShipTo:  shipToChange(root),
		Choices: wire.Change(root.Get("fulfillment_option_id"), choices),
	}
	return request, r.Err()
}

// DecodeComplete reads the body of POST /checkout_sessions/{id}/complete.
// Errors as in [DecodeCreate].
func DecodeComplete(r *wire.Reader) (commerce.CompleteRequest, error) {
	root := r.Root()
	request := commerce.CompleteRequest{
		Payment:   Payment(root.Require("payment_data"), "token"),
		Buyer:     wire.Optional(root.Get("buyer"), Buyer),
		Affiliate: wire.Optional(root.Get("affiliate_attribution"), Affiliate),
	}
	return request, r.Err()
}

// DecodeCancel reads the body of POST /checkout_sessions/{id}/cancel, which
// may be missing. This date knows no body; the intent trace of later dates is
// taken all the same.
func DecodeCancel(r *wire.Reader) (commerce.CancelRequest, error) {
	root := r.Root()
	if err := r.Err(); err != nil {
		return commerce.CancelRequest{}, err
	}
	return commerce.CancelRequest{IntentTrace: IntentTrace(r, root)}, nil
}

// shipTo reads the address of this date, or the details of a later one.
func shipTo(root wire.Value) *commerce.Contact {
	place := root.OneOf("fulfillment_address", "fulfillment_details")
	if place.Name() == "fulfillment_details" {
		return wire.Optional(place, Contact)
	}
	address := wire.Optional(place, Address)
	if address == nil {
		return nil
	}
	return &commerce.Contact{Address: address}
}

func shipToChange(root wire.Value) commerce.Change[commerce.ContactChange] {
	place := root.OneOf("fulfillment_address", "fulfillment_details")
	if place.Name() == "fulfillment_details" {
		return wire.Change(place, ContactChange)
	}
	if place.IsAbsent() {
		return commerce.Change[commerce.ContactChange]{}
	}
	// Null clears the address and not the contact: this date cannot see the
	// e-mail and phone that a later one may have set.
	return commerce.Set(commerce.ContactChange{Address: wire.Change(place, Address)})
}

// choices reads the one selected option of this date; it covers every line.
func choices(option wire.Value) []commerce.Choice {
	if !option.HasValue() {
		return nil
	}
	return []commerce.Choice{{OptionID: option.Word()}}
}
