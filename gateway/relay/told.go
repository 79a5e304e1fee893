package relay

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// EventBody renders an event in the version of the agent's subscription. ok is false when the agent has none.
type EventBody func(agent string, e commerce.Event) (body []byte, ok bool, err error)

// teller turns what is known of an order into what is committed of it.
type teller struct {
	store store.Store
	clock clock.Clock
	newID func(prefix string) string
	body  EventBody
	log   *slog.Logger
}

// tell adds to b the order in snapshot s and, when the agent would see a difference, an event with its frozen body. refunds are the
// order's refunds as b leaves them. Nothing is added when nothing changed.
//
// When the event cannot be rendered the state is committed without it and the order counts as not told, so that its next change is
// compared with what the agent really knows.
func (t *teller) tell(ctx context.Context, b *store.Batch, row store.Order, rec commerce.OrderRecord, s commerce.Snapshot, refunds []store.Refund) error {
	s = settled(rec, s, refunds)
	next := rec.Purchase.Order(s, store.Adjustments(refunds))
	untold, err := differ(next, rec.Told)
	if err != nil {
		return commerce.Faultf(commerce.Unexpected, "order %s of shop %s cannot be compared with what was told", row.Ref, row.Shop).Because(err)
	}
	moved, err := differ(s, rec.Snapshot)
	if err != nil {
		return commerce.Faultf(commerce.Unexpected, "order %s of shop %s cannot be compared with its last snapshot", row.Ref, row.Shop).Because(err)
	}
	if !untold && !moved {
		return nil
	}
	if untold {
		events, err := t.events(ctx, row, rec.Told, next)
		if err != nil {
			t.log.ErrorContext(ctx, "change of an order cannot be told to its agent", "shop", row.Shop, "order", row.Ref, "agent", row.Agent, "error", err)
		} else {
			b.Events = append(b.Events, events...)
			rec.Told = next
		}
	}
	rec.Snapshot = s
	row.UpdatedAt = t.clock.Now()
	if row.Body, err = rec.Encode(); err != nil {
		return err
	}
	b.Order = &store.OrderWrite{Order: row, Expect: row.Version}
	return nil
}

// events is the event that tells next to the order's agent: none when the agent has no subscription, or when the version of its
// subscription shows no difference to what was told last.
func (t *teller) events(ctx context.Context, row store.Order, told, next commerce.Order) ([]store.Delivery, error) {
	now := t.clock.Now()
	e := commerce.Event{ID: t.newID("evt_"), Type: commerce.OrderUpdate, Order: next, At: now}
	body, ok, err := t.body(row.Agent, e)
	if err != nil || !ok {
		return nil, err
	}
	before := e
	before.Order = told
	if old, _, err := t.body(row.Agent, before); err == nil && bytes.Equal(old, body) {
		return nil, nil
	}
	if e.Type, err = t.eventType(ctx, row); err != nil {
		return nil, err
	}
	if e.Type != commerce.OrderUpdate {
		if body, _, err = t.body(row.Agent, e); err != nil {
			return nil, err
		}
	}
	return []store.Delivery{{
		ID: e.ID, Lane: row.Lane(), Agent: row.Agent, Type: e.Type, State: store.DeliveryPending,
		DueAt: now, CreatedAt: now, Trace: traceparent(ctx), Body: body,
	}}, nil
}

// eventType is order_create while the agent has not heard, and cannot hear any more, of the order: the subscription is younger than
// the order, or the first order_create died.
func (t *teller) eventType(ctx context.Context, row store.Order) (commerce.EventType, error) {
	lane, err := t.store.Deliveries(ctx, row.Lane())
	if err != nil {
		return "", err
	}
	for _, d := range lane {
		if d.Type == commerce.OrderCreate && (d.State == store.DeliveryPending || d.State == store.DeliveryDelivered) {
			return commerce.OrderUpdate, nil
		}
	}
	return commerce.OrderCreate, nil
}

// settled is s with every refund that Postern knows as it was when it became an intent: a shop that changes or drops a refund does not
// move money back. A refund without an id, or with the id of another, cannot be told and is left out; so is one that Postern made of
// itself, because the purchase tells it.
func settled(rec commerce.OrderRecord, s commerce.Snapshot, refunds []store.Refund) commerce.Snapshot {
	seen := map[string]bool{"": true}
	for _, r := range rec.Purchase.Returned {
		seen[r.ID] = true
	}
	s.Refunds = slices.DeleteFunc(slices.Clone(s.Refunds), func(r commerce.ShopRefund) bool {
		twice := seen[r.ID]
		seen[r.ID] = true
		return twice
	})
	for _, r := range refunds {
		has := func(sr commerce.ShopRefund) bool { return sr.ID == r.ID }
		if i := slices.IndexFunc(s.Refunds, has); i >= 0 {
			s.Refunds[i].Amount = r.Amount.Minor
		} else if i := slices.IndexFunc(rec.Snapshot.Refunds, has); i >= 0 {
			s.Refunds = append(s.Refunds, rec.Snapshot.Refunds[i])
		}
	}
	return s
}

// differ compares by meaning: no list is an empty list, and a time is an instant in whatever zone.
func differ[T any](a, b T) (bool, error) {
	x, err := canonical(a)
	if err != nil {
		return false, err
	}
	y, err := canonical(b)
	if err != nil {
		return false, err
	}
	return !bytes.Equal(x, y), nil
}

func canonical(v any) ([]byte, error) {
	utc := json.MarshalToFunc(func(enc *jsontext.Encoder, t time.Time) error {
		return enc.WriteToken(jsontext.String(t.UTC().Format(time.RFC3339Nano)))
	})
	return json.Marshal(v, json.Deterministic(true), json.WithMarshalers(utc), jsontext.AllowInvalidUTF8(true))
}
