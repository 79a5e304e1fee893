package stripetest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// Statuses of a PaymentIntent that this server knows. Source: Stripe's OpenAPI description, schema payment_intent.
const (
	StatusRequiresPaymentMethod = "requires_payment_method"
	StatusRequiresConfirmation  = "requires_confirmation"
	StatusRequiresAction        = "requires_action"
	StatusProcessing            = "processing"
	StatusRequiresCapture       = "requires_capture"
	StatusCanceled              = "canceled"
	StatusSucceeded             = "succeeded"
)

// holdLife is how long an uncaptured card payment stands. Source: docs.stripe.com/payments/place-a-hold-on-a-payment-method.
const holdLife = 7 * 24 * time.Hour

// intent is one PaymentIntent. The server's lock guards it.
type intent struct {
	id, secret    string
	account       *account
	amount        int64
	capturable    int64
	received      int64
	currency      string
	captureMethod string
	status        string
	created       time.Time
	canceledAt    time.Time
	cancelReason  string
	description   string
	suffix        string
	group         string
	metadata      map[string]string
	methodID      string
	customer      string
	card          *card
	token         *token
	threeDS       *threeDSecure
	charge        *charge
	lastError     *apiError
	action        bool
	review        string
	errorOnAction bool
	captureBefore time.Time
	forced        outcome
	// movedFrom and movedUntil count the account's moves; see [Intent].
	movedFrom, movedUntil int
}

// become changes the status. An intent holds or took money once, from a first moment until it is canceled.
func (pi *intent) become(status string) {
	was := moved(pi.status)
	pi.status = status
	switch is := moved(status); {
	case is && !was:
		pi.account.moves++
		pi.movedFrom = pi.account.moves
	case was && !is:
		pi.account.moves++
		pi.movedUntil = pi.account.moves
	}
}

// moved reports whether an intent of that status holds or has taken money.
func moved(status string) bool { return status == StatusRequiresCapture || status == StatusSucceeded }

// outcome is what a fault forces upon the next confirmation or refund.
type outcome struct {
	// succeed captures at once although manual capture was asked for.
	succeed bool
	// process leaves the payment in processing, the refund pending.
	process bool
	// hold is the amount that the issuer grants instead of the amount asked for, in minor units; 0 grants all.
	hold int64
	// review opens a Radar review.
	review bool
}

func (pi *intent) wire(expand []string) *paymentIntent {
	out := &paymentIntent{
		Amount:                    pi.amount,
		AmountCapturable:          pi.capturable,
		AmountReceived:            pi.received,
		CanceledAt:                unix(pi.canceledAt),
		CancellationReason:        optional(pi.cancelReason),
		CaptureMethod:             pi.captureMethod,
		ClientSecret:              pi.secret,
		ConfirmationMethod:        "automatic",
		Created:                   pi.created.Unix(),
		Currency:                  pi.currency,
		Customer:                  optional(pi.customer),
		Description:               optional(pi.description),
		ID:                        pi.id,
		LastPaymentError:          pi.lastError,
		Metadata:                  maps.Clone(pi.metadata),
		Object:                    "payment_intent",
		PaymentMethod:             optional(pi.methodID),
		PaymentMethodTypes:        []string{"card"},
		Review:                    optional(pi.review),
		StatementDescriptorSuffix: optional(pi.suffix),
		Status:                    pi.status,
		TransferGroup:             optional(pi.group),
	}
	if pi.action {
		out.NextAction = &nextAction{Type: "use_stripe_sdk", UseStripeSDK: &struct{}{}}
	}
	if pi.charge != nil {
		out.LatestCharge = pi.charge.id
		if slices.Contains(expand, "latest_charge") {
			out.LatestCharge = pi.charge.wire()
		}
	}
	return out
}

var captureMethods = []string{"automatic", "automatic_async", "manual"}

// createSpec is what a PaymentIntent may be created with. The token's parameter depends on the API version.
func createSpec(shape Shape) spec {
	s := spec{
		"amount":                      {kind: kindInteger, required: true},
		"currency":                    {required: true},
		"customer":                    {},
		"capture_method":              {oneOf: captureMethods},
		"confirm":                     {kind: kindFlag},
		"description":                 {},
		"error_on_requires_action":    {kind: kindFlag},
		"expand":                      {kind: kindList},
		"metadata":                    {kind: kindMap},
		"payment_method":              {},
		"payment_method_types":        {kind: kindList},
		"return_url":                  {},
		"statement_descriptor_suffix": {},
		"transfer_group":              {},
	}
	shape.allow(s)
	return withThreeDS(s)
}

// createIntent creates a PaymentIntent and, with confirm=true, charges it. A declined charge leaves the intent behind, as Stripe
// does; a token that the call may not use leaves nothing.
func createIntent(s *Server, c *call) (any, *apiError) {
	amount := c.args.integer("amount")
	if amount < 1 {
		return nil, invalidParameter("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	}
	if amount > 999_999_999_999 {
		return nil, invalidParameter("amount_too_large", "amount", "Amount must be no more than 999999999999.")
	}
	currency := c.args.text("currency")
	if !isCurrency(currency) {
		return nil, invalidParameter("", "currency", "Invalid currency: "+currency)
	}
	if customer := c.args.text("customer"); customer != "" && c.account.customers.byID[customer] == nil {
		return nil, missingObject("customer", customer, "customer")
	}
	if c.args.has("return_url") && !c.args.flag("confirm") {
		return nil, invalidParameter("", "return_url", "return_url may only be set when confirm=true.")
	}
	if c.args.flag("error_on_requires_action") && !c.args.flag("confirm") {
		return nil, invalidParameter("", "error_on_requires_action", "error_on_requires_action may only be set when confirm=true.")
	}
	pi := &intent{
		id:            s.newID("pi_"),
		account:       c.account,
		amount:        amount,
		currency:      currency,
		captureMethod: c.args.text("capture_method"),
		status:        StatusRequiresPaymentMethod,
		created:       c.now,
		description:   c.args.text("description"),
		suffix:        c.args.text("statement_descriptor_suffix"),
		group:         c.args.text("transfer_group"),
		customer:      c.args.text("customer"),
		metadata:      c.args.mapping("metadata"),
		errorOnAction: c.args.flag("error_on_requires_action"),
		forced:        c.outcome,
	}
	pi.secret = s.newID(pi.id + "_secret_")
	if pi.captureMethod == "" {
		pi.captureMethod = "automatic_async"
	}
	if err := s.setMethod(pi, c); err != nil {
		return nil, err
	}
	proof, err := readThreeDS(c.args)
	if err != nil {
		return nil, err
	}
	pi.threeDS = proof
	if c.args.flag("confirm") && pi.card == nil {
		return nil, invalidRequest("payment_intent_unexpected_state",
			"You cannot confirm this PaymentIntent because it's missing a payment method.")
	}
	if c.args.flag("confirm") {
		if err := checkToken(pi); err != nil {
			return nil, err
		}
	}
	c.account.intents.add(pi.id, pi)
	s.emit(c, "payment_intent.created", pi.wire(nil))
	if c.args.flag("confirm") {
		if err := s.charge(pi, c); err != nil {
			return nil, err
		}
	}
	return pi.wire(c.args.list("expand")), nil
}

func retrieveIntent(_ *Server, c *call) (any, *apiError) {
	pi, err := c.account.intent(c.id)
	if err != nil {
		return nil, err
	}
	return pi.wire(c.args.list("expand")), nil
}

// captureIntent takes held money. It works once; what is not taken is released.
func captureIntent(s *Server, c *call) (any, *apiError) {
	pi, err := c.account.intent(c.id)
	if err != nil {
		return nil, err
	}
	if pi.status != StatusRequiresCapture {
		return nil, unexpectedState(pi, "captured", StatusRequiresCapture)
	}
	take := pi.capturable
	if c.args.has("amount_to_capture") {
		take = c.args.integer("amount_to_capture")
	}
	if take < 1 {
		return nil, invalidParameter("parameter_invalid_integer", "amount_to_capture", "This value must be greater than or equal to 1.")
	}
	if take > pi.capturable {
		return nil, invalidParameter("amount_too_large", "amount_to_capture",
			"The amount to capture is greater than the amount that can be captured.")
	}
	maps.Copy(pi.metadata, c.args.mapping("metadata"))
	s.settle(pi, take, c)
	s.emit(c, "charge.captured", pi.charge.wire())
	return pi.wire(c.args.list("expand")), nil
}

// settle moves held money to the seller.
func (s *Server) settle(pi *intent, take int64, c *call) {
	pi.token.release(pi.capturable)
	pi.capturable = 0
	pi.received = take
	pi.become(StatusSucceeded)
	pi.charge.captured = take
	pi.charge.captures++
	pi.captureBefore = time.Time{}
	s.spend(pi.token, take, c)
	s.emit(c, "payment_intent.succeeded", pi.wire(nil))
}

// cancelIntent releases a hold or ends an intent that never held anything.
func cancelIntent(s *Server, c *call) (any, *apiError) {
	pi, err := c.account.intent(c.id)
	if err != nil {
		return nil, err
	}
	switch pi.status {
	case StatusRequiresPaymentMethod, StatusRequiresCapture, StatusRequiresConfirmation, StatusRequiresAction:
	default:
		return nil, unexpectedState(pi, "canceled", "requires_payment_method, requires_capture, requires_confirmation, requires_action")
	}
	s.release(pi, c.args.text("cancellation_reason"), c)
	return pi.wire(c.args.list("expand")), nil
}

// release cancels an intent and gives its hold back.
func (s *Server) release(pi *intent, reason string, c *call) {
	if !s.rules.HoldKeepsAmount {
		pi.token.release(pi.capturable)
	}
	pi.capturable = 0
	pi.become(StatusCanceled)
	pi.canceledAt = c.now
	pi.cancelReason = reason
	pi.action = false
	pi.captureBefore = time.Time{}
	s.emit(c, "payment_intent.canceled", pi.wire(nil))
}

// listIntents pages backwards in time, newest first, as every list of Stripe does.
func listIntents(_ *Server, c *call) (any, *apiError) {
	var all []*intent
	for _, pi := range slices.Backward(c.account.intents.list) {
		if c.args.inCreated(pi.created) {
			all = append(all, pi)
		}
	}
	page, more, err := page(all, c.args, func(pi *intent) string { return pi.id })
	if err != nil {
		return nil, err
	}
	out := listBody[*paymentIntent]{Data: []*paymentIntent{}, HasMore: more, Object: "list", URL: "/v1/payment_intents"}
	for _, pi := range page {
		out.Data = append(out.Data, pi.wire(itemExpand(c.args)))
	}
	return out, nil
}

// intent finds one of the account's PaymentIntents.
func (a *account) intent(id string) (*intent, *apiError) {
	if pi, ok := a.intents.byID[id]; ok {
		return pi, nil
	}
	return nil, missingObject("payment_intent", id, "intent")
}

// refusal is the answer to a payment that the card's issuer did not accept: 402 with the intent inside.
func refusal(pi *intent, code, declineCode, message string) *apiError {
	e := &apiError{
		status: http.StatusPaymentRequired, Type: typeCard, Code: code, DeclineCode: declineCode,
		DocURL: docURL(code), Message: message,
	}
	if pi.charge != nil {
		e.Charge = pi.charge.id
	}
	stored := *e
	pi.lastError = &stored
	e.PaymentIntent = pi.wire(nil)
	return e
}

func isCurrency(text string) bool {
	if len(text) != 3 {
		return false
	}
	for _, r := range text {
		if r < 'a' || r > 'z' {
			return false
		}
	}
	return true
}
