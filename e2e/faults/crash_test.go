//go:build unix

package faults_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// The tests of this file kill the real program with -9 at a moment of a completion that a slow or silent shop or Stripe holds open, and
// start it again. Each asserts first that the moment was the right one.

// crashed is a purchase that is half way when the program is killed.
type crashed struct {
	*world
	a       *agent
	s       sessionView
	body    object
	pending *pending
}

// newCrash starts the real program and makes a session in it.
func newCrash(t *testing.T, change ...func(*world)) *crashed {
	t.Helper()
	w := newWorld(t, append(change, func(w *world) { w.program = true })...)
	c := &crashed{world: w, a: w.agent(newest)}
	c.s = c.a.ready("c", w.sku(0), 1)
	c.body = c.a.payment(w.token())
	return c
}

// begin sends the complete that will never be answered.
func (c *crashed) begin() {
	c.pending = c.a.start(context.WithoutCancel(c.t.Context()), "POST", completeOf(c.s.ID), "p", c.body)
}

// reached waits for the moment of the crash.
func (c *crashed) reached(what string, ok func() bool) {
	c.t.Helper()
	c.until(what, ok)
}

// kill ends the program and proves that the agent was told of no outcome.
func (c *crashed) kill() {
	c.t.Helper()
	c.crash()
	if r, err := c.pending.wait(); err == nil && r.status != 503 {
		c.t.Fatalf("the agent was answered before the crash: %s", r)
	}
}

// freeze stops the program, so that what is sent to it arrives and is not read. It returns when all of it stands still.
func (c *crashed) freeze() {
	c.t.Helper()
	if err := c.child.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		c.t.Fatal(err)
	}
	var status syscall.WaitStatus
	_, err := syscall.Wait4(c.child.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
	for errors.Is(err, syscall.EINTR) {
		_, err = syscall.Wait4(c.child.cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
	}
	if err != nil || !status.Stopped() {
		c.t.Fatalf("the program did not stop: %v, status %v", err, status)
	}
}

// bootImpatient starts the program again, which now gives a complete up soon: its first life had to reach its moment, however slowly.
func (c *crashed) bootImpatient() {
	c.t.Helper()
	impatient(c.world)
	c.boot()
}

// retried sends the complete again until it is answered, and asserts one order and one charge.
func (c *crashed) retried() sessionView {
	c.t.Helper()
	return c.bought(c.a.persist(completeOf(c.s.ID), "p", c.body), c.s.total())
}

// inProgress asserts what a read shows while the saga runs.
func (c *crashed) inProgress() {
	c.t.Helper()
	if s := c.a.get(c.s.ID); s.Status != "complete_in_progress" {
		c.t.Errorf("the session is %s, want complete_in_progress", s.Status)
	}
}

// joins asserts that a retry is not answered with success while the outcome is open.
func (c *crashed) joins() {
	c.t.Helper()
	r := c.a.refused(503, "service_unavailable", "", "POST", completeOf(c.s.ID), "p", c.body)
	if !wholeSeconds(r.header.Get("Retry-After")) {
		c.t.Errorf("503 without Retry-After: %v", r.header)
	}
}

// held is the one intent of the session, which must hold the total.
func (c *crashed) held() stripetest.Intent {
	c.t.Helper()
	i := c.intents(c.s.ID)
	if len(i) != 1 || i[0].Held != c.s.total() {
		c.t.Fatalf("want one hold of %d, got %+v", c.s.total(), i)
	}
	return i[0]
}

func (c *crashed) placed() shop.Calls { return c.shop.Calls(shop.OrderPlace) }

func TestFault01_CrashBeforeTheIntent(t *testing.T) {
	t.Parallel()
	c := newCrash(t)
	// The cart is not shown: without its price nothing is begun, however long the program waits.
	c.inject(shop.Fault{Operation: string(shop.CartGet), Kind: shop.Hang, Times: shop.Forever})
	before := c.shop.Calls(shop.CartGet).Arrived
	c.begin()
	c.reached("the cart is being read", func() bool { return c.shop.Calls(shop.CartGet).Arrived > before })
	c.kill()
	c.shop.ClearFaults()
	c.boot()
	if s := c.a.get(c.s.ID); s.Status != "ready_for_payment" || s.total() != c.s.total() {
		t.Errorf("the session is %+v", s)
	}
	if len(c.intents(c.s.ID)) != 0 || c.placed().Arrived != 0 {
		t.Error("something happened")
	}
	c.bought(c.a.must(200, "POST", completeOf(c.s.ID), "p", c.body), c.s.total()) // fresh: the key is not in flight
	if len(c.intents(c.s.ID)) != 1 {
		t.Errorf("%d intents", len(c.intents(c.s.ID)))
	}
}

func TestFault02_CrashBeforeTheHoldIsSent(t *testing.T) {
	t.Parallel()
	c := newCrash(t, stalling)
	c.beforeStripe.away.Store(true)
	c.begin()
	c.reached("the intent is durable", func() bool { return c.a.get(c.s.ID).Status == "complete_in_progress" })
	c.kill()
	if n := c.stripe.Arrivals(stripetest.OpCreate); n != 0 {
		t.Fatalf("the hold was sent %d times before the crash", n)
	}
	c.bootImpatient()
	c.inProgress()
	c.joins()
	c.beforeStripe.away.Store(false)
	c.retried()
	if n := c.oneKey(stripetest.OpCreate); n != 1 {
		t.Errorf("the hold was sent %d times", n)
	}
}

func TestFault03_CrashWithoutTheReplyOfTheHold(t *testing.T) {
	t.Parallel()
	c := newCrash(t)
	c.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.LateReply, DelayMS: 60_000, Times: 1})
	c.begin()
	c.reached("the hold is made", func() bool { return len(c.intents(c.s.ID)) == 1 })
	c.kill()
	first := c.held()
	c.boot()
	c.retried()
	sameHold(t, c, first)
}

// sameHold asserts that the hold was asked for again under its key, with the same parameters, and was answered out of the store.
func sameHold(t *testing.T, c *crashed, first stripetest.Intent) {
	t.Helper()
	calls := c.calls(stripetest.OpCreate)
	if c.oneKey(stripetest.OpCreate) != 2 || !calls[1].Replayed || !sameForm(calls[0].Form, calls[1].Form) {
		t.Errorf("the hold was not replayed: %+v", calls)
	}
	if i := c.intents(c.s.ID); len(i) != 1 || i[0].ID != first.ID || i[0].Captured != c.s.total() {
		t.Errorf("another hold than %s was taken: %+v", first.ID, i)
	}
}

func sameForm(a, b url.Values) bool { return a.Encode() == b.Encode() }

func TestFault04_CrashBeforeTheHoldIsCommitted(t *testing.T) {
	t.Parallel()
	c := newCrash(t, stalling)
	reply := c.beforeStripe.stall("POST", "/v1/payment_intents")
	c.begin()
	reply.arrived(c.world)
	c.freeze()
	reply.letGo() // it arrives and is not read
	c.kill()
	first := c.held()
	if c.placed().Arrived != 0 {
		t.Fatal("the program went on before it was killed")
	}
	c.boot()
	c.retried()
	sameHold(t, c, first)
}

func TestFault05_CrashBeforeTheShopIsCalled(t *testing.T) {
	t.Parallel()
	c := newCrash(t, stalling)
	reply := c.beforeStripe.stall("POST", "/v1/payment_intents")
	c.begin()
	reply.arrived(c.world)
	c.beforeShop.away.Store(true)
	reply.letGo()
	c.reached("the hold is committed, and the shop cannot be called", func() bool { return c.beforeShop.tried("GET", "external_ref=") > 0 })
	c.kill()
	first := c.held()
	if c.placed().Arrived != 0 {
		t.Fatal("the shop was called before the crash")
	}
	c.bootImpatient()
	c.inProgress()
	c.joins()
	c.beforeShop.away.Store(false)
	c.retried()
	if i := c.intents(c.s.ID); len(i) != 1 || i[0].ID != first.ID {
		t.Errorf("another hold was taken: %+v", i)
	}
	if n := c.stripe.Arrivals(stripetest.OpCreate); n != 1 {
		t.Errorf("the hold was sent %d times although it was committed", n)
	}
	if c.placed().Acted != 1 {
		t.Errorf("%d orders were placed", c.placed().Acted)
	}
}

func TestFault06_CrashBeforeALateOrder(t *testing.T) {
	t.Parallel()
	var watch shifted
	c := newCrash(t, quarantined(&watch), delaying, func(w *world) { w.settings.completeTimeout = patience * 25 * time.Second })
	c.inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.Slow, Delay: time.Minute})
	c.begin()
	c.reached("the order is on its way", func() bool { return c.placed().Arrived == 1 })
	c.kill()
	if c.placed().Acted != 0 {
		t.Fatal("the order was placed before the crash")
	}
	looks := c.shop.Calls(shop.OrderFind).Arrived
	c.program = false // the next life is in this process, whose clock can be moved
	c.bootImpatient()
	c.inProgress()
	c.joins()
	// Only now the order appears: a gateway that had looked for it before would have placed another one.
	close(c.delays)
	c.reached("the order appears", func() bool { return c.placed().Acted == 1 })
	if n := c.shop.Calls(shop.OrderFind).Arrived; n != looks {
		t.Errorf("the order was looked up %d times while it may still appear", n-looks)
	}
	watch.jump(pastQuarantine)
	adopted(t, c)
}

// adopted asserts that the order that the killed program had placed is the one that is sold.
func adopted(t *testing.T, c *crashed) {
	t.Helper()
	s := c.retried()
	if all := c.shop.Orders(); len(all) != 1 || all[0].Number != s.Order.ID || c.placed().Arrived != 1 {
		t.Errorf("%d orders, %d calls to place: the first order was not adopted", len(all), c.placed().Arrived)
	}
	if c.shop.Calls(shop.OrderFind).Arrived == 0 {
		t.Error("the order was not looked up")
	}
}

func TestFault07_CrashBeforeTheOrderIsCommitted(t *testing.T) {
	t.Parallel()
	c := newCrash(t, stalling)
	reply := c.beforeShop.stall("POST", "/orders")
	c.blind()
	c.begin()
	reply.arrived(c.world)
	c.freeze()
	reply.letGo() // it arrives and is not read
	c.kill()
	c.shop.ClearFaults()
	if c.stripe.Arrivals(stripetest.OpCapture) != 0 {
		t.Fatal("the program went on before it was killed")
	}
	c.held()
	c.boot()
	adopted(t, c)
}

func TestFault08_CrashAroundTheCapture(t *testing.T) {
	t.Parallel()
	t.Run("not sent", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t, stalling)
		reply := c.beforeShop.stall("POST", "/orders")
		c.begin()
		reply.arrived(c.world)
		c.beforeStripe.away.Store(true)
		reply.letGo()
		c.reached("the order is committed, and Stripe cannot be called", func() bool { return c.beforeStripe.tried("POST", "/capture") > 0 })
		c.kill()
		if c.stripe.Arrivals(stripetest.OpCapture) != 0 {
			t.Fatal("the capture was sent before the crash")
		}
		c.bootImpatient()
		c.inProgress()
		c.joins()
		c.beforeStripe.away.Store(false)
		c.retried()
		onceTaken(t, c, 1)
	})
	t.Run("reply lost", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t)
		c.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.LateReply, DelayMS: 60_000, Times: 1})
		c.begin()
		c.reached("the money is taken", func() bool { return c.charged(c.s.ID) == c.s.total() })
		c.kill()
		c.boot()
		c.retried()
		onceTaken(t, c, 2)
	})
}

// onceTaken asserts one order that was placed once, and one capture under one key that was sent at most so many times.
func onceTaken(t *testing.T, c *crashed, sent int) {
	t.Helper()
	if c.placed().Arrived != 1 {
		t.Errorf("placed %d times", c.placed().Arrived)
	}
	if n := c.oneKey(stripetest.OpCapture); n > sent {
		t.Errorf("the capture was sent %d times", n)
	}
	if i := c.intents(c.s.ID); len(i) != 1 || i[0].Captures != 1 {
		t.Errorf("captured otherwise than once: %+v", i)
	}
}

func TestFault09_CrashBeforeTheAnswerArrives(t *testing.T) {
	t.Parallel()
	t.Run("the answer is stored", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t)
		// The agent's wire swallows what comes back: the program has committed and written, and nobody has read.
		wire := newGate(t, c.child.addr)
		wire.swallow.Store(true)
		far := *c.a
		far.base = wire.url()
		p := far.start(t.Context(), "POST", completeOf(c.s.ID), "p", c.body)
		c.reached("the answer is written", func() bool { return wire.returned.Load() > 0 })
		c.crash()
		wire.shut()
		if r, err := p.wait(); err == nil {
			t.Fatalf("the answer arrived: %s", r)
		}
		calls := len(c.stripe.Requests())
		c.boot()
		r := c.a.must(200, "POST", completeOf(c.s.ID), "p", c.body)
		if r.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("not replayed: %v", r.header)
		}
		c.bought(r, c.s.total())
		if again := c.a.must(200, "POST", completeOf(c.s.ID), "p", c.body); !bytes.Equal(again.body, r.body) {
			t.Errorf("the next replay differs: %s", again)
		}
		later := c.stripe.Requests()[calls:]
		if slices.ContainsFunc(later, func(q stripetest.Request) bool { return q.Method == "POST" }) || c.placed().Arrived != 1 {
			t.Errorf("something was done again: %+v", later)
		}
	})
	t.Run("the agent had gone", func(t *testing.T) {
		t.Parallel()
		c := newCrash(t, stalling)
		reply := c.beforeStripe.stall("POST", "/capture")
		c.pending = c.a.hangUp(completeOf(c.s.ID), "p", c.body, reply)
		reply.letGo()
		c.reached("the session is completed", func() bool { return c.a.get(c.s.ID).Status == "completed" })
		c.kill()
		c.boot()
		// Nobody was told yet, so that any key is answered with the order (S9), and from then on only that one.
		c.bought(c.a.must(200, "POST", completeOf(c.s.ID), "p-new", c.body), c.s.total())
		c.a.refused(409, "conflict", "", "POST", completeOf(c.s.ID), "p-third", c.body)
		onceTaken(t, c, 1)
	})
}
