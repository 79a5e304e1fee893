package stripepay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/stripe/stripe-go/v82"

	"github.com/postern-gateway/postern/gateway/payment"
)

// call is what was being done when something failed.
type call struct {
	what       string // begins every message; holds ids and amounts only
	intentID   string
	shape      string
	authorizes bool
	inspects   bool
	reads      bool // moves nothing
}

// open says what an unknown outcome means for this call.
func (c call) open() string {
	if c.reads || c.inspects {
		return "nothing was learned"
	}
	return "the outcome is open"
}

// failure is a payment.Error with what only this package needs to know about it.
type failure struct {
	*payment.Error
	// missing says that the object surely does not exist.
	missing bool
	// unexpectedState says that the intent's status forbade the call.
	unexpectedState bool
	// tokenMayBeWhy says that a refusal may be the token's doing.
	tokenMayBeWhy bool
}

// failure turns an error of the SDK into a kind. Only an answer that Stripe gives for calls that did nothing is a refusal; whatever
// is left, an unreadable answer above all, leaves the outcome unknown. Texts of Stripe and of the SDK are dropped: they may hold
// tokens, client secrets and buyers' data.
//
// Source: docs.stripe.com/error-low-level and docs.stripe.com/api/errors, read 2026-11-22; the codeless refusals of tokens were
// reported by users of the preview.
func (p *Processor) failure(c call, err error, trip *trip) *failure {
	out := &failure{Error: &payment.Error{Kind: payment.Unknown, IntentID: c.intentID}}
	var answered *stripe.Error
	if !errors.As(err, &answered) {
		out.Err = cause(err)
		if trip.unsent() {
			out.Kind = payment.Unreachable
			out.Message = c.what + ": stripe could not be reached; nothing was sent"
			return out
		}
		out.Message = c.what + ": no answer of stripe could be read; " + c.open()
		return out
	}
	out.Code = string(answered.Code)
	out.DeclineCode = string(answered.DeclineCode)
	out.RequestID = answered.RequestID
	if answered.LastResponse != nil {
		out.StoredReply = answered.LastResponse.Header.Get("Idempotent-Replayed") == "true"
	}
	if answered.PaymentIntent != nil && answered.PaymentIntent.ID != "" {
		out.IntentID = answered.PaymentIntent.ID
	}
	out.Message = c.what + ": " + out.classify(c, answered)
	return out
}

// classify sets the kind and returns the words for it.
func (f *failure) classify(c call, e *stripe.Error) string {
	status := e.HTTPStatusCode
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		f.Kind = payment.Unauthorized
		return "stripe refused the key; check the secret key and its permissions"
	case status == http.StatusConflict:
		f.Kind = payment.Busy
		return "another request under the same key is running; repeat it later"
	case status == http.StatusTooManyRequests:
		f.Kind = payment.Busy
		return "stripe limits our calls; repeat it later under the same key"
	case status >= http.StatusInternalServerError || status < http.StatusBadRequest:
		f.Kind = payment.Unknown
		return fmt.Sprintf("stripe answered %d; %s", status, c.open())
	case e.Type == stripe.ErrorTypeIdempotency:
		f.Kind = payment.KeyReused
		return "the key was used before with other parameters"
	case status == http.StatusPaymentRequired || e.Type == stripe.ErrorTypeCard:
		return f.classifyDecline(c)
	case status == http.StatusNotFound:
		return f.classifyMissing(c, e)
	default:
		f.Kind = payment.Refused
		f.unexpectedState = e.Code == stripe.ErrorCodePaymentIntentUnexpectedState || e.Code == stripe.ErrorCodeChargeAlreadyCaptured
		f.tokenMayBeWhy = c.authorizes && (e.Param == "" || e.Param == parameterOf(c.shape))
		return fmt.Sprintf("stripe refused it with %d", status)
	}
}

// classifyDecline reads a 402. Elsewhere than in an authorization it is a plain refusal: nothing new was asked of the issuer.
func (f *failure) classifyDecline(c call) string {
	if !c.authorizes {
		f.Kind = payment.Refused
		return "stripe refused it with a card error"
	}
	if f.Code == string(stripe.ErrorCodeAuthenticationRequired) || f.DeclineCode == "authentication_required" ||
		f.DeclineCode == "authentication_not_handled" {
		f.Kind = payment.ActionRequired
		return "the issuer wants the buyer to authenticate; nothing is held"
	}
	f.Kind = payment.Declined
	return "the issuer declined; nothing is held"
}

// classifyMissing reads a 404. One that is not about an object means that the address or the version is wrong.
func (f *failure) classifyMissing(c call, e *stripe.Error) string {
	f.Kind = payment.Refused
	if e.Code != stripe.ErrorCodeResourceMissing {
		return "stripe does not know this call; check the base url and the api version"
	}
	if c.authorizes || c.inspects {
		f.Kind = payment.TokenUnknown
		return "there is no such payment token"
	}
	f.missing = true
	return "stripe does not know this object"
}

// cause keeps what is known to be harmless of an error below the SDK: url.Error holds the path with the token, and the SDK quotes
// bodies in its texts.
func cause(err error) error {
	for _, known := range []error{context.DeadlineExceeded, context.Canceled, io.ErrUnexpectedEOF, io.EOF, errTooLong} {
		if errors.Is(err, known) {
			return known
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return context.DeadlineExceeded
	}
	return fmt.Errorf("%T below the stripe client", innermost(err))
}

func innermost(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
