package demo

import (
	"fmt"
	"net/http"
	"time"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/conformance"
)

// shopRoutes let the suite be the shop's staff, and its bad days.
func (h *harness) shopRoutes(mux *http.ServeMux) {
	mux.Handle("POST /faults", h.serve(h.misbehave))
	mux.Handle("DELETE /faults", h.serve(func(*http.Request) (any, error) { return nil, h.mend() }))
	mux.Handle("POST /orders/{session}/{move}", h.serve(h.move))
	mux.Handle("GET /subscriptions", h.serve(h.subscriptions))
}

// misbehave sets one fault.
func (h *harness) misbehave(r *http.Request) (any, error) {
	in, err := take[conformance.Fault](r)
	if err != nil {
		return nil, err
	}
	s := h.world.shop.Shop()
	if in.Item == "" {
		in.Item = plainItem
	}
	switch in.Kind {
	case conformance.FaultRefuse:
		return nil, s.Inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.SellOut, SKU: in.Item})
	case conformance.FaultLose:
		return nil, s.Inject(shop.Fault{Operation: string(shop.OrderPlace), Kind: shop.CutAfter})
	case conformance.FaultDown:
		return nil, s.Inject(shop.Fault{Operation: "*", Kind: shop.Off, Times: shop.Forever})
	case conformance.FaultSlow:
		return nil, s.Inject(shop.Fault{
			Operation: string(shop.CartCreate), Kind: shop.Slow, Times: shop.Forever, Delay: time.Duration(in.Amount) * time.Millisecond,
		})
	case conformance.FaultPrice:
		return nil, s.SetPrice(in.Item, decimal.New(in.Amount, -2).StringFixed(2))
	case conformance.FaultStock:
		return nil, s.SetStock(in.Item, 0)
	}
	return nil, fmt.Errorf("break the shop: %w: fault %q", errUnheard, in.Kind)
}

// mend ends all faults; shelves and prices are what they were when the shop was opened, and full enough for the longest suite.
func (h *harness) mend() error {
	s := h.world.shop.Shop()
	s.ClearFaults()
	for _, it := range shop.Catalogue() {
		if err := s.SetPrice(it.SKU, it.Price); err != nil {
			return err
		}
		if it.Stock == 0 {
			continue
		}
		if err := s.SetStock(it.SKU, max(it.Stock, plenty)); err != nil {
			return err
		}
	}
	return nil
}

// plenty is on the shelf of every article that the shop has at all, once the suite has begun.
const plenty = 10_000

// move acts on the order of a session, and has the gateway look at it at once.
func (h *harness) move(r *http.Request) (any, error) {
	in, err := take[conformance.Move](r)
	if err != nil {
		return nil, err
	}
	session, what := r.PathValue("session"), r.PathValue("move")
	orders := h.ordersOf(session)
	if len(orders) == 0 {
		return nil, fmt.Errorf("%s the order of %s: %w", what, session, errUnheard)
	}
	s, number := h.world.shop.Shop(), orders[len(orders)-1].Number
	switch what {
	case "pick":
		err = s.Pick(number)
	case "ship":
		if in.Item != "" {
			err = s.ShipSome(number, in.Item, int(in.Quantity), "UPS", tracking)
		} else {
			err = s.Ship(number, "UPS", tracking)
		}
	case "deliver":
		err = s.Deliver(number)
	case "refund":
		_, err = s.Refund(number, decimal.New(in.Amount, -2).StringFixed(2), "dented lid")
	case "cancel":
		err = s.CancelOrder(number)
	default:
		err = fmt.Errorf("move order %s: %w: %q", number, errUnheard, what)
	}
	if err != nil {
		return nil, err
	}
	return nil, h.world.poll(r.Context())
}

// subscriptions are the channels on which the shop may write to somebody, in the protocol's words.
func (h *harness) subscriptions(r *http.Request) (any, error) {
	words := map[string]string{"mail": "email", "text": "sms", "chat": "whatsapp"}
	out := map[string]bool{}
	for _, who := range h.world.shop.Shop().Subscribers() {
		if who.Address == r.URL.Query().Get("email") {
			out[words[who.Channel]] = who.OptIn == "Y"
		}
	}
	return map[string]any{"channels": out}, nil
}
