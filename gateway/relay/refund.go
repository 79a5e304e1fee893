package relay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

const (
	// refundLease is longer than a look and a write at the processor together.
	refundLease = 2 * time.Minute
	refundBatch = 16
	// refundKeyLife is how long a key of the processor is trusted; Stripe may drop keys from 24 h of age and then executes anew (S6;
	// docs.stripe.com/api/idempotent_requests, read 2026-11-22).
	refundKeyLife = 23 * time.Hour
	// refundSettle is how long a refund that was answered with a stored failure may still turn up in the processor's list.
	refundSettle = time.Hour
)

// refundWaits are the waits after 1, 2, 3 … attempts that failed, or that found the refund taken by the processor but not made; the last
// one repeats.
var refundWaits = [...]time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
}

// RefundKey is the processor's key of a refund that a shop decided, the same at every attempt. A shop's id that would make it longer
// than Stripe's 255 characters, or that holds anything but visible ASCII, takes part as its hash.
func RefundKey(sessionID, shopRefundID string) string {
	key := "acp:" + sessionID + ":refund:" + shopRefundID
	if len(key) <= 255 && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return key
	}
	sum := sha256.Sum256([]byte(shopRefundID))
	return "acp:" + sessionID + ":refund:sha256:" + hex.EncodeToString(sum[:])
}

// RefundsOptions are what [Refunds] needs.
type RefundsOptions struct {
	Store store.Store
	Clock clock.Clock
	// Owner names this incarnation of the process; leases carry it.
	Owner string
	// NewID makes a new id that sorts by time, with the prefix.
	NewID func(prefix string) string
	Body  EventBody
	// Processors are the processors of the shops, by shop.
	Processors map[string]payment.Processor
	// Every is how often due refunds are looked for without a [Refunds.Wake]. Default 1 s.
	Every time.Duration
	// Committed is called after an event was committed, so that [Relay] need not wait for its next look.
	Committed func()
	// Random is in [0, 1) and spreads repeats. Nil: math/rand.
	Random func() float64
	Log    *slog.Logger // nil: silent
	Tracer trace.Tracer // nil: no spans
}

// Refunds moves the money of refunds that shops decided, and tells the agent when it has moved (S14). It is safe for concurrent use.
type Refunds struct {
	store      store.Store
	clock      clock.Clock
	owner      string
	processors map[string]payment.Processor
	every      time.Duration
	committed  func()
	random     func() float64
	log        *slog.Logger
	tracer     telemetry.Tracer
	teller     teller

	loop   *loop
	outage outage
}

// NewRefunds returns a runner that does nothing until [Refunds.Start] or [Refunds.Run].
func NewRefunds(o RefundsOptions) *Refunds {
	r := &Refunds{
		store: o.Store, clock: o.Clock, owner: o.Owner, processors: o.Processors, every: o.Every, committed: o.Committed,
		random: o.Random, log: logOr(o.Log), tracer: telemetry.NewTracer(o.Tracer),
		teller: teller{store: o.Store, clock: o.Clock, newID: o.NewID, body: o.Body, log: logOr(o.Log)},
		loop:   newLoop(o.Clock),
	}
	if r.every <= 0 {
		r.every = time.Second
	}
	if r.committed == nil {
		r.committed = func() {}
	}
	if r.random == nil {
		r.random = rand.Float64
	}
	return r
}

// Start begins to work off due refunds, until [Refunds.Stop] or the end of ctx. A second call does nothing, and a stopped runner stays
// stopped.
func (r *Refunds) Start(ctx context.Context) {
	r.loop.start(ctx, func(ctx context.Context) time.Duration {
		err := r.Run(ctx)
		r.outage.report(ctx, r.log, "refunds cannot be worked off", err)
		if err != nil {
			return 5 * r.every
		}
		return r.every
	})
}

// Stop ends the runner and waits for the refunds in hand. The call to the processor that runs is cut off: its outcome is then unknown
// and is found out under the same key. The second call does nothing.
func (r *Refunds) Stop() { r.loop.stop() }

// Wake says that a refund was committed. It never blocks.
func (r *Refunds) Wake() { r.loop.poke() }

// Run works off everything that is due now. Refunds of one order go one after the other; orders go side by side. A refund that fails
// is due again later and is no failure of Run.
func (r *Refunds) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		now := r.clock.Now()
		due, err := r.store.AcquireRefunds(ctx, store.Lease{Owner: r.owner, Now: now, Until: now.Add(refundLease)}, refundBatch)
		if err != nil {
			return fmt.Errorf("take due refunds from the store: %w", err)
		}
		orders := make(map[[2]string][]store.Refund)
		for _, d := range due {
			of := [2]string{d.Shop, d.OrderRef}
			orders[of] = append(orders[of], d)
		}
		var work sync.WaitGroup
		for _, refunds := range orders {
			work.Go(func() {
				for _, d := range refunds {
					r.handle(ctx, d)
				}
			})
		}
		work.Wait()
		if len(due) < refundBatch {
			break
		}
	}
	return context.Cause(ctx)
}

// handle takes one refund a step further and commits where it stands. An error of the store leaves the lease to end by itself; the
// next owner goes on from the mark.
func (r *Refunds) handle(ctx context.Context, d store.Refund) {
	ctx, span := r.tracer.Start(ctx, telemetry.SpanRefund, trace.SpanKindInternal)
	defer span.End()
	row, rec, err := r.order(ctx, d)
	if err == nil {
		if span.IsRecording() {
			span.SetAttributes(telemetry.AttrShop.String(d.Shop), telemetry.AttrOrder.String(d.OrderRef),
				telemetry.AttrSession.String(row.SessionID), telemetry.AttrPayment.String(row.IntentID))
		}
		var next store.Refund
		if next, err = r.advance(ctx, row, rec, d); err == nil {
			err = r.settle(ctx, next)
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, store.ErrStale):
		// Somebody else has it, because our lease ended. They work under the same key.
		r.log.InfoContext(ctx, "refund was taken over by somebody else", "shop", d.Shop, "order", d.OrderRef, "refund", d.ID)
	default:
		span.SetStatus(codes.Error, "refund not settled")
		r.log.WarnContext(ctx, "refund could not be taken further; it is tried again when its lease has ended",
			"shop", d.Shop, "order", d.OrderRef, "refund", d.ID, "error", err)
	}
}

func (r *Refunds) order(ctx context.Context, d store.Refund) (store.Order, commerce.OrderRecord, error) {
	row, err := r.store.Order(ctx, d.Shop, d.OrderRef)
	if err != nil {
		return store.Order{}, commerce.OrderRecord{}, fmt.Errorf("read order %s of shop %s: %w", d.OrderRef, d.Shop, err)
	}
	rec, err := commerce.DecodeOrderRecord(row.Body)
	return row, rec, err
}

// settle commits where the refund stands, together with the order as the agent sees it now and the event that tells it. It repeats
// when the order was changed meanwhile, and gives up with ErrStale when the refund was.
func (r *Refunds) settle(ctx context.Context, d store.Refund) error {
	// The money may have moved: that is written even while the runner stops.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	d.Owner, d.LeaseUntil = "", time.Time{}
	for range staleTries {
		row, rec, err := r.order(ctx, d)
		if err != nil {
			return err
		}
		refunds, err := r.store.Refunds(ctx, d.Shop, d.OrderRef)
		if err != nil {
			return fmt.Errorf("read the refunds of order %s of shop %s: %w", d.OrderRef, d.Shop, err)
		}
		for n, other := range refunds {
			if other.ID != d.ID {
				continue
			}
			if other.Version != d.Version {
				return store.ErrStale
			}
			refunds[n] = d
		}
		b := store.Batch{Refunds: []store.RefundWrite{{Refund: d, Expect: d.Version}}}
		if err := r.teller.tell(ctx, &b, row, rec, rec.Snapshot, refunds); err != nil {
			// What became of the money is kept even when it cannot be told.
			r.log.ErrorContext(ctx, "refund cannot be told to its agent", "shop", d.Shop, "order", d.OrderRef, "refund", d.ID, "error", err)
			b = store.Batch{Refunds: b.Refunds}
		}
		err = r.store.Commit(ctx, b)
		if err == nil {
			if len(b.Events) > 0 {
				r.committed()
			}
			return nil
		}
		if !errors.Is(err, store.ErrStale) {
			return fmt.Errorf("commit refund %s of order %s of shop %s: %w", d.ID, d.OrderRef, d.Shop, err)
		}
	}
	return fmt.Errorf("commit refund %s of order %s of shop %s: the order kept changing: %w", d.ID, d.OrderRef, d.Shop, store.ErrStale)
}
