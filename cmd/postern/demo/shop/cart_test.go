package shop

import (
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func TestCartIsBuiltInStepsAndTaxedUnrounded(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin()
	if a := b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"SCL-2000","qty":"1"}`); a.status != 201 {
		t.Errorf("first line: status %d", a.status)
	}
	b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"FLT-0100","qty":2}`)
	a := b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"FLT-0100","qty":1}`)
	if len(a.body.Cart.Lines) != 2 || a.body.Cart.Lines[1].Quantity != "3" {
		t.Fatalf("adding an article twice must make one line of 3: %s", a.text)
	}
	if a.body.Cart.TaxFinal != "N" || a.body.Cart.Totals.Grand != "79.3400" {
		t.Errorf("without an address: %s", a.text)
	}
	a = b.ok("POST", "/cart/"+b.cart+"/customer", californian)
	if a.body.Cart.TaxFinal != "Y" || a.body.Cart.Lines[0].Tax != "4.949175" {
		t.Errorf("59.99 at 8.25 %% must be 4.949175 in full: %s", a.text)
	}
	a = b.ok("GET", "/cart/"+b.cart+"/shipping", "")
	if len(a.body.Methods) != 2 || a.body.Methods[0].Code != "standard" || a.body.Methods[0].Price != "7.10" || a.body.Methods[1].Price != "19.70" {
		t.Fatalf("1180 g counts as 2 kg: %s", a.text)
	}
	b.ok("POST", "/cart/"+b.cart+"/shipping", `{"code":"express"}`)
	b.ok("POST", "/cart/"+b.cart+"/coupon", `{"code":"SAVE10"}`)
	got := b.ok("GET", "/cart/"+b.cart, "").body.Cart
	want := Totals{Items: "79.34", Discount: "7.94", Shipping: "19.70", Tax: "7.51575", Grand: "98.61575"}
	if got.Totals != want {
		t.Errorf("totals = %+v, want %+v", got.Totals, want)
	}
	sum := decimal.RequireFromString(got.Shipping.Tax)
	for _, l := range got.Lines {
		sum = sum.Add(decimal.RequireFromString(l.Tax))
	}
	if !sum.Equal(decimal.RequireFromString(got.Totals.Tax)) {
		t.Errorf("taxes of lines and shipping sum to %s, total says %s", sum, got.Totals.Tax)
	}
	a = b.ok("PUT", "/cart/"+b.cart+"/lines/2", `{"qty":1}`)
	if a.body.Cart.Lines[1].Amount != "6.45" {
		t.Errorf("after setting the line: %s", a.text)
	}
	a = b.ok("DELETE", "/cart/"+b.cart+"/lines/1", "")
	if len(a.body.Cart.Lines) != 1 || a.body.Cart.Lines[0].SKU != "FLT-0100" {
		t.Errorf("after deleting the line: %s", a.text)
	}
	a = b.ok("POST", "/cart/"+b.cart+"/customer", californian)
	if a.body.Cart.Shipping != nil {
		t.Errorf("a new address must forget the way of shipping: %s", a.text)
	}
}

func TestTaxByRegion(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	for state, want := range map[string]string{"CA": "7.3425", "NY": "7.89875", "OR": "0.0000", "TX": "4.4500"} {
		b.begin("KET-0900")
		a := b.ok("POST", "/cart/"+b.cart+"/customer", strings.Replace(californian, `"CA"`, `"`+state+`"`, 1))
		if got := a.body.Cart.Totals.Tax; got != want {
			t.Errorf("%s: tax on 89.00 = %s, want %s", state, got, want)
		}
	}
}

func TestSessionChangesWithEveryAnswer(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin("CUP-0002")
	lines := "/cart/" + b.cart + "/lines"
	first, firstNonce := b.token, b.nonce
	b.ok("POST", lines, `{"sku":"FLT-0100","qty":1}`)
	if b.token == first || b.nonce == firstNonce {
		t.Fatal("token and nonce must change")
	}
	b.token, b.nonce = first, firstNonce
	b.ok("POST", lines, `{"sku":"FLT-0100","qty":1}`) // one lost reply is forgiven
	b.ok("GET", "/cart/"+b.cart, "")
	newest, newestNonce := b.token, b.nonce

	b.refused(403, "TOKEN", "POST", lines, `{"sku":"FLT-0100","qty":1}`, HeaderToken, first)
	b.refused(403, "TOKEN", "GET", "/cart/"+b.cart, "", HeaderToken, "")
	b.refused(403, "NONCE", "POST", lines, `{"sku":"FLT-0100","qty":1}`, HeaderNonce, firstNonce)
	if b.token != newest || b.nonce != newestNonce {
		t.Error("a refused session must not be given the next one")
	}
	a := b.ok("GET", "/cart/"+b.cart, "")
	if got := a.body.Cart.Lines[1].Quantity; got != "2" {
		t.Errorf("refused calls changed the cart: quantity %s", got)
	}
	other := b.cart
	kept := b.token
	b.begin()
	b.refused(403, "TOKEN", "GET", "/cart/"+other, "")
	b.refused(403, "TOKEN", "GET", "/cart/"+b.cart, "", HeaderToken, kept)
}

func TestTokenComesWithRefusalsToo(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin("CUP-0002")
	before := b.token
	sellOut(b, "APR-LIN1")
	b.refused(409, "STOCK", "POST", "/cart/"+b.cart+"/lines", `{"sku":"APR-LIN1","qty":1}`)
	if b.token == before {
		t.Error("a refusal must carry the next token")
	}
}

func sellOut(b *buyer, sku string) {
	b.t.Helper()
	if err := b.shop.SetStock(sku, 0); err != nil {
		b.t.Fatal(err)
	}
}

func TestLinesThatAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin()
	lines := "/cart/" + b.cart + "/lines"
	if a := b.refused(200, "ITEM", "POST", lines, `{"sku":"NONE","qty":1}`); a.body.Reason != "unknown" || a.body.SKU != "NONE" {
		t.Errorf("unknown article: %s", a.text)
	}
	if a := b.refused(200, "ITEM", "POST", lines, `{"sku":"MUG-2009","qty":1}`); a.body.Reason != "discontinued" {
		t.Errorf("discontinued article: %s", a.text)
	}
	if a := b.refused(422, "QTY", "POST", lines, `{"sku":"KET-0900","qty":6}`); a.body.Max != "5" {
		t.Errorf("too many: %s", a.text)
	}
	b.ok("POST", lines, `{"sku":"KET-0900","qty":4}`)
	b.refused(422, "QTY", "POST", lines, `{"sku":"KET-0900","qty":2}`)
	for _, qty := range []string{"0", "-1", `"-2"`} {
		b.refused(422, "QTY", "POST", lines, `{"sku":"KET-0900","qty":`+qty+`}`)
	}
	if err := b.shop.SetStock("GRN-0250", 2); err != nil {
		t.Fatal(err)
	}
	if a := b.refused(409, "STOCK", "POST", lines, `{"sku":"GRN-0250","qty":3}`); a.body.SKU != "GRN-0250" || a.body.Available != "2" {
		t.Errorf("short stock: %s", a.text)
	}
	sellOut(b, "KET-0900")
	b.refused(409, "STOCK", "PUT", lines+"/1", `{"qty":5}`)
	for _, body := range []string{``, `[]`, `{"sku":"KET-0900","qty":1.5}`, `{"sku":"KET-0900","qty":1e2}`, `{"sku":"KET-0900","sku":"FLT-0100","qty":1}`} {
		b.refused(400, "REQUEST", "POST", lines, body)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin("KET-0900")
	customer := "/cart/" + b.cart + "/customer"
	for field, body := range map[string]string{
		"country": strings.Replace(californian, `"US"`, `"USA"`, 1),
		"state":   strings.Replace(californian, `"CA"`, `"XX"`, 1),
		"zip":     strings.Replace(californian, `"93650"`, `"9365"`, 1),
		"city":    strings.Replace(californian, `"Fresno"`, `" "`, 1),
		"street1": strings.Replace(californian, `"1 Main St"`, `""`, 1),
	} {
		if a := b.refused(422, "ADDRESS", "POST", customer, body); a.body.Field != field {
			t.Errorf("want field %s: %s", field, a.text)
		}
	}
	if a := b.refused(422, "BUYER", "POST", customer, `{"email":"nobody"}`); a.body.Field != "email" {
		t.Errorf("bad e-mail: %s", a.text)
	}
	if a := b.refused(422, "ADDRESS", "GET", "/cart/"+b.cart+"/shipping", ""); a.body.Field != "ship_to" {
		t.Errorf("no address yet: %s", a.text)
	}
	a := b.ok("POST", customer, strings.Replace(californian, `"US"`, `"FR"`, 1))
	if a.body.Cart.Totals.Tax != "0.0000" {
		t.Errorf("abroad has no tax: %s", a.text)
	}
	if a := b.ok("GET", "/cart/"+b.cart+"/shipping", ""); len(a.body.Methods) != 0 || !strings.Contains(a.text, `"methods":[]`) {
		t.Errorf("abroad is not served: %s", a.text)
	}
	b.refused(422, "SHIPPING", "POST", "/cart/"+b.cart+"/shipping", `{"code":"standard"}`)
	b.ok("POST", customer, strings.Replace(californian, `"CA"`, `"HI"`, 1))
	if a := b.ok("GET", "/cart/"+b.cart+"/shipping", ""); len(a.body.Methods) != 1 || a.body.Methods[0].Code != "standard" {
		t.Errorf("express does not fly to Hawaii: %s", a.text)
	}
	b.refused(422, "SHIPPING", "POST", "/cart/"+b.cart+"/shipping", `{"code":"express"}`)
}

func TestCoupons(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin("KET-0900", "FLT-0100")
	coupon := "/cart/" + b.cart + "/coupon"
	for code, want := range map[string]struct {
		status int
		reason string
	}{"NOPE": {200, "unknown"}, "save10": {200, "unknown"}, "SUMMER09": {200, "expired"}, "BIG20": {422, "minimum"}} {
		if a := b.refused(want.status, "COUPON", "POST", coupon, `{"code":"`+code+`"}`); a.body.Reason != want.reason || a.body.Coupon != code {
			t.Errorf("%s: %s", code, a.text)
		}
	}
	b.ok("POST", coupon, `{"code":"SAVE10"}`)
	again := b.ok("POST", coupon, `{"code":"SAVE10"}`)
	if len(again.body.Cart.Coupons) != 1 {
		t.Errorf("a code counts once: %s", again.text)
	}
	a := b.ok("POST", coupon, `{"code":"WELCOME5"}`)
	if got := a.body.Cart.Totals.Discount; got != "14.55" { // 8.90 + 0.65 + 5.00
		t.Errorf("discount = %s: %s", got, a.text)
	}
	if shares := a.body.Cart.Coupons[1].Lines; shares[0].Amount != "4.66" || shares[1].Amount != "0.34" {
		t.Errorf("5.00 over 80.10 and 5.80 = %+v", shares)
	}
	b.ok("PUT", "/cart/"+b.cart+"/lines/1", `{"qty":2}`)
	if a := b.refused(422, "COUPON", "POST", coupon, `{"code":"BIG20"}`); a.body.Reason != "combination" {
		t.Errorf("two percentages: %s", a.text)
	}
	b.ok("DELETE", coupon+"/SAVE10", "")
	b.ok("POST", coupon, `{"code":"BIG20"}`)
	a = b.ok("PUT", "/cart/"+b.cart+"/lines/1", `{"qty":1}`)
	if cp := a.body.Cart.Coupons[1]; cp.Problem != "minimum" || cp.Discount != "0.00" {
		t.Errorf("below its minimum a code takes nothing off: %s", a.text)
	}
	if a := b.call("DELETE", coupon+"/SAVE10", ""); a.status != 404 {
		t.Errorf("removing a code that is not there: %d", a.status)
	}
}

func TestFixedCouponNeverMakesALineNegative(t *testing.T) {
	t.Parallel()
	three, sum := []decimal.Decimal{dec("1.00"), dec("1.00"), dec("1.00")}, dec("3.00")
	got := spread(dec("1.00"), three, sum)
	if !got[0].Equal(dec("0.34")) || !got[1].Equal(dec("0.33")) || !got[2].Equal(dec("0.33")) {
		t.Errorf("1.00 over three = %v", got)
	}
	v, _ := findVoucher("WELCOME5")
	off := v.allocate(three)
	for i, o := range off {
		if !o.Equal(three[i]) {
			t.Errorf("5.00 off 3.00 takes %s off a line of 1.00", o)
		}
	}
	if got := spread(dec("5"), nil, decimal.Zero); len(got) != 0 {
		t.Errorf("nothing to spread over: %v", got)
	}
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func TestCartDeletion(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin("CUP-0002")
	b.refused(403, "TOKEN", "DELETE", "/cart/"+b.cart, "", HeaderKey, "", HeaderToken, "x")
	b.refused(403, "TOKEN", "DELETE", "/cart/"+b.cart, "", HeaderKey, "wrong", HeaderToken, "")
	if a := b.call("DELETE", "/cart/"+b.cart, "", HeaderKey, ""); a.status != 200 {
		t.Errorf("with the session: %d %s", a.status, a.text)
	}
	if a := b.call("GET", "/cart/"+b.cart, ""); a.status != 404 || !strings.Contains(a.text, "<html>") {
		t.Errorf("a cart that is gone is an HTML page with 404: %d %s", a.status, a.text)
	}
	b.begin("CUP-0002")
	if a := b.call("DELETE", "/cart/"+b.cart, "", HeaderToken, ""); a.status != 200 {
		t.Errorf("with the office key: %d %s", a.status, a.text)
	}
	if left := b.shop.Carts(); len(left) != 0 {
		t.Errorf("carts left: %v", left)
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	if a := b.ok("GET", "/items", ""); len(a.body.Items) != len(Catalogue()) {
		t.Errorf("items: %s", a.text)
	}
	a := b.ok("GET", "/items/APR-LIN1", "")
	if it := a.body.Item; it.InStock != "3" || it.MaxQuantity != "2" || it.Sold != "Y" || it.Price != "42.00" {
		t.Errorf("item: %s", a.text)
	}
	if got := b.call("GET", strings.TrimPrefix(a.body.Item.Image, b.url), ""); got.status != 200 || got.header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("image: %d %s", got.status, got.text)
	}
	for _, path := range []string{"/items/NONE", "/img/NONE.svg", "/img/APR-LIN1", "/nowhere"} {
		if got := b.call("GET", path, ""); got.status != 404 || !strings.Contains(got.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s", path, got.status, got.text)
		}
	}
}
