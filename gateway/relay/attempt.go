package relay

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// malformedTries is after how many attempts a 400 or 413 is final: the receiver says that our body is wrong, and it will not change.
const malformedTries = 3

// result is what came of one attempt. text names it for an operator and holds nothing of the receiver's reply.
type result struct {
	text       string
	status     int // zero: no reply
	delivered  bool
	cut        bool // by us, because the relay stops
	retryAfter time.Duration
}

func (r result) malformed() bool {
	return r.status == http.StatusBadRequest || r.status == http.StatusRequestEntityTooLarge
}

var errAttemptTimeout = errors.New("receiver did not answer in time")

// attempt signs and sends d once. A second attempt carries the same event id, which is how a receiver tells a repetition. The span is
// linked to what caused the event; nothing of it is sent to the agent.
func (r *Relay) attempt(ctx context.Context, e *endpoint, d store.Delivery) (res result) {
	root := newRoot(ctx)
	ctx, span := r.tracer.Start(root, telemetry.SpanDeliver, trace.SpanKindProducer, links(root, d.Trace)...)
	defer span.End()
	stopping := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, attemptTimeout, errAttemptTimeout)
	defer cancel()
	defer func() {
		if !span.IsRecording() {
			return
		}
		span.SetAttributes(telemetry.AttrEvent.String(d.ID), telemetry.AttrEventType.String(string(d.Type)),
			telemetry.AttrAgent.String(d.Agent), telemetry.AttrDelivery.Int(d.Attempts+1))
		if res.status != 0 {
			span.SetAttributes(telemetry.AttrHTTPStatus.Int(res.status))
		}
		if !res.delivered {
			span.SetAttributes(telemetry.AttrErrorType.String(res.text))
			span.SetStatus(codes.Error, res.text)
		}
	}()

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.Webhook.URL, io.NopCloser(bytes.NewReader(d.Body)))
	if err != nil {
		return result{text: "bad url"}
	}
	// Without GetBody the transport cannot send the body a second time by itself: attempts are counted here.
	req.ContentLength = int64(len(d.Body))
	sign(req.Header, e.Webhook.Secret, d, r.clock.Now())
	reply, err := e.transport.RoundTrip(req) // a RoundTripper follows no redirect and keeps no cookie
	if err != nil {
		if stopping.Err() != nil {
			return result{cut: true, text: "cut off"}
		}
		return result{text: reason(ctx, err)}
	}
	defer reply.Body.Close() //nolint:errcheck // nothing that matters is read from it
	// Reading the end of a small reply keeps the connection. The status alone decides, so a body that never ends changes nothing.
	_, _ = io.CopyN(io.Discard, reply.Body, maxReply)
	return result{
		text: strconv.Itoa(reply.StatusCode), status: reply.StatusCode,
		delivered:  reply.StatusCode >= 200 && reply.StatusCode < 300,
		retryAfter: retryAfter(reply.Header, r.clock.Now()),
	}
}

// reason names a failure to get a reply in a word or two. The error's own text may hold the receiver's address and is not kept.
func reason(ctx context.Context, err error) string {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		hostname  x509.HostnameError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
		network   net.Error
	)
	switch {
	case errors.Is(err, errBlocked):
		return "blocked target"
	case errors.Is(context.Cause(ctx), errAttemptTimeout):
		return "timeout"
	case errors.As(err, &verify), errors.As(err, &authority), errors.As(err, &invalid), errors.As(err, &hostname),
		errors.As(err, &record), errors.As(err, &alert):
		return "tls"
	case errors.As(err, &dns):
		return "dns"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &network) && network.Timeout():
		return "timeout"
	default:
		return "connection failed"
	}
}
