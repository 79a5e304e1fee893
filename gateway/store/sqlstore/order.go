package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/postern-gateway/postern/gateway/store"
)

func orderPlace(shop, ref string) place { return place{"orders", "body", [3]string{shop, ref}} }

// Order reads an order by the shop's ref. See [store.Store].
func (s *Store) Order(ctx context.Context, shop, ref string) (store.Order, error) {
	found, err := s.order(ctx, orderByRef, shop, ref)
	if err != nil {
		return store.Order{}, fmt.Errorf("read order %s of shop %s: %w", ref, shop, err)
	}
	return found, nil
}

// OrderOfSession reads the order of a session. See [store.Store].
func (s *Store) OrderOfSession(ctx context.Context, sessionID string) (store.Order, error) {
	found, err := s.order(ctx, orderOfSession, sessionID)
	if err != nil {
		return store.Order{}, fmt.Errorf("read order of session %s: %w", sessionID, err)
	}
	return found, nil
}

func (s *Store) order(ctx context.Context, id read, args ...any) (store.Order, error) {
	if err := s.enter(ctx); err != nil {
		return store.Order{}, err
	}
	defer s.leave()
	var one store.Order
	var updated int64
	var sealed []byte
	err := s.readRow(ctx, id, args, &one.Shop, &one.Ref, &one.SessionID, &one.Agent, &one.IntentID, &one.Version, &updated, &sealed)
	if err != nil {
		return store.Order{}, notFound(err)
	}
	one.UpdatedAt = fromMicros(updated)
	one.Body, err = s.seal.open(sealed, orderPlace(one.Shop, one.Ref))
	return one, err
}

func (t *tx) writeOrder(w *store.OrderWrite, body []byte) error {
	one := &w.Order
	var err error
	if w.Expect == 0 {
		err = t.change(orderInsert, one.Shop, one.Ref, one.SessionID, one.Agent, one.IntentID, micros(one.UpdatedAt), body)
	} else {
		err = t.change(orderUpdate, one.IntentID, micros(one.UpdatedAt), body, one.Shop, one.Ref, one.SessionID, one.Agent, w.Expect)
	}
	if err != nil {
		return fmt.Errorf("order %s of shop %s version %d: %w", one.Ref, one.Shop, w.Expect, err)
	}
	return nil
}

// Cursor is where the change feed of a shop stands. See [store.Store].
func (s *Store) Cursor(ctx context.Context, shop string) (string, error) {
	if err := s.enter(ctx); err != nil {
		return "", fmt.Errorf("read cursor of shop %s: %w", shop, err)
	}
	defer s.leave()
	var at string
	err := s.readRow(ctx, cursorOfShop, []any{shop}, &at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read cursor of shop %s: %w", shop, explain(err))
	}
	return at, nil
}

func (t *tx) moveCursor(w *store.CursorWrite) error {
	err := t.change(cursorUpdate, w.To, w.Shop, w.From)
	if errors.Is(err, store.ErrStale) && w.From == "" {
		err = t.change(cursorInsert, w.Shop, w.To)
	}
	if err != nil {
		return fmt.Errorf("cursor of shop %s: %w", w.Shop, err)
	}
	return nil
}
