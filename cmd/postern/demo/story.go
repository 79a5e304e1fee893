package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// What the agent buys, and for whom.
const (
	kettle       = "KET-0900"
	beans        = "GRN-0250"
	express      = "express"
	discountCode = "SAVE10"
	goodCard     = "pm_card_visa"
	badCard      = "pm_card_chargeDeclinedInsufficientFunds"
	tracking     = "1Z999AA10123456784"
	refundSum    = "20.00"
	refundMinor  = 2000
)

func buyer() shopper.Person {
	return shopper.Person{
		First: "Ada", Last: "Lovelace", Email: "ada@example.com", Phone: "+15595550100",
		Street: "1 Analytical Way", City: "Fresno", State: "CA", Zip: "93650", Country: "US",
	}
}

// story is one purchase from the first look to the refund.
type story struct {
	*Demo

	checkout shopper.Checkout // as the agent read it last
	paid     struct {         // the complete that bought
		key  string
		body any
		shopper.Reply
	}
	order  string // the shop's number
	intent stripetest.Intent
	shown  int // events that were printed
}

// tell plays the steps in order; the first that goes wrong ends it.
func (s *story) tell(ctx context.Context) error {
	s.introduce()
	for _, step := range []func(context.Context) error{
		s.create, s.changeQuantity, s.chooseShipping, s.enterCode, s.payDeclined, s.pay, s.repeat, s.hear, s.ship, s.refund, s.checkBooks,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.screen.text("\n%s one order, one charge: %s taken once, %s given back, %d signed events, in %s.\n",
		s.screen.paint(green, "All is well:"), money(s.result.Total), money(s.result.Refunded), len(s.world.receiver.all()),
		s.screen.elapsed().Round(time.Millisecond))
	return nil
}

func (s *story) introduce() {
	s.screen.text("\n%s\n\n", s.screen.paint(bold, "An agent buys from an old shop through Postern, in ACP "+s.agent.speaks.Version()))
	for _, p := range []struct{ who, url, what string }{
		{byShop, s.world.shop.URL(), "Harbor & Finch, an old shop that knows nothing of agents"},
		{byStripe, s.world.stripe.URL(), "a Stripe for this machine, with money that is not real"},
		{byGateway, s.world.origin(), "Postern; all that it knows of the shop is a YAML file"},
		{byAgent, s.world.receiver.address(), "hears of its orders and believes what is signed"},
	} {
		s.screen.text("  %s %s   %s\n", s.screen.paint(colors[p.who], pad(p.who, whoWidth)), pad(p.url, len("http://127.0.0.1:65535")), p.what)
	}
	s.screen.text("\n")
}

// create asks the price of two articles, delivered.
func (s *story) create(ctx context.Context) (err error) {
	s.checkout, err = s.agent.Session(ctx, "create", shopper.Create, "",
		s.agent.speaks.Create(buyer(), currency, []shopper.Item{{ID: kettle, Quantity: 1}, {ID: beans, Quantity: 2}}))
	if err != nil {
		return err
	}
	s.result.SessionID, s.handler = s.checkout.ID, s.checkout.Handler
	s.screen.row(byAgent, "creates a checkout", money(s.checkout.Total()), s.checkout.ID)
	for _, l := range s.checkout.Lines {
		s.screen.row("", fmt.Sprintf("  %d × %s", l.Quantity, title(l)), money(l.Total), "")
	}
	for _, o := range s.checkout.Options {
		mark := " "
		if o.ID == s.checkout.Selected() {
			mark = "*"
		}
		s.screen.row("", fmt.Sprintf("  %s %s", mark, o.Title), money(o.Total), "")
	}
	switch {
	case s.checkout.Status != "ready_for_payment":
		return fmt.Errorf("create: the checkout is %s, not ready_for_payment: %s", s.checkout.Status, s.complaints())
	case len(s.checkout.Lines) != 2 || len(s.checkout.Options) != 2:
		return fmt.Errorf("create: %d lines and %d options came back, want 2 and 2", len(s.checkout.Lines), len(s.checkout.Options))
	}
	return nil
}

// title names a line. Where the session does not, the agent knows the article from the shop's catalogue.
func title(l shopper.Line) string {
	if l.Title != "" {
		return l.Title
	}
	for _, it := range shop.Catalogue() {
		if it.SKU == l.Item {
			return it.Title
		}
	}
	return l.Item
}

// update sends one change and returns how far the total moved.
func (s *story) update(ctx context.Context, step string, body any) (moved int64, err error) {
	before := s.checkout.Total()
	if s.checkout, err = s.agent.Session(ctx, step, shopper.Update, s.checkout.ID, body); err != nil {
		return 0, err
	}
	if s.checkout.Status != "ready_for_payment" {
		return 0, fmt.Errorf("%s: the checkout is %s, not ready_for_payment: %s", step, s.checkout.Status, s.complaints())
	}
	return s.checkout.Total() - before, nil
}

// change is a moved total, with its sign.
func change(moved int64) string {
	if moved > 0 {
		return "+" + money(moved)
	}
	return money(moved)
}

func (s *story) changeQuantity(ctx context.Context) error {
	moved, err := s.update(ctx, "quantity", s.agent.speaks.SetItems([]shopper.Item{{ID: kettle, Quantity: 1}, {ID: beans, Quantity: 3}}))
	if err != nil {
		return err
	}
	s.screen.row(byAgent, "wants three bags of beans", money(s.checkout.Total()), change(moved))
	if i := slices.IndexFunc(s.checkout.Lines, func(l shopper.Line) bool { return l.Item == beans }); i < 0 || s.checkout.Lines[i].Quantity != 3 || moved <= 0 {
		return fmt.Errorf("quantity: the checkout does not show three of %s, or its total did not rise: %+v", beans, s.checkout.Lines)
	}
	return nil
}

func (s *story) chooseShipping(ctx context.Context) error {
	i := slices.IndexFunc(s.checkout.Options, func(o shopper.Option) bool { return o.ID == express })
	if i < 0 {
		return fmt.Errorf("option: %s is not offered: %+v", express, s.checkout.Options)
	}
	chosen := s.checkout.Options[i]
	moved, err := s.update(ctx, "option", s.agent.speaks.Choose(chosen, s.checkout))
	if err != nil {
		return err
	}
	s.screen.row(byAgent, "chooses "+chosen.Title, money(s.checkout.Total()), change(moved))
	if s.checkout.Selected() != express || moved <= 0 {
		return fmt.Errorf("option: %q is selected and the total moved by %s, want %s and more", s.checkout.Selected(), money(moved), express)
	}
	return nil
}

// enterCode is left out in the dates that have no discount codes.
func (s *story) enterCode(ctx context.Context) error {
	body := s.agent.speaks.EnterCodes(discountCode)
	if body == nil {
		return nil
	}
	moved, err := s.update(ctx, "code", body)
	if err != nil {
		return err
	}
	s.screen.row(byAgent, "enters the code "+discountCode, money(s.checkout.Total()), change(moved))
	if !slices.Contains(s.checkout.Codes, discountCode) || moved >= 0 {
		return fmt.Errorf("code: %s was not taken: codes %q, the total moved by %s, %s", discountCode, s.checkout.Codes, money(moved), s.complaints())
	}
	return nil
}

// payDeclined pays with a card that its bank declines. The checkout stays open and nothing is held.
func (s *story) payDeclined(ctx context.Context) error {
	token, err := s.agent.payWith(ctx, badCard, s.checkout)
	if err != nil {
		return err
	}
	after, err := s.agent.Session(ctx, "decline", shopper.Complete, s.checkout.ID, s.agent.speaks.Complete(s.checkout, token, buyer()))
	if err != nil {
		return err
	}
	s.screen.row(byAgent, "pays with a card that has no money", money(after.Total()), masked(token))
	i := slices.IndexFunc(after.Messages, func(m shopper.Message) bool { return m.Type == "error" && m.Code == "payment_declined" })
	if i < 0 || after.Status != "ready_for_payment" || after.OrderID != "" {
		return fmt.Errorf("decline: the checkout is %s with order %q and messages %+v, want ready_for_payment and payment_declined", after.Status, after.OrderID, after.Messages)
	}
	why, _, _ := strings.Cut(after.Messages[i].Content, ". ")
	s.screen.row(byGateway, "  "+why, "", after.Messages[i].Code)
	ledger, orders := s.world.stripe.Ledger(), s.world.shop.Shop().LiveOrders()
	if held, taken := ledger.Held(currency), ledger.Captured(currency); held != 0 || taken != 0 || len(orders) != 0 {
		return fmt.Errorf("decline: %s is held, %s was taken and %d orders were placed, want nothing", money(held), money(taken), len(orders))
	}
	s.screen.row(byStripe, "  holds nothing and took nothing", money(0), "")
	s.checkout = after
	return nil
}

// pay buys with a second token.
func (s *story) pay(ctx context.Context) error {
	token, err := s.agent.payWith(ctx, goodCard, s.checkout)
	if err != nil {
		return err
	}
	s.paid.key, s.paid.body = s.agent.NewKey("complete"), s.agent.speaks.Complete(s.checkout, token, buyer())
	if s.paid.Reply, err = s.agent.Send(ctx, shopper.Complete, s.checkout.ID, s.paid.key, s.paid.body); err != nil {
		return err
	}
	shown := s.checkout.Total()
	if s.checkout, err = s.agent.Read("complete", shopper.Complete, s.paid.Reply); err != nil {
		return err
	}
	if s.checkout.Status != "completed" || s.checkout.OrderID == "" || s.checkout.Total() != shown {
		return fmt.Errorf("complete: the checkout is %s with order %q and %s, want completed, an order and %s: %s",
			s.checkout.Status, s.checkout.OrderID, money(s.checkout.Total()), money(shown), s.complaints())
	}
	s.result.OrderID, s.result.Total = s.checkout.OrderID, s.checkout.Total()
	s.screen.row(byAgent, "pays with another card", money(s.checkout.Total()), masked(token))
	o, err := s.awaitPaid(ctx)
	if err != nil {
		return err
	}
	if err := s.findPayment(o); err != nil {
		return err
	}
	s.screen.row(byStripe, "  held the money, then took it once", money(s.intent.Captured), s.intent.ID)
	s.screen.row(byShop, "  has the order, paid; its books say "+o.Totals.Grand, money(s.checkout.Total()), o.Number)
	return nil
}

// repeat sends the complete that bought once more, as an agent does that lost the answer.
func (s *story) repeat(ctx context.Context) error {
	calls := len(s.world.stripe.Requests())
	again, err := s.agent.Send(ctx, shopper.Complete, s.checkout.ID, s.paid.key, s.paid.body)
	if err != nil {
		return err
	}
	if again.Status != s.paid.Status || !bytes.Equal(again.Body, s.paid.Body) {
		return fmt.Errorf("replay: the same complete is answered %d and another body of %d bytes", again.Status, len(again.Body))
	}
	if again.Header.Get("Idempotent-Replayed") != "true" {
		return errors.New("replay: the answer does not say Idempotent-Replayed")
	}
	if more := len(s.world.stripe.Requests()) - calls; more != 0 {
		return fmt.Errorf("replay: stripe was called %d times", more)
	}
	if _, err := s.findOrder(); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	s.screen.row(byAgent, "sends the same complete again", "", s.paid.key)
	s.screen.row(byGateway, "  the same answer, word for word", "", "Idempotent-Replayed: true")
	s.screen.row(byStripe, "  was not even called", money(0), "")
	return nil
}

// hear waits for the event of the order.
func (s *story) hear(ctx context.Context) error {
	e, err := s.world.receiver.await(ctx, "order_create", func(e received) bool { return e.Type == "order_create" })
	if err != nil {
		return err
	}
	s.showEvents(nil)
	if e.Order.SessionID != s.checkout.ID || e.Order.Permalink != s.checkout.Permalink {
		return fmt.Errorf("order_create: it tells of checkout %s at %s, want %s at %s", e.Order.SessionID, e.Order.Permalink, s.checkout.ID, s.checkout.Permalink)
	}
	return nil
}

// ship sends the parcel off in the shop; the agent must hear of it.
func (s *story) ship(ctx context.Context) error {
	if err := s.world.shop.Shop().Ship(s.order, "UPS", tracking); err != nil {
		return err
	}
	s.screen.row(byShop, "hands the parcel to UPS", "", tracking)
	if err := s.world.poll(ctx); err != nil {
		return fmt.Errorf("ask the shop for changed orders: %w", err)
	}
	e, err := s.world.receiver.await(ctx, "order_update with the shipment", func(e received) bool {
		return e.Type == "order_update" && e.Order.Status == "shipped"
	})
	if err != nil {
		return err
	}
	s.showEvents(nil)
	if e.Order.Tracking != "" && e.Order.Tracking != tracking {
		return fmt.Errorf("order_update: the parcel is %q, want %s", e.Order.Tracking, tracking)
	}
	return nil
}

// refund decides in the shop that money goes back. The gateway moves it at Stripe, and only then tells that it is done.
func (s *story) refund(ctx context.Context) error {
	id, err := s.world.shop.Shop().Refund(s.order, refundSum, "dented lid")
	if err != nil {
		return err
	}
	s.screen.row(byShop, "decides on a refund: dented lid", money(refundMinor), id)
	if err := s.world.poll(ctx); err != nil {
		return fmt.Errorf("ask the shop for changed orders: %w", err)
	}
	e, err := s.world.receiver.await(ctx, "order_update with the refund", func(e received) bool { return e.Order.Refunded > 0 })
	if err != nil {
		return err
	}
	refunds := s.world.stripe.Ledger().Refunds
	if len(refunds) != 1 || refunds[0].Amount != refundMinor || refunds[0].Intent != s.intent.ID || refunds[0].Status != "succeeded" {
		return fmt.Errorf("refund: stripe's ledger has %+v, want one of %s on %s", refunds, money(refundMinor), s.intent.ID)
	}
	s.showEvents(func(e received) bool { return e.Order.Refunded == 0 })
	s.screen.row(byStripe, "gave it back, once", money(refunds[0].Amount), refunds[0].ID)
	s.showEvents(nil)
	if e.Order.Refunded != refundMinor || e.Order.Pending != 0 {
		return fmt.Errorf("order_update: %s is told as refunded and %s as pending, want %s and nothing",
			money(e.Order.Refunded), money(e.Order.Pending), money(refundMinor))
	}
	s.result.Refunded = refundMinor
	return nil
}

// showEvents prints the events that came since the last time, as long as they match; nil matches all.
func (s *story) showEvents(match func(received) bool) {
	for _, e := range s.world.receiver.all()[s.shown:] {
		if match != nil && !match(e) {
			return
		}
		s.showEvent(e)
		s.shown++
	}
}

// masked shows which token it is. A real one would be money.
func masked(token string) string { return token[:min(len(token), 10)] + "…" }

// showEvent prints what the agent heard.
func (d *Demo) showEvent(e received) {
	what, sum := e.Type+", signed: "+e.Order.Status, ""
	if e.Order.Refunded > 0 {
		what, sum = what+", refund done", money(e.Order.Refunded)
	} else if e.Order.Pending > 0 {
		what, sum = what+", refund pending", money(e.Order.Pending)
	}
	d.screen.row(byAgent, what, sum, e.ID)
}

// complaints are the messages of the checkout, for an error.
func (s *story) complaints() string {
	var out []string
	for _, m := range s.checkout.Messages {
		out = append(out, m.Code+": "+m.Content)
	}
	if len(out) == 0 {
		return "it gives no reason"
	}
	return strings.Join(out, "; ")
}
