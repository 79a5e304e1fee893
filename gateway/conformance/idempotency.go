package conformance

import (
	"net/http"
	"strings"
	"sync"
)

func idempotencyStatements() []Statement {
	return []Statement{
		{
			ID: "IDM-01", Profile: SinceV5, From: v5, Source: rfcCheckout + " §6.1", check: wantsKey,
			Text: "Create, update, complete and cancel without an Idempotency-Key are refused with 400 idempotency_key_required",
		},
		{
			ID: "IDM-02", Profile: AllDates, From: v1, Source: "spec/*/openapi/openapi.agentic_checkout.yaml parameters", check: keyIsOptional,
			Text: "Before 2026-04-17 a POST needs no Idempotency-Key; a GET never does",
		},
		{
			ID: "IDM-03", Profile: SinceV5, From: v5, Source: "spec/2026-04-17/openapi/openapi.agentic_checkout.yaml IdempotencyKey", check: refusesBadKey,
			Text: "An Idempotency-Key that is empty or longer than 255 is refused with 400",
		},
		{
			ID: "IDM-04", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.3", check: replaysAnswer,
			Text: "The same key with the same body gets the same status and the same JSON",
		},
		{
			ID: "IDM-05", Profile: SinceV5, From: v5, Source: rfcCheckout + " §6.3", check: marksReplay, OnlyREST: noHeaders,
			Text: "A replay carries Idempotent-Replayed: true; the first answer does not",
		},
		{
			ID: "IDM-06", Profile: SinceV5, From: v5, Source: rfcCheckout + " §6.4", check: refusesOtherBody,
			Text: "The same key with another body is refused with 422 idempotency_conflict",
		},
		{
			ID: "IDM-07", Profile: Older, From: v1, To: v4, Source: "spec/2025-09-29/openapi/openapi.delegate_payment.yaml", check: refusesOtherBody,
			Text: "Up to 2026-01-30 the same key with another body is refused with 409 idempotency_conflict",
		},
		{
			ID: "IDM-08", Profile: SinceV5, From: v5, Source: rfcCheckout + " §6.4", check: oneOfManyRuns,
			Text: "Of concurrent calls with one key one runs; the others get its answer, or 409 idempotency_in_flight with Retry-After",
		},
		{
			ID: "IDM-09", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.2", check: equalByMeaning,
			Text: "Reordered members and 1.0 in place of 1 are the same body",
		},
		{
			ID: "IDM-10", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.2, §6.7", check: differentByMeaning,
			Text: "A reordered array, null in place of an absent member and changed extension members are another body",
		},
		{
			ID: "IDM-11", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.1", check: keysAreScoped,
			Text: "One key at another endpoint, in another session or of another agent is another key",
		},
		{
			ID: "IDM-12", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.5", check: forgetsFailures,
			Text: "After a 5xx the same key is processed anew",
		},
		{
			ID: "IDM-13", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.3, §6.8", check: oneChargeInDoubt,
			Text: "A 5xx between authorization and order, and a retry, end in exactly one charge and one order",
		},
		{
			ID: "IDM-14", Profile: AllDates, From: v1, Source: rfcCheckout + " §6.6", check: remembersForADay,
			Text: "Answers are kept through a restart and for at least 24 hours",
		},
		{
			ID: "IDM-15", Profile: AllDates, From: v1, Source: rfcCheckout + " §3.1", check: echoesKey, OnlyREST: noHeaders,
			Text: "Answers to a POST echo its Idempotency-Key",
		},
		{
			ID: "IDM-16", Profile: Quality, From: v1, Source: rfcCheckout + " §2.2, §6.3", check: oneOrderForManyKeys,
			Text: "Completes in parallel and later, each with a key of its own, make one order and one charge",
		},
	}
}

func wantsKey(t *trial) {
	s := t.ready()
	id := s.text("id")
	for _, a := range []answer{
		t.do(opCreate, "", t.whole(t.plain(1)), withoutKey()), t.do(opUpdate, id, obj{"buyer": nil}, withoutKey()),
		t.do(opComplete, id, t.pay(s, notNeeded), withoutKey()), t.do(opCancel, id, obj{}, withoutKey()),
	} {
		t.last = a
		t.refusal(a, "idempotency_key_required", http.StatusBadRequest)
	}
	after := t.get(id)
	t.check(after.text("status") == "ready_for_payment" && after.has("buyer"), "a refused call has changed the session")
}

func keyIsOptional(t *trial) {
	s := t.ready()
	id := s.text("id")
	t.get(id, withoutKey())
	if since(t.date, v5) {
		return
	}
	made := t.create(t.whole(t.plain(1)), withoutKey())
	t.update(made.text("id"), obj{t.lineKey(): t.lines(t.plain(2))}, withoutKey())
	t.cancel(made.text("id"), withoutKey())
	if t.harness != nil {
		t.success(t.do(opComplete, id, t.pay(s, t.enough(s)), withoutKey()), http.StatusOK)
	}
}

func refusesBadKey(t *trial) {
	for _, key := range []string{"", strings.Repeat("k", 256)} {
		t.refusal(t.do(opCreate, "", t.whole(t.plain(1)), withKey(key)), "", http.StatusBadRequest)
	}
	t.create(t.whole(t.plain(1)), withKey((newKey() + strings.Repeat("k", 255))[:255]))
}

// repeated fails unless two answers are the same one.
func (t *trial) repeated(first, again answer, what string) {
	t.check(first.refused == again.refused && first.status == again.status, "%s: the status was %d and is %d at the repetition", what, first.status, again.status)
	t.check(same(first.value, again.value), "%s: the repetition has another body: %s", what, difference(first.value, again.value))
}

func replaysAnswer(t *trial) {
	key, body := newKey(), t.whole(t.plain(1))
	first := t.do(opCreate, "", body, withKey(key))
	id := t.success(first, http.StatusCreated).text("id")
	t.update(id, obj{t.lineKey(): t.lines(t.plain(3))})
	t.repeated(first, t.do(opCreate, "", body, withKey(key)), "create")

	key, body = newKey(), obj{t.lineKey(): t.lines(t.plain(2))}
	changed := t.do(opUpdate, id, body, withKey(key))
	t.success(changed, http.StatusOK)
	t.repeated(changed, t.do(opUpdate, id, body, withKey(key)), "update")

	key = newKey()
	refused := t.do(opCreate, "", t.bare(t.plain(-1)), withKey(key))
	t.repeated(refused, t.do(opCreate, "", t.bare(t.plain(-1)), withKey(key)), "a refused create")

	key = newKey()
	gone := t.do(opCancel, id, obj{}, withKey(key))
	t.success(gone, http.StatusOK)
	t.repeated(gone, t.do(opCancel, id, obj{}, withKey(key)), "cancel")

	if t.harness == nil {
		return
	}
	s := t.ready()
	key, body = newKey(), t.pay(s, t.enough(s))
	paid := t.do(opComplete, s.text("id"), body, withKey(key))
	t.success(paid, http.StatusOK)
	t.repeated(paid, t.do(opComplete, s.text("id"), body, withKey(key)), "complete")
	t.oneCharge(s.text("id"), of(paid.node, "total"))
}

func marksReplay(t *trial) {
	key, body := newKey(), t.whole(t.plain(1))
	first := t.do(opCreate, "", body, withKey(key))
	t.success(first, http.StatusCreated)
	t.check(first.header.Get("Idempotent-Replayed") == "", "the first answer says Idempotent-Replayed")
	again := t.do(opCreate, "", body, withKey(key))
	t.check(again.header.Get("Idempotent-Replayed") == "true", "the replay says Idempotent-Replayed: %q, want true", again.header.Get("Idempotent-Replayed"))
}

// mismatch is the status of another body under a used key.
func (t *trial) mismatch() int {
	if since(t.date, v5) {
		return http.StatusUnprocessableEntity
	}
	return http.StatusConflict
}

func refusesOtherBody(t *trial) {
	key := newKey()
	s := t.create(t.whole(t.plain(1)), withKey(key))
	e := t.refusal(t.do(opCreate, "", t.whole(t.plain(2)), withKey(key)), "idempotency_conflict", t.mismatch())
	t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
	key = newKey()
	t.update(s.text("id"), obj{t.lineKey(): t.lines(t.plain(2))}, withKey(key))
	t.refusal(t.do(opUpdate, s.text("id"), obj{t.lineKey(): t.lines(t.plain(3))}, withKey(key)), "idempotency_conflict", t.mismatch())
	t.check(viewLines(t.get(s.text("id")))[0].quantity == 2, "the refused update has changed the session")
}

// slowness is how long a shop that was made slow takes, in milliseconds: long enough for calls to meet.
const slowness = 300

func oneOfManyRuns(t *trial) {
	if t.transport == MCP {
		t.create(t.whole(t.plain(1))) // opens the connection before the race
	}
	if t.harness == nil || !t.harness.offers[OfferFaults] {
		t.raceForKey()
		t.notef("without a slow shop concurrent calls may not have met")
		return
	}
	t.fault(Fault{Kind: FaultSlow, Amount: slowness})
	for range 10 { // a slow machine may keep calls from meeting
		if t.raceForKey() > 0 {
			return
		}
	}
	t.failf("while a call with a key was under way, other calls with that key were never refused with idempotency_in_flight")
}

// raceForKey sends concurrent creates with one key, wants one session, and counts the calls that were told of the one in flight.
func (t *trial) raceForKey() (inFlight int) {
	const many = 6
	key, body := newKey(), t.whole(t.plain(1))
	answers, errs := make([]answer, many), make([]error, many)
	var wait sync.WaitGroup
	for i := range many {
		wait.Go(func() { answers[i], errs[i] = t.exchange(opCreate, "", body, withKey(key)) })
	}
	wait.Wait()
	made := map[string]bool{}
	for i, a := range answers {
		if errs[i] != nil {
			t.failf("one of %d concurrent calls was not answered: %v", many, errs[i])
		}
		t.last = a
		if !a.refused {
			made[a.text("id")] = true
			continue
		}
		inFlight++
		t.refusal(a, "idempotency_in_flight", http.StatusConflict)
		t.check(t.transport == MCP || a.header.Get("Retry-After") != "", "409 idempotency_in_flight has no Retry-After")
	}
	t.check(len(made) == 1, "%d concurrent calls with one key made %d sessions, want 1", many, len(made))
	return inFlight
}

func equalByMeaning(t *trial) {
	item := t.item(ItemPlain)
	head := ""
	if since(t.date, v4) {
		head = `"currency":"` + t.seller.Currency + `","capabilities":{"interventions":{"supported":[]}},`
	}
	lines := t.lineKey()
	key := newKey()
	first := t.do(opCreate, "", rawJSON(`{`+head+`"`+lines+`":[{"id":"`+item+`","quantity":1}]}`), withKey(key))
	t.success(first, http.StatusCreated)
	tail := strings.TrimSuffix(head, ",")
	if tail != "" {
		tail = "," + tail
	}
	again := t.do(opCreate, "", rawJSON("{ \""+lines+"\" : [ { \"quantity\" : 1.0 , \"id\" : \""+item+"\" } ] "+tail+" }"), withKey(key))
	t.repeated(first, again, "members in another order, 1.0 for 1 and spaces")
}

func differentByMeaning(t *trial) {
	second := t.item(ItemSecond)
	body := t.whole(t.plain(1), wanted{second, 1})
	for _, change := range []struct {
		what string
		make func(obj)
	}{
		{"a reordered array", func(b obj) { b[t.lineKey()] = t.lines(wanted{second, 1}, t.plain(1)) }},
		{"null in place of an absent member", func(b obj) { b["x_extension"] = nil }},
		{"a changed extension member", func(b obj) { b["x_extension"] = "2" }},
	} {
		key := newKey()
		t.create(body, withKey(key))
		other := t.whole(t.plain(1), wanted{second, 1})
		change.make(other)
		a := t.do(opCreate, "", other, withKey(key))
		if !a.refused {
			t.failf("%s counts as the same body", change.what)
		}
		t.refusal(a, "idempotency_conflict", t.mismatch())
	}
}

func keysAreScoped(t *trial) {
	key := newKey()
	first := t.create(t.whole(t.plain(1)), withKey(key))
	second := t.create(t.whole(t.plain(1)))
	id := first.text("id")
	one := t.update(id, obj{t.lineKey(): t.lines(t.plain(2))}, withKey(key))
	two := t.update(second.text("id"), obj{t.lineKey(): t.lines(t.plain(3))}, withKey(key))
	t.check(one.text("id") == id && two.text("id") == second.text("id"), "one key in two sessions gets one answer")
	t.check(t.cancel(id, withKey(key)).text("status") == "canceled", "one key at update and cancel gets one answer")
	if other, ok := t.agent(AgentOther); ok {
		theirs := t.create(t.whole(t.plain(1)), withKey(key), withToken(other.Token))
		t.check(theirs.text("id") != id, "another agent's key shows this agent's session")
	} else {
		t.notef("without a second agent keys of two agents were not compared")
	}
}
