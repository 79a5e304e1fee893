package declarative

import (
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// snapshot reads an order. Path says where it stands in the result.
func (m moneyRules) snapshot(r *reading, path string, v any) commerce.Snapshot {
	o := r.object(path, v)
	s := commerce.Snapshot{
		Number: o.text("number"), Key: o.text("key"), Permalink: o.text("permalink"), TxnID: o.text("txn_id"),
		OptionID: o.text("option"), Revision: o.text("revision"), UpdatedAt: o.time("updated_at"),
		Status:  commerce.OrderStatus(o.oneOf("status", "created", "confirmed", "manual_review", "processing", "shipped", "completed", "canceled")),
		Payment: commerce.PaymentState(o.oneOf("payment", "none", "authorized", "captured", "voided", "refunded")),
	}
	ref, err := encodeReference(o.get("ref"))
	if err != nil {
		o.fail("ref", err.Error())
	}
	s.Ref = ref
	if s.Status == "" {
		o.fail("status", "is required")
	}
	if s.Payment == "" {
		o.fail("payment", "is required")
	}
	if code := o.required("currency"); !strings.EqualFold(code, string(m.currency)) {
		o.fail("currency", "is not the currency of the shop")
	}
	s.Currency = m.currency
	total, ok := o.amount("total")
	if !ok || total.IsNegative() {
		o.fail("total", "is required and must not be negative")
	}
	s.ExactTotal = total.String()
	if s.Total, err = m.minor(total, m.currency); err != nil {
		o.fail("total", err.Error())
	}
	for _, l := range o.objects("lines") {
		s.Lines = append(s.Lines, snapshotLine(l))
	}
	if v := o.get("ship_to"); v != nil {
		s.ShipTo = address(r.object(path+".ship_to", v))
	}
	for _, sh := range o.objects("shipments") {
		s.Shipments = append(s.Shipments, shipment(sh))
	}
	for _, rf := range o.objects("refunds") {
		s.Refunds = append(s.Refunds, refund(rf))
	}
	o.done()
	return s
}

func snapshotLine(o object) commerce.SnapshotLine {
	l := commerce.SnapshotLine{
		ID: o.required("id"), ItemID: o.required("item"), Title: o.text("title"), ImageURL: o.text("image"),
		Ordered: o.count("ordered", -1), UnitPrice: o.minor("unit"),
	}
	if l.Ordered < 0 {
		o.fail("ordered", "is required")
	}
	l.Current, l.Fulfilled = o.count("current", l.Ordered), o.count("fulfilled", 0)
	o.done()
	return l
}

func address(o object) *commerce.Address {
	a := &commerce.Address{
		Name: o.text("name"), Company: o.text("company"), LineOne: o.text("line_one"), LineTwo: o.text("line_two"),
		City: o.text("city"), State: o.text("state"), PostalCode: o.text("postal_code"), Country: strings.ToUpper(o.text("country")),
	}
	o.done()
	return a
}

func shipment(o object) commerce.Shipment {
	s := commerce.Shipment{
		ID: o.text("id"), Status: o.text("status"), Carrier: o.text("carrier"), TrackingNumber: o.text("tracking_number"),
		TrackingURL: o.text("tracking_url"), Lines: quantities(o), ShippedAt: o.time("shipped_at"), DeliveredAt: o.time("delivered_at"),
	}
	if s.Status == "" {
		s.Status = "shipped"
	}
	o.done()
	return s
}

func refund(o object) commerce.ShopRefund {
	r := commerce.ShopRefund{
		ID: o.required("id"), Reason: o.text("reason"), Amount: o.minor("amount"), Lines: quantities(o), CreatedAt: o.time("created_at"),
	}
	o.done()
	return r
}

func quantities(o object) []commerce.LineQuantity {
	var out []commerce.LineQuantity
	for _, l := range o.objects("lines") {
		out = append(out, commerce.LineQuantity{LineID: l.required("line"), Quantity: l.count("quantity", 0)})
		l.done()
	}
	return out
}
