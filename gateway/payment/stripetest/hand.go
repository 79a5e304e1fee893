package stripetest

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Grant is what [Server.Mint] puts into a token.
type Grant struct {
	PaymentMethod string // such as pm_card_visa, the default
	Currency      string // lower case
	MaxAmount     int64  // minor units
	ExpiresAt     time.Time
	Risk          string // block or continue; empty gives no verdict
}

// Mint grants a token to the first seller, as the test helper does, and returns its id.
func (s *Server) Mint(g Grant) (string, error) {
	if g.PaymentMethod == "" {
		g.PaymentMethod = "pm_card_visa"
	}
	form := url.Values{
		"payment_method":           {g.PaymentMethod},
		"usage_limits[currency]":   {g.Currency},
		"usage_limits[max_amount]": {strconv.FormatInt(g.MaxAmount, 10)},
	}
	if !g.ExpiresAt.IsZero() {
		form.Set("usage_limits[expires_at]", strconv.FormatInt(g.ExpiresAt.Unix(), 10))
	}
	known, failure := mintSpec(ShapeMethodData).check(form)
	if failure != nil {
		return "", fmt.Errorf("mint a token: %s", failure.Message)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.inside()
	c.args = known
	t, failure := s.newToken(c)
	if failure != nil {
		return "", fmt.Errorf("mint a token: %s", failure.Message)
	}
	t.seller, t.risk = c.account, g.Risk
	c.account.grants.add(t.id, t)
	return t.id, nil
}

// Revoke ends a token as its agent would.
func (s *Server) Revoke(tokenID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.inside()
	t, failure := c.account.granted(tokenID, "id")
	if failure != nil {
		return fmt.Errorf("revoke a token: %s", failure.Code)
	}
	s.deactivate(t, reasonRevoked, c)
	return nil
}

// Finish ends a payment that waits in processing or requires_action. ok accepts it; otherwise it is declined.
func (s *Server) Finish(intentID string, ok bool) error {
	defer s.post.wake()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.inside()
	pi, failure := c.account.intent(intentID)
	if failure != nil {
		return fmt.Errorf("finish intent %s: %s", intentID, failure.Code)
	}
	if pi.status != StatusProcessing && pi.status != StatusRequiresAction {
		return fmt.Errorf("finish intent %s: its status is %s", intentID, pi.status)
	}
	if ok {
		s.authorize(pi, c)
		return nil
	}
	pi.action = false
	pi.become(StatusRequiresPaymentMethod)
	refusal(pi, "payment_intent_authentication_failure", "", "The payment was not completed.")
	s.emit(c, "payment_intent.payment_failed", pi.wire(nil))
	return nil
}

// ExpireHold lets an open hold run out, as a card network may do early.
func (s *Server) ExpireHold(intentID string) error {
	defer s.post.wake()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.inside()
	pi, failure := c.account.intent(intentID)
	if failure != nil {
		return fmt.Errorf("expire the hold of %s: %s", intentID, failure.Code)
	}
	if pi.status != StatusRequiresCapture {
		return fmt.Errorf("expire the hold of %s: its status is %s", intentID, pi.status)
	}
	s.expire(pi, c)
	return nil
}

// SettleRefund ends a refund: succeeded, failed or canceled. A failed refund leaves the money with the seller.
func (s *Server) SettleRefund(refundID, status string) error {
	defer s.post.wake()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.inside()
	r, failure := c.account.refund(refundID)
	if failure != nil {
		return fmt.Errorf("settle refund %s: %s", refundID, failure.Code)
	}
	reason := ""
	switch status {
	case "succeeded", "canceled":
	case "failed":
		reason = "declined"
	default:
		return fmt.Errorf("settle refund %s: unknown status %q", refundID, status)
	}
	s.finish(r, status, reason, c)
	return nil
}

// inside is a call that no client made. The caller holds the lock.
func (s *Server) inside() *call { return &call{account: s.accounts[0], now: s.clock.Now()} }

// watch makes sure that the next sweep comes no later than at. The caller holds the lock.
func (s *Server) watch(at time.Time) {
	if s.due.IsZero() || at.Before(s.due) {
		s.due = at
	}
}

// sweep lets holds and tokens run out whose time has come, and finds out when the next one will. The caller holds the lock.
func (s *Server) sweep(now time.Time) {
	if s.due.IsZero() || now.Before(s.due) {
		return
	}
	s.due = time.Time{}
	for _, a := range s.accounts {
		c := &call{account: a, now: now}
		for _, pi := range a.intents.list {
			switch {
			case pi.captureBefore.IsZero():
			case now.Before(pi.captureBefore):
				s.watch(pi.captureBefore)
			default:
				s.expire(pi, c)
			}
		}
		for _, t := range a.grants.list {
			switch {
			case t.expiresAt.IsZero() || t.reason != "":
			case now.Before(t.expiresAt):
				s.watch(t.expiresAt)
			default:
				s.deactivate(t, reasonExpired, c)
			}
		}
	}
}

// expire cancels a hold that was never captured.
func (s *Server) expire(pi *intent, c *call) {
	s.release(pi, "automatic", c)
	s.emit(c, "charge.expired", pi.charge.wire())
}
