package stripepay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// Metadata that marks what Postern made, so that it can be found without an id.
const (
	// MetadataSession holds the checkout session's id, on intents.
	MetadataSession = "postern_session"
	// MetadataAttempt holds the attempt's number, on intents.
	MetadataAttempt = "postern_attempt"
	// MetadataGateway names the installation, on intents.
	MetadataGateway = "postern_gateway"
	// MetadataKey holds the idempotency key, on refunds.
	MetadataKey = "postern_key"
)

// Options are what a processor is given besides its settings.
type Options struct {
	// HTTP carries the calls. It must have a transport of its own; its timeout and redirect policy are replaced.
	HTTP *http.Client
	// Clock tells whether a token has expired.
	Clock clock.Clock
	// Log takes one line per call at debug level, without tokens or keys.
	Log *slog.Logger
}

// Processor is [payment.Processor] on Stripe. It is safe for concurrent use.
type Processor struct {
	settings Settings
	terms    payment.Terms
	clock    clock.Clock
	log      *slog.Logger
	client   *stripe.Client
	backend  stripe.Backend
	searches searches
}

var _ payment.Processor = (*Processor)(nil)

// New checks the settings and builds a processor. It calls nobody.
func New(s Settings, o Options) (*Processor, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("build the stripe processor: %w", err)
	}
	if o.HTTP == nil || o.HTTP.Transport == nil || o.Clock == nil || o.Log == nil {
		return nil, errors.New("build the stripe processor: it needs an http client with a transport, a clock and a logger")
	}
	s = s.defaults()
	hc := &http.Client{
		Transport:     &transport{next: o.HTTP.Transport, account: s.Account, log: o.Log, clock: o.Clock},
		Timeout:       s.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	backends := stripe.NewBackendsWithConfig(&stripe.BackendConfig{
		URL:               stripe.String(s.BaseURL),
		HTTPClient:        hc,
		MaxNetworkRetries: stripe.Int64(0),
		EnableTelemetry:   stripe.Bool(false),
		LeveledLogger:     quiet{},
	})
	return &Processor{
		settings: s,
		terms:    s.terms(),
		clock:    o.Clock,
		log:      o.Log,
		client:   stripe.NewClient(string(s.SecretKey), stripe.WithBackends(backends)),
		backend:  backends.API,
	}, nil
}

// Terms are what a new attempt must freeze.
func (p *Processor) Terms() payment.Terms { return p.terms }

// Check proves that the key works, by reading at most one intent: the permission that recovery needs anyway. Where the settings name
// the key's account, it also asks Stripe for that (docs.stripe.com/api/accounts/retrieve, read 2026-11-22).
func (p *Processor) Check(ctx context.Context) error {
	params := &stripe.PaymentIntentListParams{}
	params.Limit = stripe.Int64(1)
	params.Single = true
	ctx, trip := follow(ctx)
	for _, err := range p.client.V1PaymentIntents.List(ctx, params) {
		if err != nil {
			return p.failure(call{what: "check the stripe key", reads: true}, err, trip).Error
		}
		break
	}
	if p.settings.KeyAccount == "" {
		return nil
	}
	c := call{what: "ask stripe whose key it is", reads: true}
	ctx, trip = follow(ctx)
	got, err := p.client.V1Accounts.Retrieve(ctx, nil)
	switch {
	case err != nil:
		failed := p.failure(c, err, trip).Error
		if failed.Kind == payment.Unauthorized {
			failed.Message = c.what + ": stripe does not tell it to this key; give the key the permission to read its account, or do not name the account"
		}
		return failed
	case got.ID != p.settings.KeyAccount:
		return &payment.Error{Kind: payment.Unauthorized, Code: "account_differs", RequestID: requestID(got.LastResponse), Message: fmt.Sprintf(
			"%s: the key belongs to account %q and the configuration names %s; checkouts under way would be looked for in the wrong account",
			c.what, got.ID, p.settings.KeyAccount)}
	default:
		return nil
	}
}

// states maps Stripe's status to what it means for the money.
// Source: docs.stripe.com/payments/paymentintents/lifecycle, read 2026-11-22.
func stateOf(status stripe.PaymentIntentStatus) (payment.State, bool) {
	switch status {
	case stripe.PaymentIntentStatusRequiresCapture:
		return payment.Held, true
	case stripe.PaymentIntentStatusSucceeded:
		return payment.Taken, true
	case stripe.PaymentIntentStatusCanceled:
		return payment.Gone, true
	case stripe.PaymentIntentStatusRequiresPaymentMethod, stripe.PaymentIntentStatusRequiresConfirmation:
		return payment.Failed, true
	case stripe.PaymentIntentStatusRequiresAction:
		return payment.RequiresAction, true
	case stripe.PaymentIntentStatusProcessing:
		return payment.Processing, true
	default:
		return "", false
	}
}

// intentOf translates an intent. A status or an id that cannot be read leaves the outcome unknown.
func intentOf(c call, pi *stripe.PaymentIntent) (payment.Intent, error) {
	state, known := stateOf(pi.Status)
	currency, err := commerce.ParseCurrency(string(pi.Currency))
	if pi.ID == "" || !known || err != nil {
		return payment.Intent{}, &payment.Error{
			Kind: payment.Unknown, IntentID: pi.ID, RequestID: requestID(pi.LastResponse),
			Message: c.what + ": the answer is not a payment intent that postern can read; look it up at stripe",
		}
	}
	out := payment.Intent{
		ID:          pi.ID,
		State:       state,
		Amount:      commerce.Money{Minor: pi.Amount, Currency: currency},
		Capturable:  pi.AmountCapturable,
		Received:    pi.AmountReceived,
		UnderReview: pi.Review != nil,
	}
	if ch := pi.LatestCharge; ch != nil {
		out.Refunded = ch.AmountRefunded
		if d := ch.PaymentMethodDetails; d != nil && d.Card != nil && d.Card.CaptureBefore > 0 {
			out.CaptureBefore = time.Unix(d.Card.CaptureBefore, 0).UTC()
		}
	}
	return out, nil
}

func requestID(r *stripe.APIResponse) string {
	if r == nil {
		return ""
	}
	return r.RequestID
}
