package faults_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// sessionView is what the tests read of a session, in either date.
type sessionView struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Totals   []row  `json:"totals"`
	Messages []struct {
		Type  string `json:"type"`
		Code  string `json:"code"`
		Param string `json:"param"`
	} `json:"messages"`
	Order *struct {
		ID string `json:"id"`
	} `json:"order"`
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

func (s sessionView) says(code string) bool {
	for _, m := range s.Messages {
		if m.Code == code {
			return true
		}
	}
	return false
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
func (a *agent) payment(token string) object {
	if a.version == oldest {
		return object{"payment_data": object{"token": token, "provider": "stripe"}}
	}
	return object{"payment_data": object{
		"handler_id": "card_tokenized",
		"instrument": object{"type": "card", "credential": object{"type": "spt", "token": token}},
	}}
}

func (w *world) token(change ...func(*stripetest.Grant)) string {
	w.t.Helper()
	g := stripetest.Grant{Currency: "usd", MaxAmount: 1_000_000, ExpiresAt: w.options.Clock.Now().Add(30 * 24 * time.Hour)}
	for _, c := range change {
		c(&g)
	}
	id, err := w.stripe.Mint(g)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestPurchase(t *testing.T) {
	t.Parallel()
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.agent(version)
			s := view(t, a.must(201, "POST", "/checkout_sessions", "c1", a.cart(w.sku(0), 2, w.sku(1), 1)))
			if s.Status != "ready_for_payment" {
				t.Fatalf("%+v", s)
			}
			done := view(t, a.must(200, "POST", "/checkout_sessions/"+s.ID+"/complete", "p1", a.payment(w.token())))
			if done.Status != "completed" || done.Order == nil {
				t.Fatalf("%+v", done)
			}
			w.settled(s.ID)
			if got := w.stripe.Ledger().Captured("usd"); got != s.total() {
				t.Errorf("captured %d, total %d", got, s.total())
			}
		})
	}
}
