package checkout

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// consent is a buyer's answer about a channel, with the address on it.
type consent struct {
	commerce.Consent
	Address string
}

// consentsOf keeps the answers that count (ACP rfc.marketing_consent, read 2026-11-22): of channels that the session offered and that have
// an address. What was not answered is no consent, and no revocation either. Of two answers about one channel the refusal counts.
func consentsOf(cs commerce.Session, answers []commerce.MarketingConsent, now time.Time) []consent {
	var kept []consent
	for _, o := range cs.MarketingOptions {
		address := contactOn(o.Channel, cs.Cart)
		i := slices.IndexFunc(answers, func(a commerce.MarketingConsent) bool { return a.Channel == o.Channel })
		if i < 0 || address == "" {
			continue
		}
		refused := slices.Contains(answers, commerce.MarketingConsent{Channel: o.Channel})
		kept = append(kept, consent{
			Consent: commerce.Consent{Channel: o.Channel, OptedIn: !refused, DisplayText: o.DisplayText, At: now}, Address: address,
		})
	}
	return kept
}

// contactOn is where the buyer can be reached on a channel: their own address, else that of whoever receives the goods.
func contactOn(channel string, cart commerce.Cart) string {
	var buyer commerce.Buyer
	var to commerce.Contact
	if cart.Buyer != nil {
		buyer = *cart.Buyer
	}
	if cart.ShipTo != nil {
		to = *cart.ShipTo
	}
	switch channel {
	case "email":
		return cmp.Or(buyer.Email, to.Email)
	case "sms", "whatsapp":
		return cmp.Or(buyer.Phone, to.Phone)
	default:
		return ""
	}
}

// answersOf is what is kept in the session for the record.
func answersOf(all []consent) []commerce.Consent {
	var out []commerce.Consent
	for _, c := range all {
		out = append(out, c.Consent)
	}
	return out
}

// tellConsents adds to the commit that completes a session the work of telling the shop what the buyer answered. It is a saga of its own:
// it begins only with the order, and neither the payment nor anything after it waits for it.
func (r *run) tellConsents(ctx context.Context, n *next, orderRef string) error {
	if len(r.at.Consents) == 0 {
		return nil
	}
	past, err := r.store.Sagas(ctx, r.row.SessionID)
	if err != nil {
		return fmt.Errorf("read the history of session %s: %w", r.row.SessionID, err)
	}
	body, err := json.Marshal(attempt{Shop: r.at.Shop, OrderRef: orderRef, Consents: r.at.Consents})
	if err != nil {
		return err
	}
	now := r.clock.Now()
	n.batch.Sagas = append(n.batch.Sagas, store.SagaWrite{Saga: store.Saga{
		SessionID: r.row.SessionID, Attempt: len(past) + 1, Shop: r.row.Shop, Agent: r.row.Agent, Step: stepConsenting, DueAt: now,
		Body: body, CreatedAt: now,
	}})
	return nil
}

// consentLook is how often a shop that is away is asked again after the first tries: a refusal by the buyer must reach it in the end.
const consentLook = time.Hour

// tellConsent tells the shop one answer. A second call with the same key and answer changes nothing in the shop.
func tellConsent(ctx context.Context, r *run) (next, error) {
	if r.at.ConsentsTold >= len(r.at.Consents) {
		return next{step: stepClosed}, nil
	}
	if _, err := r.begin(ctx); err != nil {
		return next{}, err
	}
	c := r.at.Consents[r.at.ConsentsTold]
	err := r.shop.Upstream.RecordConsent(ctx, adapters.ConsentRecord{
		Key: key(r.row.SessionID, "consent", r.row.Attempt, 0) + ":" + c.Channel, OrderRef: r.at.OrderRef, Address: c.Address, Consent: c.Consent,
	})
	switch {
	case err != nil && !r.refusedForGood(forGood(err)):
		n := next{wait: r.backoff(), note: "consent: " + commerce.KindOf(err).String()}
		if r.at.Tries > stuckAfter {
			n.wait = consentLook
		}
		return n, nil
	case err != nil:
		r.alert(ctx, "consent_not_recorded", "note the buyer's answer about "+c.Channel+" in the shop by hand")
	}
	r.at.ConsentsTold++
	r.at.Tries, r.at.Refusals = 0, 0
	if r.at.ConsentsTold < len(r.at.Consents) {
		return next{settled: true, note: "consent: " + c.Channel}, nil
	}
	return next{step: stepClosed, note: "consent: " + c.Channel}, nil
}
