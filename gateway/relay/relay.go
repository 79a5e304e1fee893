package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

const (
	// deliveryLease is how long a delivery belongs to this process. It covers the wait for a slot and the attempt; a delivery that
	// waited too long is handed back.
	deliveryLease = time.Minute
	// acquireBatch is how many deliveries are leased at once.
	acquireBatch = 64
	// writeTimeout bounds the commit of an outcome, which goes on while the relay stops.
	writeTimeout = 5 * time.Second
)

// Options are what a [Relay] needs.
type Options struct {
	Store store.Store
	Clock clock.Clock
	// Owner names this incarnation of the process; leases carry it.
	Owner         string
	Subscriptions []Subscription

	// PollEvery is how often due deliveries are looked for without a [Relay.Wake]. Default 1 s.
	PollEvery time.Duration
	// Transport replaces the guarded transport of every receiver. It is for tests: nothing guards it.
	Transport http.RoundTripper
	// Random is in [0, 1) and spreads retries. Nil: math/rand.
	Random func() float64
	Log    *slog.Logger // nil: silent
	Tracer trace.Tracer // nil: no spans
}

// Relay sends events to agents: at least once, in order within a lane, each attempt signed anew. It is safe for concurrent use.
type Relay struct {
	store     store.Store
	clock     clock.Clock
	owner     string
	every     time.Duration
	random    func() float64
	log       *slog.Logger
	tracer    telemetry.Tracer
	endpoints map[string]*endpoint // by agent

	loop     *loop
	outage   outage
	inFlight sync.WaitGroup
	attempts context.Context // of what is in flight; ends when a Stop runs out of patience
	cut      context.CancelFunc
}

// New checks all subscriptions and returns a relay that does nothing until [Relay.Start]. It reports every problem at once.
func New(o Options) (*Relay, error) {
	r := &Relay{
		store: o.Store, clock: o.Clock, owner: o.Owner, every: o.PollEvery, random: o.Random,
		log: logOr(o.Log), tracer: telemetry.NewTracer(o.Tracer),
		endpoints: make(map[string]*endpoint, len(o.Subscriptions)),
		loop:      newLoop(o.Clock),
	}
	if r.every <= 0 {
		r.every = time.Second
	}
	if r.random == nil {
		r.random = rand.Float64
	}
	var problems []error
	for _, s := range o.Subscriptions {
		e, err := s.endpoint(o.Transport)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if r.endpoints[s.Agent] != nil {
			problems = append(problems, fmt.Errorf("agent %s has two webhook subscriptions: keep one", s.Agent))
		}
		r.endpoints[s.Agent] = e
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return r, nil
}

// Start begins to deliver, until [Relay.Stop]; the end of ctx only ends the taking of new work. A second call does nothing, and a
// stopped relay stays stopped.
func (r *Relay) Start(ctx context.Context) {
	r.loop.start(ctx, func(ctx context.Context) time.Duration {
		if r.attempts == nil { // the loop's goroutine alone gets here before the first attempt
			r.attempts, r.cut = context.WithCancel(context.WithoutCancel(ctx))
		}
		return r.step(ctx)
	})
}

// Stop takes no new work, waits for the attempts in flight and, when ctx ends before them, cuts them off; a delivery that was cut off
// is due again. It returns ctx's cause when it had to cut. The second call does nothing.
func (r *Relay) Stop(ctx context.Context) error {
	r.loop.stop()
	if r.cut == nil {
		return nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.inFlight.Wait()
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("stop the relay: attempts were cut off: %w", context.Cause(ctx))
	}
	r.cut()
	<-done
	for _, e := range r.endpoints {
		if t, ok := e.transport.(interface{ CloseIdleConnections() }); ok {
			t.CloseIdleConnections()
		}
	}
	return err
}

// Wake says that an event was committed, so that it need not wait for the next look. It never blocks.
func (r *Relay) Wake() { r.loop.poke() }

// step takes what is due. It returns how long to wait for the next look.
func (r *Relay) step(ctx context.Context) time.Duration {
	for ctx.Err() == nil {
		now := r.clock.Now()
		due, err := r.store.AcquireDeliveries(ctx, store.Lease{Owner: r.owner, Now: now, Until: now.Add(deliveryLease)}, acquireBatch)
		r.outage.report(ctx, r.log, "deliveries cannot be taken from the store", err)
		if err != nil {
			return 5 * r.every
		}
		for _, d := range due {
			r.take(d) //nolint:contextcheck // an attempt outlives the look that found it
		}
		if len(due) < acquireBatch {
			break
		}
	}
	return r.every
}

// take starts a delivery, or hands it back when its receiver has enough to do.
func (r *Relay) take(d store.Delivery) {
	if d.Damaged != nil { // its bytes are gone: the next event of its order takes its place, the first as a fresh order_create
		d.State, d.LastResult, d.Owner, d.LeaseUntil = store.DeliveryDead, "damaged", "", time.Time{}
		r.log.ErrorContext(r.attempts, "event is damaged in the store and is not sent", "event", d.ID, "type", string(d.Type),
			"agent", d.Agent, "lane", d.Lane, "error", d.Damaged)
		r.finish(r.attempts, d)
		return
	}
	e := r.endpoints[d.Agent]
	if e == nil {
		r.finish(r.attempts, r.after(d, result{text: "no subscription"}))
		return
	}
	if e.waiting.Add(1) > endpointQueue {
		e.waiting.Add(-1)
		r.handBack(d, jitter(10*time.Second, r.random()))
		return
	}
	r.inFlight.Go(func() {
		defer e.waiting.Add(-1)
		select {
		case e.slots <- struct{}{}:
			defer func() { <-e.slots }()
			r.deliver(r.attempts, e, d)
		case <-r.attempts.Done():
			r.handBack(d, 0)
		}
	})
}

// deliver makes one attempt and writes what came of it.
func (r *Relay) deliver(ctx context.Context, e *endpoint, d store.Delivery) {
	if d.LeaseUntil.Sub(r.clock.Now()) < attemptTimeout+writeTimeout {
		r.handBack(d, 0) //nolint:contextcheck // a delivery is handed back even while everything stops
		return
	}
	state, reason, err := r.allowed(ctx, d)
	if err != nil {
		r.log.WarnContext(ctx, "event was not sent: its lane cannot be read", "event", d.ID, "agent", d.Agent, "error", err)
		r.handBack(d, r.every) //nolint:contextcheck // as above
		return
	}
	if state != store.DeliveryPending {
		d.State, d.LastResult, d.Owner, d.LeaseUntil = state, reason, "", time.Time{}
		r.log.WarnContext(ctx, "event was not sent", "event", d.ID, "agent", d.Agent, "reason", reason, "state", string(state))
		r.finish(ctx, d)
		return
	}
	started := r.clock.Now()
	res := r.attempt(ctx, e, d)
	if res.cut {
		r.handBack(d, 0) //nolint:contextcheck // as above
		return
	}
	d = r.after(d, res)
	level := slog.LevelInfo
	if d.State == store.DeliveryDead || res.status == http.StatusUnauthorized {
		level = slog.LevelError // the events are lost to the agent, or the secret is wrong
	} else if d.State != store.DeliveryDelivered {
		level = slog.LevelWarn
	}
	r.log.Log(ctx, level, "event delivery attempted", "event", d.ID, "type", string(d.Type), "agent", d.Agent, "lane", d.Lane,
		"attempt", d.Attempts, "result", d.LastResult, "state", string(d.State), "due", d.DueAt, "took", r.clock.Now().Sub(started))
	r.finish(ctx, d)
}

// allowed says whether d may go out now. The first delivery of a lane is always its order_create: an update behind one that died must
// not be what the agent hears first. Intake then makes the next change of the order a fresh order_create, which takes its place.
func (r *Relay) allowed(ctx context.Context, d store.Delivery) (store.DeliveryState, string, error) {
	if d.Type == commerce.OrderCreate {
		return store.DeliveryPending, "", nil
	}
	lane, err := r.store.Deliveries(ctx, d.Lane)
	if err != nil {
		return "", "", err
	}
	fresh := false
	for _, other := range lane {
		if other.Type != commerce.OrderCreate {
			continue
		}
		if other.State == store.DeliveryDelivered {
			return store.DeliveryPending, "", nil
		}
		fresh = fresh || (other.Seq > d.Seq && other.State == store.DeliveryPending)
	}
	if fresh {
		return store.DeliverySuperseded, "a newer order_create waits", nil
	}
	return store.DeliveryDead, "no order_create was delivered", nil
}

// after is the delivery as it stands after a failed or successful attempt, without its lease.
func (r *Relay) after(d store.Delivery, res result) store.Delivery {
	d.Attempts++
	d.LastResult, d.Owner, d.LeaseUntil = res.text, "", time.Time{}
	pause, again := wait(d.Attempts, res.retryAfter, r.random())
	switch {
	case res.delivered:
		d.State = store.DeliveryDelivered
	case !again, res.status == http.StatusGone, res.malformed() && d.Attempts >= malformedTries:
		d.State = store.DeliveryDead
	default:
		d.State, d.DueAt = store.DeliveryPending, r.clock.Now().Add(pause)
	}
	return d
}

// finish writes the outcome of an attempt. When that fails the lease ends by itself and the event goes out again under the same id.
// The store turns a failed order_update that has a newer one behind it into a superseded one.
func (r *Relay) finish(ctx context.Context, d store.Delivery) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	err := r.store.Commit(ctx, store.Batch{Outcomes: []store.DeliveryWrite{{Delivery: d, Owner: r.owner}}})
	if err != nil {
		r.log.WarnContext(ctx, "outcome of an event was not stored; it may be sent again", "event", d.ID, "agent", d.Agent, "error", err)
		return
	}
	r.Wake() // the next of the lane
}

// handBack gives a delivery up without having tried it.
func (r *Relay) handBack(d store.Delivery, pause time.Duration) {
	d.State, d.Owner, d.LeaseUntil = store.DeliveryPending, "", time.Time{}
	d.DueAt = r.clock.Now().Add(pause)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.attempts), writeTimeout)
	defer cancel()
	if err := r.store.Commit(ctx, store.Batch{Outcomes: []store.DeliveryWrite{{Delivery: d, Owner: r.owner}}}); err != nil {
		r.log.WarnContext(ctx, "event was not handed back; its lease ends by itself", "event", d.ID, "agent", d.Agent, "error", err)
	}
}

func logOr(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// outage logs the first of several failures in a row and the end of them, from one goroutine.
type outage struct{ failures int }

func (o *outage) report(ctx context.Context, log *slog.Logger, what string, err error, args ...any) {
	switch {
	case err != nil && ctx.Err() != nil: // stopping
	case err != nil:
		if o.failures++; o.failures == 1 {
			log.WarnContext(ctx, "relay is held up", append(args, "what", what, "error", err)...)
		}
	case o.failures > 0:
		log.InfoContext(ctx, "relay goes on", append(args, "what", what, "failures", o.failures)...)
		o.failures = 0
	}
}
