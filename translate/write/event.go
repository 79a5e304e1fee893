package write

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// The webhook shapes of the dates 2025-09-29 to 2026-01-30
// (openapi.agentic_checkout_webhook.yaml, read 2026-11-22): closed, without
// the order's id, and with refunds even when there are none.

type event struct {
	Type string    `json:"type"`
	Data eventData `json:"data"`
}

type eventData struct {
	Type              string   `json:"type"`
	CheckoutSessionID string   `json:"checkout_session_id"`
	PermalinkURL      string   `json:"permalink_url"`
	Status            string   `json:"status"`
	Refunds           []refund `json:"refunds"`
}

type refund struct {
	Type   string `json:"type"`
	Amount int64  `json:"amount"`
}

// RefundEvent writes the webhook event of the dates until 2026-01-30, which
// tell of an order its status and its refunds. It fails only on a value that
// JSON cannot carry.
func RefundEvent(e commerce.Event) ([]byte, error) {
	kind := e.Type
	if kind != commerce.OrderCreate {
		kind = commerce.OrderUpdate // the two are all that the closed list has
	}
	return wire.Marshal(event{
		Type: string(kind),
		Data: eventData{
			Type:              "order",
			CheckoutSessionID: e.Order.SessionID,
			PermalinkURL:      e.Order.PermalinkURL,
			Status:            orderStatus(e.Order.Status),
			Refunds:           refunds(e.Order.Adjustments),
		},
	})
}

// orderStatus maps the open list of 2026-04-17 onto the six words of these
// dates. A word that nobody knows is an order that goes on: confirmed.
func orderStatus(s commerce.OrderStatus) string {
	switch s {
	case commerce.OrderCreated, commerce.OrderManualReview, commerce.OrderConfirmed, commerce.OrderCanceled, commerce.OrderShipped:
		return string(s)
	case commerce.OrderCompleted:
		return "fulfilled"
	case commerce.OrderProcessing:
		return string(commerce.OrderConfirmed)
	default:
		if s == "" {
			return string(commerce.OrderCreated)
		}
		return string(commerce.OrderConfirmed)
	}
}

// refunds are the adjustments whose money has moved; these dates have no word
// for one that has not.
func refunds(adjustments []commerce.Adjustment) []refund {
	out := make([]refund, 0, len(adjustments))
	for _, a := range adjustments {
		if a.Status != commerce.AdjustmentCompleted {
			continue
		}
		switch a.Type {
		case "refund":
			out = append(out, refund{Type: "original_payment", Amount: a.Amount})
		case "credit":
			out = append(out, refund{Type: "store_credit", Amount: a.Amount})
		}
	}
	return out
}
