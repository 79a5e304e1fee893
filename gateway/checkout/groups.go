package checkout

import (
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// paramGroups is the member of fulfillment groups.
const paramGroups = "$.fulfillment_groups"

// resolveGroups reads the groups of lines that an agent wants delivered apart (from 2026-01-30). Lines are named by their ids from here
// on. A shop that cannot split its deliveries takes groups that ask for nothing else than one delivery to the one address; any other is
// refused, and never overheard.
func resolveGroups(
	groups []commerce.FulfillmentGroup, lines []commerce.CartLine, shipTo *commerce.Contact, split bool,
) ([]commerce.FulfillmentGroup, error) {
	ids, taken := map[string]bool{}, map[string]bool{}
	var out []commerce.FulfillmentGroup
	for i, g := range groups {
		at := fmt.Sprintf("%s[%d]", paramGroups, i)
		if g.ID == "" || ids[g.ID] {
			return nil, commerce.Faultf(commerce.Invalid, "every fulfillment group needs an id of its own").At(at + ".id")
		}
		ids[g.ID] = true
		switch g.Destination {
		case commerce.Shipping, commerce.Digital, commerce.Pickup, commerce.LocalDelivery:
		default:
			return nil, commerce.Faultf(commerce.Invalid, "a fulfillment group goes by shipping, digital, pickup or local_delivery").
				At(at + ".destination_type")
		}
		named, err := resolveLines(g.LineIDs, lines, at+".item_ids")
		if err != nil {
			return nil, err
		}
		if len(named) == 0 {
			return nil, commerce.Faultf(commerce.Invalid, "a fulfillment group needs at least one line").At(at + ".item_ids")
		}
		for _, id := range named {
			if taken[id] {
				return nil, commerce.Faultf(commerce.Invalid, "a line can be in one fulfillment group only").At(at + ".item_ids")
			}
			taken[id] = true
		}
		g.LineIDs = named
		out = append(out, g)
	}
	if !split && apart(out, shipTo) {
		return nil, &commerce.Fault{
			Kind: commerce.Invalid, Code: commerce.CodeUnsupported, Param: paramGroups,
			Message: "this shop sends a checkout in one way to one place: leave the fulfillment groups out",
		}
	}
	return out, nil
}

// apart reports whether groups ask for more than one delivery, or for one to another place than that of the checkout. What is delivered
// as data goes beside any other.
func apart(groups []commerce.FulfillmentGroup, shipTo *commerce.Contact) bool {
	physical := slices.DeleteFunc(slices.Clone(groups), func(g commerce.FulfillmentGroup) bool { return g.Destination == commerce.Digital })
	for _, g := range physical {
		if g.Destination != physical[0].Destination || g.LocationID != physical[0].LocationID {
			return true
		}
		if g.Contact != nil && !sameContact(*g.Contact, shipTo) {
			return true
		}
	}
	return false
}

func sameContact(a commerce.Contact, b *commerce.Contact) bool {
	if b == nil || a.Name != b.Name || a.Phone != b.Phone || a.Email != b.Email || (a.Address == nil) != (b.Address == nil) {
		return false
	}
	return a.Address == nil || *a.Address == *b.Address
}

// groupOf is the group of a line.
func groupOf(cart commerce.Cart, lineID string) (commerce.FulfillmentGroup, bool) {
	i := slices.IndexFunc(cart.Groups, func(g commerce.FulfillmentGroup) bool { return slices.Contains(g.LineIDs, lineID) })
	if i < 0 {
		return commerce.FulfillmentGroup{}, false
	}
	return cart.Groups[i], true
}

// addressed reports whether it is known where a line is to be delivered.
func addressed(cart commerce.Cart, lineID string) bool {
	if g, ok := groupOf(cart, lineID); ok && g.Contact != nil && g.Contact.Address != nil {
		return true
	}
	return cart.ShipTo != nil && cart.ShipTo.Address != nil
}
