package v20250929

import "strings"

// renames are the members that this date calls by another name than
// 2026-04-17, the longer path first; an empty name means that it has none.
type renames []struct{ newer, older string }

var (
	// sessionNames are members of the session, for messages.
	sessionNames = renames{
		{"$.fulfillment_details.address", "$.fulfillment_address"},
		{"$.fulfillment_details", ""},
		{"$.selected_fulfillment_options", "$.fulfillment_option_id"},
		{"$.fulfillment_groups", ""},
		{"$.discounts", ""},
		{"$.capabilities", ""},
		{"$.authentication_metadata", ""},
		{"$.payment_data.handler_id", "$.payment_data.provider"},
		{"$.payment_data.instrument.credential.token", "$.payment_data.token"},
		{"$.payment_data.instrument", "$.payment_data.token"},
	}
	// lineNames are members of a line in a session; requestLineNames in a request.
	lineNames        = renames{{".quantity", ".item.quantity"}}
	requestLineNames = renames{{".item.id", ".id"}, {".item.quantity", ".quantity"}}
)

const lines = "$.line_items["

// SessionParam maps the JSONPath of a message, given in terms of a 2026-04-17
// session, onto this date's session. It is empty when nothing corresponds.
func SessionParam(param string) string {
	if index, rest, ok := splitLine(param); ok {
		return lines + index + "]" + lineNames.apply(rest)
	}
	return sessionNames.apply(param)
}

// RequestParam maps the JSONPath of a refused member, given in terms of a
// 2026-04-17 request, onto this date's request.
func RequestParam(param string) string {
	if index, rest, ok := splitLine(param); ok {
		return "$.items[" + index + "]" + requestLineNames.apply(rest)
	}
	if param == "$.line_items" {
		return "$.items"
	}
	return sessionNames.apply(param)
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
func (r renames) apply(param string) string {
	for _, name := range r {
		rest, ok := strings.CutPrefix(param, name.newer)
		switch {
		case !ok:
		case rest == "" || rest[0] == '.':
			if name.older == "" {
				return ""
			}
			return name.older + rest
		case rest[0] == '[':
			return name.older
		}
	}
	return param
}
