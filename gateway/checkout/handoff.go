package checkout

import (
	"context"
	"errors"
	"net/http"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// HandOff gives a session to its buyer, once for each token, and returns the address in the shop at which they go on: of their order when
// there is one. See package handoff for what follows from it. A second call fails with [handoff.ErrGone], whoever makes it and whatever
// process answers; while a purchase runs it fails with [handoff.ErrBusy] and leaves the token as it is. Any other error leaves the token to
// be used again, unless the commit's outcome is unknown.
func (s *Service) HandOff(ctx context.Context, t handoff.Token) (address string, err error) {
	release, err := s.locks.acquire(ctx, t.ID)
	if err != nil {
		return "", err
	}
	defer release()
	claim, giveBack, err := t.Mark(ctx, s.store, s.owner, s.newID("claim_"), s.clock.Now())
	if err != nil {
		return "", err
	}
	defer func() { err = giveBack(err) }()
	row, err := s.store.Session(ctx, t.ID)
	if errors.Is(err, store.ErrNotFound) {
		return "", handoff.ErrGone
	}
	if err != nil {
		return "", unavailable("read the session", err)
	}
	_, cs, err := s.load(ctx, Call{Agent: row.Agent, Shop: row.Shop}, t.ID)
	if err != nil {
		return "", err
	}
	b := store.Batch{Answers: []store.AnswerWrite{{Claim: claim, Answer: store.Answer{Status: http.StatusSeeOther}}}}
	switch {
	case row.Live:
		return "", handoff.ErrBusy
	case row.Status == commerce.Completed:
		if address, err = s.orderAddress(ctx, cs); err != nil {
			return "", err
		}
	case row.Status.Terminal(), expired(row, s.clock.Now()), !cs.HandedOffAt.IsZero():
		return "", handoff.ErrGone
	default:
		if address, err = s.leaveToBuyer(&cs); err != nil {
			return "", err
		}
		fresh, err := sessionRow(cs)
		if err != nil {
			return "", err
		}
		b.Session = &store.SessionWrite{Session: fresh, Expect: row.Version, Idle: true}
		b.Log = []store.LogEntry{{At: cs.HandedOffAt, SessionID: cs.ID, Note: "handed off to the buyer"}}
	}
	switch err := s.store.Commit(ctx, b); {
	case errors.Is(err, store.ErrStale):
		return "", handoff.ErrBusy // an agent was faster: what it did is to be seen first
	case err != nil:
		return "", unavailable("hand the session off", err)
	}
	return address, nil
}

// leaveToBuyer makes cs the buyer's. The cart goes with them: it is never priced, placed or released by us again (S3).
func (s *Service) leaveToBuyer(cs *commerce.Session) (address string, err error) {
	shop, err := s.shop(cs.Shop)
	if err != nil {
		return "", err
	}
	if shop.Continue <= 0 { // switched off since
		return "", handoff.ErrGone
	}
	if address, err = shop.Upstream.ContinueURL(cs.Cart, cs.Quote.CartRef); err != nil {
		return "", err
	}
	now := s.clock.Now()
	cs.HandedOffAt, cs.UpdatedAt = now, now
	cs.Status, cs.AuthenticationMetadata, cs.ContinueURL, cs.Quote.CartRef = commerce.RequiresEscalation, nil, "", ""
	cs.ExpiresAt = now.Add(shop.SessionTTL)
	cs.Messages = []commerce.Message{commerce.ErrorMessage(commerce.CodeInterventionRequired, "$", commerce.RequiresBuyerInput,
		"The buyer goes on in the shop by themselves and may place the order there. Update the session to take it back; it then begins with a new cart.")}
	return address, nil
}

// orderAddress is where the buyer sees the order of a completed session.
func (s *Service) orderAddress(ctx context.Context, cs commerce.Session) (string, error) {
	if err := s.attachOrder(ctx, &cs); err != nil {
		return "", err
	}
	if cs.Order == nil || !upstream.Web(cs.Order.PermalinkURL) {
		return "", handoff.ErrGone
	}
	return cs.Order.PermalinkURL, nil
}

// notHandedOff refuses to pay a session that its buyer has taken over: they may be placing the order in the shop.
func notHandedOff(cs commerce.Session) error {
	if cs.HandedOffAt.IsZero() {
		return nil
	}
	return conflict("the buyer has taken checkout session %s over in the shop; update it to take it back, then complete it", cs.ID)
}
