package conformance

import (
	"net/http"
	"strings"
)

func cancelStatements() []Statement {
	return []Statement{
		{
			ID: "CAN-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.5", check: cancelsOpen,
			Text: "Cancel of an open session answers 200 with status canceled",
		},
		{
			ID: "CAN-02", Profile: AllDates, From: v1, Source: rfcCheckout + " §4.5", check: refusesSecondCancel,
			Text: "Cancel of a completed or canceled session, with a new key, is refused with 405",
		},
		{
			ID: "CAN-03", Profile: AllDates, From: v1, Source: rfcTraces + " §7.1", check: cancelsWithAnyBody,
			Text: "Cancel takes no body, an empty object and members that nobody knows",
		},
		{
			ID: "CAN-04", Profile: SinceV2, From: v2, Source: rfcTraces + " §6, §7.2", check: takesUnknownReason,
			Text: "A reason_code that nobody knows does not stop the cancel; a replay keeps the trace once",
		},
		{
			ID: "CAN-05", Profile: SinceV2, From: v2, Source: rfcTraces + " §3.1, §5", check: toleratesBadTrace,
			Text: "A malformed trace does not prevent the cancel",
		},
	}
}

func cancelsOpen(t *trial) {
	for _, body := range []obj{t.bare(t.plain(1)), t.whole(t.plain(1))} {
		s := t.create(body)
		gone := t.success(t.do(opCancel, s.text("id"), obj{}), http.StatusOK)
		t.check(gone.text("status") == "canceled" && gone.text("id") == s.text("id"), "the session %s is %q, want canceled", gone.text("id"), gone.text("status"))
		t.check(t.get(s.text("id")).text("status") == "canceled", "the session does not stay canceled")
	}
}

func refusesSecondCancel(t *trial) {
	s := t.ready()
	t.cancel(s.text("id"))
	ids := []string{s.text("id")}
	if t.harness != nil {
		id, _ := t.paid()
		ids = append(ids, id)
	} else {
		t.notef("without payment tokens only a canceled session was looked at")
	}
	for _, id := range ids {
		before := t.get(id)
		a := t.do(opCancel, id, obj{})
		e := t.refusal(a, "", http.StatusMethodNotAllowed)
		t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
		t.check(t.get(id).text("status") == before.text("status"), "a refused cancel has changed the status")
	}
}

func cancelsWithAnyBody(t *trial) {
	for _, body := range []any{nil, obj{}, obj{"why": "because", "deep": obj{"x": list{1}}}} {
		s := t.create(t.whole(t.plain(1)))
		gone := t.success(t.do(opCancel, s.text("id"), body), http.StatusOK)
		t.check(gone.text("status") == "canceled", "with the body %v the session is %q, want canceled", body, gone.text("status"))
	}
	if t.transport == REST {
		s := t.create(t.whole(t.plain(1)))
		t.success(t.do(opCancel, s.text("id"), nil, withHeader("Content-Type", "application/json")), http.StatusOK)
	}
}

func takesUnknownReason(t *trial) {
	s := t.create(t.whole(t.plain(1)))
	id, key := s.text("id"), newKey()
	body := obj{"intent_trace": obj{"reason_code": "a_reason_of_tomorrow", "trace_summary": "They went for a walk."}}
	first := t.do(opCancel, id, body, withKey(key))
	gone := t.success(first, http.StatusOK)
	t.check(gone.text("status") == "canceled", "the session is %q, want canceled", gone.text("status"))
	t.repeated(first, t.do(opCancel, id, body, withKey(key)), "cancel with a trace")
	if t.harness == nil || !t.harness.offers[OfferRecords] {
		t.notef("without the harness's records the kept trace was not counted")
		return
	}
	t.check(t.records(id).Traces == 1, "%d traces are kept, want 1", t.records(id).Traces)
}

func toleratesBadTrace(t *trial) {
	for _, trace := range []any{
		"not an object",
		obj{},
		obj{"reason_code": 7},
		obj{"reason_code": "other", "trace_summary": strings.Repeat("x", 501)},
		obj{"reason_code": "other", "metadata": obj{"nested": obj{"no": true}}},
		list{},
	} {
		s := t.create(t.whole(t.plain(1)))
		a := t.do(opCancel, s.text("id"), obj{"intent_trace": trace})
		if a.refused { // the strict reading: refused, and nothing has changed
			e := t.refusal(a, "", http.StatusBadRequest)
			t.check(strings.HasPrefix(e.text("param"), "$.intent_trace"), "the param is %q, want $.intent_trace", e.text("param"))
			t.check(t.get(s.text("id")).text("status") != "canceled", "the refused cancel has canceled the session")
			t.cancel(s.text("id"))
			continue
		}
		t.check(a.text("status") == "canceled", "with the trace %v the session is %q, want canceled", trace, a.text("status"))
	}
}
