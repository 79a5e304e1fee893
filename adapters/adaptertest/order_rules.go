package adaptertest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// sameOrder holds an order against the quote that it came from.
func sameOrder(t T, q commerce.Quote, r adapters.PlaceRequest, o commerce.Snapshot) {
	t.Helper()
	if o.Ref == "" || o.Number == "" {
		t.Errorf("the order has no ref (%q) or no number (%q)", o.Ref, o.Number)
	}
	if o.Total != q.Total || o.Currency != q.Currency {
		t.Errorf("the order costs %d %s, the quote %d %s", o.Total, o.Currency, q.Total, q.Currency)
	}
	if len(o.Lines) != len(q.Lines) {
		t.Fatalf("the order has %d lines, the quote %d", len(o.Lines), len(q.Lines))
	}
	for _, l := range q.Lines {
		at := slices.IndexFunc(o.Lines, func(ol commerce.SnapshotLine) bool { return ol.ItemID == l.ItemID })
		if at < 0 || o.Lines[at].Ordered != l.Quantity || o.Lines[at].Current != l.Quantity || o.Lines[at].Fulfilled != 0 {
			t.Errorf("the order does not hold %d of %s as they were quoted: %+v", l.Quantity, l.ItemID, o.Lines)
		}
	}
	if o.OptionID != "" && o.OptionID != r.Cart.OptionID() {
		t.Errorf("the order is shipped by %s, chosen was %s", o.OptionID, r.Cart.OptionID())
	}
	sameOptions(t, r, o)
	if a := o.ShipTo; a != nil && (!strings.EqualFold(a.City, r.Cart.ShipTo.Address.City) || a.Country != r.Cart.ShipTo.Address.Country ||
		a.PostalCode != r.Cart.ShipTo.Address.PostalCode) {
		t.Errorf("the order goes to another address than it was quoted for")
	}
	if o.Canceled() {
		t.Errorf("the order is canceled")
	}
}

func (s *suite) placeOnce(t T) {
	key := s.NewKey()
	q, r, o := s.place(t, key)
	sameOrder(t, q, r, o)
	if o.Payment != commerce.Authorized && o.Payment != commerce.Unpaid {
		t.Errorf("the money is only held, the order says %s", o.Payment)
	}
	got := s.get(t, o.Ref)
	sameOrder(t, q, r, got)
	if got.Key != "" && got.Key != key {
		t.Errorf("the order keeps the key %q, it was placed under %q", got.Key, key)
	}
}

func (s *suite) placeTwice(t T) {
	_, r, first := s.place(t, s.NewKey())
	second, err := s.Adapter.PlaceOrder(s.ctx, r)
	if s.note(err) != nil {
		if commerce.KindOf(err) != commerce.AlreadyPlaced {
			t.Errorf("placing again under one key fails with %v, want the first order or AlreadyPlaced", err)
		}
		return
	}
	if second.Ref != first.Ref {
		if s.Adapter.Facts.Idempotent {
			t.Errorf("one key made the orders %s and %s", first.Ref, second.Ref)
		}
		t.Logf("the shop makes an order of every call; the saga looks first")
	}
}

func (s *suite) placeFenced(t T) {
	key := s.NewKey()
	c := s.cart()
	q := s.quote(t, key, "", c)
	r := s.placeRequest(key, c, q)
	r.Total.Minor -= 100
	r.ExactTotal = commerce.FormatMinor(r.Total.Minor, q.Currency.Digits())
	o, err := s.Adapter.PlaceOrder(s.ctx, r)
	if s.note(err) == nil {
		if o.Total == r.Total.Minor {
			t.Errorf("the order costs what was asked for, not what was quoted")
		}
		t.Logf("the shop does not fence the total; the saga compares and cancels")
		return
	}
	if commerce.KindOf(err) != commerce.PriceChanged {
		t.Errorf("another total fails with %v, want PriceChanged", err)
	}
	if s.Adapter.FindOrder != nil {
		if found := s.findBy(t, r); len(found.Orders) != 0 {
			t.Errorf("the refused order is there")
		}
	}
}

func (s *suite) findBy(t T, r adapters.PlaceRequest) adapters.Found {
	t.Helper()
	found, err := s.Adapter.FindOrder(s.ctx, adapters.OrderQuery{Key: r.Key, CartRef: r.CartRef, TxnID: r.Payment.TxnID})
	if s.note(err) != nil {
		t.Fatalf("find order: %v", err)
	}
	return found
}

func (s *suite) find(t T) {
	if s.Adapter.FindOrder == nil {
		t.Logf("the adapter has no FindOrder")
		return
	}
	key := s.NewKey()
	c := s.cart()
	q := s.quote(t, key, "", c)
	r := s.placeRequest(key, c, q)
	if found := s.findBy(t, r); len(found.Orders) != 0 {
		t.Errorf("before placing there are %d orders under the key", len(found.Orders))
	}
	o, err := s.Adapter.PlaceOrder(s.ctx, r)
	if s.note(err) != nil {
		t.Fatalf("place order: %v", err)
	}
	found := s.findBy(t, r)
	if len(found.Orders) != 1 || found.Orders[0].Ref != o.Ref {
		t.Fatalf("the key finds %d orders, want %s alone", len(found.Orders), o.Ref)
	}
	if found.Exact != s.Adapter.Facts.ExactLookup {
		t.Errorf("the match says exact=%t, the facts say %t", found.Exact, s.Adapter.Facts.ExactLookup)
	}
	sameOrder(t, q, r, found.Orders[0])
	for _, part := range []adapters.OrderQuery{{Key: key}, {CartRef: r.CartRef}, {TxnID: r.Payment.TxnID}, {}} {
		f, err := s.Adapter.FindOrder(s.ctx, part)
		if s.note(err) == nil && f.Exact && (part != adapters.OrderQuery{}) && len(f.Orders) == 0 {
			t.Errorf("asked for a part of what is known of an order, the look-up is sure that there is none")
		}
		if err == nil && (part == adapters.OrderQuery{}) && len(f.Orders) != 0 {
			t.Errorf("asked for nothing, the look-up gives %d orders", len(f.Orders))
		}
	}
}

func (s *suite) recordTwice(t T) {
	_, r, o := s.place(t, s.NewKey())
	for range 2 {
		s.record(t, o, commerce.Captured, r.Payment.TxnID)
	}
	got := s.get(t, o.Ref)
	if got.Payment != commerce.Captured {
		t.Errorf("the money was captured, the order says %s", got.Payment)
	}
	if got.TxnID != "" && got.TxnID != r.Payment.TxnID {
		t.Errorf("the order keeps the payment %q, recorded was %q", got.TxnID, r.Payment.TxnID)
	}
	if got.Total != o.Total || len(got.Refunds) != 0 {
		t.Errorf("recording a capture moved the total to %d or made refunds %+v", got.Total, got.Refunds)
	}
}

// drain reads a feed to its end.
func (s *suite) drain(t T, cursor string) ([]string, string) {
	t.Helper()
	var refs []string
	for range 1000 {
		page, err := s.Adapter.Changes(s.ctx, cursor, 50)
		if s.note(err) != nil {
			t.Fatalf("changes: %v", err)
		}
		refs, cursor = append(refs, page.Refs...), page.Cursor
		if !page.More {
			return refs, cursor
		}
	}
	t.Fatalf("the feed has no end")
	return nil, ""
}

func (s *suite) changes(t T) {
	if s.Adapter.Changes == nil {
		t.Logf("the adapter has no Changes")
		return
	}
	_, r, o := s.place(t, s.NewKey())
	refs, cursor := s.drain(t, "")
	if !slices.Contains(refs, o.Ref) {
		t.Errorf("the feed from its start does not name the new order %s", o.Ref)
	}
	if _, cursor = s.drain(t, cursor); cursor == "" {
		t.Errorf("the feed gives no cursor")
	}
	// Small pages lose nothing either.
	seen := map[string]bool{}
	small := ""
	for range 1000 {
		page, err := s.Adapter.Changes(s.ctx, small, 2)
		if s.note(err) != nil {
			t.Fatalf("changes: %v", err)
		}
		for _, ref := range page.Refs {
			seen[ref] = true
		}
		if small = page.Cursor; !page.More {
			break
		}
	}
	for _, ref := range refs {
		if !seen[ref] {
			t.Errorf("small pages lose the order %s", ref)
		}
	}
	_, err := s.Adapter.Changes(s.ctx, "no cursor of ours", 10)
	if s.note(err) == nil {
		t.Errorf("a cursor that the adapter did not write is taken")
	}
	_ = r
}

func (s *suite) changesAfterShipping(t T) {
	q, r, o := s.place(t, s.NewKey())
	s.record(t, o, commerce.Captured, r.Payment.TxnID)
	_, cursor := s.drain(t, "")
	before := s.get(t, o.Ref)
	if err := s.Ship(s.ctx, before); err != nil {
		t.Fatalf("ship order %s in the shop: %v", o.Ref, err)
	}
	refs, _ := s.drain(t, cursor)
	if !slices.Contains(refs, o.Ref) {
		t.Errorf("the feed does not name the shipped order %s", o.Ref)
	}
	after := s.get(t, o.Ref)
	if len(after.Shipments) == 0 {
		t.Fatalf("a shipped order has no shipment")
	}
	if after.Revision != "" && after.Revision == before.Revision {
		t.Errorf("the revision did not change with the shipment")
	}
	for _, l := range after.Lines {
		if l.Fulfilled != l.Ordered {
			t.Errorf("%d of %d of %s are fulfilled", l.Fulfilled, l.Ordered, l.ItemID)
		}
	}
	for _, sh := range after.Shipments {
		for _, l := range sh.Lines {
			if !slices.ContainsFunc(after.Lines, func(ol commerce.SnapshotLine) bool { return ol.ID == l.LineID }) {
				t.Errorf("a shipment names the line %s, which the order does not have", l.LineID)
			}
		}
	}
	if after.Total != q.Total {
		t.Errorf("shipping moved the total from %d to %d", q.Total, after.Total)
	}
}

func (s *suite) refundInShop(t T) {
	q, r, o := s.place(t, s.NewKey())
	s.record(t, o, commerce.Captured, r.Payment.TxnID)
	_, cursor := s.drain(t, "")
	if err := s.Refund(s.ctx, s.get(t, o.Ref)); err != nil {
		t.Fatalf("refund order %s in the shop: %v", o.Ref, err)
	}
	if refs, _ := s.drain(t, cursor); !slices.Contains(refs, o.Ref) {
		t.Errorf("the feed does not name the refunded order %s", o.Ref)
	}
	got := s.get(t, o.Ref)
	if len(got.Refunds) != 1 || got.Refunds[0].Amount <= 0 || got.Refunds[0].ID == "" {
		t.Fatalf("the order shows the refunds %+v, want one with an id and an amount", got.Refunds)
	}
	if got.Total != q.Total {
		t.Errorf("a refund moved the total from %d to %d; the total is what was charged", q.Total, got.Total)
	}
	if again := s.get(t, o.Ref); len(again.Refunds) != 1 || again.Refunds[0].ID != got.Refunds[0].ID {
		t.Errorf("the refund's id is not the same at every look")
	}
}

func (s *suite) releaseTwice(t T) {
	q := s.quote(t, s.NewKey(), "", s.cart())
	for range 2 {
		if err := s.note(s.Adapter.ReleaseCart(s.ctx, q.CartRef)); err != nil {
			t.Errorf("release cart: %v", err)
		}
	}
	if err := s.note(s.Adapter.ReleaseCart(s.ctx, "")); err != nil {
		t.Errorf("release no cart: %v", err)
	}
}

func (s *suite) recordRefundTwice(t T) {
	_, r, o := s.place(t, s.NewKey())
	s.record(t, o, commerce.Captured, r.Payment.TxnID)
	for range 2 {
		err := s.Adapter.RecordRefund(s.ctx, adapters.RefundRecord{
			Key: "ref_" + o.Ref, Ref: o.Ref, RefundID: "re_" + o.Ref, Amount: commerce.Money{Minor: 100, Currency: o.Currency}, Reason: "test",
		})
		if s.note(err) != nil {
			t.Fatalf("record refund: %v", err)
		}
	}
	if got := s.get(t, o.Ref); len(got.Refunds) != 0 {
		t.Errorf("a refund that we recorded comes back as one that the shop decided: %+v", got.Refunds)
	}
}

func (s *suite) check(t T) {
	if err := s.note(s.Adapter.Check(s.ctx)); err != nil {
		t.Errorf("check: %v", err)
	}
}

func (s *suite) canceled(t T) {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err := s.Adapter.Quote(ctx, adapters.QuoteRequest{Key: s.NewKey(), Cart: s.cart()})
	if s.note(err) == nil {
		t.Errorf("a quote goes on after its context ended")
	}
	_, err = s.Adapter.GetOrder(s.ctx, "no-such-order")
	if s.note(err) == nil {
		t.Errorf("an order that does not exist is found")
	}
}

// discreet looks through every error that the suite has seen.
func (s *suite) discreet(t T) {
	private := slices.Concat(s.Secrets, []string{
		s.Buyer.Email, s.Buyer.FirstName, s.Buyer.LastName, s.Buyer.Phone, s.Address.LineOne, s.FarAddress.LineOne,
	})
	for _, err := range s.errors {
		for e := err; e != nil; e = errors.Unwrap(e) {
			for _, p := range private {
				if p != "" && strings.Contains(e.Error(), p) {
					t.Errorf("an error of the adapter holds a secret or the buyer's data (%d characters of it)", len(p))
				}
			}
		}
	}
	if len(s.errors) == 0 {
		t.Errorf("the suite has seen no error at all, so it cannot judge them")
	}
}
