package conformance

import (
	"net/http"
	"strings"
)

func secureStatements() []Statement {
	return []Statement{
		{
			ID: "TDS-01", Profile: SinceV2, From: v2, Source: rfcCheckout + " §4.4, §9.7", check: wantsResult,
			Text: "A complete without the authentication_result that the session waits for is refused with requires_3ds",
		},
		{
			ID: "TDS-02", Profile: SinceV2, From: v2, Source: rfcCheckout + " §4.4", check: deniedChargesNothing,
			Text: "A denied or rejected authentication charges nothing, and the session can be used again",
		},
		{
			ID: "TDS-03", Profile: SinceV2, From: v2, Source: schemaSession + " AuthenticationResult", check: wantsDetails,
			Text: "authenticated without outcome_details is refused with 400",
		},
		{
			ID: "TDS-04", Profile: Quality, From: v2, Source: "issue #292", check: resultIsForOnce,
			Text: "A result is good once, and for the amount that it was asked for",
		},
	}
}

// secured makes a session that waits for an authentication, as the agent whose payments need one. Dates before 2026-01-30 have no
// words for what an agent can do, and the buyer's browser is told from then on only; so the session begins in that date, and goes on in
// the one that is tried.
func (t *trial) secured() (node, option) {
	who := withToken(t.as(AgentSecure).Token)
	first := t
	if !since(t.date, v4) {
		first = t.in(v4, t.transport)
	}
	body := first.whole(t.plain(1))
	body["capabilities"] = obj{"interventions": obj{"supported": list{"3ds"}}}
	s := first.create(body, who)
	if s.text("status") == "ready_for_payment" && t.harness != nil { // the payment provider asks for it
		first.demanded(s, who)
	}
	s = t.get(s.text("id"), who)
	if s.text("status") != "authentication_required" {
		t.skipf("no session of this seller waits for an authentication in %s: it is %s", t.date, s.text("status"))
	}
	return s, who
}

// demanded completes with a card whose bank asks for an authentication. Nothing is charged, and the session waits for a result then.
func (t *trial) demanded(s node, who option) {
	token := t.mint(Mint{Amount: of(s, "total"), SessionID: s.text("id"), Outcome: "authenticate"})
	body := t.pay(s, token)
	body["risk_signals"] = riskSignals()
	after := t.success(t.do(opComplete, s.text("id"), body, who), http.StatusOK)
	t.check(after.text("status") != "completed", "a payment whose bank asks for an authentication is completed without one")
	t.nothingMoved(s.text("id"))
}

func riskSignals() obj {
	return obj{"ip_address": "203.0.113.7", "user_agent": "Mozilla/5.0 (conform)", "accept_language": "en-US"}
}

// securePay is a complete with the result of an authentication; nil is none.
func (t *trial) securePay(s node, result any) obj {
	token := notNeeded
	if t.harness != nil {
		token = t.mint(Mint{Amount: of(s, "total"), SessionID: s.text("id")})
	}
	body := t.pay(s, token)
	if result != nil {
		body["authentication_result"] = result
	}
	return body
}

// authenticated is a good result, in the form of the date.
func (t *trial) authenticated(transaction string) obj {
	return obj{"outcome": "authenticated", "outcome_details": obj{
		"three_ds_cryptogram": "Y29uZm9ybWFuY2UtY3J5cHRvZ3I=", "electronic_commerce_indicator": "05", "transaction_id": transaction, "version": "2.2.0",
	}}
}

func authenticationHasMetadata(t *trial) {
	s, who := t.secured()
	for _, a := range []node{s, t.get(s.text("id"), who)} {
		m := a.at("authentication_metadata")
		t.check(a.text("status") == "authentication_required", "the session is %q", a.text("status"))
		for _, name := range []string{"acquirer_bin", "acquirer_country", "acquirer_merchant_id", "merchant_name"} {
			t.check(m.text("acquirer_details", name) != "", "authentication_metadata.acquirer_details has no %s", name)
		}
		t.check(m.text("directory_server") != "", "authentication_metadata has no directory_server")
		t.check(m.has("channel") == !since(t.date, v5), "authentication_metadata.channel is there: %v, want %v", m.has("channel"), !since(t.date, v5))
	}
}

func wantsResult(t *trial) {
	s, who := t.secured()
	e := t.refusal(t.do(opComplete, s.text("id"), t.securePay(s, nil), who), "requires_3ds", http.StatusBadRequest, http.StatusConflict, http.StatusPaymentRequired, http.StatusUnprocessableEntity)
	t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
	t.check(e.text("param") == "$.authentication_result", "the param is %q, want $.authentication_result", e.text("param"))
	t.nothingMoved(s.text("id"))
}

func deniedChargesNothing(t *trial) {
	outcomes := []string{"denied", "rejected"}
	if t.date == v3 {
		outcomes = []string{"failed", "rejected"}
	}
	for _, outcome := range outcomes {
		s, who := t.secured()
		id := s.text("id")
		a := t.do(opComplete, id, t.securePay(s, obj{"outcome": outcome}), who)
		after := t.success(a, http.StatusOK)
		t.check(after.text("status") == "ready_for_payment" || after.text("status") == "authentication_required",
			"after %s the session is %q, want it usable", outcome, after.text("status"))
		_, ok := hasMessage(after, "error", "payment_declined", "requires_3ds")
		t.check(ok, "nothing says that the authentication was %s: %s", outcome, brief(after.at("messages").value))
		t.check(!after.has("order"), "after %s there is an order", outcome)
		t.nothingMoved(id)
		if t.harness == nil {
			continue
		}
		done := t.completeSecured(id, who, "ds-"+newKey())
		t.check(done.text("status") == "completed", "after %s and a good result the session is %q, want completed", outcome, done.text("status"))
		t.oneCharge(id, of(done, "total"))
	}
}

// completeSecured completes a session with a good result, once it waits for one.
func (t *trial) completeSecured(id string, who option, transaction string) node {
	s := t.get(id, who)
	if s.text("status") == "ready_for_payment" { // another card, whose bank may ask again or not
		if a := t.do(opComplete, id, t.securePay(s, nil), who); !a.refused && a.text("status") == "completed" {
			return a.node
		}
		s = t.get(id, who)
	}
	t.check(s.text("status") == "authentication_required", "the session is %q, want authentication_required", s.text("status"))
	return t.success(t.do(opComplete, id, t.securePay(s, t.authenticated(transaction)), who), http.StatusOK)
}

func wantsDetails(t *trial) {
	if t.date == v3 {
		t.skipf("in %s outcome_details are optional", v3)
	}
	s, who := t.secured()
	for _, result := range []any{obj{"outcome": "authenticated"}, obj{"outcome": "authenticated", "outcome_details": obj{}}, obj{}, "authenticated"} {
		e := t.refusal(t.do(opComplete, s.text("id"), t.securePay(s, result), who), "", http.StatusBadRequest)
		t.check(strings.HasPrefix(e.text("param"), "$.authentication_result"), "the param is %q, want a path below $.authentication_result", e.text("param"))
	}
	t.nothingMoved(s.text("id"))
}

func resultIsForOnce(t *trial) {
	t.need(OfferTokens, OfferCharges)
	// A result that a session used is worth nothing in the same session again.
	s, who := t.secured()
	id := s.text("id")
	denied := obj{"outcome": "denied"}
	used := t.authenticated("ds-" + newKey())
	if t.date != v3 {
		denied["outcome_details"] = used["outcome_details"]
	} else {
		denied["outcome"] = "failed"
	}
	t.success(t.do(opComplete, id, t.securePay(s, denied), who), http.StatusOK)
	waiting := t.get(id, who)
	if waiting.text("status") == "ready_for_payment" {
		t.demanded(waiting, who)
		waiting = t.get(id, who)
	}
	if t.date != v3 {
		t.check(waiting.text("status") == "authentication_required", "when the bank asks again the session is %q, want authentication_required", waiting.text("status"))
		a := t.do(opComplete, id, t.securePay(waiting, used), who)
		t.check(a.refused || a.text("status") != "completed", "a result that was used for a refusal pays")
		t.nothingMoved(id)
	}
	// A result for one amount does not pay another.
	s, who = t.secured()
	id = s.text("id")
	dearer := t.update(id, obj{t.lineKey(): t.lines(t.plain(2))}, who)
	t.check(of(dearer, "total") > of(s, "total"), "the total does not rise with a second piece")
	t.check(dearer.text("status") != "completed", "an update completes the session")
	done := t.completeSecured(id, who, "ds-"+newKey())
	t.check(done.text("status") == "completed", "with a result for the new amount the session is %q, want completed", done.text("status"))
	t.oneCharge(id, of(dearer, "total"))
	// A session that waits for nothing takes none.
	open := t.ready()
	a := t.do(opComplete, open.text("id"), t.securePay(open, t.authenticated("ds-"+newKey())))
	t.check(a.refused, "a session that waits for no result takes one")
	t.nothingMoved(open.text("id"))
}
