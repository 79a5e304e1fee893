package declarative

import (
	"math/big"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// An agent may list an item twice; a shop's cart has one line for it. So expressions see each item once, and what the shop says of it is
// shared out over the session's lines by their quantities, exactly, before anything is rounded.

// merged is c with one line for each item: the first one's, with the quantities of all. Choices name the lines that are left.
func merged(c commerce.Cart) commerce.Cart {
	at := make(map[string]int, len(c.Lines))
	first := make(map[string]string, len(c.Lines))
	lines := make([]commerce.CartLine, 0, len(c.Lines))
	for _, l := range c.Lines {
		if i, ok := at[l.ItemID]; ok {
			lines[i].Quantity += l.Quantity
			first[l.ID] = lines[i].ID
			continue
		}
		at[l.ItemID] = len(lines)
		lines = append(lines, l)
	}
	c.Lines = lines
	if len(first) == 0 {
		return c
	}
	choices := make([]commerce.Choice, len(c.Choices))
	for i, ch := range c.Choices {
		ids := make([]string, 0, len(ch.LineIDs))
		for _, id := range ch.LineIDs {
			if other, ok := first[id]; ok {
				id = other
			}
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		choices[i] = commerce.Choice{Type: ch.Type, OptionID: ch.OptionID, LineIDs: ids}
	}
	c.Choices = choices
	return c
}

// unmerge gives every line of the session its share of the line that was priced, in the session's order.
func (q *quoteResult) unmerge(cart commerce.Cart) {
	if len(merged(cart).Lines) == len(cart.Lines) {
		return
	}
	var lines []resultLine
	for _, c := range cart.Lines {
		for _, l := range q.lines {
			if l.line.ItemID != c.ItemID || l.line.Quantity == 0 {
				continue
			}
			l.share = big.NewRat(c.Quantity, l.line.Quantity)
			l.line.ID, l.line.Quantity = c.ID, c.Quantity
			lines = append(lines, l)
			break
		}
	}
	items := make(map[string]string, len(cart.Lines))
	for _, c := range cart.Lines {
		items[c.ID] = c.ItemID
	}
	for _, d := range q.discounts {
		for i, a := range d.allocations {
			if a.line != "" {
				d.allocations[i].line, d.allocations[i].item = "", items[a.line]
			}
		}
	}
	q.lines = lines
}
