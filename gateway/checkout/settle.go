package checkout

import (
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
)

// settle adds to a priced session what hangs on the whole of it, before it is stored: whether the card holder must be authenticated, which
// channels are asked about, and where the buyer can go on. It must be done whenever a session was priced and stays open. A buyer who had
// taken the session over has lost it by that: whoever priced it did so in a cart of its own.
func (s *Service) settle(cs *commerce.Session) {
	shop, err := s.shop(cs.Shop)
	if err != nil {
		return
	}
	cs.HandedOffAt = time.Time{}
	cs.MarketingOptions = nil
	if shop.Upstream.CanRecordConsent() {
		cs.MarketingOptions = shop.Marketing
	}
	s.askAuthentication(shop, cs)
	s.invite(cs, false)
}

// invite gives an open session an address under which the buyer can go on in the shop, where there is such a place: the one that it has
// while that lasts, so that a session reads as it was told, else a fresh one. live says that a saga runs: then, and when the session has
// ended or is the buyer's already, there is none.
func (s *Service) invite(cs *commerce.Session, live bool) {
	had := cs.ContinueURL
	cs.ContinueURL = ""
	shop, err := s.shop(cs.Shop)
	if err != nil || s.handoff == nil || shop.Continue <= 0 || live || cs.Status.Terminal() || !cs.HandedOffAt.IsZero() {
		return
	}
	if _, err := shop.Upstream.ContinueURL(cs.Cart, cs.Quote.CartRef); err != nil {
		return // what does not lead anywhere is not offered
	}
	if cs.ContinueURL = had; !s.handoff.Lasts(had, handoff.Session, cs.ID, shop.Continue/2) {
		cs.ContinueURL = s.handoff.URL(handoff.Session, cs.ID, shop.Continue)
	}
}
