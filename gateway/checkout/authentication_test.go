package checkout_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
)

const cryptogram = "M6+990I6FLD8Y6rZz9d5QbfrMNY="

// proved is a result of an authentication that was made n times before.
func proved(n int) *commerce.AuthenticationResult {
	return &commerce.AuthenticationResult{
		Outcome: commerce.OutcomeAuthenticated, Cryptogram: cryptogram, ECI: "05", TransactionID: fmt.Sprintf("ds-%d", n), Version: "2.2.0",
	}
}

// outcome is a result without details.
func outcome(word string) *commerce.AuthenticationResult {
	return &commerce.AuthenticationResult{Outcome: word}
}

// authenticating is a shop that lets an agent authenticate card holders, and an agent that can.
func authenticating(change ...func(*checkout.Authentication)) func(*world) {
	return func(w *world) {
		a := &checkout.Authentication{Always: true, Acquirer: commerce.AuthenticationMetadata{
			AcquirerBIN: "400000", AcquirerCountry: "US", AcquirerMerchantID: "1234567890", MerchantName: "Shop", DirectoryServer: "visa",
		}}
		for _, c := range change {
			c(a)
		}
		w.settings.Authentication = a
		w.wishes = append(w.wishes, func(r *commerce.CreateRequest) { r.Capabilities.Interventions.Supported = []string{"3ds"} })
	}
}

func onRequest(a *checkout.Authentication) { a.Always = false }

// secure is a token whose card wants the buyer to authenticate.
func secure(g *stripetest.Grant) { g.PaymentMethod = "pm_card_threeDSecure2Required" }

// declining is a token whose issuer says no.
func declining(g *stripetest.Grant) { g.PaymentMethod = "pm_card_visa_chargeDeclined" }

// pay completes a session with a result; nil sends none.
func (w *world) pay(key, id, token string, r *commerce.AuthenticationResult, add ...func(*commerce.CompleteRequest)) (store.Answer, error) {
	w.t.Helper()
	request := commerce.CompleteRequest{Payment: commerce.Payment{HandlerID: "card", Token: token}, Authentication: r}
	for _, a := range add {
		a(&request)
	}
	return w.service.Complete(w.t.Context(), w.call(key), id, request)
}

func wantParam(t *testing.T, err error, k commerce.Kind, param string) {
	t.Helper()
	wantKind(t, err, k)
	if !strings.Contains(fmt.Sprintf("%+v", *err.(*commerce.Fault)), param) { //nolint:errorlint,errcheck // the fault itself is looked at
		t.Fatalf("the fault does not blame %s: %+v", param, err)
	}
}

func wantStatus(t *testing.T, cs commerce.Session, s commerce.Status) {
	t.Helper()
	if cs.Status != s {
		t.Fatalf("the session is %s, want %s: %v", cs.Status, s, cs.Messages)
	}
}

// TestAuthenticatedByTheAgent is the whole way: asked for beforehand, refused without, paid with.
func TestAuthenticatedByTheAgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating())
	cs := w.create()
	wantStatus(t, cs, commerce.AuthenticationRequired)
	if m := cs.AuthenticationMetadata; m == nil || m.AcquirerBIN != "400000" || m.DirectoryServer != "visa" || m.Channel != nil {
		t.Fatalf("metadata %+v", m)
	}
	_, err := w.pay("", cs.ID, w.token(secure), nil)
	wantParam(t, err, commerce.ThreeDSRequired, "$.authentication_result")
	w.nothing(cs.ID)
	a, err := w.pay("k1", cs.ID, w.token(secure), proved(1))
	done := session(t, a, err)
	wantStatus(t, done, commerce.Completed)
	if done.AuthenticationMetadata != nil {
		t.Error("a completed session still asks")
	}
	w.completed(cs.ID)
	if i := w.ledger(cs.ID).Intents; len(i) != 1 || i[0].ThreeDS != "ds-1" {
		t.Fatalf("intents %+v", i)
	}
	// The cryptogram is needed until the hold is answered, and is nowhere afterwards.
	sagas, err := w.store.Sagas(t.Context(), cs.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range append([]store.Saga{{Body: w.row(cs.ID).Body}}, sagas...) {
		if bytes.Contains(g.Body, []byte(strings.Trim(mustJSON(t, cryptogram), `"`))) {
			t.Errorf("the cryptogram is kept: %s", g.Step)
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAResultIsForOneAmount moves the price under a result. Nothing is charged, a new result is asked for, and the old one is void.
func TestAResultIsForOneAmount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating())
	cs := w.create()
	w.shop.do(func() { w.shop.prices["tea"]++ })
	a, err := w.pay("", cs.ID, w.token(secure), proved(1))
	told := session(t, a, err)
	wantStatus(t, told, commerce.AuthenticationRequired)
	wantMessage(t, told, commerce.CodePriceChange)
	w.nothing(cs.ID)
	_, err = w.pay("", cs.ID, w.token(secure), proved(1))
	wantParam(t, err, commerce.Invalid, "$.authentication_result")
	w.nothing(cs.ID)
	a, err = w.pay("", cs.ID, w.token(secure), proved(2))
	wantStatus(t, session(t, a, err), commerce.Completed)
	w.completed(cs.ID)
	if i := w.ledger(cs.ID).Intents; len(i) != 1 || i[0].ThreeDS != "ds-2" {
		t.Fatalf("intents %+v", i)
	}
}

// TestAnUpdateVoidsWhatWasAsked changes the amount by an update: another authentication is asked for. One that does not, changes nothing.
func TestAnUpdateVoidsWhatWasAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating())
	cs := w.create()
	a, err := w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("ring twice")})
	same := session(t, a, err)
	wantStatus(t, same, commerce.AuthenticationRequired)
	a, err = w.update(cs.ID, commerce.UpdateRequest{Lines: commerce.Set([]commerce.CartLine{{ItemID: "cup", Quantity: 3}})})
	other := session(t, a, err)
	wantStatus(t, other, commerce.AuthenticationRequired)
	if cs.Authentication.Fingerprint != same.Authentication.Fingerprint || cs.Authentication.Fingerprint == other.Authentication.Fingerprint {
		t.Fatalf("asked for %s, %s, %s", cs.Authentication.Fingerprint, same.Authentication.Fingerprint, other.Authentication.Fingerprint)
	}
	a, err = w.update(cs.ID, commerce.UpdateRequest{Buyer: commerce.Clear[commerce.Buyer]()})
	missing := session(t, a, err)
	wantStatus(t, missing, commerce.NotReady)
	if missing.AuthenticationMetadata != nil {
		t.Error("asked before everything else is there")
	}
}

// TestAResultIsUsedOnce lets the card be declined after a good result. The session is ready again, and the result is not taken twice.
func TestAResultIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating())
	cs := w.create()
	a, err := w.pay("", cs.ID, w.token(declining), proved(1))
	told := session(t, a, err)
	wantStatus(t, told, commerce.Ready)
	wantMessage(t, told, commerce.CodePaymentDeclined)
	_, err = w.pay("", cs.ID, w.token(secure), proved(1))
	wantParam(t, err, commerce.Invalid, "$.authentication_result") // it waits for none
	a, err = w.pay("", cs.ID, w.token(secure), nil)
	wantStatus(t, session(t, a, err), commerce.AuthenticationRequired)
	_, err = w.pay("", cs.ID, w.token(secure), proved(1))
	wantParam(t, err, commerce.Invalid, "$.authentication_result") // it was used
	w.untouched(cs.ID)
	a, err = w.pay("", cs.ID, w.token(secure), proved(2))
	wantStatus(t, session(t, a, err), commerce.Completed)
	w.completed(cs.ID)
}

// TestAResultIsForOneSession sends the result of one session in another: nothing is charged for it there, and a restart forgets nothing. A
// result that never went anywhere is free.
func TestAResultIsForOneSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating())
	idle, first, second := w.create(), w.create(), w.create()
	w.store.failAfter(0, 1) // the intent
	_, err := w.pay("", idle.ID, w.token(secure), proved(1))
	wantKind(t, err, commerce.Unavailable)
	a, err := w.pay("", first.ID, w.token(secure), proved(1))
	wantStatus(t, session(t, a, err), commerce.Completed)
	for range 2 {
		_, err = w.pay("", second.ID, w.token(secure), proved(1))
		wantParam(t, err, commerce.Invalid, "$.authentication_result")
		wantStatus(t, w.get(second.ID), commerce.AuthenticationRequired)
		w.rest(first.ID)
		w.restart()
	}
	a, err = w.pay("", second.ID, w.token(secure), proved(2))
	wantStatus(t, session(t, a, err), commerce.Completed)
	for id, proof := range map[string]string{first.ID: "ds-1", second.ID: "ds-2"} {
		if i := w.ledger(id).Intents; len(i) != 1 || i[0].ThreeDS != proof {
			t.Errorf("intents %+v", i)
		}
	}
}

// TestOutcomes is what becomes of each outcome, by policy.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	takes := func(a *checkout.Authentication) { a.TakeUnproven = true }
	strict := func(a *checkout.Authentication) { a.RefuseAttempted = true }
	attempted := proved(1)
	attempted.Outcome = commerce.OutcomeAttempted
	for name, c := range map[string]struct {
		result  *commerce.AuthenticationResult
		policy  func(*checkout.Authentication)
		message string // empty: paid
		proof   string // that reached the processor
	}{
		"authenticated":              {proved(1), nil, "", "ds-1"},
		"authenticated, bare":        {outcome(commerce.OutcomeAuthenticated), nil, commerce.CodeRequires3DS, ""},
		"authenticated, bare, taken": {outcome(commerce.OutcomeAuthenticated), takes, "", ""},
		"attempted":                  {attempted, nil, "", "ds-1"},
		"attempted, refused":         {attempted, strict, commerce.CodeRequires3DS, ""},
		"denied":                     {outcome(commerce.OutcomeDenied), takes, commerce.CodePaymentDeclined, ""},
		"rejected":                   {outcome(commerce.OutcomeRejected), takes, commerce.CodePaymentDeclined, ""},
		"abandoned":                  {outcome(commerce.OutcomeAbandoned), takes, commerce.CodeRequires3DS, ""},
		"canceled":                   {outcome(commerce.OutcomeCanceled), takes, commerce.CodeRequires3DS, ""},
		"not supported":              {outcome(commerce.OutcomeNotSupported), nil, commerce.CodeRequires3DS, ""},
		"not supported, taken":       {outcome(commerce.OutcomeNotSupported), takes, "", ""},
		"internal error":             {outcome(commerce.OutcomeInternalError), nil, commerce.CodeRequires3DS, ""},
		"processing error, taken":    {outcome(commerce.OutcomeProcessingError), takes, "", ""},
		"informational":              {outcome(commerce.OutcomeInformational), nil, commerce.CodeRequires3DS, ""},
		"a word of tomorrow":         {outcome("hoped"), nil, commerce.CodeRequires3DS, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var change []func(*checkout.Authentication)
			if c.policy != nil {
				change = append(change, c.policy)
			}
			w := newWorld(t, authenticating(change...))
			cs := w.create()
			a, err := w.pay("", cs.ID, w.token(), c.result)
			got := session(t, a, err)
			if c.message == "" {
				wantStatus(t, got, commerce.Completed)
				w.completed(cs.ID)
				if i := w.ledger(cs.ID).Intents; i[0].ThreeDS != c.proof {
					t.Fatalf("the processor was told %q", i[0].ThreeDS)
				}
				return
			}
			wantStatus(t, got, commerce.Ready)
			wantMessage(t, got, c.message)
			w.nothing(cs.ID)
			a, err = w.pay("", cs.ID, w.token(), nil) // the session is usable again
			wantStatus(t, session(t, a, err), commerce.AuthenticationRequired)
			a, err = w.pay("", cs.ID, w.token(), proved(2))
			wantStatus(t, session(t, a, err), commerce.Completed)
			w.completed(cs.ID)
		})
	}
}

// TestAResultThatNobodyAskedFor is refused, whatever the policy.
func TestAResultThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"stripe":     func(*world) {},
		"on request": authenticating(onRequest),
		"below":      authenticating(func(a *checkout.Authentication) { a.Always, a.Above = false, 1_000_000 }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, change)
			cs := w.create()
			wantStatus(t, cs, commerce.Ready)
			_, err := w.pay("", cs.ID, w.token(), proved(1))
			wantParam(t, err, commerce.Invalid, "$.authentication_result")
			w.nothing(cs.ID)
		})
	}
}

// TestAuthenticationAboveATotal asks where the total is above the shop's line, and no longer where an update brings it below.
func TestAuthenticationAboveATotal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating(func(a *checkout.Authentication) { a.Always, a.Above = false, 2000 }))
	cs := w.create()
	wantStatus(t, cs, commerce.AuthenticationRequired)
	a, err := w.update(cs.ID, commerce.UpdateRequest{Lines: commerce.Set([]commerce.CartLine{{ItemID: "cup", Quantity: 1}})})
	small := session(t, a, err)
	wantStatus(t, small, commerce.Ready)
	if small.AuthenticationMetadata != nil {
		t.Error("asked for a small total")
	}
}

// TestOnRequest asks only after the processor would not go on: the intent that asked is dead before anybody hears of it (S2).
func TestOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating(onRequest))
	cs := w.create()
	wantStatus(t, cs, commerce.Ready)
	a, err := w.pay("k1", cs.ID, w.token(secure), nil, func(r *commerce.CompleteRequest) {
		r.RiskSignals = &commerce.RiskSignals{IPAddress: "203.0.113.7", UserAgent: "Browser/1", AcceptLanguage: "en"}
	})
	told := session(t, a, err)
	wantStatus(t, told, commerce.AuthenticationRequired)
	wantMessage(t, told, commerce.CodeRequires3DS)
	if m := told.AuthenticationMetadata; m == nil || !bytes.Contains(m.Channel, []byte("203.0.113.7")) {
		t.Fatalf("metadata %+v", told.AuthenticationMetadata)
	}
	w.rest(cs.ID)
	w.untouched(cs.ID)
	_, err = w.pay("", cs.ID, w.token(secure), nil)
	wantKind(t, err, commerce.ThreeDSRequired)
	a, err = w.pay("k2", cs.ID, w.token(secure), proved(1))
	wantStatus(t, session(t, a, err), commerce.Completed)
	w.completed(cs.ID)
	if i := w.ledger(cs.ID).Intents; len(i) != 2 || i[0].ThreeDS != "" || i[1].ThreeDS != "ds-1" {
		t.Fatalf("intents %+v", i)
	}
}

// TestAnotherCardAfterADemand gives the demanded authentication up: another card is tried without one.
func TestAnotherCardAfterADemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating(onRequest))
	cs := w.create()
	a, err := w.pay("", cs.ID, w.token(secure), nil)
	wantStatus(t, session(t, a, err), commerce.AuthenticationRequired)
	_, err = w.pay("", cs.ID, w.token(), nil)
	wantKind(t, err, commerce.ThreeDSRequired) // whatever the card: the session waits
	a, err = w.pay("", cs.ID, w.token(secure), outcome(commerce.OutcomeAbandoned))
	told := session(t, a, err)
	wantStatus(t, told, commerce.Ready)
	wantMessage(t, told, commerce.CodeRequires3DS)
	w.untouched(cs.ID)
	a, err = w.pay("", cs.ID, w.token(), nil)
	wantStatus(t, session(t, a, err), commerce.Completed)
	w.completed(cs.ID)
}

// TestAnAgentThatCannotAuthenticate is never made to wait for itself: the processor decides, and the shop's own pages are the way out.
func TestAnAgentThatCannotAuthenticate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, authenticating(), handing, func(w *world) { w.wishes = nil })
	cs := w.create()
	wantStatus(t, cs, commerce.Ready)
	a, err := w.pay("", cs.ID, w.token(secure), nil)
	told := session(t, a, err)
	wantStatus(t, told, commerce.Ready)
	wantMessage(t, told, commerce.CodeRequires3DS)
	if told.ContinueURL == "" {
		t.Error("the buyer has nowhere to go")
	}
	w.rest(cs.ID)
	w.untouched(cs.ID)
}

// TestAResultThatWentNowhereMayBeSentAgain gives an attempt up before anything was sent: the agent was told to send the same again.
func TestAResultThatWentNowhereMayBeSentAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs := w.create()
		w.memory.hold = func(func() payment.Intent) (payment.Intent, error) {
			return payment.Intent{}, &payment.Error{Kind: payment.Unreachable, Message: "planted"}
		}
		w.deadline = w.patience * 100
		wantKind(t, (<-w.begin("k1", cs.ID, "spt_1")).err, commerce.Unavailable)
		wantStatus(t, w.get(cs.ID), commerce.AuthenticationRequired)
		w.memory.do(func() { w.memory.hold = nil })
		w.sold((<-w.begin("k1", cs.ID, "spt_1")).session(t))
		for _, h := range w.memory.holds() {
			if h.Authentication == nil || *h.Authentication != *proved(1) {
				t.Fatalf("a hold was asked for with %v", h.Authentication)
			}
		}
	}, authenticating(), func(w *world) {
		w.adds = append(w.adds, func(r *commerce.CompleteRequest) { r.Authentication = proved(1) })
	}, seldom)
}

// TestTheSameProofAfterACrash ends the process at every point of a complete with a result. Whatever is sent again carries the same proof,
// and one hold is paid for by one result.
func TestTheSameProofAfterACrash(t *testing.T) {
	t.Parallel()
	change := func(w *world) {
		authenticating()(w)
		w.adds = append(w.adds, func(r *commerce.CompleteRequest) {
			r.Authentication = proved(1)
			if w.boots > 1 {
				r.Authentication = proved(w.boots) // what is frozen wins, once it is
			}
		})
	}
	for i, point := range points(t, change) {
		if slow > 1 && i%3 != 0 {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", i+1, point), func(t *testing.T) {
			t.Parallel()
			w, id, _ := killed(t, i+1, change)
			durable := len(w.steps(id)) > 0
			if _, _, err := w.insist("k1", id, w.firstToken); err != nil {
				t.Fatal(err)
			}
			w.completed(id)
			want := "ds-2"
			if durable {
				want = "ds-1"
			}
			for _, i := range w.ledger(id).Intents {
				if i.ThreeDS != want {
					t.Errorf("intent %s was proved by %q, want %q", i.ID, i.ThreeDS, want)
				}
			}
		})
	}
}
