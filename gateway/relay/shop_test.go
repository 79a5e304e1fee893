package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

var placedAt = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// shop is a shop's change feed and its orders. The feed's cursor is a position.
type shop struct {
	mu       sync.Mutex
	feed     []string
	orders   map[string]commerce.Snapshot
	failFeed error
	failRef  map[string]error
	reads    map[string]int
	onRead   func(ref string) // while GetOrder runs, outside the lock
}

func newShop() *shop {
	return &shop{orders: map[string]commerce.Snapshot{}, failRef: map[string]error{}, reads: map[string]int{}}
}

func (s *shop) Name() string { return testShop }

func (s *shop) Changes(_ context.Context, cursor string, limit int) (adapters.ChangePage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failFeed != nil {
		return adapters.ChangePage{}, s.failFeed
	}
	from, _ := strconv.Atoi(cursor)
	to := min(from+limit, len(s.feed))
	return adapters.ChangePage{Refs: s.feed[from:to:to], Cursor: strconv.Itoa(to), More: to < len(s.feed)}, nil
}

func (s *shop) GetOrder(_ context.Context, ref string) (commerce.Snapshot, error) {
	s.mu.Lock()
	s.reads[ref]++
	o, ok := s.orders[ref]
	err, hook := s.failRef[ref], s.onRead
	s.mu.Unlock()
	if hook != nil {
		hook(ref)
	}
	if err != nil {
		return commerce.Snapshot{}, err
	}
	if !ok {
		return commerce.Snapshot{}, commerce.Faultf(commerce.Rejected, "no order %s", ref)
	}
	return o, nil
}

// change edits an order and puts it into the feed.
func (s *shop) change(ref string, edit func(*commerce.Snapshot)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[ref]
	edit(&o)
	o.Revision += "+"
	s.orders[ref] = o
	s.feed = append(s.feed, ref)
}

func (s *shop) ship(ref, tracking string) {
	s.change(ref, func(o *commerce.Snapshot) {
		o.Status = commerce.OrderShipped
		o.Shipments = []commerce.Shipment{{ID: "sh1", Status: "shipped", Carrier: "Post", TrackingNumber: tracking, ShippedAt: placedAt.Add(time.Hour)}}
	})
}

func (s *shop) refund(ref, id string, amount int64) {
	s.change(ref, func(o *commerce.Snapshot) {
		o.Refunds = append(slices.Clip(o.Refunds), commerce.ShopRefund{ID: id, Amount: amount, CreatedAt: placedAt.Add(2 * time.Hour)})
	})
}

// place makes an order of 100.00 in the shop and, when ours, in the store as a completed checkout leaves it.
func place(t *testing.T, st store.Store, s *shop, ref string, ours bool) {
	t.Helper()
	s.change(ref, func(o *commerce.Snapshot) {
		*o = commerce.Snapshot{
			Ref: ref, Number: "1", Status: commerce.OrderConfirmed, Payment: commerce.Captured, Currency: "usd", ExactTotal: "100.00", Total: 10000,
			Lines: []commerce.SnapshotLine{{ID: "L1", ItemID: "mug", Title: "Mug", Ordered: 2, Current: 2, UnitPrice: 5000}},
		}
	})
	if ours {
		own(t, st, s, ref)
	}
}

// own stores the order as a completed checkout does.
func own(t *testing.T, st store.Store, s *shop, ref string) {
	t.Helper()
	session := "cs_" + ref
	p := commerce.Purchase{
		SessionID: session, OrderID: "ord_" + ref, Number: "1", Permalink: "https://shop.example/orders/1", Currency: "usd",
		Lines:  []commerce.Line{{ID: "li_1", ItemID: "mug", Quantity: 2, UnitAmount: 5000, Base: 10000, Subtotal: 10000, Total: 10000, Name: "Mug"}},
		Totals: []commerce.Total{{Type: commerce.TotalDue, DisplayText: "Total", Amount: 10000}}, PlacedAt: placedAt,
	}
	s.mu.Lock()
	snapshot := s.orders[ref]
	s.mu.Unlock()
	rec := commerce.OrderRecord{Purchase: p, Snapshot: snapshot, Told: p.Order(snapshot, nil)}
	body, err := rec.Encode()
	if err != nil {
		t.Fatal(err)
	}
	row := store.Order{Shop: testShop, Ref: ref, SessionID: session, Agent: testAgent, IntentID: "pi_" + ref, UpdatedAt: placedAt, Body: body}
	create := event(row.Lane(), testAgent, 0, commerce.OrderCreate, clock.System().Now())
	create.State = store.DeliveryDelivered
	commit(t, st, store.Batch{
		Session: &store.SessionWrite{Session: store.Session{ID: session, Agent: testAgent, Shop: testShop, Status: commerce.Completed}},
		Order:   &store.OrderWrite{Order: row}, Events: []store.Delivery{create},
	})
}

func newIntake(st store.Store, s *shop, body EventBody, log *logLines) *Intake {
	return NewIntake(IntakeOptions{Shop: s, Store: st, Clock: clock.System(), NewID: new(ids).next, Body: body, Every: 10 * time.Second, Log: log.logger()})
}

func poll(t *testing.T, i *Intake) {
	t.Helper()
	if err := i.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// told is what the events of an order say, without its order_create: status, tracking number and refunds.
func told(t *testing.T, st store.Store, ref string) []string {
	t.Helper()
	ds, err := st.Deliveries(context.Background(), "cs_"+ref)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, d := range ds[1:] {
		var e struct {
			Type commerce.EventType
			Data commerce.Order
		}
		if err := json.Unmarshal(d.Body, &e); err != nil {
			t.Fatal(err)
		}
		if e.Type != d.Type {
			t.Errorf("event %s is a %s, its body a %s", d.ID, d.Type, e.Type)
		}
		parts := []string{string(e.Type), string(e.Data.Status)}
		for _, f := range e.Data.Fulfillments {
			parts = append(parts, f.TrackingNumber)
		}
		for _, a := range e.Data.Adjustments {
			parts = append(parts, fmt.Sprintf("%s:%d:%s", a.ID, a.Amount, a.Status))
		}
		out = append(out, strings.Join(parts, " "))
	}
	return out
}
