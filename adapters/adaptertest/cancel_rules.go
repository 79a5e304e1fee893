package adaptertest

import (
	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

func (s *suite) cancel(t T, o commerce.Snapshot) {
	t.Helper()
	err := s.Adapter.CancelOrder(s.ctx, adapters.CancelRequest{Key: "cancel_" + o.Ref, Ref: o.Ref, Reason: "test"})
	if s.note(err) != nil {
		t.Fatalf("cancel order %s: %v", o.Ref, err)
	}
}

func (s *suite) cancelTwice(t T) {
	_, r, o := s.place(t, s.NewKey())
	s.cancel(t, o)
	s.cancel(t, o)
	if got := s.get(t, o.Ref); !got.Canceled() {
		t.Errorf("a canceled order has the status %s", got.Status)
	}
	if s.Adapter.FindOrder == nil {
		return
	}
	for _, found := range s.findBy(t, r).Orders {
		if found.Ref == o.Ref && !found.Canceled() {
			t.Errorf("the look-up shows a canceled order as alive")
		}
	}
}

// recordOnCanceled notes a capture on an order that the shop has given up: money was taken and no order stands, which nobody may hear of
// as done. A shop that notes the payment all the same has not lost it.
func (s *suite) recordOnCanceled(t T) {
	_, r, o := s.place(t, s.NewKey())
	s.cancel(t, o)
	err := s.Adapter.RecordPayment(s.ctx, adapters.PaymentRecord{
		Key: "rec_" + r.Payment.TxnID, Ref: o.Ref, State: commerce.Captured, TxnID: r.Payment.TxnID,
		Amount: commerce.Money{Minor: o.Total, Currency: o.Currency},
	})
	if s.note(err) != nil {
		return
	}
	if got := s.get(t, o.Ref); got.Canceled() && got.Payment != commerce.Captured {
		t.Errorf("a payment counts as recorded on a canceled order, which says %s", got.Payment)
	}
}

func (s *suite) stock(t T) int64 {
	t.Helper()
	n, err := s.Stock(s.ctx, s.Item)
	if err != nil {
		t.Fatalf("read the stock of %s: %v", s.Item, err)
	}
	return n
}

func (s *suite) cancelRestocks(t T) {
	before := s.stock(t)
	q, _, o := s.place(t, s.NewKey())
	if left := s.stock(t); left != before-q.Lines[0].Quantity {
		t.Errorf("the order took the stock of %s from %d to %d, want %d less", s.Item, before, left, q.Lines[0].Quantity)
	}
	s.cancel(t, o)
	s.cancel(t, o)
	if after := s.stock(t); after != before {
		t.Errorf("after canceling twice the stock of %s is %d, first %d", s.Item, after, before)
	}
}
