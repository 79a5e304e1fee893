package commerce_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// bought is an order of two teas and a cup.
func bought() (commerce.Purchase, commerce.Snapshot) {
	p := commerce.Purchase{
		SessionID: "cs_1", OrderID: "1001", Number: "1001", Currency: "usd",
		Lines: []commerce.Line{
			{ID: "li_1", ItemID: "tea", Name: "Tea", Quantity: 2, UnitAmount: 1000, Base: 2000},
			{ID: "li_2", ItemID: "cup", Quantity: 1, UnitAmount: 500, Base: 500},
		},
		Totals:  []commerce.Total{{Type: commerce.TotalDue, Amount: 2500}},
		Choices: []commerce.Choice{{Type: commerce.Shipping, OptionID: "slow"}},
		ShipTo:  &commerce.Contact{Address: &commerce.Address{City: "Reno"}},
	}
	s := commerce.Snapshot{Status: commerce.OrderCreated, Lines: []commerce.SnapshotLine{
		{ID: "b", ItemID: "cup", Ordered: 1, Current: 1}, {ID: "a", ItemID: "tea", Ordered: 2, Current: 2},
	}}
	return p, s
}

// TestOrderOfASnapshot walks an order through its life and asserts the status that R:orders section 7.1 derives.
func TestOrderOfASnapshot(t *testing.T) {
	t.Parallel()
	p, s := bought()
	o := p.Order(s, nil)
	if o.Status != commerce.OrderConfirmed || o.Lines[0].Title != "Tea" || o.Lines[1].Title != "cup" || o.Lines[0].Status() != "processing" {
		t.Fatalf("fresh: %+v", o)
	}
	s.Shipments = []commerce.Shipment{{Status: "shipped", TrackingNumber: "T1", Lines: []commerce.LineQuantity{{LineID: "a", Quantity: 1}, {LineID: "zz", Quantity: 1}}, ShippedAt: time.Unix(1, 0)}}
	s.Lines[1].Fulfilled = 1
	o = p.Order(s, nil)
	if o.Status != commerce.OrderProcessing || o.Lines[0].Status() != "partial" {
		t.Fatalf("in part: %s, %s", o.Status, o.Lines[0].Status())
	}
	f := o.Fulfillments[0]
	if d := cmp.Diff([]commerce.LineQuantity{{LineID: "li_1", Quantity: 1}}, f.Lines); d != "" || f.ID != "ful_1" || f.Destination.City != "Reno" || len(f.Events) != 1 {
		t.Fatalf("fulfillment %+v %s", f, d)
	}
	s.Lines[0].Fulfilled, s.Lines[1].Fulfilled = 1, 2
	if o = p.Order(s, nil); o.Status != commerce.OrderShipped {
		t.Fatalf("all sent: %s", o.Status)
	}
	s.Shipments[0].Status = "delivered"
	if o = p.Order(s, nil); o.Status != commerce.OrderCompleted {
		t.Fatalf("all delivered: %s", o.Status)
	}
	s.Status = commerce.OrderCanceled
	if o = p.Order(s, nil); o.Status != commerce.OrderCanceled || o.Lines[0].Current != 0 || o.Lines[0].Status() != "removed" {
		t.Fatalf("canceled: %s", o.Status)
	}
	p, s = bought()
	p.UnderReview = true
	if o = p.Order(s, nil); o.Status != commerce.OrderManualReview {
		t.Fatalf("under review: %s", o.Status)
	}
}

// TestRefundsStandBesideTheTotal holds that the total never falls, and that only money that has moved counts as refunded.
func TestRefundsStandBesideTheTotal(t *testing.T) {
	t.Parallel()
	p, s := bought()
	s.Refunds = []commerce.ShopRefund{{ID: "r1", Amount: 300}, {ID: "r2", Amount: 200}, {ID: "r3", Amount: 100}}
	o := p.Order(s, map[string]commerce.AdjustmentStatus{"r1": commerce.AdjustmentCompleted, "r3": commerce.AdjustmentFailed})
	var states []commerce.AdjustmentStatus
	for _, a := range o.Adjustments {
		states = append(states, a.Status)
	}
	if d := cmp.Diff([]commerce.AdjustmentStatus{commerce.AdjustmentCompleted, commerce.AdjustmentPending, commerce.AdjustmentFailed}, states); d != "" {
		t.Error(d)
	}
	want := []commerce.Total{{Type: commerce.TotalDue, Amount: 2500}, {Type: commerce.TotalRefunded, DisplayText: "Refunded", Amount: 300}}
	if d := cmp.Diff(want, o.Totals); d != "" {
		t.Error(d)
	}
	if len(p.Totals) != 1 {
		t.Error("the purchase was changed")
	}
	p.Returned = []commerce.ShopRefund{{ID: "re_1", Amount: 2500}}
	s.Refunds = nil
	if o = p.Order(s, nil); o.Refunded() != 2500 {
		t.Errorf("what Postern gave back itself: %d", o.Refunded())
	}
}

func TestOrderRecordSurvivesItsStore(t *testing.T) {
	t.Parallel()
	p, s := bought()
	want := commerce.OrderRecord{Purchase: p, Snapshot: s, Told: p.Order(s, nil)}
	b, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := commerce.DecodeOrderRecord(b)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Error(err, d)
	}
	if _, err := commerce.DecodeOrderRecord([]byte("{")); err == nil {
		t.Error("half a record was read")
	}
}

// TestDeliveriesOfSeveralKinds holds that every delivery has the kind, the destination and the history of its own lines.
func TestDeliveriesOfSeveralKinds(t *testing.T) {
	t.Parallel()
	p, s := bought()
	p.Lines = append(p.Lines, commerce.Line{ID: "li_3", ItemID: "book", Quantity: 1}, commerce.Line{ID: "li_4", ItemID: "roaster", Quantity: 1})
	p.Choices = []commerce.Choice{
		{Type: commerce.Pickup, OptionID: "counter", LineIDs: []string{"li_1", "li_2"}},
		{Type: commerce.Digital, OptionID: "file", LineIDs: []string{"li_3"}},
		{Type: commerce.LocalDelivery, OptionID: "van", LineIDs: []string{"li_4"}},
	}
	p.Options = []commerce.FulfillmentOption{{ID: "counter", Pickup: &commerce.PickupPlace{Address: commerce.Address{City: "Monterey"}}}}
	s.Lines = append(s.Lines, commerce.SnapshotLine{ID: "c", ItemID: "book", Ordered: 1, Current: 1}, commerce.SnapshotLine{ID: "d", ItemID: "roaster", Ordered: 1, Current: 1})
	part := func(line string) []commerce.LineQuantity { return []commerce.LineQuantity{{LineID: line, Quantity: 1}} }
	s.Shipments = []commerce.Shipment{
		{ID: "s1", Status: "ready_for_pickup", Lines: part("a"), Events: []commerce.FulfillmentEvent{{ID: "e1", Type: "ready_for_pickup"}}, ShippedAt: time.Unix(1, 0)},
		{ID: "s2", Status: "delivered", Type: commerce.Digital, Lines: part("c"), Digital: &commerce.DigitalDelivery{AccessURL: "https://shop.example/x"}},
		{ID: "s3", Status: "out_for_delivery", Lines: part("d")},
	}
	s.Adjustments = []commerce.Adjustment{
		{ID: "b1", Type: "return", Status: commerce.AdjustmentCompleted, Lines: part("a")},
		{ID: "b2", Type: "refund", Status: commerce.AdjustmentCompleted, Amount: 100}, // no money of ours went back
	}
	o := p.Order(s, nil)
	for i, want := range []struct {
		kind   commerce.FulfillmentType
		city   string
		events int
	}{{commerce.Pickup, "Monterey", 1}, {commerce.Digital, "", 0}, {commerce.Shipping, "Reno", 0}} {
		f := o.Fulfillments[i]
		city := ""
		if f.Destination != nil {
			city = f.Destination.City
		}
		if f.Type != want.kind || city != want.city || len(f.Events) != want.events {
			t.Errorf("delivery %d: %+v to %q", i, f, city)
		}
	}
	if o.Fulfillments[1].Digital == nil {
		t.Error("the download is lost")
	}
	if a := o.Adjustments; len(a) != 1 || a[0].Currency != "usd" || a[0].Lines[0].LineID != "li_1" || o.Refunded() != 0 {
		t.Errorf("adjustments %+v", a)
	}
}
