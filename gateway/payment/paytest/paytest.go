// Package paytest is the contract of [payment.Processor] as a test suite: what every processor must do with money.
//
// Start at [Run]. The stateful Stripe in stripetest passes all of it at every test run; the real API passes it when a test key is
// given, without the parts that need a fault on demand. It imports payment, commerce and testing, and is imported by tests only.
package paytest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
)

// World is a processor and the strings behind it.
type World struct {
	Processor payment.Processor
	// Mint makes a token that the processor may charge.
	Mint func(*testing.T, Grant) payment.Secret
	// Revoke ends a token, as its agent would.
	Revoke func(*testing.T, payment.Secret)
	// Now is the processor's time.
	Now func() time.Time
	// Pass lets time pass. A real world really waits.
	Pass func(*testing.T, time.Duration)
	// Settle ends a refund that is pending, as succeeded or failed; nil where that happens by itself.
	Settle func(t *testing.T, refundID string, as payment.RefundStatus)
	// Inject makes the next such call misbehave once; nil where that is impossible.
	Inject func(*testing.T, Call, Fault)
	// Vault is nil where there are no saved cards.
	Vault *Vault
	// Secrets must not show up in any error.
	Secrets []string
}

// Grant is what a token allows.
type Grant struct {
	Card      Card
	Currency  commerce.Currency // empty: usd
	Max       int64             // minor units
	ExpiresIn time.Duration     // 0: one hour
}

// Card is how the buyer's issuer behaves.
type Card int

// The issuers that the suite needs.
const (
	Good      Card = iota // accepts
	Declining             // declines without a reason
	Broke                 // declines for insufficient funds
	Secure                // wants the buyer to authenticate
	Slow                  // accepts; its refunds are pending at first
)

// Call is a method of the processor.
type Call int

// The calls that can be made to misbehave.
const (
	Authorize Call = iota
	Capture
	Void
	Refund
)

// Fault is a way to misbehave.
type Fault int

// The faults that the suite needs.
const (
	CutReply       Fault = iota // acts, then hangs up
	StoredFailure               // does not act, and answers 500 under the key from then on
	ActedFailure                // acts, and answers 500 under the key from then on
	Limited                     // 429
	KeyInUse                    // 409
	Garbled                     // acts, then answers something that is not JSON
	Unavailable                 // 503 before acting
	Late                        // acts, but answers only after a second
	TakesAtOnce                 // an authorization captures
	StaysOpen                   // an authorization stays in processing
	PartialHold                 // an authorization holds 1 only
	OpensReview                 // an authorization is put under review
	RunsOut                     // the hold of the next capture has run out
	Unreachability              // nothing listens any more
)

// Run runs the suite. Each test opens a world of its own.
func Run(t *testing.T, open func(*testing.T) World) {
	t.Helper()
	for name, test := range map[string]func(suite){
		"hold, capture, refund":               holdCaptureRefund,
		"hold, void":                          holdVoid,
		"one key, one hold":                   oneKeyOneHold,
		"one key, other amount":               oneKeyOtherAmount,
		"other account":                       otherAccount,
		"declines":                            declines,
		"authentication is refused":           authentication,
		"authentication is handed in":         authenticated,
		"token limits":                        tokenLimits,
		"token expired":                       tokenExpired,
		"token revoked":                       tokenRevoked,
		"token consumed":                      tokenConsumed,
		"token unknown":                       tokenUnknown,
		"void twice":                          voidTwice,
		"void of the captured":                voidOfCaptured,
		"capture twice":                       captureTwice,
		"capture of the voided":               captureOfVoided,
		"nothing to change":                   nothingToChange,
		"refunds stay within what was taken":  refundLimits,
		"one key, one refund":                 oneKeyOneRefund,
		"a refund takes its time":             refundPending,
		"find by id":                          findByID,
		"find by session and attempt":         findBySession,
		"check":                               check,
		"a write without a key is never sent": noKey,
		"a context that has ended":            endedContext,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(newSuite(t, open(t)))
		})
	}
	for name, test := range vaultTests() {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			if w.Vault == nil {
				t.Log("not run: this world has no saved cards")
				return
			}
			t.Parallel()
			test(newSuite(t, w))
		})
	}
	for name, test := range faultTests() {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			if w.Inject == nil {
				t.Log("not run: this world has no faults on demand")
				return
			}
			t.Parallel()
			test(newSuite(t, w))
		})
	}
}

// suite is one test with its world.
type suite struct {
	*testing.T
	World
	p payment.Processor
	// session is unique, because a real account remembers earlier runs.
	session string
	begun   time.Time
}

func newSuite(t *testing.T, w World) suite {
	t.Helper()
	s := suite{T: t, World: w, session: "cs_" + rand.Text(), begun: w.Now()}
	s.p = guarded{Processor: w.Processor, suite: &s}
	return s
}

func usd(minor int64) commerce.Money { return commerce.Money{Minor: minor, Currency: "usd"} }

// request is an authorization of the suite's session on a token.
func (s suite) request(token payment.Secret, minor int64) payment.AuthorizeRequest {
	return payment.AuthorizeRequest{
		Key: s.key("auth"), Terms: s.p.Terms(), Amount: usd(minor), Token: token, SessionID: s.session, Attempt: 1, Gateway: "paytest",
	}
}

func (s suite) key(what string) string { return s.session + ":" + what }

func (s suite) change(id, what string) payment.ChangeRequest {
	return payment.ChangeRequest{Key: s.key(what), IntentID: id}
}

func (s suite) refund(id, what string, minor int64) payment.RefundRequest {
	return payment.RefundRequest{Key: s.key(what), IntentID: id, Amount: usd(minor)}
}

// hold authorizes on a fresh token and insists.
func (s suite) hold(minor int64) payment.Intent {
	s.Helper()
	i, err := s.p.Authorize(s.Context(), s.request(s.Mint(s.T, Grant{Max: minor}), minor))
	s.wantIntent(i, err, payment.Held, minor, minor, 0)
	return i
}

// taken holds and captures and insists.
func (s suite) taken(minor int64) payment.Intent {
	s.Helper()
	held := s.hold(minor)
	i, err := s.p.Capture(s.Context(), s.change(held.ID, "capture"))
	s.wantIntent(i, err, payment.Taken, minor, 0, minor)
	return i
}

func (s suite) wantIntent(i payment.Intent, err error, state payment.State, amount, capturable, received int64) {
	s.Helper()
	if err != nil {
		s.Fatalf("unexpected failure: %v", err)
	}
	if i.ID == "" || i.State != state || i.Amount != usd(amount) || i.Capturable != capturable || i.Received != received {
		s.Fatalf("intent %+v, want %s of %d with %d capturable and %d received", i, state, amount, capturable, received)
	}
}

// wantKind insists on a typed failure.
func (s suite) wantKind(err error, kind payment.ErrorKind) {
	s.Helper()
	_ = s.failure(err, kind) // It is an error that was expected.
}

// failure insists on a typed failure and returns it.
func (s suite) failure(err error, kind payment.ErrorKind) *payment.Error {
	s.Helper()
	typed, ok := errors.AsType[*payment.Error](err)
	if !ok {
		s.Fatalf("error %v (%T), want a *payment.Error of kind %d", err, err, kind)
	}
	if typed.Kind != kind {
		s.Fatalf("error %v has kind %d, want %d", err, typed.Kind, kind)
	}
	return typed
}

// wantNow reads the intent afresh.
func (s suite) wantNow(id string, state payment.State, amount, capturable, received int64) payment.Intent {
	s.Helper()
	i, ok, err := s.p.Find(s.Context(), payment.FindRequest{IntentID: id})
	if err == nil && !ok {
		s.Fatalf("intent %s was not found", id)
	}
	s.wantIntent(i, err, state, amount, capturable, received)
	return i
}

// wantNone insists that the session has no intent that holds or took money.
func (s suite) wantNone() {
	s.Helper()
	i, ok, err := s.p.Find(s.Context(), s.wanted())
	if err != nil {
		s.Fatalf("look for the session's intent: %v", err)
	}
	if ok && (i.State == payment.Held || i.State == payment.Taken || i.State == payment.Processing) {
		s.Fatalf("money moved: %+v", i)
	}
}

func (s suite) wanted() payment.FindRequest {
	return payment.FindRequest{SessionID: s.session, Attempt: 1, Since: s.begun}
}

// guarded looks for secrets in every error that passes.
type guarded struct {
	payment.Processor
	suite *suite
}

func (g guarded) look(err error, also ...payment.Secret) {
	g.suite.Helper()
	if err == nil {
		return
	}
	texts := []string{err.Error(), fmt.Sprintf("%+v %#v", err, err)}
	for e := err; e != nil; e = errors.Unwrap(e) {
		texts = append(texts, e.Error(), fmt.Sprintf("%+v", e))
		if body, failed := json.Marshal(e); failed == nil {
			texts = append(texts, string(body))
		}
	}
	forbidden := append([]string{"_secret_"}, g.suite.Secrets...)
	for _, token := range also {
		forbidden = append(forbidden, string(token))
	}
	for _, text := range texts {
		for _, secret := range forbidden {
			if secret != "" && strings.Contains(text, secret) {
				g.suite.Errorf("an error shows a secret: %s", strings.ReplaceAll(text, secret, "***"))
			}
		}
	}
}

func (g guarded) Inspect(ctx context.Context, t payment.Terms, token payment.Secret) (payment.Limits, error) {
	g.suite.Helper()
	out, err := g.Processor.Inspect(ctx, t, token)
	g.look(err, token)
	return out, err
}

func (g guarded) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Intent, error) {
	g.suite.Helper()
	out, err := g.Processor.Authorize(ctx, r)
	g.look(err, r.Token)
	if r.Authentication != nil {
		g.look(err, payment.Secret(r.Authentication.Cryptogram))
	}
	return out, err
}

func (g guarded) Capture(ctx context.Context, r payment.ChangeRequest) (payment.Intent, error) {
	g.suite.Helper()
	out, err := g.Processor.Capture(ctx, r)
	g.look(err)
	return out, err
}

func (g guarded) Void(ctx context.Context, r payment.ChangeRequest) (payment.Intent, error) {
	g.suite.Helper()
	out, err := g.Processor.Void(ctx, r)
	g.look(err)
	return out, err
}

func (g guarded) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	g.suite.Helper()
	out, err := g.Processor.Refund(ctx, r)
	g.look(err)
	return out, err
}

func (g guarded) Find(ctx context.Context, r payment.FindRequest) (payment.Intent, bool, error) {
	g.suite.Helper()
	out, ok, err := g.Processor.Find(ctx, r)
	g.look(err)
	return out, ok, err
}
