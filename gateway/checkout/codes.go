package checkout

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// The beginnings of the members that messages count in.
const (
	paramCodes = "$.discounts.codes["
	paramLines = "$.line_items["
)

// setCodes replaces the discount codes of a cart. The shop is asked for each once; what was sent is remembered where it differs, because
// answers echo it and count by it (R:discount_extension sections 6.1 and 7, read 2026-11-22).
func setCodes(cart *commerce.Cart, sent []string) {
	cart.Codes, cart.SentCodes = distinctCodes(sent), nil
	if !slices.Equal(cart.Codes, sent) {
		cart.SentCodes = slices.Clone(sent)
	}
}

// distinctCodes drops blanks and repetitions, without case; the first spelling stays.
func distinctCodes(codes []string) []string {
	var out []string
	for _, c := range codes {
		c = strings.TrimSpace(c)
		if c != "" && !slices.ContainsFunc(out, func(o string) bool { return equalCode(o, c) }) {
			out = append(out, c)
		}
	}
	return out
}

// sentCodes are the codes as the agent sent them.
func sentCodes(cart commerce.Cart) []string {
	if len(cart.SentCodes) > 0 {
		return cart.SentCodes
	}
	return cart.Codes
}

// equalCode compares discount codes as agents do: without case (R:discount_extension section 6.1).
func equalCode(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// rejectAll refuses every code, for a shop that takes none. It is not asked.
func (p *priced) rejectAll(ask *commerce.Cart) {
	for _, c := range ask.Codes {
		p.rejected = append(p.rejected, commerce.RejectedDiscount{
			Code: c, Reason: commerce.DiscountInvalid, Message: "the shop takes no discount codes",
		})
	}
	ask.Codes = nil
}

// tellCodes echoes the codes as they were sent and says of each rejected one, once, which it was and why. A rejected code never keeps a
// session from being paid.
func tellCodes(q *commerce.Quote, cart commerce.Cart) {
	sent := sentCodes(cart)
	q.Discounts.Codes = sent
	for i := range q.Discounts.Rejected {
		r := &q.Discounts.Rejected[i]
		if !r.Reason.Valid() {
			r.Reason = commerce.DiscountInvalid
		}
		at := slices.IndexFunc(sent, func(c string) bool { return equalCode(c, r.Code) })
		if at < 0 {
			continue // the shop speaks of a code that nobody sent
		}
		r.Code = sent[at]
		param := paramCodes + strconv.Itoa(at) + "]"
		if !slices.ContainsFunc(q.Messages, func(m commerce.Message) bool { return m.Param == param }) {
			q.Messages = append(q.Messages, commerce.WarningMessage(string(r.Reason), param, "The discount code was not accepted."))
		}
	}
}

// recount makes the shop's messages, which count the lines and codes that were asked for, count those of the agent.
func recount(messages []commerce.Message, asked, cart commerce.Cart) {
	sent := sentCodes(cart)
	for i := range messages {
		m := &messages[i]
		m.Param = recounted(m.Param, paramLines, len(asked.Lines), func(n int) int {
			return slices.IndexFunc(cart.Lines, func(l commerce.CartLine) bool { return l.ID == asked.Lines[n].ID })
		})
		m.Param = recounted(m.Param, paramCodes, len(asked.Codes), func(n int) int {
			return slices.IndexFunc(sent, func(c string) bool { return equalCode(c, asked.Codes[n]) })
		})
	}
}

// recounted is param with the index after prefix, one of n, put through to.
func recounted(param, prefix string, n int, to func(int) int) string {
	rest, ok := strings.CutPrefix(param, prefix)
	if !ok {
		return param
	}
	index, rest, ok := strings.Cut(rest, "]")
	at, err := strconv.Atoi(index)
	if !ok || err != nil || at < 0 || at >= n || to(at) < 0 {
		return param
	}
	return fmt.Sprintf("%s%d]%s", prefix, to(at), rest)
}
