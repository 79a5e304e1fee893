package reader

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// groups reads which lines go where.
func (d Dialect) groups(v wire.Value) []commerce.FulfillmentGroup {
	return wire.ListMax(only(v, d.Groups, FulfillmentGroups), commerce.MaxLines, d.group)
}

func (d Dialect) group(v wire.Value) commerce.FulfillmentGroup {
	kind := v.Require("destination_type")
	if kind.Kind() == wire.KindString && kind.Text() == "" {
		kind.Refuse(wire.Missing, "")
	}
	return commerce.FulfillmentGroup{
		ID:           v.Require("id").Word(),
		LineIDs:      wire.ListMax(v.Require("item_ids"), commerce.MaxLines, text),
		Destination:  destination(kind),
		Contact:      wire.Optional(v.Get("fulfillment_details"), d.contact),
		LocationID:   v.Get("location_id").Text(),
		Instructions: note(v.Get("instructions"), maxNotes),
	}
}
