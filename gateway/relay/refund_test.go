package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/store"
)

// bank is a processor that refunds as Stripe does: once for each key, and never above what was received.
type bank struct {
	payment.Processor // the rest is not called
	mu                sync.Mutex
	intent            payment.Intent
	made              map[string]payment.Refund // by key
	calls             []payment.RefundRequest
	finds             int
	before            func() error // fails before acting
	after             func() error // fails after acting: the reply is lost
	status            payment.RefundStatus
	findErr           error
}

func newBank() *bank {
	return &bank{
		intent: payment.Intent{ID: "pi_o1", State: payment.Taken, Amount: commerce.Money{Minor: 10000, Currency: "usd"}, Received: 10000},
		made:   map[string]payment.Refund{}, status: payment.RefundSucceeded,
	}
}

func (b *bank) Find(_ context.Context, r payment.FindRequest) (payment.Intent, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.findErr != nil {
		return payment.Intent{}, false, b.findErr
	}
	return b.intent, r.IntentID == b.intent.ID, nil
}

func (b *bank) FindRefund(_ context.Context, intentID, key string) (payment.Refund, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.finds++
	if b.findErr != nil {
		return payment.Refund{}, false, b.findErr
	}
	r, ok := b.made[key]
	return r, ok && intentID == b.intent.ID, nil
}

func (b *bank) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	b.mu.Lock()
	before, after := b.before, b.after
	b.calls = append(b.calls, r)
	b.mu.Unlock()
	if before != nil {
		if err := before(); err != nil {
			return payment.Refund{}, err
		}
	}
	b.mu.Lock()
	made, again := b.made[r.Key]
	if !again {
		if r.IntentID != b.intent.ID || r.Amount.Minor > b.intent.Received-b.intent.Refunded {
			b.mu.Unlock()
			return payment.Refund{}, &payment.Error{Kind: payment.Refused, Message: "above the remainder"}
		}
		b.intent.Refunded += r.Amount.Minor
		made = payment.Refund{ID: fmt.Sprintf("re_%d", len(b.made)+1), Status: b.status, Amount: r.Amount}
		b.made[r.Key] = made
	}
	b.mu.Unlock()
	if after != nil {
		if err := after(); err != nil {
			return payment.Refund{}, err
		}
	}
	return made, ctx.Err()
}

func (b *bank) refunded() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.intent.Refunded
}

// bench is an order of 100.00, its shop, its bank and the two runners, on a clock that the test moves.
type bench struct {
	t       *testing.T
	st      *faultyStore
	shop    *shop
	bank    *bank
	clock   *clock.Manual
	intake  *Intake
	refunds *Refunds
	log     logLines
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, st: &faultyStore{Store: openStore(t)}, shop: newShop(), bank: newBank(), clock: clock.NewManual(placedAt.Add(24 * time.Hour))}
	id := new(ids)
	b.intake = NewIntake(IntakeOptions{Shop: b.shop, Store: b.st, Clock: b.clock, NewID: id.next, Body: fullBody, Log: b.log.logger()})
	b.refunds = b.runner("incarnation-1", id)
	place(t, b.st, b.shop, "o1", true)
	poll(t, b.intake)
	return b
}

func (b *bench) runner(owner string, id *ids) *Refunds {
	return NewRefunds(RefundsOptions{
		Store: b.st, Clock: b.clock, Owner: owner, NewID: id.next, Body: fullBody, Log: b.log.logger(),
		Processors: map[string]payment.Processor{testShop: b.bank}, Random: func() float64 { return 0.5 },
	})
}

// refund makes a refund in the shop and lets it be seen.
func (b *bench) refund(id string, amount int64) {
	b.t.Helper()
	b.shop.refund("o1", id, amount)
	poll(b.t, b.intake)
}

func (b *bench) run() {
	b.t.Helper()
	if err := b.refunds.Run(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// runFor runs every minute, or twenty times when that is less often, for d.
func (b *bench) runFor(d time.Duration) {
	b.t.Helper()
	step := max(time.Minute, d/20)
	for end := b.clock.Now().Add(d); b.clock.Now().Before(end); {
		b.clock.Advance(min(step, end.Sub(b.clock.Now())))
		b.run()
	}
}

func (b *bench) row(id string) store.Refund {
	b.t.Helper()
	rs, err := b.st.Refunds(context.Background(), testShop, "o1")
	if err != nil {
		b.t.Fatal(err)
	}
	n := slices.IndexFunc(rs, func(r store.Refund) bool { return r.ID == id })
	if n < 0 {
		b.t.Fatalf("no refund %s in %v", id, rs)
	}
	return rs[n]
}

// check compares the whole outcome and the invariants: what moved is what the agent was told, and not above what was captured.
func (b *bench) check(refunded int64, states map[string]store.RefundState, events ...string) {
	b.t.Helper()
	if b.bank.refunded() != refunded {
		b.t.Errorf("refunded %d, want %d", b.bank.refunded(), refunded)
	}
	for id, want := range states {
		if got := b.row(id).State; got != want {
			b.t.Errorf("refund %s is %s, want %s", id, got, want)
		}
	}
	wantTold(b.t, b.st, "o1", events...)
	row, err := b.st.Order(context.Background(), testShop, "o1")
	if err != nil {
		b.t.Fatal(err)
	}
	rec, err := commerce.DecodeOrderRecord(row.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if back := rec.Told.Refunded(); back > refunded || refunded > 10000 {
		b.t.Errorf("told %d refunded, moved %d", back, refunded)
	}
	for _, c := range b.bank.calls {
		if !strings.HasPrefix(c.Key, "acp:cs_o1:refund:") || c.IntentID != "pi_o1" {
			b.t.Errorf("call %+v", c)
		}
		for _, d := range b.bank.calls {
			if c.Key == d.Key && c != d {
				b.t.Errorf("one key with other parameters: %+v, %+v", c, d)
			}
		}
	}
}

var unknown = &payment.Error{Kind: payment.Unknown, Message: "no reply"}

func TestS14RefundOfTheShop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.refund("r1", 2500)
	b.check(0, map[string]store.RefundState{"r1": store.RefundDue}, "order_update confirmed r1:2500:pending")
	b.run()
	b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
		"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
	poll(t, b.intake)
	b.runFor(time.Hour)
	if len(b.bank.calls) != 1 {
		t.Errorf("%d calls, want 1", len(b.bank.calls))
	}
	b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
		"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
}

func TestRefundKey(t *testing.T) {
	t.Parallel()
	if got := RefundKey("cs_1", "r1"); got != "acp:cs_1:refund:r1" {
		t.Error(got)
	}
	long, other := RefundKey("cs_1", strings.Repeat("x", 300)), RefundKey("cs_1", strings.Repeat("x", 301))
	if len(long) > 255 || len(other) > 255 || long == other {
		t.Errorf("%q, %q", long, other)
	}
	for _, odd := range []string{"R 5001", "Gutschrift-Ä", "a\tb"} { // a processor takes visible ASCII only
		if key := RefundKey("cs_1", odd); strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) || key == RefundKey("cs_1", odd+"x") {
			t.Errorf("%q became %q", odd, key)
		}
	}
}

// TestRow23TwoRefundsAtOnce: what is captured is given back once, whoever comes first.
func TestRow23TwoRefundsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop.refund("o1", "r1", 6000)
	b.refund("r2", 6000)
	b.run()
	states := map[string]store.RefundState{b.row("r1").ID: b.row("r1").State, b.row("r2").ID: b.row("r2").State}
	if states["r1"] != store.RefundDone || states["r2"] != store.RefundFailed {
		t.Errorf("states %v, want the older made and the other failed", states)
	}
	if b.bank.refunded() != 6000 || len(b.bank.calls) != 1 {
		t.Errorf("refunded %d in %d calls, want 6000 in 1", b.bank.refunded(), len(b.bank.calls))
	}
	events := told(t, b.st, "o1")
	if last := events[len(events)-1]; last != "order_update confirmed r1:6000:completed r2:6000:failed" {
		t.Errorf("last told: %s", last)
	}
}

// TestRow23TwoRunners: two replicas refund one order at the same moment; each saw enough money for its own. The processor decides, and
// the loser hears the truth.
func TestRow23TwoRunners(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shop.refund("o1", "r1", 6000)
	b.refund("r2", 6000)
	second := b.runner("incarnation-2", new(ids))
	lease := store.Lease{Owner: "incarnation-2", Now: b.clock.Now(), Until: b.clock.Now().Add(refundLease)}
	due, err := b.st.AcquireRefunds(t.Context(), lease, 1)
	if err != nil || len(due) != 1 {
		t.Fatalf("%v %v", due, err)
	}
	once := false
	b.bank.before = func() error {
		if !once {
			once = true
			second.handle(t.Context(), due[0]) // while the first one is on the wire
		}
		return nil
	}
	b.run()
	b.bank.before = nil
	b.runFor(10 * time.Minute)
	if b.bank.refunded() != 6000 {
		t.Errorf("refunded %d of 10000, want 6000", b.bank.refunded())
	}
	done := 0
	for _, id := range []string{"r1", "r2"} {
		switch b.row(id).State {
		case store.RefundDone:
			done++
		case store.RefundFailed:
		default:
			t.Errorf("refund %s is %s", id, b.row(id).State)
		}
	}
	if done != 1 {
		t.Errorf("%d refunds done, want 1", done)
	}
}

// TestRefundWaitsForAnother: while nobody knows what became of one refund, the next of the order is neither sent nor refused.
func TestRefundWaitsForAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bank.before = func() error { return unknown }
	b.shop.refund("o1", "r1", 6000)
	b.refund("r2", 6000)
	b.runFor(10 * time.Minute)
	if r := b.row("r2"); r.State != store.RefundDue || !r.Mark.IsZero() {
		t.Errorf("beside a refund in doubt: %+v", r)
	}
	b.bank.before = func() error { // the first turns out never to have been made
		if b.bank.calls[len(b.bank.calls)-1].Key == RefundKey("cs_o1", "r1") {
			return &payment.Error{Kind: payment.Refused, Message: "no"}
		}
		return nil
	}
	b.runFor(2 * time.Hour)
	b.check(6000, map[string]store.RefundState{"r1": store.RefundFailed, "r2": store.RefundDone},
		"order_update confirmed r1:6000:pending r2:6000:pending", "order_update confirmed r1:6000:failed r2:6000:pending",
		"order_update confirmed r1:6000:failed r2:6000:completed")
}

// TestRow23WhileCapturing: a refund of money that is not taken yet waits for it.
func TestRow23WhileCapturing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bank.intent.State, b.bank.intent.Received = payment.Held, 0
	b.refund("r1", 10000)
	b.run()
	if len(b.bank.calls) != 0 || b.row("r1").State != store.RefundDue || !b.row("r1").Mark.IsZero() {
		t.Errorf("a refund of held money was sent: %+v", b.row("r1"))
	}
	b.bank.intent.State, b.bank.intent.Received = payment.Taken, 10000
	b.runFor(time.Minute)
	b.check(10000, map[string]store.RefundState{"r1": store.RefundDone}, "order_update confirmed r1:10000:pending", "order_update confirmed r1:10000:completed")
}

// TestRow23EventBeforeReply: the shop tells of the refund, and ships, while our own call for it is on the wire.
func TestRow23EventBeforeReply(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.refund("r1", 2500)
	b.bank.before = func() error {
		b.shop.ship("o1", "T1")
		poll(t, b.intake)
		return nil
	}
	b.bank.after = func() error {
		b.shop.ship("o1", "T2")
		poll(t, b.intake)
		return nil
	}
	b.run()
	poll(t, b.intake)
	b.run()
	b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
		"order_update confirmed r1:2500:pending", "order_update shipped T1 r1:2500:pending", "order_update shipped T2 r1:2500:pending",
		"order_update shipped T2 r1:2500:completed")
	if len(b.bank.calls) != 1 {
		t.Errorf("%d calls, want 1", len(b.bank.calls))
	}
}

// TestRefundReplyLost: the outcome is unknown, so the same key and parameters are sent until it is known.
func TestRefundReplyLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bank.after = func() error { return unknown }
	b.refund("r1", 2500)
	b.run()
	b.runFor(time.Hour)
	b.check(2500, map[string]store.RefundState{"r1": store.RefundDue}, "order_update confirmed r1:2500:pending")
	if n := len(b.bank.calls); n < 4 || n > 7 {
		t.Errorf("%d calls in an hour, want back-off", n)
	}
	b.bank.after = nil
	b.runFor(2 * time.Hour)
	b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
		"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
}

// TestRefundKeyTooOld: after 23 hours nothing is sent any more; the list decides, or a person.
func TestRefundKeyTooOld(t *testing.T) {
	t.Parallel()
	for name, acted := range map[string]bool{"made": true, "not made": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if acted {
				b.bank.after = func() error { return unknown }
			} else {
				b.bank.before = func() error { return unknown }
			}
			b.refund("r1", 2500)
			b.run()
			sent := b.clock.Now()
			b.runFor(22*time.Hour + 50*time.Minute)
			calls := len(b.bank.calls)
			b.clock.Advance(15 * time.Minute)
			b.bank.before = func() error {
				t.Errorf("sent again %s after the first time", b.clock.Now().Sub(sent))
				return unknown
			}
			b.runFor(5 * time.Hour)
			if len(b.bank.calls) != calls {
				t.Errorf("%d calls after the key was too old", len(b.bank.calls)-calls)
			}
			if acted {
				b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
					"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
			} else {
				b.check(0, map[string]store.RefundState{"r1": store.RefundNeedsOperator}, "order_update confirmed r1:2500:pending")
			}
		})
	}
}

// TestRefundCrash stops the process before and after the money moved, each time at a commit.
func TestRefundCrash(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]func(store.Refund) bool{
		"before the mark": func(r store.Refund) bool { return r.State == store.RefundDue },
		"after the reply": func(r store.Refund) bool { return r.State == store.RefundDone },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.refund("r1", 2500)
			b.st.before = func(batch store.Batch) error {
				if len(batch.Refunds) > 0 && crash(batch.Refunds[0].Refund) {
					return errors.New("the process is gone")
				}
				return nil
			}
			b.run()
			if name == "before the mark" && len(b.bank.calls) != 0 {
				t.Error("sent without a mark")
			}
			b.st.before = nil
			b.refunds = b.runner("incarnation-2", new(ids))
			b.run()
			if b.row("r1").State != store.RefundDue {
				t.Error("taken while the lease ran")
			}
			b.runFor(5 * time.Minute)
			b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
				"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
		})
	}
}

// TestRefundFailures: each kind of failure, of the first sending.
func TestRefundFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   payment.ErrorKind
		stored bool
		state  store.RefundState // at once
		marked bool
	}{
		{payment.Unknown, false, store.RefundDue, true},
		{payment.Unknown, true, store.RefundDue, true},
		{payment.Busy, false, store.RefundDue, true},
		{payment.Unauthorized, false, store.RefundDue, false},
		{payment.Unreachable, false, store.RefundDue, false},
		{payment.KeyReused, false, store.RefundNeedsOperator, true},
		{payment.Refused, false, store.RefundFailed, true},
		{payment.Declined, false, store.RefundFailed, true},
	} {
		t.Run(fmt.Sprint(c.kind, c.stored), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.bank.before = func() error { return &payment.Error{Kind: c.kind, StoredReply: c.stored, Message: "no"} }
			b.refund("r1", 2500)
			b.run()
			if r := b.row("r1"); r.State != c.state || r.Mark.IsZero() == c.marked || r.Owner != "" {
				t.Errorf("%+v, want %s, marked %t", r, c.state, c.marked)
			}
			b.bank.before = nil
			b.runFor(10 * time.Minute)
			if c.state == store.RefundDue {
				b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
					"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
			} else if b.bank.refunded() != 0 || len(b.bank.calls) != 1 {
				t.Errorf("refunded %d in %d calls after a definite end", b.bank.refunded(), len(b.bank.calls))
			}
		})
	}
}

// TestRefundStoredFailure: a 500 that the processor replays under the key for ever. Only its list tells what happened.
func TestRefundStoredFailure(t *testing.T) {
	t.Parallel()
	fail := func() error { return &payment.Error{Kind: payment.Unknown, StoredReply: true, Message: "stored 500"} }
	acted, idle := newBench(t), newBench(t)
	acted.bank.after, idle.bank.before = fail, fail
	for _, b := range []*bench{acted, idle} {
		b.refund("r1", 2500)
		b.run()
		b.runFor(3 * time.Hour)
	}
	acted.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
		"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
	if len(acted.bank.calls) != 1 {
		t.Errorf("%d calls for a refund that is in the list", len(acted.bank.calls))
	}
	idle.check(0, map[string]store.RefundState{"r1": store.RefundNeedsOperator}, "order_update confirmed r1:2500:pending")
}

// TestRefundRefusedAfterDoubt: the refusal of a repetition does not say that the first sending did nothing.
func TestRefundRefusedAfterDoubt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.bank.after = func() error { return unknown }
	b.refund("r1", 2500)
	b.run()
	b.bank.before = func() error { return &payment.Error{Kind: payment.Refused, Message: "no"} }
	b.runFor(time.Minute)
	b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
		"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
}

// TestRefundOfADamagedOrder: it stays due and is told, moves no money, and stops no other; restored, it is made once.
func TestRefundOfADamagedOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	place(t, b.st, b.shop, "o0", true)
	b.shop.refund("o0", "r0", 500)
	b.refund("r1", 2500)
	b.st.damaged = "o0"
	b.run()
	b.runFor(10 * time.Minute)
	if b.row("r1").State != store.RefundDone || len(b.bank.calls) != 1 {
		t.Errorf("r1 is %s after %d calls", b.row("r1").State, len(b.bank.calls))
	}
	waits := func() store.Refund {
		t.Helper()
		rs, err := b.st.Refunds(t.Context(), testShop, "o0")
		if err != nil || len(rs) != 1 {
			t.Fatalf("refunds %v: %v", rs, err)
		}
		return rs[0]
	}
	told := strings.Count(b.log.String(), "refund could not be taken further")
	if r := waits(); r.State != store.RefundDue || !r.Mark.IsZero() || told == 0 || told > 6 {
		t.Errorf("the refund of the damaged order: %+v, told %d times in ten minutes", r, told)
	}
	b.st.damaged = ""
	b.bank.mu.Lock()
	b.bank.intent.ID = "pi_o0"
	b.bank.mu.Unlock()
	b.runFor(10 * time.Minute)
	if r := waits(); r.State != store.RefundDone || len(b.bank.calls) != 2 {
		t.Errorf("restored, the refund is %s after %d calls", r.State, len(b.bank.calls))
	}
}

// TestRefundThatTakesTime: completed when the money has moved, and not when it was promised.
func TestRefundThatTakesTime(t *testing.T) {
	t.Parallel()
	for status, want := range map[payment.RefundStatus]string{payment.RefundSucceeded: "completed", payment.RefundFailed: "failed"} {
		b := newBench(t)
		b.bank.status = payment.RefundPending
		b.refund("r1", 2500)
		b.run()
		b.runFor(time.Minute)
		if b.bank.finds == 0 {
			t.Error("not looked at within a minute")
		}
		b.runFor(3 * time.Hour)
		if b.bank.finds > 10 {
			t.Errorf("looked at %d times in three hours", b.bank.finds)
		}
		b.check(2500, map[string]store.RefundState{"r1": store.RefundDue}, "order_update confirmed r1:2500:pending")
		key := RefundKey("cs_o1", "r1")
		made := b.bank.made[key]
		made.Status = status
		b.bank.made[key] = made
		b.runFor(2 * time.Hour)
		finds := b.bank.finds
		b.runFor(48 * time.Hour)
		if len(b.bank.calls) != 1 || b.bank.finds != finds {
			t.Errorf("%d calls, want 1; %d looks after the end", len(b.bank.calls), b.bank.finds-finds)
		}
		if n := strings.Count(b.log.String(), "level=ERROR"); n != map[string]int{"failed": 1}[want] {
			t.Errorf("told a person %d times of a refund that has %s:\n%s", n, want, b.log.String())
		}
		wantTold(t, b.st, "o1", "order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:"+want)
	}
}

// TestRefundsThatNeedNoMoney: what Postern made itself, goods without money, and what cannot be told apart.
func TestRefundsThatNeedNoMoney(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	// Postern made this refund under its own id, and the shop shows it under the processor's.
	commit(t, b.st, store.Batch{Refunds: []store.RefundWrite{{Refund: store.Refund{
		Shop: testShop, OrderRef: "o1", ID: "own", State: store.RefundKnown, ProcessorID: "re_own", Amount: commerce.Money{Minor: 1000, Currency: "usd"},
	}}}})
	commit(t, b.st, store.Batch{Refunds: []store.RefundWrite{{Refund: store.Refund{
		Shop: testShop, OrderRef: "o1", ID: "recorded", State: store.RefundKnown, Amount: commerce.Money{Minor: 700, Currency: "usd"},
	}}}})
	b.shop.refund("o1", "re_own", 1000)
	b.shop.refund("o1", "recorded", 700)
	b.shop.refund("o1", "restock", 0)
	b.shop.refund("o1", "negative", -5)
	b.shop.refund("o1", "", 300)
	b.refund("restock", 0)
	b.runFor(time.Hour)
	if len(b.bank.calls) != 0 {
		t.Errorf("money moved: %+v", b.bank.calls)
	}
	wantTold(t, b.st, "o1", "order_update confirmed re_own:1000:completed recorded:700:completed restock:0:completed negative:-5:failed")
}

// TestRefundOfOurOwn: a refund that Postern made because the order could not stand is told once and made once, whatever the shop shows.
func TestRefundOfOurOwn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	row, err := b.st.Order(t.Context(), testShop, "o1")
	if err != nil {
		t.Fatal(err)
	}
	rec, err := commerce.DecodeOrderRecord(row.Body)
	if err != nil {
		t.Fatal(err)
	}
	b.bank.intent.Refunded = 10000
	rec.Purchase.Returned = []commerce.ShopRefund{{ID: "re_own", Amount: 10000, CreatedAt: placedAt}}
	rec.Told = rec.Purchase.Order(rec.Snapshot, nil)
	if row.Body, err = rec.Encode(); err != nil {
		t.Fatal(err)
	}
	commit(t, b.st, store.Batch{Order: &store.OrderWrite{Order: row, Expect: row.Version}})
	b.refund("re_own", 10000)  // the shop keeps the processor's id
	b.refund("of-the-shop", 1) // and one more, for which nothing is left
	b.runFor(time.Hour)
	if len(b.bank.calls) != 0 {
		t.Errorf("money moved again: %+v", b.bank.calls)
	}
	wantTold(t, b.st, "o1", "order_update confirmed re_own:10000:completed of-the-shop:1:pending",
		"order_update confirmed re_own:10000:completed of-the-shop:1:failed")
}

// TestRefundStandsAsItWasDecided: a shop that changes or drops a refund moves no money and rewrites no history.
func TestRefundStandsAsItWasDecided(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.refund("r1", 2500)
	b.run()
	b.shop.change("o1", func(o *commerce.Snapshot) { o.Refunds[0].Amount = 9900 })
	poll(t, b.intake)
	b.shop.change("o1", func(o *commerce.Snapshot) { o.Refunds = nil })
	poll(t, b.intake)
	b.run()
	b.check(2500, map[string]store.RefundState{"r1": store.RefundDone},
		"order_update confirmed r1:2500:pending", "order_update confirmed r1:2500:completed")
}

// TestRefundFilledInLater: a refund that the office first notes without an amount is made when it has one.
func TestRefundFilledInLater(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.refund("r1", 0)
	b.run()
	b.shop.change("o1", func(o *commerce.Snapshot) { o.Refunds[0].Amount = 700 })
	poll(t, b.intake)
	b.run()
	b.check(700, map[string]store.RefundState{"r1": store.RefundDone},
		"order_update confirmed r1:0:completed", "order_update confirmed r1:700:pending", "order_update confirmed r1:700:completed")
	if b.log.String() == "" || strings.Contains(b.log.String(), "level=ERROR") {
		t.Errorf("log %s", b.log.String())
	}
}

// TestChangedRefundIsTold: a refund that the shop changes after it was taken up is left to a person, who hears of each amount once.
func TestChangedRefundIsTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.refund("r1", 500)
	b.run()
	const line = "refund was changed in the shop"
	tell := func(amount int64, want int) {
		t.Helper()
		b.shop.change("o1", func(o *commerce.Snapshot) {
			o.Refunds = []commerce.ShopRefund{{ID: "r1", Amount: amount, CreatedAt: placedAt}}
		})
		poll(t, b.intake)
		b.run()
		if got := strings.Count(b.log.String(), line); got != want {
			t.Errorf("at %d an operator was told %d times, want %d: %s", amount, got, want, b.log.String())
		}
	}
	tell(500, 0)
	tell(700, 1)
	tell(700, 1) // read anew, told before
	tell(300, 2)
	tell(0, 3)
	tell(500, 3)
	tell(700, 4)
	for _, field := range []string{"level=ERROR", "order=o1", "refund=r1", "processor_refund=re_1", "state=done"} {
		if !strings.Contains(b.log.String(), field) {
			t.Errorf("the log lacks %s: %s", field, b.log.String())
		}
	}
	if b.bank.refunded() != 500 {
		t.Errorf("%d given back, want the 500 that were decided first", b.bank.refunded())
	}
}

// TestRefundsThatRoundUp: a shop with more digits than the currency gives back, in parts, a little more than was paid. The last part
// is as much as is left; what rounding does not explain is refused as before.
func TestRefundsThatRoundUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		refunds []int64
		want    int64
		made    []store.RefundState
	}{
		{"two halves", []int64{5000, 5001}, 10000, []store.RefundState{store.RefundDone, store.RefundDone}},
		{"three thirds", []int64{3334, 3334, 3334}, 10000, []store.RefundState{store.RefundDone, store.RefundDone, store.RefundDone}},
		{"more than rounding", []int64{5000, 5003}, 5000, []store.RefundState{store.RefundDone, store.RefundFailed}},
		{"nothing left", []int64{10000, 1}, 10000, []store.RefundState{store.RefundDone, store.RefundFailed}},
	} {
		for _, together := range []bool{true, false} {
			b := newBench(t)
			for n, amount := range c.refunds {
				b.shop.refund("o1", fmt.Sprint("r", n), amount)
				if !together {
					poll(t, b.intake)
					b.run()
				}
			}
			poll(t, b.intake)
			b.run()
			b.shop.ship("o1", "T1") // the order is read again
			poll(t, b.intake)
			if b.bank.refunded() != c.want {
				t.Errorf("%s, together %t: %d given back, want %d", c.name, together, b.bank.refunded(), c.want)
			}
			refused := false
			for n, want := range c.made {
				if got := b.row(fmt.Sprint("r", n)).State; got != want {
					t.Errorf("%s, together %t: refund %d is %s, want %s", c.name, together, n, got, want)
				}
				refused = refused || want == store.RefundFailed
			}
			if strings.Contains(b.log.String(), "level=ERROR") != refused || strings.Contains(b.log.String(), "was changed in the shop") {
				t.Errorf("%s, together %t: log %s", c.name, together, b.log.String())
			}
		}
	}
}

func TestRefundWithoutMeans(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.refunds.processors = nil
	b.refund("r1", 2500)
	b.run()
	if r := b.row("r1"); r.State != store.RefundDue || r.Attempts != 1 {
		t.Errorf("without a processor: %+v", r)
	}

	for state, want := range map[payment.State]store.RefundState{
		payment.Gone: store.RefundFailed, payment.Failed: store.RefundFailed, payment.Processing: store.RefundDue, payment.RequiresAction: store.RefundDue,
	} {
		b := newBench(t)
		b.bank.intent.State = state
		b.refund("r1", 2500)
		b.run()
		if r := b.row("r1"); r.State != want || len(b.bank.calls) != 0 {
			t.Errorf("payment %s: %s after %d calls, want %s", state, r.State, len(b.bank.calls), want)
		}
	}

	b = newBench(t)
	b.bank.intent.ID = "pi_other"
	b.refund("r1", 2500)
	b.run()
	if r := b.row("r1"); r.State != store.RefundNeedsOperator {
		t.Errorf("unknown payment: %s", r.State)
	}

	b = newBench(t)
	b.bank.findErr = unknown
	b.refund("r1", 2500)
	b.run()
	if r := b.row("r1"); r.State != store.RefundDue || len(b.bank.calls) != 0 {
		t.Errorf("unreadable payment: %s after %d calls", r.State, len(b.bank.calls))
	}
}

// TestRefundsRun: the runner works by itself, is woken, and stops in the middle of a call without losing its place.
func TestRefundsRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.refund("r1", 2500)
		r := NewRefunds(RefundsOptions{
			Store: b.st, Clock: clock.System(), Owner: "a", NewID: new(ids).next, Body: fullBody, Every: time.Hour,
			Processors: map[string]payment.Processor{testShop: b.bank},
		})
		b.clock.Advance(clock.System().Now().Sub(b.clock.Now())) // the bubble's time is another
		if err := b.st.Commit(t.Context(), due(b.row("r1"), clock.System().Now())); err != nil {
			t.Fatal(err)
		}
		r.Start(t.Context())
		r.Start(t.Context())
		synctest.Wait()
		eventually(t, "first refund", func() bool { return b.row("r1").State == store.RefundDone })

		b.refund("r2", 1000)
		hang := make(chan struct{})
		b.bank.mu.Lock()
		b.bank.after = func() error { <-hang; return unknown }
		b.bank.mu.Unlock()
		r.Wake()
		eventually(t, "second refund on the wire", func() bool { return b.bank.refunded() == 3500 })
		close(hang)
		r.Stop()
		r.Stop()
		r.Start(t.Context())
		if row := b.row("r2"); row.State != store.RefundDue || row.Mark.IsZero() || row.Owner != "" {
			t.Errorf("after a stop in the middle: %+v", row)
		}
	})
}

func due(r store.Refund, at time.Time) store.Batch {
	r.DueAt = at
	return store.Batch{Refunds: []store.RefundWrite{{Refund: r, Expect: r.Version}}}
}
