package conformance

import (
	"slices"
)

func capabilityStatements() []Statement {
	return []Statement{
		{
			ID: "CAP-01", Profile: SinceV4, From: v4, Source: rfcNegotiation + " §4.5.1, §4.6.2, §10", check: negotiates,
			Text: "Every session has capabilities; interventions are those that both sides know; unknown values are ignored",
		},
		{
			ID: "CAP-02", Profile: SinceV4, From: v4, Source: rfcNegotiation + " §4.6.1", check: requiresIntervention,
			Text: "Where an intervention that is always required is missing the session is not_ready_for_payment with intervention_required",
		},
		{
			ID: "CAP-03", Profile: SinceV4, From: v4, Source: "spec/2026-01-30/json-schema/schema.extension.json; " + rfcExtensions + " §3.2, §4", check: extensionsAreActive,
			Text: "There is no empty extensions array, and extensions that are not supported do not come back",
		},
	}
}

// able is a body whose agent has capabilities.
func (t *trial) able(interventions list, extensions ...any) obj {
	body := t.whole(t.plain(1))
	c := obj{"interventions": obj{"supported": interventions}}
	if len(extensions) > 0 {
		c["extensions"] = list(extensions)
	}
	body["capabilities"] = c
	return body
}

func negotiates(t *trial) {
	for _, offered := range []list{{}, {"3ds"}, {"3ds", "biometric", "address_verification", "telepathy"}} {
		s := t.create(t.able(offered))
		id := s.text("id")
		known := map[string]bool{}
		for _, word := range offered {
			w, _ := word.(string)
			known[w] = w != "telepathy"
		}
		for _, answer := range []node{s, t.get(id), t.update(id, obj{"buyer": buyer()}), t.cancel(id)} {
			t.check(len(answer.at("capabilities").members()) > 0 || answer.has("capabilities"), "the session has no capabilities")
			for _, v := range answer.list("capabilities", "interventions", "supported") {
				word, _ := v.value.(string)
				t.check(known[word], "the intervention %q is supported by one side at most", word)
			}
		}
	}
	odd := t.able(list{"3ds"})
	odd["capabilities"] = obj{
		"interventions": obj{"supported": list{"3ds"}, "display_context": "hologram", "redirect_context": "none", "max_redirects": 3, "max_interaction_depth": 1, "x": 1},
		"y":             list{1},
	}
	t.create(odd)
}

func requiresIntervention(t *trial) {
	strict := t.as(AgentRequired).Token
	s := t.create(t.able(list{}), withToken(strict))
	t.check(s.text("capabilities", "interventions", "enforcement") == "always", "enforcement is %q, want always", s.text("capabilities", "interventions", "enforcement"))
	t.check(s.text("status") == "not_ready_for_payment", "without a required intervention the session is %q, want not_ready_for_payment", s.text("status"))
	_, ok := hasMessage(s, "error", "intervention_required")
	t.check(ok, "there is no error intervention_required: %s", brief(s.at("messages").value))
	var needed list
	for _, v := range s.list("capabilities", "interventions", "required") {
		needed = append(needed, v.value)
	}
	t.check(len(needed) > 0, "the session does not say which interventions are required")
	able := t.create(t.able(needed), withToken(strict))
	_, ok = hasMessage(able, "error", "intervention_required")
	t.check(!ok, "an agent that supports %v is told intervention_required", needed)
	t.check(able.text("status") != "not_ready_for_payment", "with the required intervention the session is %q", able.text("status"))
}

func extensionsAreActive(t *trial) {
	for _, names := range [][]any{{}, {"com.example.unheard"}, {"discount", "com.example.unheard@2026-01-01"}, {"discount@2026-01-27"}} {
		s := t.create(t.able(list{}, names...))
		e := s.at("capabilities", "extensions")
		if !e.present {
			continue
		}
		t.check(len(s.list("capabilities", "extensions")) > 0, "extensions is there and empty")
		for i, x := range s.list("capabilities", "extensions") {
			t.check(x.text("name") != "", "extension %d is no object with a name: %s", i, brief(x.value))
			t.check(x.text("name") != "com.example.unheard", "an extension that nobody supports comes back")
		}
	}
	if t.seller.Codes[CodePercent] == "" {
		return
	}
	s := t.create(t.able(list{}, "discount"))
	names := []string{}
	for _, x := range s.list("capabilities", "extensions") {
		names = append(names, x.text("name"))
	}
	t.check(slices.ContainsFunc(names, func(n string) bool { return n == "discount" || len(n) > 9 && n[:9] == "discount@" }), "a seller with codes answers the extensions %q, want discount", names)
}
