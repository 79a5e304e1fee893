package write

import (
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Option finds the option that a choice names; nil when it is not offered. A
// choice must be one of the options (ACP rfc.agentic_checkout 8, read
// 2026-11-22).
func Option(q commerce.Quote, c commerce.Choice) *commerce.FulfillmentOption {
	at := slices.IndexFunc(q.Options, func(o commerce.FulfillmentOption) bool { return o.ID == c.OptionID })
	if at < 0 {
		return nil
	}
	return &q.Options[at]
}

// ChosenLines are the lines that a choice is for. One that names none is for
// all that its option can deliver, and that is every line where the option
// names none either.
func ChosenLines(q commerce.Quote, c commerce.Choice, o *commerce.FulfillmentOption) []string {
	switch {
	case len(c.LineIDs) > 0:
		return c.LineIDs
	case len(o.LineIDs) > 0:
		return o.LineIDs
	default:
		return Each(q.Lines, func(l commerce.Line) string { return l.ID })
	}
}
