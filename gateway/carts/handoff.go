package carts

import (
	"context"
	"errors"
	"net/http"

	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/store"
)

// invite gives an open cart an address under which the buyer can go on in the shop, where there is such a place: the one that it has
// while that lasts, so that a cart reads as it was told, else a fresh one. A cart that is canceled or the buyer's already has none.
func (s *Service) invite(kept *record) {
	cart := &kept.Cart
	had := cart.ContinueURL
	cart.ContinueURL = ""
	shop := s.shops[cart.Shop]
	if s.handoff == nil || shop.Continue <= 0 || cart.Canceled || kept.HandedOff {
		return
	}
	if _, err := shop.Upstream.ContinueURL(cart.Cart, cart.Quote.CartRef); err != nil {
		return // what does not lead anywhere is not offered
	}
	if cart.ContinueURL = had; !s.handoff.Lasts(had, handoff.Cart, cart.ID, shop.Continue/2) {
		cart.ContinueURL = s.handoff.URL(handoff.Cart, cart.ID, shop.Continue)
	}
}

// HandOff gives what is in a cart to its buyer, once for each token, and returns the address in the shop at which they go on. The shop's
// cart is theirs from then on: it is never priced or given back by us again (S3). The saved cart stays as it is for its agent, but is
// none to check out, and gets a new cart of the shop with the next replace. A second call fails with [handoff.ErrGone], and so does any
// other token until then.
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
	row, err := s.store.Cart(ctx, t.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", handoff.ErrGone
	case err != nil:
		return "", unavailable("read the cart", err)
	}
	kept, err := decode(row)
	if err != nil {
		return "", err
	}
	shop := s.shops[row.Shop]
	moved := shop.Upstream == nil || shop.Upstream.Identity() != kept.Identity
	if row.Ended || !s.clock.Now().Before(row.DueAt) || kept.HandedOff || shop.Off || shop.Continue <= 0 || moved {
		return "", handoff.ErrGone
	}
	if address, err = shop.Upstream.ContinueURL(kept.Cart.Cart, kept.Cart.Quote.CartRef); err != nil {
		return "", err
	}
	kept.Cart.Quote.CartRef, kept.Cart.ContinueURL, kept.HandedOff = "", "", true
	fresh, err := s.row(kept)
	if err != nil {
		return "", err
	}
	switch err := s.store.Commit(ctx, store.Batch{
		Cart:    &store.CartWrite{Cart: fresh, Expect: row.Version},
		Answers: []store.AnswerWrite{{Claim: claim, Answer: store.Answer{Status: http.StatusSeeOther}}},
	}); {
	case errors.Is(err, store.ErrStale):
		return "", handoff.ErrBusy // an agent was faster: what it did is to be seen first
	case err != nil:
		return "", unavailable("hand the cart off", err)
	}
	return address, nil
}
