package v20260417

import (
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// The order of this date, as the repository has it since 2026-05-01: the
// release of April had other words inside the same date. Source:
// spec/2026-04-17/json-schema, Order, read 2026-11-22.

type order struct {
	Type              string        `json:"type"`
	ID                string        `json:"id"`
	CheckoutSessionID string        `json:"checkout_session_id"`
	OrderNumber       string        `json:"order_number,omitzero"`
	ClientReference   string        `json:"client_reference_id,omitzero"`
	PermalinkURL      string        `json:"permalink_url"`
	Status            string        `json:"status,omitzero"`
	EstimatedDelivery *estimate     `json:"estimated_delivery,omitzero"`
	Confirmation      *confirmation `json:"confirmation,omitzero"`
	Support           *supportInfo  `json:"support,omitzero"`
	LineItems         []orderLine   `json:"line_items"`
	Fulfillments      []fulfillment `json:"fulfillments"`
	Adjustments       []adjustment  `json:"adjustments"`
	Totals            []total       `json:"totals"`
}

type estimate struct {
	Earliest string `json:"earliest"`
	Latest   string `json:"latest"`
}

type confirmation struct {
	Number        string `json:"confirmation_number,omitzero"`
	EmailSent     *bool  `json:"confirmation_email_sent,omitzero"`
	ReceiptURL    string `json:"receipt_url,omitzero"`
	InvoiceNumber string `json:"invoice_number,omitzero"`
	OrderNotes    string `json:"order_notes,omitzero"`
}

type supportInfo struct {
	Email         string `json:"email,omitzero"`
	Phone         string `json:"phone,omitzero"`
	Hours         string `json:"hours,omitzero"`
	HelpCenterURL string `json:"help_center_url,omitzero"`
}

type orderLine struct {
	ID          string            `json:"id"`
	Title       string            `json:"title"`
	ProductID   string            `json:"product_id,omitzero"`
	Description string            `json:"description,omitzero"`
	ImageURL    string            `json:"image_url,omitzero"`
	URL         string            `json:"url,omitzero"`
	Quantity    orderLineQuantity `json:"quantity"`
	UnitPrice   int64             `json:"unit_price"`
	Subtotal    int64             `json:"subtotal"`
	Totals      []total           `json:"totals,omitempty"`
	Status      string            `json:"status"`
}

type orderLineQuantity struct {
	Ordered   int64 `json:"ordered"`
	Current   int64 `json:"current"`
	Fulfilled int64 `json:"fulfilled"`
}

type lineReference struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity"`
}

type fulfillment struct {
	ID                string             `json:"id"`
	Type              string             `json:"type"`
	Status            string             `json:"status,omitzero"`
	LineItems         []lineReference    `json:"line_items,omitempty"`
	Carrier           string             `json:"carrier,omitzero"`
	TrackingNumber    string             `json:"tracking_number,omitzero"`
	TrackingURL       string             `json:"tracking_url,omitzero"`
	Destination       *address           `json:"destination,omitzero"`
	EstimatedDelivery *estimate          `json:"estimated_delivery,omitzero"`
	DigitalDelivery   *digitalDelivery   `json:"digital_delivery,omitzero"`
	Description       string             `json:"description,omitzero"`
	Events            []fulfillmentEvent `json:"events,omitempty"`
}

type digitalDelivery struct {
	AccessURL  string `json:"access_url,omitzero"`
	LicenseKey string `json:"license_key,omitzero"`
	ExpiresAt  string `json:"expires_at,omitzero"`
}

type fulfillmentEvent struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	OccurredAt  string `json:"occurred_at"`
	Description string `json:"description,omitzero"`
	Location    string `json:"location,omitzero"`
}

type adjustment struct {
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	OccurredAt  string          `json:"occurred_at"`
	Status      string          `json:"status"`
	LineItems   []lineReference `json:"line_items,omitempty"`
	Amount      int64           `json:"amount,omitzero"`
	Currency    string          `json:"currency,omitzero"`
	Description string          `json:"description,omitzero"`
	Reason      string          `json:"reason,omitzero"`
}

type event struct {
	Type string `json:"type"`
	Data *order `json:"data"`
}

// EncodeEvent writes the body of a webhook event: the whole order. It leaves
// out three members that the JSON Schema of the order has and the webhook's
// own OpenAPI file, closed as it is, has not; an agent knows them from the
// session. It fails only on a value that JSON cannot carry.
func EncodeEvent(e commerce.Event) ([]byte, error) {
	data := orderOf(&e.Order)
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
	return wire.Marshal(event{Type: string(e.Type), Data: data})
}

// orderOf writes an order whole. The lists stand even when they are empty: no
// fulfillments means that there is no tracking, no adjustments that nothing
// happened (ACP rfc.orders 7.3, read 2026-11-22).
func orderOf(o *commerce.Order) *order {
	if o == nil {
		return nil
	}
	out := &order{
		Type: "order", ID: o.ID, CheckoutSessionID: o.SessionID, OrderNumber: o.Number, ClientReference: o.ClientReference,
		PermalinkURL: o.PermalinkURL, Status: string(o.Status), EstimatedDelivery: estimateOf(o.EstimatedDelivery),
		LineItems:    each(o.Lines, orderLineOf),
		Fulfillments: each(o.Fulfillments, fulfillmentOf),
		Adjustments: each(o.Adjustments, func(a commerce.Adjustment) adjustment {
			return adjustmentOf(a, o.Currency)
		}),
		Totals: totalsOf(orderTotals(o)),
	}
	if c := o.Confirmation; c != nil {
		out.Confirmation = &confirmation{
			Number: c.Number, EmailSent: c.EmailSent, ReceiptURL: absolute(c.ReceiptURL), InvoiceNumber: c.InvoiceNumber, OrderNotes: c.Notes,
		}
	}
	if s := o.Support; s != nil {
		out.Support = &supportInfo{Email: s.Email, Phone: s.Phone, Hours: s.Hours, HelpCenterURL: absolute(s.HelpCenterURL)}
	}
	return out
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

func orderLineOf(l commerce.OrderLine) orderLine {
	return orderLine{
		ID: l.ID, Title: l.Title, ProductID: l.ProductID, Description: l.Description, ImageURL: absolute(l.ImageURL), URL: absolute(l.URL),
		// A shop can add a line to an order; the schema wants at least one ordered.
		Quantity:  orderLineQuantity{Ordered: max(l.Ordered, 1), Current: max(l.Current, 0), Fulfilled: max(l.Fulfilled, 0)},
		UnitPrice: l.UnitPrice, Subtotal: l.Subtotal, Totals: totalsOf(l.Totals), Status: l.Status(),
	}
}

func fulfillmentOf(f commerce.Fulfillment) fulfillment {
	out := fulfillment{
		ID: f.ID, Type: fulfillmentType(f.Type), Status: f.Status, LineItems: references(f.Lines),
		Carrier: f.Carrier, TrackingNumber: f.TrackingNumber, TrackingURL: absolute(f.TrackingURL),
		Destination: addressOf(f.Destination), EstimatedDelivery: estimateOf(f.EstimatedDelivery), Description: f.Description,
		Events: each(f.Events, func(e commerce.FulfillmentEvent) fulfillmentEvent {
			return fulfillmentEvent{ID: e.ID, Type: e.Type, OccurredAt: timestamp(e.OccurredAt), Description: e.Description, Location: e.Location}
		}),
	}
	if d := f.Digital; d != nil {
		out.DigitalDelivery = &digitalDelivery{AccessURL: absolute(d.AccessURL), LicenseKey: d.LicenseKey, ExpiresAt: timestamp(d.ExpiresAt)}
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

func adjustmentOf(a commerce.Adjustment, orderCurrency commerce.Currency) adjustment {
	out := adjustment{
		ID: a.ID, Type: a.Type, OccurredAt: timestamp(a.OccurredAt), Status: string(a.Status), LineItems: references(a.Lines),
		Amount: a.Amount, Description: a.Description, Reason: a.Reason,
	}
	if a.Amount != 0 {
		out.Currency = string(a.Currency)
		if out.Currency == "" {
			out.Currency = string(orderCurrency)
		}
	}
	return out
}

func references(quantities []commerce.LineQuantity) []lineReference {
	out := make([]lineReference, 0, len(quantities))
	for _, q := range quantities {
		if q.Quantity >= 1 {
			out = append(out, lineReference{ID: q.LineID, Quantity: q.Quantity})
		}
	}
	return out
}

// estimateOf needs both ends; the schema has no half-open window.
func estimateOf(w commerce.Window) *estimate {
	if w.Earliest.IsZero() || w.Latest.IsZero() {
		return nil
	}
	return &estimate{Earliest: timestamp(w.Earliest), Latest: timestamp(w.Latest)}
}
