package stripetest

// setMethod reads the payment method or the token from the parameters, if one is there.
func (s *Server) setMethod(pi *intent, c *call) *apiError {
	if id := c.args.text(c.shape.parameter()); c.shape != ShapeNone && id != "" {
		t, err := c.account.granted(id, c.shape.parameter())
		if err != nil {
			return err
		}
		pi.token, pi.card = t, &t.card
		pi.methodID = s.newID("pm_")
		pi.become(StatusRequiresConfirmation)
		return nil
	}
	id := c.args.text("payment_method")
	if id == "" {
		return nil
	}
	kept, err := c.account.savedMethod(id, pi.customer)
	if err != nil {
		return err
	}
	if kept != nil {
		pi.token, pi.card, pi.methodID = nil, &kept.card, kept.id
		pi.become(StatusRequiresConfirmation)
		return nil
	}
	found, ok := s.cards[id]
	if !ok {
		return missingObject("PaymentMethod", id, "payment_method")
	}
	pi.token, pi.card = nil, &found
	pi.methodID = s.newID("pm_")
	pi.become(StatusRequiresConfirmation)
	return nil
}

func confirmSpec(shape Shape) spec {
	s := spec{
		"capture_method":           {oneOf: captureMethods},
		"error_on_requires_action": {kind: kindFlag},
		"expand":                   {kind: kindList},
		"payment_method":           {},
		"return_url":               {},
	}
	shape.allow(s)
	return s
}

func confirmIntent(s *Server, c *call) (any, *apiError) {
	pi, err := c.account.intent(c.id)
	if err != nil {
		return nil, err
	}
	switch pi.status {
	case StatusRequiresPaymentMethod, StatusRequiresConfirmation, StatusRequiresAction:
	default:
		return nil, unexpectedState(pi, "confirmed", "requires_payment_method, requires_confirmation, requires_action")
	}
	if method := c.args.text("capture_method"); method != "" {
		pi.captureMethod = method
	}
	pi.errorOnAction = c.args.flag("error_on_requires_action")
	pi.forced = c.outcome
	if err := s.setMethod(pi, c); err != nil {
		return nil, err
	}
	if pi.card == nil {
		return nil, invalidRequest("payment_intent_unexpected_state",
			"You cannot confirm this PaymentIntent because it's missing a payment method.")
	}
	if err := checkToken(pi); err != nil {
		return nil, err
	}
	if err := s.charge(pi, c); err != nil {
		return nil, err
	}
	return pi.wire(c.args.list("expand")), nil
}
