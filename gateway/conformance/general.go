package conformance

import (
	"net/http"
	"slices"
	"strings"
)

func generalStatements() []Statement {
	return []Statement{
		{
			ID: "GEN-01", Profile: AllDates, From: v1, Source: rfcCheckout + " §3.1, §7", check: wantsAuthorization,
			Text: "A request without a valid Authorization is refused with 401 and a flat error",
		},
		{
			ID: "GEN-02", Profile: AllDates, From: v1, Source: rfcCheckout + " §3.1", check: speaksJSON,
			Text: "Every body is JSON; errors are flat objects with type, code and message, and a param is a JSONPath",
		},
		{
			ID: "GEN-03", Profile: AllDates, From: v1, Source: rfcCheckout + " §3.1", check: echoesRequestID, OnlyREST: noHeaders,
			Text: "The client's Request-Id comes back with answers and (a quality of ours) with errors",
		},
		{
			ID: "GEN-04", Profile: AllDates, From: v1, Source: rfcCheckout + " §2.1; changelog/2026-04-17.md", check: wantsVersion,
			Text: "A request without API-Version is refused with 400, missing_api_version and the supported versions",
		},
		{
			ID: "GEN-05", Profile: AllDates, From: v1, Source: rfcCheckout + " §2.1", check: refusesUnknownVersion,
			Text: "An unknown API-Version is refused with 400, unsupported_api_version and all five supported versions",
		},
		{
			ID: "GEN-06", Profile: SinceV5, From: v5, Source: schemaV5 + " Error", check: closedErrorTypes,
			Text: "An error's type is invalid_request, processing_error or service_unavailable",
		},
		{
			ID: "GEN-07", Profile: AllDates, From: v1, Source: rfcCheckout + " §3.1", check: refusesBrokenJSON, OnlyREST: noJSON,
			Text: "A body that is no JSON is refused with 400 invalid_request and makes nothing",
		},
		{
			ID: "GEN-08", Profile: AllDates, From: v1, Source: schemaSession, check: validAnswers,
			Text: "Answers are valid by the JSON Schema of the version that was asked for",
		},
		{
			ID: "GEN-09", Profile: Quality, From: v1, Source: schemaSession, check: validInEveryVersion,
			Text: "One session read in each of the five versions is valid in each",
		},
		{
			ID: "GEN-10", Profile: Quality, From: v1, Source: "spec/2026-04-17/openapi/openapi.cart.yaml", check: hidesForeignSessions,
			Text: "Another agent gets 404 for a session that is not its own: get, update, complete and cancel",
		},
		{
			ID: "GEN-11", Profile: Quality, From: v1, Source: rfcNegotiation + " §4.6.2", check: ignoresUnknownMembers,
			Text: "Members that nobody knows are ignored",
		},
		{
			ID: "GEN-12", Profile: Quality, From: v1, Source: rfcDiscovery + " §4.4", check: saysWhenToComeBack, OnlyREST: noHeaders,
			Text: "429 and 503 carry Retry-After",
		},
	}
}

func wantsAuthorization(t *trial) {
	s := t.create(t.whole(t.plain(1)))
	for _, call := range []func(...option) answer{
		func(o ...option) answer { return t.do(opCreate, "", t.whole(t.plain(1)), o...) },
		func(o ...option) answer { return t.do(opGet, s.text("id"), nil, o...) },
		func(o ...option) answer { return t.do(opCancel, s.text("id"), obj{}, o...) },
	} {
		for _, o := range []option{withoutToken(), withToken("nobody-knows-this-token")} {
			a := call(o)
			t.check(a.refused && a.status == http.StatusUnauthorized, "a call without a valid token is answered %d, want 401", a.status)
			if t.transport == REST {
				t.flat(a)
			}
		}
	}
	if t.transport == REST {
		for _, value := range []string{"Basic abc", "Bearer", t.token()} {
			a := t.do(opGet, s.text("id"), nil, withHeader("Authorization", value))
			t.refusal(a, "", http.StatusUnauthorized)
		}
	}
	t.check(t.get(s.text("id")).text("status") != "canceled", "a call without a token has canceled the session")
}

// mistakes are calls that must be refused, for statements about errors.
func mistakes(t *trial, id string) []answer {
	out := []answer{
		t.do(opGet, "cs_nobody_has_this_one", nil),
		t.do(opCreate, "", obj{}),
		t.do(opCreate, "", t.bare(wanted{"no-such-item-anywhere", 1})),
		t.do(opCreate, "", t.bare(t.plain(-1))),
		t.do(opComplete, id, obj{}),
		t.do(opGet, id, nil, withVersion("1999-01-01")),
	}
	if t.transport == REST {
		out = append(out, t.do(opCreate, "", rawJSON("{")), t.do(opGet, id, nil, withoutToken()), t.do(opGet, id, nil, withVersion("")))
	}
	return out
}

func speaksJSON(t *trial) {
	a := t.do(opCreate, "", t.whole(t.plain(1)))
	s := t.success(a, http.StatusCreated)
	answers := []answer{a, t.do(opGet, s.text("id"), nil), t.do(opUpdate, s.text("id"), obj{"buyer": buyer()})}
	for _, e := range mistakes(t, s.text("id")) {
		t.check(e.refused, "a mistake is answered as a success")
		t.last = e
		t.flat(e)
		answers = append(answers, e)
	}
	for _, a := range answers {
		if t.transport == REST {
			t.last = a
			kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
			t.check(strings.TrimSpace(kind) == "application/json", "the Content-Type is %q, want application/json", a.header.Get("Content-Type"))
			_, err := parse(a.raw)
			t.check(err == nil, "the body is no JSON: %v", err)
		}
	}
}

func echoesRequestID(t *trial) {
	const id = "conform-request-1"
	a := t.do(opCreate, "", t.whole(t.plain(1)), withHeader("Request-Id", id))
	t.success(a, http.StatusCreated)
	t.check(a.header.Get("Request-Id") == id, "the Request-Id of a success is %q, want %q", a.header.Get("Request-Id"), id)
	got := t.do(opGet, a.text("id"), nil, withHeader("Request-Id", id))
	t.check(got.header.Get("Request-Id") == id, "the Request-Id of a get is %q, want %q", got.header.Get("Request-Id"), id)
	for _, e := range []answer{
		t.do(opGet, "cs_nobody_has_this_one", nil, withHeader("Request-Id", id)),
		t.do(opCreate, "", rawJSON("{"), withHeader("Request-Id", id)),
		t.do(opGet, a.text("id"), nil, withHeader("Request-Id", id), withoutToken()),
	} {
		t.last = e
		t.check(e.header.Get("Request-Id") == id, "the Request-Id of an error is %q, want %q", e.header.Get("Request-Id"), id)
	}
}

func wantsVersion(t *trial) {
	for _, a := range []answer{
		t.do(opCreate, "", t.whole(t.plain(1)), withVersion("")), t.do(opGet, "cs_nobody_has_this_one", nil, withVersion("")),
	} {
		t.last = a
		e := t.refusal(a, "missing_api_version", http.StatusBadRequest)
		t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
		t.check(len(e.list("supported_versions")) > 0, "supported_versions is missing or empty")
	}
}

func refusesUnknownVersion(t *trial) {
	for _, date := range []string{"1999-12-31", "2099-01-01", "latest", "2026-04-18"} {
		e := t.refusal(t.do(opCreate, "", t.whole(t.plain(1)), withVersion(date)), "unsupported_api_version", http.StatusBadRequest)
		t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
		var named []string
		for _, v := range e.list("supported_versions") {
			s, _ := v.value.(string)
			named = append(named, s)
		}
		for _, v := range Published() {
			t.check(!carries(t.transport, v) || slices.Contains(named, v), "supported_versions is %q, without %s", named, v)
		}
	}
}

func closedErrorTypes(t *trial) {
	s := t.create(t.whole(t.plain(1)))
	for _, e := range mistakes(t, s.text("id")) {
		t.last = e
		t.check(slices.Contains([]string{"invalid_request", "processing_error", "service_unavailable"}, e.text("type")), "the type is %q", e.text("type"))
	}
}

func refusesBrokenJSON(t *trial) {
	for _, body := range []string{"{", "", "[]", `"text"`, `{"currency":"usd",}`, "not json at all", "{\"buyer\":\"\xff\"}"} {
		a := t.do(opCreate, "", rawJSON(body))
		e := t.refusal(a, "", http.StatusBadRequest)
		t.check(e.text("type") == "invalid_request", "the type is %q, want invalid_request", e.text("type"))
		t.check(!e.has("id"), "a session was made from a body that is no JSON")
	}
}

func validAnswers(t *trial) {
	a := t.do(opCreate, "", t.bare(t.plain(2)))
	t.success(a, http.StatusCreated)
	t.valid(t.date, a, "a bare create")
	a = t.do(opCreate, "", t.whole(t.plain(2), wanted{t.item(ItemSecond), 1}))
	s := t.success(a, http.StatusCreated)
	t.valid(t.date, a, "create")
	id := s.text("id")
	if options := viewOptions(s); len(options) > 1 {
		a = t.do(opUpdate, id, t.choose(options[1], lineIDs(s)...))
		s = t.success(a, http.StatusOK)
		t.valid(t.date, a, "update")
	}
	if code := t.seller.Codes[CodePercent]; code != "" && since(t.date, v4) {
		a = t.do(opUpdate, id, obj{"discounts": obj{"codes": list{code, "no-such-code"}}})
		s = t.success(a, http.StatusOK)
		t.valid(t.date, a, "an update with discount codes")
	}
	a = t.do(opGet, id, nil)
	t.success(a, http.StatusOK)
	t.valid(t.date, a, "get")
	if t.harness != nil && t.harness.offers[OfferTokens] {
		declined := t.do(opComplete, id, t.pay(s, t.mint(Mint{Amount: of(s, "total"), SessionID: id, Outcome: "decline"})))
		t.success(declined, http.StatusOK)
		t.valid(t.date, declined, "a declined complete")
		done := t.do(opComplete, id, t.pay(s, t.enough(s)))
		t.success(done, http.StatusOK)
		t.valid(t.date, done, "complete")
		a = t.do(opGet, id, nil)
		t.success(a, http.StatusOK)
		t.valid(t.date, a, "get after complete")
	}
	other := t.create(t.whole(t.plain(1)))
	a = t.do(opCancel, other.text("id"), obj{})
	t.success(a, http.StatusOK)
	t.valid(t.date, a, "cancel")
}

func lineIDs(s node) []string {
	var out []string
	for _, l := range viewLines(s) {
		out = append(out, l.id)
	}
	return out
}

func validInEveryVersion(t *trial) {
	open := t.create(t.whole(t.plain(2), wanted{t.item(ItemSecond), 1}))
	ids := []string{open.text("id")}
	if t.harness != nil && t.harness.offers[OfferTokens] {
		id, _ := t.paid()
		ids = append(ids, id)
	}
	for _, id := range ids {
		for _, date := range Published() {
			if !carries(t.transport, date) {
				continue
			}
			a := t.do(opGet, id, nil, withVersion(date))
			s := t.success(a, http.StatusOK)
			t.valid(date, a, "get in "+date)
			t.check(of(s, "total") > 0, "read in %s the session has no total", date)
		}
	}
}

func hidesForeignSessions(t *trial) {
	other := t.as(AgentOther).Token
	s := t.ready()
	id := s.text("id")
	payment := t.pay(s, notNeeded)
	for _, a := range []answer{
		t.do(opGet, id, nil, withToken(other)), t.do(opUpdate, id, obj{"buyer": nil}, withToken(other)),
		t.do(opComplete, id, payment, withToken(other)), t.do(opCancel, id, obj{}, withToken(other)),
	} {
		t.last = a
		t.refusal(a, "", http.StatusNotFound)
	}
	after := t.get(id)
	t.check(after.text("status") == "ready_for_payment" && after.has("buyer"), "a stranger's calls have changed the session")
}

func ignoresUnknownMembers(t *trial) {
	body := t.whole(t.plain(1))
	body["a_member_of_tomorrow"] = obj{"deep": list{1, nil, "x"}}
	person := buyer()
	person["favorite_color"] = "green"
	body["buyer"] = person
	s := t.create(body)
	t.check(s.text("status") == "ready_for_payment", "with members that nobody knows the session is %q", s.text("status"))
	t.check(!s.has("a_member_of_tomorrow"), "the unknown member comes back")
	t.update(s.text("id"), obj{"another_one": true})
}

func saysWhenToComeBack(t *trial) {
	t.need(OfferFaults)
	s := t.create(t.whole(t.plain(1)))
	t.fault(Fault{Kind: FaultDown})
	a := t.do(opUpdate, s.text("id"), obj{t.lineKey(): t.lines(t.plain(2))})
	t.refusal(a, "", http.StatusServiceUnavailable)
	t.check(a.header.Get("Retry-After") != "", "503 has no Retry-After")
	limited, ok := t.agent(AgentLimited)
	if !ok {
		t.notef("no agent with low limits: only 503 was looked at")
		return
	}
	for range 400 {
		a = t.do(opGet, "cs_nobody_has_this_one", nil, withToken(limited.Token))
		if a.status == http.StatusTooManyRequests {
			t.check(a.header.Get("Retry-After") != "", "429 has no Retry-After")
			t.flat(a)
			return
		}
	}
	t.failf("400 calls of an agent with low limits were all let through")
}
