package declarative

import (
	"context"
	"net/http"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// Deps are what an adapter needs from outside. Both are required.
type Deps struct {
	Transport http.RoundTripper // to the shop; redirects and resends are not its business
	Clock     clock.Clock
}

// New makes the adapter of the shop that section describes: the description itself, or settings with the name of its file. The error is
// of type [config.Problems] and holds every problem at once. New opens no connection.
func New(section config.Section, deps Deps) (adapters.Adapter, error) {
	s, err := load(section, deps)
	if err != nil {
		return adapters.Adapter{}, err
	}
	a := adapters.Adapter{
		Facts: s.facts, Identity: "declarative " + strings.TrimRight(s.base.String(), "/"), Quote: s.quoteCart, PlaceOrder: s.placeOrder, GetOrder: s.getOrder,
		RecordPayment: s.recordPayment, CancelOrder: s.cancelOrder, Changes: s.changesSince,
	}
	if s.find != nil {
		a.FindOrder = s.findOrder
	}
	if s.item != nil {
		a.Item = s.readItem
	}
	if s.release != nil {
		a.ReleaseCart = s.releaseCart
	}
	if s.refund != nil {
		a.RecordRefund = s.recordRefund
	}
	if s.goOn != nil {
		a.Continue = s.continueURL
	}
	if s.consent != nil {
		a.RecordConsent = s.recordConsent
	}
	if s.check != nil {
		a.Check = func(ctx context.Context) error {
			_, err := s.start(ctx, s.check, map[string]any{}, nil).do()
			return err
		}
	}
	return a, nil
}

// badReference is the fault of a reference that this adapter did not write: nothing was sent.
func badReference(what string, err error) error {
	return commerce.Faultf(commerce.Rejected, "%s: the stored reference cannot be used", what).Because(err)
}

// misfit is the fault of a result that cannot be read. After a write nobody knows what it stands for.
func (r *run) misfit(err error) error { return r.failed(err) }

func (s *shop) quoteCart(ctx context.Context, req adapters.QuoteRequest) (commerce.Quote, error) {
	cart, keep, err := decodeCart(req.CartRef)
	if err != nil {
		return commerce.Quote{}, commerce.Faultf(commerce.CartGone, "quote: the stored cart cannot be used; start a new one").Because(err)
	}
	r := s.start(ctx, s.quote, quoteInput(req, cart), keep)
	v, err := r.do()
	if err != nil {
		return commerce.Quote{}, err
	}
	q, err := s.makeQuote(v, req, r.scope.keep, r.faults)
	if err != nil {
		return commerce.Quote{}, r.misfit(err)
	}
	return q, nil
}

// placeOrder makes the order once when the shop knows a key. Where it can only be searched, it is searched first: a second call for a
// key then finds the first order, unless both run at once.
func (s *shop) placeOrder(ctx context.Context, req adapters.PlaceRequest) (commerce.Snapshot, error) {
	cart, keep, err := decodeCart(req.CartRef)
	if err != nil || cart == nil {
		return commerce.Snapshot{}, commerce.Faultf(commerce.CartGone, "place order: the stored cart cannot be used; quote again").Because(err)
	}
	if s.idempotency.mode == modeSearch {
		found, err := s.findOrder(ctx, adapters.OrderQuery{Key: req.Key, CartRef: req.CartRef, TxnID: req.Payment.TxnID})
		if err != nil {
			return commerce.Snapshot{}, commerce.Faultf(commerce.Temporary, "place order: looking for an earlier order failed; nothing was placed").Because(err)
		}
		if !found.Exact {
			return commerce.Snapshot{}, commerce.Faultf(commerce.Temporary, "place order: the shop cannot say whether there is an earlier order; nothing was placed")
		}
		for _, o := range found.Orders {
			if !o.Canceled() {
				return o, nil
			}
		}
	}
	r := s.start(ctx, s.place, placeInput(req, cart), keep)
	if s.idempotency.mode == modeHeader {
		v, err := s.idempotency.key.eval(ctx, r.state, &r.scope)
		key, ok := v.(string)
		if err != nil || !ok || key == "" {
			return commerce.Snapshot{}, commerce.Faultf(commerce.Temporary, "place order: the idempotency key cannot be made; nothing was placed").Because(err)
		}
		r.key = key
	}
	v, err := r.do()
	if err != nil {
		return commerce.Snapshot{}, err
	}
	return r.snapshot(v)
}

func (r *run) snapshot(v any) (commerce.Snapshot, error) {
	in := &reading{money: r.shop.money}
	snap := r.shop.money.snapshot(in, "", v)
	if in.err != nil {
		return commerce.Snapshot{}, r.misfit(in.err)
	}
	return snap, nil
}

func (s *shop) findOrder(ctx context.Context, q adapters.OrderQuery) (adapters.Found, error) {
	cart, keep, err := decodeCart(q.CartRef)
	if err != nil {
		return adapters.Found{}, badReference("find order", err)
	}
	r := s.start(ctx, s.find, findInput(q, cart), keep)
	v, err := r.do()
	if err != nil {
		return adapters.Found{}, err
	}
	in := &reading{money: s.money}
	o := in.object("", v)
	// A shop that is searched by cart knows nothing of a bare key: a result may take the promise back, never make one.
	found := adapters.Found{Exact: o.flag("exact", true) && s.exact}
	for _, m := range o.objects("orders") {
		switch order := s.money.snapshot(in, m.path, m.members); {
		case q.Key == "" || order.Key == q.Key, order.Key == "" && s.idempotency.mode == modeNatural:
			found.Orders = append(found.Orders, order)
		case order.Key == "":
			found.Exact = false // it may be ours or anybody's: nothing can be said, so that nothing is adopted, canceled or placed
		default: // shops that do not know a filter answer with every order
		}
	}
	o.done()
	if in.err != nil {
		return adapters.Found{}, r.misfit(in.err)
	}
	return found, nil
}

func (s *shop) getOrder(ctx context.Context, ref string) (commerce.Snapshot, error) {
	order, err := decodeReference(ref)
	if err != nil || order == nil {
		return commerce.Snapshot{}, badReference("get order", err)
	}
	r := s.start(ctx, s.get, map[string]any{"order_ref": order}, nil)
	v, err := r.do()
	if err != nil {
		return commerce.Snapshot{}, err
	}
	return r.snapshot(v)
}

func (s *shop) recordPayment(ctx context.Context, req adapters.PaymentRecord) error {
	order, err := decodeReference(req.Ref)
	if err != nil || order == nil {
		return badReference("record payment", err)
	}
	_, err = s.start(ctx, s.record, recordInput(req, order), nil).do()
	return err
}

func (s *shop) cancelOrder(ctx context.Context, req adapters.CancelRequest) error {
	order, err := decodeReference(req.Ref)
	if err != nil || order == nil {
		return badReference("cancel order", err)
	}
	_, err = s.start(ctx, s.cancel, cancelInput(req, order), nil).do()
	return err
}

func (s *shop) recordRefund(ctx context.Context, req adapters.RefundRecord) error {
	order, err := decodeReference(req.Ref)
	if err != nil || order == nil {
		return badReference("record refund", err)
	}
	_, err = s.start(ctx, s.refund, refundInput(req, order), nil).do()
	return err
}

func (s *shop) recordConsent(ctx context.Context, req adapters.ConsentRecord) error {
	order, err := decodeReference(req.OrderRef)
	if err != nil || order == nil {
		return badReference("record consent", err)
	}
	_, err = s.start(ctx, s.consent, consentInput(req, order), nil).do()
	return err
}

func (s *shop) releaseCart(ctx context.Context, ref string) error {
	cart, keep, err := decodeCart(ref)
	if err != nil {
		return badReference("release cart", err)
	}
	if cart == nil {
		return nil // no cart was ever made
	}
	_, err = s.start(ctx, s.release, map[string]any{"cart_ref": cart}, keep).do()
	return err
}
