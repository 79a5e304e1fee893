package shop

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestPlacingTakesStockAndASecondCallPlacesAgain(t *testing.T) {
	t.Parallel()
	b := open(t, Options{Clock: stoppedClock()})
	b.ready("KET-0900", "GRN-0250")
	a := b.ok("POST", "/orders", b.placing("ref-1"))
	o := a.body.Order
	if a.status != 201 || o.State != Pending || o.ExternalRef != "ref-1" || o.Cart != b.cart || o.Revision != 1 {
		t.Fatalf("order: %d %s", a.status, a.text)
	}
	if o.Totals.Grand != "122.9720" { // (89.00 + 17.50 + 7.10) * 1.0825
		t.Errorf("grand = %s", o.Totals.Grand)
	}
	if o.Payment != (Payment{State: "authorized", Provider: "stripe", Reference: "pi_1"}) {
		t.Errorf("payment = %+v", o.Payment)
	}
	if o.UpdatedAt != "2026-11-22 09:00:00" || o.UpdatedUnix != opening.Unix() {
		t.Errorf("updated at %s, %d", o.UpdatedAt, o.UpdatedUnix)
	}
	second := b.ok("POST", "/orders", b.placing("ref-1")).body.Order
	if second.Number == o.Number {
		t.Fatal("the old shop has no idempotency: a second call is a second order")
	}
	if got := b.shop.Stock()["KET-0900"]; got != 38 {
		t.Errorf("stock = %d, want 38", got)
	}
	found := b.ok("GET", "/orders?external_ref=ref-1", "").body
	if found.Count != 2 || found.Orders[0].Number != o.Number || found.Orders[1].Number != second.Number {
		t.Errorf("look-up: %+v", found)
	}
	for _, ref := range []string{"ref", "REF-1", "ref-1%", ""} {
		if got := b.ok("GET", "/orders?external_ref="+strings.ReplaceAll(ref, "%", "%25"), "").body.Count; got != 0 {
			t.Errorf("look-up of %q is not exact: %d orders", ref, got)
		}
	}
	if page := b.call("GET", strings.TrimPrefix(o.URL, b.url), "", HeaderKey, ""); page.status != 200 || !strings.Contains(page.text, "pending") || strings.Contains(page.text, "Ada") {
		t.Errorf("the order's page: %d %s", page.status, page.text)
	}
}

func TestPlacingIsRefused(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin()
	if a := b.refused(409, "CART", "POST", "/orders", b.placing("r")); a.body.Reason != "empty" {
		t.Errorf("empty cart: %s", a.text)
	}
	b.begin("KET-0900", "GRN-0250")
	if a := b.refused(422, "ADDRESS", "POST", "/orders", b.placing("r")); a.body.Field != "ship_to" {
		t.Errorf("no address: %s", a.text)
	}
	b.ok("POST", "/cart/"+b.cart+"/customer", californian)
	if a := b.refused(422, "SHIPPING", "POST", "/orders", b.placing("r")); a.body.Reason != "not_chosen" {
		t.Errorf("no way of shipping: %s", a.text)
	}
	b.ok("POST", "/cart/"+b.cart+"/shipping", `{"code":"standard"}`)
	with := func(more string) string { return strings.Replace(b.placing("r"), "{", "{"+more+",", 1) }
	if a := b.refused(409, "PRICE", "POST", "/orders", with(`"expected_total":"122.98"`)); a.body.Total != "122.9720" {
		t.Errorf("other total: %s", a.text)
	}
	b.refused(400, "REQUEST", "POST", "/orders", with(`"expected_total":"1e9"`))
	b.refused(422, "PAYMENT", "POST", "/orders", strings.Replace(b.placing("r"), "authorized", "promised", 1))
	b.refused(401, "AUTH", "POST", "/orders", b.placing("r"), HeaderKey, "wrong")
	b.refused(401, "AUTH", "GET", "/orders", "", HeaderKey, "")
	b.refused(401, "AUTH", "GET", "/orders/200901", "", HeaderKey, "")
	sellOut(b, "GRN-0250")
	if a := b.refused(409, "STOCK", "POST", "/orders", b.placing("r")); a.body.SKU != "GRN-0250" || a.body.Available != "0" {
		t.Errorf("sold out: %s", a.text)
	}
	b.ok("DELETE", "/cart/"+b.cart+"/lines/2", "")
	b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"CUP-0002","qty":2}`)
	b.ok("POST", "/cart/"+b.cart+"/coupon", `{"code":"BIG20"}`)
	b.ok("PUT", "/cart/"+b.cart+"/lines/3", `{"qty":1}`)
	if a := b.refused(422, "COUPON", "POST", "/orders", b.placing("r")); a.body.Reason != "minimum" || a.body.Coupon != "BIG20" {
		t.Errorf("code below its minimum: %s", a.text)
	}
	if n := len(b.shop.Orders()); n != 0 {
		t.Fatalf("%d orders after refusals only", n)
	}
	if got := b.shop.Stock()["KET-0900"]; got != 40 {
		t.Errorf("refusals took stock: %d left", got)
	}
	if err := b.shop.VanishCart(b.cart); err != nil {
		t.Fatal(err)
	}
	if a := b.refused(409, "CART", "POST", "/orders", b.placing("r")); a.body.Reason != "gone" {
		t.Errorf("no cart: %s", a.text)
	}
}

func TestExpectedTotalMayBeExactOrRounded(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	for _, total := range []string{`"122.97"`, `122.97`, `"122.9720"`, `null`} {
		b.ready("KET-0900", "GRN-0250")
		b.ok("POST", "/orders", strings.Replace(b.placing("r"), "{", `{"expected_total":`+total+`,`, 1))
	}
	if o := b.shop.Orders()[0]; o.TotalMinor() != 12297 {
		t.Errorf("total = %d cents", o.TotalMinor())
	}
}

func TestPaymentIsNotedOnce(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.ready("KET-0900")
	o := b.ok("POST", "/orders", b.placing("r")).body.Order
	pay := "/orders/" + o.Number + "/payment"
	const rounded = "104.03" // (89.00 + 7.10) * 1.0825 = 104.02825
	paid := `{"state":"paid","reference":"pi_1","amount":"` + rounded + `"}`

	b.refused(422, "AMOUNT", "POST", pay, `{"state":"paid","reference":"pi_1","amount":"1.00"}`)
	b.refused(422, "AMOUNT", "POST", pay, `{"state":"paid","reference":"pi_1"}`)
	b.refused(422, "PAYMENT", "POST", pay, `{"state":"paid","amount":"1.00"}`)
	b.refused(422, "PAYMENT", "POST", pay, `{"state":"maybe","reference":"pi_1"}`)
	first := b.ok("POST", pay, paid).body.Order
	if first.State != Paid || first.Payment.State != "paid" || first.Payment.Amount != rounded || first.Revision != 2 {
		t.Fatalf("paid: %+v", first)
	}
	if again := b.ok("POST", pay, paid).body.Order; again.Revision != 2 {
		t.Errorf("the same note twice changed the order: revision %d", again.Revision)
	}
	b.refused(409, "PAYMENT", "POST", pay, strings.Replace(paid, "pi_1", "pi_2", 1))
	b.refused(409, "PAYMENT", "POST", pay, `{"state":"void","reference":"pi_1"}`)
}

func TestCancelRestocksOnce(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.ready("KET-0900")
	no := b.ok("POST", "/orders", b.placing("r")).body.Order.Number
	b.ok("POST", "/orders/"+no+"/payment", `{"state":"void","reference":"pi_1"}`)
	o := b.ok("POST", "/orders/"+no+"/cancel", "").body.Order
	if o.State != Canceled || o.Payment.State != "void" {
		t.Fatalf("canceled: %+v", o)
	}
	if again := b.ok("POST", "/orders/"+no+"/cancel", "").body.Order; again.Revision != o.Revision {
		t.Error("the second cancel changed the order")
	}
	if got := b.shop.Stock()["KET-0900"]; got != 40 {
		t.Errorf("stock = %d, want 40", got)
	}
	b.refused(409, "STATE", "POST", "/orders/"+no+"/payment", `{"state":"paid","reference":"pi_9","amount":"1.00"}`)
	if n := len(b.shop.LiveOrders()); n != 0 {
		t.Errorf("%d live orders", n)
	}
	if a := b.call("GET", "/orders/999", ""); a.status != 404 || !strings.Contains(a.text, "<html>") {
		t.Errorf("unknown order: %d %s", a.status, a.text)
	}
}

func paidOrder(b *buyer, ref string) Order {
	b.t.Helper()
	b.ready("KET-0900")
	o := b.ok("POST", "/orders", strings.Replace(b.placing(ref), "authorized", "paid", 1)).body.Order
	if o.State != Paid {
		b.t.Fatalf("placed as paid: %s", o.State)
	}
	return o
}

func TestFromPickingToDelivery(t *testing.T) {
	t.Parallel()
	b := open(t, Options{Clock: stoppedClock()})
	no := paidOrder(b, "r").Number
	if err := b.shop.Deliver(no); !errors.Is(err, ErrState) {
		t.Errorf("delivered before it was sent: %v", err)
	}
	for _, err := range []error{b.shop.Pick(no), b.shop.Ship(no, "UPS", "1Z999")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	o := b.ok("GET", "/orders/"+no, "").body.Order
	p := o.Shipments[0]
	if o.State != Shipped || p.Carrier != "UPS" || p.Tracking != "1Z999" || p.URL == "" || p.Lines[0].SKU != "KET-0900" || o.Lines[0].Shipped != "1" || o.Revision != 3 {
		t.Fatalf("shipped: %+v", o)
	}
	b.refused(409, "STATE", "POST", "/orders/"+no+"/cancel", "")
	for move, err := range map[string]error{"ship": b.shop.Ship(no, "UPS", "2"), "pick": b.shop.Pick(no), "cancel": b.shop.CancelOrder(no)} {
		if !errors.Is(err, ErrState) {
			t.Errorf("%s after shipping: %v", move, err)
		}
	}
	if err := b.shop.Deliver(no); err != nil {
		t.Fatal(err)
	}
	if o := b.ok("GET", "/orders/"+no, "").body.Order; o.State != Delivered || o.Shipments[0].State != Delivered || o.Shipments[0].DeliveredAt == "" {
		t.Errorf("delivered: %+v", o)
	}
	for move, err := range map[string]error{"ship": b.shop.Ship("1", "UPS", "2"), "pick": b.shop.Pick("1"), "deliver": b.shop.Deliver("1"), "cancel": b.shop.CancelOrder("1")} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("%s of an unknown order: %v", move, err)
		}
	}
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	o := paidOrder(b, "r")
	id, err := b.shop.Refund(o.Number, "20.00", "dented")
	if err != nil {
		t.Fatal(err)
	}
	note := "/orders/" + o.Number + "/refunds/note"
	settled := b.ok("POST", note, `{"refund":"`+id+`","reference":"re_1"}`).body.Order
	if r := settled.Refunds; len(r) != 1 || r[0].Source != "office" || r[0].Reference != "re_1" || r[0].Amount != "20.00" {
		t.Fatalf("settled: %+v", r)
	}
	noted := b.ok("POST", note, `{"reference":"re_2","amount":"5.5","reason":"goodwill"}`).body.Order
	if r := noted.Refunds; len(r) != 2 || r[1].Source != "noted" || r[1].Amount != "5.50" {
		t.Fatalf("noted: %+v", r)
	}
	if again := b.ok("POST", note, `{"reference":"re_2","amount":"5.5"}`).body.Order; len(again.Refunds) != 2 || again.Revision != noted.Revision {
		t.Errorf("the same note twice: %+v", again.Refunds)
	}
	b.refused(422, "AMOUNT", "POST", note, `{"reference":"re_3","amount":"1000"}`)
	b.refused(422, "AMOUNT", "POST", note, `{"reference":"re_3","amount":"-1"}`)
	b.refused(422, "REFUND", "POST", note, `{"refund":"R1","reference":"re_3"}`)
	b.refused(422, "REFUND", "POST", note, `{"amount":"1.00"}`)
	for _, sum := range []string{"1000.00", "0.00", "1.005", "-1", "x"} {
		if _, err := b.shop.Refund(o.Number, sum, ""); err == nil {
			t.Errorf("refund of %s was taken", sum)
		}
	}
	b.ready("CUP-0002")
	open := b.ok("POST", "/orders", b.placing("unpaid")).body.Order.Number
	if _, err := b.shop.Refund(open, "1.00", ""); !errors.Is(err, ErrState) {
		t.Errorf("refund of an unpaid order: %v", err)
	}
}

func TestChangesInPagesOldestFirst(t *testing.T) {
	t.Parallel()
	clk := stoppedClock()
	b := open(t, Options{Clock: clk})
	var numbers []string
	for i := range 5 {
		numbers = append(numbers, paidOrder(b, fmt.Sprint("r", i)).Number)
		if i != 2 {
			clk.Advance(time.Second) // the third and the fourth share a second
		}
	}
	if err := b.shop.Ship(numbers[0], "UPS", "1Z"); err != nil {
		t.Fatal(err)
	}
	want := []string{numbers[1], numbers[2], numbers[3], numbers[4], numbers[0]}
	var got []string
	for page := 1; ; page++ {
		a := b.ok("GET", fmt.Sprintf("/orders?per_page=2&page=%d", page), "").body
		for _, o := range a.Orders {
			got = append(got, o.Number)
		}
		if a.Count != 5 || a.Pages != 3 {
			t.Fatalf("count %d, pages %d", a.Count, a.Pages)
		}
		if page == a.Pages {
			break
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("order of changes = %v, want %v", got, want)
	}
	since := opening.Add(3 * time.Second) // the fifth was placed then
	for _, form := range []string{"2026-11-22+09:00:03", "2026-11-22T09:00:03.9Z", "2026-11-22T10:00:03%2B01:00", fmt.Sprint(since.Unix())} {
		if a := b.ok("GET", "/orders?updated_since="+form, "").body; a.Count != 2 {
			t.Errorf("since %s: %d orders, want 2", form, a.Count)
		}
	}
	if a := b.ok("GET", "/orders?updated_since=2027-01-01+00:00:00", "").body; a.Count != 0 || a.Pages != 1 {
		t.Errorf("from the future: %+v", a)
	}
	if a := b.ok("GET", "/orders?page=9", "").body; len(a.Orders) != 0 {
		t.Errorf("beyond the last page: %+v", a)
	}
	b.refused(422, "REQUEST", "GET", "/orders?updated_since=yesterday", "")
}

func TestInspectionHandsOutCopies(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	no := paidOrder(b, "r").Number
	if _, err := b.shop.Refund(no, "1.00", "x"); err != nil {
		t.Fatal(err)
	}
	o, _ := b.shop.Order(no)
	o.Lines[0].SKU, o.Refunds[0].ID, o.Customer.ShipTo.City, o.Shipping.Code = "bad", "bad", "bad", "bad"
	if kept, _ := b.shop.Order(no); kept.Lines[0].SKU == "bad" || kept.Refunds[0].ID == "bad" || kept.Customer.ShipTo.City == "bad" || kept.Shipping.Code == "bad" {
		t.Errorf("a caller changed the shop's order: %+v", kept)
	}
}
