package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

const (
	// paidTime is how long the shop may take to learn that an order is paid, and paidLook how often its books are read meanwhile.
	paidTime = 10 * time.Second
	paidLook = 5 * time.Millisecond
)

var errUnpaid = errors.New("the shop does not know that it was paid")

// findOrder reads the shop's books: there must be one order, paid, at what the agent was shown.
func (s *story) findOrder() (shop.Order, error) {
	orders := s.world.shop.Shop().LiveOrders()
	if len(orders) != 1 {
		return shop.Order{}, fmt.Errorf("the shop has %d orders, want 1", len(orders))
	}
	o := orders[0]
	s.order = o.Number
	grand, err := decimal.NewFromString(o.Totals.Grand)
	if err != nil {
		return o, fmt.Errorf("order %s: its total %q is no amount: %w", o.Number, o.Totals.Grand, err)
	}
	if minor := grand.Round(2).Shift(2).IntPart(); minor != s.checkout.Total() {
		return o, fmt.Errorf("order %s costs %s, but the agent was shown %s", o.Number, money(minor), money(s.checkout.Total()))
	}
	if o.Payment.State != "paid" {
		return o, fmt.Errorf("%w: order %s is %s, and its payment is %q, want paid", errUnpaid, o.Number, o.State, o.Payment.State)
	}
	return o, nil
}

// awaitPaid waits until the shop knows that its order is paid: the gateway tells it after the agent has its answer.
func (s *story) awaitPaid(ctx context.Context) (shop.Order, error) {
	ctx, cancel := context.WithTimeout(ctx, paidTime)
	defer cancel()
	for {
		o, err := s.findOrder()
		if !errors.Is(err, errUnpaid) || s.clock.Sleep(ctx, paidLook) != nil {
			return o, err
		}
	}
}

// findPayment reads Stripe's ledger: one payment took the total, once, and the order names it.
func (s *story) findPayment(o shop.Order) error {
	ledger := s.world.stripe.Ledger()
	if err := ledger.Check(stripepay.MetadataSession); err != nil {
		return err
	}
	var taken []stripetest.Intent
	for _, i := range ledger.Intents {
		if i.Moved() {
			taken = append(taken, i)
		}
	}
	if len(taken) != 1 {
		return fmt.Errorf("%d payments hold or took money, want 1", len(taken))
	}
	s.intent = taken[0]
	s.result.PaymentIntent = s.intent.ID
	switch {
	case s.intent.Captured != s.checkout.Total() || s.intent.Captures != 1 || s.intent.Held != 0:
		return fmt.Errorf("payment %s took %s in %d captures and holds %s, want %s in one and nothing held",
			s.intent.ID, money(s.intent.Captured), s.intent.Captures, money(s.intent.Held), money(s.checkout.Total()))
	case o.Payment.Reference != s.intent.ID:
		return fmt.Errorf("order %s names the payment %q, want %s", o.Number, o.Payment.Reference, s.intent.ID)
	}
	return nil
}

// checkBooks looks at everything once more, when all is over.
func (s *story) checkBooks(ctx context.Context) error {
	o, err := s.findOrder()
	if err != nil {
		return err
	}
	if err := s.findPayment(o); err != nil {
		return err
	}
	if s.intent.Refunded != refundMinor {
		return fmt.Errorf("payment %s gave back %s, want %s", s.intent.ID, money(s.intent.Refunded), money(refundMinor))
	}
	c, err := s.agent.Session(ctx, "get", shopper.Get, s.checkout.ID, nil)
	if err != nil {
		return err
	}
	order := ""
	if s.agent.speaks.KeepsOrder() {
		order = s.checkout.OrderID
	}
	if c.Status != "completed" || c.OrderID != order || c.Total() != s.result.Total {
		return fmt.Errorf("get: the checkout is %s with order %q and %s, want completed, %q and %s",
			c.Status, c.OrderID, money(c.Total()), order, money(s.result.Total))
	}
	return s.checkEvents()
}

// checkEvents looks at the events as a whole: order_create first and once, and every signature good.
func (s *story) checkEvents() error {
	if doubts := s.world.receiver.doubts(); len(doubts) > 0 {
		return fmt.Errorf("the agent did not believe %d events: %q", len(doubts), doubts)
	}
	for i, e := range s.world.receiver.list() {
		want := "order_update"
		if i == 0 {
			want = "order_create"
		}
		if e.Type != want {
			return fmt.Errorf("event %d is %s, want %s", i+1, e.Type, want)
		}
	}
	return nil
}
