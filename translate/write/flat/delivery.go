package flat

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// Option is what the fulfillment options of these dates have in common. The
// dates add their text and their amounts.
type Option struct {
	Type                 string `json:"type"`
	ID                   string `json:"id"`
	Title                string `json:"title"`
	Subtitle             string `json:"subtitle,omitzero"`    // until 2025-12-12
	Description          string `json:"description,omitzero"` // in 2026-01-16
	Carrier              string `json:"carrier,omitzero"`
	EarliestDeliveryTime string `json:"earliest_delivery_time,omitzero"`
	LatestDeliveryTime   string `json:"latest_delivery_time,omitzero"`
}

// NumberedOption is an option with three numbers, of 2025-09-29 and 2025-12-12.
type NumberedOption struct {
	Option
	Subtotal int64 `json:"subtotal"`
	Tax      int64 `json:"tax"`
	Total    int64 `json:"total"`
}

// OptionOf writes an option that [Shown] lets pass, but for the text under its
// title, which the dates call differently.
func OptionOf(o *commerce.FulfillmentOption) Option {
	out := Option{Type: typeOf(o.Type), ID: o.ID, Title: write.Plain(o.Title)}
	if out.Type == string(commerce.Shipping) {
		out.Carrier = write.Plain(o.Carrier)
		out.EarliestDeliveryTime, out.LatestDeliveryTime = write.Timestamp(o.Delivery.Earliest), write.Timestamp(o.Delivery.Latest)
	}
	return out
}

// NumberedOptions are the options that can be shown, with three numbers each.
func NumberedOptions(options []commerce.FulfillmentOption) []NumberedOption {
	out := make([]NumberedOption, 0, len(options))
	for i := range options {
		if o := &options[i]; Shown(o) {
			shown := NumberedOption{Option: OptionOf(o), Subtotal: o.Subtotal, Tax: o.Tax, Total: o.Total}
			shown.Subtitle = write.Plain(o.Description)
			out = append(out, shown)
		}
	}
	return out
}

// Shown reports whether these dates can show an option: pickup and local
// delivery they cannot say. A type that nobody knows is shown as shipping.
func Shown(o *commerce.FulfillmentOption) bool {
	return o.Type != commerce.Pickup && o.Type != commerce.LocalDelivery
}

func typeOf(t commerce.FulfillmentType) string {
	if t == commerce.Digital {
		return string(t)
	}
	return string(commerce.Shipping)
}

// Whole is the id of the one chosen option that can be shown and covers every
// line, or empty: 2025-09-29 can name no other choice.
func Whole(q commerce.Quote) string {
	if len(q.Choices) != 1 {
		return ""
	}
	o := write.Option(q, q.Choices[0])
	if o == nil || !Shown(o) {
		return ""
	}
	named := q.Choices[0].LineIDs // none are all that need delivery
	for _, l := range q.Lines {
		if len(named) > 0 && !contains(named, l) {
			return ""
		}
	}
	return o.ID
}

// contains reports whether a line is meant: agents name lines by their own id
// or by their item's.
func contains(ids []string, l commerce.Line) bool {
	for _, id := range ids {
		if id == l.ID || id == l.ItemID {
			return true
		}
	}
	return false
}

// Selection is a chosen option, nested under its type, of 2025-12-12 and
// 2026-01-16.
type Selection struct {
	Type     string  `json:"type"`
	Shipping *Chosen `json:"shipping,omitzero"`
	Digital  *Chosen `json:"digital,omitzero"`
}

// Chosen is what is chosen and for which lines.
type Chosen struct {
	OptionID string   `json:"option_id"`
	ItemIDs  []string `json:"item_ids"`
}

// SelectionsOf are the choices that can be shown.
func SelectionsOf(q commerce.Quote) []Selection {
	out := make([]Selection, 0, len(q.Choices))
	for _, c := range q.Choices {
		o := write.Option(q, c)
		if o == nil || !Shown(o) {
			continue
		}
		chosen := &Chosen{OptionID: o.ID, ItemIDs: write.ChosenLines(q, c, o)}
		if typeOf(o.Type) == string(commerce.Digital) {
			out = append(out, Selection{Type: string(commerce.Digital), Digital: chosen})
		} else {
			out = append(out, Selection{Type: string(commerce.Shipping), Shipping: chosen})
		}
	}
	return out
}
