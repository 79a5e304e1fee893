package v20260417

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
	"github.com/postern-gateway/postern/translate/write/rows"
)

// EncodeSession writes the answer to every session operation. A session shows
// its order as soon as it has one. It fails when the quote does not add up,
// because inconsistent money must never be shown ([write.CheckQuote]).
func EncodeSession(s commerce.Session) ([]byte, error) {
	out, err := rows.SessionOf(s, Date, write.AuthenticationOf(s))
	if err != nil {
		return nil, err
	}
	at := s.UpdatedAt
	if at.IsZero() {
		at = s.CreatedAt
	}
	out.Order = rows.OrderOf(s.Order, at)
	return wire.Marshal(out)
}

// EncodeCompletion writes the answer to complete, which is the session: with
// its order, or without one when it has none, as after a declined payment.
func EncodeCompletion(s commerce.Session) ([]byte, error) { return EncodeSession(s) }

// EncodeCart writes the answer to every operation of a cart: a price without
// delivery, payment or state. It fails as [EncodeSession] does.
func EncodeCart(c commerce.SavedCart) ([]byte, error) {
	out, err := rows.CartOf(c)
	if err != nil {
		return nil, err
	}
	return wire.Marshal(out)
}

// EncodeEvent writes the body of the order webhook: the whole order. It fails
// only on a value that JSON cannot carry.
func EncodeEvent(e commerce.Event) ([]byte, error) { return wire.Marshal(rows.EventOf(e)) }

// EncodeError writes the body of an error answer.
func EncodeError(p wire.Problem) ([]byte, error) { return wire.Marshal(p) }
