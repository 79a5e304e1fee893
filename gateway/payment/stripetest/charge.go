package stripetest

import (
	"maps"
	"time"
)

// charge is the attempt to take money for a PaymentIntent.
type charge struct {
	id       string
	intent   *intent
	amount   int64
	captured int64
	refunded int64
	// captures counts how often money was taken; more than one would break the promise of manual capture.
	captures int
	created  time.Time
	failure  *card
	refunds  []*refund
}

func (ch *charge) wire() *chargeBody {
	pi := ch.intent
	out := &chargeBody{
		Amount:         ch.amount,
		AmountCaptured: ch.captured,
		AmountRefunded: ch.refunded,
		Captured:       ch.captured > 0,
		Created:        ch.created.Unix(),
		Currency:       pi.currency,
		Description:    optional(pi.description),
		ID:             ch.id,
		Metadata:       maps.Clone(pi.metadata),
		Object:         "charge",
		Paid:           ch.failure == nil,
		PaymentIntent:  optional(pi.id),
		PaymentMethod:  optional(pi.methodID),
		PaymentMethodDetails: methodDetails{Type: "card", Card: chargedCard{
			Brand: pi.card.brand, Country: "US", ExpMonth: 12, ExpYear: 2034, Fingerprint: "stripetest" + pi.card.last4,
			Funding: pi.card.funding, Last4: pi.card.last4, Network: pi.card.brand, ThreeDSecure: pi.threeDS.wire(),
		}},
		Refunded:      ch.captured > 0 && ch.refunded == ch.captured,
		Review:        optional(pi.review),
		Status:        "succeeded",
		TransferGroup: optional(pi.group),
	}
	if ch.failure != nil {
		out.Status = "failed"
		out.FailureCode = optional(ch.failure.code)
		out.FailureMessage = optional(ch.failure.message)
	} else {
		out.PaymentMethodDetails.Card.AmountAuthorized = &ch.amount
	}
	if !pi.captureBefore.IsZero() {
		out.PaymentMethodDetails.Card.CaptureBefore = pi.captureBefore.Unix()
	}
	return out
}

// charge asks the issuer. The card decides, unless a fault forces an outcome.
func (s *Server) charge(pi *intent, c *call) *apiError {
	pi.lastError, pi.action = nil, false
	if pi.card.code != "" {
		return s.decline(pi, c)
	}
	if pi.card.authenticate && pi.threeDS == nil {
		return s.challenge(pi, c)
	}
	if pi.forced.process {
		pi.become(StatusProcessing)
		s.emit(c, "payment_intent.processing", pi.wire(nil))
		return nil
	}
	s.authorize(pi, c)
	return nil
}

// decline records a refused charge.
func (s *Server) decline(pi *intent, c *call) *apiError {
	pi.charge = &charge{id: s.newID("ch_"), intent: pi, amount: pi.amount, created: c.now, failure: pi.card}
	pi.become(StatusRequiresPaymentMethod)
	e := refusal(pi, pi.card.code, pi.card.declineCode, pi.card.message)
	pi.methodID = ""
	e.PaymentIntent = pi.wire(nil)
	if s.rules.DeclineConsumes {
		s.deactivate(pi.token, reasonConsumed, c)
	}
	s.emit(c, "charge.failed", pi.charge.wire())
	s.emit(c, "payment_intent.payment_failed", pi.wire(nil))
	return e
}

// challenge asks for 3-D Secure, or refuses where the caller said that nobody is there to answer.
// Source of the refusal's codes: docs.stripe.com/payments/without-card-authentication.
func (s *Server) challenge(pi *intent, c *call) *apiError {
	if pi.errorOnAction {
		pi.become(StatusRequiresPaymentMethod)
		e := refusal(pi, "authentication_required", "authentication_not_handled",
			"This payment required an authentication action to complete, but `error_on_requires_action` was set.")
		s.emit(c, "payment_intent.payment_failed", pi.wire(nil))
		return e
	}
	pi.become(StatusRequiresAction)
	pi.action = true
	s.emit(c, "payment_intent.requires_action", pi.wire(nil))
	return nil
}

// authorize places the hold and, unless capture is manual, takes the money at once.
func (s *Server) authorize(pi *intent, c *call) {
	pi.action = false
	granted := pi.amount
	if pi.forced.hold > 0 {
		granted = pi.forced.hold
	}
	pi.charge = &charge{id: s.newID("ch_"), intent: pi, amount: granted, created: c.now}
	pi.capturable = granted
	pi.token.reserve(granted)
	if pi.forced.review {
		pi.review = s.newID("prv_")
	}
	if pi.captureMethod != "manual" || pi.forced.succeed {
		s.settle(pi, granted, c)
		s.emit(c, "charge.succeeded", pi.charge.wire())
	} else {
		pi.become(StatusRequiresCapture)
		pi.captureBefore = c.now.Add(holdLife)
		s.watch(pi.captureBefore)
		s.emit(c, "charge.succeeded", pi.charge.wire())
		s.emit(c, "payment_intent.amount_capturable_updated", pi.wire(nil))
	}
	s.used(pi.token, c)
}
