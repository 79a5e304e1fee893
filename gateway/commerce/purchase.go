package commerce

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// Purchase is the part of an order that never changes: what was shown, agreed and charged.
type Purchase struct {
	SessionID string
	OrderID   string
	Number    string
	Permalink string // absolute
	Currency  Currency
	Lines     []Line
	Totals    []Total
	Choices   []Choice
	Options   []FulfillmentOption // the chosen ones
	ShipTo    *Contact
	Notes     string
	PlacedAt  time.Time
	// UnderReview says that a person looks at the order.
	UnderReview bool
	// Returned are refunds that Postern made of itself, because the order could not stand.
	Returned []ShopRefund
	// ReturnedStatus is how far each of them has come, by its id; one that is absent is completed.
	ReturnedStatus map[string]AdjustmentStatus
}

// OrderRecord is what is remembered of an order: what was bought, the shop's last snapshot, and what the agent was told last.
type OrderRecord struct {
	Purchase Purchase
	Snapshot Snapshot
	Told     Order
}

// Order is the purchase as the shop tells it in s. refunds is how far each refund of s has come, by the shop's refund id; a refund
// that is not in it is pending: an adjustment is completed only when the money has moved, or when there is none to move.
func (p Purchase) Order(s Snapshot, refunds map[string]AdjustmentStatus) Order {
	lines, ids := p.orderLines(s)
	o := Order{
		ID:           p.OrderID,
		SessionID:    p.SessionID,
		Number:       p.Number,
		PermalinkURL: p.Permalink,
		Currency:     p.Currency,
		Lines:        lines,
		Fulfillments: p.fulfillments(s, ids),
		Adjustments:  p.adjustments(s, refunds, ids),
		Totals:       slices.Clone(p.Totals),
	}
	if len(p.Options) > 0 {
		o.EstimatedDelivery = p.Options[0].Delivery
	}
	if p.Notes != "" {
		o.Confirmation = &Confirmation{Notes: p.Notes}
	}
	if back := o.Refunded(); back > 0 {
		o.Totals = append(o.Totals, Total{Type: TotalRefunded, DisplayText: "Refunded", Amount: back})
	}
	o.Status = o.deriveStatus(s)
	if p.UnderReview && o.Status != OrderCanceled {
		o.Status = OrderManualReview
	}
	return o
}

// orderLines marries the shop's lines to the lines that the agent knows, and returns the agent's ids by the shop's.
func (p Purchase) orderLines(s Snapshot) ([]OrderLine, map[string]string) {
	ids := make(map[string]string, len(s.Lines))
	taken := make([]bool, len(s.Lines))
	lines := make([]OrderLine, 0, len(p.Lines))
	for _, l := range p.Lines {
		title := l.Name
		if title == "" {
			title = l.ItemID
		}
		ol := OrderLine{
			ID: l.ID, Title: title, ProductID: l.ItemID, Description: l.Description,
			Ordered: l.Quantity, Current: l.Quantity, UnitPrice: l.UnitAmount, Subtotal: l.Base,
		}
		if len(l.Images) > 0 {
			ol.ImageURL = l.Images[0]
		}
		for i, sl := range s.Lines {
			if taken[i] || sl.ItemID != l.ItemID {
				continue
			}
			taken[i] = true
			ids[sl.ID] = l.ID
			ol.Current, ol.Fulfilled = sl.Current, sl.Fulfilled
			break
		}
		if s.Canceled() {
			ol.Current = 0
		}
		lines = append(lines, ol)
	}
	return lines, ids
}

func (p Purchase) fulfillments(s Snapshot, ids map[string]string) []Fulfillment {
	out := make([]Fulfillment, 0, len(s.Shipments))
	for i, sh := range s.Shipments {
		f := Fulfillment{
			ID: sh.ID, Status: sh.Status, Description: sh.Description, EstimatedDelivery: sh.Estimated, Digital: sh.Digital,
			Carrier: sh.Carrier, TrackingNumber: sh.TrackingNumber, TrackingURL: sh.TrackingURL,
			Lines: mapLines(sh.Lines, ids), Events: sh.Events,
		}
		if f.ID == "" {
			f.ID = "ful_" + strconv.Itoa(i+1)
		}
		if len(sh.Lines) == 0 {
			for _, l := range p.Lines {
				f.Lines = append(f.Lines, LineQuantity{LineID: l.ID, Quantity: l.Quantity})
			}
		}
		choice := p.choiceOf(f.Lines, sh.Type)
		f.Type = fulfillmentKind(cmp.Or(sh.Type, choice.Type))
		f.Destination = p.destination(f.Type, choice.OptionID)
		if len(f.Events) == 0 {
			f.Events = datedEvents(f.ID, sh)
		}
		out = append(out, f)
	}
	return out
}

// fulfillmentKind is the kind that orders know: local delivery has no counterpart there and is shipping.
func fulfillmentKind(t FulfillmentType) FulfillmentType {
	if t == "" || t == LocalDelivery {
		return Shipping
	}
	return t
}

// choiceOf is what was chosen for the lines: a choice that names one of them, or else one for all, of the given kind where it is known.
func (p Purchase) choiceOf(lines []LineQuantity, t FulfillmentType) Choice {
	best, rank := Choice{}, -1
	for _, c := range p.Choices {
		n := 0
		if slices.ContainsFunc(lines, func(l LineQuantity) bool { return slices.Contains(c.LineIDs, l.LineID) }) {
			n = 2
		} else if len(c.LineIDs) > 0 && len(p.Choices) > 1 {
			continue // it is for other lines
		}
		if t != "" && c.Type == t {
			n++
		}
		if n > rank {
			best, rank = c, n
		}
	}
	return best
}

// destination is where a delivery goes: to the buyer, or to where the buyer fetches it. Digital goods go nowhere.
func (p Purchase) destination(t FulfillmentType, optionID string) *Address {
	switch t {
	case Shipping:
		if p.ShipTo != nil {
			return p.ShipTo.Address
		}
	case Pickup:
		for _, o := range p.Options {
			if o.ID == optionID && o.Pickup != nil {
				return &o.Pickup.Address
			}
		}
	default:
	}
	return nil
}

// datedEvents are the events of a shipment of which only its dates are known.
func datedEvents(id string, sh Shipment) []FulfillmentEvent {
	var out []FulfillmentEvent
	for _, e := range []struct {
		kind string
		at   time.Time
	}{{"shipped", sh.ShippedAt}, {"delivered", sh.DeliveredAt}} {
		if !e.at.IsZero() {
			out = append(out, FulfillmentEvent{ID: id + "_" + e.kind, Type: e.kind, OccurredAt: e.at})
		}
	}
	return out
}

func (p Purchase) adjustments(s Snapshot, refunds map[string]AdjustmentStatus, ids map[string]string) []Adjustment {
	out := make([]Adjustment, 0, len(s.Refunds)+len(s.Adjustments))
	for _, r := range p.Returned {
		out = append(out, Adjustment{
			ID: r.ID, Type: "refund", Status: cmp.Or(p.ReturnedStatus[r.ID], AdjustmentCompleted), OccurredAt: r.CreatedAt, Amount: r.Amount, Currency: p.Currency,
			Reason: r.Reason,
		})
	}
	for _, r := range s.Refunds {
		status := refunds[r.ID]
		switch {
		case status != "":
		case r.Amount == 0:
			status = AdjustmentCompleted // goods came back, no money
		default:
			status = AdjustmentPending
		}
		out = append(out, Adjustment{
			ID: r.ID, Type: "refund", Status: status, OccurredAt: r.CreatedAt, Amount: r.Amount, Currency: p.Currency,
			Lines: mapLines(r.Lines, ids), Reason: r.Reason,
		})
	}
	for _, a := range s.Adjustments {
		if a.Type == "refund" { // refunds stand in s.Refunds, because their money is moved by us
			continue
		}
		a.Currency, a.Lines = p.Currency, mapLines(a.Lines, ids)
		out = append(out, a)
	}
	return out
}

// mapLines gives the agent's line ids to quantities that name the shop's; lines that the agent does not know are left out.
func mapLines(qs []LineQuantity, ids map[string]string) []LineQuantity {
	out := make([]LineQuantity, 0, len(qs))
	for _, q := range qs {
		if id, ok := ids[q.LineID]; ok && q.Quantity > 0 {
			out = append(out, LineQuantity{LineID: id, Quantity: q.Quantity})
		}
	}
	return out
}

// deriveStatus follows R:orders section 7.1, in its order, with the shop's word where the quantities say nothing.
func (o Order) deriveStatus(s Snapshot) OrderStatus {
	removed, fulfilled := 0, 0
	for _, l := range o.Lines {
		switch l.Status() {
		case "removed":
			removed++
		case "fulfilled":
			fulfilled++
		}
	}
	delivered := 0
	for _, f := range o.Fulfillments {
		if f.Status == "delivered" {
			delivered++
		}
	}
	switch {
	case s.Status == OrderManualReview:
		return OrderManualReview
	case s.Canceled() || (len(o.Lines) > 0 && removed == len(o.Lines)):
		return OrderCanceled
	case s.Status == OrderCompleted || (len(o.Fulfillments) > 0 && delivered == len(o.Fulfillments) && removed+fulfilled == len(o.Lines)):
		return OrderCompleted
	case s.Status == OrderShipped || (len(o.Lines) > 0 && removed+fulfilled == len(o.Lines)):
		return OrderShipped
	case s.Status == OrderProcessing || len(o.Fulfillments) > 0:
		return OrderProcessing
	default:
		return OrderConfirmed
	}
}
