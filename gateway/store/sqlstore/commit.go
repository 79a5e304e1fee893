package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/postern-gateway/postern/gateway/store"
)

// sealedBatch is a batch with its bodies and tokens sealed, in the same order.
type sealedBatch struct {
	store.Batch
	session    []byte
	cart       []byte
	sagaBodies [][]byte
	sagaTokens [][]byte
	answers    []sealedAnswer
	order      []byte
	events     [][]byte
}

// sealedAnswer is an answer under the claim as it was taken.
type sealedAnswer struct {
	claim  store.Claim
	status int
	body   []byte
}

// Commit writes the batch as a whole. See [store.Store].
func (s *Store) Commit(ctx context.Context, b store.Batch) (err error) {
	sealed := s.sealBatch(b)
	begun := 0
	defer func() {
		for _, a := range sealed.answers[:begun] {
			s.claims.endAnswer(a.claim, err == nil)
		}
	}()
	for i, a := range b.Answers {
		claim, ok := s.claims.beginAnswer(a.Claim)
		if !ok {
			return fmt.Errorf("commit: answer %s %s: %w", a.Claim.Agent, a.Claim.Path, store.ErrClaimLost)
		}
		sealed.answers[i].claim = claim
		begun++
	}
	if err := s.write(ctx, sealed.apply); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// sealBatch runs in the caller's goroutine, so that callers seal side by side.
func (s *Store) sealBatch(b store.Batch) *sealedBatch {
	sealed := &sealedBatch{Batch: b}
	if b.Session != nil {
		sealed.session = s.seal.seal(b.Session.Session.Body, sessionPlace(b.Session.Session.ID))
	}
	if b.Cart != nil {
		sealed.cart = s.seal.seal(b.Cart.Cart.Body, cartPlace(b.Cart.Cart.ID))
	}
	for i := range b.Sagas {
		one := &b.Sagas[i].Saga
		sealed.sagaBodies = append(sealed.sagaBodies, s.seal.seal(one.Body, sagaPlace("body", one.SessionID, one.Attempt)))
		var token []byte
		if len(one.Token) > 0 {
			token = s.seal.seal(one.Token, sagaPlace("token", one.SessionID, one.Attempt))
		}
		sealed.sagaTokens = append(sealed.sagaTokens, token)
	}
	for _, a := range b.Answers {
		sealed.answers = append(sealed.answers, sealedAnswer{a.Claim, a.Answer.Status, s.seal.seal(a.Answer.Body, answerPlace(a.Claim))})
	}
	if b.Order != nil {
		sealed.order = s.seal.seal(b.Order.Order.Body, orderPlace(b.Order.Order.Shop, b.Order.Order.Ref))
	}
	for i := range b.Events {
		sealed.events = append(sealed.events, s.seal.seal(b.Events[i].Body, deliveryPlace(b.Events[i].ID)))
	}
	return sealed
}

// apply writes in the order of the batch's fields: a session before its sagas and its order, an order before its refunds.
func (b *sealedBatch) apply(t *tx) error {
	if b.Session != nil {
		if err := t.writeSession(b.Session, b.session); err != nil {
			return err
		}
	}
	if b.Cart != nil {
		if err := t.writeCart(b.Cart, b.cart); err != nil {
			return err
		}
	}
	for i := range b.Sagas {
		if err := t.writeSaga(&b.Sagas[i], b.sagaBodies[i], b.sagaTokens[i]); err != nil {
			return err
		}
	}
	for _, a := range b.answers {
		if err := t.writeAnswer(a); err != nil {
			return err
		}
	}
	if b.Order != nil {
		if err := t.writeOrder(b.Order, b.order); err != nil {
			return err
		}
	}
	for i := range b.Refunds {
		if err := t.writeRefund(&b.Refunds[i]); err != nil {
			return err
		}
	}
	if b.Cursor != nil {
		if err := t.moveCursor(b.Cursor); err != nil {
			return err
		}
	}
	for i := range b.Events {
		if err := t.addDelivery(&b.Events[i], b.events[i]); err != nil {
			return err
		}
	}
	for i := range b.Outcomes {
		if err := t.writeDelivery(&b.Outcomes[i]); err != nil {
			return err
		}
	}
	for _, l := range b.Log {
		if _, err := t.exec(logInsert, l.SessionID, l.Attempt, micros(l.At), l.Note); err != nil {
			return fmt.Errorf("log of session %s: %w", l.SessionID, err)
		}
	}
	return nil
}

// Log reads the history of a session. See [store.Store].
func (s *Store) Log(ctx context.Context, sessionID string) ([]store.LogEntry, error) {
	var found []store.LogEntry
	err := s.readRows(ctx, logOfSession, func(rows *sql.Rows) error {
		var one store.LogEntry
		var at int64
		err := rows.Scan(&at, &one.SessionID, &one.Attempt, &one.Note)
		one.At = fromMicros(at)
		found = append(found, one)
		return err
	}, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read log of session %s: %w", sessionID, err)
	}
	return found, nil
}
