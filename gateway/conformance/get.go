package conformance

import (
	"net/http"
	"strings"
)

func getStatements() []Statement {
	return []Statement{
		{
			ID: "GET-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.3", check: showsLastState,
			Text: "Get answers 200 with what the last change answered",
		},
		{
			ID: "GET-02", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.3", check: refusesUnknownID,
			Text: "Get of an id that nobody has is refused with 404 and a flat error",
		},
		{
			ID: "GET-03", Profile: AllDates, From: v1, Source: rfcAffiliate + " §4.3.4; " + rfcTraces + " §8", check: hidesWriteOnly,
			Text: "Get shows no payment data or token, no attribution and no intent trace",
		},
		{
			ID: "GET-04", Profile: SinceV2, From: v2, Source: schemaSession + " CheckoutSessionBase", check: showsOrder,
			Text: "Get of a completed session shows its order",
		},
	}
}

// unclocked is a session without the moments that may move between two reads.
func unclocked(s node) any {
	out := map[string]any{}
	for name, v := range s.members() {
		if name != "updated_at" && name != "expires_at" {
			out[name] = v
		}
	}
	return out
}

func showsLastState(t *trial) {
	fresh := t.ready()
	id := fresh.text("id")
	look := func(what string, last node) {
		got := t.success(t.do(opGet, id, nil), http.StatusOK)
		t.check(same(unclocked(last), unclocked(got)), "after %s get shows something else: %s", what, difference(unclocked(last), unclocked(got)))
	}
	look("create", fresh)
	look("update", t.update(id, obj{t.lineKey(): t.lines(t.plain(2))}))
	look("an update without a buyer", t.update(id, obj{"buyer": nil}))
	look("cancel", t.cancel(id))
}

func refusesUnknownID(t *trial) {
	for _, id := range []string{"cs_nobody_has_this_one", strings.Repeat("x", 300), "1"} {
		e := t.refusal(t.do(opGet, id, nil), "", http.StatusNotFound)
		t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
	}
}

// affiliate is a claim for an attribution.
func affiliate(touch string) obj {
	return obj{"provider": "impact.com", "token": "aff-tok-" + touch + "-5c0ffee", "campaign_id": "summer", "touchpoint": touch, "metadata": obj{"channel": "chat"}}
}

// hides fails when a text occurs in an answer.
func (t *trial) hides(a answer, texts ...string) {
	t.last = answer{}
	for _, s := range texts {
		t.check(!strings.Contains(string(a.raw), s), "the answer to %q holds what must never be shown: %s", excerpt(a.sent, 60), s)
	}
	for _, name := range []string{"affiliate_attribution", "intent_trace", "payment_data", "authentication_result", "risk_signals"} {
		t.check(!a.at(name).present, "the answer to %q shows %s", excerpt(a.sent, 60), name)
	}
}

func hidesWriteOnly(t *trial) {
	body := t.whole(t.plain(1))
	first := affiliate("first")
	if since(t.date, v2) {
		body["affiliate_attribution"] = first
	}
	made := t.do(opCreate, "", body)
	s := t.success(made, http.StatusCreated)
	id := s.text("id")
	t.hides(made, "aff-tok-first-5c0ffee")
	gone := t.create(t.whole(t.plain(1)))
	trace := obj{}
	if since(t.date, v2) {
		trace = obj{"intent_trace": obj{"reason_code": "price_sensitivity", "trace_summary": "too-dear-for-them"}}
	}
	t.hides(t.do(opCancel, gone.text("id"), trace), "too-dear-for-them")
	t.hides(t.do(opGet, gone.text("id"), nil), "too-dear-for-them", "price_sensitivity")
	if t.harness == nil {
		t.hides(t.do(opGet, id, nil), "aff-tok-first-5c0ffee")
		t.notef("without payment tokens no completed session was looked at")
		return
	}
	token := t.enough(s)
	pay := t.pay(s, token)
	if since(t.date, v2) {
		pay["affiliate_attribution"] = affiliate("last")
	}
	done := t.do(opComplete, id, pay)
	t.success(done, http.StatusOK)
	for _, a := range []answer{done, t.do(opGet, id, nil)} {
		t.hides(a, token, "aff-tok-first-5c0ffee", "aff-tok-last-5c0ffee")
	}
}

func showsOrder(t *trial) {
	id, done := t.paid()
	got := t.get(id)
	t.check(got.text("status") == "completed", "the session is %q, want completed", got.text("status"))
	t.check(got.text("order", "id") != "" && got.text("order", "id") == done.text("order", "id"), "get shows the order %q, complete showed %q", got.text("order", "id"), done.text("order", "id"))
	t.check(got.text("order", "checkout_session_id") == id && got.text("order", "permalink_url") != "", "the order lacks the session's id or a permalink")
}
