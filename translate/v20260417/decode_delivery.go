package v20260417

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/v20250929"
	"github.com/postern-gateway/postern/translate/wire"
)

// shipTo reads where the delivery goes, from this date's details or from the
// older bare address.
func shipTo(root wire.Value) *commerce.Contact {
	place := root.OneOf("fulfillment_details", "fulfillment_address")
	if place.Name() == "fulfillment_details" {
		return wire.Optional(place, v20250929.Contact)
	}
	if !place.HasValue() {
		return nil
	}
	address := v20250929.Address(place)
	return &commerce.Contact{Address: &address}
}

func shipToChange(root wire.Value) commerce.Change[commerce.ContactChange] {
	place := root.OneOf("fulfillment_details", "fulfillment_address")
	if place.Name() == "fulfillment_details" {
		return wire.Change(place, v20250929.ContactChange)
	}
	return commerce.Set(commerce.ContactChange{Address: wire.Change(place, v20250929.Address)})
}

// choices reads the selected options, in this date's flat shape, in the nested
// shape of 2025-12-12 and 2026-01-16, or as the single id of 2025-09-29.
func choices(v wire.Value) []commerce.Choice {
	if v.Kind() == wire.KindString {
		return []commerce.Choice{{OptionID: v.Word()}}
	}
	return wire.ListMax(v, commerce.MaxLines, choice)
}

// choice reads one selection. Without item_ids it covers every line; they are
// ids of lines by the schema and ids of items in published samples, so the
// checkout resolves them.
func choice(v wire.Value) commerce.Choice {
	out := commerce.Choice{Type: commerce.FulfillmentType(v.Get("type").Text())}
	if !knownType(out.Type) && out.Type != "" {
		v.Get("type").Refuse(wire.Unsupported, "shipping, digital, pickup or local_delivery is expected")
	}
	body := v
	if v.Get("option_id").IsAbsent() {
		for _, kind := range []commerce.FulfillmentType{commerce.Shipping, commerce.Digital} {
			if nested := v.Get(string(kind)); nested.HasValue() {
				body = nested
				if out.Type == "" {
					out.Type = kind
				}
			}
		}
	}
	out.OptionID = body.Require("option_id").Word()
	out.LineIDs = wire.ListMax(body.Get("item_ids"), commerce.MaxLines, text)
	return out
}

func knownType(t commerce.FulfillmentType) bool {
	switch t {
	case commerce.Shipping, commerce.Digital, commerce.Pickup, commerce.LocalDelivery:
		return true
	default:
		return false
	}
}

func groups(v wire.Value) []commerce.FulfillmentGroup {
	return wire.ListMax(v, commerce.MaxLines, group)
}

func group(v wire.Value) commerce.FulfillmentGroup {
	destination := v.Require("destination_type")
	out := commerce.FulfillmentGroup{
		ID:           v.Require("id").Word(),
		LineIDs:      wire.ListMax(v.Require("item_ids"), commerce.MaxLines, text),
		Destination:  commerce.FulfillmentType(destination.Text()),
		Contact:      wire.Optional(v.Get("fulfillment_details"), v20250929.Contact),
		LocationID:   v.Get("location_id").Text(),
		Instructions: v.Get("instructions").Text(),
	}
	if destination.HasValue() && !knownType(out.Destination) {
		destination.Refuse(wire.Unsupported, "shipping, digital, pickup or local_delivery is expected")
	}
	return out
}
