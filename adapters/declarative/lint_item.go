package declarative

import (
	"fmt"
	"slices"

	"github.com/itchyny/gojq"
)

// stockMembers are names by which shops call what they have left of an item.
var stockMembers = []string{
	"stock", "in_stock", "available", "availability", "quantity", "inventory", "inventory_quantity", "stock_quantity", "stock_status",
}

// ownAmounts are the ways in which $in gives an amount. Shops use the same words for other things.
var ownAmounts = []string{"text", "number", "minor", "exact"}

// checkItem lists what the result of the item operation may not hold. It is kept for minutes, so a price or a stock that got into it, be
// it inside the ref, would be an old one.
func (l *linter) checkItem(q *gojq.Query) []string {
	var out []string
	stale := func(name string) {
		if slices.Contains(stockMembers, name) || slices.Contains(amountMembers, name) || l.fields[name] && !slices.Contains(ownAmounts, name) {
			out = append(out, fmt.Sprintf("%q is a price or a stock, and what the catalogue says is kept for minutes; read it in quote", name))
		}
	}
	walk(q, func(q *gojq.Query) {
		if q.Term == nil || q.Term.Object == nil {
			return
		}
		for _, kv := range q.Term.Object.KeyVals {
			stale(kv.Key)
			for _, name := range lastMembers(kv.Val) {
				stale(name)
			}
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}
