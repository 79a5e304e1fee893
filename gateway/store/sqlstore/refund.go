package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/gateway/store"
)

// Refunds reads the refunds of an order. See [store.Store].
func (s *Store) Refunds(ctx context.Context, shop, orderRef string) ([]store.Refund, error) {
	var found []store.Refund
	err := s.readRows(ctx, refundsOfOrder, func(rows *sql.Rows) error {
		one, err := scanRefund(rows)
		found = append(found, one)
		return err
	}, shop, orderRef)
	if err != nil {
		return nil, fmt.Errorf("read refunds of order %s of shop %s: %w", orderRef, shop, err)
	}
	return found, nil
}

// AcquireRefunds leases refunds that are due. See [store.Store].
func (s *Store) AcquireRefunds(ctx context.Context, l store.Lease, limit int) ([]store.Refund, error) {
	var found []store.Refund
	err := s.acquire(ctx, refundsAcquire, l, limit, func(rows *sql.Rows) error {
		one, err := scanRefund(rows)
		found = append(found, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease refunds: %w", err)
	}
	slices.SortFunc(found, func(a, b store.Refund) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.OrderRef, b.OrderRef), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

func scanRefund(r row) (store.Refund, error) {
	var one store.Refund
	var lease, due, mark int64
	err := r.Scan(&one.Shop, &one.OrderRef, &one.ID, &one.State, &one.Amount.Minor, &one.Amount.Currency, &one.ProcessorID, &one.Version,
		&one.Owner, &lease, &due, &mark, &one.Attempts)
	one.LeaseUntil, one.DueAt, one.Mark = fromMicros(lease), fromMicros(due), fromMicros(mark)
	return one, err
}

func (t *tx) writeRefund(w *store.RefundWrite) error {
	one := &w.Refund
	var err error
	if w.Expect == 0 {
		err = t.change(refundInsert, one.Shop, one.OrderRef, one.ID, string(one.State), one.Amount.Minor, string(one.Amount.Currency),
			one.ProcessorID, one.Owner, micros(one.LeaseUntil), micros(one.DueAt), micros(one.Mark), one.Attempts)
	} else {
		err = t.change(refundUpdate, string(one.State), one.ProcessorID, one.Owner, micros(one.LeaseUntil), micros(one.DueAt),
			micros(one.Mark), one.Attempts, one.Shop, one.OrderRef, one.ID, w.Expect)
	}
	if err != nil {
		return fmt.Errorf("refund %s of order %s of shop %s version %d: %w", one.ID, one.OrderRef, one.Shop, w.Expect, err)
	}
	return nil
}
