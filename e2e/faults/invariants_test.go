package faults_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/translate/schematest"
)

// verify checks the invariants of everything that happened in the world, once its faults have stopped: I1 to I4 and I8 by the money and
// the orders, I5 by sending every answered request again after a restart, I6 by what the receiver got, I7 by the log, and I8 once more
// by what is stored. I9 is checked with every answer.
func (w *world) verify() {
	w.t.Helper()
	if w.t.Failed() {
		return // the world may be left in the middle of anything
	}
	w.shop.ClearFaults()
	w.stripe.Disarm()
	w.settings.completeTimeout = patience * 25 * time.Second // from the next start on: a replay is no test of impatience
	if w.gateway == nil && w.child == nil {
		w.boot()
	}
	for _, session := range w.sessions {
		w.settled(session)
		w.told(session)
	}
	w.replays()
	w.halt()
	w.stored()
	w.quiet()
}

// orders are the live orders of a session in the shop.
func (w *world) orders(session string) []shop.Order {
	var live []shop.Order
	for _, o := range w.shop.LiveOrders() {
		if strings.HasPrefix(o.ExternalRef, "acp:"+session+":") {
			live = append(live, o)
		}
	}
	return live
}

// settled waits until the session has come to rest and checks the invariants I1 to I4 of it: at most one intent that holds or took
// money, at any moment, at most one live order, captured means ordered for the same total, and no hold is left. Where a person has to
// decide, a hold or an order may wait for the decision, but neither twice, and no money was taken.
func (w *world) settled(session string) {
	w.t.Helper()
	var wrong string
	for end := time.Now().Add(patience * 30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if wrong = w.violation(session); wrong == "" {
			return
		}
	}
	w.t.Errorf("session %s: %s", session, wrong)
}

func (w *world) violation(session string) string {
	orders := w.orders(session)
	if len(orders) > 1 {
		return "I2: two live orders"
	}
	moved, taken := 0, int64(0)
	ledger := w.stripe.Ledger().With(stripepay.MetadataSession, session)
	if err := ledger.Check(stripepay.MetadataSession); err != nil {
		return "I1: " + err.Error()
	}
	for _, i := range ledger.Intents {
		if i.Held > 0 && !w.operator[session] {
			return "I4: a hold is left"
		}
		if i.Captured > 0 && i.Captured != i.Amount {
			return "I3: captured in part"
		}
		if i.Captured > i.Refunded {
			moved++
			taken += i.Captured
		}
	}
	switch {
	case moved > 1:
		return "I1: two charges"
	case taken > 0 && len(orders) == 0:
		return "I3: a charge without an order"
	case taken == 0 && len(orders) > 0 && !refunded(orders[0]) && !w.operator[session]:
		return "I3: an order without a charge"
	case taken > 0 && orders[0].Sheet.TotalMinor() != taken:
		return "I3: order and charge differ"
	case taken > 0 && orders[0].Payment.State != "paid":
		return "the shop does not know of the payment"
	default:
		return ""
	}
}

// refunded reports whether the shop itself decided to give money of the order back.
func refunded(o shop.Order) bool { return len(o.Refunds) > 0 }

// told checks invariant I6 of a session: a completed one was told with exactly one order_create, first, and signed; any other session
// was never told (S13).
func (w *world) told(session string) {
	w.t.Helper()
	a := &agent{w: w, name: w.owner(session), version: newest}
	status := view(w.t, a.must(200, "GET", "/checkout_sessions/"+session, "", nil)).Status
	if status != "completed" || a.name != "alice" {
		if events := w.receiver.events(session); len(events) > 0 {
			w.t.Errorf("session %s is %s, but %d events were sent", session, status, len(events))
		}
		return
	}
	w.until("order_create of "+session, func() bool { return len(w.receiver.events(session)) > 0 })
	creates := map[string]bool{} // by id: a delivery may be repeated, as the same event
	for i, e := range w.receiver.events(session) {
		if want := "order_create"; (i == 0 && e.Type != want) || (e.Type != want && e.Type != "order_update") {
			w.t.Errorf("session %s: event %d is %s", session, i, e.Type)
		}
		if e.Type == "order_create" {
			creates[e.header.Get("Request-Id")] = true
		}
		if !e.signedBy(w.secrets.webhook, e.at) {
			w.t.Errorf("session %s: event %d is not signed: %v", session, i, e.header)
		}
		if w.schemas != nil {
			if err := w.schemas.Check(w.settings.webhookVersion, schematest.Event, e.body); err != nil {
				w.t.Errorf("session %s: event %d: %v\n%s", session, i, err, e.body)
			}
		}
	}
	if len(creates) != 1 {
		w.t.Errorf("session %s: order_create came as %d events", session, len(creates))
	}
}

// owner is the agent that a session belongs to.
func (w *world) owner(session string) string {
	for _, x := range w.answered {
		if bytes.Contains(x.first, []byte(session)) {
			return x.agent.name
		}
	}
	return "alice"
}

// replays checks invariant I5: after a restart every answer that was given under a key is given again, byte for byte, refusals that are
// for good too, and does nothing: neither the shop nor Stripe is asked anew.
func (w *world) replays() {
	w.t.Helper()
	before, orders := w.stripe.Ledger(), len(w.shop.Orders())
	w.restart()
	asked := func() int { return w.shop.Calls(shop.CartCreate).Arrived + w.stripe.Arrivals(stripetest.OpGranted) }
	calls := asked()
	for _, x := range w.answered {
		r := x.agent.send(x.method, x.path, x.key, x.request)
		kept := x.status != http.StatusUnprocessableEntity // which tells that the key is another body's
		if r.status != x.status || !bytes.Equal(r.body, x.first) || (r.header.Get("Idempotent-Replayed") == "true") != kept {
			w.t.Errorf("I5: %s %s under key %q: got %s (replayed %q), first was %d %s", x.method, x.path, x.key, r,
				r.header.Get("Idempotent-Replayed"), x.status, x.first)
		}
	}
	if n := asked() - calls; n > 0 {
		w.t.Errorf("I5: %d calls were made for answers that are known", n)
	}
	after := w.stripe.Ledger()
	if len(after.Intents) != len(before.Intents) || after.Captured("usd") != before.Captured("usd") || len(w.shop.Orders()) != orders {
		w.t.Errorf("I5: a replay did something: %d intents and %d orders became %d and %d",
			len(before.Intents), orders, len(after.Intents), len(w.shop.Orders()))
	}
}

// stored checks in the database that nothing is open: no attempt binds its session (I8), and every event was delivered or gave way to a
// newer one, the newest last (I6).
func (w *world) stored() {
	w.t.Helper()
	ctx := context.WithoutCancel(w.t.Context())
	s, err := sqlstore.Open(ctx, sqlstore.Options{Path: filepath.Join(w.dir, "postern.db"), Key: w.sealingKey(), MustExist: true})
	if err != nil {
		w.t.Error(err)
		return
	}
	defer func() {
		if err := s.Close(); err != nil {
			w.t.Error(err)
		}
	}()
	for _, session := range w.sessions {
		sagas, err := s.Sagas(ctx, session)
		if err != nil {
			w.t.Error(err)
		}
		for _, g := range sagas {
			if g.Live != w.operator[session] || (g.Step == "needs_operator") != w.operator[session] {
				w.t.Errorf("I8: attempt %d of session %s is open at %s", g.Attempt, session, g.Step)
			}
		}
		lane, err := s.Deliveries(ctx, session)
		if err != nil {
			w.t.Error(err)
		}
		for i, d := range lane {
			if d.State != store.DeliveryDelivered && (d.State != store.DeliverySuperseded || i == len(lane)-1) {
				w.t.Errorf("I6: event %s of session %s is %s", d.ID, session, d.State)
			}
		}
		if got := w.receiver.events(session); len(lane) > 0 && (len(got) == 0 || !bytes.Equal(got[len(got)-1].body, lane[len(lane)-1].Body)) {
			w.t.Errorf("I6: the receiver's last event of session %s is not the newest one", session)
		}
	}
}

// quiet checks invariant I7 of the log, which is written at its most talkative and without the scrubbing that the program adds.
func (w *world) quiet() {
	w.t.Helper()
	log := w.logs.String()
	for what, text := range w.marked() {
		if strings.Contains(log, text) {
			w.t.Errorf("I7: the log tells %s: %q", what, text)
		}
	}
}

// marked is every text that must not leave the places where it belongs.
func (w *world) marked() map[string]string {
	m := map[string]string{
		"the Stripe key": w.secrets.stripeKey, "the shop's key": w.secrets.shopKey, "the webhook secret": w.secrets.webhook,
		"the sealing key": w.secrets.sealing, "an e-mail address": "ada@example.com", "a phone number": "4155550100",
		"a buyer's name": "Byron", "a street": "1 Main St", "a city": "San Jose",
	}
	for name, token := range w.tokens {
		m["the bearer token of "+name] = token
	}
	for _, token := range w.minted {
		m["payment token "+token] = token
	}
	return m
}

func (w *world) sealingKey() []byte {
	w.t.Helper()
	key, err := hex.DecodeString(w.secrets.sealing)
	if err != nil {
		w.t.Fatal(err)
	}
	return key
}
