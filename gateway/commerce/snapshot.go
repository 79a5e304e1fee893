package commerce

import "time"

// Snapshot is an order as the shop tells it, whole.
type Snapshot struct {
	Ref        string // opaque: what the adapter needs to find the order again
	Number     string // what a person calls the order
	CartRef    string // of the cart that it came from, when the shop says
	Key        string // the key that it was placed under, when the shop keeps it
	Permalink  string // absolute address for the buyer; may be empty
	Status     OrderStatus
	Payment    PaymentState
	TxnID      string // the payment reference that the shop keeps
	Currency   Currency
	ExactTotal string // decimal text in major units, unrounded
	Total      int64  // ExactTotal by the shop's rounding rule
	Lines      []SnapshotLine
	ShipTo     *Address
	OptionID   string
	OptionIDs  []string // of all selected options, where lines go by different ones; empty: not said
	Shipments  []Shipment
	Refunds    []ShopRefund
	// Adjustments are what else changed after the purchase and moves no money through Postern, such as a return. No refund is among them.
	Adjustments []Adjustment
	Revision    string // changes with every change of the order; may be empty
	UpdatedAt   time.Time
}

// PaymentState is what the shop believes about the money.
type PaymentState string

// What a shop can believe about the money.
const (
	Unpaid     PaymentState = "none"
	Authorized PaymentState = "authorized"
	Captured   PaymentState = "captured"
	Voided     PaymentState = "voided"
	Refunded   PaymentState = "refunded" // in part or in full
)

// SnapshotLine is a line of the shop's order.
type SnapshotLine struct {
	ID, ItemID, Title           string
	ImageURL                    string
	Ordered, Current, Fulfilled int64
	UnitPrice                   int64
}

// Shipment is a delivery as the shop tells it.
type Shipment struct {
	ID, Status                           string // status in the words of [Fulfillment]
	Carrier, TrackingNumber, TrackingURL string
	Lines                                []LineQuantity // ids of [SnapshotLine]; empty means all lines
	ShippedAt, DeliveredAt               time.Time
	Type                                 FulfillmentType // empty: as the option that was chosen for its lines
	Description                          string
	Estimated                            Window
	Digital                              *DigitalDelivery
	// Events are what happened to it, oldest first. Without any they are made of ShippedAt and DeliveredAt.
	Events []FulfillmentEvent
}

// ShopRefund is a refund that the shop decided. Postern moves the money.
type ShopRefund struct {
	ID, Reason string
	Amount     int64
	Lines      []LineQuantity
	CreatedAt  time.Time
}

// Canceled reports whether the shop has given the order up.
func (s Snapshot) Canceled() bool { return s.Status == OrderCanceled }
