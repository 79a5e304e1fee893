package checkout

import (
	"context"
	"errors"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// Get reads a session. A completed one carries the order as the agent was told it last; one whose time has passed reads as expired.
func (s *Service) Get(ctx context.Context, c Call, id string) (store.Answer, error) {
	row, cs, err := s.load(ctx, c, id)
	if err != nil {
		return store.Answer{}, err
	}
	if expired(row, s.clock.Now()) {
		cs.Status = commerce.Expired
	}
	if row.Status == commerce.Completed {
		if err := s.attachOrder(ctx, &cs); err != nil {
			return store.Answer{}, err
		}
	}
	s.invite(&cs, row.Live)
	return c.Render(cs)
}

// Update changes a session field by field, prices it again and commits session and answer together. A second call without a key
// makes the same changes again, which changes nothing.
func (s *Service) Update(ctx context.Context, c Call, id string, r commerce.UpdateRequest) (store.Answer, error) {
	release, err := s.locks.acquire(ctx, id)
	if err != nil {
		return store.Answer{}, err
	}
	defer release()
	row, cs, err := s.load(ctx, c, id)
	if err != nil {
		return store.Answer{}, err
	}
	if err := s.changeable(row, "update"); err != nil {
		return store.Answer{}, err
	}
	shop, err := s.shop(row.Shop)
	if err != nil {
		return store.Answer{}, err
	}
	stored := cs
	if err := apply(&cs.Cart, r, shop.Upstream.Facts().Split); err != nil {
		return store.Answer{}, err
	}
	negotiate(&cs, shop)
	activate(&cs, shop)
	s.prove(ctx, shop, c, &cs)
	ask := repricing(cs)
	ask.chosen = r.Choices.Present()
	p, err := s.price(ctx, shop, quoteKey(cs.ID), ask)
	if err != nil {
		s.forgetCart(ctx, row, stored, err)
		s.leaveCart(ctx, row, stored, p.quote.CartRef)
		return store.Answer{}, err
	}
	settleChoices(&cs, &p)
	now := s.clock.Now()
	show(&cs, p.quote, now)
	cs.ExpiresAt = now.Add(shop.SessionTTL)
	return s.commitSession(ctx, c, cs, row.Version)
}

// changeable says why a session cannot be changed now (S1).
func (s *Service) changeable(row store.Session, verb string) error {
	switch {
	case row.Live:
		return conflict("cannot %s checkout session %s while its completion runs; read the session to see how it ends", verb, row.ID)
	case row.Status.Terminal():
		return conflict("cannot %s checkout session %s: it is %s", verb, row.ID, row.Status)
	case expired(row, s.clock.Now()):
		return conflict("cannot %s checkout session %s: it has expired", verb, row.ID)
	default:
		return nil
	}
}

// apply makes the changes to the cart, or refuses one that cannot be made. Selections and groups name the lines as they are after the
// change.
func apply(cart *commerce.Cart, r commerce.UpdateRequest, split bool) (err error) {
	if lines, ok := r.Lines.Value(); ok {
		cart.ReplaceLines(lines)
		dropStrangers(cart)
	}
	if r.Buyer.Present() {
		cart.Buyer = nil
		if b, ok := r.Buyer.Value(); ok {
			cart.Buyer = &b
		}
	}
	if r.ShipTo.Present() {
		change, ok := r.ShipTo.Value()
		if ok {
			cart.ShipTo = change.Apply(cart.ShipTo)
		} else {
			cart.ShipTo = nil
		}
	}
	if r.Codes.Present() {
		codes, _ := r.Codes.Value()
		setCodes(cart, codes)
	}
	if r.Choices.Present() {
		choices, _ := r.Choices.Value()
		if cart.Choices, err = resolveChoices(choices, cart.Lines, split); err != nil {
			return err
		}
	}
	groups := cart.Groups
	if r.Groups.Present() {
		groups, _ = r.Groups.Value()
	}
	if cart.Groups, err = resolveGroups(groups, cart.Lines, cart.ShipTo, split); err != nil { // another address may part them
		return err
	}
	if r.Notes.Present() {
		cart.Notes, _ = r.Notes.Value()
	}
	return nil
}

// forgetCart drops the cart of a session, as it is stored in row, after a pricing whose writes may or may not have happened: such a cart is
// never used again (S3), and the shop is asked to let it go.
func (s *Service) forgetCart(ctx context.Context, row store.Session, stored commerce.Session, cause error) {
	if stored.Quote.CartRef != "" && commerce.KindOf(cause) == commerce.Unavailable {
		s.dropCart(ctx, row, stored, stored.Quote.CartRef)
	}
}

// leaveCart drops the cart of a pricing that came to nothing, unless it is the one that the session, as it is stored, goes on with.
func (s *Service) leaveCart(ctx context.Context, row store.Session, stored commerce.Session, cartRef string) {
	if cartRef != "" && cartRef != stored.Quote.CartRef {
		s.dropCart(ctx, row, stored, cartRef)
	}
}

// dropCart leaves a cart's release to the saga runner, and takes it out of the session where it stands there.
func (s *Service) dropCart(ctx context.Context, row store.Session, stored commerce.Session, cartRef string) {
	ctx = context.WithoutCancel(ctx)
	if stored.Quote.CartRef == cartRef {
		stored.Quote.CartRef = ""
	}
	fresh, err := sessionRow(stored)
	if err == nil {
		var release store.Saga
		if release, err = s.releaseOf(ctx, stored, cartRef); err == nil {
			err = s.store.Commit(ctx, store.Batch{
				Session: &store.SessionWrite{Session: fresh, Expect: row.Version, Idle: true}, Sagas: []store.SagaWrite{{Saga: release}},
			})
		}
	}
	if err != nil && !errors.Is(err, store.ErrStale) {
		s.log.WarnContext(ctx, "could not drop a cart", "session", row.ID, "error", err)
	}
}
