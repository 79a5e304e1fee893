package shopper

import "fmt"

// Item is what the agent wants: an article and how many of it, at least 1.
type Item struct {
	ID       string
	Quantity int
}

// Person is for whom the agent buys and where it goes.
type Person struct {
	First, Last, Email, Phone                  string
	Street, Street2, City, State, Zip, Country string // State and Country are codes, Country of two letters (ISO 3166-1)
}

// name is the whole name.
func (p Person) name() string { return p.First + " " + p.Last }

// Checkout is what the agent reads in a session, whatever the date. Amounts are minor units of Currency.
type Checkout struct {
	ID, Status, Currency string
	Lines                []Line
	Options              []Option
	// Choices are the options that are selected; where a seller delivers everything in one way there is one.
	Choices  []Choice
	Totals   map[string]int64 // by type
	Entries  []Amount         // the same as they came
	Messages []Message
	// Handler is the id of the card handler, where the date has one, and Merchant whom a payment token is for, where the date tells.
	Handler, Merchant string
	Codes             []string       // that were taken
	Rejected          []RejectedCode // that were not, where the date tells
	OrderID           string
	Permalink         string
	// ContinueURL is where the buyer can go on by hand, where the date tells.
	ContinueURL string
}

// Line is one line of a checkout.
type Line struct {
	ID, Item, Title string // Title is empty in the first date
	Quantity        int
	Total           int64
}

// Option is one way to get the goods.
type Option struct {
	ID, Kind, Title string
	Total           int64
}

// Choice is a selected option and the lines that it is for; no lines are all of them.
type Choice struct {
	Option, Kind string
	Lines        []string
}

// Amount is one entry of totals.
type Amount struct {
	Type   string `json:"type"`
	Text   string `json:"display_text"`
	Amount int64  `json:"amount"`
}

// Message is something that the seller wants said. Resolution is empty where the date does not tell.
type Message struct {
	Type       string `json:"type"` // info, warning, error
	Code       string `json:"code"`
	Content    string `json:"content"`
	Param      string `json:"param"` // JSONPath of what it is about
	Resolution string `json:"resolution"`
}

// RejectedCode is a discount code that was not taken.
type RejectedCode struct {
	Code    string `json:"code"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Total is what the buyer would pay, in minor units.
func (c Checkout) Total() int64 { return c.Totals["total"] }

// Selected is the id of the selected option; empty if there is none. Where there are several it is the first.
func (c Checkout) Selected() string {
	if len(c.Choices) == 0 {
		return ""
	}
	return c.Choices[0].Option
}

// AddUp reports an error unless the totals make the total.
func (c Checkout) AddUp() error {
	t := c.Totals
	sum := t["items_base_amount"] - t["items_discount"] - t["discount"] + t["fulfillment"] + t["tax"] + t["fee"] + t["gift_wrap"] + t["tip"] -
		t["store_credit"]
	if total, ok := t["total"]; !ok || sum != total {
		return fmt.Errorf("checkout %s: the totals make %d, but total says %d", c.ID, sum, total)
	}
	return nil
}

// Told is what the agent reads in an event. Amounts are minor units.
type Told struct {
	SessionID, Permalink, Status string
	Tracking                     string // where the date tells
	Refunded                     int64  // what has gone back
	Pending                      int64  // what is on its way back, where the date tells
}
