package conformance

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

func paymentStatements() []Statement {
	return []Statement{
		{
			ID: "PAY-01", Profile: SinceV4, From: v4, Source: schemaSession + " PaymentHandler; " + rfcHandlers + " §10", check: handlersAreWhole,
			Text: "Every payment handler has its ten members, a date for its version, and merchant_id and psp in its config",
		},
		{
			ID: "PAY-02", Profile: Older, From: v1, To: v3, Source: schemaSession + " PaymentProvider", check: providerHasForm,
			Text: "Up to 2026-01-16 payment_provider has the form of its version",
		},
		{
			ID: "PAY-03", Profile: SinceV5, From: v5, Source: rfcBacked + " §6.3, §9.1", check: backedHandlersAreProven,
			Text: "Handlers for what the seller keeps for a buyer are shown to the proven owner alone",
		},
	}
}

var dateForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func handlersAreWhole(t *trial) {
	s := t.ready()
	handlers := s.list("capabilities", "payment", "handlers")
	t.check(len(handlers) > 0, "a session that can be paid has no payment handlers")
	seen := map[string]bool{}
	for i, h := range handlers {
		for _, name := range []string{
			"id", "name", "version", "spec", "requires_delegate_payment", "requires_pci_compliance", "psp", "config_schema", "instrument_schemas", "config",
		} {
			t.check(h.has(name), "handler %d has no %s", i, name)
		}
		t.check(dateForm.MatchString(h.text("version")), "handler %d has the version %q, want a date", i, h.text("version"))
		t.check(strings.Count(h.text("name"), ".") >= 2, "handler %d has the name %q, want a reverse domain name", i, h.text("name"))
		t.check(h.isList("instrument_schemas"), "handler %d has no array instrument_schemas", i)
		t.check(h.text("config", "merchant_id") != "" && len(h.text("config", "merchant_id")) <= 256, "handler %d has the merchant_id %q", i, h.text("config", "merchant_id"))
		t.check(h.text("config", "psp") != "", "handler %d has no config.psp", i)
		t.check(!seen[h.text("id")], "two handlers have the id %q", h.text("id"))
		seen[h.text("id")] = true
		if !since(t.date, v5) {
			t.check(!h.has("display_name") && !h.has("display_order"), "handler %d has members of 2026-04-17", i)
		}
	}
	for _, name := range []string{"payment", "payment_provider"} {
		t.check(!s.at(name).present, "the session has a top-level %s", name)
	}
	t.check(!s.at("capabilities", "payment_methods").present, "capabilities has payment_methods")
}

func providerHasForm(t *trial) {
	s := t.ready()
	p := s.at("payment_provider")
	t.check(p.text("provider") == "stripe", "the provider is %q, want stripe", p.text("provider"))
	methods := p.list("supported_payment_methods")
	t.check(len(methods) > 0, "supported_payment_methods is missing or empty")
	for i, m := range methods {
		if t.date == v1 {
			t.check(m.value == "card", "method %d is %s, want card", i, brief(m.value))
			continue
		}
		t.check(m.text("type") == "card", "method %d has the type %q, want card", i, m.text("type"))
		for _, n := range m.list("supported_card_networks") {
			word, _ := n.value.(string)
			t.check(slices.Contains([]string{"amex", "discover", "mastercard", "visa"}, word), "method %d has the network %q", i, word)
		}
	}
	t.check(p.has("merchant_id") == (t.date == v3), "merchant_id is there: %v, want %v", p.has("merchant_id"), t.date == v3)
}

// backed are the handlers for what the seller keeps for a buyer.
func backed(s node) []node {
	var out []node
	for _, h := range s.list("capabilities", "payment", "handlers") {
		if strings.HasPrefix(h.text("name"), "dev.acp.seller_backed.") {
			out = append(out, h)
		}
	}
	return out
}

func backedHandlersAreProven(t *trial) {
	claims := t.whole(t.plain(1))
	person := buyer()
	person["customer_id"], person["authentication_status"] = "cus_somebody", "authenticated"
	claims["buyer"] = person
	t.check(len(backed(t.create(claims))) == 0, "a buyer whom nobody proved is shown a stored instrument")
	t.refresh()
	who, ok := t.agent(AgentIdentity)
	if !ok || who.Identity == "" {
		t.notef("the target has no agent that proves its buyers: only the refusal was looked at")
		return
	}
	t.check(len(backed(t.create(claims, withToken(who.Token)))) == 0, "a buyer without a proof is shown a stored instrument")
	made := t.do(opCreate, "", t.whole(t.plain(1)), withToken(who.Token), withProof(who.IdentityHeader, who.Identity))
	s := t.success(made, http.StatusCreated)
	shown := backed(s)
	t.check(len(shown) > 0, "a proven buyer with a stored card is shown none")
	for i, h := range shown {
		t.check(!h.truth("requires_pci_compliance") && h.text("psp") == "seller_managed", "handler %d wants card data, or has the psp %q, want seller_managed", i, h.text("psp"))
	}
	t.check(len(backed(t.get(s.text("id"), withToken(who.Token)))) == 0, "without the proof a later answer still shows the stored instrument")
	bad := t.do(opCreate, "", t.whole(t.plain(1)), withToken(who.Token), withProof(who.IdentityHeader, who.Identity+"x"))
	t.check(bad.refused || len(backed(bad.node)) == 0, "a broken proof shows a stored instrument")
}
