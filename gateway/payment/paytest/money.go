package paytest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/payment"
)

func holdCaptureRefund(s suite) {
	held := s.hold(4923)
	if held.CaptureBefore.IsZero() || !held.CaptureBefore.After(s.Now()) {
		s.Errorf("capture before %s, want a time to come", held.CaptureBefore)
	}
	s.wantNow(held.ID, payment.Held, 4923, 4923, 0)
	taken, err := s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantIntent(taken, err, payment.Taken, 4923, 0, 4923)
	if taken.ID != held.ID {
		s.Errorf("captured %s, held %s", taken.ID, held.ID)
	}
	back, err := s.p.Refund(s.Context(), s.refund(held.ID, "refund", 923))
	if err != nil || back.ID == "" || back.Amount != usd(923) || back.Status == payment.RefundFailed {
		s.Fatalf("refund %+v: %v", back, err)
	}
	now := s.wantNow(held.ID, payment.Taken, 4923, 0, 4923)
	if now.Refunded != 923 {
		s.Errorf("refunded %d, want 923", now.Refunded)
	}
}

func holdVoid(s suite) {
	held := s.hold(1000)
	gone, err := s.p.Void(s.Context(), s.change(held.ID, "void"))
	s.wantIntent(gone, err, payment.Gone, 1000, 0, 0)
	s.wantNow(held.ID, payment.Gone, 1000, 0, 0)
}

func oneKeyOneHold(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	one, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(one, err, payment.Held, 1000, 1000, 0)
	two, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(two, err, payment.Held, 1000, 1000, 0)
	if one.ID != two.ID {
		s.Errorf("the same key held twice: %s and %s", one.ID, two.ID)
	}
}

func oneKeyOtherAmount(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 2000}), 1000)
	one, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(one, err, payment.Held, 1000, 1000, 0)
	r.Amount = usd(1001)
	_, err = s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.KeyReused)
	s.wantNow(one.ID, payment.Held, 1000, 1000, 0)
}

func otherAccount(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	r.Terms.Account = "another"
	_, err := s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.KeyReused)
	r.Terms = s.p.Terms()
	r.Terms.Shape = "another"
	_, err = s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.KeyReused)
	s.wantNone()
}

func declines(s suite) {
	for card, code := range map[Card]string{Declining: "generic_decline", Broke: "insufficient_funds"} {
		r := s.request(s.Mint(s.T, Grant{Card: card, Max: 1000}), 1000)
		r.Key += code
		_, err := s.p.Authorize(s.Context(), r)
		typed := s.failure(err, payment.Declined)
		if typed.DeclineCode != code || typed.IntentID == "" {
			s.Errorf("decline %+v, want the code %s and the intent", typed, code)
		}
		s.wantNow(typed.IntentID, payment.Failed, 1000, 0, 0)
		gone, err := s.p.Void(s.Context(), s.change(typed.IntentID, "void"+code))
		s.wantIntent(gone, err, payment.Gone, 1000, 0, 0)
	}
}

func authentication(s suite) {
	_, err := s.p.Authorize(s.Context(), s.request(s.Mint(s.T, Grant{Card: Secure, Max: 1000}), 1000))
	s.wantKind(err, payment.ActionRequired)
	s.wantNone()
}

func tokenLimits(s suite) {
	token := s.Mint(s.T, Grant{Max: 1000})
	got, err := s.p.Inspect(s.Context(), s.p.Terms(), token)
	if err != nil || got.Currency != "usd" || got.Max != 1000 || got.Captured != 0 || got.Live || !got.DeactivatedAt.IsZero() {
		s.Fatalf("limits %+v: %v", got, err)
	}
	if got.ExpiresAt.Before(s.Now()) || got.ExpiresAt.After(s.Now().Add(2*time.Hour)) {
		s.Errorf("expires at %s", got.ExpiresAt)
	}
	if err := got.Allows(usd(1000), s.Now(), time.Minute); err != nil {
		s.Errorf("the whole limit must be allowed: %v", err)
	}
	s.wantKind(got.Allows(usd(1001), s.Now(), time.Minute), payment.TokenLimit)
	_, err = s.p.Authorize(s.Context(), s.request(token, 1001))
	s.wantKind(err, payment.TokenLimit)

	r := s.request(s.Mint(s.T, Grant{Currency: "eur", Max: 1000}), 1000)
	r.Key = s.key("currency")
	_, err = s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.TokenCurrency)
	s.wantNone()
}

func tokenExpired(s suite) {
	token := s.Mint(s.T, Grant{Max: 1000, ExpiresIn: 5 * time.Second})
	s.Pass(s.T, 7*time.Second)
	_, err := s.p.Authorize(s.Context(), s.request(token, 1000))
	if typed := s.failure(err, payment.TokenDeactivated); typed.Code != "expired" {
		s.Errorf("code %q, want expired", typed.Code)
	}
	got, err := s.p.Inspect(s.Context(), s.p.Terms(), token)
	if err != nil {
		s.Fatal(err)
	}
	s.wantKind(got.Allows(usd(1000), s.Now(), 0), payment.TokenDeactivated)
	s.wantNone()
}

func tokenRevoked(s suite) {
	token := s.Mint(s.T, Grant{Max: 1000})
	s.Revoke(s.T, token)
	_, err := s.p.Authorize(s.Context(), s.request(token, 1000))
	if typed := s.failure(err, payment.TokenDeactivated); typed.Code != "revoked" {
		s.Errorf("code %q, want revoked", typed.Code)
	}
	s.wantNone()
}

func tokenConsumed(s suite) {
	token := s.Mint(s.T, Grant{Max: 1000})
	held, err := s.p.Authorize(s.Context(), s.request(token, 1000))
	s.wantIntent(held, err, payment.Held, 1000, 1000, 0)
	taken, err := s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantIntent(taken, err, payment.Taken, 1000, 0, 1000)
	again := s.request(token, 1000)
	again.Key, again.Attempt = s.key("auth2"), 2
	_, err = s.p.Authorize(s.Context(), again)
	if typed := s.failure(err, payment.TokenDeactivated); typed.Code != "consumed" {
		s.Errorf("code %q, want consumed", typed.Code)
	}
	if got, err := s.p.Inspect(s.Context(), s.p.Terms(), token); err != nil || got.Captured != 1000 {
		s.Errorf("limits %+v: %v", got, err)
	}
}

func tokenUnknown(s suite) {
	for _, token := range []payment.Secret{"spt_postern_unknown", "", "pm_card_visa", "spt_/../../v1/balance", "spt_a b"} {
		_, err := s.p.Authorize(s.Context(), s.request(token, 1000))
		s.wantKind(err, payment.TokenUnknown)
		_, err = s.p.Inspect(s.Context(), s.p.Terms(), token)
		s.wantKind(err, payment.TokenUnknown)
	}
	s.wantNone()
}

func voidTwice(s suite) {
	held := s.hold(1000)
	for _, key := range []string{"void", "void", "void2"} {
		gone, err := s.p.Void(s.Context(), s.change(held.ID, key))
		s.wantIntent(gone, err, payment.Gone, 1000, 0, 0)
	}
}

func voidOfCaptured(s suite) {
	taken := s.taken(1000)
	_, err := s.p.Void(s.Context(), s.change(taken.ID, "void"))
	if typed := s.failure(err, payment.AlreadyCaptured); typed.IntentID != taken.ID {
		s.Errorf("intent %q, want %q", typed.IntentID, taken.ID)
	}
	back, err := s.p.Refund(s.Context(), s.refund(taken.ID, "refund", 1000))
	if err != nil || back.Amount != usd(1000) {
		s.Fatalf("refund %+v: %v", back, err)
	}
}

func captureTwice(s suite) {
	held := s.hold(1000)
	for _, key := range []string{"capture", "capture", "capture2"} {
		taken, err := s.p.Capture(s.Context(), s.change(held.ID, key))
		s.wantIntent(taken, err, payment.Taken, 1000, 0, 1000)
	}
}

func captureOfVoided(s suite) {
	held := s.hold(1000)
	gone, err := s.p.Void(s.Context(), s.change(held.ID, "void"))
	s.wantIntent(gone, err, payment.Gone, 1000, 0, 0)
	_, err = s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantKind(err, payment.Refused)
	s.wantNow(held.ID, payment.Gone, 1000, 0, 0)
}

func nothingToChange(s suite) {
	for _, id := range []string{"pi_postern_unknown", "", "../refunds"} {
		_, err := s.p.Capture(s.Context(), s.change(id, "capture"))
		s.wantKind(err, payment.Refused)
		_, err = s.p.Void(s.Context(), s.change(id, "void"))
		s.wantKind(err, payment.Refused)
		_, err = s.p.Refund(s.Context(), s.refund(id, "refund", 100))
		s.wantKind(err, payment.Refused)
	}
}

func refundLimits(s suite) {
	taken := s.taken(1000)
	_, err := s.p.Refund(s.Context(), s.refund(taken.ID, "more", 1001))
	s.wantKind(err, payment.Refused)
	if _, err = s.p.Refund(s.Context(), s.refund(taken.ID, "part", 600)); err != nil {
		s.Fatal(err)
	}
	_, err = s.p.Refund(s.Context(), s.refund(taken.ID, "rest+1", 401))
	s.wantKind(err, payment.Refused)
	if _, err = s.p.Refund(s.Context(), s.refund(taken.ID, "rest", 400)); err != nil {
		s.Fatal(err)
	}
	_, err = s.p.Refund(s.Context(), s.refund(taken.ID, "over", 1))
	s.wantKind(err, payment.Refused)
	if now := s.wantNow(taken.ID, payment.Taken, 1000, 0, 1000); now.Refunded != 1000 {
		s.Errorf("refunded %d", now.Refunded)
	}
	other := suite{T: s.T, World: s.World, p: s.p, session: s.session + "b", begun: s.begun}
	held := other.hold(1000)
	_, err = s.p.Refund(s.Context(), other.refund(held.ID, "hold", 1000))
	s.wantKind(err, payment.Refused)
}

func oneKeyOneRefund(s suite) {
	taken := s.taken(1000)
	r := s.refund(taken.ID, "refund", 300)
	r.Reason = "requested_by_customer"
	if _, ok, err := s.p.FindRefund(s.Context(), taken.ID, r.Key); ok || err != nil {
		s.Fatalf("a refund was found before it was made: %v", err)
	}
	one, err := s.p.Refund(s.Context(), r)
	if err != nil {
		s.Fatal(err)
	}
	two, err := s.p.Refund(s.Context(), r)
	if err != nil || one.ID != two.ID {
		s.Fatalf("the same key refunded %s and %s: %v", one.ID, two.ID, err)
	}
	r.Amount = usd(301)
	_, err = s.p.Refund(s.Context(), r)
	s.wantKind(err, payment.KeyReused)
	found, ok, err := s.p.FindRefund(s.Context(), taken.ID, r.Key)
	if err != nil || !ok || found.ID != one.ID || found.Amount != usd(300) {
		s.Fatalf("found %+v %v: %v", found, ok, err)
	}
	if _, ok, err := s.p.FindRefund(s.Context(), taken.ID, "other"); ok || err != nil {
		s.Errorf("found a refund of another key: %v", err)
	}
	if now := s.wantNow(taken.ID, payment.Taken, 1000, 0, 1000); now.Refunded != 300 {
		s.Errorf("refunded %d, want 300", now.Refunded)
	}
}

// refundPending: what was promised is not taken for done, and what became of it is read and not replayed.
func refundPending(s suite) {
	for _, end := range []payment.RefundStatus{payment.RefundSucceeded, payment.RefundFailed} {
		one := suite{T: s.T, World: s.World, p: s.p, session: s.session + string(end), begun: s.begun}
		held, err := one.p.Authorize(s.Context(), one.request(s.Mint(s.T, Grant{Max: 1000, Card: Slow}), 1000))
		s.wantIntent(held, err, payment.Held, 1000, 1000, 0)
		taken, err := one.p.Capture(s.Context(), one.change(held.ID, "capture"))
		s.wantIntent(taken, err, payment.Taken, 1000, 0, 1000)
		r := one.refund(held.ID, "refund", 1000)
		back, err := one.p.Refund(s.Context(), r)
		if err != nil || back.Status != payment.RefundPending || back.Amount != usd(1000) {
			s.Fatalf("refund %+v, want a pending one: %v", back, err)
		}
		if s.Settle == nil { // it ends by itself, in its own time, and cannot be made to fail
			return
		}
		read := func(want payment.RefundStatus) {
			s.Helper()
			got, ok, err := one.p.FindRefund(s.Context(), held.ID, r.Key)
			if err != nil || !ok || got.ID != back.ID || got.Status != want || got.Amount != usd(1000) {
				s.Errorf("found %+v %v, want it %s: %v", got, ok, want, err)
			}
		}
		read(payment.RefundPending)
		s.Settle(s.T, back.ID, end)
		read(end)
		if again, err := one.p.Refund(s.Context(), r); err != nil || again.ID != back.ID {
			s.Errorf("the same key refunded again: %+v: %v", again, err)
		}
		read(end)
		want := map[payment.RefundStatus]int64{payment.RefundSucceeded: 1000, payment.RefundFailed: 0}[end]
		if now := one.wantNow(held.ID, payment.Taken, 1000, 0, 1000); now.Refunded != want {
			s.Errorf("refunded %d when it was %s, want %d", now.Refunded, end, want)
		}
	}
}

func findByID(s suite) {
	held := s.hold(1000)
	s.wantNow(held.ID, payment.Held, 1000, 1000, 0)
	for _, id := range []string{"pi_postern_unknown", "../balance"} {
		if i, ok, err := s.p.Find(s.Context(), payment.FindRequest{IntentID: id}); ok || err != nil {
			s.Errorf("found %+v under %q: %v", i, id, err)
		}
	}
}

func findBySession(s suite) {
	if i, ok, err := s.p.Find(s.Context(), s.wanted()); ok || err != nil {
		s.Fatalf("found %+v before anything was made: %v", i, err)
	}
	held := s.hold(1000)
	found, ok, err := s.p.Find(s.Context(), s.wanted())
	if err != nil || !ok || found.ID != held.ID || found.State != payment.Held || found.CaptureBefore.IsZero() {
		s.Fatalf("found %+v %v: %v", found, ok, err)
	}
	for _, r := range []payment.FindRequest{
		{SessionID: s.session, Attempt: 2, Since: s.begun},
		{SessionID: s.session + "x", Attempt: 1, Since: s.begun},
		{SessionID: s.session, Attempt: 1, Since: s.Now().Add(time.Hour)},
	} {
		if i, ok, err := s.p.Find(s.Context(), r); ok || err != nil {
			s.Errorf("found %+v for %+v: %v", i, r, err)
		}
	}
	for _, r := range []payment.FindRequest{{}, {Attempt: 1, Since: s.begun}, {SessionID: s.session, Attempt: 1}} {
		_, _, err := s.p.Find(s.Context(), r)
		s.wantKind(err, payment.Refused)
	}
}

func check(s suite) {
	if err := s.p.Check(s.Context()); err != nil {
		s.Error(err)
	}
	if terms := s.p.Terms(); terms.APIVersion == "" || terms.Shape == "" || terms.Account == "" {
		s.Errorf("terms %+v", terms)
	}
}

func noKey(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	for _, key := range []string{"", " ", "a b", "a\nb", "k\u00e9y", strings.Repeat("k", 256)} {
		r.Key = key
		_, err := s.p.Authorize(s.Context(), r)
		s.wantKind(err, payment.Refused)
	}
	_, err := s.p.Capture(s.Context(), payment.ChangeRequest{IntentID: "pi_1"})
	s.wantKind(err, payment.Refused)
	_, err = s.p.Void(s.Context(), payment.ChangeRequest{IntentID: "pi_1"})
	s.wantKind(err, payment.Refused)
	_, err = s.p.Refund(s.Context(), payment.RefundRequest{IntentID: "pi_1", Amount: usd(1)})
	s.wantKind(err, payment.Refused)
	s.wantNone()
}

func endedContext(s suite) {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	_, err := s.p.Authorize(ctx, s.request(s.Mint(s.T, Grant{Max: 1000}), 1000))
	typed, ok := errors.AsType[*payment.Error](err)
	if !ok || (typed.Kind != payment.Unknown && typed.Kind != payment.Unreachable) {
		s.Fatalf("error %v, want unknown or unreachable", err)
	}
	if !errors.Is(err, context.Canceled) {
		s.Errorf("error %v does not wrap the context's", err)
	}
}
