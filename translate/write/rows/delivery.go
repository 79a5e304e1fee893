package rows

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
)

// Option is a fulfillment option of any of the four kinds. The kinds are
// closed objects in the schema, so only the members of one are filled.
type Option struct {
	Type                 string        `json:"type"`
	ID                   string        `json:"id"`
	Title                string        `json:"title"`
	Description          string        `json:"description,omitzero"`
	Carrier              string        `json:"carrier,omitzero"`
	EarliestDeliveryTime string        `json:"earliest_delivery_time,omitzero"`
	LatestDeliveryTime   string        `json:"latest_delivery_time,omitzero"`
	Location             *Location     `json:"location,omitzero"`
	PickupType           string        `json:"pickup_type,omitzero"`
	ReadyBy              string        `json:"ready_by,omitzero"`
	PickupBy             string        `json:"pickup_by,omitzero"`
	DeliveryWindow       *TimeWindow   `json:"delivery_window,omitzero"`
	ServiceArea          *DeliveryArea `json:"service_area,omitzero"`
	Totals               []Total       `json:"totals"`
}

// Location is where goods can be fetched.
type Location struct {
	Name         string         `json:"name"`
	Address      *write.Address `json:"address"`
	Phone        string         `json:"phone,omitzero"`
	Instructions string         `json:"instructions,omitzero"`
}

// TimeWindow is when a local delivery comes.
type TimeWindow struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// DeliveryArea is where a local delivery goes.
type DeliveryArea struct {
	RadiusMiles      *wire.Number `json:"radius_miles,omitzero"`
	CenterPostalCode string       `json:"center_postal_code,omitzero"`
}

// Selection is a chosen option and the lines that it is for.
type Selection struct {
	Type     string   `json:"type"`
	OptionID string   `json:"option_id"`
	ItemIDs  []string `json:"item_ids"`
}

// Group is a wish to split a session over destinations.
type Group struct {
	ID                 string         `json:"id"`
	ItemIDs            []string       `json:"item_ids"`
	DestinationType    string         `json:"destination_type"`
	FulfillmentDetails *write.Contact `json:"fulfillment_details,omitzero"`
	LocationID         string         `json:"location_id,omitzero"`
	Instructions       string         `json:"instructions,omitzero"`
}

func optionOf(o commerce.FulfillmentOption) Option {
	out := Option{
		Type: string(typeOf(&o)), ID: o.ID, Title: write.Plain(o.Title), Description: write.Plain(o.Description),
		Totals: write.Each(write.OptionRows(o), totalOf),
	}
	switch typeOf(&o) {
	case commerce.Shipping:
		out.Carrier = write.Plain(o.Carrier)
		out.EarliestDeliveryTime, out.LatestDeliveryTime = write.Timestamp(o.Delivery.Earliest), write.Timestamp(o.Delivery.Latest)
	case commerce.Pickup:
		p := o.Pickup
		out.Location = &Location{
			Name: write.Plain(p.Name), Address: addressOf(&p.Address), Phone: p.Phone, Instructions: write.Plain(p.Instructions),
		}
		out.PickupType = write.OneOf(p.Kind, "in_store", "curbside", "locker")
		out.ReadyBy, out.PickupBy = write.DateTime(p.ReadyBy), write.DateTime(p.PickupBy)
	case commerce.LocalDelivery:
		if w := estimateOf(o.Delivery); w != nil {
			out.DeliveryWindow = &TimeWindow{Start: w.Earliest, End: w.Latest}
		}
		if a := o.ServiceArea; a != nil {
			out.ServiceArea = &DeliveryArea{RadiusMiles: write.Number(a.RadiusMiles), CenterPostalCode: a.CenterPostalCode}
		}
	case commerce.Digital:
	}
	return out
}

// typeOf is the option's type. A pickup without a place cannot be written, and
// an unknown type neither; both are shown as shipping, which needs nothing.
func typeOf(o *commerce.FulfillmentOption) commerce.FulfillmentType {
	switch o.Type {
	case commerce.Shipping, commerce.Digital, commerce.LocalDelivery:
		return o.Type
	case commerce.Pickup:
		if o.Pickup != nil {
			return o.Type
		}
	}
	return commerce.Shipping
}

// selectionsOf shows what is chosen.
func selectionsOf(q commerce.Quote) []Selection {
	out := make([]Selection, 0, len(q.Choices))
	for _, c := range q.Choices {
		if o := write.Option(q, c); o != nil {
			out = append(out, Selection{Type: string(typeOf(o)), OptionID: c.OptionID, ItemIDs: write.ChosenLines(q, c, o)})
		}
	}
	return out
}

func groupsOf(groups []commerce.FulfillmentGroup) []Group {
	out := make([]Group, 0, len(groups))
	for _, g := range groups {
		kind := write.OneOf(string(g.Destination), string(commerce.Shipping), string(commerce.Pickup), string(commerce.LocalDelivery),
			string(commerce.Digital))
		if kind == "" {
			kind = string(commerce.Shipping)
		}
		ids := g.LineIDs
		if ids == nil {
			ids = []string{}
		}
		out = append(out, Group{
			ID: g.ID, ItemIDs: ids, DestinationType: kind, FulfillmentDetails: contactOf(g.Contact), LocationID: g.LocationID,
			Instructions: g.Instructions,
		})
	}
	return out
}
