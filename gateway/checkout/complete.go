package checkout

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/store"
)

// Complete pays a session: it joins the saga that runs for it (S8), answers one that has ended (S9), or begins an attempt. While the
// outcome is open when ctx ends, it fails with Unavailable and the saga goes on without the caller (S7). A second call never makes a
// second charge or order, whatever its key and token.
func (s *Service) Complete(ctx context.Context, c Call, id string, r commerce.CompleteRequest) (store.Answer, error) {
	for {
		answer, w, err := s.enter(ctx, c, id, r)
		if err != nil || w == nil {
			return answer, err
		}
		s.waiting.ask(id, w, s.clock.Now())
		if v := s.await(ctx, id, w); !v.again {
			return v.answer, v.err
		}
	}
}

// await waits for the verdict on w, or for the end of ctx.
func (s *Service) await(ctx context.Context, id string, w *waiter) verdict {
	select {
	case v := <-w.verdict:
		return v
	case <-ctx.Done():
	case <-s.base.Done():
	}
	if s.waiting.remove(id, w) {
		return verdict{err: stillOpen(id)}
	}
	return <-w.verdict
}

// stillOpen is the answer to a complete whose outcome nobody knows yet (S7).
func stillOpen(id string) error {
	return commerce.Faultf(commerce.Unavailable,
		"the completion of checkout session %s is still running; send the same request again, or read the session", id)
}

// enter decides what a complete finds: an end, a running saga to wait for, or an open session to begin with. A waiter is returned when
// the answer comes from a saga.
func (s *Service) enter(ctx context.Context, c Call, id string, r commerce.CompleteRequest) (a store.Answer, w *waiter, err error) {
	release, err := s.locks.acquire(ctx, id)
	if err != nil {
		return a, nil, err
	}
	defer release()
	row, cs, err := s.load(ctx, c, id)
	if err != nil {
		return a, nil, err
	}
	if row.Live {
		w, err = s.join(ctx, c, id, instrumentOf(cs, r.Payment).hash())
		if err != nil || w != nil {
			return a, w, err
		}
		if row, cs, err = s.load(ctx, c, id); err != nil { // it ended before we could wait for it
			return a, nil, err
		}
	}
	if row.Status == commerce.Completed {
		a, err = s.answerCompleted(ctx, c, row, cs)
		return a, nil, err
	}
	if err := s.changeable(row, "complete"); err != nil {
		return a, nil, err
	}
	shop, err := s.shop(row.Shop)
	if err != nil {
		return a, nil, err
	}
	return s.begin(ctx, c, shop, row, cs, r)
}

// join waits for a running saga of the session. A saga takes the waiters and then commits its end, so that whoever is listed while the
// session is still bound hears of it; it returns nil when the saga has ended without seeing this one.
func (s *Service) join(ctx context.Context, c Call, id string, token [sha256.Size]byte) (*waiter, error) {
	if s.hurry(ctx, id) {
		return nil, stillOpen(id) // a person decides: waiting would not help
	}
	w := s.waiting.add(id, c, token)
	row, err := s.store.Session(ctx, id)
	if err == nil && row.Live {
		return w, nil
	}
	if !s.waiting.remove(id, w) {
		return w, nil // its verdict is on its way
	}
	if err != nil {
		return nil, unavailable("read the session", err)
	}
	return nil, nil
}

// answerCompleted answers a complete of a session that has its order: with the order when nobody was told yet, else with a conflict
// (S9). The same key is replayed before this is asked.
func (s *Service) answerCompleted(ctx context.Context, c Call, row store.Session, cs commerce.Session) (store.Answer, error) {
	if row.Answered {
		return store.Answer{}, conflict("checkout session %s is completed; read it to see its order", row.ID)
	}
	if err := s.attachOrder(ctx, &cs); err != nil {
		return store.Answer{}, err
	}
	answer, answers, err := c.answer(cs)
	if err != nil || len(answers) == 0 {
		return answer, err
	}
	row.Answered = true
	err = s.store.Commit(ctx, store.Batch{Session: &store.SessionWrite{Session: row, Expect: row.Version}, Answers: answers})
	switch {
	case errors.Is(err, store.ErrStale):
		return store.Answer{}, conflict("checkout session %s is completed; read it to see its order", row.ID)
	case err != nil:
		return store.Answer{}, unavailable("store the answer", err)
	}
	return answer, nil
}

// attachOrder puts the order, as the agent was told it last, into a completed session.
func (s *Service) attachOrder(ctx context.Context, cs *commerce.Session) error {
	o, err := s.store.OrderOfSession(ctx, cs.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // the session carries the order of its completion
	}
	if err != nil {
		return unavailable("read the order", err)
	}
	rec, err := commerce.DecodeOrderRecord(o.Body)
	if err != nil {
		return err
	}
	cs.Order = &rec.Told
	return nil
}

// begin prices the session once more and, when it is ready, costs what was shown and goes by the options that were shown, freezes
// everything and starts the saga.
// Nothing has been charged when it answers by itself.
func (s *Service) begin(
	ctx context.Context, c Call, shop *Shop, row store.Session, cs commerce.Session, r commerce.CompleteRequest,
) (a store.Answer, w *waiter, err error) {
	for _, err := range []error{
		notHandedOff(cs), checkPayment(c, cs, r.Payment), expectsResult(cs, r.Authentication), keepsAddress(cs.Cart, r.ShipTo),
	} {
		if err != nil {
			return a, nil, err
		}
	}
	stored := cs
	mergeComplete(&cs, r)
	shown, showed := cs.Quote.Total, len(cs.Quote.Totals) > 0 && !cs.Untold
	p, err := s.price(ctx, shop, quoteKey(cs.ID), repricing(cs))
	if err != nil {
		s.forgetCart(ctx, row, stored, err)
		return a, nil, err
	}
	settleChoices(&cs, &p)
	now := s.clock.Now()
	tell := func(m ...commerce.Message) (store.Answer, *waiter, error) {
		show(&cs, p.quote, now, m...)
		a, err := s.commitSession(ctx, c, cs, row.Version)
		return a, nil, err
	}
	show(&cs, p.quote, now)
	switch {
	case cs.Status != commerce.Ready:
		return tell()
	case !showed || cs.Quote.Total != shown:
		if r.Authentication != nil && cs.Authentication != nil {
			useResult(&cs, *r.Authentication) // it is for an amount that nobody pays any more
		}
		return tell(priceChanged())
	case !same(stored.Quote.Choices, cs.Quote.Choices, cs.Quote, cs.Cart, shop.Upstream.Facts().Split):
		return tell(deliveryChanged()) // what is fetched for nothing is not what is sent for nothing
	case cs.Quote.Total == 0 && !shop.FreeOrders:
		return tell(commerce.ErrorMessage(commerce.CodeUnsupported, paramTotals, commerce.RequiresBuyerReview,
			"The shop does not take orders without payment.")) // S15
	}
	terms, pays := shop.Payment.Terms(), instrumentOf(cs, r.Payment)
	if cs.Quote.Total > 0 && pays.saved == nil {
		m, err := s.preflight(ctx, shop, terms, cs.Total(), payment.Secret(r.Payment.Token), now)
		if err != nil {
			s.leaveCart(ctx, row, stored, p.quote.CartRef)
			return a, nil, err
		}
		if m != nil {
			return tell(*m)
		}
	}
	proof, m := s.authenticate(shop, &cs, r.Authentication)
	if m != nil {
		return tell(*m)
	}
	mark, err := s.markProof(ctx, cs, proof)
	if err != nil {
		s.leaveCart(ctx, row, stored, p.quote.CartRef)
		return a, nil, err
	}
	defer s.unmarkProof(ctx, mark)
	at := attempt{
		Authentication: proof, Pending: stored.Authentication, Consents: consentsOf(cs, r.Consents, now),
		Total: cs.Total(), Terms: terms, Shop: shop.Upstream.Identity(), TokenHash: pays.hash(), Saved: pays.saved, Cart: cs.Cart, Quote: cs.Quote,
		CartRef: cs.Quote.CartRef, Free: cs.Quote.Total == 0,
	}
	at.Cart.Choices = cs.Quote.Choices
	if err := s.rehearse(c, shop, cs, at, now); err != nil {
		s.leaveCart(ctx, row, stored, p.quote.CartRef)
		return a, nil, err
	}
	w = s.waiting.add(cs.ID, c, at.TokenHash) // listed before there is a saga that could end
	if err := s.start(ctx, shop, row, cs, at, pays.token, mark, now); err != nil {
		if !s.waiting.remove(cs.ID, w) {
			<-w.verdict // an earlier saga's last word, which only says to look again
		}
		return a, nil, err
	}
	return a, w, nil
}

// mergeComplete takes over what a complete says about buyer, address and side matters.
func mergeComplete(cs *commerce.Session, r commerce.CompleteRequest) {
	if r.Buyer != nil {
		cs.Cart.Buyer = r.Buyer
	}
	if r.ShipTo != nil {
		contact := *r.ShipTo
		contact.Address = commerce.Change[commerce.Address]{} // it is the same, and the price was shown for its spelling
		cs.Cart.ShipTo = contact.Apply(cs.Cart.ShipTo)
	}
	if r.Payment.BillingAddress != nil {
		cs.Cart.BillTo = r.Payment.BillingAddress
	}
	if r.Notes != nil {
		cs.Cart.Notes = *r.Notes
	}
	cs.Affiliates = lastTouch(cs.Affiliates, r.Affiliate)
	if r.RiskSignals != nil {
		cs.RiskSignals = r.RiskSignals
	}
}

// preflight reads the token's limits. It returns a message when the token will not do, an error when the request is wrong, and
// nothing when the token could not be read: a look that fails must not lose a sale, and the processor decides in the end.
func (s *Service) preflight(
	ctx context.Context, shop *Shop, t payment.Terms, total commerce.Money, token payment.Secret, now time.Time,
) (*commerce.Message, error) {
	looking, cancel := context.WithTimeout(ctx, s.timing.Preflight)
	defer cancel()
	limits, err := shop.Payment.Inspect(looking, t, token)
	if err == nil {
		err = limits.Allows(total, now, s.timing.Margin)
	}
	if err == nil {
		return nil, nil
	}
	switch k := payment.KindOf(err); k {
	case payment.TokenUnknown, payment.TokenCurrency:
		return nil, tokenInvalid(k).Because(err)
	case payment.TokenLimit, payment.TokenDeactivated:
		m := tokenMessage(k)
		return &m, nil
	default:
		s.log.InfoContext(ctx, "could not read a payment token before the hold", "error", err)
		return nil, nil
	}
}

func tokenInvalid(k payment.ErrorKind) *commerce.Fault {
	text := "the payment token is not valid for this shop"
	if k == payment.TokenCurrency {
		text = "the payment token is for another currency than the session"
	}
	return commerce.Faultf(commerce.Invalid, "%s", text).At(paramCredential)
}

func tokenMessage(k payment.ErrorKind) commerce.Message {
	switch k {
	case payment.TokenLimit:
		return declined("The payment token does not allow this total. A new token is needed.")
	case payment.TokenCurrency:
		return declined("The payment token is for another currency. A new token is needed.")
	case payment.TokenDeactivated, payment.TokenUnknown:
		return declined("The payment token can no longer be used. A new token is needed.")
	default:
		return declined("The payment was declined. Another payment method is needed.")
	}
}

// rehearse renders the answer and the event of a completion that has not happened, because a fault in rendering must show before
// money moves.
func (s *Service) rehearse(c Call, shop *Shop, cs commerce.Session, at attempt, now time.Time) error {
	snap := commerce.Snapshot{Number: "0", Currency: at.Total.Currency, Status: commerce.OrderCreated}
	order := at.purchase(cs.ID, snap, shop.permalink(snap), now).Order(snap, nil)
	cs.Status, cs.Messages, cs.Order = commerce.Completed, nil, &order
	if _, err := c.Render(cs); err != nil {
		return err
	}
	_, _, err := s.eventBody(cs.Agent, commerce.Event{ID: "evt_0", Type: commerce.OrderCreate, Order: order, At: now})
	return err
}

// start commits the intent (S1) and lets the saga run on its own: the agent's connection says nothing about the outcome.
func (s *Service) start(
	ctx context.Context, shop *Shop, row store.Session, cs commerce.Session, at attempt, token string, mark *store.Claim, now time.Time,
) error {
	past, err := s.store.Sagas(ctx, cs.ID)
	if err != nil {
		return unavailable("read the session's history", err)
	}
	cs.Status, cs.Messages, cs.UpdatedAt = commerce.CompleteInProgress, nil, now
	cs.AuthenticationMetadata, cs.ContinueURL = nil, ""
	fresh, err := sessionRow(cs)
	if err != nil {
		return err
	}
	fresh.Live = true
	first := stepAuthorizing
	if at.Free {
		first = stepPlacing
	} else {
		at.SentAt = now
	}
	body, err := json.Marshal(at)
	if err != nil {
		return err
	}
	saga := store.Saga{
		SessionID: cs.ID, Attempt: len(past) + 1, Shop: cs.Shop, Agent: cs.Agent, Step: first, Live: true, Owner: s.owner,
		LeaseUntil: now.Add(s.timing.Lease), DueAt: now, Mark: now, Body: body, Token: []byte(token), CreatedAt: now,
	}
	b := store.Batch{
		Session: &store.SessionWrite{Session: fresh, Expect: row.Version, Idle: true},
		Sagas:   []store.SagaWrite{{Saga: saga}},
		Log:     []store.LogEntry{{At: now, SessionID: cs.ID, Attempt: saga.Attempt, Note: "intent: " + at.Total.String()}},
	}
	if mark != nil {
		b.Answers = []store.AnswerWrite{{Claim: *mark, Answer: store.Answer{Status: http.StatusOK}}}
	}
	switch err = s.store.Commit(ctx, b); {
	case errors.Is(err, store.ErrStale):
		return conflict("checkout session %s was changed by another request; read it and decide again", cs.ID)
	case err != nil:
		return unavailable("store the intent", err)
	}
	saga.Version, fresh.Version = 1, row.Version+1
	s.launch(context.WithoutCancel(ctx), &run{Service: s, shop: shop, row: saga, at: at, fresh: true, bound: &boundSession{fresh, cs}})
	return nil
}

// hurry makes a saga that rests between two tries go on at once, because somebody asks for it. A quarantine is not shortened (S5). It
// reports whether the saga waits for a person.
func (s *Service) hurry(ctx context.Context, id string) (needsOperator bool) {
	sagas, err := s.store.Sagas(ctx, id)
	if err != nil || len(sagas) == 0 {
		return false
	}
	g := sagas[len(sagas)-1]
	if g.Live && g.Step == stepNeedsOperator {
		return true
	}
	if !g.Live || g.Owner != "" || (g.Step == stepPlacing && !g.Mark.IsZero()) || !g.DueAt.After(s.clock.Now()) {
		return false
	}
	expect := g.Version
	g.DueAt = s.clock.Now()
	if err := s.store.Commit(ctx, store.Batch{Sagas: []store.SagaWrite{{Saga: g, Expect: expect}}}); err != nil && !errors.Is(err, store.ErrStale) {
		s.log.WarnContext(ctx, "could not hurry a saga", "session", id, "error", err)
	}
	return false
}
