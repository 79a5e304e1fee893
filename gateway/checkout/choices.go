package checkout

import (
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// resolveChoices reads what an agent selects. Where the shop splits, lines are named by their ids from here on; an empty list stays what
// it is: every line that needs delivery and that the option can deliver, which only the shop's options say. Agents name lines by the ids
// of their items too, because published samples do, against the schema (examples 2026-04-17, read 2026-11-22).
//
// A line that does not exist, or that two different options are selected for, is refused: no reading of such a request is surely the
// buyer's wish. Two lines of one item count as one.
func resolveChoices(choices []commerce.Choice, lines []commerce.CartLine, split bool) ([]commerce.Choice, error) {
	by := make(map[string]string, len(lines)) // the option of each item: shops hold one line of an item, whatever the agent has
	out := make([]commerce.Choice, 0, len(choices))
	for i, c := range choices {
		param := fmt.Sprintf("%s[%d].item_ids", paramSelected, i)
		ids, err := resolveLines(c.LineIDs, lines, param)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			if !split || !slices.Contains(ids, l.ID) {
				continue
			}
			if other, ok := by[l.ItemID]; ok && other != c.OptionID {
				return nil, selectedTwice(param)
			}
			by[l.ItemID] = c.OptionID
		}
		if !split && c.OptionID != choices[0].OptionID {
			return nil, &commerce.Fault{
				Kind: commerce.Invalid, Code: commerce.CodeUnsupported, Param: paramSelected,
				Message: "this shop sends a checkout in one way: one fulfillment option can be selected for all lines",
			}
		}
		out = append(out, commerce.Choice{Type: c.Type, OptionID: c.OptionID, LineIDs: ids})
	}
	switch {
	case len(out) == 0:
		return nil, nil
	case !split: // naming the option once for each group of lines is one wish
		return []commerce.Choice{{Type: out[0].Type, OptionID: out[0].OptionID}}, nil
	default:
		return out, nil
	}
}

// resolveLines gives the ids of the lines that are named by their own ids or by their items', each once.
func resolveLines(ids []string, lines []commerce.CartLine, param string) ([]string, error) {
	var out []string
	for _, id := range ids {
		found := slices.ContainsFunc(lines, func(l commerce.CartLine) bool { return l.ID == id })
		for _, l := range lines {
			if l.ID == id || (!found && l.ItemID == id) {
				if !slices.Contains(out, l.ID) {
					out = append(out, l.ID)
				}
			}
		}
		if !found && !slices.ContainsFunc(lines, func(l commerce.CartLine) bool { return l.ItemID == id }) {
			return nil, commerce.Faultf(commerce.Invalid, "there is no line %q in the checkout", id).At(param)
		}
	}
	return out, nil
}

func selectedTwice(param string) error {
	return commerce.Faultf(commerce.Invalid, "two fulfillment options are selected for the same item; select one").At(param)
}

// dropStrangers takes lines that are gone out of selections and groups. What named lines, and has none left, is gone too: an empty list
// would mean all of them.
func dropStrangers(cart *commerce.Cart) {
	cart.Choices = ofLines(cart.Choices, cart.Lines)
	groups := make([]commerce.FulfillmentGroup, 0, len(cart.Groups))
	for _, g := range cart.Groups {
		if g.LineIDs = known(g.LineIDs, cart.Lines); len(g.LineIDs) > 0 {
			groups = append(groups, g)
		}
	}
	cart.Groups = groups
	if len(groups) == 0 {
		cart.Groups = nil
	}
}

// ofLines is what is left of choices where only lines are.
func ofLines(choices []commerce.Choice, lines []commerce.CartLine) []commerce.Choice {
	var out []commerce.Choice
	for _, c := range choices {
		named := len(c.LineIDs) > 0
		if c.LineIDs = known(c.LineIDs, lines); !named || len(c.LineIDs) > 0 {
			out = append(out, c)
		}
	}
	return out
}

func known(ids []string, lines []commerce.CartLine) []string {
	var out []string
	for _, id := range ids {
		if slices.ContainsFunc(lines, func(l commerce.CartLine) bool { return l.ID == id }) {
			out = append(out, id)
		}
	}
	return out
}
