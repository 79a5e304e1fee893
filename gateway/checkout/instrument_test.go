package checkout_test

import (
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestPaymentsThatAreNone is what is refused before anything is asked of anybody.
func TestPaymentsThatAreNone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*commerce.Payment)
		param  string // empty: it is paid
	}{
		"as advertised":       {func(p *commerce.Payment) { p.InstrumentType, p.CredentialType = "card", "spt" }, ""},
		"of the older dates":  {func(p *commerce.Payment) { p.HandlerID, p.Provider = "", "stripe" }, ""},
		"another handler":     {func(p *commerce.Payment) { p.HandlerID = "bank" }, "$.payment_data.handler_id"},
		"another instrument":  {func(p *commerce.Payment) { p.InstrumentType = "gift_card" }, "$.payment_data.instrument.type"},
		"another credential":  {func(p *commerce.Payment) { p.CredentialType = "pan" }, "$.payment_data.instrument.credential.type"},
		"another provider":    {func(p *commerce.Payment) { p.Provider = "adyen" }, "$.payment_data.provider"},
		"an order number":     {func(p *commerce.Payment) { p.Token, p.PurchaseOrderNumber = "", "PO-1" }, "$.payment_data.purchase_order_number"},
		"nothing to pay with": {func(p *commerce.Payment) { p.Token = "" }, "$.payment_data.instrument.credential.token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			a, err := w.pay("k1", cs.ID, w.token(), nil, func(r *commerce.CompleteRequest) { c.change(&r.Payment) })
			if c.param == "" {
				wantStatus(t, session(t, a, err), commerce.Completed)
				w.completed(cs.ID)
				return
			}
			wantParam(t, err, commerce.Invalid, c.param)
			w.nothing(cs.ID)
		})
	}
}

// TestTheAddressOfAComplete lets a complete change who receives the goods, and not where they go: the price was shown for that address.
func TestTheAddressOfAComplete(t *testing.T) {
	t.Parallel()
	home := commerce.Address{LineOne: "1 Main St", City: "Reno", State: "NV", PostalCode: "89501", Country: "US"}
	respelled, moved, upstairs := home, home, home
	respelled.City, moved.PostalCode, upstairs.LineTwo = "RENO", "10001", "Apt 4"
	for name, c := range map[string]struct {
		change   commerce.ContactChange
		conflict bool
	}{
		"another contact":        {commerce.ContactChange{Name: commerce.Set("Charles"), Phone: commerce.Set("+17755550100")}, false},
		"the same address":       {commerce.ContactChange{Name: commerce.Set("Charles"), Address: commerce.Set(home)}, false},
		"spelled in another way": {commerce.ContactChange{Name: commerce.Set("Charles"), Address: commerce.Set(respelled)}, false},
		"another town":           {commerce.ContactChange{Name: commerce.Set("Charles"), Address: commerce.Set(moved)}, true},
		"another door":           {commerce.ContactChange{Address: commerce.Set(upstairs)}, true},
		"no address":             {commerce.ContactChange{Address: commerce.Clear[commerce.Address]()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			cs := w.create()
			a, err := w.pay("k1", cs.ID, w.token(), nil, func(r *commerce.CompleteRequest) { r.ShipTo = &c.change })
			if c.conflict {
				wantParam(t, err, commerce.Conflict, "$.fulfillment_details.address")
				w.nothing(cs.ID)
				return
			}
			wantStatus(t, session(t, a, err), commerce.Completed)
			w.completed(cs.ID)
			placed := w.shop.told().placed
			if to := placed[0].Cart.ShipTo; to.Name != "Charles" || *to.Address != home {
				t.Fatalf("sent to %+v at %+v", to, to.Address)
			}
		})
	}
}

// TestAttribution keeps the first claim for each touchpoint. A claim never holds a checkout up and shows nowhere.
func TestAttribution(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.wishes = append(w.wishes, func(r *commerce.CreateRequest) {
			r.Affiliate = &commerce.Affiliate{Provider: "p", PublisherID: "first"}
		})
	})
	cs := w.create()
	last := func(id, touch string) func(*commerce.CompleteRequest) {
		return func(r *commerce.CompleteRequest) {
			r.Affiliate = &commerce.Affiliate{Provider: "p", PublisherID: id, Touchpoint: touch}
		}
	}
	w.shop.do(func() { w.shop.prices["tea"]++ })
	if _, err := w.pay("", cs.ID, w.token(), nil, last("last", "")); err != nil { // the price has moved: nothing was bought
		t.Fatal(err)
	}
	a, err := w.pay("", cs.ID, w.token(declining), nil, last("another", "first"))
	wantMessage(t, session(t, a, err), commerce.CodePaymentDeclined)
	a, err = w.pay("", cs.ID, w.token(), nil, last("another", "last"))
	wantStatus(t, session(t, a, err), commerce.Completed)
	w.completed(cs.ID)
	var ids []string
	for _, f := range w.get(cs.ID).Affiliates {
		ids = append(ids, f.PublisherID)
	}
	diff(t, []string{"first", "last"}, ids)
}
