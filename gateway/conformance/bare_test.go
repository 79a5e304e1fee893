package conformance_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/conformance"
)

// seller asks a demo's harness what the suite is told.
func seller(t *testing.T, o conformance.Options) conformance.Seller {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.Harness+"/seller", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+o.HarnessKey)
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it is read to its end
	var s conformance.Seller
	text, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStranger tries a seller of whom only an address, a token and an article are known, without the published schemas: nothing fails for
// want of a harness, and much can be seen.
func TestStranger(t *testing.T) {
	t.Parallel()
	known := openDemo(t)
	s := seller(t, known)
	o := conformance.Options{
		URL: s.URL, Token: s.Agents["2026-04-17"].Token, OtherToken: s.Agents[conformance.AgentOther].Token,
		Item: s.Items[conformance.ItemPlain], SecondItem: s.Items[conformance.ItemSecond], Clock: clock.System(),
	}
	report, err := conformance.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range report.Runs {
		for _, r := range section.Results {
			if r.Outcome == conformance.Failed {
				t.Errorf("%s over %s: %s failed: %s", section.Version, section.Transport, r.ID, r.Reason)
			}
			if r.Outcome == conformance.Skipped && r.Reason == "" {
				t.Errorf("%s is skipped without a reason", r.ID)
			}
			if (r.ID == "GEN-08" || r.ID == "DIS-01") && r.Outcome == conformance.Passed && !strings.Contains(strings.Join(r.Notes, " "), "our own assertions") {
				t.Errorf("%s does not say that it had no schemas: %q", r.ID, r.Notes)
			}
		}
		if section.Passed < 35 {
			t.Errorf("in %s over %s only %d statements could be seen", section.Version, section.Transport, section.Passed)
		}
		if since := section.Version >= "2026-01-30"; (len(section.Capabilities) > 0) != since {
			t.Errorf("in %s the report has the capabilities %s", section.Version, section.Capabilities)
		}
	}
	if report.Harness || report.Schemas || len(report.Discovery) == 0 {
		t.Errorf("the report says harness %v, schemas %v, discovery %s", report.Harness, report.Schemas, report.Discovery)
	}
	checkFormats(t, report)
}

// checkFormats reads the report again in each format.
func checkFormats(t *testing.T, report *conformance.Report) {
	t.Helper()
	written := map[string][]byte{}
	for _, format := range conformance.Formats() {
		var b bytes.Buffer
		if err := report.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		written[format] = b.Bytes()
	}
	if last := "2026-04-17 over mcp"; !bytes.Contains(written["text"], []byte(last)) || !bytes.Contains(written["text"], []byte(" 0 failed, ")) {
		t.Errorf("the text does not end with the counts of %s", last)
	}
	var again conformance.Report
	if err := json.Unmarshal(written["json"], &again); err != nil || len(again.Runs) != len(report.Runs) || again.Runs[0].Results[0].ID != "GEN-01" {
		t.Errorf("the JSON is not the report: %v", err)
	}
	var suites struct {
		Suites []struct {
			Tests int        `xml:"tests,attr"`
			Cases []struct{} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(written["junit"], &suites); err != nil || len(suites.Suites) != len(report.Runs) || len(suites.Suites[0].Cases) != 120 {
		t.Errorf("the JUnit report is not the report: %v, %d suites", err, len(suites.Suites))
	}
	if err := report.Write(io.Discard, "yaml"); err == nil {
		t.Error("a format that does not exist is written")
	}
}

// TestOptions refuses what cannot be tried.
func TestOptions(t *testing.T) {
	t.Parallel()
	good := conformance.Options{URL: "http://127.0.0.1:1", Token: "t", Item: "i", Clock: clock.System()}
	for name, tt := range map[string]struct {
		change func(*conformance.Options)
		want   string
	}{
		"no clock":      {func(o *conformance.Options) { o.Clock = nil }, "clock"},
		"no address":    {func(o *conformance.Options) { o.URL = "" }, "an address"},
		"no item":       {func(o *conformance.Options) { o.Item = "" }, "an item"},
		"no such date":  {func(o *conformance.Options) { o.Versions = []string{"2026-01-01"} }, `"2026-01-01" is no date`},
		"no such way":   {func(o *conformance.Options) { o.Transports = []conformance.Transport{"fax"} }, `"fax" is no transport`},
		"no such id":    {func(o *conformance.Options) { o.Only = []string{"GEN-99"} }, `no statement "GEN-99"`},
		"no schemas":    {func(o *conformance.Options) { o.SpecDir = t.TempDir() }, "no checkout of the specification"},
		"no harness up": {func(o *conformance.Options) { o.Harness = "http://127.0.0.1:1" }, "ask the harness"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := good
			tt.change(&o)
			if _, err := conformance.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestRunEnds ends a run from outside.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := conformance.Options{
		URL: "http://127.0.0.1:1", Token: "t", Item: "i", Clock: clock.System(),
		Progress: func(string, conformance.Transport, conformance.Result) { cancel() },
	}
	report, err := conformance.Run(ctx, o)
	if err == nil || report == nil || len(report.Runs) != 1 || len(report.Runs[0].Results) != 1 || report.Failed() != 1 {
		t.Errorf("the run ends with %v and %+v, want its first result and an error", err, report)
	}
}
