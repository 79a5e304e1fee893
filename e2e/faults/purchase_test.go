package faults_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/postern-gateway/postern/e2e/acpagent"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// sessionView is what the tests read of a session, in either date.
type sessionView struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Currency string `json:"currency"`
	Updated  string `json:"updated_at"` // 2026-04-17
	Lines    []struct {
		Quantity int64 `json:"quantity"`
		Item     struct {
			ID       string `json:"id"`
			Quantity int64  `json:"quantity"`
		} `json:"item"`
	} `json:"line_items"`
	Totals   []row     `json:"totals"`
	Messages []message `json:"messages"`
	Order    *struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	} `json:"order"`
}

type message struct {
	Type       string `json:"type"`
	Code       string `json:"code"`
	Param      string `json:"param"`
	Content    string `json:"content"`
	Resolution string `json:"resolution"`
}

type row struct {
	Type   string `json:"type"`
	Amount int64  `json:"amount"`
}

func (s sessionView) total() int64 {
	for _, t := range s.Totals {
		if t.Type == "total" {
			return t.Amount
		}
	}
	return 0
}

// Quantity is that of the first line, wherever the date shows it.
func (s sessionView) Quantity() int64 {
	if len(s.Lines) == 0 {
		return 0
	}
	return max(s.Lines[0].Quantity, s.Lines[0].Item.Quantity)
}

// says finds the message with a code; the zero message when there is none.
func (s sessionView) says(code string) message {
	for _, m := range s.Messages {
		if m.Code == code {
			return m
		}
	}
	return message{}
}

// wants asserts that the session carries an error message with the code and param.
func (s sessionView) wants(t *testing.T, code, param string) {
	t.Helper()
	if m := s.says(code); m.Type != "error" || m.Param != param {
		t.Errorf("want an error message %s at %s, got %+v", code, param, s.Messages)
	}
}

func view(t *testing.T, r reply) sessionView {
	t.Helper()
	var s sessionView
	if err := json.Unmarshal(r.body, &s); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	return s
}

type object = map[string]any

func home() object {
	return object{"name": "Ada Byron", "line_one": "1 Main St", "city": "San Jose", "state": "CA", "country": "US", "postal_code": "95110"}
}

func ada() object {
	return object{"first_name": "Ada", "last_name": "Byron", "email": "ada@example.com", "phone_number": "+14155550100"}
}

// cart is the body of a create in the agent's date: lines of sku and quantity, with buyer and address.
func (a *agent) cart(lines ...any) object {
	var items []any
	for i := 0; i < len(lines); i += 2 {
		items = append(items, object{"id": lines[i], "quantity": lines[i+1]})
	}
	if a.version == oldest {
		return object{"items": items, "buyer": ada(), "fulfillment_address": home()}
	}
	return object{
		"line_items": items, "currency": "usd", "buyer": ada(), "capabilities": object{"interventions": object{"supported": []any{}}},
		"fulfillment_details": object{"name": "Ada Byron", "email": "ada@example.com", "address": home()},
	}
}

// payment is the body of a complete in the agent's date.
func (a *agent) payment(token string) object { return acpagent.Payment(a.version, token) }

// ready creates a session that can be paid.
func (a *agent) ready(key string, lines ...any) sessionView {
	a.w.t.Helper()
	s := view(a.w.t, a.must(201, "POST", "/checkout_sessions", key, a.cart(lines...)))
	if s.Status != "ready_for_payment" {
		a.w.t.Fatalf("session is not ready: %+v", s)
	}
	return s
}

func completeOf(id string) string { return "/checkout_sessions/" + id + "/complete" }

// get reads a session.
func (a *agent) get(id string) sessionView {
	a.w.t.Helper()
	return view(a.w.t, a.must(200, "GET", "/checkout_sessions/"+id, "", nil))
}

// bought asserts that an answer shows the completed session with its order, and that the money was taken once.
func (w *world) bought(r reply, total int64) sessionView {
	w.t.Helper()
	s := view(w.t, r)
	if r.status != 200 || s.Status != "completed" || s.Order == nil {
		w.t.Fatalf("not completed: %s", r)
	}
	w.settled(s.ID)
	if s.total() != total {
		w.t.Errorf("session %s costs %d, was shown as %d", s.ID, s.total(), total)
	}
	if orders := w.orders(s.ID); len(orders) != 1 || orders[0].Number != s.Order.ID || orders[0].TotalMinor() != total {
		w.t.Errorf("session %s: orders in the shop are %+v, the answer says %s", s.ID, orders, s.Order.ID)
	}
	if got := w.charged(s.ID); got != total {
		w.t.Errorf("session %s: %d was taken, %d was shown", s.ID, got, total)
	}
	return s
}

// intents are the payments that were tried for a session, oldest first.
func (w *world) intents(session string) []stripetest.Intent {
	return w.stripe.Ledger().With(stripepay.MetadataSession, session).Intents
}

// charged is what was taken for a session and not given back, in minor units.
func (w *world) charged(session string) int64 {
	var sum int64
	for _, i := range w.intents(session) {
		sum += i.Captured - i.Refunded
	}
	return sum
}

// open asserts that a session can go on and that nothing was charged and nothing ordered for it.
func (w *world) open(r reply, status string) sessionView {
	w.t.Helper()
	s := view(w.t, r)
	if r.status != 200 || s.Status != status || s.Order != nil {
		w.t.Fatalf("want a session that is %s, without an order: %s", status, r)
	}
	w.settled(s.ID)
	if got := w.charged(s.ID); got != 0 || len(w.orders(s.ID)) > 0 {
		w.t.Errorf("session %s: %d was taken and %d orders stand", s.ID, got, len(w.orders(s.ID)))
	}
	return s
}

// calls are the requests of one kind that arrived at Stripe.
func (w *world) calls(op stripetest.Op) []stripetest.Request {
	return slices.DeleteFunc(w.stripe.Requests(), func(r stripetest.Request) bool { return r.Op != op })
}

// oneKey asserts that all requests of a kind came under the same idempotency key, and returns how many there were.
func (w *world) oneKey(op stripetest.Op) int {
	w.t.Helper()
	calls := w.calls(op)
	for _, c := range calls {
		if c.Key == "" || c.Key != calls[0].Key {
			w.t.Errorf("%s came under the keys %q and %q", op, calls[0].Key, c.Key)
		}
	}
	return len(calls)
}

func TestPurchase(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(version)
			s := a.ready("c1", w.sku(0), 2, w.sku(1), 1)
			w.bought(a.must(200, "POST", completeOf(s.ID), "p1", a.payment(w.token())), s.total())
		})
	}
}
