package demo

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/conformance"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// secureCard is a card whose bank asks for 3-D Secure.
const secureCard = "pm_card_threeDSecure2Required"

// moneyRoutes show and make what has to do with money.
func (h *harness) moneyRoutes(mux *http.ServeMux) {
	mux.Handle("POST /payment_tokens", h.serve(h.mint))
	mux.Handle("GET /payment_tokens/{token}", h.serve(h.token))
	mux.Handle("GET /sessions/{id}/charges", h.serve(h.charges))
	mux.Handle("GET /sessions/{id}/orders", h.serve(h.orders))
}

// mint issues a payment token, as an agent's platform would.
func (h *harness) mint(r *http.Request) (any, error) {
	in, err := take[conformance.Mint](r)
	if err != nil {
		return nil, err
	}
	cards := map[string]string{"": goodCard, "approve": goodCard, "decline": badCard, "authenticate": secureCard}
	card, ok := cards[in.Outcome]
	if !ok {
		return nil, fmt.Errorf("issue a payment token: there is no outcome %q", in.Outcome)
	}
	life := tokenLife
	if in.ExpiresIn > 0 {
		life = time.Duration(in.ExpiresIn) * time.Second
	}
	token, err := h.world.stripe.Mint(stripetest.Grant{
		PaymentMethod: card, Currency: in.Currency, MaxAmount: in.Amount, ExpiresAt: h.world.clock.Now().Add(life),
	})
	return map[string]string{"token": token}, err
}

// token says whether a payment token holds or took money.
func (h *harness) token(r *http.Request) (any, error) {
	consumed := false
	for _, i := range h.world.stripe.Ledger().Intents {
		consumed = consumed || i.Token == r.PathValue("token") && (i.Held > 0 || i.Captured > 0)
	}
	return map[string]bool{"consumed": consumed}, nil
}

func (h *harness) charges(r *http.Request) (any, error) {
	out := []conformance.Charge{}
	for _, i := range h.world.stripe.Ledger().With(stripepay.MetadataSession, r.PathValue("id")).Intents {
		out = append(out, conformance.Charge{
			ID: i.ID, Amount: i.Amount, Currency: i.Currency, Captured: i.Captured, Held: i.Held, Refunded: i.Refunded,
		})
	}
	return map[string]any{"charges": out}, nil
}

func (h *harness) orders(r *http.Request) (any, error) {
	out := []conformance.Placed{}
	for _, o := range h.ordersOf(r.PathValue("id")) {
		grand, err := decimal.NewFromString(o.Totals.Grand)
		if err != nil {
			return nil, fmt.Errorf("read the total of order %s: %w", o.Number, err)
		}
		out = append(out, conformance.Placed{ID: o.Number, Canceled: o.State == shop.Canceled, Paid: o.Payment.State == "paid", Total: grand.Round(2).Shift(2).IntPart()})
	}
	return map[string]any{"orders": out}, nil
}

// ordersOf are the orders of a session: the gateway's reference for an order holds the session's id.
func (h *harness) ordersOf(session string) []shop.Order {
	var out []shop.Order
	for _, o := range h.world.shop.Shop().Orders() {
		if strings.Contains(o.ExternalRef, ":"+session+":") {
			out = append(out, o)
		}
	}
	return out
}
