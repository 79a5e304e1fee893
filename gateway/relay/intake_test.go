package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

func wantTold(t *testing.T, st store.Store, ref string, want ...string) {
	t.Helper()
	if d := cmp.Diff(append([]string{}, want...), told(t, st, ref)); d != "" {
		t.Errorf("told of order %s (-want +got):\n%s", ref, d)
	}
}

func cursor(t *testing.T, st store.Store) string {
	t.Helper()
	c, err := st.Cursor(context.Background(), testShop)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPollTellsWhatChanged(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	var lines logLines
	place(t, st, s, "o1", true)
	place(t, st, s, "foreign", false)
	place(t, st, s, "o2", true)
	i := newIntake(st, s, fullBody, &lines)
	poll(t, i)
	wantTold(t, st, "o1")
	wantTold(t, st, "o2")
	if s.reads["foreign"] != 0 {
		t.Error("an order of somebody else was read")
	}
	if cursor(t, st) != "3" {
		t.Errorf("cursor %q, want 3", cursor(t, st))
	}

	// Three changes between two polls are one event, of the newest state.
	s.change("o1", func(o *commerce.Snapshot) { o.Status = commerce.OrderProcessing })
	s.ship("o1", "T1")
	s.ship("o1", "T2")
	poll(t, i)
	wantTold(t, st, "o1", "order_update shipped T2")
	wantTold(t, st, "o2")

	// The same again, and a change that no agent can see, are no events.
	s.ship("o1", "T2")
	s.change("o1", func(o *commerce.Snapshot) { o.UpdatedAt = placedAt.Add(time.Hour).In(time.FixedZone("", 3600)) })
	poll(t, i)
	poll(t, i)
	wantTold(t, st, "o1", "order_update shipped T2")
	row, err := st.Order(t.Context(), testShop, "o1")
	if err != nil {
		t.Fatal(err)
	}
	rec, err := commerce.DecodeOrderRecord(row.Body)
	if err != nil || !rec.Snapshot.UpdatedAt.Equal(placedAt.Add(time.Hour)) {
		t.Errorf("the last snapshot was not kept: %v, %v", rec.Snapshot.UpdatedAt, err)
	}
	version := row.Version
	poll(t, i)
	if row, err = st.Order(t.Context(), testShop, "o1"); err != nil || row.Version != version {
		t.Errorf("a poll without a change wrote the order: version %d, want %d (%v)", row.Version, version, err)
	}
	if lines.String() != "" {
		t.Errorf("log of an undisturbed intake: %s", lines.String())
	}
}

// TestPollCommitsTogether: snapshot, event and cursor are one commit.
func TestPollCommitsTogether(t *testing.T) {
	t.Parallel()
	s := newShop()
	var batches []store.Batch
	st := &faultyStore{Store: openStore(t)}
	place(t, st, s, "o1", true)
	st.before = func(b store.Batch) error { batches = append(batches, b); return nil }
	s.ship("o1", "T1")
	s.refund("o1", "r1", 500)
	poll(t, newIntake(st, s, fullBody, new(logLines)))
	if len(batches) != 1 {
		t.Fatalf("%d commits, want 1", len(batches))
	}
	if b := batches[0]; b.Order == nil || b.Cursor == nil || len(b.Events) != 1 || len(b.Refunds) != 1 || b.Cursor.To != "3" {
		t.Errorf("batch %+v, want order, cursor, event and refund in one", b)
	}
}

// TestCoarseVersionIsNotToldTwice: where the subscription's date shows no difference there is no event, because no two are equal.
func TestCoarseVersionIsNotToldTwice(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	i := newIntake(st, s, coarseBody, new(logLines))
	s.ship("o1", "T1")
	poll(t, i)
	s.ship("o1", "T2") // the oldest date has no tracking number
	poll(t, i)
	ds, err := st.Deliveries(t.Context(), "cs_o1")
	if err != nil {
		t.Fatal(err)
	}
	if len(ds) != 2 {
		t.Errorf("%d events, want order_create and one update", len(ds))
	}
}

func TestAgentWithoutSubscriptionIsNotTold(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	i := newIntake(st, s, func(string, commerce.Event) ([]byte, bool, error) { return nil, false, nil }, new(logLines))
	s.ship("o1", "T1")
	poll(t, i)
	wantTold(t, st, "o1")
}

// TestRenderingFault: the state is kept, the order counts as not told, and the next change tells all of it.
func TestRenderingFault(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	broken := true
	var lines logLines
	i := newIntake(st, s, func(agent string, e commerce.Event) ([]byte, bool, error) {
		if broken && e.Order.Status == commerce.OrderShipped {
			return nil, false, errors.New("cannot render")
		}
		return fullBody(agent, e)
	}, &lines)
	s.ship("o1", "T1")
	poll(t, i)
	wantTold(t, st, "o1")
	if !strings.Contains(lines.String(), "level=ERROR") {
		t.Error("nobody was alerted")
	}
	broken = false
	s.change("o1", func(*commerce.Snapshot) {})
	poll(t, i)
	wantTold(t, st, "o1", "order_update shipped T1")
}

// TestFirstHeardIsOrderCreate: a subscription that is younger than the order, or whose order_create died, hears order_create first.
func TestFirstHeardIsOrderCreate(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	s.ship("o1", "T1")
	for state, want := range map[store.DeliveryState]commerce.EventType{
		"":                      commerce.OrderCreate, // no event at all
		store.DeliveryDead:      commerce.OrderCreate,
		store.DeliveryPending:   commerce.OrderUpdate,
		store.DeliveryDelivered: commerce.OrderUpdate,
	} {
		var lane []store.Delivery
		if state != "" {
			lane = append(lane, store.Delivery{Type: commerce.OrderCreate, State: state}, store.Delivery{Type: commerce.OrderUpdate, State: store.DeliveryDead})
		}
		batches := &recordingStore{Store: deliveriesOnly{st, lane}}
		poll(t, newIntake(batches, s, fullBody, new(logLines)))
		if len(batches.last.Events) != 1 || batches.last.Events[0].Type != want || !strings.Contains(string(batches.last.Events[0].Body), string(want)) {
			t.Errorf("order_create %q: the change is %+v, want a %s", state, batches.last.Events, want)
		}
	}
}

// recordingStore keeps a batch instead of writing it.
type recordingStore struct {
	store.Store
	last store.Batch
}

func (r *recordingStore) Commit(_ context.Context, b store.Batch) error {
	r.last = b
	return nil
}

type deliveriesOnly struct {
	store.Store
	ds []store.Delivery
}

func (d deliveriesOnly) Deliveries(context.Context, string) ([]store.Delivery, error) {
	return d.ds, nil
}

// TestS13NothingBeforeTheSessionIsCompleted: a change of an order that is not ours yet says nothing, and is not lost either.
func TestS13NothingBeforeTheSessionIsCompleted(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", false)
	i := newIntake(st, s, fullBody, new(logLines))
	first := s.orders["o1"]
	s.ship("o1", "T1")
	poll(t, i)
	poll(t, i)
	if s.reads["o1"] != 0 {
		t.Error("an order that is not ours was read")
	}
	// The checkout completes with the snapshot of when the order was placed.
	shipped := s.orders["o1"]
	s.orders["o1"] = first
	own(t, st, s, "o1")
	s.orders["o1"] = shipped
	poll(t, i)
	wantTold(t, st, "o1", "order_update shipped T1")
}

func TestFailingShopKeepsItsPlace(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	place(t, st, s, "o2", true)
	var lines logLines
	i := newIntake(st, s, fullBody, &lines)
	poll(t, i)
	at := cursor(t, st)

	s.ship("o1", "T1")
	s.ship("o2", "T2")
	s.failRef["o1"] = commerce.Faultf(commerce.Temporary, "down")
	if err := i.Poll(t.Context()); commerce.KindOf(err) != commerce.Temporary {
		t.Errorf("poll of a failing shop: %v", err)
	}
	wantTold(t, st, "o2", "order_update shipped T2") // one order does not hold up another
	if cursor(t, st) != at {
		t.Error("the feed moved past an order that was not read")
	}
	delete(s.failRef, "o1")
	poll(t, i)
	wantTold(t, st, "o1", "order_update shipped T1")
	wantTold(t, st, "o2", "order_update shipped T2")
	if cursor(t, st) == at {
		t.Error("the feed did not move")
	}
}

// TestUnreadableOrderDoesNotStopTheFeed: a shop that refuses one order for good, or fails on it again and again.
func TestUnreadableOrderDoesNotStopTheFeed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  commerce.Kind
		polls int // that fail
	}{{commerce.Rejected, 0}, {commerce.Temporary, unreadableTries - 1}, {commerce.RateLimited, 3 * unreadableTries}} {
		st, s := openStore(t), newShop()
		place(t, st, s, "o1", true)
		var lines logLines
		i := newIntake(st, s, fullBody, &lines)
		poll(t, i)
		s.ship("o1", "T1")
		s.failRef["o1"] = commerce.Faultf(c.kind, "no")
		for n := range c.polls {
			if err := i.Poll(t.Context()); err == nil {
				t.Fatalf("%v: poll %d went on without the order", c.kind, n)
			}
		}
		if c.kind == commerce.RateLimited {
			continue
		}
		poll(t, i)
		if cursor(t, st) != "2" || !strings.Contains(lines.String(), "level=ERROR") {
			t.Errorf("%v: cursor %s, log %s", c.kind, cursor(t, st), lines.String())
		}
		delete(s.failRef, "o1")
		poll(t, i)
		wantTold(t, st, "o1", "order_update shipped T1")
	}
}

func TestSnapshotMustFit(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*commerce.Snapshot){
		"another order":    func(o *commerce.Snapshot) { o.Ref = "o9" },
		"another currency": func(o *commerce.Snapshot) { o.Currency = "eur" },
	} {
		st, s := openStore(t), newShop()
		place(t, st, s, "o1", true)
		i := newIntake(st, s, fullBody, new(logLines))
		s.refund("o1", "r1", 500)
		s.change("o1", edit)
		if err := i.Poll(t.Context()); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if rs, err := st.Refunds(t.Context(), testShop, "o1"); err != nil || len(rs) != 0 {
			t.Errorf("%s: refunds %v, %v", name, rs, err)
		}
	}
}

// TestConcurrentChange: an order that somebody else changed between our read and our commit is read again.
func TestConcurrentChange(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	i := newIntake(st, s, fullBody, new(logLines))
	other := NewIntake(IntakeOptions{
		Shop: s, Store: st, Clock: clock.System(), Body: fullBody,
		NewID: func(p string) string { return p + "of-another-replica" },
	})
	s.ship("o1", "T1")
	raced := false
	s.onRead = func(string) {
		if raced {
			return
		}
		raced = true
		s.ship("o1", "T2")
		if err := other.apply(context.Background(), "o1", nil); err != nil {
			t.Error(err)
		}
	}
	poll(t, i)
	wantTold(t, st, "o1", "order_update shipped T2")
	if !raced {
		t.Error("there was no race")
	}
}

func TestCursorMovedByAnother(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	i := newIntake(st, s, fullBody, new(logLines))
	s.ship("o1", "T1")
	s.onRead = func(string) {
		s.onRead = nil
		commit(t, st, store.Batch{Cursor: &store.CursorWrite{Shop: testShop, From: "", To: "1"}})
	}
	if err := i.Poll(t.Context()); !errors.Is(err, store.ErrStale) {
		t.Errorf("poll beside another: %v", err)
	}
	poll(t, i)
	wantTold(t, st, "o1", "order_update shipped T1")
	if cursor(t, st) != "2" {
		t.Errorf("cursor %s", cursor(t, st))
	}
}

func TestManyPages(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	for n := range 3*pageSize + 7 {
		place(t, st, s, fmt.Sprint("foreign", n), false)
	}
	s.ship("o1", "T1")
	i := newIntake(st, s, fullBody, new(logLines))
	poll(t, i)
	wantTold(t, st, "o1", "order_update shipped T1")
	if got := cursor(t, st); got != fmt.Sprint(3*pageSize+9) {
		t.Errorf("cursor %s", got)
	}
}

func TestLaterIsBounded(t *testing.T) {
	t.Parallel()
	var l later
	now := placedAt
	if !l.own("ours", now.Add(time.Hour)) {
		t.Fatal("the first of ours is not taken")
	}
	for n := range maxStrangers + 10 {
		l.stranger(fmt.Sprint(n), now.Add(time.Hour))
	}
	if got := l.list(); len(got) != maxStrangers+1 || got[0] != "ours" || got[1] != "10" {
		t.Errorf("%d refs from %s, want ours and the newest %d strangers", len(got), got[:2], maxStrangers)
	}
	if l.expire("11", now) || !l.expire("10", now.Add(time.Hour)) {
		t.Error("what is forgotten is not told")
	}
	if got := l.list(); slices.Contains(got, "10") || !slices.Contains(got, "11") {
		t.Error("expiry forgets the wrong ones")
	}
	for n := range maxOwn - 2 {
		l.refs = append(l.refs, laterRef{ref: fmt.Sprint("own", n), ours: true})
	}
	if !l.own("the last", now) {
		t.Error("fewer of ours are taken than there is room for")
	}
	if l.own("one more", now) || l.own("11", now) || !l.own("ours", now) {
		t.Error("the bound on orders of ours does not hold, or holds for those that wait already")
	}
	if _, ok := l.fail("one more", now); ok {
		t.Error("one more of ours was taken")
	}
}

// TestStrangersDoNotEvictAnUnreadableOrder: an order that cannot be read for a while is not forgotten because the shop sells to others.
func TestStrangersDoNotEvictAnUnreadableOrder(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", true)
	i := newIntake(st, s, fullBody, new(logLines))
	poll(t, i)
	s.refund("o1", "r1", 500)
	s.failRef["o1"] = commerce.Faultf(commerce.Rejected, "not now")
	poll(t, i) // passed by
	for n := range 2 * maxStrangers {
		s.change(fmt.Sprintf("stranger-%d", n), func(*commerce.Snapshot) {})
	}
	poll(t, i)
	delete(s.failRef, "o1")
	poll(t, i)
	refunds, err := st.Refunds(t.Context(), testShop, "o1")
	if err != nil || len(refunds) != 1 {
		t.Errorf("the shop's refund became %d intents (%v): its buyer never gets the money", len(refunds), err)
	}
}

// TestLookOutlivesARestart: a change from before the completion, of which only an ended process heard, is taken up when somebody asks.
func TestLookOutlivesARestart(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	place(t, st, s, "o1", false) // placed, its session not completed yet
	snapshot := s.orders["o1"]
	s.refund("o1", "r1", 500)
	poll(t, newIntake(st, s, fullBody, new(logLines))) // a stranger; the cursor moves on
	now := s.orders["o1"]
	s.orders["o1"] = snapshot
	own(t, st, s, "o1") // completed with the snapshot of its placing, as checkout does
	s.orders["o1"] = now

	var lines logLines
	i := newIntake(st, s, fullBody, &lines) // the next process
	poll(t, i)
	refunds := func() int {
		t.Helper()
		rs, err := st.Refunds(t.Context(), testShop, "o1")
		if err != nil {
			t.Fatal(err)
		}
		return len(rs)
	}
	if refunds() != 0 {
		t.Fatal("the feed told again what this test wants forgotten")
	}
	// A shop that cannot show it just then does not make it forgotten.
	i.Look("o1")
	i.Look("o1")
	s.failRef["o1"] = commerce.Faultf(commerce.Temporary, "down")
	poll(t, i)
	poll(t, i)
	if refunds() != 0 || strings.Count(lines.String(), "order cannot be read") != 1 {
		t.Errorf("%d intents, log %s", refunds(), lines.String())
	}
	delete(s.failRef, "o1")
	poll(t, i)
	if refunds() != 1 {
		t.Errorf("the shop's refund became %d intents", refunds())
	}
	wantTold(t, st, "o1", "order_update confirmed r1:500:pending")
	reads := s.reads["o1"]
	poll(t, i)
	if s.reads["o1"] != reads {
		t.Error("an order that was looked at is looked at again")
	}
}

// TestLookAtAStranger: what is asked of an order that is not ours reads nothing and is forgotten in the end.
func TestLookAtAStranger(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	now := clock.NewManual(placedAt)
	i := NewIntake(IntakeOptions{Shop: s, Store: st, Clock: now, NewID: new(ids).next, Body: fullBody})
	i.Look("o9")
	poll(t, i)
	now.Advance(unreadableTTL)
	poll(t, i)
	if s.reads["o9"] != 0 || len(i.later.list()) != 0 {
		t.Errorf("%d reads, waiting %v", s.reads["o9"], i.later.list())
	}
}

// TestAnOrderIsGivenUpAloud: an order of ours that cannot be read for a day is given up with a line for the operator.
func TestAnOrderIsGivenUpAloud(t *testing.T) {
	t.Parallel()
	st, s := openStore(t), newShop()
	var lines logLines
	now := clock.NewManual(placedAt)
	place(t, st, s, "o1", true)
	i := NewIntake(IntakeOptions{Shop: s, Store: st, Clock: now, NewID: new(ids).next, Body: fullBody, Log: lines.logger()})
	poll(t, i)
	s.refund("o1", "r1", 500)
	s.failRef["o1"] = commerce.Faultf(commerce.Rejected, "not now")
	poll(t, i) // passed by
	now.Advance(unreadableTTL - time.Second)
	poll(t, i)
	if strings.Contains(lines.String(), "given up") || len(i.later.list()) != 1 {
		t.Fatalf("given up before its time: %s", lines.String())
	}
	now.Advance(time.Second)
	poll(t, i)
	poll(t, i)
	if n := strings.Count(lines.String(), "is given up"); n != 1 || len(i.later.list()) != 0 {
		t.Errorf("%d lines of an order that was given up; waiting %v", n, i.later.list())
	}
	s.change("stranger", func(*commerce.Snapshot) {})
	poll(t, i)
	now.Advance(strangerTTL)
	before := lines.String()
	poll(t, i)
	if lines.String() != before || len(i.later.list()) != 0 {
		t.Errorf("a stranger is not forgotten in silence: %s", lines.String())
	}
}

// TestPollsOfAFailingShop: the interval doubles to five minutes, the log speaks once, and all is well again afterwards.
func TestPollsOfAFailingShop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st, s := openStore(t), &countingShop{shop: newShop()}
		var lines logLines
		s.failFeed = commerce.Faultf(commerce.Temporary, "down")
		i := NewIntake(IntakeOptions{
			Shop: s, Store: st, Clock: clock.System(), NewID: new(ids).next, Body: fullBody, Every: 10 * time.Second,
			Log: lines.logger(), Random: func() float64 { return 0.5 },
		})
		i.Start(t.Context())
		i.Start(t.Context())
		_ = clock.System().Sleep(t.Context(), time.Hour)
		s.mu.Lock()
		var gaps []time.Duration
		for n := range s.at[1:] {
			gaps = append(gaps, s.at[n+1].Sub(s.at[n]).Round(time.Second))
		}
		s.failFeed = nil
		s.mu.Unlock()
		if want := []time.Duration{20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 300 * time.Second}; !slices.Equal(gaps[:5], want) {
			t.Errorf("gaps %v, want %v", gaps[:5], want)
		}
		if n := strings.Count(lines.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings, want 1: %s", n, lines.String())
		}
		_ = clock.System().Sleep(t.Context(), 6*time.Minute)
		if !strings.Contains(lines.String(), "relay goes on") {
			t.Errorf("the end of the failure is not in the log: %s", lines.String())
		}
		s.mu.Lock()
		before := len(s.at)
		s.mu.Unlock()
		_ = clock.System().Sleep(t.Context(), time.Minute)
		s.mu.Lock()
		if n := len(s.at) - before; n < 5 || n > 7 { // the ends of the minute are polls themselves
			t.Errorf("%d polls in a minute, want 6", n)
		}
		s.mu.Unlock()
		i.Stop()
		i.Stop()
		i.Start(t.Context())
	})
}

type countingShop struct {
	*shop
	at []time.Time
}

func (c *countingShop) Changes(ctx context.Context, cursor string, limit int) (adapters.ChangePage, error) {
	c.mu.Lock()
	c.at = append(c.at, clock.System().Now())
	c.mu.Unlock()
	return c.shop.Changes(ctx, cursor, limit)
}
