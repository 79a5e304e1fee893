package checkout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// Authentication is how agents authenticate card holders for a shop (3-D Secure). Nothing on the wire binds a result to a session, an
// amount or a token, so the session does: it takes a result only while it waits for one, for the amount that it was asked for, and once; and of two sessions one.
type Authentication struct {
	Acquirer commerce.AuthenticationMetadata // without the channel
	// Always asks for it in every session, and Above, where it is not zero, where the total in minor units is above it. In any session it
	// is asked for once the processor has refused to go on without it.
	Always bool
	Above  int64
	// RefuseAttempted takes an attempt that the issuer only acknowledged for no proof.
	RefuseAttempted bool
	// TakeUnproven goes on without proof where a result says neither yes nor no.
	TakeUnproven bool
}

const (
	paramAuthentication = "$.authentication_result"
	intervention3DS     = "3ds"
)

// authenticates reports whether the agent of cs can authenticate the card holder, and the shop lets it. That an agent says so unlocks
// nothing: the issuer decides.
func (s *Shop) authenticates(cs commerce.Session) bool {
	return s.Authentication != nil && slices.Contains(cs.Capabilities.Interventions.Supported, intervention3DS)
}

// askAuthentication makes a session that is ready wait for an authentication, where one is needed. One that was asked for another amount,
// or for another acquirer, is void.
func (s *Service) askAuthentication(shop *Shop, cs *commerce.Session) {
	cs.AuthenticationMetadata = nil
	if !shop.authenticates(*cs) {
		cs.Authentication = nil
		return
	}
	was := cs.Authentication
	if was == nil {
		was = &commerce.PendingAuthentication{}
	}
	now := *was // never changed in place: whoever gave cs may go on with what it was
	cs.Authentication = &now
	mark := authenticationOf(shop, *cs)
	switch a := shop.Authentication; {
	case cs.Status != commerce.Ready, cs.Quote.Total == 0:
		now.Fingerprint, now.Settled = "", false // it is asked when everything else is there
		return
	case !a.Always && (a.Above == 0 || cs.Quote.Total <= a.Above) && !now.Demanded:
		now.Fingerprint, now.Settled = "", false
		return
	case now.Settled && now.Fingerprint == mark:
		return // this amount was refused: the session is ready for another try, which begins with the next complete
	case now.Fingerprint != mark:
		now.Fingerprint, now.Settled, now.AskedAt = mark, false, s.clock.Now()
	}
	meta := shop.Authentication.Acquirer
	meta.Channel = channelOf(cs.RiskSignals)
	cs.AuthenticationMetadata = &meta
	cs.Status = commerce.AuthenticationRequired
}

// authenticationOf is the fingerprint of what an authentication of cs would be for.
func authenticationOf(shop *Shop, cs commerce.Session) string {
	a := shop.Authentication.Acquirer
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %q %q %q %q", cs.ID, cs.Quote.Total, cs.Currency, a.AcquirerBIN, a.AcquirerMerchantID, a.DirectoryServer))
	return hex.EncodeToString(sum[:])
}

// resultOf is the fingerprint of a result; empty where it holds nothing that could be used again.
func resultOf(r commerce.AuthenticationResult) string {
	if r.TransactionID == "" && r.Cryptogram == "" {
		return ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", r.TransactionID, r.Cryptogram))
	return hex.EncodeToString(sum[:])
}

// proofAgent is where the marks of proofs stand among the idempotency claims. No agent has a name with a space.
const proofAgent = "3-d secure result"

// markProof makes sure that proof goes to the processor for one session of the shop only, because nothing in it says for which one it was
// made. The mark is to be answered with the intent, or released; it is nil where there is no proof, and where cs has the mark already:
// its own list says what becomes of a proof there. Marks are kept for [store.Retention].
func (s *Service) markProof(ctx context.Context, cs commerce.Session, proof *commerce.AuthenticationResult) (*store.Claim, error) {
	if proof == nil {
		return nil, nil
	}
	mark := store.Claim{
		Agent: proofAgent, Path: "/" + cs.Shop, Key: resultOf(*proof), Fingerprint: sha256.Sum256([]byte(cs.ID)), Owner: s.owner,
		Token: s.newID("claim_"), At: s.clock.Now(),
	}
	switch existing, taken, err := s.store.Claim(ctx, mark); {
	case err != nil:
		return nil, unavailable("look at the authentication result", err)
	case taken:
		return &mark, nil
	case existing.Answer == nil:
		return nil, commerce.Faultf(commerce.Unavailable, "the authentication result is being used by another request; send the same request again")
	case existing.Fingerprint != mark.Fingerprint:
		return nil, commerce.Faultf(commerce.Invalid, "this authentication result was used in another checkout session; authenticate again").
			At(paramAuthentication)
	default:
		return nil, nil
	}
}

// unmarkProof frees a proof that was never sent. It does nothing once the mark was answered.
func (s *Service) unmarkProof(ctx context.Context, mark *store.Claim) {
	if mark == nil {
		return
	}
	if err := s.store.Release(ctx, *mark); err != nil {
		s.log.WarnContext(ctx, "could not free an authentication result that was not used", "error", err)
	}
}

// channelOf is the buyer's browser as the agent has described it; nil where it has not told enough. The dates from 2025-12-12 to
// 2026-01-30 want it. Of scripts nothing is claimed, which frees from the members that only a script can know.
func channelOf(r *commerce.RiskSignals) json.RawMessage {
	if r == nil || r.IPAddress == "" || r.UserAgent == "" || r.AcceptLanguage == "" || len(r.IPAddress) > 45 || len(r.AcceptLanguage) > 35 {
		return nil
	}
	raw, err := json.Marshal(map[string]any{"type": "browser", "browser": map[string]any{
		"accept_header": "*/*", "ip_address": r.IPAddress, "javascript_enabled": false, "language": r.AcceptLanguage, "user_agent": r.UserAgent,
	}})
	if err != nil {
		return nil
	}
	return raw
}

// expectsResult refuses a complete that lacks the result that the session waits for, or brings one that it does not.
func expectsResult(cs commerce.Session, r *commerce.AuthenticationResult) error {
	waits := cs.Status == commerce.AuthenticationRequired
	switch {
	case waits && r == nil:
		return commerce.Faultf(commerce.ThreeDSRequired,
			"the card holder must be authenticated first; send the result, whatever it is, as authentication_result").At(paramAuthentication)
	case !waits && r != nil:
		return commerce.Faultf(commerce.Invalid, "the session waits for no authentication result").At(paramAuthentication)
	case waits && cs.Authentication != nil && slices.Contains(cs.Authentication.Used, resultOf(*r)):
		return commerce.Faultf(commerce.Invalid, "this authentication result was used before; authenticate again").At(paramAuthentication)
	default:
		return nil
	}
}

// judged is what a result means for a complete.
type judged struct {
	// proceed goes on to the payment, with proof where it is not nil.
	proceed bool
	proof   *commerce.AuthenticationResult
	// message says why the payment is not tried.
	message commerce.Message
}

// judge says what becomes of a result.
func (a *Authentication) judge(r commerce.AuthenticationResult) judged {
	switch {
	case r.Outcome == commerce.OutcomeDenied, r.Outcome == commerce.OutcomeRejected:
		return judged{message: declined("The card holder could not be authenticated. Another payment method is needed.")}
	case r.Outcome == commerce.OutcomeAbandoned, r.Outcome == commerce.OutcomeCanceled:
		return judged{message: requires3DS("The authentication was not finished. Nothing was charged.")}
	case r.Proves() && (r.Outcome != commerce.OutcomeAttempted || !a.RefuseAttempted):
		return judged{proceed: true, proof: &r}
	case r.Outcome != commerce.OutcomeAttempted && a.TakeUnproven:
		return judged{proceed: true}
	default:
		return judged{message: requires3DS("The result does not prove that the card holder was authenticated. Nothing was charged.")}
	}
}

func requires3DS(text string) commerce.Message {
	return commerce.ErrorMessage(commerce.CodeRequires3DS, paramAuthentication, commerce.RequiresBuyerInput, text)
}

// useResult closes the request of cs for good, with the result that was taken for it.
func useResult(cs *commerce.Session, r commerce.AuthenticationResult) {
	p := *cs.Authentication
	p.Fingerprint, p.AskedAt, p.Settled = "", time.Time{}, false
	if mark := resultOf(r); mark != "" {
		p.Used = append(slices.Clone(p.Used), mark)
	}
	cs.Authentication = &p
}

// refuseResult closes the request of cs without a charge: the session is ready, and the next complete asks again where the shop's own rule
// does. What the processor asked of one card it need not ask of the next.
func refuseResult(cs *commerce.Session, r commerce.AuthenticationResult) {
	mark := cs.Authentication.Fingerprint
	useResult(cs, r)
	cs.Authentication.Fingerprint, cs.Authentication.Settled, cs.Authentication.Demanded = mark, true, false
}

// settleAuthentication leaves a session whose payment was declined ready for another try, which begins with the next complete: the result
// for this one was used.
func settleAuthentication(shop *Shop, cs *commerce.Session) {
	if cs.Authentication == nil || !shop.authenticates(*cs) {
		return
	}
	p := *cs.Authentication
	p.Fingerprint, p.Settled, p.Demanded = authenticationOf(shop, *cs), true, false
	cs.Authentication = &p
}

// authenticate decides, for a session that was just priced and is ready, whether its payment may go on: with proof, without any because
// none is asked for, or not at all, which the message says. What it finds is noted in cs.
func (s *Service) authenticate(shop *Shop, cs *commerce.Session, r *commerce.AuthenticationResult) (proof *commerce.AuthenticationResult, m *commerce.Message) {
	asked := ""
	ask := *cs
	if p := cs.Authentication; p != nil {
		again := *p
		asked, again.Settled = p.Fingerprint, false
		ask.Authentication = &again
	}
	s.askAuthentication(shop, &ask)
	if ask.Status != commerce.AuthenticationRequired {
		return nil, nil // none is needed, or no longer: the processor asks by itself
	}
	cs.Authentication = ask.Authentication
	if r == nil || asked != ask.Authentication.Fingerprint {
		text := requires3DS("The card holder must be authenticated before the payment. Nothing was charged.")
		return nil, &text
	}
	verdict := shop.Authentication.judge(*r)
	if !verdict.proceed {
		refuseResult(cs, *r)
		return nil, &verdict.message
	}
	useResult(cs, *r)
	return verdict.proof, nil
}

// demand notes that the processor would not go on without an authentication. The next result is for what is asked from now on.
func demand(cs *commerce.Session) {
	p := commerce.PendingAuthentication{}
	if cs.Authentication != nil {
		p = *cs.Authentication
	}
	p.Demanded, p.Settled, p.Fingerprint = true, false, ""
	cs.Authentication = &p
}

// demanded is what an agent is told when the processor would not go on without an authentication: what can be done about it here.
func (s *Service) demanded(shop *Shop, cs commerce.Session) commerce.Message {
	open := cs
	s.invite(&open, false)
	text := "The card issuer asks for authentication, which this shop cannot do here. Another payment method is needed."
	switch {
	case shop.authenticates(cs):
		text = "The card issuer asks for authentication. Authenticate the card holder, or use another payment method."
	case open.ContinueURL != "":
		text = "The card issuer asks for authentication. The buyer can go on in the shop, or use another payment method."
	}
	m := authenticationReason().Message
	m.Content = text
	return m
}
