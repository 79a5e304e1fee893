package checkout

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// instruments are the words that may name a card behind a shared payment token, by the part of a payment that they stand in. Empty stands
// for the older dates, which have no such member. The RFC of payment handlers says card and spt; the rest was seen in its own samples and
// those of agents (read 2026-11-22).
var instruments = struct{ types, credentials []string }{
	types:       []string{"", "card", "shared_payment_token"},
	credentials: []string{"", "spt", "shared_payment_token", "shared_payment_granted_token"},
}

// processorName is the provider that the older dates name beside the token.
const processorName = "stripe"

// checkPayment refuses what cannot be a payment by an advertised handler.
func checkPayment(c Call, cs commerce.Session, p commerce.Payment) error {
	h, ok := offered(c, cs, p.HandlerID)
	if !ok {
		return commerce.Faultf(commerce.Invalid, "payment handler %q is not offered in this session", p.HandlerID).At("$.payment_data.handler_id")
	}
	if h.Saved != nil {
		return checkSaved(p)
	}
	switch {
	case p.Provider != "" && !strings.EqualFold(p.Provider, processorName):
		return commerce.Faultf(commerce.Invalid, "the shop is paid through %s only", processorName).At("$.payment_data.provider")
	case p.Token == "" && p.PurchaseOrderNumber != "":
		return commerce.Faultf(commerce.Invalid, "the shop does not sell on a purchase order; send an instrument").
			At("$.payment_data.purchase_order_number")
	case p.Token == "":
		return &commerce.Fault{
			Kind: commerce.Invalid, Code: commerce.CodeMissing, Param: paramCredential, Message: "a payment token is needed",
		}
	case !slices.Contains(instruments.types, strings.ToLower(p.InstrumentType)):
		return commerce.Faultf(commerce.Invalid, "the payment handler takes an instrument of type card only").At("$.payment_data.instrument.type")
	case !slices.Contains(instruments.credentials, strings.ToLower(p.CredentialType)):
		return commerce.Faultf(commerce.Invalid, "the payment handler takes a credential of type spt only").
			At("$.payment_data.instrument.credential.type")
	default:
		return nil
	}
}

// keepsAddress refuses a complete that would send the goods elsewhere: the price was shown for the address that the session has. Another
// contact at that address is taken over.
func keepsAddress(cart commerce.Cart, r *commerce.ContactChange) error {
	if r == nil || !r.Address.Present() {
		return nil
	}
	to, ok := r.Address.Value()
	if ok && cart.ShipTo != nil && cart.ShipTo.Address != nil && sameParcel(*cart.ShipTo.Address, to) {
		return nil
	}
	return commerce.Faultf(commerce.Conflict, "the delivery address cannot be changed by a complete; update the session first, then complete it").
		At("$.fulfillment_details.address")
}

// sameParcel reports whether nothing that a price or a carrier could depend on differs. Who receives it is the contact's.
func sameParcel(a, b commerce.Address) bool {
	same := func(x, y string) bool {
		return strings.EqualFold(strings.Join(strings.Fields(x), " "), strings.Join(strings.Fields(y), " "))
	}
	return sameAddress(a, b) && same(a.LineTwo, b.LineTwo) && same(a.State, b.State) && same(a.Company, b.Company)
}

// The touchpoints of an attribution.
const (
	firstTouch = "first"
	finalTouch = "last"
)

// lastTouch adds the claim of a complete to those that the session has. The first valid claim for a touchpoint stands; one that disagrees
// is dropped without a word, and never holds a checkout up (ACP rfc.affiliate_attribution, read 2026-11-22).
func lastTouch(known []commerce.Affiliate, a *commerce.Affiliate) []commerce.Affiliate {
	if a == nil {
		return known
	}
	touch := func(a commerce.Affiliate, otherwise string) string {
		if a.Touchpoint == firstTouch || a.Touchpoint == finalTouch {
			return a.Touchpoint
		}
		return otherwise
	}
	last := *a
	last.Touchpoint = touch(*a, finalTouch)
	if slices.ContainsFunc(known, func(k commerce.Affiliate) bool { return touch(k, firstTouch) == last.Touchpoint }) {
		return known
	}
	return append(slices.Clone(known), last)
}
