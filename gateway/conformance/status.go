package conformance

import (
	"net/http"
	"slices"
	"time"
)

func statusStatements() []Statement {
	return []Statement{
		{
			ID: "STA-01", Profile: AllDates, From: v1, Source: schemaSession + " status", check: statusInSet,
			Text: "The status is one of the version that was asked for",
		},
		{
			ID: "STA-02", Profile: SinceV2, From: v2, Source: rfcCheckout + " §8", check: authenticationHasMetadata,
			Text: "authentication_required always comes with authentication_metadata",
		},
		{
			ID: "STA-03", Profile: AllDates, From: v1, Source: rfcCheckout + " §2.2", check: terminalIsFinal,
			Text: "A completed or canceled session never changes its status",
		},
		{
			ID: "STA-04", Profile: Quality, From: v1, Source: "spec/2026-01-30/json-schema/schema.agentic_checkout.json status", check: expires,
			Text: "A session past its time is expired, or canceled in the versions that do not know expired",
		},
	}
}

// inSet fails unless a session read in every date has a status of that date.
func (t *trial) inSet(id string) {
	for _, date := range Published() {
		if !carries(t.transport, date) {
			continue
		}
		s := t.get(id, withVersion(date))
		t.check(slices.Contains(statuses[date], s.text("status")), "in %s the status is %q", date, s.text("status"))
	}
}

// mapsDown fails unless a session that a person must look at is so in the dates that have a word for it, and not ready, with a reason, in
// those that do not.
func (t *trial) mapsDown(id string) {
	for _, date := range Published() {
		if !carries(t.transport, date) {
			continue
		}
		s := t.get(id, withVersion(date))
		want := []string{"not_ready_for_payment"}
		if since(date, v4) {
			want = []string{"requires_escalation", "pending_approval", "not_ready_for_payment"}
		}
		t.check(slices.Contains(want, s.text("status")), "in %s a session that needs a person is %q, want %q", date, s.text("status"), want)
		t.check(len(errorMessages(s)) > 0, "in %s nothing says why a session that needs a person is not ready", date)
	}
}

func statusInSet(t *trial) {
	bare, whole := t.create(t.bare(t.plain(1))), t.ready()
	ids := []string{bare.text("id"), whole.text("id")}
	if held := t.seller.Items[ItemApproval]; held != "" {
		s := t.create(t.whole(wanted{held, 1}))
		ids = append(ids, s.text("id"))
		t.mapsDown(s.text("id"))
	}
	for _, id := range ids {
		s := t.get(id)
		t.check(slices.Contains(statuses[t.date], s.text("status")), "the status is %q", s.text("status"))
		t.inSet(id)
	}
	t.cancel(bare.text("id"))
	t.inSet(bare.text("id"))
	if t.harness != nil {
		done := t.success(t.do(opComplete, whole.text("id"), t.pay(whole, t.enough(whole))), http.StatusOK)
		t.check(done.text("status") == "completed", "the status is %q, want completed", done.text("status"))
		t.inSet(whole.text("id"))
	}
}

func terminalIsFinal(t *trial) {
	s := t.ready()
	t.cancel(s.text("id"))
	finals := map[string]string{s.text("id"): "canceled"}
	if t.harness != nil {
		id, _ := t.paid()
		finals[id] = "completed"
	} else {
		t.notef("without payment tokens only a canceled session was looked at")
	}
	for id, want := range finals {
		for _, a := range []answer{
			t.do(opUpdate, id, obj{t.lineKey(): t.lines(t.plain(2))}), t.do(opComplete, id, t.pay(s, notNeeded)), t.do(opCancel, id, obj{}),
		} {
			t.last = a
			t.check(a.refused, "a call that changes a %s session succeeds", want)
		}
		if want == "canceled" && t.harness != nil && t.harness.offers[OfferClock] {
			t.advance(48 * time.Hour)
		}
		t.check(t.get(id).text("status") == want, "the session is %q, want %s as before", t.get(id).text("status"), want)
	}
}

func expires(t *trial) {
	t.need(OfferClock)
	s := t.ready()
	id := s.text("id")
	life := 24 * time.Hour
	if at, err := time.Parse(time.RFC3339, s.text("expires_at")); err == nil {
		life = at.Sub(t.now())
	} else {
		t.check(!s.has("expires_at"), "expires_at is %q, want RFC 3339", s.text("expires_at"))
	}
	t.advance(life + time.Minute)
	want := "expired"
	if !since(t.date, v4) {
		want = "canceled"
	}
	after := t.awaitState(id, want)
	if want == "canceled" {
		t.check(len(after.list("messages")) > 0, "nothing says that the session ran out of time")
	}
	t.refusal(t.do(opComplete, id, t.pay(s, notNeeded)), "", http.StatusConflict, http.StatusNotFound)
	t.refusal(t.do(opUpdate, id, obj{"buyer": nil}), "", http.StatusConflict, http.StatusNotFound)
	t.nothingMoved(id)
}
