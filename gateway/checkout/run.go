package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// run is a saga in the hands of this process.
type run struct {
	*Service
	shop *Shop
	row  store.Saga
	at   attempt
	// fresh says that the mark of the present step was set by this run and nothing was sent since.
	fresh bool
	// bound is the session as this run itself has stored it; nil when it was taken up and must be read.
	bound *boundSession
}

// boundSession is a session that nobody but its saga can change (S1), in both its forms.
type boundSession struct {
	row store.Session
	cs  commerce.Session
}

// stuckAfter is how many tries of one step make it worth an operator's look.
const stuckAfter = 10

// launch lets a saga run that is leased to this process.
func (s *Service) launch(ctx context.Context, r *run) {
	s.runs.Go(func() {
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
		if err := r.drive(ctx); err != nil {
			s.log.ErrorContext(ctx, "a saga stopped and will be taken up again", "session", r.row.SessionID, "attempt", r.row.Attempt,
				"step", r.row.Step, "error", err)
		}
	})
}

// take reads a leased row. Nothing is known of a call that an earlier run may have sent, so its mark is not fresh.
func (s *Service) take(row store.Saga) (*run, error) {
	r := &run{Service: s, row: row}
	var err error
	if r.shop, err = s.shop(row.Shop); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(row.Body, &r.at); err != nil {
		return nil, fmt.Errorf("read attempt %d of session %s: %w", row.Attempt, row.SessionID, err)
	}
	return r, nil
}

// drive takes a saga from step to step until it ends, rests, or is lost to somebody else. A panic ends this saga's run only: the mark
// stands, and the saga is taken up again when its lease has ended.
func (r *run) drive(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.alert(ctx, "saga_panicked", "report the stack that is logged beside this")
			err = fmt.Errorf("panic of type %T at %s", v, debug.Stack()) // its value may hold anybody's data
		}
	}()
	for r.base.Err() == nil {
		n, err := r.step(ctx)
		switch {
		case err == nil && (n.wait > 0 || r.row.Closed):
			return nil
		case err == nil || r.resume(ctx, err):
		case errors.Is(err, store.ErrStale):
			return nil // somebody else has it: a frozen process cannot commit late (S1)
		default:
			return err
		}
	}
	// The process ends in good order: the next one need not wait for a lease, nor take for sent what was only intended.
	return r.save(ctx, next{wait: time.Nanosecond, settled: r.fresh})
}

// step runs the present step once and commits its outcome.
func (r *run) step(ctx context.Context) (next, error) {
	if what := r.moved(ctx); what != "" {
		n := next{wait: time.Minute, note: "waits: the " + what + " is not the one that was frozen"}
		return n, r.save(ctx, n)
	}
	ctx, cancel := context.WithTimeout(ctx, r.timing.Lease*3/4) // a call must end inside the lease
	defer cancel()
	ctx, span := r.tracer.Start(ctx, telemetry.SpanSagaPrefix+r.row.Step, trace.SpanKindInternal)
	defer span.End()
	if span.IsRecording() {
		span.SetAttributes(telemetry.AttrSession.String(r.row.SessionID), telemetry.AttrAttempt.Int(r.row.Attempt))
	}
	n, err := r.steps[r.row.Step].run(ctx, r)
	if err == nil && !n.done {
		err = r.save(ctx, n)
	}
	if err == nil && n.wait > 0 && r.at.Tries == stuckAfter {
		r.alert(ctx, "saga_stuck", "look at the log of this step; it is tried again until it succeeds")
	}
	return n, err
}

// moved names what is not what the attempt was frozen for, if the step needs it: a saga must not touch the money of another account (S6),
// nor look in another shop for an order that surely is not there. Attempts that froze no shop's identity go on.
func (r *run) moved(ctx context.Context) string {
	switch step := r.steps[r.row.Step]; {
	case step.Money && r.shop.Payment.Terms().Account != r.at.Terms.Account:
		r.alert(ctx, "frozen_account_differs", "restore the payment account, and the key unless key_account names its account, that the attempt was frozen with")
		return "payment account"
	case step.Shop && r.at.Shop != "" && r.shop.Upstream.Identity() != r.at.Shop:
		r.alert(ctx, "frozen_shop_differs", "restore the shop's adapter and address that the attempt was frozen with: "+r.at.Shop)
		return "shop"
	default:
		return ""
	}
}

// save commits where the saga stands, on condition that it is still ours. What is known is written whatever became of the step's time.
func (r *run) save(ctx context.Context, n next) error {
	now := r.clock.Now()
	row := r.row
	moves := n.step != "" && n.step != row.Step
	fresh := r.fresh
	if moves {
		if row.Step == stepAuthorizing {
			r.at.Authentication = nil // it was used, and nothing sends it again
		}
		row.Step = n.step
		row.Live = r.steps[n.step].Live && row.Live
		row.Mark, fresh = now, true
		r.at.Tries, r.at.Refusals, r.at.KeyVersion = 0, 0, 0
	}
	if n.settled {
		row.Mark, r.at.Refused = time.Time{}, false
	}
	row.Owner, row.LeaseUntil, row.DueAt = r.owner, now.Add(r.timing.Lease), now
	if n.wait > 0 {
		row.Owner, row.LeaseUntil, row.DueAt, fresh = "", time.Time{}, now.Add(n.wait), false
		if moves {
			row.Mark = time.Time{} // the step is only entered; its intent is marked when it acts
		}
	}
	row.Closed = row.Step == stepClosed
	body, err := json.Marshal(r.at)
	if err != nil {
		return err
	}
	row.Body = body
	b := n.batch
	b.Sagas = append(b.Sagas, store.SagaWrite{Saga: row, Expect: r.row.Version, Owner: r.owner})
	if n.note != "" || moves {
		b.Log = append(b.Log, store.LogEntry{At: now, SessionID: row.SessionID, Attempt: row.Attempt, Note: strings.TrimSpace(row.Step + " " + n.note)})
	}
	if err := r.store.Commit(context.WithoutCancel(ctx), b); err != nil {
		return err
	}
	row.Version = r.row.Version + 1
	r.row, r.fresh = row, fresh
	return nil
}

// resume reports whether the saga is still this run's after cause, and takes it up as it is stored. Its mark stands, so that the step
// finds out what happened, as it does after a crash. While the store cannot be asked it waits, for as long as the lease lasts.
func (r *run) resume(ctx context.Context, cause error) bool {
	for wait := r.timing.Backoff; r.clock.Now().Add(wait).Before(r.row.LeaseUntil); wait *= 2 {
		if r.clock.Sleep(r.base, wait) != nil { //nolint:contextcheck // only the end of the process ends the waiting
			return false
		}
		past, err := r.store.Sagas(ctx, r.row.SessionID)
		if err != nil {
			continue
		}
		i := slices.IndexFunc(past, func(g store.Saga) bool { return g.Attempt == r.row.Attempt })
		if i < 0 || past[i].Version != r.row.Version || past[i].Owner != r.owner {
			return false
		}
		stored, err := r.take(past[i])
		if err != nil {
			return false
		}
		if errors.Is(cause, store.ErrStale) { // not for the saga's sake, so that it will not go away by itself
			r.alert(ctx, "saga_commit_refused", "report this with the session's history")
		}
		r.row, r.at, r.fresh, r.bound = stored.row, stored.at, false, nil
		return true
	}
	return false
}

// begin marks the intent of the step's outside write, unless this run has just marked it. ambiguous says that an earlier mark stands:
// the write may have happened already. Whatever it finds, the lease outlasts the step's calls, or is lost, which is an error.
func (r *run) begin(ctx context.Context) (ambiguous bool, err error) {
	now := r.clock.Now()
	fresh := r.fresh
	r.fresh = false
	switch {
	case r.row.Mark.IsZero():
		return false, r.remark(ctx)
	case fresh && now.Sub(r.row.Mark) <= r.timing.Margin:
		return false, nil
	case fresh: // held up since: the quarantine counts from a mark that is not older than the margin
		return false, r.remark(ctx)
	case now.Add(r.timing.Lease * 3 / 4).After(r.row.LeaseUntil):
		return true, r.save(ctx, next{})
	default:
		return true, nil
	}
}

// remark sets the mark anew, for another try of the same write.
func (r *run) remark(ctx context.Context) error {
	r.row.Mark = r.clock.Now()
	r.fresh = false
	return r.save(ctx, next{})
}

// backoff is the wait before the next try of the step. It is spread by ±20 %, so that sagas which failed together do not come back
// together; a saga is never given up for the number of its tries, but the operator is told (stuckAfter).
func (r *run) backoff() time.Duration {
	r.at.Tries++
	d := r.timing.Backoff << min(r.at.Tries-1, 7)
	return time.Duration(float64(d) * (0.8 + 0.4*r.random()))
}

// abandoned reports whether nobody has asked for the completion for so long that it is undone (S10).
func (r *run) abandoned() bool {
	return r.clock.Now().Sub(r.waiting.lastAsked(r.row.SessionID, r.row.CreatedAt)) >= r.shop.AbandonAfter
}

// key names an outside write of this attempt.
func (r *run) key(what string) string {
	return key(r.row.SessionID, what, r.row.Attempt, r.at.KeyVersion)
}

// operator leaves the saga to a person. The session stays bound, so that nothing can make it worse.
func (r *run) operator(ctx context.Context, what, remedy string) next {
	r.alert(ctx, what, remedy)
	return next{step: stepNeedsOperator, wait: forever, note: what}
}

// alert tells the operator that something needs eyes. It names ids only.
func (r *run) alert(ctx context.Context, what, remedy string) {
	r.log.LogAttrs(ctx, slog.LevelError, "a checkout needs eyes", slog.String("alert", what), slog.String("session", r.row.SessionID),
		slog.Int("attempt", r.row.Attempt), slog.String("step", r.row.Step), slog.String("shop", r.row.Shop),
		slog.String("payment_intent", r.at.IntentID), slog.String("remedy", remedy))
}
