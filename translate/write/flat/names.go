package flat

import "strings"

// Names are the members that a date calls by another name than 2026-04-17, the
// longer path first.
type Names []Rename

// Rename is one member; Older is empty where the date has none.
type Rename struct{ Newer, Older string }

// Payment are the names of a payment, and of what none of these dates has.
var Payment = Names{
	{"$.fulfillment_groups", ""},
	{"$.discounts", ""},
	{"$.capabilities", ""},
	{"$.payment_data.handler_id", "$.payment_data.provider"},
	{"$.payment_data.instrument.credential.token", "$.payment_data.token"},
	{"$.payment_data.instrument", "$.payment_data.token"},
}

var (
	// lineNames are members of a line in a session; requestLineNames in a request.
	lineNames        = Names{{".quantity", ".item.quantity"}}
	requestLineNames = Names{{".item.id", ".id"}, {".item.quantity", ".quantity"}}
)

const lines = "$.line_items["

// Session maps the JSONPath of a message, given in terms of a 2026-04-17
// session, onto the date's session. It is empty when nothing corresponds.
func (n Names) Session(param string) string {
	if index, rest, ok := splitLine(param); ok {
		return lines + index + "]" + lineNames.apply(rest)
	}
	return n.apply(param)
}

// Request maps the JSONPath of a refused member, given in terms of a
// 2026-04-17 request, onto the date's request.
func (n Names) Request(param string) string {
	if index, rest, ok := splitLine(param); ok {
		return "$.items[" + index + "]" + requestLineNames.apply(rest)
	}
	if param == "$.line_items" {
		return "$.items"
	}
	return n.apply(param)
}

func splitLine(param string) (index, rest string, ok bool) {
	after, ok := strings.CutPrefix(param, lines)
	if !ok {
		return "", "", false
	}
	return strings.Cut(after, "]")
}

// apply replaces the first name that param begins with as a whole step. What
// follows an indexed list that became a single member is dropped.
func (n Names) apply(param string) string {
	for _, name := range n {
		rest, ok := strings.CutPrefix(param, name.Newer)
		switch {
		case !ok:
		case rest == "" || rest[0] == '.':
			if name.Older == "" {
				return ""
			}
			return name.Older + rest
		case rest[0] == '[':
			return name.Older
		}
	}
	return param
}
