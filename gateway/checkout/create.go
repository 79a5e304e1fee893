package checkout

import (
	"context"
	"errors"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// Create opens a session: it prices the cart and commits session and answer together. A second call without a key opens a second
// session, which costs nobody anything; with a key the pipeline replays the answer.
func (s *Service) Create(ctx context.Context, c Call, r commerce.CreateRequest) (store.Answer, error) {
	shop, err := s.shop(c.Shop)
	if err != nil {
		return store.Answer{}, err
	}
	currency := shop.Upstream.Facts().Currency
	if r.Currency != "" && r.Currency != currency {
		return store.Answer{}, &commerce.Fault{
			Kind: commerce.Invalid, Param: "$.currency",
			Message: "the shop sells in " + string(currency) + " only",
		}
	}
	if err := s.fromCart(ctx, c, &r); err != nil {
		return store.Answer{}, err
	}
	now := s.clock.Now()
	cs := commerce.Session{
		ID: s.newID("cs_"), Agent: c.Agent, Shop: c.Shop, Currency: currency,
		Cart: commerce.Cart{
			Currency: currency, Buyer: r.Buyer, ShipTo: r.ShipTo, Locale: r.Locale, Timezone: r.Timezone, Notes: r.Notes,
		},
		Capabilities: r.Capabilities, Handlers: shop.Handlers, Links: shop.Links, Metadata: r.Metadata, QuoteID: r.QuoteID,
		CreatedAt: now, ExpiresAt: now.Add(shop.SessionTTL),
	}
	if r.Affiliate != nil {
		cs.Affiliates = []commerce.Affiliate{opening(*r.Affiliate)}
	}
	cs.Cart.ReplaceLines(r.Lines)
	setCodes(&cs.Cart, r.Codes)
	split := shop.Upstream.Facts().Split
	if cs.Cart.Choices, err = resolveChoices(r.Choices, cs.Cart.Lines, split); err != nil {
		return store.Answer{}, err
	}
	if cs.Cart.Groups, err = resolveGroups(r.Groups, cs.Cart.Lines, cs.Cart.ShipTo, split); err != nil {
		return store.Answer{}, err
	}
	negotiate(&cs, shop)
	activate(&cs, shop)
	s.prove(ctx, shop, c, &cs)

	ask := repricing(cs)
	ask.chosen = true
	p, err := s.price(ctx, shop, quoteKey(cs.ID), ask)
	if err != nil {
		s.releaseNew(ctx, shop, p.quote.CartRef)
		return store.Answer{}, err
	}
	settleChoices(&cs, &p)
	show(&cs, p.quote, now)
	return s.commitSession(ctx, c, cs, 0)
}

// opening marks a claim that came with the create, unless the agent says what it is (R:affiliate_attribution section 4, read
// 2026-11-22). Claims are kept for the books; no answer and no event shows them.
func opening(a commerce.Affiliate) commerce.Affiliate {
	if a.Touchpoint == "" {
		a.Touchpoint = firstTouch
	}
	return a
}

// releaseNew gives a cart back that was made for a session which never came to be. A second call changes nothing; a cart that cannot be
// given back is left to the shop, which drops old carts.
func (s *Service) releaseNew(ctx context.Context, shop *Shop, cartRef string) {
	if cartRef == "" {
		return
	}
	if err := shop.Upstream.ReleaseCart(context.WithoutCancel(ctx), cartRef); err != nil && commerce.KindOf(err) != commerce.Unsupported {
		s.log.InfoContext(ctx, "could not release the cart of a refused create", "shop", shop.Upstream.Name(), "error", err)
	}
}

// quoteKey names a session towards the shop while it is being priced.
func quoteKey(id string) string { return "acp:" + id }

// commitSession stores cs in place of version expect, with the call's answer, on the condition that no saga is live (S1).
func (s *Service) commitSession(ctx context.Context, c Call, cs commerce.Session, expect int64) (store.Answer, error) {
	s.settle(&cs)
	row, err := sessionRow(cs)
	if err != nil {
		return store.Answer{}, err
	}
	answer, answers, err := c.answer(cs)
	if err != nil {
		return store.Answer{}, err
	}
	err = s.store.Commit(ctx, store.Batch{
		Session: &store.SessionWrite{Session: row, Expect: expect, Idle: true},
		Answers: answers,
	})
	switch {
	case errors.Is(err, store.ErrStale):
		return store.Answer{}, conflict("checkout session %s was changed by another request; read it and decide again", cs.ID)
	case err != nil:
		return store.Answer{}, unavailable("store the session", err)
	}
	return answer, nil
}

// settleChoices keeps only choices that the shop offers: an option that is not offered is never stored.
func settleChoices(cs *commerce.Session, p *priced) { cs.Cart.Choices = p.kept }

// expired reports whether an open session's time has passed.
func expired(row store.Session, now time.Time) bool {
	return !row.Status.Terminal() && !row.Live && !row.ExpiresAt.IsZero() && !now.Before(row.ExpiresAt)
}
