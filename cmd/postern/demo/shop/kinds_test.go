package shop

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const neighbour = `{"email":"ada@example.com","ship_to":{"name":"Ada","street1":"5 Ocean View","city":"Pacific Grove","state":"CA","zip":"93950","country":"US"}}`

func TestAParcelForEachDepot(t *testing.T) {
	t.Parallel()
	b := open(t, Options{Clock: stoppedClock()})
	b.begin("TEE-000M", "PST-HARB", "ROA-5000", "EBK-POUR", "MUG-2026")
	if a := b.refused(422, "ADDRESS", "GET", "/cart/"+b.cart+"/shipping", ""); a.body.Field != "ship_to" {
		t.Errorf("goods without an address: %s", a.text)
	}
	b.ok("POST", "/cart/"+b.cart+"/customer", neighbour)
	var codes []string
	for _, m := range b.ok("GET", "/cart/"+b.cart+"/shipping", "").body.Methods {
		codes = append(codes, string(m.Parcel)+":"+m.Code+":"+strings.Join(m.Lines, "+"))
	}
	want := []string{
		"house:standard:1+5", "house:express:1+5", "house:counter:1+5", "house:courier:1+5", "press:tube:2", "press:tube-fast:2", "van:dock:3", "van:van:3",
		"download:download:4",
	}
	if !slices.Equal(codes, want) {
		t.Errorf("ways %v\nwant %v", codes, want)
	}
	for _, code := range []string{"courier", "tube", "van"} {
		b.ok("POST", "/cart/"+b.cart+"/shipping", `{"code":"`+code+`"}`)
	}
	got := b.ok("GET", "/cart/"+b.cart, "").body.Cart
	// 8.50 for the courier, 3.80 + 0.90 for half a kilogram, 60.00 for the van, nothing for the file.
	if got.Totals.Shipping != "73.20" || got.Totals.Fees != "25.00" || got.Totals.Wrap != "" || got.Shipping.Code != "courier" {
		t.Errorf("totals %+v", got.Totals)
	}
	// 24 + 28 + 890 + 12 and 73.20 at 8.25 %, the file at none.
	if got.Totals.Tax != "84.7440" || got.Lines[3].Tax != "0.0000" {
		t.Errorf("tax %s, of the file %s", got.Totals.Tax, got.Lines[3].Tax)
	}
	if p := got.Parcels; len(p) != 4 || p[3].Shipping == nil || p[3].Shipping.Kind != KindDownload || p[0].Shipping.From != "2026-11-23 16:00:00" {
		t.Errorf("parcels %+v", p)
	}
	b.refused(422, "SHIPPING", "POST", "/cart/"+b.cart+"/shipping", `{"code":"download-fast"}`)
	b.ok("POST", "/cart/"+b.cart+"/customer", californian)
	got = b.ok("GET", "/cart/"+b.cart, "").body.Cart
	if got.Shipping != nil || slices.ContainsFunc(got.Parcels, func(p Parcel) bool { return p.Parcel != Download && p.Shipping != nil }) {
		t.Error("a new address must forget every way")
	}
	for _, code := range []string{"van", "dock", "courier", "counter"} {
		b.refused(422, "SHIPPING", "POST", "/cart/"+b.cart+"/shipping", `{"code":"`+code+`"}`)
	}
	b.ok("POST", "/cart/"+b.cart+"/shipping", `{"code":"standard"}`)
	if a := b.refused(422, "SHIPPING", "POST", "/orders", b.placing("r")); a.body.Reason != "not_chosen" {
		t.Errorf("parcels without a way: %s", a.text)
	}
}

func TestAFileNeedsNoAddress(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin("EBK-POUR")
	if m := b.ok("GET", "/cart/"+b.cart+"/shipping", "").body.Methods; len(m) != 1 || m[0].Code != "download" {
		t.Errorf("ways %+v", m)
	}
	o := b.ok("POST", "/orders", b.placing("r")).body.Order
	if o.State != Pending || len(o.Shipments) != 0 || o.Totals.Grand != "14.0000" || o.TaxFinal != "Y" {
		t.Fatalf("order %+v", o)
	}
	o = b.ok("POST", "/orders/"+o.Number+"/payment", `{"state":"paid","reference":"pi_1","amount":"14.00"}`).body.Order
	if o.State != Delivered || len(o.Shipments) != 1 || o.Shipments[0].Link == "" || o.Shipments[0].License == "" || o.Lines[0].Shipped != "1" {
		t.Fatalf("paid: %+v", o)
	}
	if page := b.call("GET", strings.TrimPrefix(o.Shipments[0].Link, b.url), ""); page.status != 200 {
		t.Errorf("the link answers %d", page.status)
	}
	if page := b.call("GET", "/my-download/S1", ""); page.status != 404 {
		t.Errorf("a foreign link answers %d", page.status)
	}
}

func TestRebateComesBeforeCodes(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin()
	b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"MUG-2026","qty":2}`)
	b.ok("POST", "/cart/"+b.cart+"/coupon", `{"code":"SAVE10"}`)
	if got := b.ok("GET", "/cart/"+b.cart, "").body.Cart; len(got.Rebates) != 0 || got.Totals.Discount != "2.40" {
		t.Errorf("two mugs: %+v", got.Totals)
	}
	a := b.ok("PUT", "/cart/"+b.cart+"/lines/1", `{"qty":3}`)
	// 36.00, less 3.60, less a tenth of 32.40.
	if got := a.body.Cart; len(got.Rebates) != 1 || got.Rebates[0].Discount != "3.60" || got.Coupons[0].Discount != "3.24" || got.Totals.Grand != "29.1600" {
		t.Errorf("three mugs: %s", a.text)
	}
}

func TestCodesThatAreNotForThisCart(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin()
	b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"MUG-2026","qty":3}`)
	coupon := "/cart/" + b.cart + "/coupon"
	for code, want := range map[string]string{"CLUB15": "login", "STAFF30": "person", "MUGS10": "already"} {
		if a := b.refused(422, "COUPON", "POST", coupon, `{"code":"`+code+`"}`); a.body.Reason != want {
			t.Errorf("%s: %s", code, a.text)
		}
	}
	if a := b.refused(200, "COUPON", "POST", coupon, `{"code":"FIRST100"}`); a.body.Reason != "used_up" {
		t.Errorf("FIRST100: %s", a.text)
	}
	b.ok("POST", "/cart/"+b.cart+"/customer", `{"email":"Finch@HarborFinch.example"}`)
	b.ok("POST", coupon, `{"code":"STAFF30"}`)
	b.ok("DELETE", coupon+"/STAFF30", "")
	b.ok("PUT", "/cart/"+b.cart+"/lines/1", `{"qty":2}`)
	b.ok("POST", coupon, `{"code":"MUGS10"}`)
	a := b.ok("PUT", "/cart/"+b.cart+"/lines/1", `{"qty":3}`)
	if cp := a.body.Cart.Coupons[0]; cp.Problem != "already" || cp.Discount != "0.00" {
		t.Errorf("with the rebate: %+v", cp)
	}
}

func TestNoticesKeepAMachineFromOrdering(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	for sku, want := range map[string]Notice{"WIN-0750": NoticeAge, "VIP-2026": NoticeSignIn} {
		if want == NoticeSignIn {
			b.begin(sku) // goes nowhere
		} else {
			b.ready(sku)
		}
		if a := b.refused(422, "NOTICE", "POST", "/orders", b.placing("r")); a.body.Reason != string(want) {
			t.Errorf("%s: %s", sku, a.text)
		}
		no, err := b.shop.OrderByHand(b.cart, b.url)
		if err != nil {
			t.Fatal(err)
		}
		if o, _ := b.shop.Order(no); o.Payment.State != "paid" || o.ExternalRef != "" || o.Lines[0].SKU != sku {
			t.Errorf("by hand: %+v", o)
		}
		if _, err := b.shop.OrderByHand(b.cart, b.url); !errors.Is(err, ErrUnknown) {
			t.Errorf("by hand again: %v", err)
		}
	}
	b.ready("RAR-0001")
	got := b.ok("GET", "/cart/"+b.cart, "").body.Cart
	if len(got.Notices) != 1 || got.Notices[0].Code != NoticeLow {
		t.Errorf("notices %+v", got.Notices)
	}
	b.ok("POST", "/orders", b.placing("r"))
	b.begin()
	b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"ROA-5000","qty":3}`)
	if _, err := b.shop.OrderByHand(b.cart, b.url); !errors.Is(err, ErrState) {
		t.Errorf("by hand without an address: %v", err)
	}
	if got := b.ok("GET", "/cart/"+b.cart, "").body.Cart; len(got.Notices) != 1 || got.Notices[0].Code != NoticeApproval || got.Notices[0].Line != "" {
		t.Errorf("notices %+v", got.Notices)
	}
}

func TestPagesOfACart(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.ready("WIN-0750")
	page := b.call("GET", "/my-cart/"+b.cart, "", HeaderToken, "", HeaderKey, "")
	if page.status != 200 || !strings.Contains(page.text, "Tawny Port") || strings.Contains(page.text, "ada@") || strings.Contains(page.text, "Fresno") {
		t.Errorf("the cart's page: %d %s", page.status, page.text)
	}
	carts := len(b.shop.Carts())
	for path, want := range map[string]int{
		"/my-cart/C1": 404, "/my-cart": 200, "/my-cart?items=TEE-000M:2,WIN-0750:1": 200, "/my-cart?items=NOPE:1": 404, "/my-cart?items=OUT-0001:1": 404,
		"/my-cart?items=%3Cscript%3E:1": 400, "/my-cart?items=TEE-000M": 400, "/my-cart?items=TEE-000M:9999": 400,
		"/my-cart?items=" + strings.Repeat("TEE-000M:1,", 200) + "TEE-000M:1": 400,
	} {
		if got := b.call("GET", path, ""); got.status != want || strings.Contains(got.text, "<script>:1") {
			t.Errorf("%s answers %d, want %d", path, got.status, want)
		}
	}
	if len(b.shop.Carts()) != carts {
		t.Error("a page made a cart")
	}
}

func TestSubscribersAreKeptOnce(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.ready("TEE-000M")
	no := b.ok("POST", "/orders", b.placing("r")).body.Order.Number
	body := func(channel, optIn, order string) string {
		return `{"channel":"` + channel + `","address":"a@example.com","opt_in":"` + optIn + `","order":"` + order + `","asked":"Letters?"}`
	}
	for _, bad := range []string{body("pigeon", "Y", no), body("mail", "yes", no), body("mail", "Y", "1")} {
		b.refused(422, "SUBSCRIBER", "POST", "/subscribers", bad)
	}
	b.refused(401, "AUTH", "POST", "/subscribers", body("mail", "Y", no), HeaderKey, "")
	for _, in := range []string{body("mail", "Y", no), body("mail", "Y", no), body("text", "Y", no), body("mail", "N", no)} {
		b.ok("POST", "/subscribers", in)
	}
	list := b.shop.Subscribers()
	if len(list) != 2 || list[0].OptIn != "N" || list[0].Changes != 2 || list[1].Changes != 1 || list[0].At == "" {
		t.Errorf("subscribers %+v", list)
	}
}

func TestControlMovesEveryKind(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin("TEE-000M", "ROA-5000")
	b.ok("POST", "/cart/"+b.cart+"/customer", neighbour)
	b.ok("POST", "/cart/"+b.cart+"/shipping", `{"code":"counter"}`)
	b.ok("POST", "/cart/"+b.cart+"/shipping", `{"code":"van"}`)
	control := func(status int, method, path, body string) string {
		t.Helper()
		a := b.call(method, "/_control/"+path, body, HeaderControl, b.shop.ControlKey())
		if a.status != status {
			t.Errorf("%s %s: %d %s, want %d", method, path, a.status, a.text, status)
		}
		return a.text
	}
	text := control(200, "POST", "carts/"+b.cart+"/order", "")
	no := b.shop.Orders()[0].Number
	if !strings.Contains(text, no) {
		t.Errorf("ordered by hand: %s", text)
	}
	at := "orders/" + no + "/"
	state := func(want State, shipments ...State) {
		t.Helper()
		o, _ := b.shop.Order(no)
		var got []State
		for _, sh := range o.Shipments {
			got = append(got, sh.State)
		}
		if o.State != want || !slices.Equal(got, shipments) {
			t.Errorf("the order is %s with %v, want %s with %v", o.State, got, want, shipments)
		}
	}
	control(409, "POST", at+"miss", "")
	control(409, "POST", at+"deliver", "")
	control(409, "POST", at+"return", `{"sku":"TEE-000M","qty":1}`)
	control(200, "POST", at+"ready", "")
	state(Picking, ReadyToFetch)
	control(409, "POST", at+"cancel", "")
	control(409, "POST", at+"ready", "")
	control(200, "POST", at+"deliver", "")
	state(Picking, Delivered)
	control(409, "POST", at+"deliver", "")
	control(200, "POST", at+"ship", `{"carrier":"UPS","tracking_no":"1Z"}`)
	state(Shipped, Delivered, OutForDelivery)
	control(200, "POST", at+"miss", "")
	control(200, "POST", at+"deliver", "")
	state(Delivered, Delivered, Delivered)
	control(409, "POST", at+"return", `{"sku":"TEE-000M","qty":2}`)
	control(409, "POST", at+"return", `{"sku":"MUG-2026","qty":1}`)
	before := b.shop.Stock()["TEE-000M"]
	if text := control(200, "POST", at+"return", `{"sku":"TEE-000M","qty":1,"reason":"small"}`); !strings.Contains(text, "B8001") || b.shop.Stock()["TEE-000M"] != before+1 {
		t.Errorf("returned: %s", text)
	}
	if text := control(200, "GET", "subscribers", ""); !strings.Contains(text, `"subscribers":[]`) {
		t.Errorf("subscribers: %s", text)
	}
	control(404, "POST", "carts/C1/order", "")
	control(404, "POST", "orders/1/ready", "")
}
