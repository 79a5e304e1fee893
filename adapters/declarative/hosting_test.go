package declarative_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// spoken is a shop that answers in the words of results, so that a test can write them down. It splits.
var spoken = strings.NewReplacer(
	"facts: {currency: usd}", "facts: {currency: usd, split: true}",
	"body: '{lines: [$in.lines[] | {sku: .item, n: .quantity}]}'", "body: '{lines: $in.lines, choices: $in.choices, codes: $in.codes}'",
	`      .priced.body as $b | {cart_ref: $b.id, currency: $b.cur, total: $b.total,
        lines: [$b.lines[] | {item: .sku, base: mmul(.price; .n), tax}]}`, "      .priced.body",
	"result: .got.body | order", "result: .got.body",
).Replace(stateless)

// three is a cart of three items, of which one is on two lines.
var three = commerce.Cart{
	Currency: "usd",
	Lines: []commerce.CartLine{
		{ID: "li_1", ItemID: "A", Quantity: 1}, {ID: "li_2", ItemID: "B", Quantity: 2}, {ID: "li_3", ItemID: "A", Quantity: 1}, {ID: "li_4", ItemID: "C", Quantity: 1},
	},
	ShipTo: &commerce.Contact{Address: &commerce.Address{Country: "US"}},
	Choices: []commerce.Choice{
		{Type: commerce.Pickup, OptionID: "counter", LineIDs: []string{"li_1", "li_3"}}, {Type: commerce.LocalDelivery, OptionID: "bike", LineIDs: []string{"li_2"}},
	},
	Codes: []string{"TEN"},
}

const wholeQuote = `{"cart_ref":"c1","currency":"usd","total":"75.60",
 "lines":[
  {"item":"A","base":"20.00","discount":"3.00","title":"Tea &amp; <b>cup</b>","description":"<p>One.</p><p>Two.</p>","variant_options":[{"name":"Size","value":"L"}],
   "attributes":[{"name":"Engraving","value":"Ada"}],"weight":{"value":"1.5","unit":"kg"},"dimensions":{"length":1,"width":"2.5","height":3,"unit":"cm"},
   "tags":["hot"],"seller":"Finch","disclosures":[{"content":"Contains <i>milk</i>."}],"fulfillable_on":"2026-12-01 00:00:00","max":9,"available":"4","availability":"low_stock"},
  {"id":"li_2","base":"40.00","tax_exempt":true,"tax_exemption_reason":"Books"},
  {"item":"C","base":"7.00","needs_delivery":false,"parent":"li_2"}],
 "options":[
  {"id":"counter","title":"Fetch","price":"0.00","type":"pickup","items":["A"],"pickup":{"name":"Shop","address":{"line_one":"1 Quay","city":"Bay","country":"us"},
   "phone":"+1","instructions":"Ring <u>twice</u>","kind":"locker","ready_by":1795331327,"pickup_by":"2026-12-24T00:00:00Z"}},
  {"id":"bike","title":"Bike","price":"6.00","type":"local_delivery","lines":["li_2"],"carrier":"Finch","service_area":{"radius_miles":2.5,"center_postal_code":"93940"},
   "earliest":"2026-12-01T09:00:00Z","latest":"2026-12-01T12:00:00Z"},
  {"id":"file","title":"File","price":"0.00","type":"digital","items":["C"]}],
 "choices":[{"option":"counter"},{"option":"bike","lines":["li_2"]}],
 "shipping":"6.00","discount":"4.00",
 "gift_wrap":"3.00","tip":"2.00","store_credit":"1.00","fee":"0.50","fees":[{"title":"Deposit","amount":"1.10"},{"title":"Island","amount":"4.00","description":"by boat"}],
 "discounts":[
  {"id":"auto","title":"Third <b>free</b>","amount":"4.00","percent_off":"10","method":"each","priority":2,"start":"2026-11-01 00:00:00","end":"2026-12-01T00:00:00Z","duration":"once",
   "max_redemptions":5,"times_redeemed":4,"allocations":[{"item":"A","amount":"3.00"},{"option":"bike","amount":"1.00"}]},
  {"code":"ten","amount":"3.00","amount_off":"10.00","duration":"repeating","duration_in_months":3}],
 "messages":[{"type":"warning","code":"low_stock","item":"C","content":"Hurry &ndash; <a href=\"x\">see</a>"},
  {"type":"error","code":"age_verification_required","line":"li_2","content":"<p>18+</p><script>evil()</script>"},
  {"content":"Hello","param":"$.buyer","severity":"low"}]}`

func TestAWholeQuote(t *testing.T) {
	t.Parallel()
	f, a := open(t, spoken, map[string]string{"POST /price": wholeQuote})
	q, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: "k", Cart: three})
	if err != nil {
		t.Fatal(err)
	}
	var asked struct {
		Choices []map[string]any
		Codes   []string
	}
	if err := json.Unmarshal([]byte(f.bodies[0]), &asked); err != nil {
		t.Fatal(err)
	}
	// Two lines of one item are one to a shop, and choices name the one.
	want := []map[string]any{
		{"option_id": "counter", "type": "pickup", "line_ids": []any{"li_1"}, "items": []any{"A"}},
		{"option_id": "bike", "type": "local_delivery", "line_ids": []any{"li_2"}, "items": []any{"B"}},
	}
	if d := cmp.Diff(want, asked.Choices); d != "" || len(asked.Codes) != 1 {
		t.Error(d, asked.Codes)
	}
	rows := []commerce.Total{
		{Type: commerce.TotalItemsBase, DisplayText: "Items", Amount: 6700},
		{Type: commerce.TotalItemsDiscount, DisplayText: "Item discounts", Amount: 300},
		{Type: commerce.TotalSubtotal, DisplayText: "Subtotal", Amount: 6400},
		{Type: commerce.TotalDiscount, DisplayText: "Discount", Amount: 400},
		{Type: commerce.TotalFulfillment, DisplayText: "Shipping", Amount: 600},
		{Type: commerce.TotalTax, DisplayText: "Tax"},
		{Type: commerce.TotalFee, DisplayText: "Fees", Description: "Deposit, Island", Amount: 560},
		{Type: commerce.TotalGiftWrap, DisplayText: "Gift wrap", Amount: 300},
		{Type: commerce.TotalTip, DisplayText: "Tip", Amount: 200},
		{Type: commerce.TotalStoreCredit, DisplayText: "Store credit", Amount: 100},
		{Type: commerce.TotalDue, DisplayText: "Total", Amount: 7560},
	}
	if d := cmp.Diff(rows, q.Totals); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]commerce.Choice{
		{Type: commerce.Pickup, OptionID: "counter", LineIDs: []string{"li_1", "li_3"}}, {Type: commerce.LocalDelivery, OptionID: "bike", LineIDs: []string{"li_2"}},
	}, q.Choices); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]commerce.FulfillmentOption{
		{Type: commerce.Pickup, ID: "counter", Title: "Fetch", LineIDs: []string{"li_1", "li_3"}, Pickup: &commerce.PickupPlace{
			Name: "Shop", Address: commerce.Address{LineOne: "1 Quay", City: "Bay", Country: "US"}, Phone: "+1", Instructions: "Ring twice", Kind: "locker",
			ReadyBy: "2026-11-22T07:08:47Z", PickupBy: "2026-12-24T00:00:00Z",
		}},
		{
			Type: commerce.LocalDelivery, ID: "bike", Title: "Bike", Carrier: "Finch", Subtotal: 600, Total: 600, LineIDs: []string{"li_2"},
			Delivery:    commerce.Window{Earliest: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), Latest: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)},
			ServiceArea: &commerce.ServiceArea{RadiusMiles: "2.5", CenterPostalCode: "93940"},
		},
		{Type: commerce.Digital, ID: "file", Title: "File", LineIDs: []string{"li_4"}},
	}, q.Options); d != "" {
		t.Error(d)
	}
	checkWholeLines(t, q)
	checkWholeDiscounts(t, q)
	if d := cmp.Diff([]commerce.Message{
		{Type: commerce.Warning, Code: "low_stock", Severity: "medium", Param: "$.line_items[3]", Content: "Hurry – see"},
		{Type: commerce.Error, Code: "age_verification_required", Severity: "high", Resolution: commerce.RequiresBuyerReview, Param: "$.line_items[1]", Content: "18+"},
		{Type: commerce.Info, Severity: "low", Param: "$.buyer", Content: "Hello"},
	}, q.Messages); d != "" {
		t.Error(d)
	}
}

func checkWholeLines(t *testing.T, q commerce.Quote) {
	t.Helper()
	four, nine, yes := int64(4), int64(9), true
	if d := cmp.Diff(commerce.Line{
		ID: "li_1", ItemID: "A", Quantity: 1, UnitAmount: 1000, Base: 1000, Discount: 150, Subtotal: 850, Total: 850, Name: "Tea & cup", Description: "One. Two.",
		Images: []string{}, VariantOptions: []commerce.Attribute{{Name: "Size", Value: "L"}}, CustomAttributes: []commerce.Attribute{{Name: "Engraving", Value: "Ada"}},
		Weight: &commerce.Weight{Value: "1.5", Unit: "kg"}, Dimensions: &commerce.Dimensions{Length: "1", Width: "2.5", Height: "3", Unit: "cm"},
		Tags: []string{"hot"}, SellerName: "Finch", Disclosures: []commerce.Disclosure{{Type: "disclaimer", ContentType: "plain", Content: "Contains milk."}},
		FulfillableOn: "2026-12-01T00:00:00Z", MaxPerOrder: &nine, AvailableQuantity: &four, Availability: commerce.LowStock,
		DiscountDetails: []commerce.LineDiscount{{Type: "percentage", Description: "Third free", Source: "automatic", Amount: 150}},
	}, q.Lines[0]); d != "" {
		t.Error(d)
	}
	if l := q.Lines[1]; *l.TaxExempt != yes || l.TaxExemptionReason != "Books" {
		t.Errorf("line 2 is %+v", l)
	}
	if l := q.Lines[3]; !l.NoDelivery || l.ParentID != "li_2" {
		t.Errorf("line 4 is %+v", l)
	}
}

func checkWholeDiscounts(t *testing.T, q commerce.Quote) {
	t.Helper()
	if d := cmp.Diff([]commerce.AppliedDiscount{
		{
			ID: "auto", Automatic: true, Amount: 400, Method: "each", Priority: 2,
			Coupon:      commerce.Coupon{ID: "auto", Name: "Third free", PercentOff: "10", Duration: "once", MaxRedemptions: 5, TimesRedeemed: 4},
			Start:       time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
			End:         time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
			Allocations: []commerce.Allocation{{LineID: "li_1", Amount: 150}, {LineID: "li_3", Amount: 150}, {OptionID: "bike", Amount: 100}},
		},
		{
			ID: "ten", Code: "ten", Amount: 300, Allocations: []commerce.Allocation{{Amount: 300}},
			Coupon: commerce.Coupon{ID: "ten", Name: "ten", AmountOff: 1000, Currency: "usd", Duration: "repeating", DurationInMonths: 3},
		},
	}, q.Discounts.Applied); d != "" {
		t.Error(d)
	}
	if len(q.Discounts.Rejected) != 0 {
		t.Errorf("rejected %+v", q.Discounts.Rejected)
	}
}

// TestWhatAResultOfAQuoteMayNotSay changes one thing at a time in a good result. Nothing of it is shown, and the operator reads what is wrong.
func TestWhatAResultOfAQuoteMayNotSay(t *testing.T) {
	t.Parallel()
	cases := []struct{ old, now, want string }{
		{`"id":"bike","title":"Bike"`, `"id":"counter","title":"Bike"`, "two options have one id"},
		{`"items":["C"]`, `"items":["Z"]`, "options[2].items"},
		{`"lines":["li_2"],"carrier"`, `"lines":["li_9"],"carrier"`, "options[1].lines"},
		{`"items":["C"]`, `"items":[]`, "is empty"},
		{`"type":"digital"`, `"type":"pickup"`, "options[2].pickup: is required"},
		{`"type":"pickup","items"`, `"type":"shipping","items"`, "belongs to the type pickup only"},
		{`"type":"local_delivery"`, `"type":"shipping"`, "belongs to the type local_delivery only"},
		{`"kind":"locker"`, `"kind":"hole"`, "in_store, curbside, locker"},
		{`"address":{"line_one":"1 Quay","city":"Bay","country":"us"},`, ``, "pickup.address: is required"},
		{`"radius_miles":2.5`, `"radius_miles":"near"`, "radius_miles"},
		{`"latest":"2026-12-01T12:00:00Z"`, `"latest":"2026-12-01T08:00:00Z"`, "latest: is before earliest"},
		{`{"option":"bike","lines":["li_2"]}`, `{"option":"plane"}`, "not among options"},
		{`{"option":"bike","lines":["li_2"]}`, `{"option":"bike","lines":["li_1"]}`, "cannot deliver"},
		{`{"option":"bike","lines":["li_2"]}`, `{"option":"counter"}`, "another choice is for"},
		{`"choices":[`, `"selected":"bike","choices":[`, "selected"},
		{`"shipping":"6.00"`, `"shipping":"60.00"`, "add up to"},
		{`"title":"Deposit","amount":"1.10"`, `"amount":"1.10"`, "fees[0].title: is required"},
		{`"title":"Deposit","amount":"1.10"`, `"title":"Deposit"`, "fees[0].amount: is required"},
		{`"tip":"2.00"`, `"tip":"-2.00"`, "tip: is negative"},
		{`"store_credit":"1.00"`, `"store_credit":"11.00"`, "add up to"},
		{`{"item":"A","amount":"3.00"}`, `{"item":"A","amount":"3.50"}`, "allocations: add up to more"},
		{`{"item":"A","amount":"3.00"}`, `{"item":"Z","amount":"3.00"}`, "allocations[0].item"},
		{`{"item":"A","amount":"3.00"}`, `{"line":"li_9","amount":"3.00"}`, "allocations[0].line"},
		{`{"option":"bike","amount":"1.00"}`, `{"option":"bike","item":"A","amount":"1.00"}`, "allocations[1].option"},
		{`"percent_off":"10"`, `"percent_off":"101"`, "percent_off: is more than 100"},
		{`"percent_off":"10"`, `"percent_off":"10","amount_off":"1.00"`, "stands beside percent_off"},
		{`"method":"each"`, `"method":"some"`, "each, across"},
		{`"code":"low_stock"`, `"code":"hurry"`, "of a warning wants one of"},
		{`"code":"age_verification_required"`, `"code":"payment_declined"`, "of an error wants one of"},
		{`"type":"warning","code"`, `"type":"warning","resolution":"recoverable","code"`, "belongs to errors only"},
		{`"item":"C","content"`, `"item":"Z","content"`, "messages[0].line"},
		{`"item":"C","content"`, `"item":"C","param":"$.x","content"`, "messages[0].param"},
		{`"content":"Hello"`, `"content":"<br/>"`, "messages[2].content: is required"},
		{`"unit":"kg"`, `"unit":"stone"`, "g, kg, oz, lb"},
		{`"unit":"cm"`, `"unit":"mile"`, "cm, in"},
		{`"parent":"li_2"`, `"parent":"li_8"`, "parent"},
		{`{"name":"Size","value":"L"}`, `{"name":"Size"}`, "variant_options[0].value: is required"},
		{`"tax_exempt":true`, `"tax_exempt":"Y"`, "want true or false"},
		{`"seller":"Finch"`, `"vendor":"Finch"`, "is not a member of this result"},
	}
	for _, c := range cases {
		if strings.Count(wholeQuote, c.old) != 1 {
			t.Fatalf("%s is %d times in the result", c.old, strings.Count(wholeQuote, c.old))
		}
		_, a := open(t, spoken, map[string]string{"POST /price": strings.Replace(wholeQuote, c.old, c.now, 1)})
		_, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: "k", Cart: three})
		if commerce.KindOf(err) != commerce.Temporary || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.now, err, c.want)
		}
	}
	_, a := open(t, strings.Replace(spoken, "split: true", "split: false", 1), map[string]string{"POST /price": wholeQuote})
	if _, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: "k", Cart: three}); err == nil || !strings.Contains(err.Error(), "facts.split does not say") {
		t.Errorf("two choices of a shop that does not split: %v", err)
	}
}

func TestASelectionThatIsNotMetStopsThePurchase(t *testing.T) {
	t.Parallel()
	plain := strings.NewReplacer(`{"type":"error","code":"age_verification_required","line":"li_2","content":"<p>18+</p><script>evil()</script>"},`, "").Replace(wholeQuote)
	for name, c := range map[string]struct {
		choices []commerce.Choice
		stopped bool
	}{
		"as it was wanted":       {three.Choices, false},
		"nothing was wanted":     {nil, false},
		"an unknown option":      {[]commerce.Choice{{OptionID: "plane"}}, true},
		"an option of others":    {[]commerce.Choice{{OptionID: "bike", LineIDs: []string{"li_1"}}}, true},
		"one that was not taken": {append(slices.Clone(three.Choices), commerce.Choice{OptionID: "file", LineIDs: []string{"li_4"}}), true},
	} {
		_, a := open(t, spoken, map[string]string{"POST /price": plain})
		cart := three
		cart.Choices = c.choices
		q, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: "k", Cart: cart})
		if err != nil {
			t.Fatal(err)
		}
		stopped := slices.ContainsFunc(q.Messages, commerce.Message.Blocks)
		if stopped != c.stopped {
			t.Errorf("%s: stopped %t, %+v", name, stopped, q.Messages)
		}
	}
}

const wholeOrder = `{"ref":"1","currency":"USD","total":"20.00","status":"shipped","payment":"captured","options":["counter","bike"],
 "lines":[{"id":"a","item":"A","ordered":1,"fulfilled":1,"title":"<b>Tea</b>"}],
 "shipments":[{"id":"s1","type":"digital","status":"delivered","description":"Your <i>file</i>","lines":[{"line":"a","quantity":1}],
   "digital":{"access_url":"https://shop.example/f/1","license_key":"K-1","expires_at":"2027-01-01 00:00:00"},
   "events":[{"id":"e1","type":"delivered","at":"2026-11-22 08:00:00","description":"<p>Sent</p>","location":"Bay"}]},
  {"id":"s2","type":"pickup","status":"ready_for_pickup","earliest":"2026-11-23 08:00:00","latest":"2026-11-24 08:00:00"}],
 "adjustments":[{"id":"b1","type":"return","at":"2026-11-25 08:00:00","amount":"0.00","lines":[{"line":"a","quantity":1}],"reason":"chipped","description":"x"}]}`

func TestAWholeOrder(t *testing.T) {
	t.Parallel()
	_, a := open(t, spoken, map[string]string{"GET /orders/1": wholeOrder})
	o, err := a.GetOrder(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	one := []commerce.LineQuantity{{LineID: "a", Quantity: 1}}
	if d := cmp.Diff([]commerce.Shipment{
		{
			ID: "s1", Type: commerce.Digital, Status: "delivered", Description: "Your file", Lines: one,
			Digital: &commerce.DigitalDelivery{AccessURL: "https://shop.example/f/1", LicenseKey: "K-1", ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
			Events:  []commerce.FulfillmentEvent{{ID: "e1", Type: "delivered", Description: "Sent", Location: "Bay", OccurredAt: at}},
		},
		{ID: "s2", Type: commerce.Pickup, Status: "ready_for_pickup", Estimated: commerce.Window{Earliest: at.AddDate(0, 0, 1), Latest: at.AddDate(0, 0, 2)}},
	}, o.Shipments); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]commerce.Adjustment{{
		ID: "b1", Type: "return", Status: commerce.AdjustmentCompleted, OccurredAt: at.AddDate(0, 0, 3), Lines: one, Currency: "usd", Description: "x", Reason: "chipped",
	}}, o.Adjustments); d != "" {
		t.Error(d)
	}
	if o.Lines[0].Title != "Tea" || !slices.Equal(o.OptionIDs, []string{"counter", "bike"}) {
		t.Errorf("%+v", o)
	}
	for old, want := range map[string][2]string{
		`"status":"delivered"`:                       {`"status":"gone"`, "want one of pending"},
		`"type":"digital"`:                           {`"type":"shipping"`, "belongs to the type digital only"},
		`"access_url":"https://shop.example/f/1"`:    {`"access_url":"/f/1"`, "absolute http or https URL"},
		`"type":"delivered"`:                         {`"type":"flew"`, "failed_attempt"},
		`"at":"2026-11-22 08:00:00","description"`:   {`"description"`, "type: and at are required"},
		`"type":"return","at":"2026-11-25 08:00:00"`: {`"type":"refund","at":"2026-11-25 08:00:00"`, "credit, return"},
	} {
		_, a := open(t, spoken, map[string]string{"GET /orders/1": strings.Replace(wholeOrder, old, want[0], 1)})
		if _, err := a.GetOrder(t.Context(), "1"); err == nil || !strings.Contains(err.Error(), want[1]) {
			t.Errorf("%s: %v, want %q", want[0], err, want[1])
		}
	}
}

const handOff = `continue_url:
  cart: /cart/{$in.cart_ref.id}
  new_cart: /cart
  query: {items: '[$in.lines[] | "\(.item):\(.quantity)"] | join(",")', token: $keep.token, lang: $in.locale}
operations:
`

func TestTheLinkIntoTheShop(t *testing.T) {
	t.Parallel()
	text := strings.Replace(spoken, "operations:\n", handOff, 1)
	f, a := open(t, text, nil)
	cart := three
	cart.Buyer = &commerce.Buyer{Email: "ada@example.com"}
	for ref, want := range map[string]string{
		`{"cart":{"id":"a/b c"},"keep":{"token":"t&1"}}`: f.URL + "/api/cart/a%2Fb%20c?items=A%3A2%2CB%3A2%2CC%3A1&token=t%261",
		"": f.URL + "/api/cart?items=A%3A2%2CB%3A2%2CC%3A1",
	} {
		if got, err := a.Continue(cart, ref); err != nil || got != want {
			t.Errorf("%q leads to %s (%v), want %s", ref, got, err, want)
		}
	}
	if n := len(f.calls()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
	if _, err := a.Continue(cart, `{"cart":`); err == nil {
		t.Error("a reference that is none of ours leads somewhere")
	}
	_, other := open(t, strings.Replace(text, "  cart: /cart", "  base: '\"https://www.shop.example/eu/\"'\n  cart: /cart", 1), nil)
	if got, err := other.Continue(cart, `{"cart":{"id":"1"},"keep":{}}`); err != nil || !strings.HasPrefix(got, "https://www.shop.example/eu/cart/1?") {
		t.Errorf("another base leads to %s, %v", got, err)
	}
	for name, change := range map[string][2]string{
		"a script for a base":     {"  cart: /cart", "  base: '\"javascript:alert(1)\"'\n  cart: /cart"},
		"no base":                 {"  cart: /cart", "  base: $values.nowhere\n  cart: /cart"},
		"the buyer is not there":  {"cart: /cart/{$in.cart_ref.id}", "cart: /cart/{$in.email}"},
		"a path that leads aside": {"cart: /cart/{$in.cart_ref.id}", "cart: '/cart/{\"..\"}'"},
		"only with a new cart":    {"  new_cart: /cart\n", ""},
	} {
		_, bad := open(t, strings.Replace(text, change[0], change[1], 1), nil)
		ref := `{"cart":{"id":"1"},"keep":{}}`
		if name == "only with a new cart" {
			ref = ""
		}
		got, err := bad.Continue(cart, ref)
		if commerce.KindOf(err) != commerce.Unsupported || got != "" {
			t.Errorf("%s: %q, %v, want Unsupported", name, got, err)
		}
	}
}

func TestConsentIsTold(t *testing.T) {
	t.Parallel()
	text := strings.Replace(spoken, "operations:\n", `operations:
  record_consent:
    steps:
      - {post: /letters, body: '$in'}
`, 1)
	f, a := open(t, text, map[string]string{"POST /letters": `{}`})
	r := adapters.ConsentRecord{
		Key: "k", OrderRef: "7", Address: "ada@example.com",
		Consent: commerce.Consent{Channel: "email", OptedIn: true, DisplayText: "Letters?", At: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)},
	}
	if err := a.RecordConsent(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	const want = `{"address":"ada@example.com","at":"2026-11-22T08:00:00Z","channel":"email","display_text":"Letters?","key":"k","opted_in":true,"order_ref":"7"}`
	if f.bodies[0] != want {
		t.Errorf("told %s", f.bodies[0])
	}
	f.status["POST /letters"] = 500
	if err := a.RecordConsent(t.Context(), r); commerce.KindOf(err) != commerce.Indeterminate || strings.Contains(err.Error(), "ada@") {
		t.Errorf("a broken answer is %v, want Indeterminate", err)
	}
	r.OrderRef = ""
	if err := a.RecordConsent(t.Context(), r); err == nil {
		t.Error("a consent without an order is told")
	}
}

func TestWhatTheFactsPromise(t *testing.T) {
	t.Parallel()
	reads := strings.Replace(stateless, "n: .quantity}]}'", "n: .quantity}], codes: $in.codes, ways: $in.choices}'", 1)
	if a, err := load(stateless, nil); err != nil || !a.Facts.NoCodes || a.Facts.Split || a.Continue != nil || a.RecordConsent != nil {
		t.Errorf("a shop that reads no codes: %+v, %v", a.Facts, err)
	}
	if a, err := load(reads, nil); err != nil || a.Facts.NoCodes {
		t.Errorf("a shop that reads codes: %+v, %v", a.Facts, err)
	}
	whole := strings.Replace(stateless, "body: '{lines: [$in.lines[] | {sku: .item, n: .quantity}]}'", "body: $in", 1)
	if a, err := load(strings.Replace(whole, "currency: usd}", "currency: usd, split: true, codes: true}", 1), nil); err != nil || a.Facts.NoCodes || !a.Facts.Split {
		t.Errorf("a shop that is handed everything: %+v, %v", a.Facts, err)
	}
	if a, err := load(strings.Replace(reads, "currency: usd}", "currency: usd, codes: false, split: true}", 1), nil); err != nil || !a.Facts.NoCodes || !a.Facts.Split {
		t.Errorf("a shop that reads codes and takes none: %+v, %v", a.Facts, err)
	}
	const link = "continue_url: {%s}\noperations:\n"
	for now, want := range map[string]string{
		"currency: usd, split: true}":  "no expression of quote reads $in.choices",
		"currency: usd, codes: true}":  "no expression of quote reads $in.codes",
		"currency: usd, codes: maybe}": "codes",
	} {
		if _, err := load(strings.Replace(stateless, "currency: usd}", now, 1), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", now, err, want)
		}
	}
	for now, want := range map[string]string{
		"{query: {a: '1'}}":                "wants cart",
		"{cart: 'https://shop.example/x'}": "starts with one /",
		"{cart: '//evil.example/x'}":       "starts with one /",
		"{cart: '/x?y=1'}":                 "write it under query",
		"{cart: '/x', querry: {}}":         "unknown key",
		"{cart: '/x', query: {a: [1]}}":    "wants an expression",
		"{cart: '/{$in.cart_ref'}":         "never closed",
		"{cart: '/x', base: 'env.HOME'}":   "may not be used",
		"{cart: '/x'}\nnothing: {}":        "unknown key",
	} {
		text := strings.Replace(stateless, "operations:\n", strings.Replace(link, "{%s}", now, 1), 1)
		if _, err := load(text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", now, err, want)
		}
	}
	text := strings.Replace(stateless, "operations:\n", "operations:\n  record_consent:\n    result: .x\n", 1)
	if _, err := load(text, nil); err == nil || !strings.Contains(err.Error(), "write at least one step") || !strings.Contains(err.Error(), "is not used here") {
		t.Errorf("an operation without steps: %v", err)
	}
}
