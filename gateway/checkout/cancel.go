package checkout

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// Cancel ends a session and gives back what the shop's cart held. A second call finds it ended and says so with NotCancelable.
func (s *Service) Cancel(ctx context.Context, c Call, id string, r commerce.CancelRequest) (store.Answer, error) {
	release, err := s.locks.acquire(ctx, id)
	if err != nil {
		return store.Answer{}, err
	}
	defer release()
	row, cs, err := s.load(ctx, c, id)
	if err != nil {
		return store.Answer{}, err
	}
	switch {
	case row.Live:
		return store.Answer{}, s.changeable(row, "cancel")
	case row.Status.Terminal():
		return store.Answer{}, commerce.Faultf(commerce.NotCancelable, "checkout session %s has ended as %s and cannot be canceled", id, row.Status)
	case expired(row, s.clock.Now()):
		return store.Answer{}, commerce.Faultf(commerce.NotCancelable, "checkout session %s has expired and cannot be canceled", id)
	}
	cs.IntentTrace = r.IntentTrace
	return s.end(ctx, c, row, cs, commerce.Canceled)
}

// end closes an open session as status and leaves the release of its cart to the saga runner.
func (s *Service) end(ctx context.Context, c Call, row store.Session, cs commerce.Session, status commerce.Status) (store.Answer, error) {
	now := s.clock.Now()
	cs.Status, cs.UpdatedAt, cs.Messages = status, now, nil
	cs.AuthenticationMetadata, cs.ContinueURL = nil, "" // nothing is asked and nobody is led on any more
	fresh, err := sessionRow(cs)
	if err != nil {
		return store.Answer{}, err
	}
	b := store.Batch{Session: &store.SessionWrite{Session: fresh, Expect: row.Version, Idle: true}}
	var answer store.Answer
	if c.Render != nil {
		if answer, b.Answers, err = c.answer(cs); err != nil {
			return store.Answer{}, err
		}
	}
	if cs.Quote.CartRef != "" {
		release, err := s.releaseOf(ctx, cs, cs.Quote.CartRef)
		if err != nil {
			return store.Answer{}, err
		}
		b.Sagas = []store.SagaWrite{{Saga: release}}
	}
	switch err := s.store.Commit(ctx, b); {
	case errors.Is(err, store.ErrStale):
		return store.Answer{}, conflict("checkout session %s was changed by another request; read it and decide again", row.ID)
	case err != nil:
		return store.Answer{}, unavailable("end the session", err)
	}
	return answer, nil
}

// releaseOf is the work of giving a cart of a session back to the shop.
func (s *Service) releaseOf(ctx context.Context, cs commerce.Session, cartRef string) (store.Saga, error) {
	past, err := s.store.Sagas(ctx, cs.ID)
	if err != nil {
		return store.Saga{}, unavailable("read the session's history", err)
	}
	body, err := json.Marshal(attempt{CartRef: cartRef, Shop: s.identity(cs.Shop)})
	if err != nil {
		return store.Saga{}, err
	}
	now := s.clock.Now()
	return store.Saga{
		SessionID: cs.ID, Attempt: len(past) + 1, Shop: cs.Shop, Agent: cs.Agent, Step: stepReleasing, DueAt: now, Body: body, CreatedAt: now,
	}, nil
}

// expireDue ends the sessions whose time has passed. A session with a live saga is skipped (S1).
func (s *Service) expireDue(ctx context.Context) {
	rows, err := s.store.ExpiredSessions(ctx, s.clock.Now(), 100)
	if err != nil {
		s.log.WarnContext(ctx, "could not list expired sessions", "error", err)
		return
	}
	for _, row := range rows {
		if row.Damaged != nil {
			s.damaged(ctx, "session_damaged", row.ID, 0, row.Damaged)
			continue
		}
		if err := s.expire(ctx, row); err != nil && commerce.KindOf(err) != commerce.Conflict && ctx.Err() == nil {
			s.log.WarnContext(ctx, "could not expire a session", "session", row.ID, "error", err)
		}
	}
}

func (s *Service) expire(ctx context.Context, row store.Session) error {
	release, err := s.locks.acquire(ctx, row.ID)
	if err != nil {
		return err
	}
	defer release()
	var cs commerce.Session
	if err := json.Unmarshal(row.Body, &cs); err != nil {
		return err
	}
	_, err = s.end(ctx, Call{}, row, cs, commerce.Expired)
	return err
}
