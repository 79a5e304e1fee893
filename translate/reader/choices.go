package reader

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// selected is the member that holds the selected options, under the name of
// any date.
func (d Dialect) selected(root wire.Value) wire.Value {
	v := root.OneOf("selected_fulfillment_options", "fulfillment_option_id")
	if v.Called("fulfillment_option_id") {
		return only(v, d.Selection == OneOption, SelectionSingle)
	}
	return only(v, d.Selection != OneOption, SelectionList)
}

// choicesOnCreate takes a selection where no date has one.
func (d Dialect) choicesOnCreate(root wire.Value) []commerce.Choice {
	return d.choices(only(d.selected(root), false, SelectionOnCreate))
}

// choices reads the selected options: flat, nested, or one id for everything.
func (d Dialect) choices(v wire.Value) []commerce.Choice {
	switch {
	case !v.HasValue():
		return nil
	case v.Called("fulfillment_option_id"):
		return []commerce.Choice{{OptionID: v.Word()}}
	case v.Kind() == wire.KindString:
		v.Deviate(SelectionSingle)
		return []commerce.Choice{{OptionID: v.Word()}}
	default:
		return wire.ListMax(v, commerce.MaxLines, d.choice)
	}
}

// choice reads one selection. Without item_ids it covers every line; they are
// ids of lines by the schemas and ids of items in published samples, so the
// checkout resolves them.
func (d Dialect) choice(v wire.Value) commerce.Choice {
	kind := v.Get("type")
	out := commerce.Choice{Type: destination(kind)}
	needed(kind, true, SelectionTypeMissing)
	body := v
	if v.Get("option_id").IsAbsent() {
		for _, t := range []commerce.FulfillmentType{commerce.Shipping, commerce.Digital, commerce.Pickup, commerce.LocalDelivery} {
			if nested := v.Get(string(t)); nested.HasValue() {
				body = nested
				if out.Type == "" {
					out.Type = t
				}
			}
		}
	}
	switch {
	case d.Selection == NestedOptions && body == v:
		v.Deviate(SelectionFlat)
	case d.Selection == FlatOptions && body != v:
		body.Deviate(SelectionNested)
	}
	ids := needed(body.Get("item_ids"), true, SelectionItemsMissing)
	out.OptionID = body.Require("option_id").Word()
	out.LineIDs = wire.ListMax(ids, commerce.MaxLines, text)
	return out
}

// destination reads one of the four ways of delivery.
func destination(v wire.Value) commerce.FulfillmentType {
	t := commerce.FulfillmentType(v.Text())
	switch t {
	case commerce.Shipping, commerce.Digital, commerce.Pickup, commerce.LocalDelivery, "":
	default:
		v.Refuse(wire.Unsupported, "shipping, digital, pickup or local_delivery is expected")
	}
	return t
}
