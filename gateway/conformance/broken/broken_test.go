//go:build brokenseller

package broken_test

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/cmd/postern/demo"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/conformance"
	"github.com/postern-gateway/postern/gateway/conformance/broken"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// control are statements that must pass whatever else is broken: a fault is found by the statement that is about it.
var control = []string{"CRE-06", "CAN-01", "CMP-10"}

// open starts a demo with a broken seller in front of it.
func open(t *testing.T) (*broken.Seller, conformance.Options) {
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
	harness, key := d.Harness()
	s, err := broken.Open(t.Context(), d.URL(), harness)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, conformance.Options{
		URL: s.URL, Harness: s.Harness, HarnessKey: key, SpecDir: os.Getenv("ACP_SPEC_DIR"), Clock: clock.System(),
	}
}

// failed are the statements that failed, sorted.
func failed(report *conformance.Report) (ids []string, reasons map[string]string) {
	reasons = map[string]string{}
	for _, s := range report.Runs {
		for _, r := range s.Results {
			if r.Outcome == conformance.Failed {
				ids, reasons[r.ID] = append(ids, r.ID), r.Reason
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), reasons
}

// TestFaults finds faults that are there twice, or for nothing, and statements that no fault shows to be of any use.
func TestFaults(t *testing.T) {
	t.Parallel()
	faults := broken.Faults()
	names := map[string]bool{}
	for _, f := range faults {
		if names[f.Name] || f.Name == "" || len(f.Caught) == 0 {
			t.Errorf("the fault %q is there twice, or is caught by nothing", f.Name)
		}
		names[f.Name] = true
	}
	for _, st := range conformance.Statements() {
		if !slices.ContainsFunc(faults, func(f broken.Fault) bool { return slices.Contains(f.Caught, st.ID) }) {
			t.Errorf("no fault shows that %s can fail", st.ID)
		}
	}
}

// TestEveryFaultIsCaught plants one fault after the other and wants exactly the statements to fail that are about it, of those and of the
// control.
func TestEveryFaultIsCaught(t *testing.T) {
	t.Parallel()
	for half := range slices.Chunk(broken.Faults(), len(broken.Faults())/2+1) {
		t.Run("from "+half[0].Name, func(t *testing.T) {
			t.Parallel()
			seller, o := open(t)
			for _, f := range half {
				t.Run(f.Name, func(t *testing.T) { catch(t, seller, o, f) })
			}
		})
	}
}

// catch plants one fault.
func catch(t *testing.T, seller *broken.Seller, o conformance.Options, f broken.Fault) {
	t.Helper()
	o.Versions, o.Transports = []string{"2026-04-17"}, []conformance.Transport{conformance.REST}
	if f.Version != "" {
		o.Versions = []string{f.Version}
	}
	if f.Transport != "" {
		o.Transports = []conformance.Transport{conformance.Transport(f.Transport)}
	}
	o.Only = append(slices.Clone(control), f.Caught...)
	o.Patience = 3 * time.Second // what a fault keeps from coming is not waited for long; the control waits for nothing
	seller.Plant(f)
	report, err := conformance.Run(t.Context(), o)
	seller.Plant(broken.Fault{})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(f.Caught))
	if got, reasons := failed(report); !slices.Equal(got, want) {
		t.Errorf("the fault is found by %q, want %q: %v", got, want, reasons)
	}
}

// TestNoFault runs through the proxy without a fault: what fails above fails because of its fault.
func TestNoFault(t *testing.T) {
	t.Parallel()
	_, o := open(t)
	for _, f := range broken.Faults() {
		o.Only = append(o.Only, f.Caught...)
	}
	o.Only = append(o.Only, control...)
	o.Versions = []string{"2025-09-29", "2026-04-17"}
	report, err := conformance.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if ids, reasons := failed(report); len(ids) > 0 {
		t.Errorf("without a fault %q fail: %v", ids, reasons)
	}
	for _, s := range report.Runs {
		if s.Passed == 0 {
			t.Errorf("in %s over %s nothing passed", s.Version, s.Transport)
		}
	}
}
