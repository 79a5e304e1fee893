package commerce

import "strconv"

// Cart is the whole state that an agent wishes for: what a shop is asked to price.
type Cart struct {
	Lines    []CartLine
	Currency Currency
	Buyer    *Buyer
	ShipTo   *Contact
	BillTo   *Address
	Codes    []string // discount codes, replaced as a whole; no code is there twice
	// SentCodes are the codes as the agent sent them, blanks and repetitions included, where they differ from Codes. Answers echo them
	// and count by them.
	SentCodes []string `json:",omitempty"`
	Choices   []Choice
	Groups    []FulfillmentGroup
	Locale    string // BCP 47
	Timezone  string
	Notes     string // for the shop, from the buyer
}

// CartLine is a wish for an item. ID is the line's id in the session.
type CartLine struct {
	ID       string
	ItemID   string
	Quantity int64
	// Suggested is the price that the agent saw in a feed (unreleased version only). It is a hint for the shop's policy, never a price.
	Suggested *SuggestedPrice `json:",omitempty"`
}

// SuggestedPrice is a price for one piece, in minor units of the session's currency, and where the agent has it from.
type SuggestedPrice struct {
	Amount                        int64
	FeedID, Channel, FeedUpdateID string
	UpdatedAt, ObservedAt         string // RFC 3339
}

// Email is the address for receipts: the buyer's, else the recipient's.
func (c Cart) Email() string {
	switch {
	case c.Buyer != nil && c.Buyer.Email != "":
		return c.Buyer.Email
	case c.ShipTo != nil:
		return c.ShipTo.Email
	default:
		return ""
	}
}

// OptionID is the one selected fulfillment option, or empty when there is none or more than one.
func (c Cart) OptionID() string {
	if len(c.Choices) != 1 {
		return ""
	}
	return c.Choices[0].OptionID
}

// ReplaceLines sets new lines. A line keeps its id when its item was in the cart before, so that selections and allocations that
// name it stay right; new lines get ids that were never used in this cart.
func (c *Cart) ReplaceLines(lines []CartLine) {
	ids := make(map[string][]string, len(c.Lines))
	next := 1
	for _, l := range c.Lines {
		ids[l.ItemID] = append(ids[l.ItemID], l.ID)
		if n, err := strconv.Atoi(trimLine(l.ID)); err == nil && n >= next {
			next = n + 1
		}
	}
	fresh := make([]CartLine, len(lines))
	for i, l := range lines {
		if old := ids[l.ItemID]; len(old) > 0 {
			l.ID, ids[l.ItemID] = old[0], old[1:]
		} else {
			l.ID = "li_" + strconv.Itoa(next)
			next++
		}
		fresh[i] = l
	}
	c.Lines = fresh
}

func trimLine(id string) string {
	if len(id) > 3 && id[:3] == "li_" {
		return id[3:]
	}
	return ""
}
