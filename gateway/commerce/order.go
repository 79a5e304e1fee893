package commerce

import "time"

// Order is an order as an agent is told: always whole, never a difference.
type Order struct {
	ID, SessionID     string
	Number            string
	ClientReference   string
	PermalinkURL      string
	Status            OrderStatus
	Currency          Currency
	EstimatedDelivery Window
	Confirmation      *Confirmation
	Support           *SupportContact
	Lines             []OrderLine
	Fulfillments      []Fulfillment
	Adjustments       []Adjustment
	Totals            []Total // the total is what was charged and is never lowered; amount_refunded stands beside it
}

// OrderStatus is the state of an order, in the words of 2026-04-17. The set is open.
type OrderStatus string

// The order states that the specification names.
const (
	OrderCreated      OrderStatus = "created"
	OrderConfirmed    OrderStatus = "confirmed"
	OrderManualReview OrderStatus = "manual_review"
	OrderProcessing   OrderStatus = "processing"
	OrderShipped      OrderStatus = "shipped"
	OrderCompleted    OrderStatus = "completed"
	OrderCanceled     OrderStatus = "canceled"
)

// Confirmation is what the buyer can keep.
type Confirmation struct {
	Number, ReceiptURL, InvoiceNumber, Notes string
	EmailSent                                *bool
}

// SupportContact is where the buyer gets help.
type SupportContact struct{ Email, Phone, Hours, HelpCenterURL string }

// OrderLine is a line of an order. Subtotal is Ordered × UnitPrice and never changes.
type OrderLine struct {
	ID, Title                   string
	ProductID, Description      string
	ImageURL, URL               string
	Ordered, Current, Fulfilled int64
	UnitPrice, Subtotal         int64
	Totals                      []Total
}

// Status follows from the quantities (R:orders section 4.2): removed, fulfilled, partial or processing, tried in this order.
func (l OrderLine) Status() string {
	switch {
	case l.Current == 0:
		return "removed"
	case l.Fulfilled >= l.Current:
		return "fulfilled"
	case l.Fulfilled > 0:
		return "partial"
	default:
		return "processing"
	}
}

// LineQuantity is a number of units of an order line.
type LineQuantity struct {
	LineID   string
	Quantity int64
}

// Fulfillment is a delivery of an order.
type Fulfillment struct {
	ID                                   string
	Type                                 FulfillmentType
	Status                               string
	Lines                                []LineQuantity
	Carrier, TrackingNumber, TrackingURL string
	Destination                          *Address
	EstimatedDelivery                    Window
	Digital                              *DigitalDelivery
	Description                          string
	Events                               []FulfillmentEvent
}

// DigitalDelivery is how a digital good is reached.
type DigitalDelivery struct {
	AccessURL, LicenseKey string
	ExpiresAt             time.Time
}

// FulfillmentEvent is something that happened to a delivery.
type FulfillmentEvent struct {
	ID, Type, Description, Location string
	OccurredAt                      time.Time
}

// Adjustment is money or goods that changed after the purchase. Amount includes tax.
type Adjustment struct {
	ID, Type            string // type: refund, credit, return, exchange, price_adjustment, cancellation or dispute
	Status              AdjustmentStatus
	OccurredAt          time.Time
	Lines               []LineQuantity
	Amount              int64
	Currency            Currency
	Description, Reason string
}

// AdjustmentStatus is how far an adjustment has come.
type AdjustmentStatus string

// The states of an adjustment.
const (
	AdjustmentPending   AdjustmentStatus = "pending"
	AdjustmentCompleted AdjustmentStatus = "completed"
	AdjustmentFailed    AdjustmentStatus = "failed"
)

// Refunded is the sum of the completed refunds.
func (o Order) Refunded() int64 {
	var sum int64
	for _, a := range o.Adjustments {
		if a.Type == "refund" && a.Status == AdjustmentCompleted {
			sum += a.Amount
		}
	}
	return sum
}
