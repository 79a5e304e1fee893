package rows

import (
	"slices"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// The order of this date, as the repository has it since 2026-05-01: the
// release of April had other words inside the same date. Source:
// spec/2026-04-17/json-schema, Order, read 2026-11-22.

// Order is an order. The lists and the type stand from 2026-04-17 on; a nil
// list is left out, an empty one stands.
type Order struct {
	Type              string        `json:"type,omitzero"`
	ID                string        `json:"id"`
	CheckoutSessionID string        `json:"checkout_session_id"`
	OrderNumber       string        `json:"order_number,omitzero"`
	ClientReference   string        `json:"client_reference_id,omitzero"`
	PermalinkURL      string        `json:"permalink_url"`
	Status            string        `json:"status,omitzero"`
	EstimatedDelivery *Estimate     `json:"estimated_delivery,omitzero"`
	Confirmation      *Confirmation `json:"confirmation,omitzero"`
	Support           *Support      `json:"support,omitzero"`
	LineItems         []OrderLine   `json:"line_items,omitzero"`
	Fulfillments      []Fulfillment `json:"fulfillments,omitzero"`
	Adjustments       []Adjustment  `json:"adjustments,omitzero"`
	Totals            []Total       `json:"totals,omitzero"`
}

// Estimate is when a delivery should come.
type Estimate struct {
	Earliest string `json:"earliest"`
	Latest   string `json:"latest"`
}

// Confirmation is what the buyer can keep. OrderNotes stand from 2026-04-17
// on.
type Confirmation struct {
	Number        string `json:"confirmation_number,omitzero"`
	EmailSent     *bool  `json:"confirmation_email_sent,omitzero"`
	ReceiptURL    string `json:"receipt_url,omitzero"`
	InvoiceNumber string `json:"invoice_number,omitzero"`
	OrderNotes    string `json:"order_notes,omitzero"`
}

// Support is where the buyer gets help.
type Support struct {
	Email         string `json:"email,omitzero"`
	Phone         string `json:"phone,omitzero"`
	Hours         string `json:"hours,omitzero"`
	HelpCenterURL string `json:"help_center_url,omitzero"`
}

// OrderLine is a line of an order.
type OrderLine struct {
	ID          string        `json:"id"`
	Title       string        `json:"title"`
	ProductID   string        `json:"product_id,omitzero"`
	Description string        `json:"description,omitzero"`
	ImageURL    string        `json:"image_url,omitzero"`
	URL         string        `json:"url,omitzero"`
	Quantity    OrderQuantity `json:"quantity"`
	UnitPrice   int64         `json:"unit_price"`
	Subtotal    int64         `json:"subtotal"`
	Totals      []Total       `json:"totals,omitempty"`
	Status      string        `json:"status"`
}

// OrderQuantity counts the units of a line.
type OrderQuantity struct {
	Ordered   int64 `json:"ordered"`
	Current   int64 `json:"current"`
	Fulfilled int64 `json:"fulfilled"`
}

// LineReference is a number of units of a line.
type LineReference struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity"`
}

// Fulfillment is a delivery of an order.
type Fulfillment struct {
	ID                string             `json:"id"`
	Type              string             `json:"type"`
	Status            string             `json:"status,omitzero"`
	LineItems         []LineReference    `json:"line_items,omitempty"`
	Carrier           string             `json:"carrier,omitzero"`
	TrackingNumber    string             `json:"tracking_number,omitzero"`
	TrackingURL       string             `json:"tracking_url,omitzero"`
	Destination       *write.Address     `json:"destination,omitzero"`
	EstimatedDelivery *Estimate          `json:"estimated_delivery,omitzero"`
	DigitalDelivery   *DigitalDelivery   `json:"digital_delivery,omitzero"`
	Description       string             `json:"description,omitzero"`
	Events            []FulfillmentEvent `json:"events,omitzero"`
}

// DigitalDelivery is how a digital good is reached.
type DigitalDelivery struct {
	AccessURL  string `json:"access_url,omitzero"`
	LicenseKey string `json:"license_key,omitzero"`
	ExpiresAt  string `json:"expires_at,omitzero"`
}

// FulfillmentEvent is something that happened to a delivery.
type FulfillmentEvent struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	OccurredAt  string `json:"occurred_at"`
	Description string `json:"description,omitzero"`
	Location    string `json:"location,omitzero"`
}

// Adjustment is money or goods that changed after the purchase.
type Adjustment struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	OccurredAt  string          `json:"occurred_at"`
	Status      string          `json:"status"`
	LineItems   []LineReference `json:"line_items,omitempty"`
	Amount      int64           `json:"amount,omitzero"`
	Currency    string          `json:"currency,omitzero"`
	Description string          `json:"description,omitzero"`
	Reason      string          `json:"reason,omitzero"`
}

// OrderHead is an order without what happened to it: what 2026-01-30 shows.
// Its status is left to the date. Nil where there is none.
func OrderHead(o *commerce.Order) *Order {
	if o == nil {
		return nil
	}
	out := &Order{
		ID: o.ID, CheckoutSessionID: o.SessionID, OrderNumber: o.Number, PermalinkURL: o.PermalinkURL,
		EstimatedDelivery: estimateOf(o.EstimatedDelivery),
	}
	if c := o.Confirmation; c != nil {
		out.Confirmation = &Confirmation{
			Number: c.Number, EmailSent: c.EmailSent, ReceiptURL: write.URL(c.ReceiptURL), InvoiceNumber: c.InvoiceNumber,
		}
	}
	if s := o.Support; s != nil {
		out.Support = &Support{Email: write.Email(s.Email), Phone: s.Phone, Hours: s.Hours, HelpCenterURL: write.URL(s.HelpCenterURL)}
	}
	return out
}

// OrderOf writes an order whole. The lists stand even when they are empty: no
// fulfillments means that there is no tracking, no adjustments that nothing
// happened (ACP rfc.orders 7.3, read 2026-11-22). at is when it was so, for
// what the shop gives no time. Nil where there is no order.
func OrderOf(o *commerce.Order, at time.Time) *Order {
	if o == nil {
		return nil
	}
	out := OrderHead(o)
	out.Type, out.ClientReference, out.Status = "order", o.ClientReference, string(o.Status)
	if out.Confirmation != nil {
		out.Confirmation.OrderNotes = o.Confirmation.Notes
	}
	out.LineItems = write.Each(o.Lines, orderLineOf)
	out.Fulfillments = write.Each(o.Fulfillments, func(f commerce.Fulfillment) Fulfillment { return fulfillmentOf(f, at) })
	out.Adjustments = write.Each(o.Adjustments, func(a commerce.Adjustment) Adjustment { return adjustmentOf(a, o.Currency, at) })
	out.Totals = totalsOf(orderTotals(o))
	return out
}

// Event is the body of an order webhook, from 2026-04-17 on.
type Event struct {
	Type string `json:"type"`
	Data *Order `json:"data"`
}

// EventOf tells the whole order. It leaves out three members that the JSON
// Schema of the order has and the webhook's own OpenAPI file, closed as it is,
// has not; an agent knows them from the session.
func EventOf(e commerce.Event) Event {
	data := OrderOf(&e.Order, e.At)
	data.ClientReference = ""
	if data.Confirmation != nil {
		data.Confirmation.OrderNotes = ""
	}
	for _, f := range data.Fulfillments {
		if f.Destination != nil {
			f.Destination.Company = ""
		}
	}
	if data.Status == "" {
		data.Status = string(commerce.OrderCreated) // required here, optional in a session
	}
	return Event{Type: string(e.Type), Data: data}
}

// orderTotals adds what was refunded when the order does not say it: the
// total stays what was charged, so an agent needs both.
func orderTotals(o *commerce.Order) []commerce.Total {
	refunded := o.Refunded()
	if refunded == 0 || slices.ContainsFunc(o.Totals, func(t commerce.Total) bool { return t.Type == commerce.TotalRefunded }) {
		return o.Totals
	}
	totals := slices.Clone(o.Totals)
	return append(totals, commerce.Total{Type: commerce.TotalRefunded, Amount: refunded})
}

func orderLineOf(l commerce.OrderLine) OrderLine {
	return OrderLine{
		ID: l.ID, Title: write.Plain(l.Title), ProductID: l.ProductID, Description: write.Plain(l.Description), ImageURL: write.URL(l.ImageURL), URL: write.URL(l.URL),
		// A shop can add a line to an order; the schema wants at least one ordered.
		Quantity:  OrderQuantity{Ordered: max(l.Ordered, 1), Current: max(l.Current, 0), Fulfilled: max(l.Fulfilled, 0)},
		UnitPrice: l.UnitPrice, Subtotal: l.Subtotal, Totals: orderLineTotals(l.Totals), Status: l.Status(),
	}
}

// orderLineTotals are left out where the shop gives none.
func orderLineTotals(totals []commerce.Total) []Total {
	if len(totals) == 0 {
		return nil
	}
	return totalsOf(totals)
}

func fulfillmentOf(f commerce.Fulfillment, at time.Time) Fulfillment {
	out := Fulfillment{
		ID: f.ID, Type: fulfillmentType(f.Type), Status: f.Status, LineItems: references(f.Lines),
		Carrier: write.Plain(f.Carrier), TrackingNumber: f.TrackingNumber, TrackingURL: write.URL(f.TrackingURL),
		Destination: addressOf(f.Destination), EstimatedDelivery: estimateOf(f.EstimatedDelivery), Description: write.Plain(f.Description),
	}
	if f.Events != nil { // none at all is another word than that nobody counts them
		out.Events = write.Each(f.Events, func(e commerce.FulfillmentEvent) FulfillmentEvent {
			return FulfillmentEvent{
				ID: e.ID, Type: e.Type, OccurredAt: occurred(e.OccurredAt, at), Description: write.Plain(e.Description), Location: e.Location,
			}
		})
	}
	if d := f.Digital; d != nil {
		out.DigitalDelivery = &DigitalDelivery{AccessURL: write.URL(d.AccessURL), LicenseKey: d.LicenseKey, ExpiresAt: write.Timestamp(d.ExpiresAt)}
	}
	return out
}

// fulfillmentType keeps to the closed list, which has no local delivery.
func fulfillmentType(t commerce.FulfillmentType) string {
	switch t {
	case commerce.Pickup, commerce.Digital:
		return string(t)
	case commerce.Shipping, commerce.LocalDelivery:
	}
	return string(commerce.Shipping)
}

func adjustmentOf(a commerce.Adjustment, orderCurrency commerce.Currency, at time.Time) Adjustment {
	out := Adjustment{
		ID: a.ID, Type: a.Type, OccurredAt: occurred(a.OccurredAt, at), Status: string(a.Status), LineItems: references(a.Lines),
		Amount: a.Amount, Description: write.Plain(a.Description), Reason: write.Plain(a.Reason),
	}
	if a.Amount != 0 {
		out.Currency = string(a.Currency)
		if out.Currency == "" {
			out.Currency = string(orderCurrency)
		}
	}
	return out
}

func references(quantities []commerce.LineQuantity) []LineReference {
	out := make([]LineReference, 0, len(quantities))
	for _, q := range quantities {
		if q.Quantity >= 1 {
			out = append(out, LineReference{ID: q.LineID, Quantity: q.Quantity})
		}
	}
	return out
}

// occurred is when something happened, or at, when it was first seen to have.
func occurred(when, at time.Time) string {
	if text := write.Timestamp(when); text != "" {
		return text
	}
	return write.Timestamp(at)
}

// estimateOf needs both ends; the schema has no half-open window.
func estimateOf(w commerce.Window) *Estimate {
	from, to := write.Timestamp(w.Earliest), write.Timestamp(w.Latest)
	if from == "" || to == "" {
		return nil
	}
	return &Estimate{Earliest: from, Latest: to}
}
