package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// commitIsWhole writes everything in one batch, once for each condition that does not hold: nothing of it may be there afterwards.
func commitIsWhole(t *testing.T, s store.Store) {
	seed(t, s, "cs_1")
	commit(t, s, store.Batch{Events: []store.Delivery{event("e0", "old", commerce.OrderCreate)}})
	leased(t, s, lease("p1", 0, 3000), 1)
	mine := claimOf("k1", "t1")
	takes(t, s, mine)

	whole := func() store.Batch {
		return store.Batch{
			Session: &store.SessionWrite{Session: session("cs_1"), Expect: 1, Idle: true},
			Cart:    &store.CartWrite{Cart: cart("cart_1")},
			Sagas:   []store.SagaWrite{{Saga: saga("cs_1", 1)}},
			Answers: []store.AnswerWrite{{Claim: mine, Answer: store.Answer{Status: 200, Body: []byte("ok")}}},
			Order:   &store.OrderWrite{Order: sampleOrder("1001", "cs_1")},
			Refunds: []store.RefundWrite{{Refund: refund("1001", "r1")}},
			Cursor:  &store.CursorWrite{Shop: "main", To: "1"},
			Events:  []store.Delivery{event("e1", "order", commerce.OrderCreate)},
			Outcomes: []store.DeliveryWrite{{
				Delivery: store.Delivery{ID: "e0", State: store.DeliveryDelivered, DueAt: epoch}, Owner: "p1",
			}},
			Log: []store.LogEntry{{At: epoch, SessionID: "cs_1", Attempt: 1, Note: "begun"}},
		}
	}
	untouched := func(t *testing.T) {
		t.Helper()
		equal(t, "version", must(s.Session(t.Context(), "cs_1"))(t).Version, int64(1))
		equal(t, "sagas", len(must(s.Sagas(t.Context(), "cs_1"))(t)), 0)
		_, err := s.Cart(t.Context(), "cart_1")
		wantErr(t, err, store.ErrNotFound)
		_, err = s.Order(t.Context(), "main", "1001")
		wantErr(t, err, store.ErrNotFound)
		equal(t, "refunds", len(must(s.Refunds(t.Context(), "main", "1001"))(t)), 0)
		equal(t, "cursor", must(s.Cursor(t.Context(), "main"))(t), "")
		equal(t, "new events", len(must(s.Deliveries(t.Context(), "order"))(t)), 0)
		equal(t, "old events", states(t, s, "old"), []string{"e0 pending"})
		equal(t, "log", len(must(s.Log(t.Context(), "cs_1"))(t)), 0)
		if got := meets(t, s, claimOf("k1", "t2")); got.Answer != nil {
			t.Fatalf("answer = %+v, want none", got.Answer)
		}
	}
	for _, c := range []struct {
		name  string
		want  error
		spoil func(b *store.Batch)
	}{
		{"session", store.ErrStale, func(b *store.Batch) { b.Session.Expect = 2 }},
		{"cart", store.ErrStale, func(b *store.Batch) { b.Cart.Expect = 1 }},
		{"saga", store.ErrStale, func(b *store.Batch) { b.Sagas[0].Expect = 1 }},
		{"answer", store.ErrClaimLost, func(b *store.Batch) { b.Answers[0].Claim.Token = "t2" }},
		{"order", store.ErrStale, func(b *store.Batch) { b.Order.Expect = 1 }},
		{"refund", store.ErrStale, func(b *store.Batch) { b.Refunds[0].Expect = 1 }},
		{"second refund", store.ErrStale, func(b *store.Batch) { b.Refunds = append(b.Refunds, b.Refunds[0]) }},
		{"cursor", store.ErrStale, func(b *store.Batch) { b.Cursor.From = "9" }},
		{"event", store.ErrStale, func(b *store.Batch) { b.Events[0].ID = "e0" }},
		{"outcome", store.ErrStale, func(b *store.Batch) { b.Outcomes[0].Owner = "p2" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := whole()
			c.spoil(&b)
			refused(t, s, c.want, b)
			untouched(t)
		})
	}
	commit(t, s, whole())
	equal(t, "version", must(s.Session(t.Context(), "cs_1"))(t).Version, int64(2))
	equal(t, "old events", states(t, s, "old"), []string{"e0 delivered"})
	must(s.OrderOfSession(t.Context(), "cs_1"))(t)
	commit(t, s, store.Batch{}) // nothing is a batch as well
}

func rowsBelongTogether(t *testing.T, s store.Store) {
	for name, b := range map[string]store.Batch{
		"saga":   {Sagas: []store.SagaWrite{{Saga: saga("nobody", 1)}}},
		"order":  {Order: &store.OrderWrite{Order: sampleOrder("1001", "nobody")}},
		"refund": {Refunds: []store.RefundWrite{{Refund: refund("nothing", "r1")}}},
	} {
		refused(t, s, store.ErrNotWritten, b)
		if err := s.Commit(t.Context(), b); errors.Is(err, store.ErrStale) {
			t.Errorf("%s without what it belongs to: %v, want no ErrStale: trying again is no help", name, err)
		}
	}
	commit(t, s, store.Batch{
		Session: &store.SessionWrite{Session: session("cs_1")},
		Sagas:   []store.SagaWrite{{Saga: saga("cs_1", 1)}},
		Order:   &store.OrderWrite{Order: sampleOrder("1001", "cs_1")},
		Refunds: []store.RefundWrite{{Refund: refund("1001", "r1")}},
	})
}

// sweepAnswers has more to forget than one small batch takes.
func sweepAnswers(t *testing.T, s store.Store) {
	const old = 450
	answers := make([]store.AnswerWrite, 0, old+1)
	for i := range old {
		c := claimOf(fmt.Sprint("k", i), "t")
		takes(t, s, c)
		answers = append(answers, store.AnswerWrite{Claim: c, Answer: store.Answer{Status: 200}})
	}
	young := claimOf("young", "t")
	young.At = after(1)
	takes(t, s, young)
	answers = append(answers, store.AnswerWrite{Claim: young, Answer: store.Answer{Status: 200}})
	commit(t, s, store.Batch{Answers: answers})

	equal(t, "swept too early", must(s.Sweep(t.Context(), epoch.Add(store.Retention)))(t), 0)
	equal(t, "swept", must(s.Sweep(t.Context(), after(1).Add(store.Retention)))(t), old)
	equal(t, "swept again", must(s.Sweep(t.Context(), after(1).Add(store.Retention)))(t), 0)
	takes(t, s, claimOf("k7", "t2"))
	meets(t, s, claimOf("young", "t2"))
}

func sweepTokens(t *testing.T, s store.Store) {
	for id, change := range map[string]func(*store.Saga){
		"kept":  func(*store.Saga) {},
		"later": func(w *store.Saga) { w.TokenUntil = after(101) },
		"now":   func(w *store.Saga) { w.TokenUntil = after(100) },
		"past":  func(w *store.Saga) { w.TokenUntil, w.Live, w.Closed = after(10), false, true },
		"none":  func(w *store.Saga) { w.TokenUntil, w.Token = after(10), nil },
	} {
		seed(t, s, id)
		w := saga(id, 1)
		change(&w)
		commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: w}}})
	}
	equal(t, "swept", must(s.Sweep(t.Context(), after(100)))(t), 2)
	equal(t, "swept again", must(s.Sweep(t.Context(), after(100)))(t), 0)
	for id, want := range map[string]string{"kept": "spt_1", "later": "spt_1", "now": "", "past": "", "none": ""} {
		got := must(s.Sagas(t.Context(), id))(t)[0]
		equal(t, id, []any{string(got.Token), string(got.Body), got.Version}, []any{want, "frozen", int64(1)})
	}
}

// contextEnded: a call whose context has ended did nothing, and says so.
func contextEnded(t *testing.T, s store.Store) {
	ctx := ended(t)
	err := s.Commit(ctx, store.Batch{Session: &store.SessionWrite{Session: session("cs_1")}})
	wantErr(t, err, store.ErrNotWritten)
	wantErr(t, err, context.Canceled)
	_, err = s.Session(t.Context(), "cs_1")
	wantErr(t, err, store.ErrNotFound)

	_, taken, err := s.Claim(ctx, claimOf("k1", "t1"))
	wantErr(t, err, context.Canceled)
	if taken {
		t.Error("claimed with an ended context")
	}
	takes(t, s, claimOf("k1", "t2"))

	seed(t, s, "cs_2")
	commit(t, s, store.Batch{Sagas: []store.SagaWrite{{Saga: saga("cs_2", 1)}}})
	_, err = s.AcquireSagas(ctx, lease("p1", 0, 30), 9)
	wantErr(t, err, context.Canceled)
	equal(t, "owner", must(s.Sagas(t.Context(), "cs_2"))(t)[0].Owner, "")
	_, err = s.Session(ctx, "cs_2")
	wantErr(t, err, context.Canceled)
	_, err = s.Sweep(ctx, after(0))
	wantErr(t, err, context.Canceled)
}

func closed(t *testing.T, s store.Store) {
	if err := s.Check(t.Context()); err != nil {
		t.Fatalf("Check: %v", err)
	}
	seed(t, s, "cs_1")
	for range 2 { // a second Close does nothing
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Session":           func() error { _, err := s.Session(ctx, "cs_1"); return err },
		"ExpiredSessions":   func() error { _, err := s.ExpiredSessions(ctx, epoch, 1); return err },
		"Cart":              func() error { _, err := s.Cart(ctx, "cart_1"); return err },
		"DueCarts":          func() error { _, err := s.DueCarts(ctx, epoch, 1); return err },
		"Claim":             func() error { _, _, err := s.Claim(ctx, claimOf("k1", "t1")); return err },
		"Release":           func() error { return s.Release(ctx, claimOf("k1", "t1")) },
		"Sagas":             func() error { _, err := s.Sagas(ctx, "cs_1"); return err },
		"AcquireSagas":      func() error { _, err := s.AcquireSagas(ctx, lease("p1", 0, 1), 1); return err },
		"Order":             func() error { _, err := s.Order(ctx, "main", "1"); return err },
		"OrderOfSession":    func() error { _, err := s.OrderOfSession(ctx, "cs_1"); return err },
		"Refunds":           func() error { _, err := s.Refunds(ctx, "main", "1"); return err },
		"AcquireRefunds":    func() error { _, err := s.AcquireRefunds(ctx, lease("p1", 0, 1), 1); return err },
		"Cursor":            func() error { _, err := s.Cursor(ctx, "main"); return err },
		"AcquireDeliveries": func() error { _, err := s.AcquireDeliveries(ctx, lease("p1", 0, 1), 1); return err },
		"Deliveries":        func() error { _, err := s.Deliveries(ctx, "order"); return err },
		"Log":               func() error { _, err := s.Log(ctx, "cs_1"); return err },
		"Commit":            func() error { return s.Commit(ctx, store.Batch{}) },
		"Sweep":             func() error { _, err := s.Sweep(ctx, time.Time{}); return err },
		"Check":             func() error { return s.Check(ctx) },
	} {
		if err := call(); !errors.Is(err, store.ErrNotWritten) {
			t.Errorf("%s of a closed store: %v, want ErrNotWritten", name, err)
		}
	}
}
