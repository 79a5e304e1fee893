package acp

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// Carts is the cart service as the pipeline uses it: *carts.Service. Every function answers as those of [Sessions] do.
type Carts interface {
	// Serves reports whether the shop keeps carts.
	Serves(shop string) bool
	Create(ctx context.Context, c carts.Call, r commerce.CartRequest) (store.Answer, error)
	Get(ctx context.Context, c carts.Call, id string) (store.Answer, error)
	Replace(ctx context.Context, c carts.Call, id string, r commerce.CartRequest) (store.Answer, error)
	Cancel(ctx context.Context, c carts.Call, id string) (store.Answer, error)
}

// checkCarts refuses an operation of a cart where the shop keeps none, in any date: there is nothing to send another date for.
func (c *call) checkCarts() error {
	if c.request.Operation.ofCart() && (c.carts == nil || !c.carts.Serves(c.shop)) {
		return commerce.Faultf(commerce.NotFound, "there are no carts at this shop")
	}
	return nil
}

// changeCart decodes the body by the call's date and hands it to the cart service. What stands in the body of a cancel says nothing
// (openapi.cart of 2026-04-17, cancelCart, read 2026-11-22).
func (c *call) changeCart(ctx context.Context) (store.Answer, error) {
	if c.request.Operation == CartCancel {
		return c.carts.Cancel(ctx, c.renderCart(ctx), c.request.ID)
	}
	r, err := decode(ctx, c, c.version.DecodeCart)
	if err == nil {
		err = c.checkLines(r.Lines)
	}
	if err != nil {
		return store.Answer{}, err
	}
	if c.request.Operation == CartReplace {
		return c.carts.Replace(ctx, c.renderCart(ctx), c.request.ID, r)
	}
	if r.Locale == "" {
		r.Locale = locale(c.request.Language)
	}
	return c.carts.Create(ctx, c.renderCart(ctx), r)
}

// renderCart makes the cart service's call, as [call.render] does the session service's.
func (c *call) renderCart(ctx context.Context) carts.Call {
	status := http.StatusOK
	if c.request.Operation == CartCreate {
		status = http.StatusCreated
	}
	return carts.Call{
		Agent: c.agent, Shop: c.shop, Claim: c.claim,
		Render: func(cart commerce.SavedCart) (store.Answer, error) {
			_, span := c.tracer.Start(ctx, telemetry.SpanEncode, trace.SpanKindInternal)
			defer span.End()
			body, err := c.version.EncodeCart(cart)
			if span.IsRecording() {
				span.SetAttributes(telemetry.AttrVersion.String(c.version.Date), telemetry.AttrCart.String(cart.ID))
				if err != nil {
					span.SetStatus(codes.Error, "encode")
				}
			}
			if err != nil {
				return store.Answer{}, fmt.Errorf("encode cart %s in %s: %w", cart.ID, c.version.Date, err)
			}
			return store.Answer{Status: status, Body: body}, nil
		},
	}
}
