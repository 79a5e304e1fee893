package unreleased

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/v20260417"
	"github.com/postern-gateway/postern/translate/wire"
)

// EncodeSession writes the answer to every session operation, as
// [v20260417.EncodeSession]: protocol.version must be a date, and that is the
// newest one.
func EncodeSession(s commerce.Session) ([]byte, error) { return v20260417.EncodeSession(s) }

// EncodeCompletion writes the answer to complete, which is the session.
func EncodeCompletion(s commerce.Session) ([]byte, error) { return v20260417.EncodeCompletion(s) }

// EncodeCart writes the answer to every operation of a cart.
func EncodeCart(c commerce.SavedCart) ([]byte, error) { return v20260417.EncodeCart(c) }

// EncodeError writes the body of an error answer.
func EncodeError(p wire.Problem) ([]byte, error) { return v20260417.EncodeError(p) }

// EncodeEvent writes the body of the order webhook: the whole order.
func EncodeEvent(e commerce.Event) ([]byte, error) { return v20260417.EncodeEvent(e) }
