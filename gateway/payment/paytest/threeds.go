package paytest

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// proof is an authentication as an agent brings it. The cryptogram is the sample of Stripe's own page about importing them.
func proof() *commerce.AuthenticationResult {
	return &commerce.AuthenticationResult{
		Outcome: commerce.OutcomeAuthenticated, Cryptogram: "M6+990I6FLD8Y6rZz9d5QbfrMNY=", ECI: "05",
		TransactionID: "5f5d08b8-9f74-4b9d-a8e0-1f0c4a8a5b1e", Version: "2.2.0",
	}
}

// authenticated hands a proof in for a card that wants the buyer to authenticate: then the hold stands. The same key holds once, and the
// proof belongs to what the key was used with.
func authenticated(s suite) {
	r := s.request(s.Mint(s.T, Grant{Card: Secure, Max: 1000}), 1000)
	r.Authentication = proof()
	held, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(held, err, payment.Held, 1000, 1000, 0)
	again, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(again, err, payment.Held, 1000, 1000, 0)
	if again.ID != held.ID {
		s.Errorf("the same key held twice: %s and %s", held.ID, again.ID)
	}
	r.Authentication = nil
	_, err = s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.KeyReused)
	taken, err := s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantIntent(taken, err, payment.Taken, 1000, 0, 1000)

	good := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	good.Key, good.Attempt, good.Authentication = s.key("auth2"), 2, proof()
	i, err := s.p.Authorize(s.Context(), good)
	s.wantIntent(i, err, payment.Held, 1000, 1000, 0)
}
