package commerce

import "time"

// EventType names an order event. The set is open.
type EventType string

// The events that Postern sends.
const (
	OrderCreate EventType = "order_create"
	OrderUpdate EventType = "order_update"
)

// Event tells an agent the whole order as it is now. ID is the same at every delivery.
type Event struct {
	ID    string
	Type  EventType
	Order Order
	At    time.Time
}
