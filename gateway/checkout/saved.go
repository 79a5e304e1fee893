package checkout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// The handler of a saved card (ACP rfc.seller_backed_payment_handler 6.3 and 9.1, read 2026-11-22). The RFC lets an agent tokenize at
// the seller first; here the handler itself names the card, and who may use it was proven with the call. So nothing is delegated, and
// the handler says so.
const (
	savedHandlerName    = "dev.acp.seller_backed.saved_card"
	savedHandlerVersion = "2026-01-22"
	savedHandlerSpec    = "https://acp.dev/handlers/seller_backed.saved_card"
	savedHandlerSchemas = "https://acp.dev/schemas/handlers/seller_backed.saved_card"
)

// prove takes over who the call proves its buyer to be, and offers what the processor keeps for that customer. A processor that does
// not answer costs nobody the session: then no saved card is offered. A call that proves nobody changes nothing.
func (s *Service) prove(ctx context.Context, shop *Shop, c Call, cs *commerce.Session) {
	vault, ok := shop.Payment.(payment.Vault)
	if c.Subject == "" || !ok {
		return
	}
	cs.Subject = c.Subject
	looking, cancel := context.WithTimeout(ctx, s.timing.Preflight)
	defer cancel()
	cards, err := vault.SavedCards(looking, shop.Payment.Terms(), c.Subject)
	if err != nil {
		s.log.WarnContext(ctx, "could not list a customer's saved cards", "session", cs.ID, "error", err)
	}
	cs.Handlers = slices.DeleteFunc(slices.Clone(cs.Handlers), func(h commerce.PaymentHandler) bool { return h.Saved != nil })
	merchant := ""
	if len(cs.Handlers) > 0 {
		merchant = cs.Handlers[0].MerchantID
	}
	for _, card := range cards {
		h, err := savedHandler(cs.ID, merchant, card)
		if err != nil {
			s.log.ErrorContext(ctx, "could not offer a saved card", "session", cs.ID, "error", err)
			continue
		}
		h.DisplayOrder = int64(len(cs.Handlers) + 1)
		cs.Handlers = append(cs.Handlers, h)
	}
}

// savedHandler is how a saved card is offered in one session. Its id says nothing of the card and is another one in every session.
func savedHandler(sessionID, merchant string, card commerce.SavedCard) (commerce.PaymentHandler, error) {
	sum := sha256.Sum256([]byte(sessionID + "\x00" + card.Method))
	cfg, err := json.Marshal(map[string]any{
		"merchant_id": merchant, "psp": "seller_managed", "card": map[string]any{"brand": card.Brand, "last4": card.LastFour},
	})
	if err != nil {
		return commerce.PaymentHandler{}, fmt.Errorf("encode the configuration of a saved card's handler: %w", err)
	}
	return commerce.PaymentHandler{
		ID: "saved_card_" + hex.EncodeToString(sum[:8]), Name: savedHandlerName, DisplayName: card.Brand + " •••• " + card.LastFour,
		Version: savedHandlerVersion, Spec: savedHandlerSpec, PSP: "seller_managed", ConfigSchema: savedHandlerSchemas + "/config.json",
		InstrumentSchemas: []string{savedHandlerSchemas + "/instrument.json"}, Config: cfg, MerchantID: merchant, Saved: &card,
	}, nil
}

// offered finds the handler that a payment names among those that the call may see. Without a name it is the shop's first: the older
// dates know no handlers.
func offered(c Call, cs commerce.Session, id string) (commerce.PaymentHandler, bool) {
	if id == "" {
		return commerce.PaymentHandler{}, true
	}
	h, ok := cs.Handler(id)
	return h, ok && (h.Saved == nil || OwnedBy(cs, c.Subject))
}

// ForAnybody are the handlers that every caller may see: all but saved cards. It allocates where it leaves something out only.
func ForAnybody(handlers []commerce.PaymentHandler) []commerce.PaymentHandler {
	saved := func(h commerce.PaymentHandler) bool { return h.Saved != nil }
	if !slices.ContainsFunc(handlers, saved) {
		return handlers
	}
	return slices.DeleteFunc(slices.Clone(handlers), saved)
}

// OwnedBy reports whether the buyer that a call proves is the one that the session's saved cards belong to.
func OwnedBy(cs commerce.Session, subject string) bool { return subject != "" && subject == cs.Subject }

// savedTypes are the instrument types of a saved card: the RFC's samples have one and its schema another.
var savedTypes = []string{"seller_backed_saved_card", "seller_backed", "saved_card", "card", ""}

// checkSaved refuses what is no payment by a saved card. The credential is not looked at: the handler names the card.
func checkSaved(p commerce.Payment) error {
	if !slices.Contains(savedTypes, strings.ToLower(p.InstrumentType)) {
		return commerce.Faultf(commerce.Invalid, "the payment handler takes an instrument of type seller_backed_saved_card only").
			At("$.payment_data.instrument.type")
	}
	return nil
}

// instrument is what an attempt charges: a token, or a saved card.
type instrument struct {
	token string
	saved *commerce.SavedCard
}

// instrumentOf reads what a payment charges. Whether it may was checked before.
func instrumentOf(cs commerce.Session, p commerce.Payment) instrument {
	if h, ok := cs.Handler(p.HandlerID); ok && h.Saved != nil {
		return instrument{saved: h.Saved}
	}
	return instrument{token: p.Token}
}

// hash tells one instrument from another.
func (i instrument) hash() [sha256.Size]byte {
	if i.saved != nil {
		return sha256.Sum256([]byte("saved\x00" + i.saved.Customer + "\x00" + i.saved.Method))
	}
	return hashToken(i.token)
}
