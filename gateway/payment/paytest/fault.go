package paytest

import (
	"context"
	"time"

	"github.com/postern-gateway/postern/gateway/payment"
)

// faultTests are the parts that need a processor that misbehaves on demand.
func faultTests() map[string]func(suite) {
	return map[string]func(suite){
		"the reply to an authorization is cut":     cutAuthorization,
		"the reply to a capture is cut":            cutCapture,
		"the reply to a void is cut":               cutVoid,
		"the reply to a refund is cut":             cutRefund,
		"a failure is stored under the key":        storedFailure,
		"a failure is answered after acting":       actedFailure,
		"the processor is busy":                    busy,
		"an answer cannot be read":                 garbled,
		"the processor is unavailable":             unavailable,
		"the processor is unreachable":             unreachable,
		"an answer comes after the deadline":       late,
		"an authorization takes the money at once": takenAtOnce,
		"an authorization stays open":              staysOpen,
		"a hold is not what was asked for":         oddHolds,
		"a hold has run out":                       ranOut,
	}
}

// again repeats an authorization whose outcome was unknown, and insists on one hold.
func (s suite) again(r payment.AuthorizeRequest) payment.Intent {
	s.Helper()
	i, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(i, err, payment.Held, r.Amount.Minor, r.Amount.Minor, 0)
	found, ok, err := s.p.Find(s.Context(), s.wanted())
	if err != nil || !ok || found.ID != i.ID {
		s.Fatalf("found %+v %v: %v; want %s", found, ok, err, i.ID)
	}
	return i
}

func cutAuthorization(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, CutReply)
	_, err := s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.Unknown)
	held, ok, err := s.p.Find(s.Context(), s.wanted())
	if err != nil || !ok || held.State != payment.Held {
		s.Fatalf("found %+v %v: %v", held, ok, err)
	}
	if same := s.again(r); same.ID != held.ID {
		s.Errorf("held %s and %s", held.ID, same.ID)
	}
}

func cutCapture(s suite) {
	held := s.hold(1000)
	s.Inject(s.T, Capture, CutReply)
	_, err := s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantKind(err, payment.Unknown)
	taken, err := s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantIntent(taken, err, payment.Taken, 1000, 0, 1000)
}

func cutVoid(s suite) {
	held := s.hold(1000)
	s.Inject(s.T, Void, CutReply)
	_, err := s.p.Void(s.Context(), s.change(held.ID, "void"))
	s.wantKind(err, payment.Unknown)
	gone, err := s.p.Void(s.Context(), s.change(held.ID, "void"))
	s.wantIntent(gone, err, payment.Gone, 1000, 0, 0)
}

func cutRefund(s suite) {
	taken := s.taken(1000)
	r := s.refund(taken.ID, "refund", 400)
	s.Inject(s.T, Refund, CutReply)
	_, err := s.p.Refund(s.Context(), r)
	s.wantKind(err, payment.Unknown)
	found, ok, err := s.p.FindRefund(s.Context(), taken.ID, r.Key)
	if err != nil || !ok {
		s.Fatalf("found %v: %v", ok, err)
	}
	same, err := s.p.Refund(s.Context(), r)
	if err != nil || same.ID != found.ID {
		s.Fatalf("refund %+v: %v; want %s", same, err, found.ID)
	}
	if now := s.wantNow(taken.ID, payment.Taken, 1000, 0, 1000); now.Refunded != 400 {
		s.Errorf("refunded %d, want 400", now.Refunded)
	}
}

func storedFailure(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, StoredFailure)
	_, err := s.p.Authorize(s.Context(), r)
	if typed := s.failure(err, payment.Unknown); typed.StoredReply {
		s.Error("the first failure is no stored reply")
	}
	_, err = s.p.Authorize(s.Context(), r)
	if typed := s.failure(err, payment.Unknown); !typed.StoredReply {
		s.Error("the second failure must say that it is a stored reply")
	}
	if i, ok, err := s.p.Find(s.Context(), s.wanted()); ok || err != nil {
		s.Errorf("found %+v: %v", i, err)
	}
}

func actedFailure(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, ActedFailure)
	_, err := s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.Unknown)
	found, ok, err := s.p.Find(s.Context(), s.wanted())
	if err != nil || !ok {
		s.Fatalf("found %v: %v", ok, err)
	}
	s.wantIntent(found, nil, payment.Held, 1000, 1000, 0)
}

func busy(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	for _, f := range []Fault{Limited, KeyInUse} {
		s.Inject(s.T, Authorize, f)
		_, err := s.p.Authorize(s.Context(), r)
		s.wantKind(err, payment.Busy)
		s.wantNone()
	}
	s.again(r)
}

func garbled(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, Garbled)
	_, err := s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.Unknown)
	s.again(r)
}

func unavailable(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, Unavailable)
	_, err := s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.Unknown)
	s.wantNone()
	s.again(r)
}

func unreachable(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, Unreachability)
	_, err := s.p.Authorize(s.Context(), r)
	s.wantKind(err, payment.Unreachable)
	s.wantKind(s.p.Check(s.Context()), payment.Unreachable)
}

func late(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, Late)
	ctx, cancel := context.WithTimeout(s.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := s.p.Authorize(ctx, r)
	s.wantKind(err, payment.Unknown)
	s.again(r)
}

func takenAtOnce(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, TakesAtOnce)
	taken, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(taken, err, payment.Taken, 1000, 0, 1000)
	_, err = s.p.Void(s.Context(), s.change(taken.ID, "void"))
	s.wantKind(err, payment.AlreadyCaptured)
	if _, err = s.p.Refund(s.Context(), s.refund(taken.ID, "refund", 1000)); err != nil {
		s.Fatal(err)
	}
}

func staysOpen(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, StaysOpen)
	open, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(open, err, payment.Processing, 1000, 0, 0)
	_, err = s.p.Void(s.Context(), s.change(open.ID, "void"))
	s.wantKind(err, payment.Refused)
	_, err = s.p.Capture(s.Context(), s.change(open.ID, "capture"))
	s.wantKind(err, payment.Refused)
}

func oddHolds(s suite) {
	r := s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	s.Inject(s.T, Authorize, PartialHold)
	part, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(part, err, payment.Held, 1000, 1, 0)
	r = s.request(s.Mint(s.T, Grant{Max: 1000}), 1000)
	r.Key, r.Attempt = s.key("auth2"), 2
	s.Inject(s.T, Authorize, OpensReview)
	reviewed, err := s.p.Authorize(s.Context(), r)
	s.wantIntent(reviewed, err, payment.Held, 1000, 1000, 0)
	if !reviewed.UnderReview || part.UnderReview {
		s.Errorf("under review: %v and %v", reviewed.UnderReview, part.UnderReview)
	}
}

func ranOut(s suite) {
	held := s.hold(1000)
	s.Inject(s.T, Capture, RunsOut)
	_, err := s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantKind(err, payment.Refused)
	s.wantNow(held.ID, payment.Gone, 1000, 0, 0)
}
