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
		OptionID: o.text("option"), OptionIDs: o.texts("options"), Revision: o.text("revision"), UpdatedAt: o.time("updated_at"),
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
	for _, a := range o.objects("adjustments") {
		s.Adjustments = append(s.Adjustments, adjustment(a))
	}
	o.done()
	return s
}

func snapshotLine(o object) commerce.SnapshotLine {
	l := commerce.SnapshotLine{
		ID: o.required("id"), ItemID: o.required("item"), Title: o.words("title"), ImageURL: o.text("image"),
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

// shipmentStates and eventTypes are the words of orders (2026-04-17, Fulfillment and FulfillmentEvent, read 2026-11-22).
var (
	shipmentStates = []string{
		"pending", "processing", "shipped", "in_transit", "out_for_delivery", "ready_for_pickup", "delivered", "failed", "canceled",
	}
	eventTypes = []string{
		"processing", "shipped", "in_transit", "out_for_delivery", "ready_for_pickup", "delivered", "failed_attempt", "returned_to_sender",
		"canceled", "undeliverable",
	}
)

func shipment(o object) commerce.Shipment {
	s := commerce.Shipment{
		ID: o.text("id"), Status: o.oneOf("status", shipmentStates...), Carrier: o.words("carrier"), TrackingNumber: o.text("tracking_number"),
		TrackingURL: o.text("tracking_url"), Lines: quantities(o), ShippedAt: o.time("shipped_at"), DeliveredAt: o.time("delivered_at"),
		Type:        commerce.FulfillmentType(o.oneOf("type", "shipping", "digital", "pickup", "local_delivery")),
		Description: o.words("description"), Estimated: commerce.Window{Earliest: o.time("earliest"), Latest: o.time("latest")},
	}
	if s.Status == "" {
		s.Status = "shipped"
	}
	if d, ok := o.part("digital"); ok {
		s.Digital = &commerce.DigitalDelivery{AccessURL: d.url("access_url"), LicenseKey: d.text("license_key"), ExpiresAt: d.time("expires_at")}
		if s.Type != commerce.Digital {
			o.fail("digital", "belongs to the type digital only")
		}
		d.done()
	}
	for _, e := range o.objects("events") {
		s.Events = append(s.Events, shipmentEvent(e))
	}
	o.done()
	return s
}

func shipmentEvent(o object) commerce.FulfillmentEvent {
	e := commerce.FulfillmentEvent{
		ID: o.required("id"), Type: o.oneOf("type", eventTypes...), OccurredAt: o.time("at"), Description: o.words("description"),
		Location: o.words("location"),
	}
	if e.Type == "" || e.OccurredAt.IsZero() {
		o.fail("type", "and at are required")
	}
	o.done()
	return e
}

// adjustment is what changed beside refunds, which have a list of their own because Postern moves their money.
func adjustment(o object) commerce.Adjustment {
	a := commerce.Adjustment{
		ID: o.required("id"), Type: o.oneOf("type", "credit", "return", "exchange", "price_adjustment", "cancellation", "dispute"),
		Status:     commerce.AdjustmentStatus(o.oneOf("status", "pending", "completed", "failed")),
		OccurredAt: o.time("at"), Lines: quantities(o), Amount: o.minor("amount"), Currency: o.reading.money.currency,
		Description: o.words("description"), Reason: o.words("reason"),
	}
	if a.Type == "" || a.OccurredAt.IsZero() {
		o.fail("type", "and at are required; refunds belong under refunds")
	}
	if a.Status == "" {
		a.Status = commerce.AdjustmentCompleted
	}
	o.done()
	return a
}

func refund(o object) commerce.ShopRefund {
	r := commerce.ShopRefund{
		ID: o.required("id"), Reason: o.words("reason"), Amount: o.minor("amount"), Lines: quantities(o), CreatedAt: o.time("created_at"),
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
