package shop

import (
	"slices"
	"time"
)

// State is where an order stands: pending, then paid, picking, shipped,
// delivered; or canceled from any of the first three.
type State string

// The states of an order.
const (
	Pending   State = "pending"
	Paid      State = "paid"
	Picking   State = "picking"
	Shipped   State = "shipped"
	Delivered State = "delivered"
	Canceled  State = "canceled"
)

// The states that only a shipment has.
const (
	OutForDelivery State = "out"
	ReadyToFetch   State = "ready"
)

// Order is an order as the API shows it and as tests inspect it. A value that
// the shop hands out is a copy.
type Order struct {
	Number      string `json:"number"`
	ExternalRef string `json:"external_ref"`
	// URL is a page that says to anybody how far the order is, and nothing else.
	URL      string   `json:"url"`
	Cart     string   `json:"cart"`
	State    State    `json:"state"`
	Customer Customer `json:"customer"`
	Sheet
	Payment   Payment    `json:"payment"`
	Shipments []Shipment `json:"shipments"`
	Refunds   []Refund   `json:"refunds"`
	// Returns are goods that came back. Money for them is a refund of its own.
	Returns  []Return `json:"returns"`
	PlacedAt string   `json:"placed_at"`
	// UpdatedAt is UTC in SQL's form to the second; UpdatedUnix is the same moment.
	UpdatedAt   string `json:"updated_at"`
	UpdatedUnix int64  `json:"updated_unix"`
	// Revision counts the changes of the order, from 1.
	Revision int `json:"revision"`

	updated time.Time // whole seconds, the order of the change list
	serial  int       // the order's number as a number, breaks ties
}

// Payment is what the shop was told about the money.
type Payment struct {
	// State is none, authorized, paid, void or failed.
	State     string `json:"state"`
	Provider  string `json:"provider"`
	Reference string `json:"reference"`
	Amount    string `json:"amount"`
}

// Shipment is one parcel on its way: one for each [Parcel] of the order.
type Shipment struct {
	ID       string `json:"id"`
	Carrier  string `json:"carrier"`
	Tracking string `json:"tracking_no"`
	URL      string `json:"tracking_url"`
	// Kind is parcel, pickup, courier or download.
	Kind string `json:"kind"`
	// State is shipped, out (with the courier), ready (to be fetched) or delivered.
	State  State  `json:"state"`
	SentAt string `json:"sent_at"`
	// DeliveredAt is "" until the parcel has arrived.
	DeliveredAt string        `json:"delivered_at"`
	Lines       []ShippedLine `json:"lines"`
	// Log is what happened to it, oldest first.
	Log []Happening `json:"log"`
	// Link and License are what a download gives; left out for goods.
	Link    string `json:"link,omitempty"`
	License string `json:"license,omitempty"`

	depot Depot
}

// Happening is one entry of a shipment's log. What is shipped, out, ready,
// delivered, collected or missed.
type Happening struct {
	No   string `json:"no"`
	At   string `json:"at"`
	What string `json:"what"`
	Note string `json:"note"`
}

// Return is goods that came back to the shop.
type Return struct {
	ID     string        `json:"id"`
	At     string        `json:"at"`
	Reason string        `json:"reason"`
	Lines  []ShippedLine `json:"lines"`
}

// ShippedLine says how many pieces of an order's line are in a parcel.
type ShippedLine struct {
	Line     string `json:"line"`
	SKU      string `json:"sku"`
	Quantity string `json:"qty"`
}

// Refund is money that goes back or went back to the buyer.
type Refund struct {
	ID     string `json:"id"`
	Amount string `json:"amount"`
	Reason string `json:"reason"`
	// Source is "office" for a refund that somebody decided in the shop, and
	// "noted" for one that was made elsewhere and told to the shop.
	Source string `json:"source"`
	// Reference is the payment provider's id once the money has moved, else "".
	Reference string `json:"reference"`
	MadeAt    string `json:"made_at"`
}

func (o *Order) clone() Order {
	c := *o
	c.Sheet = o.Sheet.clone()
	c.Customer = o.Customer.clone()
	c.Refunds = slices.Clone(o.Refunds)
	c.Shipments = slices.Clone(o.Shipments)
	for i := range c.Shipments {
		c.Shipments[i].Lines = slices.Clone(c.Shipments[i].Lines)
		c.Shipments[i].Log = slices.Clone(c.Shipments[i].Log)
	}
	c.Returns = slices.Clone(o.Returns)
	for i := range c.Returns {
		c.Returns[i].Lines = slices.Clone(c.Returns[i].Lines)
	}
	return c
}

// touch notes a change of the order.
func (s *Shop) touch(o *Order) {
	o.updated = s.clock.Now().UTC().Truncate(time.Second)
	o.UpdatedAt = o.updated.Format(time.DateTime)
	o.UpdatedUnix = o.updated.Unix()
	o.Revision++
}

func (s *Shop) stamp() string { return s.clock.Now().UTC().Format(time.DateTime) }

// cancel ends an order and puts its pieces back on the shelf, once. What is on
// its way cannot be put back; what was downloaded was never on a shelf.
func (s *Shop) cancel(o *Order) error {
	switch o.State {
	case Canceled:
		return nil
	case Shipped, Delivered:
		return stateError("cancel", o)
	case Pending, Paid, Picking, OutForDelivery, ReadyToFetch: // the last two are of shipments
		if slices.ContainsFunc(o.Shipments, func(sh Shipment) bool { return sh.Kind != KindDownload }) {
			return stateError("cancel", o)
		}
	}
	for _, l := range o.Lines {
		if a, ok := s.items[l.SKU]; ok {
			a.Stock += l.quantity
		}
	}
	o.State = Canceled
	s.touch(o)
	return nil
}
