package checkout

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// selection is what becomes of an agent's choices once the shop's options are known.
type selection struct {
	ask      []commerce.Choice  // to be priced
	kept     []commerce.Choice  // the agent's choices that can be kept; those of options that are not offered are dropped
	messages []commerce.Message // about what was dropped
}

// selects works out what to select of the options of a quote. The agent's choices come first; what they leave open and only data can be
// delivered to goes by the cheapest digital option, because there is nothing to choose and the older dates cannot choose twice. Without
// any choice of the agent the default is selected.
//
// fresh says that the choices came with this request: a line that two of them cover is refused then. Later, when the shop's options have
// moved under them, such a line is left open and the agent is asked again.
func selects(q commerce.Quote, cart commerce.Cart, split, fresh bool) (s selection, err error) {
	open := needing(q, cart)
	if len(cart.Choices) == 0 {
		s.ask = byDefault(q, cart, open, split)
		return s, nil
	}
	if !split {
		c := cart.Choices[0]
		mixed := slices.ContainsFunc(cart.Choices, func(o commerce.Choice) bool { return o.OptionID != c.OptionID }) // from when it did split
		if o, ok := optionOf(q, c.OptionID); ok && !mixed {
			s.ask = []commerce.Choice{{Type: o.Type, OptionID: o.ID}}
			s.kept = cart.Choices
		} else {
			s.messages = append(s.messages, optionGone())
		}
		return s, nil
	}
	taken := map[string]string{} // the option of each line
	for _, explicit := range []bool{true, false} {
		for i, c := range cart.Choices {
			if explicit != (len(c.LineIDs) > 0) {
				continue
			}
			o, ok := optionOf(q, c.OptionID)
			if !ok {
				s.tell(optionGone())
				continue
			}
			kept := commerce.Choice{Type: o.Type, OptionID: o.ID}
			for _, id := range lineIDs(cart) {
				switch {
				case explicit && !slices.Contains(c.LineIDs, id):
				case !slices.Contains(open, id): // nothing is to be delivered of it now
					kept.LineIDs = append(kept.LineIDs, id)
				case !delivers(o, id):
					if explicit {
						s.tell(undeliverable())
					}
				case taken[id] == "" || taken[id] == o.ID:
					taken[id] = o.ID
					kept.LineIDs = append(kept.LineIDs, id)
				case fresh:
					return s, selectedTwice(fmt.Sprintf("%s[%d].item_ids", paramSelected, i))
				case !explicit && !slices.ContainsFunc(cart.Choices, func(c commerce.Choice) bool { return slices.Contains(c.LineIDs, id) }):
					taken[id] = contested
				}
			}
			switch {
			case !explicit:
				kept.LineIDs = nil
				s.kept = append(s.kept, kept)
			case len(kept.LineIDs) > 0:
				s.kept = append(s.kept, kept)
			}
		}
	}
	maps.Copy(taken, byDefaultOf(commerce.Digital, q, cart, open, taken))
	s.ask = gather(q, cart, taken)
	return s, nil
}

// contested marks a line that two choices cover without naming it: neither gets it.
const contested = "\x00"

// tell adds a message once.
func (s *selection) tell(m commerce.Message) {
	if !slices.Contains(s.messages, m) {
		s.messages = append(s.messages, m)
	}
}

// byDefault is what is selected when the agent has chosen nothing: the cheapest option for each group of lines that the same options can
// deliver. Nothing that has to be fetched is a default while something can be sent, nor before the address is known that would tell:
// to go there is the buyer's decision. A fulfillment group that is to be fetched is that decision.
func byDefault(q commerce.Quote, cart commerce.Cart, open []string, split bool) []commerce.Choice {
	if !split {
		if len(open) == 0 {
			return nil
		}
		o, ok := cheapest(q.Options, cart, open[0])
		if !ok {
			return nil
		}
		return []commerce.Choice{{Type: o.Type, OptionID: o.ID}}
	}
	taken := map[string]string{}
	for _, id := range open {
		offered := slices.DeleteFunc(slices.Clone(q.Options), func(o commerce.FulfillmentOption) bool { return !delivers(o, id) })
		if o, ok := cheapest(offered, cart, id); ok {
			taken[id] = o.ID
		}
	}
	return gather(q, cart, taken)
}

// byDefaultOf are the defaults of the open lines that nothing but options of one type can deliver.
func byDefaultOf(t commerce.FulfillmentType, q commerce.Quote, cart commerce.Cart, open []string, taken map[string]string) map[string]string {
	out := map[string]string{}
	for _, id := range open {
		offered := slices.DeleteFunc(slices.Clone(q.Options), func(o commerce.FulfillmentOption) bool { return !delivers(o, id) })
		other := func(o commerce.FulfillmentOption) bool { return o.Type != t }
		if taken[id] != "" || slices.ContainsFunc(offered, other) {
			continue
		}
		if o, ok := cheapest(offered, cart, id); ok {
			out[id] = o.ID
		}
	}
	return out
}

// cheapest is the cheapest of the options for a line, the first of equals; see [byDefault] for what is no default.
func cheapest(offered []commerce.FulfillmentOption, cart commerce.Cart, lineID string) (o commerce.FulfillmentOption, ok bool) {
	of := func(keep func(commerce.FulfillmentOption) bool) []commerce.FulfillmentOption {
		return slices.DeleteFunc(slices.Clone(offered), func(o commerce.FulfillmentOption) bool { return !keep(o) })
	}
	g, grouped := groupOf(cart, lineID)
	wished := of(func(o commerce.FulfillmentOption) bool { return grouped && o.Type == g.Destination })
	sent := of(func(o commerce.FulfillmentOption) bool { return o.Type != commerce.Pickup })
	switch {
	case len(wished) > 0:
		offered = wished
	case len(sent) > 0:
		offered = sent
	case !addressed(cart, lineID):
		return o, false
	}
	if len(offered) == 0 {
		return o, false
	}
	return slices.MinFunc(offered, func(a, b commerce.FulfillmentOption) int { return cmp.Compare(a.Total, b.Total) }), true
}

// gather makes one choice of each option, in the order in which the shop offers them, with its lines in the order of the cart.
func gather(q commerce.Quote, cart commerce.Cart, taken map[string]string) []commerce.Choice {
	var out []commerce.Choice
	for _, o := range q.Options {
		c := commerce.Choice{Type: o.Type, OptionID: o.ID}
		for _, id := range lineIDs(cart) {
			if taken[id] == o.ID {
				c.LineIDs = append(c.LineIDs, id)
			}
		}
		if len(c.LineIDs) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// named gives choices that name no lines those that they mean: all open ones that the option can deliver and that no other choice names.
// A choice of an option that is not offered, or that means no line, is left out.
func named(choices []commerce.Choice, q commerce.Quote, cart commerce.Cart) []commerce.Choice {
	open, taken := needing(q, cart), map[string]string{}
	for _, c := range choices {
		for _, id := range c.LineIDs {
			taken[id] = c.OptionID
		}
	}
	for _, c := range choices {
		o, ok := optionOf(q, c.OptionID)
		if !ok || len(c.LineIDs) > 0 {
			continue
		}
		for _, id := range open {
			if taken[id] == "" && delivers(o, id) {
				taken[id] = c.OptionID
			}
		}
	}
	return gather(q, cart, taken)
}

// same reports whether two selections are one. Where the shop does not split, the options alone count.
func same(a, b []commerce.Choice, q commerce.Quote, cart commerce.Cart, split bool) bool {
	if !split {
		return slices.EqualFunc(a, b, func(x, y commerce.Choice) bool { return x.OptionID == y.OptionID })
	}
	spell := func(choices []commerce.Choice) string {
		var text strings.Builder
		for _, c := range named(choices, q, cart) {
			fmt.Fprintf(&text, "%q%q", c.OptionID, c.LineIDs)
		}
		return text.String()
	}
	return len(a) == 0 == (len(b) == 0) && spell(a) == spell(b)
}

// needing are the lines that an option must cover, in the order of the cart. Where nothing is shipped, only data can be delivered. Lines
// that the shop did not price have other worries.
func needing(q commerce.Quote, cart commerce.Cart) []string {
	var out []string
	for _, c := range cart.Lines {
		i := slices.IndexFunc(q.Lines, func(l commerce.Line) bool { return l.ID == c.ID })
		if i >= 0 && !q.Lines[i].NoDelivery && (q.NeedsShipping || onlyDigital(q, c.ID)) {
			out = append(out, c.ID)
		}
	}
	return out
}

// onlyDigital reports whether there are options for a line, and all of them are data.
func onlyDigital(q commerce.Quote, lineID string) bool {
	some := false
	for _, o := range q.Options {
		if delivers(o, lineID) {
			some = true
			if o.Type != commerce.Digital {
				return false
			}
		}
	}
	return some
}

// uncovered are the lines that need delivery and that no selected option covers.
func uncovered(q commerce.Quote, cart commerce.Cart) []string {
	covered := named(q.Choices, q, cart)
	return slices.DeleteFunc(needing(q, cart), func(id string) bool {
		return slices.ContainsFunc(covered, func(c commerce.Choice) bool { return slices.Contains(c.LineIDs, id) })
	})
}

// delivers reports whether an option can deliver a line.
func delivers(o commerce.FulfillmentOption, lineID string) bool {
	return len(o.LineIDs) == 0 || slices.Contains(o.LineIDs, lineID)
}

func optionOf(q commerce.Quote, id string) (commerce.FulfillmentOption, bool) {
	i := slices.IndexFunc(q.Options, func(o commerce.FulfillmentOption) bool { return o.ID == id })
	if i < 0 {
		return commerce.FulfillmentOption{}, false
	}
	return q.Options[i], true
}

func lineIDs(cart commerce.Cart) []string {
	out := make([]string, len(cart.Lines))
	for i, l := range cart.Lines {
		out[i] = l.ID
	}
	return out
}
