// Package upstream is the shop as the rest of the gateway sees it: an adapter behind a deadline, a circuit breaker, a cache for
// catalogue look-ups and spans, written once for all shops.
//
// Start with [Shop]. It adds no retry: the saga and the relay are the only places that repeat a call. It turns every failure into a
// *[commerce.Fault], and of a write that timed out it says Indeterminate, never that it was refused.
//
// The package may import adapters, commerce, clock and telemetry.
package upstream

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// Options tune a [Shop]. The zero value of each means its default.
type Options struct {
	// Timeout bounds one operation. Default 8 s. It is also what the quarantine after an unknown outcome counts from.
	Timeout time.Duration
	// BreakerFailures is how many failures in a row open the breaker. Default 5.
	BreakerFailures uint32
	// BreakerPause is how long an open breaker refuses calls. Default 5 s.
	BreakerPause time.Duration
	// CatalogueSize and CatalogueTTL bound the cache of catalogue look-ups. Default 4096 items, 5 min.
	CatalogueSize int
	CatalogueTTL  time.Duration
	// Clock ages the cache; nil is the machine's.
	Clock clock.Clock

	Tracer telemetry.Tracer // the zero value makes no spans
	Log    *slog.Logger     // nil: silent
}

// Shop is one shop. It is safe for concurrent use.
type Shop struct {
	name      string
	adapter   adapters.Adapter
	timeout   time.Duration
	breaker   *gobreaker.CircuitBreaker[struct{}]
	catalogue *lru.Cache[string, remembered]
	ttl       time.Duration
	clock     clock.Clock
	tracer    telemetry.Tracer
}

// New puts the adapter of the shop called name behind the rules of this package.
func New(name string, a adapters.Adapter, o Options) *Shop {
	o = o.withDefaults()
	// The expiring variant of the cache is not used: it starts a goroutine that cannot be ended. Its only error is a size below 1.
	catalogue, _ := lru.New[string, remembered](o.CatalogueSize)
	return &Shop{
		name:      name,
		adapter:   a,
		timeout:   o.Timeout,
		tracer:    o.Tracer,
		catalogue: catalogue,
		ttl:       o.CatalogueTTL,
		clock:     o.Clock,
		breaker: gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
			Name:         name,
			Timeout:      o.BreakerPause,
			ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= o.BreakerFailures },
			IsSuccessful: func(err error) bool { return !outage(err) },
			IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) },
			OnStateChange: func(name string, from, to gobreaker.State) {
				o.Log.Warn("shop breaker changed", "shop", name, "from", from.String(), "to", to.String())
			},
		}),
	}
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 8 * time.Second
	}
	if o.BreakerFailures == 0 {
		o.BreakerFailures = 5
	}
	if o.BreakerPause <= 0 {
		o.BreakerPause = 5 * time.Second
	}
	if o.CatalogueSize <= 0 {
		o.CatalogueSize = 4096
	}
	if o.CatalogueTTL <= 0 {
		o.CatalogueTTL = 5 * time.Minute
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Name is the shop's name in the configuration.
func (s *Shop) Name() string { return s.name }

// Identity is which shop this is, as the adapter declares it; empty when it does not.
func (s *Shop) Identity() string { return s.adapter.Identity }

// Facts are what the adapter declares.
func (s *Shop) Facts() adapters.Facts { return s.adapter.Facts }

// Timeout is the longest that one call may take.
func (s *Shop) Timeout() time.Duration { return s.timeout }

// CanFind reports whether orders can be looked up.
func (s *Shop) CanFind() bool { return s.adapter.FindOrder != nil }

// Quote prices the desired state and proves the arithmetic of the answer. Where the shop has a catalogue, the cart's items are looked
// up first, in the cache if they are there, and lend their words to lines that came back without them. An item that the catalogue does
// not know fails with ItemUnavailable; one that the shop refuses is forgotten, so that the next quote looks it up afresh. A cart that
// costs more than 64 bits can hold fails with Rejected because of [commerce.ErrOverflow].
func (s *Shop) Quote(ctx context.Context, r adapters.QuoteRequest) (q commerce.Quote, err error) {
	err = s.read(ctx, "quote", func(ctx context.Context) error {
		if r.Items, err = s.items(ctx, r.Cart.Lines); err != nil {
			return err
		}
		if q, err = s.adapter.Quote(ctx, r); err != nil {
			s.forget(err, r.Cart.Lines)
			return err
		}
		if q.Currency != s.adapter.Facts.Currency {
			return commerce.Faultf(commerce.Unexpected, "shop %s: the quote is in %q, the shop sells in %q", s.name, q.Currency, s.adapter.Facts.Currency)
		}
		switch err := q.Check(); {
		case errors.Is(err, commerce.ErrOverflow):
			return err // the agent's wish, and no sign of how the shop is
		case err != nil:
			return commerce.Faultf(commerce.Unexpected, "shop %s: the quote's amounts are not consistent", s.name).Because(err)
		}
		return s.describe(ctx, q.Lines, r.Items)
	})
	return q, err
}

// PlaceOrder makes the order; see [adapters.Adapter] for what a second call does.
func (s *Shop) PlaceOrder(ctx context.Context, r adapters.PlaceRequest) (o commerce.Snapshot, err error) {
	err = s.write(ctx, "place_order", func(ctx context.Context) error {
		if o, err = s.adapter.PlaceOrder(ctx, r); err == nil && o.Ref == "" {
			err = commerce.Faultf(commerce.Indeterminate, "shop %s: the placed order came back without a reference", s.name)
		}
		return err
	})
	return o, err
}

// FindOrder looks for orders. It fails with Unsupported when the shop cannot.
func (s *Shop) FindOrder(ctx context.Context, q adapters.OrderQuery) (f adapters.Found, err error) {
	if s.adapter.FindOrder == nil {
		return f, commerce.Faultf(commerce.Unsupported, "shop %s cannot look orders up", s.name)
	}
	err = s.read(ctx, "find_order", func(ctx context.Context) error {
		f, err = s.adapter.FindOrder(ctx, q)
		return err
	})
	return f, err
}

// GetOrder reads a whole order.
func (s *Shop) GetOrder(ctx context.Context, ref string) (o commerce.Snapshot, err error) {
	err = s.read(ctx, "get_order", func(ctx context.Context) error {
		o, err = s.adapter.GetOrder(ctx, ref)
		return err
	})
	return o, err
}

// RecordPayment tells the shop what became of the money. A second call with the same key changes nothing.
func (s *Shop) RecordPayment(ctx context.Context, r adapters.PaymentRecord) error {
	return s.write(ctx, "record_payment", func(ctx context.Context) error { return s.adapter.RecordPayment(ctx, r) })
}

// CancelOrder gives an order up. A second call changes nothing.
func (s *Shop) CancelOrder(ctx context.Context, r adapters.CancelRequest) error {
	return s.write(ctx, "cancel_order", func(ctx context.Context) error { return s.adapter.CancelOrder(ctx, r) })
}

// Changes lists changed orders. It fails with Unsupported when the shop has no feed.
func (s *Shop) Changes(ctx context.Context, cursor string, limit int) (p adapters.ChangePage, err error) {
	if s.adapter.Changes == nil {
		return p, commerce.Faultf(commerce.Unsupported, "shop %s has no change feed", s.name)
	}
	err = s.read(ctx, "changes", func(ctx context.Context) error {
		p, err = s.adapter.Changes(ctx, cursor, limit)
		return err
	})
	return p, err
}

// ReleaseCart drops a cart, where the shop can; elsewhere there is nothing to do. A second call changes nothing.
func (s *Shop) ReleaseCart(ctx context.Context, ref string) error {
	if s.adapter.ReleaseCart == nil {
		return nil
	}
	return s.write(ctx, "release_cart", func(ctx context.Context) error { return s.adapter.ReleaseCart(ctx, ref) })
}

// RecordRefund notes money that was returned, where the shop can. A second call with the same key changes nothing.
func (s *Shop) RecordRefund(ctx context.Context, r adapters.RefundRecord) error {
	if s.adapter.RecordRefund == nil {
		return nil
	}
	return s.write(ctx, "record_refund", func(ctx context.Context) error { return s.adapter.RecordRefund(ctx, r) })
}

// CanContinue reports whether a buyer can go on in the shop by themselves.
func (s *Shop) CanContinue() bool { return s.adapter.Continue != nil }

// ContinueURL is where a buyer goes on in the shop with the cart. It calls nobody. Whatever the adapter makes of the cart, the address is
// absolute, of the web and without credentials, because a buyer is sent there.
func (s *Shop) ContinueURL(cart commerce.Cart, cartRef string) (string, error) {
	if s.adapter.Continue == nil {
		return "", commerce.Faultf(commerce.Unsupported, "shop %s has no place where a buyer can go on", s.name)
	}
	address, err := s.adapter.Continue(cart, cartRef)
	if err != nil {
		return "", commerce.Faultf(commerce.Unsupported, "shop %s has no address for this cart", s.name).Because(err)
	}
	if !Web(address) {
		return "", commerce.Faultf(commerce.Unexpected, "shop %s: the address to go on at is no absolute http or https URL", s.name)
	}
	return address, nil
}

// Web reports whether a browser can be sent to address: an absolute http or https URL without credentials.
func Web(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http")
}

// CanRecordConsent reports whether the shop takes a buyer's answer about marketing.
func (s *Shop) CanRecordConsent() bool { return s.adapter.RecordConsent != nil }

// RecordConsent tells the shop what a buyer answered. It fails with Unsupported when the shop does not take it. A second call with the
// same answer changes nothing.
func (s *Shop) RecordConsent(ctx context.Context, r adapters.ConsentRecord) error {
	if s.adapter.RecordConsent == nil {
		return commerce.Faultf(commerce.Unsupported, "shop %s takes no answers about marketing", s.name)
	}
	return s.write(ctx, "record_consent", func(ctx context.Context) error { return s.adapter.RecordConsent(ctx, r) })
}

// Check asks the shop whether it can be reached with our credentials.
func (s *Shop) Check(ctx context.Context) error {
	if s.adapter.Check == nil {
		return nil
	}
	return s.read(ctx, "check", s.adapter.Check)
}

func (s *Shop) read(ctx context.Context, op string, f func(context.Context) error) error {
	return s.call(ctx, op, commerce.Temporary, f)
}

func (s *Shop) write(ctx context.Context, op string, f func(context.Context) error) error {
	return s.call(ctx, op, commerce.Indeterminate, f)
}

// call runs one operation. A failure that carries no shop's kind, a deadline among them, gets the kind that is true of the operation:
// nothing is known of a write, and a read may simply be asked again.
func (s *Shop) call(ctx context.Context, op string, unknown commerce.Kind, f func(context.Context) error) error {
	ctx, span := s.tracer.Start(ctx, telemetry.SpanShopPrefix+op, trace.SpanKindClient)
	defer span.End()
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout, errTimeout)
	defer cancel()
	if span.IsRecording() {
		span.SetAttributes(telemetry.AttrShop.String(s.name))
	}
	_, err := s.breaker.Execute(func() (struct{}, error) { return struct{}{}, f(ctx) })
	if err == nil {
		return nil
	}
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		err = commerce.Faultf(commerce.Temporary, "shop %s: %s was not tried because the shop has been failing", s.name, op)
	}
	if !shopKind(commerce.KindOf(err)) {
		err = commerce.Faultf(unknown, "shop %s: %s gave no usable answer", s.name, op).Because(err)
	}
	if span.IsRecording() {
		span.SetAttributes(telemetry.AttrFault.String(commerce.KindOf(err).String()))
		span.SetStatus(codes.Error, commerce.KindOf(err).String())
	}
	return err
}

// shopKind reports whether an adapter may fail with k. Any other kind is a mistake and says nothing about what happened.
func shopKind(k commerce.Kind) bool { return k > commerce.Unexpected && k < commerce.Invalid }

var errTimeout = errors.New("upstream timeout: the shop did not answer in time")

// outage reports whether err speaks of the shop's health. A refusal is an answer, and an answer means that the shop is well.
func outage(err error) bool {
	switch k := commerce.KindOf(err); k {
	case commerce.Indeterminate, commerce.Temporary:
		return true
	default:
		return err != nil && !shopKind(k)
	}
}
