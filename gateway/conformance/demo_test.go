package conformance_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/cmd/postern/demo"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/conformance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openDemo starts a demo and returns the options of a run against it.
func openDemo(t *testing.T) conformance.Options {
	t.Helper()
	var story bytes.Buffer
	d, err := demo.Open(t.Context(), demo.Options{Screen: &story})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	o := conformance.Options{SpecDir: os.Getenv("ACP_SPEC_DIR"), Clock: clock.System()}
	o.Harness, o.HarnessKey = d.Harness()
	return o
}

// hidden are the statements that apply and cannot be seen in a date, with the reason. No other may be skipped.
var hidden = map[string]string{
	"TDS-03 in 2026-01-16": "outcome_details are optional", // J AuthenticationResult of that date
}

// TestDemo holds the demo's gateway against all statements, each date with a demo of its own.
func TestDemo(t *testing.T) {
	t.Parallel()
	dates := conformance.Versions()
	if named := os.Getenv("CONFORM_VERSIONS"); named != "" {
		dates = strings.Split(named, ",")
	}
	for _, date := range dates {
		t.Run(date, func(t *testing.T) {
			t.Parallel()
			o := openDemo(t)
			o.Versions = []string{date}
			if only := os.Getenv("CONFORM_ONLY"); only != "" {
				o.Only = strings.Split(only, ",")
			}
			report, err := conformance.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range report.Runs {
				checkSection(t, s, len(o.Only) > 0)
			}
			if len(o.Only) == 0 {
				keepOutcomes(t, date, report)
			}
		})
	}
}

// checkSection wants every statement to be there once, to pass where it applies, and to be skipped for a known reason alone.
func checkSection(t *testing.T, s conformance.Section, part bool) {
	t.Helper()
	seen := map[string]int{}
	for _, r := range s.Results {
		seen[r.ID]++
		if r.Millis > 1500 {
			t.Logf("%s over %s: %s took %d ms", s.Version, s.Transport, r.ID, r.Millis)
		}
		switch r.Outcome {
		case conformance.Passed:
		case conformance.Failed:
			t.Errorf("%s over %s: %s failed: %s", s.Version, s.Transport, r.ID, r.Reason)
		case conformance.Skipped:
			checkSkip(t, s, r)
		}
	}
	for _, st := range conformance.Statements() {
		if !part && seen[st.ID] != 1 {
			t.Errorf("%s over %s: %s was tried %d times, want once", s.Version, s.Transport, st.ID, seen[st.ID])
		}
	}
	t.Logf("%s over %s: %d passed, %d failed, %d skipped in %d ms", s.Version, s.Transport, s.Passed, s.Failed, s.Skipped, s.Millis)
}

func checkSkip(t *testing.T, s conformance.Section, r conformance.Result) {
	t.Helper()
	for _, st := range conformance.Statements() {
		if st.ID != r.ID {
			continue
		}
		if applies, why := st.Applies(s.Version, s.Transport); !applies && why == r.Reason {
			return
		}
	}
	if want, ok := hidden[r.ID+" in "+s.Version]; !ok || !strings.Contains(r.Reason, want) {
		t.Errorf("%s over %s: %s was skipped, and must not be: %s", s.Version, s.Transport, r.ID, r.Reason)
	}
}
