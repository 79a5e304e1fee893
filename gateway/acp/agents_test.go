package acp

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/commerce"
)

func TestNewAgentsRefuses(t *testing.T) {
	t.Parallel()
	good := config.Key{SHA256: agentkey.Hash("t")}
	shops := map[string]config.Shop{"main": {}}
	for name, agents := range map[string][]config.Agent{
		"there is no shop":       {{Name: "a", Shops: []string{"other"}, Keys: []config.Key{good}}},
		"is not the hexadecimal": {{Name: "a", Shops: []string{"main"}, Keys: []config.Key{{SHA256: strings.Repeat("g", 64)}}}},
		"key 1 is not":           {{Name: "a", Shops: []string{"main"}, Keys: []config.Key{good, {SHA256: good.SHA256 + "00"}}}},
		"belongs to agent a":     {{Name: "a", Shops: []string{"main"}, Keys: []config.Key{good}}, {Name: "b", Shops: []string{"main"}, Keys: []config.Key{good}}},
	} {
		if _, err := NewAgents(agents, shops); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
}

func TestAgentOfAToken(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	all, err := NewAgents([]config.Agent{
		{Name: "a", Shops: []string{"main"}, Keys: []config.Key{
			{SHA256: agentkey.Hash("one")}, {SHA256: strings.ToUpper(agentkey.Hash("two")), Expires: now}, {SHA256: agentkey.Hash("three"), Expires: now.Add(1)},
		}},
		{Name: "b", Shops: []string{"main"}, Keys: []config.Key{{SHA256: agentkey.Hash("four")}, {SHA256: agentkey.Hash("")}}},
	}, map[string]config.Shop{"main": {}})
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]string{"one": "a", "two": "", "three": "a", "four": "b", "": "", "five": "", "ONE": "", agentkey.Hash("one"): ""} {
		who, err := all.authenticate(token, now)
		switch {
		case want == "" && commerce.KindOf(err) != commerce.Unauthenticated:
			t.Errorf("token %q: %v, %v", token, who, err)
		case want != "" && (err != nil || who.name != want):
			t.Errorf("token %q: %v, %v, want %s", token, who, err, want)
		}
	}
	if _, err := new(Agents).authenticate("one", now); commerce.KindOf(err) != commerce.Unauthenticated {
		t.Errorf("nobody knows a token: %v", err)
	}
}

// TestShopOfAHost holds that a buyer who was led to one shop never buys at another: an agent of one shop is not served at the host of a
// shop that it may not use. Names that are nobody's lead to the agent's only shop, and so does every name where that has none.
func TestShopOfAHost(t *testing.T) {
	t.Parallel()
	shops := map[string]config.Shop{"tea": {Host: "tea.example"}, "cups": {Host: "cups.example"}, "bare": {}}
	for _, c := range []struct {
		may        []string
		host, want string
	}{
		{[]string{"tea"}, "tea.example", "tea"},
		{[]string{"tea"}, "CUPS.example.:8443", ""},
		{[]string{"tea"}, "10.0.0.7:8080", "tea"},
		{[]string{"tea"}, "", "tea"},
		{[]string{"bare"}, "cups.example", "bare"},
		{[]string{"bare"}, "elsewhere.example", "bare"},
		{[]string{"tea", "cups"}, "cups.example", "cups"},
		{[]string{"tea", "cups"}, "elsewhere.example", ""},
	} {
		all, err := NewAgents([]config.Agent{{Name: "a", Shops: c.may, Keys: []config.Key{{SHA256: agentkey.Hash("t")}}}}, shops)
		if err != nil {
			t.Fatal(err)
		}
		who, err := all.authenticate("t", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := who.shop(c.host)
		if got != c.want || (c.want == "") != (commerce.KindOf(err) == commerce.NotFound) {
			t.Errorf("%v at %q: %q, %v, want %q", c.may, c.host, got, err, c.want)
		}
	}
}

func TestHostNames(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"a.example": "a.example", "A.Example:8443": "a.example", "a.example.": "a.example", "a.example.:443": "a.example", "[::1]:80": "[::1]", "[::1]": "[::1]", "": "",
	} {
		if got := hostName(host); got != want {
			t.Errorf("hostName(%q) = %q, want %q", host, got, want)
		}
	}
}
