package checkout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// session is the saga's session.
func (r *run) session(ctx context.Context) (store.Session, commerce.Session, error) {
	if r.bound != nil {
		return r.bound.row, r.bound.cs, nil
	}
	var cs commerce.Session
	row, err := r.store.Session(ctx, r.row.SessionID)
	if err == nil {
		err = json.Unmarshal(row.Body, &cs)
	}
	if err != nil {
		return row, cs, fmt.Errorf("read session %s to end its attempt: %w", r.row.SessionID, err)
	}
	return row, cs, nil
}

// reopen ends an attempt that came to nothing: the session opens again with the reason, waiting completes are answered, and the cart
// of the attempt is given up (S3). It is only reached when no money can move any more (S2).
func (r *run) reopen(ctx context.Context) (next, error) {
	now := r.clock.Now()
	srow, cs, err := r.session(ctx)
	if err != nil {
		return next{}, err
	}
	why := r.at.Reason
	if why == nil {
		why = &reason{Quiet: true, Note: "came to nothing"}
	}
	quote := r.at.Quote
	quote.CartRef = ""
	told := false
	if why.Quote != nil {
		quote = *why.Quote // priced in a new cart, which the next attempt may use
		told = slices.ContainsFunc(quote.Messages, func(m commerce.Message) bool { return m.Code == why.Message.Code })
	}
	switch {
	case why.Demands:
		demand(&cs)
		why.Message = r.demanded(r.shop, cs)
	case why.Quiet && r.at.IntentID == "" && r.at.Pending != nil:
		cs.Authentication = r.at.Pending // its result went nowhere and may be sent again, as the answer to this attempt says
	}
	var extra []commerce.Message
	if !why.Quiet && !told {
		extra = append(extra, why.Message)
	}
	show(&cs, quote, now, extra...)
	if why.Declined && !why.Demands {
		settleAuthentication(r.shop, &cs)
	}
	r.settle(&cs)
	cs.ExpiresAt = now.Add(r.shop.SessionTTL)
	sameDelivery := same(r.at.Quote.Choices, quote.Choices, quote, r.at.Cart, r.shop.Upstream.Facts().Split)
	cs.Untold = quote.Total != r.at.Quote.Total || !sameDelivery // until somebody is answered with it
	fresh, err := sessionRow(cs)
	if err != nil {
		return next{}, err
	}
	n := next{step: stepReleasing, note: why.Note}
	r.at.Undone = true
	switch {
	case r.at.Doubted: // an order may still appear
		n.step, n.wait = stepSweeping, r.timing.sweepAfter(0)
	case r.at.CartRef == "":
		n.step = stepClosed
	}
	n.batch.Session = &store.SessionWrite{Session: fresh, Expect: srow.Version}
	if err := r.finish(ctx, &n, cs, why); err != nil {
		return next{}, err
	}
	return n, nil
}

// finish commits the end of an attempt, whose session is cs, together with the answers of the completes that wait for it (S8), and
// sends the verdicts. why is nil when the session is completed.
func (r *run) finish(ctx context.Context, n *next, cs commerce.Session, why *reason) (err error) {
	n.done = true
	r.row.TokenUntil = r.clock.Now().Add(r.timing.TokenLife)
	waiters := r.waiting.take(r.row.SessionID)
	verdicts := make([]verdict, len(waiters))
	committed := false
	defer func() { // also when a rendering panics: nobody may wait forever
		for i, w := range waiters {
			if !committed {
				verdicts[i] = verdict{err: stillOpen(r.row.SessionID)}
			}
			w.verdict <- verdicts[i]
		}
		for _, w := range r.waiting.take(r.row.SessionID) { // came between taking and commit
			w.verdict <- verdict{again: true}
		}
		if committed {
			r.waiting.forget(r.row.SessionID)
		}
	}()
	var answers []store.AnswerWrite
	told := false
	for i, w := range waiters {
		var stored []store.AnswerWrite
		verdicts[i], stored = r.verdictFor(ctx, w, cs, why)
		answers = append(answers, stored...)
		told = told || (verdicts[i].err == nil && !verdicts[i].again)
	}
	if cs.Untold && told {
		cs.Untold = false
		if n.batch.Session.Session, err = sessionRow(cs); err != nil {
			return err
		}
	}
	attempt := func(answers []store.AnswerWrite) error {
		n.batch.Answers = answers
		n.batch.Session.Session.Answered = why == nil && len(answers) > 0
		return r.save(ctx, *n)
	}
	if err = attempt(answers); errors.Is(err, store.ErrClaimLost) {
		err = attempt(nil) // the outcome is worth more than its answers: the next complete gets one (S9)
	}
	committed = err == nil
	return err
}

// verdictFor is what one waiting complete is told of the end of an attempt, and the answer to store under its key.
func (r *run) verdictFor(ctx context.Context, w *waiter, cs commerce.Session, why *reason) (verdict, []store.AnswerWrite) {
	switch {
	case why != nil && why.Quiet:
		return verdict{err: stillOpen(cs.ID)}, nil
	case why != nil && why.Declined && w.token != r.at.TokenHash:
		return verdict{again: true}, nil // another token: its own attempt (S8)
	}
	answer, stored, err := w.call.answer(cs)
	if err != nil { // S12: the state is told as it is, by GET
		r.alert(ctx, "answer_not_rendered", "the session is right; read it and report the fault")
	}
	return verdict{answer: answer, err: err}, stored
}
