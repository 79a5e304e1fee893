package conformance

import (
	"net/http"
	"sync"
	"time"
)

func forgetsFailures(t *trial) {
	t.need(OfferFaults)
	key, body := newKey(), t.whole(t.plain(1))
	t.fault(Fault{Kind: FaultDown})
	a := t.do(opCreate, "", body, withKey(key))
	t.check(a.refused && (a.transport == MCP || a.status >= 500), "with the shop down a create is answered %d, want a 5xx", a.status)
	t.healed()
	again := t.awaitSuccess(func() answer { return t.do(opCreate, "", body, withKey(key)) })
	t.success(again, http.StatusCreated)
	t.check(again.header.Get("Idempotent-Replayed") == "", "the failure was replayed")
}

// healed ends the shop's faults within a statement.
func (t *trial) healed() {
	if err := t.calm(t.ctx); err != nil {
		t.failf("%v", err)
	}
}

// awaitSuccess repeats a call that is told to come again, and moves the seller's time on meanwhile.
func (t *trial) awaitSuccess(call func() answer) (a answer) {
	t.until(func() bool {
		a = call()
		if !a.refused || a.transport == REST && a.status < http.StatusInternalServerError && a.status != http.StatusConflict {
			return true
		}
		if t.harness != nil && t.harness.offers[OfferClock] {
			t.advance(10 * time.Second)
		}
		return false
	})
	return a
}

// until looks again and again until it sees what is waited for, or has waited for long enough for any machine.
func (t *trial) until(seen func() bool) bool {
	for deadline := t.clock.Now().Add(t.options.Patience); ; {
		if seen() {
			return true
		}
		if t.clock.Now().After(deadline) || t.clock.Sleep(t.ctx, eventLook) != nil {
			return false
		}
	}
}

// whileTimePasses makes a call that may wait for a time to pass, and lets the seller's time pass meanwhile.
func (t *trial) whileTimePasses(call func() (answer, error)) answer {
	type outcome struct {
		answer
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		a, err := call()
		done <- outcome{a, err}
	}()
	canMove := t.harness != nil && t.harness.offers[OfferClock]
	for {
		select {
		case o := <-done:
			if o.err != nil {
				t.failf("a call was not answered: %v", o.err)
			}
			return o.answer
		default:
		}
		_ = t.clock.Sleep(t.ctx, 100*time.Millisecond) // when the run ends, the call ends too
		if canMove {
			t.advance(2 * time.Second)
		}
	}
}

func oneChargeInDoubt(t *trial) {
	t.need(OfferFaults, OfferTokens, OfferCharges, OfferOrders)
	s := t.ready()
	key, body := newKey(), t.pay(s, t.enough(s))
	t.fault(Fault{Kind: FaultLose})
	a := t.whileTimePasses(func() (answer, error) { return t.exchange(opComplete, s.text("id"), body, withKey(key)) })
	if !a.refused {
		t.check(a.text("status") != "completed" || len(t.placed(s.text("id"))) > 0, "the complete succeeds without an order")
	}
	t.healed()
	done := t.awaitSuccess(func() answer { return t.do(opComplete, s.text("id"), body, withKey(key)) })
	t.check(!done.refused && done.text("status") == "completed", "after an order whose answer was lost, the retry does not end in completed")
	t.oneCharge(s.text("id"), of(done.node, "total"))
}

func remembersForADay(t *trial) {
	t.need(OfferRestart, OfferClock)
	s := t.ready()
	id := s.text("id")
	key, body := newKey(), t.pay(s, t.enough(s))
	paid := t.do(opComplete, id, body, withKey(key))
	t.success(paid, http.StatusOK)
	made, whole := newKey(), t.whole(t.plain(1))
	created := t.do(opCreate, "", whole, withKey(made))
	t.success(created, http.StatusCreated)
	t.restart(false)
	t.repeated(paid, t.do(opComplete, id, body, withKey(key)), "complete after a restart")
	t.advance(24*time.Hour - time.Minute)
	t.repeated(paid, t.do(opComplete, id, body, withKey(key)), "complete after a day")
	t.repeated(created, t.do(opCreate, "", whole, withKey(made)), "create after a day")
	t.oneCharge(id, of(paid.node, "total"))
}

func echoesKey(t *trial) {
	echoed := func(key string, a answer) {
		t.last = a
		t.check(a.header.Get("Idempotency-Key") == key, "the answer echoes %q, want %q", a.header.Get("Idempotency-Key"), key)
	}
	keys := []string{newKey(), newKey(), newKey(), newKey()}
	a := t.do(opCreate, "", t.whole(t.plain(1)), withKey(keys[0]))
	echoed(keys[0], a)
	echoed(keys[0], t.do(opCreate, "", t.whole(t.plain(1)), withKey(keys[0])))
	echoed(keys[1], t.do(opUpdate, a.text("id"), obj{"buyer": buyer()}, withKey(keys[1])))
	echoed(keys[2], t.do(opCancel, a.text("id"), obj{}, withKey(keys[2])))
	echoed(keys[3], t.do(opCreate, "", obj{}, withKey(keys[3])))
}

func oneOrderForManyKeys(t *trial) {
	t.need(OfferTokens, OfferCharges, OfferOrders)
	const many = 5
	s := t.ready()
	id := s.text("id")
	answers, errs := make([]answer, many), make([]error, many)
	bodies := make([]obj, many)
	for i := range many {
		bodies[i] = t.pay(s, t.enough(s))
	}
	var wait sync.WaitGroup
	for i := range many {
		wait.Go(func() { answers[i], errs[i] = t.exchange(opComplete, id, bodies[i]) })
	}
	wait.Wait()
	for i, a := range answers {
		if errs[i] != nil {
			t.failf("one of %d concurrent completes was not answered: %v", many, errs[i])
		}
		t.last = a
		if a.refused {
			t.refusal(a, "", http.StatusConflict, http.StatusServiceUnavailable)
		}
	}
	done := t.awaitState(id, "completed")
	later := t.do(opComplete, id, t.pay(s, t.enough(s)))
	if later.refused {
		t.refusal(later, "", http.StatusConflict, http.StatusServiceUnavailable)
	}
	t.oneCharge(id, of(done, "total"))
}

// awaitState reads a session until it has a status.
func (t *trial) awaitState(id, status string) node {
	var s node
	if t.until(func() bool { s = t.get(id); return s.text("status") == status }) {
		return s
	}
	t.failf("the session stays %q, want %s", s.text("status"), status)
	return s
}
