package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/gateway/conformance"
)

var update = flag.Bool("update", false, "write the table of capabilities into the README")

// The table stands between these lines of the README.
const (
	tableBegins = "<!-- The table is made by: go test ./cmd/postern -run TestReadmeTable -update -->\n"
	tableEnds   = "<!-- The table ends here. -->\n"
)

// proof is what the demo proved in one date over one transport (gateway/conformance/testdata/demo, which TestDemo there holds to be true).
type proof struct {
	Version   string                `json:"version"`
	Transport conformance.Transport `json:"transport"`
	Passed    []string              `json:"passed"`
	Hidden    map[string]string     `json:"hidden"` // statements that could not be seen, with the reason
}

// discovered is the part of the discovery document that the README repeats.
type discovered struct {
	Capabilities struct {
		Services      []string `json:"services"`
		Interventions []string `json:"intervention_types"`
		Extensions    []struct {
			Name string `json:"name"`
		} `json:"extensions"`
	} `json:"capabilities"`
	Protocol struct {
		Versions []string `json:"supported_versions"`
	} `json:"protocol"`
	Transports []string `json:"transports"`
}

// TestReadmeTable holds the README's table of capabilities to what the conformance suite proved against the demo, and to what the demo's
// gateway says of itself.
func TestReadmeTable(t *testing.T) {
	t.Parallel()
	want := tableBegins + table(t) + tableEnds
	name := filepath.Join("..", "..", "README.md")
	readme, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := bytes.Cut(readme, []byte(tableBegins))
	have, after, ends := bytes.Cut(rest, []byte(tableEnds))
	if !begins || !ends {
		t.Fatalf("the README has no place for the table: want the line %q and, below it, %q", tableBegins, tableEnds)
	}
	if tableBegins+string(have)+tableEnds == want {
		return
	}
	if !*update {
		t.Fatalf("the README's table is not what the suite proved; run go test ./cmd/postern -run TestReadmeTable -update\nwant\n%s", want)
	}
	if err := os.WriteFile(name, slices.Concat(before, []byte(want), after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTableNeedsProof: a statement that did not pass takes the mark away, and one that no date knows is a dash.
func TestTableNeedsProof(t *testing.T) {
	t.Parallel()
	rest := proof{Version: "2026-04-17", Transport: conformance.REST, Passed: []string{"CRT-01", "CRT-02"}}
	for ids, want := range map[string]string{"CRT-01 CRT-02": "✓ 2", "CRT-01 CRT-03": "1 of 2", "CRT-04": "0 of 1", "CMP-02": "–", "CRT-01 CMP-02": "✓ 1"} {
		if got := cell(rest, strings.Fields(ids)); got != want {
			t.Errorf("%s: %q, want %q", ids, got, want)
		}
	}
}

// table is the table with what stands below it.
func table(t *testing.T) string {
	t.Helper()
	proofs, says := proven(t)
	var b strings.Builder
	fmt.Fprint(&b, "\n| |")
	for _, p := range proofs {
		name := p.Version
		if p.Transport == conformance.MCP {
			name += " over MCP"
		}
		fmt.Fprintf(&b, " %s |", name)
	}
	fmt.Fprintf(&b, "\n|---|%s\n", strings.Repeat(":-:|", len(proofs)))
	proved := map[string]bool{}
	for _, c := range capabilities {
		ids := expandProofs(t, c.proofs)
		fmt.Fprintf(&b, "| %s |", c.name)
		for _, id := range ids {
			proved[id] = true
		}
		for _, p := range proofs {
			fmt.Fprintf(&b, " %s |", cell(p, ids))
		}
		fmt.Fprintln(&b)
	}
	for _, s := range conformance.Statements() {
		if !proved[s.ID] {
			t.Errorf("the statement %s proves no capability of capabilities_test.go", s.ID)
		}
	}
	fmt.Fprint(&b, "| **Statements that passed** |")
	for _, p := range proofs {
		fmt.Fprintf(&b, " **%d** |", len(p.Passed))
	}
	fmt.Fprint(&b, "\n\n")
	for _, p := range proofs {
		for _, id := range slices.Sorted(maps.Keys(p.Hidden)) {
			fmt.Fprintf(&b, "%s cannot be seen in %s: %s.\n", id, p.Version, strings.TrimPrefix(p.Hidden[id], "in "+p.Version+" "))
		}
	}
	var extensions []string
	for _, e := range says.Capabilities.Extensions {
		extensions = append(extensions, e.Name)
	}
	fmt.Fprint(&b, "The same gateway says of itself in `/.well-known/acp.json`:")
	for i, told := range []struct {
		what  string
		words []string
	}{
		{"versions", says.Protocol.Versions},
		{"transports", says.Transports},
		{"services", says.Capabilities.Services},
		{"extensions", extensions},
		{"interventions", says.Capabilities.Interventions},
	} {
		if len(told.words) == 0 {
			continue
		}
		if i > 0 {
			fmt.Fprint(&b, ";")
		}
		fmt.Fprintf(&b, "\n%s %s", told.what, strings.Join(told.words, ", "))
	}
	fmt.Fprint(&b, ".\n\n")
	return b.String()
}

// proven reads what the demo proved, the oldest date first and MCP last, and what discovery said.
func proven(t *testing.T) ([]proof, discovered) {
	t.Helper()
	var rest, mcp []proof
	var says discovered
	for _, date := range conformance.Published() {
		text, err := os.ReadFile(filepath.Join("..", "..", "gateway", "conformance", "testdata", "demo", date+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var out struct {
			Runs      []proof    `json:"runs"`
			Discovery discovered `json:"discovery"`
		}
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		says = out.Discovery
		for _, p := range out.Runs {
			if p.Transport == conformance.MCP {
				mcp = append(mcp, p)
			} else {
				rest = append(rest, p)
			}
		}
	}
	return slices.Concat(rest, mcp), says
}

// expandProofs puts the statements of a family in the place of its name.
func expandProofs(t *testing.T, names []string) []string {
	t.Helper()
	var out []string
	for _, name := range names {
		family, whole := strings.CutSuffix(name, "*")
		found := false
		for _, s := range conformance.Statements() {
			if s.ID == name || whole && strings.HasPrefix(s.ID, family) {
				found = true
				if !slices.Contains(out, s.ID) {
					out = append(out, s.ID)
				}
			}
		}
		if !found {
			t.Errorf("there is no statement %s", name)
		}
	}
	return out
}

// cell says how many of the statements that are about a date and a transport passed there: all, with a mark; some; or a dash where the date
// has no such thing.
func cell(p proof, ids []string) string {
	applies, passed := 0, 0
	for _, s := range conformance.Statements() {
		if !slices.Contains(ids, s.ID) {
			continue
		}
		if ok, _ := s.Applies(p.Version, p.Transport); ok {
			applies++
			if slices.Contains(p.Passed, s.ID) {
				passed++
			}
		}
	}
	switch {
	case applies == 0:
		return "–"
	case passed == applies:
		return fmt.Sprintf("✓ %d", passed)
	default:
		return fmt.Sprintf("%d of %d", passed, applies)
	}
}
