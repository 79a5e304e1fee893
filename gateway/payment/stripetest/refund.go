package stripetest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// refund is money on its way back to the buyer.
type refund struct {
	id       string
	charge   *charge
	amount   int64
	reason   string
	status   string
	failure  string
	created  time.Time
	metadata map[string]string
}

func (r *refund) wire() *refundBody {
	return &refundBody{
		Amount:             r.amount,
		Charge:             optional(r.charge.id),
		Created:            r.created.Unix(),
		Currency:           r.charge.intent.currency,
		DestinationDetails: &destinationDetails{Type: "card", Card: destinationCard{Type: "refund"}},
		FailureReason:      r.failure,
		ID:                 r.id,
		Metadata:           maps.Clone(r.metadata),
		Object:             "refund",
		PaymentIntent:      optional(r.charge.intent.id),
		Reason:             optional(r.reason),
		Status:             r.status,
	}
}

func refundSpec(Shape) spec {
	return spec{
		"amount":         {kind: kindInteger},
		"charge":         {},
		"expand":         {kind: kindList},
		"metadata":       {kind: kindMap},
		"payment_intent": {},
		"reason":         {oneOf: []string{"duplicate", "fraudulent", "requested_by_customer"}},
	}
}

// createRefund gives captured money back, at most what is left of it.
func createRefund(s *Server, c *call) (any, *apiError) {
	ch, err := c.account.chargeOf(c.args)
	if err != nil {
		return nil, err
	}
	left := ch.captured - ch.refunded
	if left == 0 {
		return nil, invalidRequest("charge_already_refunded", "Charge "+ch.id+" has already been refunded.")
	}
	amount := left
	if c.args.has("amount") {
		amount = c.args.integer("amount")
	}
	if amount < 1 {
		return nil, invalidParameter("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	}
	if amount > left {
		return nil, invalidParameter("", "amount",
			fmt.Sprintf("Refund amount (%d) is greater than unrefunded amount on charge (%d)", amount, left))
	}
	r := &refund{
		id: s.newID("re_"), charge: ch, amount: amount, reason: c.args.text("reason"), status: "succeeded",
		created: c.now, metadata: c.args.mapping("metadata"),
	}
	if ch.intent.card.refundPending || c.outcome.process {
		r.status = "pending"
	}
	ch.refunded += amount
	ch.refunds = append(ch.refunds, r)
	c.account.refunds.add(r.id, r)
	s.emit(c, "refund.created", r.wire())
	s.emit(c, "charge.refunded", ch.wire())
	return r.wire(), nil
}

// chargeOf finds the charge that a refund names, by PaymentIntent or by charge.
func (a *account) chargeOf(in args) (*charge, *apiError) {
	if id := in.text("payment_intent"); id != "" {
		pi, err := a.intent(id)
		if err != nil {
			return nil, err
		}
		if pi.charge == nil || pi.charge.captured == 0 {
			return nil, invalidRequest("", "This PaymentIntent ("+id+") does not have a successful charge to refund.")
		}
		return pi.charge, nil
	}
	id := in.text("charge")
	if id == "" {
		return nil, invalidRequest("", "One of the following params should be provided for this request: payment_intent or charge.")
	}
	for _, pi := range a.intents.list {
		if pi.charge != nil && pi.charge.id == id && pi.charge.captured > 0 {
			return pi.charge, nil
		}
	}
	return nil, missingObject("charge", id, "charge")
}

func retrieveRefund(_ *Server, c *call) (any, *apiError) {
	r, err := c.account.refund(c.id)
	if err != nil {
		return nil, err
	}
	return r.wire(), nil
}

func (a *account) refund(id string) (*refund, *apiError) {
	if r, ok := a.refunds.byID[id]; ok {
		return r, nil
	}
	return nil, missingObject("refund", id, "id")
}

func listRefunds(_ *Server, c *call) (any, *apiError) {
	var all []*refund
	for _, r := range slices.Backward(c.account.refunds.list) {
		if !c.args.inCreated(r.created) {
			continue
		}
		if id := c.args.text("payment_intent"); id != "" && r.charge.intent.id != id {
			continue
		}
		if id := c.args.text("charge"); id != "" && r.charge.id != id {
			continue
		}
		all = append(all, r)
	}
	page, more, err := page(all, c.args, func(r *refund) string { return r.id })
	if err != nil {
		return nil, err
	}
	out := listBody[*refundBody]{Data: []*refundBody{}, HasMore: more, Object: "list", URL: "/v1/refunds"}
	for _, r := range page {
		out.Data = append(out.Data, r.wire())
	}
	return out, nil
}

// finish settles a refund that was pending, or fails one that was thought done.
func (s *Server) finish(r *refund, status, failure string, c *call) {
	gone := func(status string) bool { return status == "failed" || status == "canceled" }
	if gone(status) && !gone(r.status) {
		r.charge.refunded -= r.amount
	}
	r.status, r.failure = status, failure
	if status == "failed" {
		s.emit(c, "refund.failed", r.wire())
	}
	s.emit(c, "refund.updated", r.wire())
}
