package checkout_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestReadyIsCovered draws lines, options and choices, and holds that a session is ready if and only if every line that needs delivery is
// covered by exactly one selected option that can deliver it, that an agent's choice is never overruled, and that the buyer pays for what
// is selected: no more and no less.
func TestReadyIsCovered(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t)
	items := []string{"tea", "cup", "song", "booking"}
	kinds := []commerce.FulfillmentType{commerce.Shipping, commerce.Digital, commerce.Pickup, commerce.LocalDelivery}
	ready, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		wanted := rapid.SliceOfNDistinct(rapid.SampledFrom(items), 1, len(items), rapid.ID[string]).Draw(rt, "items")
		r := order(true, wanted...)
		lines := make([]string, len(wanted))
		for i := range wanted {
			lines[i] = fmt.Sprintf("li_%d", i+1)
		}
		some := func(label string) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(lines), 0, len(lines), rapid.ID[string]).Draw(rt, label)
		}
		var offered []commerce.FulfillmentOption
		for i := range rapid.IntRange(0, 4).Draw(rt, "options") {
			o := commerce.FulfillmentOption{
				Type: rapid.SampledFrom(kinds).Draw(rt, "kind"), ID: fmt.Sprintf("o%d", i), Title: "Option",
				Subtotal: rapid.Int64Range(0, 2000).Draw(rt, "subtotal"), Tax: rapid.Int64Range(0, 200).Draw(rt, "tax"), LineIDs: some("delivers"),
			}
			o.Total = o.Subtotal + o.Tax
			offered = append(offered, o)
		}
		for range rapid.IntRange(0, 3).Draw(rt, "choices") {
			id := fmt.Sprintf("o%d", rapid.IntRange(0, 4).Draw(rt, "option"))
			r.Choices = append(r.Choices, choose(id, some("chosen")...))
		}
		w.shop.do(func() { w.shop.offers = func(commerce.Cart) []commerce.FulfillmentOption { return offered } })

		a, err := w.service.Create(t.Context(), w.call(""), r)
		if err != nil {
			if commerce.KindOf(err) != commerce.Invalid || !contradicts(r.Choices, offered, lines, wanted) {
				rt.Fatalf("choices %v of options %v: %v", r.Choices, offered, err)
			}
			refused++
			return
		}
		if contradicts(r.Choices, offered, lines, wanted) {
			rt.Fatalf("choices %v of options %v were taken", r.Choices, offered)
		}
		cs := session(t, a, nil)
		var paid, tax int64
		by := map[string]string{}
		for _, c := range cs.Quote.Choices {
			i := slices.IndexFunc(offered, func(o commerce.FulfillmentOption) bool { return o.ID == c.OptionID })
			if i < 0 || len(c.LineIDs) == 0 {
				rt.Fatalf("selected %v of %v", c, offered)
			}
			paid, tax = paid+offered[i].Subtotal, tax+offered[i].Tax
			for _, id := range c.LineIDs {
				if by[id] != "" || !can(offered[i], id) {
					rt.Fatalf("line %s goes by %s and %s of %v", id, by[id], c.OptionID, offered)
				}
				by[id] = c.OptionID
			}
		}
		if got := cs.Quote.Amount(commerce.TotalFulfillment); got != paid || cs.Quote.Amount(commerce.TotalTax) != tax {
			rt.Fatalf("fulfillment %d, tax %d; selected for %d and %d", got, cs.Quote.Amount(commerce.TotalTax), paid, tax)
		}
		covered, bogus := true, false
		for i, id := range lines {
			need := wanted[i] != "booking" && cs.Quote.NeedsShipping
			covered = covered && (!need || by[id] != "")
			for _, c := range r.Choices {
				o := slices.IndexFunc(offered, func(o commerce.FulfillmentOption) bool { return o.ID == c.OptionID })
				deliverable := o >= 0 && can(offered[o], id)
				means := slices.Contains(c.LineIDs, id) || len(c.LineIDs) == 0
				switch {
				case o < 0, slices.Contains(c.LineIDs, id) && !deliverable && needs(wanted[i], cs.Quote, offered, id):
					bogus = true // told as an error until it is gone
				case need && means && deliverable && by[id] != c.OptionID:
					rt.Fatalf("line %s was chosen to go by %s and goes by %q", id, c.OptionID, by[id])
				}
			}
		}
		if (cs.Status == commerce.Ready) != (covered && !bogus) {
			rt.Fatalf("%s with %v; options %v, choices %v, needs shipping %v: %v", cs.Status, by, offered, r.Choices, cs.Quote.NeedsShipping, cs.Messages)
		}
		if cs.Status == commerce.Ready {
			ready++
		}
		// Asked again, nothing changes but that a choice which was not offered is forgotten.
		a, err = w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("again")})
		if again := session(t, a, err); len(cs.Cart.Choices) > 0 && !bogus && fmt.Sprint(again.Quote.Choices) != fmt.Sprint(cs.Quote.Choices) {
			rt.Fatalf("selected %v, then %v", cs.Quote.Choices, again.Quote.Choices)
		}
	})
	if ready < 10 || refused < 3 {
		t.Errorf("only %d sessions were ready and %d refused: the test looks at too little", ready, refused)
	}
}

// contradicts reports whether two choices of different options are for one line: by its name, or because the option can deliver it.
func contradicts(choices []commerce.Choice, offered []commerce.FulfillmentOption, lines, items []string) bool {
	shipped := slices.ContainsFunc(items, func(i string) bool { return i == "tea" || i == "cup" })
	for n, id := range lines {
		by := ""
		for _, c := range choices {
			i := slices.IndexFunc(offered, func(o commerce.FulfillmentOption) bool { return o.ID == c.OptionID })
			named := slices.Contains(c.LineIDs, id)
			meant := len(c.LineIDs) == 0 && i >= 0 && can(offered[i], id) && needs(items[n], commerce.Quote{NeedsShipping: shipped}, offered, id)
			if meant { // an explicit choice that cannot deliver the line leaves it free
				for _, e := range choices {
					k := slices.IndexFunc(offered, func(o commerce.FulfillmentOption) bool { return o.ID == e.OptionID })
					if slices.Contains(e.LineIDs, id) && e.OptionID != c.OptionID && k >= 0 && can(offered[k], id) {
						return true
					}
				}
			}
			switch {
			case named:
				for _, e := range choices {
					if slices.Contains(e.LineIDs, id) && e.OptionID != c.OptionID {
						return true
					}
				}
			case meant && by != "" && by != c.OptionID:
				return true
			case meant:
				by = c.OptionID
			}
		}
	}
	return false
}

func can(o commerce.FulfillmentOption, line string) bool {
	return len(o.LineIDs) == 0 || slices.Contains(o.LineIDs, line)
}

// needs reports whether something is to be delivered of a line: where nothing is shipped, what data alone can be.
func needs(item string, q commerce.Quote, offered []commerce.FulfillmentOption, line string) bool {
	if item == "booking" {
		return false
	}
	some, other := false, false
	for _, o := range offered {
		if can(o, line) {
			some, other = true, other || o.Type != commerce.Digital
		}
	}
	return q.NeedsShipping || (some && !other)
}
