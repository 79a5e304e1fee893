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

// TestDemo holds the demo's gateway against all statements.
func TestDemo(t *testing.T) {
	t.Parallel()
	o := openDemo(t)
	if only := os.Getenv("CONFORM_ONLY"); only != "" {
		o.Only = strings.Split(only, ",")
	}
	if dates := os.Getenv("CONFORM_VERSIONS"); dates != "" {
		o.Versions = strings.Split(dates, ",")
	}
	report, err := conformance.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range report.Runs {
		for _, r := range s.Results {
			if r.Millis > 500 {
				t.Logf("%s over %s: %s took %d ms", s.Version, s.Transport, r.ID, r.Millis)
			}
			if r.Outcome == conformance.Skipped && os.Getenv("CONFORM_SKIPS") != "" {
				t.Logf("skip %s over %s: %s: %s", s.Version, s.Transport, r.ID, r.Reason)
			}
			if r.Outcome == conformance.Failed {
				t.Errorf("%s over %s: %s failed: %s", s.Version, s.Transport, r.ID, r.Reason)
			}
		}
		t.Logf("%s over %s: %d passed, %d failed, %d skipped in %d ms", s.Version, s.Transport, s.Passed, s.Failed, s.Skipped, s.Millis)
	}
}
