package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
}

// launch lets a saga run that is leased to this process. fresh says that the intent of its step has just been committed.
func (s *Service) launch(ctx context.Context, row store.Saga, fresh bool) {
	s.runs.Go(func() {
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
		if err := s.drive(ctx, row, fresh); err != nil {
			s.log.ErrorContext(ctx, "a saga stopped and will be taken up again", "session", row.SessionID, "attempt", row.Attempt,
				"step", row.Step, "error", err)
		}
	})
}

// drive takes a saga from step to step until it ends, rests, or is lost to somebody else.
func (s *Service) drive(ctx context.Context, row store.Saga, fresh bool) error {
	r := &run{Service: s, row: row, fresh: fresh}
	if err := json.Unmarshal(row.Body, &r.at); err != nil {
		return fmt.Errorf("read attempt %d of session %s: %w", row.Attempt, row.SessionID, err)
	}
	var err error
	if r.shop, err = s.shop(row.Shop); err != nil {
		return err
	}
	for s.base.Err() == nil {
		name := r.row.Step
		if s.moved(ctx, r) {
			return r.save(ctx, next{wait: time.Minute, note: "waits: the payment account is not the one that was frozen"})
		}
		stepCtx, cancel := context.WithTimeout(ctx, s.timing.Lease*3/4) // a call must end inside the lease
		stepCtx, span := s.tracer.Start(stepCtx, telemetry.SpanSagaPrefix+name, trace.SpanKindInternal)
		if span.IsRecording() {
			span.SetAttributes(telemetry.AttrSession.String(row.SessionID), telemetry.AttrAttempt.Int(row.Attempt))
		}
		n, err := s.steps[name].run(stepCtx, r)
		if err == nil && !n.done {
			err = r.save(stepCtx, n)
		}
		span.End()
		cancel()
		switch {
		case errors.Is(err, store.ErrStale):
			return nil // somebody else has it: a frozen process cannot commit late (S1)
		case err != nil:
			return err
		case n.wait > 0 || r.row.Closed:
			return nil
		}
	}
	return nil
}

// moved reports whether a live attempt was frozen for another payment account than the configured one. Such a saga must not act
// (S6).
func (s *Service) moved(ctx context.Context, r *run) bool {
	if !r.row.Live || r.at.Free || r.row.Step == stepNeedsOperator {
		return false
	}
	now := r.shop.Payment.Terms()
	if now.Account == r.at.Terms.Account {
		return false
	}
	r.alert(ctx, "frozen_account_differs", "restore the payment key that the attempt was frozen with")
	return true
}

// save commits where the saga stands, on condition that it is still ours.
func (r *run) save(ctx context.Context, n next) error {
	now := r.clock.Now()
	row := r.row
	if n.step != "" && n.step != row.Step {
		row.Step = n.step
		row.Live = r.steps[n.step].Live && row.Live
		row.Mark, r.fresh = now, true
		r.at.Tries, r.at.KeyVersion, r.at.Unsure = 0, 0, false
	}
	if n.settled {
		row.Mark, r.at.Unsure = time.Time{}, false
	}
	row.Owner, row.LeaseUntil, row.DueAt = r.owner, now.Add(r.timing.Lease), now
	if n.wait > 0 {
		row.Owner, row.LeaseUntil, row.DueAt, r.fresh = "", time.Time{}, now.Add(n.wait), false
		if n.step != "" && n.step != r.row.Step {
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
	if n.note != "" || row.Step != r.row.Step {
		b.Log = append(b.Log, store.LogEntry{At: now, SessionID: row.SessionID, Attempt: row.Attempt, Note: strings.TrimSpace(row.Step + " " + n.note)})
	}
	if err := r.store.Commit(ctx, b); err != nil {
		return err
	}
	row.Version = r.row.Version + 1
	r.row = row
	return nil
}

// begin marks the intent of the step's outside write, unless this run has just marked it. ambiguous says that an earlier mark stands:
// the write may have happened already.
func (r *run) begin(ctx context.Context) (ambiguous bool, err error) {
	if r.fresh {
		r.fresh = false
		return false, nil
	}
	if !r.row.Mark.IsZero() {
		return true, nil
	}
	if err := r.remark(ctx); err != nil {
		return false, err
	}
	return false, nil
}

// remark sets the mark anew, for another try of the same write.
func (r *run) remark(ctx context.Context) error {
	r.row.Mark = r.clock.Now()
	r.at.Unsure = false
	err := r.save(ctx, next{})
	r.fresh = false
	return err
}

// backoff is the wait before the next try of the step.
func (r *run) backoff() time.Duration {
	r.at.Tries++
	return r.timing.Backoff << min(r.at.Tries-1, 7)
}

// abandoned reports whether nobody has asked for the completion for so long that it is undone (S10).
func (r *run) abandoned() bool {
	return r.clock.Now().Sub(r.waiting.lastAsked(r.row.SessionID, r.row.CreatedAt)) >= r.shop.AbandonAfter
}

// key names an outside write of this attempt.
func (r *run) key(what string) string {
	return key(r.row.SessionID, what, r.row.Attempt, r.at.KeyVersion)
}

// undo sends the attempt back: first the order, then the hold, then the session opens again. It stays where it is told to go until
// everything is read back (S2).
func (r *run) undo(why *reason) next {
	if r.at.Reason == nil {
		r.at.Reason = why
	}
	n := next{note: "undo: " + why.Note}
	switch {
	case r.at.OrderRef != "":
		n.step = stepUnplacing
	case r.at.Taken:
		n.step = stepRefunding
	case r.at.IntentID != "":
		n.step = stepVoiding
	}
	return n
}

// operator leaves the saga to a person. The session stays bound, so that nothing can make it worse.
func (r *run) operator(ctx context.Context, what, remedy string) next {
	r.alert(ctx, what, remedy)
	return next{step: stepNeedsOperator, wait: forever, note: what}
}

// alert tells the operator that something needs eyes. It names ids only.
func (r *run) alert(ctx context.Context, what, remedy string) {
	r.log.LogAttrs(ctx, slog.LevelError, "alert: "+what, slog.String("alert", what), slog.String("session", r.row.SessionID),
		slog.Int("attempt", r.row.Attempt), slog.String("step", r.row.Step), slog.String("shop", r.row.Shop),
		slog.String("payment_intent", r.at.IntentID), slog.String("remedy", remedy))
}

// reopen ends an attempt that came to nothing: the session opens again with the reason, waiting completes are answered, and the cart
// of the attempt is given up (S3). It is only reached when no money can move any more (S2).
func (r *run) reopen(ctx context.Context) (next, error) {
	now := r.clock.Now()
	srow, err := r.store.Session(ctx, r.row.SessionID)
	if err != nil {
		return next{}, fmt.Errorf("read session %s to reopen it: %w", r.row.SessionID, err)
	}
	var cs commerce.Session
	if err := json.Unmarshal(srow.Body, &cs); err != nil {
		return next{}, err
	}
	why := r.at.Reason
	if why == nil {
		why = &reason{Quiet: true, Note: "came to nothing"}
	}
	var extra []commerce.Message
	if !why.Quiet && !slices.ContainsFunc(r.messagesOf(why), func(m commerce.Message) bool { return m.Code == why.Message.Code }) {
		extra = append(extra, why.Message)
	}
	quote := r.at.Quote
	quote.CartRef = ""
	if why.Quote != nil {
		quote = *why.Quote // priced in a new cart, which the next attempt may use
	}
	show(&cs, priced{quote: quote, messages: quote.Messages}, now, extra...)
	cs.ExpiresAt = now.Add(r.shop.SessionTTL)
	fresh, err := sessionRow(cs)
	if err != nil {
		return next{}, err
	}
	n := next{step: stepReleasing, note: why.Note}
	if r.at.CartRef == "" {
		n.step = stepClosed
	}
	n.batch.Session = &store.SessionWrite{Session: fresh, Expect: srow.Version}
	r.row.Live = false
	r.row.TokenUntil = now.Add(r.timing.TokenLife)
	if err := r.finish(ctx, &n, cs, why, func(*store.Batch, bool) {}); err != nil {
		return next{}, err
	}
	return n, nil
}

// messagesOf are the messages that come with the new price of a reason.
func (r *run) messagesOf(why *reason) []commerce.Message {
	if why.Quote == nil {
		return nil
	}
	return why.Quote.Messages
}

// finish commits the end of a saga together with the answers of the completes that wait for it (S8), and sends the verdicts. stored
// is called with whether an answer is part of the batch.
func (r *run) finish(ctx context.Context, n *next, cs commerce.Session, why *reason, stored func(b *store.Batch, answered bool)) error {
	n.done = true
	waiters := r.waiting.take(r.row.SessionID)
	verdicts := make([]verdict, len(waiters))
	for i, w := range waiters {
		switch {
		case why != nil && why.Quiet:
			verdicts[i].err = stillOpen(r.row.SessionID)
		case why != nil && why.Declined && w.token != r.at.TokenHash:
			verdicts[i].again = true // another token: its own attempt (S8)
		default:
			answer, answers, err := w.call.answer(cs)
			if err != nil { // S12: the state is told as it is, by GET
				r.alert(ctx, "answer_not_rendered", "the session is right; read it and report the fault")
			}
			verdicts[i] = verdict{answer: answer, err: err}
			n.batch.Answers = append(n.batch.Answers, answers...)
		}
	}
	stored(&n.batch, len(n.batch.Answers) > 0)
	err := r.save(ctx, *n)
	if errors.Is(err, store.ErrClaimLost) {
		n.batch.Answers = nil
		stored(&n.batch, false)
		err = r.save(ctx, *n)
	}
	if err != nil {
		for i := range verdicts {
			verdicts[i] = verdict{err: stillOpen(r.row.SessionID)}
		}
	}
	for i, w := range waiters {
		w.verdict <- verdicts[i]
	}
	for _, w := range r.waiting.take(r.row.SessionID) { // came between taking and commit
		w.verdict <- verdict{again: true}
	}
	if err == nil {
		r.waiting.forget(r.row.SessionID)
	}
	return err
}
