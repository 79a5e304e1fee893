package demo_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// near is an address that the courier and the van reach, far one of another state.
var (
	near = commerce.Address{Name: "Ada", LineOne: "5 Ocean View Blvd", City: "Pacific Grove", State: "CA", PostalCode: "93950", Country: "US"}
	far  = commerce.Address{Name: "Ada", LineOne: "1 Main St", City: "Reno", State: "NV", PostalCode: "89501", Country: "US"}
)

// basket is a cart of one piece of each item, li_1 and on.
func basket(to *commerce.Address, items ...string) commerce.Cart {
	c := commerce.Cart{Currency: "usd", Buyer: &commerce.Buyer{Email: "ada@example.com"}}
	for i, item := range items {
		c.Lines = append(c.Lines, commerce.CartLine{ID: "li_" + string(rune('1'+i)), ItemID: item, Quantity: 1})
	}
	if to != nil {
		a := *to
		c.ShipTo = &commerce.Contact{Name: a.Name, Address: &a}
	}
	return c
}

func priced(t *testing.T, a adapters.Adapter, c commerce.Cart) commerce.Quote {
	t.Helper()
	q, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: rand.Text(), Cart: c})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Check(); err != nil {
		t.Fatal(err)
	}
	return q
}

// spelled is a selection as text: option and lines.
func spelled(choices []commerce.Choice) string {
	parts := make([]string, 0, len(choices))
	for _, c := range choices {
		parts = append(parts, string(c.Type)+" "+c.OptionID+" "+strings.Join(c.LineIDs, "+"))
	}
	return strings.Join(parts, "; ")
}

func ids(options []commerce.FulfillmentOption) string {
	parts := make([]string, 0, len(options))
	for _, o := range options {
		parts = append(parts, o.ID)
	}
	return strings.Join(parts, " ")
}

func TestWhatEachParcelGoesBy(t *testing.T) {
	t.Parallel()
	_, a := openShop(t)
	choose := func(c commerce.Cart, options ...string) commerce.Cart {
		for _, o := range options {
			c.Choices = append(c.Choices, commerce.Choice{OptionID: o})
		}
		return c
	}
	cases := []struct {
		name              string
		cart              commerce.Cart
		offered, selected string
		needs             bool
	}{
		{"a download without an address", basket(nil, "EBK-POUR"), "download", "digital download li_1", false},
		{"a download with one", basket(&far, "EBK-POUR"), "download", "digital download li_1", false},
		{"goods without an address", basket(nil, "TEE-000M"), "", "", true},
		{"both without an address", basket(nil, "TEE-000M", "EBK-POUR"), "download", "digital download li_2", true},
		{"both", basket(&far, "TEE-000M", "EBK-POUR"), "standard express download", "shipping standard li_1; digital download li_2", true},
		{
			"house and printer", basket(&far, "PST-HARB", "TEE-000M", "MUG-2026"), "standard express tube tube-fast",
			"shipping standard li_2+li_3; shipping tube li_1", true,
		},
		{
			"near the shop", basket(&near, "TEE-000M", "ROA-5000"), "standard express counter courier dock van",
			"shipping standard li_1; local_delivery van li_2", true,
		},
		{
			"as was chosen", choose(basket(&near, "TEE-000M", "ROA-5000", "PST-HARB"), "counter", "tube-fast", "dock"),
			"standard express counter courier tube tube-fast dock van",
			"pickup counter li_1; shipping tube-fast li_3; pickup dock li_2", true,
		},
		{
			"the rest is left open", choose(basket(&near, "TEE-000M", "PST-HARB"), "courier"),
			"standard express counter courier tube tube-fast", "local_delivery courier li_1", true,
		},
		{"nothing but the van, far away", basket(&far, "ROA-5000"), "", "", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := priced(t, a, c.cart)
			if ids(q.Options) != c.offered || spelled(q.Choices) != c.selected || q.NeedsShipping != c.needs {
				t.Errorf("offered %q, selected %q, needs shipping %t", ids(q.Options), spelled(q.Choices), q.NeedsShipping)
			}
			var sum int64
			for _, o := range q.Selected() {
				sum += o.Subtotal
			}
			if q.Amount(commerce.TotalFulfillment) != sum {
				t.Errorf("the totals say %d for delivery, the selected options cost %d", q.Amount(commerce.TotalFulfillment), sum)
			}
		})
	}
}

func TestOptionsTellWhereAndWhen(t *testing.T) {
	t.Parallel()
	_, a := openShop(t)
	q := priced(t, a, basket(&near, "TEE-000M", "ROA-5000"))
	option := func(id string) commerce.FulfillmentOption {
		i := slices.IndexFunc(q.Options, func(o commerce.FulfillmentOption) bool { return o.ID == id })
		if i < 0 {
			t.Fatalf("%s is not offered", id)
		}
		return q.Options[i]
	}
	p := option("dock").Pickup
	if p == nil || p.Kind != "curbside" || p.Address.PostalCode != "93940" || p.Instructions != "Bring a truck and two people." {
		t.Fatalf("the dock is %+v", p)
	}
	for _, at := range []string{p.ReadyBy, p.PickupBy} {
		if _, err := time.Parse(time.RFC3339, at); err != nil {
			t.Error(err)
		}
	}
	van := option("van")
	if van.ServiceArea == nil || van.ServiceArea.RadiusMiles != "12.5" || van.ServiceArea.CenterPostalCode != "93940" || !van.Delivery.Latest.After(van.Delivery.Earliest) {
		t.Errorf("the van is %+v", van)
	}
	if o := option("standard"); o.Carrier != "UPS" || o.Pickup != nil || o.ServiceArea != nil || !slices.Equal(o.LineIDs, []string{"li_1"}) {
		t.Errorf("ground is %+v", o)
	}
}

func TestWhatIsAddedAndTakenOff(t *testing.T) {
	t.Parallel()
	_, a := openShop(t)
	c := basket(&far, "MUG-2026", "GFT-BOX2", "BTL-0330", "EBK-POUR")
	c.Lines[0].Quantity, c.Lines[1].Quantity, c.Lines[2].Quantity = 3, 2, 4
	c.Codes = []string{"welcome5"}
	q := priced(t, a, c)
	for kind, want := range map[commerce.TotalType]int64{commerce.TotalGiftWrap: 900, commerce.TotalFee: 100, commerce.TotalItemsDiscount: 360 + 500} {
		if got := q.Amount(kind); got != want {
			t.Errorf("%s is %d, want %d", kind, got, want)
		}
	}
	for _, row := range q.Totals {
		if row.Type == commerce.TotalFee && row.DisplayText != "Bottle deposit" {
			t.Errorf("the fee is called %q", row.DisplayText)
		}
	}
	if n := len(q.Discounts.Applied); n != 2 {
		t.Fatalf("%d discounts", n)
	}
	auto, code := q.Discounts.Applied[0], q.Discounts.Applied[1]
	if !auto.Automatic || auto.Code != "" || auto.ID != "THREE-MUGS" || auto.Amount != 360 || auto.Coupon.PercentOff != "10" ||
		len(auto.Allocations) != 1 || auto.Allocations[0].LineID != "li_1" {
		t.Errorf("the rebate is %+v", auto)
	}
	if code.Automatic || code.Amount != 500 || len(q.Discounts.Rejected) != 0 {
		t.Errorf("the code is %+v", code)
	}
	book := q.Lines[3]
	if book.Tax != 0 || book.TaxExempt == nil || !*book.TaxExempt || book.TaxExemptionReason == "" || book.Weight != nil {
		t.Errorf("the book is %+v", book)
	}
	if l := q.Lines[2]; len(l.Disclosures) != 1 || l.Weight == nil || l.Weight.Value != "520" || *l.MaxPerOrder != 24 {
		t.Errorf("the bottles are %+v", l)
	}
	if d := q.Lines[0].DiscountDetails; len(d) == 0 || d[0].Source != "automatic" || d[0].Type != "percentage" || d[0].Amount != 360 {
		t.Errorf("the mugs' discount is explained by %+v", d)
	}
	two := priced(t, a, basket(&near, "ROA-5000", "BTL-0330"))
	for _, row := range two.Totals {
		if row.Type == commerce.TotalFee && (row.DisplayText != "Fees" || row.Description != "Bottle deposit, Two people to carry" || row.Amount != 2525) {
			t.Errorf("two fees are %+v", row)
		}
	}
}

func TestEveryReasonOfACode(t *testing.T) {
	t.Parallel()
	_, a := openShop(t)
	for reason, codes := range map[commerce.DiscountReason][]string{
		commerce.DiscountInvalid: {"NOSUCH"}, commerce.DiscountExpired: {"SUMMER09"}, commerce.DiscountMinimumNotMet: {"BIG20"},
		commerce.DiscountNotCombinable: {"SAVE10", "STAFF30", "BIG20"}, commerce.DiscountSignInNeeded: {"CLUB15"},
		commerce.DiscountBuyerIneligible: {"STAFF30"}, commerce.DiscountUsedUp: {"FIRST100"}, commerce.DiscountAlreadyApplied: {"MUGS10"},
	} {
		c := basket(&far, "MUG-2026")
		c.Lines[0].Quantity = 3
		if reason == commerce.DiscountNotCombinable {
			c.Lines[0].ItemID = "GFT-BOX2"
		}
		c.Codes = codes
		q := priced(t, a, c)
		last := q.Discounts.Rejected
		if len(last) == 0 || last[len(last)-1].Reason != reason || last[len(last)-1].Code != codes[len(codes)-1] {
			t.Errorf("%v is rejected by %+v, want %s", codes, last, reason)
		}
	}
}

func TestWhatAPersonMustSee(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	many := basket(&near, "ROA-5000")
	many.Lines[0].Quantity = 3
	cases := []struct {
		name, code, param string
		cart              commerce.Cart
		blocks            bool
	}{
		{"age", "age_verification_required", "$.line_items[1]", basket(&far, "TEE-000M", "WIN-0750"), true},
		{"sign-in", "requires_sign_in", "$.line_items[0]", basket(nil, "VIP-2026"), true},
		{"approval", "approval_required", "$.line_items", many, true},
		{"few left", "low_stock", "$.line_items[0]", basket(&far, "RAR-0001"), false},
		{"sold out", "out_of_stock", "$.line_items[0]", basket(&far, "OUT-0001"), true},
		{"out of reach", "region_restricted", "$.line_items[1]", basket(&far, "TEE-000M", "ROA-5000"), true},
		{"out of reach, alone", "region_restricted", "$.fulfillment_details.address", basket(&far, "ROA-5000"), true},
	}
	for _, c := range cases {
		q := priced(t, a, c.cart)
		i := slices.IndexFunc(q.Messages, func(m commerce.Message) bool { return m.Code == c.code })
		if i < 0 || len(q.Messages) != 1 {
			t.Errorf("%s: messages %+v", c.name, q.Messages)
			continue
		}
		if m := q.Messages[i]; m.Param != c.param || m.Blocks() != c.blocks || strings.ContainsAny(m.Content, "<>&") || strings.Contains(m.Content, "track") ||
			(m.Type == commerce.Error) != (m.Resolution != "") {
			t.Errorf("%s: %+v", c.name, m)
		}
		if !c.blocks || !strings.HasSuffix(c.code, "required") && c.code != "requires_sign_in" {
			continue
		}
		// The shop itself takes such an order by hand only.
		r := adapters.PlaceRequest{Key: rand.Text(), CartRef: q.CartRef, Cart: c.cart, Total: commerce.Money{Minor: q.Total, Currency: "usd"}}
		if _, err := a.PlaceOrder(t.Context(), r); commerce.KindOf(err) != commerce.Rejected || len(v.Shop().OrdersByRef(r.Key)) != 0 {
			t.Errorf("%s: placing gives %v", c.name, err)
		}
		page, err := a.Continue(c.cart, q.CartRef)
		if err != nil {
			t.Fatal(err)
		}
		if no, err := v.Shop().OrderByHand(page[strings.LastIndex(page, "/")+1:], v.URL()); err != nil || no == "" {
			t.Errorf("%s: by hand: %v", c.name, err)
		}
	}
}

// bought places and pays an order of a cart.
func bought(t *testing.T, a adapters.Adapter, c commerce.Cart) (commerce.Snapshot, commerce.Quote) {
	t.Helper()
	q := priced(t, a, c)
	c.Choices = q.Choices
	total := commerce.Money{Minor: q.Total, Currency: "usd"}
	o, err := a.PlaceOrder(t.Context(), adapters.PlaceRequest{
		Key: rand.Text(), CartRef: q.CartRef, Cart: c, Total: total, ExactTotal: q.ExactTotal,
		Payment: adapters.Payment{State: commerce.Authorized, TxnID: "pi_1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.Total != q.Total {
		t.Errorf("the order costs %d, the quote %d", o.Total, q.Total)
	}
	if err := a.RecordPayment(t.Context(), adapters.PaymentRecord{Key: "k", Ref: o.Ref, State: commerce.Captured, TxnID: "pi_1", Amount: total}); err != nil {
		t.Fatal(err)
	}
	return o, q
}

func TestTheLifeOfAnOrderOfEveryKind(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	c := basket(&near, "TEE-000M", "EBK-POUR", "PST-HARB", "ROA-5000")
	c.Choices = []commerce.Choice{{OptionID: "counter"}, {OptionID: "tube"}, {OptionID: "van"}}
	o, _ := bought(t, a, c)
	told := func() (commerce.Snapshot, string) {
		t.Helper()
		s, err := a.GetOrder(t.Context(), o.Ref)
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, sh := range s.Shipments {
			parts = append(parts, string(sh.Type)+" "+sh.Status+" "+sh.Events[len(sh.Events)-1].Type)
		}
		return s, string(s.Status) + ": " + strings.Join(parts, ", ")
	}
	steps := []struct {
		move func() error
		want string
	}{
		{func() error { return nil }, "confirmed: digital delivered delivered"},
		{func() error { return v.Shop().Ready(o.Number) }, "processing: digital delivered delivered, pickup ready_for_pickup ready_for_pickup"},
		{
			func() error { return v.Shop().Ship(o.Number, "USPS", "9400") },
			"shipped: digital delivered delivered, pickup ready_for_pickup ready_for_pickup, shipping shipped shipped, local_delivery out_for_delivery out_for_delivery",
		},
		{
			func() error { return v.Shop().Miss(o.Number) },
			"shipped: digital delivered delivered, pickup ready_for_pickup ready_for_pickup, shipping shipped failed_attempt, local_delivery out_for_delivery failed_attempt",
		},
		{
			func() error { return v.Shop().Deliver(o.Number) },
			"completed: digital delivered delivered, pickup delivered delivered, shipping delivered delivered, local_delivery delivered delivered",
		},
	}
	revision := ""
	for i, step := range steps {
		if err := step.move(); err != nil {
			t.Fatal(err)
		}
		s, got := told()
		if got != step.want {
			t.Errorf("step %d: %s\nwant %s", i, got, step.want)
		}
		if s.Revision == revision {
			t.Errorf("step %d changed no revision", i)
		}
		revision = s.Revision
	}
	s, _ := told()
	d := s.Shipments[0].Digital
	if d == nil || !strings.HasPrefix(d.AccessURL, v.URL()+"/my-download/") || d.LicenseKey == "" {
		t.Errorf("the download is %+v", d)
	}
	if !slices.Equal(s.OptionIDs, []string{"counter", "tube", "van", "download"}) || s.OptionID != "" {
		t.Errorf("the order goes by %q, %v", s.OptionID, s.OptionIDs)
	}
	if _, err := v.Shop().Return(o.Number, "TEE-000M", 1, "too small"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Shop().Return(o.Number, "TEE-000M", 1, "again"); err == nil {
		t.Error("what was sold once came back twice")
	}
	if s, _ = told(); len(s.Adjustments) != 1 || s.Adjustments[0].Type != "return" || s.Adjustments[0].Amount != 0 || len(s.Adjustments[0].Lines) != 1 || len(s.Refunds) != 0 {
		t.Errorf("the return is %+v", s.Adjustments)
	}
}

func TestADownloadIsThereWhenItIsPaid(t *testing.T) {
	t.Parallel()
	_, a := openShop(t)
	o, q := bought(t, a, basket(nil, "EBK-POUR"))
	s, err := a.GetOrder(t.Context(), o.Ref)
	if err != nil || s.Status != commerce.OrderCompleted || len(s.Shipments) != 1 || s.Lines[0].Fulfilled != 1 || q.Total != 1400 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestConsentIsOneForEachAddress(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	o, _ := bought(t, a, basket(&far, "TEE-000M"))
	tell := func(yes bool) {
		t.Helper()
		r := adapters.ConsentRecord{
			Key: "c1", OrderRef: o.Ref, Address: "ada@example.com",
			Consent: commerce.Consent{Channel: "email", OptedIn: yes, DisplayText: "Letters?", At: time.Unix(1795331327, 0)},
		}
		if err := a.RecordConsent(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		yes     bool
		changes int
	}{{true, 1}, {true, 1}, {false, 2}, {false, 2}} {
		tell(step.yes)
		got := v.Shop().Subscribers()
		if len(got) != 1 || got[0].Changes != step.changes || (got[0].OptIn == "Y") != step.yes || got[0].Channel != "mail" || got[0].Asked != "Letters?" || got[0].Order != o.Number {
			t.Errorf("after %t: %+v", step.yes, got)
		}
	}
}

func TestTheCartsPageIsThere(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	c := basket(&far, "WIN-0750", "TEE-000M")
	q := priced(t, a, c)
	before := v.Shop().Calls(shop.CartGet).Arrived
	for ref, want := range map[string]string{
		q.CartRef: v.URL() + "/my-cart/" + v.Shop().Carts()[0],
		"":        v.URL() + "/my-cart?items=WIN-0750%3A1%2CTEE-000M%3A1",
	} {
		got, err := a.Continue(c, ref)
		if err != nil || got != want || strings.Contains(got, "ada") {
			t.Errorf("%q leads to %s (%v), want %s", ref, got, err, want)
			continue
		}
		page := open(t, got)
		if !strings.Contains(page, "Tawny Port") || !strings.Contains(page, "18 or older") || strings.Contains(page, "Reno") || strings.Contains(page, "ada@") {
			t.Errorf("the page %s says %s", got, page)
		}
	}
	if n := v.Shop().Calls(shop.CartGet).Arrived; n != before {
		t.Error("a link made calls")
	}
}
