package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// hangUp sends a request and leaves when the reply that it waits for is kept back. It returns when the gateway knows that nobody listens.
func (a *agent) hangUp(path, key string, body any, kept *stall) *pending {
	a.w.t.Helper()
	ctx, leave := context.WithCancel(a.w.t.Context())
	p := a.as("Request-Id", "left-alone").start(ctx, "POST", path, key, body)
	kept.arrived(a.w)
	leave()
	if r, err := p.wait(); err == nil {
		a.w.t.Fatalf("the reply was not lost: %s", r)
	}
	// The line is written when the request has ended.
	a.w.until("the gateway has noticed", func() bool { return strings.Contains(a.w.logs.String(), `"request_id":"left-alone"`) })
	return p
}

// joins sends a complete under a new key and returns when the gateway has it: sent twice, one of the two is told that the other waits.
func (a *agent) joins(path, key string, body any) *pending {
	a.w.t.Helper()
	ctx := context.WithoutCancel(a.w.t.Context())
	waits, told := a.start(ctx, "POST", path, key, body), a.start(ctx, "POST", path, key, body)
	select {
	case <-waits.done:
		waits, told = told, waits
	case <-told.done:
	}
	if r, err := told.wait(); err != nil || r.status != 409 || failure(r).Code != "idempotency_in_flight" {
		a.w.t.Fatalf("one of two completes at once was answered %s, %v", r, err)
	}
	return waits
}

func TestFault35_SameKeyTwiceAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stalling)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	body := a.payment(w.token())
	reply := w.beforeStripe.stall("POST", "/capture")
	first := a.start(t.Context(), "POST", completeOf(s.ID), "same", body)
	reply.arrived(w)
	var others sync.WaitGroup
	for range 49 {
		others.Go(func() {
			r, err := a.do(context.WithoutCancel(t.Context()), "POST", completeOf(s.ID), "same", body)
			switch {
			case err != nil:
				t.Error(err)
			case r.status != 409 || failure(r).Code != "idempotency_in_flight" || !wholeSeconds(r.header.Get("Retry-After")):
				t.Errorf("%s, Retry-After %q", r, r.header.Get("Retry-After"))
			}
		})
	}
	others.Wait()
	reply.letGo()
	r, err := first.wait()
	if err != nil {
		t.Fatal(err)
	}
	w.bought(r, s.total())
	if r.header.Get("Idempotent-Replayed") != "" {
		t.Error("the first answer says that it is replayed")
	}
	again := a.must(200, "POST", completeOf(s.ID), "same", body)
	if !bytes.Equal(again.body, r.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the later answer differs: %s", again)
	}
	if n := len(w.intents(s.ID)); n != 1 || w.shop.Calls(shop.OrderPlace).Arrived != 1 {
		t.Errorf("%d intents, %d calls to place", n, w.shop.Calls(shop.OrderPlace).Arrived)
	}
}

func TestFault36_EqualBodyInOtherWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	create := `{"line_items":[{"id":"%s","quantity":%s}],"currency":"usd","capabilities":{}}`
	first := a.must(201, "POST", "/checkout_sessions", "k", fmt.Sprintf(create, w.sku(0), "1"))
	for _, body := range []string{
		fmt.Sprintf(`{"capabilities":{},"currency":"usd","line_items":[{"quantity":1.0,"id":"%s"}]}`, w.sku(0)),
		fmt.Sprintf("\n"+`{ "currency" : "\u0075sd","capabilities":{ }, "line_items":[{"id":"%s","quantity":1e0}]}`, w.sku(0)),
	} {
		r := a.must(201, "POST", "/checkout_sessions", "k", body)
		if !bytes.Equal(r.body, first.body) || r.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("not replayed for %s: %s", body, r)
		}
	}
	s := a.ready("c", w.sku(0), 1)
	token := w.token()
	done := a.must(200, "POST", completeOf(s.ID), "p", a.payment(token))
	w.bought(done, s.total())
	other := fmt.Sprintf(`{"payment_data":{"instrument":{"credential":{"token":%q,"type":"spt"},"type":"card"},"handler_id":"card_tokenized"}}`, token)
	if r := a.must(200, "POST", completeOf(s.ID), "p", other); !bytes.Equal(r.body, done.body) || r.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("not replayed: %s", r)
	}
}

func TestFault37_SameKeyOtherBody(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version string
		status  int
	}{{newest, 422}, {oldest, 409}} {
		t.Run(c.version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(c.version)
			s := a.ready("c", w.sku(0), 1)
			body := a.payment(w.token())
			done := a.must(200, "POST", completeOf(s.ID), "p", body)
			w.bought(done, s.total())
			sku, carts := w.shop.Calls(shop.CartCreate).Arrived, len(w.intents(s.ID))
			a.refused(c.status, "idempotency_conflict", "", "POST", completeOf(s.ID), "p", a.payment(w.token()))
			body["buyer"] = nil // null is not absent
			a.refused(c.status, "idempotency_conflict", "", "POST", completeOf(s.ID), "p", body)
			a.refused(c.status, "idempotency_conflict", "", "POST", "/checkout_sessions", "c", a.cart(w.sku(0), 2))
			if w.shop.Calls(shop.CartCreate).Arrived != sku || len(w.intents(s.ID)) != carts {
				t.Error("something ran")
			}
		})
	}
}

func TestFault38_TwoKeysCompleteOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	token := w.token()
	w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.LateReply, DelayMS: 300, Times: 1}) // so that most of them meet
	var all []*pending
	for i := range 8 {
		all = append(all, a.start(t.Context(), "POST", completeOf(s.ID), fmt.Sprintf("p%d", i), a.payment(token)))
	}
	won := 0
	for _, p := range all {
		r, err := p.wait()
		switch {
		case err != nil:
			t.Fatal(err)
		case r.status == 200:
			w.bought(r, s.total())
			won++
		case r.status != 409 || failure(r).Code != "conflict":
			t.Errorf("the other one got %s", r)
		}
	}
	if won == 0 {
		t.Error("nobody was told of the order")
	}
	if n := len(w.intents(s.ID)); n != 1 || w.shop.Calls(shop.OrderPlace).Arrived != 1 {
		t.Errorf("%d intents, %d calls to place", n, w.shop.Calls(shop.OrderPlace).Arrived)
	}
	a.refused(409, "conflict", "", "POST", completeOf(s.ID), "late", a.payment(token))
}

func TestFault39_NewKeyAndTokenAfterALostReply(t *testing.T) {
	t.Parallel()
	t.Run("while it runs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, stalling)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		reply := w.beforeStripe.stall("POST", "/capture")
		a.hangUp(completeOf(s.ID), "p", a.payment(w.token()), reply)
		second := w.token()
		p := a.joins(completeOf(s.ID), "p-new", a.payment(second))
		reply.letGo()
		r, err := p.wait()
		if err != nil {
			t.Fatal(err)
		}
		w.bought(r, s.total())
		unused(t, w, s.ID, second)
	})
	t.Run("when it has ended", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, stalling)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		reply := w.beforeStripe.stall("POST", "/capture")
		a.hangUp(completeOf(s.ID), "p", a.payment(w.token()), reply)
		reply.letGo()
		w.until("the session is completed", func() bool { return a.get(s.ID).Status == "completed" })
		second := w.token()
		w.bought(a.must(200, "POST", completeOf(s.ID), "p-new", a.payment(second)), s.total())
		unused(t, w, s.ID, second)
		a.refused(409, "conflict", "", "POST", completeOf(s.ID), "p-third", a.payment(w.token())) // now somebody was told
	})
	t.Run("after a decline", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, stalling)
		a := w.agent(newest)
		s := a.ready("c", w.sku(0), 1)
		reply := w.beforeStripe.stall("POST", "/v1/payment_intents")
		first := a.start(t.Context(), "POST", completeOf(s.ID), "p", a.payment(w.token(card("pm_card_chargeDeclined"))))
		reply.arrived(w)
		good := a.joins(completeOf(s.ID), "p-new", a.payment(w.token()))
		reply.letGo()
		r, err := first.wait()
		if err != nil {
			t.Fatal(err)
		}
		if got := view(t, r); r.status != 200 || got.says("payment_declined").Type != "error" {
			t.Errorf("the first one was not told of the decline: %s", r)
		}
		if r, err = good.wait(); err != nil {
			t.Fatal(err)
		}
		w.bought(r, s.total()) // another token opened attempt 2
		if n := len(w.intents(s.ID)); n != 2 {
			t.Errorf("%d intents, want the declined and the good one", n)
		}
	})
}

// unused asserts that a session was paid by one intent, and not with the token.
func unused(t *testing.T, w *world, session, token string) {
	t.Helper()
	if i := w.intents(session); len(i) != 1 || i[0].Token == token {
		t.Errorf("the second token was used: %+v", i)
	}
}

func TestFault43_SecondProcessOnOneFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	const reason = "another process"
	if _, err := gateway.New(t.Context(), w.config(), w.options); err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("a second gateway on the file: %v", err)
	}
	binary, err := buildProgram()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), binary, "serve", "--config", w.configFile()).CombinedOutput()
	if err == nil || !strings.Contains(string(out), reason) || !strings.Contains(string(out), "postern.db") {
		t.Errorf("a second program on the file: %v, it says %s", err, out)
	}
	w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
}
