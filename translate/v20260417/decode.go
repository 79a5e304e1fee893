package v20260417

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/reader"
	"github.com/postern-gateway/postern/translate/wire"
)

// dialect is what requests of this date look like (spec/2026-04-17,
// json-schema, read 2026-11-22).
var dialect = reader.Dialect{
	LineItems:   true,
	Details:     true,
	Company:     true,
	Selection:   reader.FlatOptions,
	Groups:      true,
	Profile:     true,
	Handlers:    true,
	Negotiation: true,
	Context:     true,
	Discounts:   true,
	Notes:       true,
	SideData:    true,
	Outcomes:    reader.TenOutcomes,
}

// DecodeCreate reads the body of POST /checkout_sessions. Its error is a
// *[wire.Refusal], which is a [commerce.Fault] of kind Invalid to errors.As.
func DecodeCreate(r *wire.Reader) (commerce.CreateRequest, error) { return reader.Create(r, dialect) }

// DecodeUpdate reads the body of POST /checkout_sessions/{id}. Errors as in
// [DecodeCreate].
func DecodeUpdate(r *wire.Reader) (commerce.UpdateRequest, error) { return reader.Update(r, dialect) }

// DecodeComplete reads the body of POST /checkout_sessions/{id}/complete.
// Errors as in [DecodeCreate].
func DecodeComplete(r *wire.Reader) (commerce.CompleteRequest, error) {
	return reader.Complete(r, dialect)
}

// DecodeCancel reads the body of POST /checkout_sessions/{id}/cancel, which
// may be missing or empty. Errors as in [DecodeCreate].
func DecodeCancel(r *wire.Reader) (commerce.CancelRequest, error) { return reader.Cancel(r, dialect) }

// DecodeCart reads the body of POST /carts and PUT /carts/{id}. Errors as in
// [DecodeCreate].
func DecodeCart(r *wire.Reader) (commerce.CartRequest, error) { return reader.Cart(r, dialect) }
