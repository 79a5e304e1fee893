package acp

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/wire"
)

// verdict is what a kind of fault becomes on the wire.
type verdict struct {
	status int
	kind   wire.ProblemType
	code   string // the fault's own code goes first, unless text is set
	// text replaces the fault's message and code. It is set where the fault's own words come from a shop or from our inside.
	text string
	// retryAfter is told when the fault names no time of its own; zero: no Retry-After.
	retryAfter time.Duration
	// final says that the same request is refused in the same way forever, so that the answer is stored under its key (S17).
	final bool
}

const (
	shopRefused = "the shop refused this request; read the session to see what can be changed"
	shopAway    = "the shop cannot be asked now; send the same request again"
)

// verdicts is the one table of faults. ACP fixes 400, 404, 405, 409 and 422 and leaves the codes to us (rfc.agentic_checkout 3.1 and
// 6.4, read 2026-11-22). A refusal by the shop is normally told as a message of a session; the rows for those kinds are for what no
// session can be shown for.
var verdicts = map[commerce.Kind]verdict{
	commerce.Unexpected: {
		status: http.StatusInternalServerError, kind: wire.ProcessingError, code: "processing_error",
		text: "something went wrong on our side; send the same request again, or report its Request-Id",
	},

	commerce.PriceChanged:    {status: http.StatusConflict, kind: wire.InvalidRequest, code: commerce.CodeConflict, text: "the price has changed; read the session and decide again"},
	commerce.OutOfStock:      {status: http.StatusConflict, kind: wire.InvalidRequest, code: commerce.CodeOutOfStock, text: "an item is out of stock; read the session and decide again"},
	commerce.ItemUnavailable: {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: "invalid_item_id", text: "the shop does not sell one of the items"},
	commerce.CouponRejected:  {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: commerce.CodeCouponInvalid, text: "the shop does not take a discount code"},
	commerce.AddressRejected: {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: commerce.CodeInvalid, text: "the shop cannot use the address"},
	commerce.NoShipping:      {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: commerce.CodeRegionRestricted, text: "the shop does not deliver to the address"},
	commerce.OptionGone:      {status: http.StatusConflict, kind: wire.InvalidRequest, code: commerce.CodeConflict, text: "the selected fulfillment option is not offered any more; read the session and decide again"},
	commerce.BuyerRejected:   {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: commerce.CodeInvalid, text: "the shop does not accept this buyer"},
	commerce.AlreadyPlaced:   {status: http.StatusConflict, kind: wire.InvalidRequest, code: commerce.CodeConflict, text: "this cart is an order already; read the session"},
	commerce.CartGone:        {status: http.StatusServiceUnavailable, kind: wire.ServiceUnavailable, code: "service_unavailable", text: shopAway, retryAfter: time.Second},
	commerce.Rejected:        {status: http.StatusConflict, kind: wire.InvalidRequest, code: commerce.CodeConflict, text: shopRefused},
	commerce.Unexplained:     {status: http.StatusServiceUnavailable, kind: wire.ServiceUnavailable, code: "service_unavailable", text: shopAway, retryAfter: time.Minute},
	commerce.OrderGone:       {status: http.StatusServiceUnavailable, kind: wire.ServiceUnavailable, code: "service_unavailable", text: shopAway, retryAfter: time.Minute},
	commerce.Unsupported:     {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: commerce.CodeUnsupported, text: "the shop cannot do this"},

	commerce.Indeterminate: {status: http.StatusServiceUnavailable, kind: wire.ServiceUnavailable, code: "service_unavailable", text: shopAway, retryAfter: 2 * time.Second},
	commerce.RateLimited:   {status: http.StatusServiceUnavailable, kind: wire.ServiceUnavailable, code: "service_unavailable", text: shopAway, retryAfter: 5 * time.Second},
	commerce.Unauthorized:  {status: http.StatusServiceUnavailable, kind: wire.ServiceUnavailable, code: "service_unavailable", text: shopAway, retryAfter: time.Minute},
	commerce.Temporary:     {status: http.StatusServiceUnavailable, kind: wire.ServiceUnavailable, code: "service_unavailable", text: shopAway, retryAfter: 2 * time.Second},

	commerce.Invalid:                {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: commerce.CodeInvalid, final: true},
	commerce.NotFound:               {status: http.StatusNotFound, kind: wire.InvalidRequest, code: commerce.CodeNotFound},
	commerce.Conflict:               {status: http.StatusConflict, kind: wire.InvalidRequest, code: commerce.CodeConflict},
	commerce.NotCancelable:          {status: http.StatusMethodNotAllowed, kind: wire.InvalidRequest, code: commerce.CodeConflict},
	commerce.Unavailable:            {status: http.StatusServiceUnavailable, kind: wire.ServiceUnavailable, code: "service_unavailable", retryAfter: 2 * time.Second},
	commerce.Unauthenticated:        {status: http.StatusUnauthorized, kind: wire.InvalidRequest, code: "unauthorized"},
	commerce.TooLarge:               {status: http.StatusRequestEntityTooLarge, kind: wire.InvalidRequest, code: "too_large"},
	commerce.UnsupportedMedia:       {status: http.StatusUnsupportedMediaType, kind: wire.InvalidRequest, code: "unsupported_media_type"},
	commerce.MethodNotAllowed:       {status: http.StatusMethodNotAllowed, kind: wire.InvalidRequest, code: "method_not_allowed"},
	commerce.MissingVersion:         {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: "missing_api_version"},
	commerce.UnsupportedVersion:     {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: "unsupported_api_version"},
	commerce.IdempotencyKeyRequired: {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: "idempotency_key_required"},
	commerce.IdempotencyInFlight:    {status: http.StatusConflict, kind: wire.InvalidRequest, code: "idempotency_in_flight", retryAfter: time.Second},
	// The status of a mismatch belongs to the date: translate.Version.MismatchStatus.
	commerce.IdempotencyMismatch: {status: http.StatusUnprocessableEntity, kind: wire.InvalidRequest, code: "idempotency_conflict"},
	commerce.ThreeDSRequired:     {status: http.StatusBadRequest, kind: wire.InvalidRequest, code: commerce.CodeRequires3DS},
	// Stock comes back, so that neither answer is final.
	commerce.NothingAvailable: {status: http.StatusUnprocessableEntity, kind: wire.InvalidRequest, code: commerce.CodeOutOfStock},
	commerce.TooManyRequests:  {status: http.StatusTooManyRequests, kind: wire.InvalidRequest, code: "rate_limited", retryAfter: time.Second},
	commerce.RequestTimeout:   {status: http.StatusRequestTimeout, kind: wire.InvalidRequest, code: "request_timeout"},
}

// verdictOf is the row of k. A kind without a row is a bug and told as one.
func verdictOf(k commerce.Kind) verdict {
	if v, ok := verdicts[k]; ok {
		return v
	}
	return verdicts[commerce.Unexpected]
}

// faultOf is err as a fault. An error that says nothing about its kind is Unexpected, unless the call ran out of time or the store
// could not write: those may be sent again.
func faultOf(err error) *commerce.Fault {
	if f, ok := errors.AsType[*commerce.Fault](err); ok {
		return f
	}
	for _, open := range []error{context.DeadlineExceeded, context.Canceled, store.ErrNotWritten, store.ErrStale, store.ErrClaimLost} {
		if errors.Is(err, open) {
			return commerce.Faultf(commerce.Unavailable, "the request could not be finished in time; send it again").Because(err)
		}
	}
	return commerce.Faultf(commerce.Unexpected, "unexpected").Because(err)
}

// Refusal is the answer to a request that err refuses, in the shape of the date that apiVersion names, or of the newest one. It is how
// a shell tells what never becomes a call: a path or a method that does not exist.
func Refusal(apiVersion string, err error) Response {
	v, known := translate.Lookup(apiVersion)
	if !known {
		v = translate.Newest()
	}
	return refusal(v, faultOf(err), translate.SupportedVersions(), false)
}

// refusedByReader reports whether the body itself was refused: then the place of the mistake is told in the words that the agent used,
// which need not be those of its date.
func refusedByReader(err error) bool {
	_, ok := errors.AsType[*wire.Refusal](err)
	return ok
}

// refusal tells f in the shape of v; dates are what an error about the version lists. asSent says that the fault's place is in the
// agent's own words already.
func refusal(v translate.Version, f *commerce.Fault, dates []string, asSent bool) Response {
	row := verdictOf(f.Kind)
	r := Response{Status: row.status, Refused: true, Kind: f.Kind, RetryAfter: retryAfter(f, row)}
	if f.Kind == commerce.IdempotencyMismatch {
		r.Status = v.MismatchStatus
	}
	p := wire.Problem{Type: row.kind, Code: row.code, Message: row.text, AsSent: asSent}
	if row.text == "" {
		p.Message = f.Message
		if f.Code != "" {
			p.Code = f.Code
		}
	}
	if strings.HasPrefix(f.Param, "$") {
		p.Param = f.Param
	}
	if f.Kind == commerce.MissingVersion || f.Kind == commerce.UnsupportedVersion {
		p.SupportedVersions = dates
	}
	body, err := v.EncodeError(p)
	if err != nil { // a flat object of strings always encodes; should it not, the agent still gets a flat error
		r.Status, body = http.StatusInternalServerError, []byte(`{"type":"processing_error","code":"processing_error","message":"the error could not be told"}`)
	}
	r.Body = body
	return r
}

// retryAfter is whole seconds, at least one, when there is anything to tell.
func retryAfter(f *commerce.Fault, row verdict) time.Duration {
	d := f.RetryAfter
	if row.retryAfter == 0 || d <= 0 {
		d = row.retryAfter
	}
	return (d + time.Second - 1).Truncate(time.Second)
}
