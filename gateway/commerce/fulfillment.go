package commerce

// FulfillmentType is how goods reach the buyer.
type FulfillmentType string

// The kinds of fulfillment. The dates before 2026-01-30 know shipping and digital only.
const (
	Shipping      FulfillmentType = "shipping"
	Digital       FulfillmentType = "digital"
	Pickup        FulfillmentType = "pickup"
	LocalDelivery FulfillmentType = "local_delivery"
)

// FulfillmentOption is one way in which the shop offers to deliver. Total is Subtotal + Tax.
type FulfillmentOption struct {
	Type                 FulfillmentType
	ID, Title            string
	Description, Carrier string // Description is the subtitle of the older dates
	Delivery             Window // or the delivery window of local delivery
	Subtotal, Tax, Total int64
	// Totals are the shop's own rows for this option, with its own texts; empty: the three numbers say it. Dates that show numbers
	// never show them.
	Totals      []Total `json:",omitempty"`
	Pickup      *PickupPlace
	ServiceArea *ServiceArea
	// LineIDs are the lines that it can deliver; empty: every line that needs delivery. No answer shows it.
	LineIDs []string
}

// PickupPlace is where goods can be fetched.
type PickupPlace struct {
	Name                      string
	Address                   Address
	Phone, Instructions, Kind string // Kind is in_store, curbside or locker
	ReadyBy, PickupBy         string // RFC 3339
}

// ServiceArea is where local delivery goes; RadiusMiles is decimal text.
type ServiceArea struct{ RadiusMiles, CenterPostalCode string }

// Choice is a selected option for a group of lines. Empty LineIDs mean every line that needs delivery.
type Choice struct {
	Type     FulfillmentType
	OptionID string
	LineIDs  []string
}

// FulfillmentGroup is a wish to split a session over destinations (from 2026-01-30).
type FulfillmentGroup struct {
	ID                       string
	LineIDs                  []string
	Destination              FulfillmentType
	Contact                  *Contact
	LocationID, Instructions string
}
