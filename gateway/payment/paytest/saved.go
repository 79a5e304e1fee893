package paytest

import (
	"crypto/rand"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// Vault is what a world with saved cards offers beside its processor, which is then a [payment.Vault].
type Vault struct {
	// Customer makes a customer of the seller.
	Customer func(*testing.T) string
	// Save attaches a card to a customer. Only shown cards may be shown to the customer again.
	Save func(t *testing.T, customer string, c Card, shown bool)
	// Forget detaches a card.
	Forget func(*testing.T, commerce.SavedCard)
}

// vaultTests are the rules of a vault.
func vaultTests() map[string]func(suite) {
	return map[string]func(suite){
		"saved cards are listed for their customer":  savedListed,
		"a saved card is held, captured, refunded":   savedPays,
		"one key, one hold on a saved card":          savedOneKey,
		"a saved card is declined":                   savedDeclined,
		"a saved card wants its buyer":               savedSecure,
		"a saved card of somebody else":              savedOfAnother,
		"a saved card that was forgotten":            savedForgotten,
		"a saved card that is none, or with a token": savedMalformed,
	}
}

func (s suite) vault() payment.Vault {
	s.Helper()
	v, ok := s.Processor.(payment.Vault)
	if !ok {
		s.Fatal("the world has saved cards and its processor is no payment.Vault")
	}
	return v
}

func (s suite) savedCards(customer string) []commerce.SavedCard {
	s.Helper()
	cards, err := s.vault().SavedCards(s.Context(), s.p.Terms(), customer)
	if err != nil {
		s.Fatalf("list the saved cards: %v", err)
	}
	return cards
}

// saved is the one card of a new customer.
func (s suite) saved(c Card) commerce.SavedCard {
	s.Helper()
	customer := s.Vault.Customer(s.T)
	s.Vault.Save(s.T, customer, c, true)
	cards := s.savedCards(customer)
	if len(cards) != 1 {
		s.Fatalf("saved cards %+v, want one", cards)
	}
	return cards[0]
}

// onSaved is an authorization of the suite's session on a saved card.
func (s suite) onSaved(c commerce.SavedCard, minor int64) payment.AuthorizeRequest {
	r := s.request("", minor)
	r.Saved = &c
	return r
}

func savedListed(s suite) {
	customer := s.Vault.Customer(s.T)
	if got := s.savedCards(customer); len(got) != 0 {
		s.Errorf("a new customer has saved cards: %+v", got)
	}
	s.Vault.Save(s.T, customer, Good, true)
	s.Vault.Save(s.T, customer, Broke, false)
	other := s.Vault.Customer(s.T)
	s.Vault.Save(s.T, other, Good, true)
	got := s.savedCards(customer)
	if len(got) != 1 || got[0].Customer != customer || got[0].Method == "" || got[0].Brand != "visa" || len(got[0].LastFour) != 4 {
		s.Errorf("saved cards %+v, want the one that may be shown again", got)
	}
	for name, nobody := range map[string]string{"unknown": "cus_" + rand.Text()[:14], "empty": "", "a path": "cus_1/../../v1/charges"} {
		if got := s.savedCards(nobody); len(got) != 0 {
			s.Errorf("%s: saved cards %+v", name, got)
		}
	}
}

func savedPays(s suite) {
	held, err := s.p.Authorize(s.Context(), s.onSaved(s.saved(Good), 1500))
	s.wantIntent(held, err, payment.Held, 1500, 1500, 0)
	found, ok, err := s.p.Find(s.Context(), s.wanted())
	if err != nil || !ok || found.ID != held.ID {
		s.Errorf("found %+v, %v, %v", found, ok, err)
	}
	taken, err := s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantIntent(taken, err, payment.Taken, 1500, 0, 1500)
	if _, err := s.p.Refund(s.Context(), s.refund(held.ID, "refund", 1500)); err != nil {
		s.Error(err)
	}
}

func savedOneKey(s suite) {
	card := s.saved(Good)
	first, err := s.p.Authorize(s.Context(), s.onSaved(card, 1500))
	s.wantIntent(first, err, payment.Held, 1500, 1500, 0)
	again, err := s.p.Authorize(s.Context(), s.onSaved(card, 1500))
	s.wantIntent(again, err, payment.Held, 1500, 1500, 0)
	if again.ID != first.ID {
		s.Errorf("two holds under one key: %s and %s", first.ID, again.ID)
	}
	s.Vault.Save(s.T, card.Customer, Good, true)
	_, err = s.p.Authorize(s.Context(), s.onSaved(s.savedCards(card.Customer)[0], 1500))
	s.wantKind(err, payment.KeyReused)
}

func savedDeclined(s suite) {
	_, err := s.p.Authorize(s.Context(), s.onSaved(s.saved(Broke), 1500))
	s.wantKind(err, payment.Declined)
	s.wantNone()
}

func savedSecure(s suite) {
	_, err := s.p.Authorize(s.Context(), s.onSaved(s.saved(Secure), 1500))
	s.wantKind(err, payment.ActionRequired)
	s.wantNone()
}

func savedOfAnother(s suite) {
	card := s.saved(Good)
	card.Customer = s.saved(Good).Customer
	_, err := s.p.Authorize(s.Context(), s.onSaved(card, 1500))
	s.wantKind(err, payment.Refused)
	s.wantNone()
}

func savedForgotten(s suite) {
	card := s.saved(Good)
	s.Vault.Forget(s.T, card)
	if got := s.savedCards(card.Customer); len(got) != 0 {
		s.Errorf("saved cards %+v after the only one was forgotten", got)
	}
	_, err := s.p.Authorize(s.Context(), s.onSaved(card, 1500))
	s.wantKind(err, payment.Refused)
	s.wantNone()
}

func savedMalformed(s suite) {
	card := s.saved(Good)
	for name, r := range map[string]payment.AuthorizeRequest{
		"no customer": s.onSaved(commerce.SavedCard{Method: card.Method}, 1500),
		"no method":   s.onSaved(commerce.SavedCard{Customer: card.Customer}, 1500),
		"a token too": func() payment.AuthorizeRequest {
			r := s.onSaved(card, 1500)
			r.Token = s.Mint(s.T, Grant{Max: 1500})
			return r
		}(),
	} {
		if _, err := s.p.Authorize(s.Context(), r); payment.KindOf(err) != payment.Refused {
			s.Errorf("%s: %v, want it refused", name, err)
		}
	}
	s.wantNone()
}
