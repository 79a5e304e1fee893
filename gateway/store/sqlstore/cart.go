package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/gateway/store"
)

func cartPlace(id string) place { return place{"carts", "body", [3]string{id}} }

// Cart reads a saved cart of any owner. See [store.Store].
func (s *Store) Cart(ctx context.Context, id string) (store.Cart, error) {
	if err := s.enter(ctx); err != nil {
		return store.Cart{}, fmt.Errorf("read cart %s: %w", id, err)
	}
	defer s.leave()
	found, err := s.scanCart(s.stmts[cartByID].QueryRowContext(context.WithoutCancel(ctx), id))
	if err == nil {
		err = found.Damaged
	}
	if err != nil {
		return store.Cart{}, fmt.Errorf("read cart %s: %w", id, notFound(err))
	}
	return found, nil
}

// DueCarts lists carts whose time has come. See [store.Store].
func (s *Store) DueCarts(ctx context.Context, now time.Time, limit int) ([]store.Cart, error) {
	var found []store.Cart
	err := s.readRows(ctx, cartsDue, func(rows *sql.Rows) error {
		one, err := s.scanCart(rows)
		found = append(found, one)
		return err
	}, micros(now), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("list due carts: %w", err)
	}
	return found, nil
}

func (s *Store) scanCart(r row) (store.Cart, error) {
	var one store.Cart
	var due, updated int64
	var sealed []byte
	if err := r.Scan(&one.ID, &one.Agent, &one.Shop, &one.Ended, &one.Version, &due, &updated, &sealed); err != nil {
		return store.Cart{}, err
	}
	one.DueAt, one.UpdatedAt = fromMicros(due), fromMicros(updated)
	one.Body, one.Damaged = s.seal.open(sealed, cartPlace(one.ID))
	return one, nil
}

func (t *tx) writeCart(w *store.CartWrite, body []byte) error {
	one := &w.Cart
	var err error
	switch {
	case w.Forget:
		err = t.change(cartDelete, one.ID, one.Agent, one.Shop, w.Expect)
	case w.Expect == 0:
		err = t.change(cartInsert, one.ID, one.Agent, one.Shop, truth(one.Ended), micros(one.DueAt), micros(one.UpdatedAt), body)
	default:
		err = t.change(cartUpdate, truth(one.Ended), micros(one.DueAt), micros(one.UpdatedAt), body, one.ID, one.Agent, one.Shop, w.Expect)
	}
	if err != nil {
		return fmt.Errorf("cart %s version %d: %w", one.ID, w.Expect, err)
	}
	return nil
}
