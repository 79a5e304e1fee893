package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

func deliveryPlace(id string) place { return place{"deliveries", "body", [3]string{id}} }

// Deliveries reads all deliveries of a lane. See [store.Store].
func (s *Store) Deliveries(ctx context.Context, lane string) ([]store.Delivery, error) {
	var found []store.Delivery
	err := s.readRows(ctx, deliveriesOfLane, func(rows *sql.Rows) error {
		one, err := scanDelivery(rows)
		found = append(found, one)
		return err
	}, lane)
	if err != nil {
		return nil, fmt.Errorf("read deliveries of lane %s: %w", lane, err)
	}
	s.openDeliveries(found)
	return found, nil
}

// AcquireDeliveries leases the first pending delivery of each lane that is due. See [store.Store].
func (s *Store) AcquireDeliveries(ctx context.Context, l store.Lease, limit int) ([]store.Delivery, error) {
	var found []store.Delivery
	err := s.acquire(ctx, deliveriesAcquire, l, limit, func(rows *sql.Rows) error {
		one, err := scanDelivery(rows)
		found = append(found, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease deliveries: %w", err)
	}
	s.openDeliveries(found)
	slices.SortFunc(found, func(a, b store.Delivery) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.Seq, b.Seq))
	})
	return found, nil
}

// scanDelivery leaves Body sealed, so that the writer does not decrypt; openDeliveries does that.
func scanDelivery(r row) (store.Delivery, error) {
	var one store.Delivery
	var due, lease, created int64
	err := r.Scan(&one.Seq, &one.ID, &one.Lane, &one.Agent, &one.Type, &one.State, &one.Attempts, &due, &one.Owner, &lease, &created,
		&one.LastResult, &one.Trace, &one.Body)
	one.DueAt, one.LeaseUntil, one.CreatedAt = fromMicros(due), fromMicros(lease), fromMicros(created)
	return one, err
}

func (s *Store) openDeliveries(found []store.Delivery) {
	for i := range found {
		one := &found[i]
		one.Body, one.Damaged = s.seal.open(one.Body, deliveryPlace(one.ID))
	}
}

// addDelivery takes the body sealed.
func (t *tx) addDelivery(one *store.Delivery, body []byte) error {
	if one.Type == commerce.OrderUpdate {
		if _, err := t.exec(deliverySupersede, one.Lane); err != nil {
			return fmt.Errorf("supersede in lane %s: %w", one.Lane, err)
		}
	}
	state := cmp.Or(one.State, store.DeliveryPending)
	err := t.change(deliveryInsert, one.ID, one.Lane, one.Agent, string(one.Type), string(state), one.Attempts, micros(one.DueAt),
		one.Owner, micros(one.LeaseUntil), micros(one.CreatedAt), one.LastResult, one.Trace, body)
	if err != nil {
		return fmt.Errorf("delivery %s: %w", one.ID, err)
	}
	return nil
}

func (t *tx) writeDelivery(w *store.DeliveryWrite) error {
	one := &w.Delivery
	err := t.change(deliveryUpdate, string(one.State), one.Owner, string(one.State), one.Attempts, micros(one.DueAt), one.LastResult,
		one.Owner, micros(one.LeaseUntil), one.ID, w.Owner)
	if err != nil {
		return fmt.Errorf("delivery %s: %w", one.ID, err)
	}
	return nil
}
