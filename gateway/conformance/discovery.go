package conformance

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// discoveryPath is where the document stands, at the origin's root.
const discoveryPath = "/.well-known/acp.json"

func discoveryStatements() []Statement {
	return []Statement{
		{
			ID: "DIS-01", Profile: SinceV5, From: v5, Source: rfcDiscovery + " §7.1, §10", check: discloses, OnlyREST: noDocument,
			Text: "/.well-known/acp.json answers 200 without credentials, is valid, and holds no merchant id, payment provider or key",
		},
		{
			ID: "DIS-02", Profile: SinceV5, From: v5, Source: rfcDiscovery + " §4.2", check: ordersVersions, OnlyREST: noDocument,
			Text: "protocol.name is acp; supported_versions ascends, and version is its last entry",
		},
		{
			ID: "DIS-03", Profile: SinceV5, From: v5, Source: rfcDiscovery + " §10", check: keepsPromises, OnlyREST: noDocument,
			Text: "rest is among the transports, and every transport, service, version and extension that is advertised works",
		},
		{
			ID: "DIS-04", Profile: SinceV5, From: v5, Source: rfcDiscovery + " §4.1", check: letsCache, OnlyREST: noDocument,
			Text: "Cache-Control is public with a max-age of at least an hour",
		},
	}
}

// discover fetches the document as a stranger.
func (t *trial) discover() answer {
	a, err := t.send(request{method: http.MethodGet, path: discoveryPath, naked: true, keyless: true})
	if err != nil {
		t.failf("%s was not answered: %v", discoveryPath, err)
	}
	t.success(a, http.StatusOK)
	return a
}

var (
	currencyForm = regexp.MustCompile(`^[a-z]{3}$`)
	localeForm   = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
)

func discloses(t *trial) {
	a := t.discover()
	kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	t.check(kind == "application/json", "the Content-Type is %q, want application/json", kind)
	if t.schemas != nil {
		t.notef("against the published schemas")
		if err := t.schemas.validate(v5, "DiscoveryResponse", a.raw); err != nil {
			t.failf("%v", err)
		}
	} else {
		t.notef("without the published schemas, against our own assertions")
		t.holds(a.node, shape{[]string{"protocol", "api_base_url", "transports", "capabilities"}, nil}, "the document")
		t.holds(a.at("protocol"), shape{[]string{"name", "version", "supported_versions"}, []string{"documentation_url"}}, "protocol")
		t.holds(a.at("capabilities"), shape{
			[]string{"services"}, []string{"extensions", "intervention_types", "supported_currencies", "supported_locales"},
		}, "capabilities")
	}
	for _, c := range a.list("capabilities", "supported_currencies") {
		s, _ := c.value.(string)
		t.check(currencyForm.MatchString(s), "the currency %q is not in lower case", s)
	}
	for _, l := range a.list("capabilities", "supported_locales") {
		s, _ := l.value.(string)
		t.check(localeForm.MatchString(s), "the locale %q is no BCP 47 tag", s)
	}
	s := t.create(t.whole(t.plain(1)))
	told := []string{"merchant_id", "psp", "handler"}
	for _, h := range s.list("capabilities", "payment", "handlers") {
		told = append(told, h.text("config", "merchant_id"), h.text("config", "psp"))
	}
	for _, word := range told {
		t.check(word == "" || !strings.Contains(strings.ToLower(string(a.raw)), strings.ToLower(word)), "the document tells %q", word)
	}
}

func ordersVersions(t *trial) {
	a := t.discover()
	t.check(a.text("protocol", "name") == "acp", "protocol.name is %q, want acp", a.text("protocol", "name"))
	var versions []string
	for _, v := range a.list("protocol", "supported_versions") {
		s, _ := v.value.(string)
		versions = append(versions, s)
	}
	t.check(len(versions) > 0, "supported_versions is missing or empty")
	t.check(slices.IsSorted(versions) && len(slices.Compact(slices.Clone(versions))) == len(versions), "supported_versions %q does not ascend", versions)
	t.check(a.text("protocol", "version") == versions[len(versions)-1], "version is %q, the last of supported_versions is %q", a.text("protocol", "version"), versions[len(versions)-1])
}

// promised are the strings of an array in the document.
func promised(a answer, path ...any) []string {
	var out []string
	for _, v := range a.list(path...) {
		if s, ok := v.value.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func keepsPromises(t *trial) {
	a := t.discover()
	transports := promised(a, "transports")
	t.check(slices.Contains(transports, "rest"), "transports are %q, without rest", transports)
	base, err := url.Parse(a.text("api_base_url"))
	t.check(err == nil && base.IsAbs() && base.Host != "", "api_base_url is %q, want an absolute URL", a.text("api_base_url"))
	for _, v := range promised(a, "protocol", "supported_versions") {
		if age(v) < 0 {
			continue // of a later specification than the suite's
		}
		made := t.in(v, REST)
		r, err := made.exchange(opCreate, "", made.bare(wanted{t.item(ItemPlain), 1}))
		if err != nil || r.refused {
			t.last = r
			t.failf("the version %s is advertised and does not work: %v", v, err)
		}
	}
	if slices.Contains(transports, "mcp") {
		over := t.in(t.date, MCP)
		r, err := over.exchange(opCreate, "", over.bare(wanted{t.item(ItemPlain), 1}))
		if err != nil || r.refused {
			t.last = r
			t.failf("mcp is advertised and does not work: %v", err)
		}
	}
	for _, service := range promised(a, "capabilities", "services") {
		switch service {
		case "carts":
			t.success(t.fetch(http.MethodPost, "/carts", t.cartLines(t.plain(1))), http.StatusCreated)
		case "checkout":
			t.create(t.whole(t.plain(1)))
		case "orders":
			if t.receiver == nil || t.harness == nil || !t.harness.offers[OfferTokens] {
				t.notef("without a harness the service orders was not looked at")
				continue
			}
			id, _ := t.paid()
			t.await(id, "order_create", func(d delivery) bool { return d.text("type") == "order_create" })
		case "delegate_payment":
			t.notef("delegate_payment is the payment provider's; it was not looked at")
		default:
			t.failf("the service %q is none of this version", service)
		}
	}
	for i := range a.list("capabilities", "extensions") {
		name := a.text("capabilities", "extensions", i, "name")
		if word, _, _ := strings.Cut(name, "@"); word == "discount" {
			s := t.create(t.able(list{}, "discount"))
			after := t.update(s.text("id"), codes("NO-SUCH-CODE"))
			t.check(len(after.list("discounts", "rejected")) == 1, "the extension %s is advertised, and a code is not looked at", name)
			continue
		}
		t.notef("the extension %s is unknown to the suite", name)
	}
	for _, c := range promised(a, "capabilities", "supported_currencies") {
		body := t.bare(t.plain(1))
		body["currency"] = c
		s := t.create(body)
		t.check(s.text("currency") == c, "the currency %s is advertised, and the session is in %s", c, s.text("currency"))
	}
}

func letsCache(t *trial) {
	header := t.discover().header.Get("Cache-Control")
	age, isPublic := 0, false
	for part := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(name) {
		case "public":
			isPublic = true
		case "max-age":
			age, _ = strconv.Atoi(strings.Trim(value, `"`)) // what is no number is 0 and too little
		}
	}
	t.check(isPublic && age >= 3600, "Cache-Control is %q, want public and max-age of 3600 or more", header)
}
