package checkout

import (
	"context"
	"errors"
	"slices"
	"strings"
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
	choices, err := oneChoice(r.Choices)
	if err != nil {
		return store.Answer{}, err
	}
	now := s.clock.Now()
	cs := commerce.Session{
		ID: s.newID("cs_"), Agent: c.Agent, Shop: c.Shop, Currency: currency,
		Cart: commerce.Cart{
			Currency: currency, Buyer: r.Buyer, ShipTo: r.ShipTo, Codes: distinctCodes(r.Codes), Choices: choices, Groups: r.Groups,
			Locale: r.Locale, Timezone: r.Timezone, Notes: r.Notes,
		},
		Capabilities: r.Capabilities, Handlers: shop.Handlers, Links: shop.Links, Metadata: r.Metadata, QuoteID: r.QuoteID,
		CreatedAt: now, ExpiresAt: now.Add(shop.SessionTTL),
	}
	if r.Affiliate != nil {
		cs.Affiliates = []commerce.Affiliate{*r.Affiliate}
	}
	cs.Cart.ReplaceLines(r.Lines)

	p, err := s.price(ctx, shop, quoteKey(cs.ID), repricing(cs))
	if err != nil {
		return store.Answer{}, err
	}
	settleChoices(&cs, &p)
	show(&cs, p.quote, now)
	return s.commitSession(ctx, c, cs, 0)
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
func settleChoices(cs *commerce.Session, p *priced) {
	offered := func(c commerce.Choice) bool {
		return slices.ContainsFunc(p.quote.Options, func(o commerce.FulfillmentOption) bool { return o.ID == c.OptionID })
	}
	cs.Cart.Choices = slices.DeleteFunc(slices.Clone(cs.Cart.Choices), func(c commerce.Choice) bool { return !offered(c) })
}

// oneChoice is the one option that the agent selects, for all lines: a session is delivered in one way. Naming it once for each group
// of lines is the same wish; two different options are a wish that no shop here can price, and it is refused rather than overheard.
func oneChoice(choices []commerce.Choice) ([]commerce.Choice, error) {
	if len(choices) == 0 {
		return nil, nil
	}
	for _, c := range choices[1:] {
		if c.OptionID != choices[0].OptionID {
			return nil, &commerce.Fault{
				Kind: commerce.Invalid, Code: commerce.CodeUnsupported, Param: paramSelected,
				Message: "one fulfillment option can be selected for the whole checkout",
			}
		}
	}
	return []commerce.Choice{{Type: choices[0].Type, OptionID: choices[0].OptionID}}, nil
}

// distinctCodes drops blanks and repetitions, without case; the first spelling stays.
func distinctCodes(codes []string) []string {
	var out []string
	for _, c := range codes {
		c = strings.TrimSpace(c)
		if c != "" && !slices.ContainsFunc(out, func(o string) bool { return equalCode(o, c) }) {
			out = append(out, c)
		}
	}
	return out
}

// expired reports whether an open session's time has passed.
func expired(row store.Session, now time.Time) bool {
	return !row.Status.Terminal() && !row.Live && !row.ExpiresAt.IsZero() && !now.Before(row.ExpiresAt)
}
