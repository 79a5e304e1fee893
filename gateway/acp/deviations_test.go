package acp

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/reader"
	"github.com/postern-gateway/postern/translate/wire"
)

// counted is what Config.Deviated heard.
type counted struct {
	mu   sync.Mutex
	list []string
}

func (c *counted) hear(_ context.Context, agent, date string, d wire.Deviation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, fmt.Sprintf("%s %s %s", agent, date, d))
}

// deviating is a pipeline whose agent is held to its date or not, with what it counts and how often the service was asked.
func deviating(t *testing.T, strict bool, set translate.Set) (p *Pipeline, heard *counted, asked *int) {
	t.Helper()
	heard, asked = &counted{}, new(int)
	all, err := NewAgents([]config.Agent{{Name: "a", Strict: strict, Shops: []string{"main"}, Keys: []config.Key{{SHA256: agentkey.Hash("token")}}}},
		map[string]config.Shop{"main": {}})
	if err != nil {
		t.Fatal(err)
	}
	p, _ = newPipeline(t, &claims{}, func(_ context.Context, c checkout.Call) (store.Answer, error) {
		*asked++
		return c.Render(commerce.Session{ID: "cs_1", Status: commerce.NotReady, Currency: "usd"})
	}, func(c *Config) { c.Agents, c.Deviated, c.Versions = all, heard.hear, set })
	return p, heard, asked
}

func ask(version, body string) Request {
	return Request{Operation: Create, Token: "token", APIVersion: version, Key: "k", KeyPresent: true, Body: func() ([]byte, error) { return []byte(body), nil }}
}

// One deviation in one call is one count, however often the shape stands in the body, and a replay counts nothing: nothing is read.
func TestDeviationsAreCounted(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"items":[{"id":"a","quantity":1},{"id":"b","quantity":1}]}`:   nil,
		`{"items":[{"id":"a"},{"id":"b"}]}`:                             {"a 2025-12-12 quantity_missing"},
		`{"line_items":[{"id":"a","quantity":1}],"x":1,"y":{}}`:         {"a 2025-12-12 lines_name", "a 2025-12-12 unknown_member"},
		`{"line_items":[{"id":"a","quantity":1}],"buyer":{"email":""}}`: {"a 2025-12-12 lines_name", "a 2025-12-12 buyer_name_missing"},
	} {
		p, heard, _ := deviating(t, false, translate.Set{})
		first := p.Do(t.Context(), ask("2025-12-12", body))
		if diff := cmp.Diff(want, heard.list); diff != "" {
			t.Errorf("%s: %d %s\n%s", body, first.Status, first.Body, diff)
		}
	}
}

// An agent that is held to its date is told the first shape that the date does not have, where it stands in the body that it sent.
func TestStrictAgent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ version, body, param string }{
		{"2025-09-29", `{"items":[{"id":"a","quantity":1}]}`, ""},
		{"2025-09-29", `{"line_items":[{"id":"a","quantity":1}]}`, "$.line_items"},
		{"2025-09-29", `{"items":[{"id":"a","quantity":1}],"discounts":{"codes":["A"]}}`, "$.discounts"},
		{"2025-09-29", `{"items":[{"id":"a","quantity":1}],"fulfillment_details":{"name":"Ada"}}`, "$.fulfillment_details"},
		{"2025-12-12", `{"items":[{"id":"a","quantity":1},{"id":"b"}],"x":1}`, "$.items[1].quantity"},
		{"2026-04-17", createBody, ""},
		{"2026-04-17", `{"line_items":[{"id":"a","quantity":2}],"buyer":null,"currency":"usd","capabilities":{}}`, ""},
		{"2026-04-17", `{"items":[{"id":"a"}],"currency":"usd","capabilities":{}}`, "$.items"},
		{"2026-04-17", `{"line_items":[{"id":"a"}],"currency":"usd"}`, "$.capabilities"},
	} {
		p, heard, asked := deviating(t, true, translate.Set{})
		r := p.Do(t.Context(), ask(tt.version, tt.body))
		if tt.param == "" {
			if r.Status != 201 || *asked == 0 || slices.ContainsFunc(heard.list, func(d string) bool {
				return !strings.HasSuffix(d, string(reader.QuantitySent)) && !strings.HasSuffix(d, string(reader.NullValue))
			}) {
				t.Errorf("%s %s: %d %s, %v", tt.version, tt.body, r.Status, r.Body, heard.list)
			}
			continue
		}
		var problem struct{ Type, Code, Param, Message string }
		if err := json.Unmarshal(r.Body, &problem); err != nil {
			t.Fatal(err)
		}
		if r.Status != 400 || problem.Type != "invalid_request" || problem.Code != "invalid" || problem.Param != tt.param ||
			!strings.Contains(problem.Message, tt.version) || *asked != 0 || len(heard.list) == 0 {
			t.Errorf("%s %s: %d %s, want 400 at %s; %v", tt.version, tt.body, r.Status, r.Body, tt.param, heard.list)
		}
	}
}

// A mistake is told where the agent made it, also under a name that its date does not have.
func TestMistakesAreToldAsSent(t *testing.T) {
	t.Parallel()
	p, _, _ := deviating(t, false, translate.Set{})
	r := p.Do(t.Context(), ask("2025-09-29", `{"line_items":[{"id":"a"}],"discounts":{"codes":[7]}}`))
	if r.Status != 400 || !strings.Contains(string(r.Body), `"param":"$.discounts.codes[0]"`) {
		t.Errorf("%d %s", r.Status, r.Body)
	}
}

func TestAliases(t *testing.T) {
	t.Parallel()
	body := `{"items":[{"id":"a","quantity":1}]}`
	for _, tt := range []struct {
		name, header, version string
		strict                bool
		set                   translate.Set
		code                  string
		heard                 []string
	}{
		{name: "off", header: "2026-01-15", code: "unsupported_api_version"},
		{name: "on", header: "2026-01-15", version: "2026-01-16", set: translate.Set{Aliases: true}, heard: []string{"a 2026-01-16 version_alias"}},
		{
			name: "on, strict", header: "2026-01-15", strict: true, set: translate.Set{Aliases: true},
			code: "unsupported_api_version", heard: []string{"a 2026-01-16 version_alias"},
		},
		{name: "no alias", header: "2026-01-17", set: translate.Set{Aliases: true}, code: "unsupported_api_version"},
		{name: "preview off", header: "unreleased", set: translate.Set{Aliases: true}, code: "unsupported_api_version"},
	} {
		p, heard, asked := deviating(t, tt.strict, tt.set)
		r := p.Do(t.Context(), ask(tt.header, body))
		ok := r.Status == 201 && *asked > 0 && strings.Contains(string(r.Body), `"fulfillment_options"`) && !strings.Contains(string(r.Body), `"protocol"`)
		if tt.code != "" {
			ok = r.Status == 400 && *asked == 0 && strings.Contains(string(r.Body), tt.code) && strings.Contains(string(r.Body), `"2026-01-16"`) &&
				!strings.Contains(string(r.Body), `"unreleased"`)
		}
		if !ok || r.Version != tt.version || !slices.Equal(heard.list, tt.heard) {
			t.Errorf("%s: %d %s in %q, %v", tt.name, r.Status, r.Body, r.Version, heard.list)
		}
	}
	p, heard, _ := deviating(t, true, translate.Set{Unreleased: true})
	if r := p.Do(t.Context(), ask("unreleased", createBody)); r.Status != 201 || r.Version != "unreleased" || len(heard.list) != 0 {
		t.Errorf("the preview: %d %s, %v", r.Status, r.Body, heard.list)
	}
	r := ask("2026-01-15", "")
	r.Operation, r.ID = Get, "cs_1"
	p, heard, _ = deviating(t, false, translate.Set{Aliases: true})
	if got := p.Do(t.Context(), r); got.Status != 200 || len(heard.list) != 1 {
		t.Errorf("a get by an alias: %d, %v", got.Status, heard.list)
	}
}
