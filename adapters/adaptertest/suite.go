package adaptertest

// rule is one rule of the contract.
type rule struct {
	name  string
	needs func(Harness) bool // nil: nothing special
	test  func(*suite, T)
}

// rules are all of them, in an order in which the later ones rest on the earlier.
var rules = []rule{
	{"facts", nil, (*suite).facts},
	{"quote without an address", nil, (*suite).quoteWithoutAddress},
	{"quote with an address", nil, (*suite).quoteWithAddress},
	{"quote again", nil, (*suite).quoteAgain},
	{"quote a changed cart", nil, (*suite).quoteChanged},
	{"one item on two lines", nil, (*suite).sameItemTwice},
	{"choose an option", nil, (*suite).chooseOption},
	{"choose an option that is not offered", nil, (*suite).chooseUnknownOption},
	{"address that no option serves", nil, (*suite).farAddress},
	{"options for lines that go apart", apart, (*suite).split},
	{"choose an option that a line is not offered", apart, (*suite).splitUnoffered},
	{"digital goods", func(h Harness) bool { return h.DigitalItem != "" }, (*suite).digital},
	{"digital goods beside others", func(h Harness) bool { return h.DigitalItem != "" }, (*suite).mixed},
	{"coupon", func(h Harness) bool { return h.Coupon != "" }, (*suite).coupon},
	{"coupon that the shop does not know", func(h Harness) bool { return !h.Adapter.Facts.NoCodes }, (*suite).badCoupon},
	{"automatic discount", func(h Harness) bool { return h.RebateItem != "" }, (*suite).rebate},
	{"what the shop says of an item", func(h Harness) bool { return h.WarnedItem != "" }, (*suite).warned},
	{"out of stock", nil, (*suite).outOfStock},
	{"unknown item", nil, (*suite).unknownItem},
	{"item", func(h Harness) bool { return h.Adapter.Item != nil }, (*suite).item},
	{"cart that the adapter did not write", nil, (*suite).foreignCart},
	{"place", nil, (*suite).placeOnce},
	{"place twice under one key", nil, (*suite).placeTwice},
	{"place for another total", nil, (*suite).placeFenced},
	{"find by key", nil, (*suite).find},
	{"record a capture twice", nil, (*suite).recordTwice},
	{"cancel twice", nil, (*suite).cancelTwice},
	{"payment recorded on a canceled order is an error", nil, (*suite).recordOnCanceled},
	{"cancel gives stock back", func(h Harness) bool { return h.Stock != nil }, (*suite).cancelRestocks},
	{"changes", nil, (*suite).changes},
	{"changes after shipping", func(h Harness) bool { return h.Ship != nil }, (*suite).changesAfterShipping},
	{"refund in the shop", func(h Harness) bool { return h.Refund != nil }, (*suite).refundInShop},
	{"release a cart twice", func(h Harness) bool { return h.Adapter.ReleaseCart != nil }, (*suite).releaseTwice},
	{"record a refund twice", func(h Harness) bool { return h.Adapter.RecordRefund != nil }, (*suite).recordRefundTwice},
	{"continue in the shop", func(h Harness) bool { return h.Adapter.Continue != nil }, (*suite).continues},
	{"record a consent twice", func(h Harness) bool { return h.Adapter.RecordConsent != nil && h.Consents != nil }, (*suite).consentTwice},
	{"check", func(h Harness) bool { return h.Adapter.Check != nil }, (*suite).check},
	{"canceled context", nil, (*suite).canceled},
	{"errors give nothing away", nil, (*suite).discreet},
}

// apart says that lines can go by different options, and that there is an item to show it with.
func apart(h Harness) bool { return h.Adapter.Facts.Split && h.ApartItem != "" }

// Run tests every rule. TT is the test's own type, as *testing.T.
func Run[TT interface {
	T
	Run(name string, f func(TT)) bool
}](t TT, h Harness) {
	t.Helper()
	s := &suite{Harness: h, ctx: h.Context}
	for _, r := range rules {
		if h.Only != nil && !h.Only(r.name) {
			continue
		}
		if r.needs != nil && !r.needs(h) {
			t.Logf("not tested for want of a harness: %s", r.name)
			continue
		}
		t.Run(r.name, func(t TT) { r.test(s, t) })
	}
}
