package demo

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// currency is what the demo's shop sells in.
const currency = "usd"

// item is what the agent wants: an article and how many of it.
type item struct {
	ID       string
	Quantity int
}

// person is for whom the agent buys and where it goes.
type person struct {
	First, Last, Email, Phone         string
	Street, City, State, Zip, Country string
}

// checkout is what the agent reads in a session, whatever the date. Amounts are minor units.
type checkout struct {
	ID, Status string
	Lines      []line
	Options    []option
	Selected   string // the option's id
	Totals     map[string]int64
	Messages   []message
	Handler    string // the payment handler's id, where the date has one
	Merchant   string // whom a payment token is for, where the date tells
	Codes      []string
	OrderID    string
	Permalink  string
}

type line struct {
	ID, Item, Title string
	Quantity        int
	Total           int64
}

type option struct {
	ID, Title string
	Total     int64
}

type message struct{ Type, Code, Content string }

// told is what the agent reads in an event. Amounts are minor units.
type told struct {
	SessionID, Permalink, Status string
	Tracking                     string // where the date tells
	Refunded                     int64  // what has gone back
	Pending                      int64  // what is on its way back, where the date tells
}

// dialect is one ACP date as the agent speaks it. The implementations know the wire from the published schemas (read 2026-11-22) and
// share nothing with package translate.
type dialect interface {
	version() string
	create(p person, items []item) any
	setItems(items []item) any
	choose(o option, c checkout) any
	// enterCode is nil where the date has no discount codes.
	enterCode(code string) any
	complete(c checkout, token string, p person) any
	// keepsOrder reports whether a session that is read later still shows its order.
	keepsOrder() bool
	readSession(body []byte) (checkout, error)
	readEvent(body []byte) (kind string, order told, err error)
}

func dialects() []dialect { return []dialect{v20260417{}, v20250929{}} }

// Versions are the ACP dates that the demo's agent speaks, newest first.
func Versions() []string {
	var out []string
	for _, d := range dialects() {
		out = append(out, d.version())
	}
	return out
}

func dialectOf(version string) dialect {
	for _, d := range dialects() {
		if d.version() == version {
			return d
		}
	}
	return nil
}

// object is JSON that the agent writes.
type object = map[string]any

// amount is one entry of totals.
type amount struct {
	Type   string `json:"type"`
	Amount int64  `json:"amount"`
}

// sums reads totals. Each type stands once in what the demo buys.
func sums(list []amount) map[string]int64 {
	out := make(map[string]int64, len(list))
	for _, a := range list {
		out[a.Type] += a.Amount
	}
	return out
}

// wireMessage is an entry of messages.
type wireMessage struct {
	Type    string `json:"type"`
	Code    string `json:"code"`
	Content string `json:"content"`
}

func (m wireMessage) read() message { return message(m) }

// wireAddress is an address as both dates write it.
func wireAddress(p person) object {
	return object{
		"name": p.First + " " + p.Last, "line_one": p.Street, "line_two": "", "city": p.City, "state": p.State, "country": p.Country,
		"postal_code": p.Zip,
	}
}

func wireBuyer(p person) object {
	return object{"first_name": p.First, "last_name": p.Last, "email": p.Email, "phone_number": p.Phone}
}

// read decodes JSON. Members that the agent does not need are left alone, as an agent must.
func read(body []byte, into any, what string) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}

// addUp checks that a session's totals make its total, as the agent shows them to the buyer.
func (c checkout) addUp() error {
	t := c.Totals
	sum := t["items_base_amount"] - t["items_discount"] - t["discount"] + t["fulfillment"] + t["tax"] + t["fee"]
	if total, ok := t["total"]; !ok || sum != total {
		return fmt.Errorf("checkout %s: the totals make %s, but total says %s", c.ID, money(sum), money(total))
	}
	return nil
}

// total is what the buyer would pay, in minor units.
func (c checkout) total() int64 { return c.Totals["total"] }
