package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

const (
	pageSize   = 50              // refs that one look at the change feed asks for
	maxPages   = 200             // that one poll reads, should a feed never say that it is at its end
	maxBackoff = 5 * time.Minute // between polls while the shop fails
	staleTries = 5               // repeats of one commit that lost against another writer
)

// Shop is what an [Intake] needs of a shop; upstream.Shop is one.
type Shop interface {
	Name() string
	Changes(ctx context.Context, cursor string, limit int) (adapters.ChangePage, error)
	GetOrder(ctx context.Context, ref string) (commerce.Snapshot, error)
}

// IntakeOptions are what an [Intake] needs.
type IntakeOptions struct {
	Shop  Shop
	Store store.Store
	Clock clock.Clock
	// NewID makes a new id that sorts by time, with the prefix.
	NewID func(prefix string) string
	Body  EventBody
	// Every is how often the shop is asked. Default 30 s.
	Every time.Duration
	// Committed is called after an event or a refund was committed, so that [Relay] and [Refunds] need not wait for their next look.
	Committed func()
	// Random is in [0, 1) and spreads the polls of a shop that fails. Nil: math/rand.
	Random func() float64
	Log    *slog.Logger // nil: silent
	Tracer trace.Tracer // nil: no spans
}

// Intake reads what changed in one shop. It is safe for concurrent use.
type Intake struct {
	shop      Shop
	store     store.Store
	clock     clock.Clock
	every     time.Duration
	committed func()
	random    func() float64
	log       *slog.Logger
	tracer    telemetry.Tracer
	teller    teller

	loop   *loop
	outage outage
	poll   sync.Mutex // one poll at a time
	later  later
	// amendments are the changed refunds that an operator was told of.
	amendments amendments
}

// NewIntake returns an intake that does nothing until [Intake.Start] or [Intake.Poll].
func NewIntake(o IntakeOptions) *Intake {
	i := &Intake{
		shop: o.Shop, store: o.Store, clock: o.Clock, every: o.Every, committed: o.Committed, random: o.Random,
		log: logOr(o.Log), tracer: telemetry.NewTracer(o.Tracer),
		teller: teller{store: o.Store, clock: o.Clock, newID: o.NewID, body: o.Body, log: logOr(o.Log)},
		loop:   newLoop(o.Clock),
	}
	if i.every <= 0 {
		i.every = 30 * time.Second
	}
	if i.committed == nil {
		i.committed = func() {}
	}
	if i.random == nil {
		i.random = rand.Float64
	}
	return i
}

// Start polls at once and then at every interval, until [Intake.Stop] or the end of ctx. A second call does nothing, and a stopped
// intake stays stopped.
func (i *Intake) Start(ctx context.Context) {
	i.loop.start(ctx, func(ctx context.Context) time.Duration {
		err := i.Poll(ctx)
		i.outage.report(ctx, i.log, "shop cannot be asked for changed orders", err, "shop", i.shop.Name())
		if err == nil {
			return i.every
		}
		return i.backoff(err)
	})
}

// Stop ends the polling and waits for a poll that runs. The second call does nothing.
func (i *Intake) Stop() { i.loop.stop() }

// backoff doubles the interval with each failed poll, spread by ±20 %; a shop's own Retry-After lengthens it.
func (i *Intake) backoff(err error) time.Duration {
	d := i.every
	for range i.outage.failures {
		if d *= 2; d >= maxBackoff {
			break
		}
	}
	d = jitter(min(d, max(maxBackoff, i.every)), i.random())
	if f, ok := errors.AsType[*commerce.Fault](err); ok {
		d = max(d, min(f.RetryAfter, maxRetryAfter))
	}
	return d
}

// Poll reads the change feed from where it stands to its end and commits what it led to. An order that changed several times is read
// and told once, as it is now. A second call at the same time waits; without a new change it writes nothing. It fails when the feed
// could not be read to its end; then the next poll starts where this one got to.
func (i *Intake) Poll(ctx context.Context) (err error) {
	i.poll.Lock()
	defer i.poll.Unlock()
	ctx, span := i.tracer.Start(ctx, telemetry.SpanPoll, trace.SpanKindInternal)
	defer span.End()
	if span.IsRecording() {
		span.SetAttributes(telemetry.AttrShop.String(i.shop.Name()))
		defer func() {
			if err != nil {
				span.SetStatus(codes.Error, commerce.KindOf(err).String())
			}
		}()
	}

	if err := i.again(ctx); err != nil {
		return err
	}
	for range maxPages {
		cursor, err := i.store.Cursor(ctx, i.shop.Name())
		if err != nil {
			return fmt.Errorf("read where the change feed of shop %s stands: %w", i.shop.Name(), err)
		}
		page, err := i.shop.Changes(ctx, cursor, pageSize)
		if err != nil {
			return fmt.Errorf("ask shop %s for changed orders: %w", i.shop.Name(), err)
		}
		if err := i.page(ctx, cursor, page); err != nil {
			return err
		}
		if !page.More || page.Cursor == cursor {
			return nil
		}
	}
	i.log.WarnContext(ctx, "change feed did not end; going on at the next poll", "shop", i.shop.Name(), "pages", maxPages)
	return nil
}

// page commits the known orders of a page. The cursor moves with the last of them, or alone when there is none, and only when none has
// to be read again: the others are then found unchanged the next time.
func (i *Intake) page(ctx context.Context, cursor string, page adapters.ChangePage) error {
	known, err := i.known(ctx, page.Refs)
	if err != nil {
		return err
	}
	var move *store.CursorWrite
	if page.Cursor != cursor {
		move = &store.CursorWrite{Shop: i.shop.Name(), From: cursor, To: page.Cursor}
	}
	var failed []error
	moved := move == nil
	for n, ref := range known {
		with := move
		if n < len(known)-1 || len(failed) > 0 {
			with = nil
		}
		err := i.apply(ctx, ref, with)
		switch {
		case err == nil:
			i.later.done(ref)
			moved = moved || with != nil
		case ctx.Err() != nil:
			return err
		case i.passBy(ctx, ref, err):
		default:
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		return errors.Join(failed...)
	}
	if moved {
		return nil
	}
	if err := i.store.Commit(ctx, store.Batch{Cursor: move}); err != nil {
		return fmt.Errorf("move the change feed of shop %s: %w", i.shop.Name(), err)
	}
	return nil
}

// known filters refs to orders that Postern placed, each once. A stranger is looked at again for a while: an order shows up in the
// feed before its session is completed, and becomes ours only then (S13).
func (i *Intake) known(ctx context.Context, refs []string) ([]string, error) {
	seen := make(map[string]bool, len(refs))
	var out []string
	for _, ref := range refs {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		_, err := i.store.Order(ctx, i.shop.Name(), ref)
		switch {
		case err == nil:
			out = append(out, ref)
		case errors.Is(err, store.ErrNotFound):
			i.later.stranger(ref, i.clock.Now().Add(strangerTTL))
		default:
			return nil, fmt.Errorf("look up order %s of shop %s: %w", ref, i.shop.Name(), err)
		}
	}
	return out, nil
}

// Look asks that the order be read at the next poll, whether or not the feed names it. It is for orders that changed before they were
// stored: the feed had told of them, a process that ended forgot. It never blocks; a second call before that poll changes nothing. What
// is asked for is kept in memory alone, so whoever needs it to happen asks again after a restart.
func (i *Intake) Look(ref string) {
	if !i.later.own(ref, i.clock.Now().Add(unreadableTTL)) {
		i.log.Warn("order is not looked at once more: too many wait", "shop", i.shop.Name(), "order", ref, "waiting", maxOwn)
	}
}

// again reads the orders that wait for another look.
func (i *Intake) again(ctx context.Context) error {
	for _, ref := range i.later.list() {
		_, err := i.store.Order(ctx, i.shop.Name(), ref)
		if errors.Is(err, store.ErrNotFound) {
			i.later.expire(ref, i.clock.Now()) // a stranger as before
			continue
		}
		if err != nil {
			return fmt.Errorf("look up order %s of shop %s: %w", ref, i.shop.Name(), err)
		}
		err = i.apply(ctx, ref, nil)
		if ctx.Err() != nil {
			return err
		}
		if err == nil {
			i.later.done(ref)
			continue
		}
		i.later.own(ref, i.clock.Now().Add(unreadableTTL)) // it may have been a stranger until now
		if i.later.tell(ref) {
			i.log.WarnContext(ctx, "order cannot be read; it is tried again at each poll", "shop", i.shop.Name(), "order", ref, "error", err)
		}
		if i.later.expire(ref, i.clock.Now()) {
			i.log.ErrorContext(ctx, "order could not be read for a day and is given up; look in the shop for refunds that its buyer waits for",
				"shop", i.shop.Name(), "order", ref, "error", err)
		}
	}
	return nil
}

// passBy reports whether the feed may go on without the order that failed with err. A shop that refuses to show an order for good, or
// fails again and again on this one while it still lists changes, must not keep all other orders from their agents. The order is
// tried again for a day.
func (i *Intake) passBy(ctx context.Context, ref string, err error) bool {
	f, ok := errors.AsType[*commerce.Fault](err)
	if !ok || f.Kind == commerce.RateLimited || f.Kind == commerce.Unauthorized {
		return false // ours, or the shop as a whole
	}
	temporary := f.Kind == commerce.Temporary || f.Kind == commerce.Indeterminate || f.Kind == commerce.Unexpected
	tries, ok := i.later.fail(ref, i.clock.Now().Add(unreadableTTL))
	if !ok || temporary && tries < unreadableTries {
		return false // where too many wait, the feed waits: it forgets nothing
	}
	i.log.ErrorContext(ctx, "changed order cannot be read; its agent is not told until it can", "shop", i.shop.Name(), "order", ref, "error", err)
	return true
}

// apply reads one order from the shop and commits what is new: the snapshot, an intent for each new refund (S14), the event and, with
// them, the cursor. A second call on an unchanged order writes nothing but the cursor.
func (i *Intake) apply(ctx context.Context, ref string, move *store.CursorWrite) error {
	shop := i.shop.Name()
	for range staleTries {
		// The row is read before the shop is asked, so that an older snapshot cannot overwrite a newer one.
		row, err := i.store.Order(ctx, shop, ref)
		if err != nil {
			return fmt.Errorf("read order %s of shop %s: %w", ref, shop, err)
		}
		rec, err := commerce.DecodeOrderRecord(row.Body)
		if err != nil {
			return commerce.Faultf(commerce.Unexpected, "stored order %s of shop %s cannot be read", ref, shop).Because(err)
		}
		s, err := i.shop.GetOrder(ctx, ref)
		if err != nil {
			return fmt.Errorf("read order %s from shop %s: %w", ref, shop, err)
		}
		if err := fits(rec.Purchase, ref, s); err != nil {
			return err
		}
		refunds, err := i.store.Refunds(ctx, shop, ref)
		if err != nil {
			return fmt.Errorf("read the refunds of order %s of shop %s: %w", ref, shop, err)
		}
		i.amended(ctx, rec.Purchase, s, refunds)
		b := store.Batch{Cursor: move, Refunds: i.newRefunds(ctx, row, rec.Purchase, s, refunds)}
		for _, w := range b.Refunds {
			refunds = append(refunds, w.Refund)
		}
		if err := i.teller.tell(ctx, &b, row, rec, s, refunds); err != nil {
			return err
		}
		if b.Order == nil && b.Cursor == nil && len(b.Refunds) == 0 {
			return nil
		}
		err = i.store.Commit(ctx, b)
		if err == nil {
			if len(b.Events) > 0 || len(b.Refunds) > 0 {
				i.committed()
			}
			return nil
		}
		if !errors.Is(err, store.ErrStale) {
			return fmt.Errorf("commit order %s of shop %s: %w", ref, shop, err)
		}
		if move != nil {
			if at, err := i.store.Cursor(ctx, shop); err != nil || at != move.From {
				return fmt.Errorf("commit order %s of shop %s: the change feed was moved by somebody else: %w", ref, shop, store.ErrStale)
			}
		}
	}
	return fmt.Errorf("commit order %s of shop %s: it kept changing: %w", ref, shop, store.ErrStale)
}

// fits proves that s is the order that was asked for, in the currency that was charged. A snapshot that does not fit must not move
// money or be told.
func fits(p commerce.Purchase, ref string, s commerce.Snapshot) error {
	if s.Ref != "" && s.Ref != ref {
		return commerce.Faultf(commerce.Unexpected, "shop answered order %s when asked for %s", s.Ref, ref)
	}
	if s.Currency != "" && s.Currency != p.Currency {
		return commerce.Faultf(commerce.Unexpected, "shop tells order %s in %q, it was charged in %q", ref, s.Currency, p.Currency)
	}
	return nil
}
