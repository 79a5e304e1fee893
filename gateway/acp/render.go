package acp

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// render makes the session service's call: who asks, and how a session becomes this call's answer. The service may render more than
// once, to see that it can.
func (c *call) render(ctx context.Context) checkout.Call {
	status, encode := http.StatusOK, c.version.EncodeSession
	switch c.request.Operation {
	case Create:
		status = http.StatusCreated
	case Complete:
		encode = c.version.EncodeCompletion
	case Get, Update, Cancel, CartCreate, CartGet, CartReplace, CartCancel:
	}
	return checkout.Call{
		Agent: c.agent, Shop: c.shop, Subject: c.subject, Claim: c.claim,
		Render: func(s commerce.Session) (store.Answer, error) {
			_, span := c.tracer.Start(ctx, telemetry.SpanEncode, trace.SpanKindInternal)
			defer span.End()
			c.seeRejected(s)
			if !checkout.OwnedBy(s, c.subject) {
				s.Handlers = checkout.ForAnybody(s.Handlers)
			}
			body, err := encode(s)
			if span.IsRecording() {
				span.SetAttributes(telemetry.AttrVersion.String(c.version.Date), telemetry.AttrSession.String(s.ID))
				if err != nil {
					span.SetStatus(codes.Error, "encode")
				}
			}
			if err != nil {
				return store.Answer{}, fmt.Errorf("encode session %s in %s: %w", s.ID, c.version.Date, err)
			}
			return store.Answer{Status: status, Body: body}, nil
		},
	}
}

// annotate tells the carrier's span what became of the call.
func (c *call) annotate(ctx context.Context, r Response) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	attrs := make([]attribute.KeyValue, 0, 7)
	attrs = append(attrs, telemetry.AttrOperation.String(string(c.request.Operation)))
	if c.agent != "" {
		attrs = append(attrs, telemetry.AttrAgent.String(c.agent), telemetry.AttrShop.String(c.shop))
	}
	if c.dated {
		attrs = append(attrs, telemetry.AttrVersion.String(c.version.Date))
	}
	if c.agent != "" && plausibleID(c.request.ID) {
		what := telemetry.AttrSession
		if c.request.Operation.ofCart() {
			what = telemetry.AttrCart
		}
		attrs = append(attrs, what.String(c.request.ID))
	}
	if r.Refused {
		attrs = append(attrs, telemetry.AttrFault.String(r.Kind.String()))
	}
	if r.Replayed {
		attrs = append(attrs, telemetry.AttrReplayed.Bool(true))
	}
	span.SetAttributes(attrs...)
}

// maxIDBytes is far above the length of a session's id.
const maxIDBytes = 64

// plausibleID reports whether id could be a session's id. Anything else is answered as absent before it reaches the store or a log.
func plausibleID(id string) bool {
	if id == "" || len(id) > maxIDBytes {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '_', b == '-':
		default:
			return false
		}
	}
	return true
}
