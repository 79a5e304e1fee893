package v20260417

import (
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// option is a fulfillment option of any of the four kinds. The kinds are
// closed objects in the schema, so [optionOf] fills only the members of one.
type option struct {
	Type                 string        `json:"type"`
	ID                   string        `json:"id"`
	Title                string        `json:"title"`
	Description          string        `json:"description,omitzero"`
	Carrier              string        `json:"carrier,omitzero"`
	EarliestDeliveryTime string        `json:"earliest_delivery_time,omitzero"`
	LatestDeliveryTime   string        `json:"latest_delivery_time,omitzero"`
	Location             *location     `json:"location,omitzero"`
	PickupType           string        `json:"pickup_type,omitzero"`
	ReadyBy              string        `json:"ready_by,omitzero"`
	PickupBy             string        `json:"pickup_by,omitzero"`
	DeliveryWindow       *timeWindow   `json:"delivery_window,omitzero"`
	ServiceArea          *deliveryArea `json:"service_area,omitzero"`
	Totals               []total       `json:"totals"`
}

type location struct {
	Name         string  `json:"name"`
	Address      address `json:"address"`
	Phone        string  `json:"phone,omitzero"`
	Instructions string  `json:"instructions,omitzero"`
}

type timeWindow struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

type deliveryArea struct {
	RadiusMiles      *wire.Number `json:"radius_miles,omitzero"`
	CenterPostalCode string       `json:"center_postal_code,omitzero"`
}

type selection struct {
	Type     string   `json:"type"`
	OptionID string   `json:"option_id"`
	ItemIDs  []string `json:"item_ids"`
}

type fulfillmentGroup struct {
	ID                 string   `json:"id"`
	ItemIDs            []string `json:"item_ids"`
	DestinationType    string   `json:"destination_type"`
	FulfillmentDetails *contact `json:"fulfillment_details,omitzero"`
	LocationID         string   `json:"location_id,omitzero"`
	Instructions       string   `json:"instructions,omitzero"`
}

func optionOf(o commerce.FulfillmentOption) option {
	out := option{
		Type: string(typeOf(o)), ID: o.ID, Title: o.Title, Description: o.Description,
		Totals: []total{
			{Type: string(commerce.TotalSubtotal), DisplayText: "Subtotal", Amount: o.Subtotal},
			{Type: string(commerce.TotalTax), DisplayText: "Tax", Amount: o.Tax},
			{Type: string(commerce.TotalDue), DisplayText: "Total", Amount: o.Total},
		},
	}
	switch typeOf(o) {
	case commerce.Shipping:
		out.Carrier = o.Carrier
		out.EarliestDeliveryTime, out.LatestDeliveryTime = timestamp(o.Delivery.Earliest), timestamp(o.Delivery.Latest)
	case commerce.Pickup:
		p := o.Pickup
		out.Location = &location{Name: p.Name, Address: *addressOf(&p.Address), Phone: p.Phone, Instructions: p.Instructions}
		out.PickupType = oneOf(p.Kind, "in_store", "curbside", "locker")
		out.ReadyBy, out.PickupBy = dateTime(p.ReadyBy), dateTime(p.PickupBy)
	case commerce.LocalDelivery:
		if !o.Delivery.Earliest.IsZero() && !o.Delivery.Latest.IsZero() {
			out.DeliveryWindow = &timeWindow{Start: timestamp(o.Delivery.Earliest), End: timestamp(o.Delivery.Latest)}
		}
		if a := o.ServiceArea; a != nil {
			out.ServiceArea = &deliveryArea{RadiusMiles: numberOf(a.RadiusMiles), CenterPostalCode: a.CenterPostalCode}
		}
	case commerce.Digital:
	}
	return out
}

// typeOf is the option's type. A pickup without a place cannot be written, and
// an unknown type neither; both are shown as shipping, which needs nothing.
func typeOf(o commerce.FulfillmentOption) commerce.FulfillmentType {
	if !knownType(o.Type) || (o.Type == commerce.Pickup && o.Pickup == nil) {
		return commerce.Shipping
	}
	return o.Type
}

// selectionsOf shows what is chosen. A choice must be one of the options (ACP
// rfc.agentic_checkout 8, read 2026-11-22); one that names no lines covers all.
func selectionsOf(q commerce.Quote) []selection {
	out := make([]selection, 0, len(q.Choices))
	for _, c := range q.Choices {
		at := slices.IndexFunc(q.Options, func(o commerce.FulfillmentOption) bool { return o.ID == c.OptionID })
		if at < 0 {
			continue
		}
		ids := c.LineIDs
		if len(ids) == 0 {
			ids = each(q.Lines, func(l commerce.Line) string { return l.ID })
		}
		out = append(out, selection{Type: string(typeOf(q.Options[at])), OptionID: c.OptionID, ItemIDs: ids})
	}
	return out
}

func groupOf(g commerce.FulfillmentGroup) fulfillmentGroup {
	return fulfillmentGroup{
		ID: g.ID, ItemIDs: g.LineIDs, DestinationType: string(g.Destination), FulfillmentDetails: contactOf(g.Contact),
		LocationID: g.LocationID, Instructions: g.Instructions,
	}
}
