package conformance_test

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/postern-gateway/postern/gateway/conformance"
)

var update = flag.Bool("update", false, "write what the demo proved to testdata/demo, from where the README's table is made")

// outcomes is what the demo proved in one date: a report without times and texts, in testdata/demo. The README's table of capabilities is
// made of it (cmd/postern, TestReadmeTable), so that the suite does not run twice.
type outcomes struct {
	Runs      []outcome      `json:"runs"`
	Discovery jsontext.Value `json:"discovery"`
}

type outcome struct {
	Version   string                `json:"version"`
	Transport conformance.Transport `json:"transport"`
	Passed    []string              `json:"passed"`
	// Hidden are the statements that are about the date and the transport, and could not be seen, with the reason.
	Hidden map[string]string `json:"hidden,omitempty"`
}

func (o *outcome) hide(r conformance.Result) {
	if o.Hidden == nil {
		o.Hidden = map[string]string{}
	}
	o.Hidden[r.ID] = r.Reason
}

// applies reports whether a statement is about a section's date and transport.
func applies(id string, s conformance.Section) bool {
	for _, st := range conformance.Statements() {
		if ok, _ := st.Applies(s.Version, s.Transport); ok && st.ID == id {
			return true
		}
	}
	return false
}

// keepOutcomes holds a whole run of one date against what testdata/demo says that it proves.
func keepOutcomes(t *testing.T, date string, r *conformance.Report) {
	t.Helper()
	var out outcomes
	for _, s := range r.Runs {
		o := outcome{Version: s.Version, Transport: s.Transport}
		for _, result := range s.Results {
			switch result.Outcome {
			case conformance.Passed:
				o.Passed = append(o.Passed, result.ID)
			case conformance.Skipped:
				if applies(result.ID, s) {
					o.hide(result)
				}
			case conformance.Failed: // told already
			}
		}
		out.Runs = append(out.Runs, o)
	}
	out.Discovery = withoutAddresses(t, r.Discovery)
	text, err := json.Marshal(out, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	name := filepath.Join("testdata", "demo", date+".json")
	have, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if bytes.Equal(have, text) || t.Failed() {
		return
	}
	if !*update {
		t.Errorf("%s does not say what the demo proved; look at what changed, then: go test ./gateway/conformance -run TestDemo -update && go test ./cmd/postern -run TestReadmeTable -update", name)
		return
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, text, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// withoutAddresses is a discovery document without the addresses of the day.
func withoutAddresses(t *testing.T, document jsontext.Value) jsontext.Value {
	t.Helper()
	var members map[string]jsontext.Value
	if err := json.Unmarshal(document, &members); err != nil {
		t.Fatalf("the discovery document cannot be read: %v", err)
	}
	delete(members, "api_base_url")
	text, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
