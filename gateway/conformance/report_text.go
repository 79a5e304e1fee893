package conformance

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Formats are the names of what [Report.Write] can write.
func Formats() []string { return []string{"text", "json", "junit"} }

// Write writes the report in a format: text for people, json for programs, junit for build servers.
func (r *Report) Write(w io.Writer, format string) error {
	switch format {
	case "text":
		return r.writeText(w)
	case "json":
		if err := json.MarshalWrite(w, r, jsontext.WithIndent("  ")); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		_, err := io.WriteString(w, "\n")
		return err
	case "junit":
		return r.writeJUnit(w)
	default:
		return fmt.Errorf("write the report: there is no format %q; use %s", format, strings.Join(Formats(), ", "))
	}
}

// marks are how outcomes look in text.
var marks = map[Outcome]string{Passed: "ok  ", Failed: "FAIL", Skipped: "skip"}

func (r *Report) writeText(w io.Writer) error {
	var b strings.Builder
	for _, s := range r.Runs {
		fmt.Fprintf(&b, "\nACP %s over %s\n\n", s.Version, s.Transport)
		for _, res := range s.Results {
			fmt.Fprintf(&b, "  %s  %-7s %s\n", marks[res.Outcome], res.ID, res.Text)
			if res.Reason != "" {
				fmt.Fprintf(&b, "                %s\n", res.Reason)
			}
			if res.Outcome == Failed && res.Source != "" {
				fmt.Fprintf(&b, "                source: %s\n", res.Source)
			}
			for _, n := range res.Notes {
				fmt.Fprintf(&b, "                note: %s\n", n)
			}
		}
	}
	b.WriteByte('\n')
	if !r.Schemas {
		b.WriteString("Without --spec answers were held against our own assertions, not against the published schemas.\n")
	}
	if !r.Harness {
		b.WriteString("Without a harness neither money nor orders nor events could be seen.\n")
	}
	for _, s := range r.Runs {
		fmt.Fprintf(&b, "%s over %-4s  %d passed, %d failed, %d skipped\n", s.Version, s.Transport, s.Passed, s.Failed, s.Skipped)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// What a build server reads.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Name    string       `xml:"name,attr"`
		Time    string       `xml:"time,attr"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitMessage `xml:"failure"`
		Skipped *junitMessage `xml:"skipped"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
	}
)

func (r *Report) writeJUnit(w io.Writer) error {
	out := junitSuites{Name: "ACP conformance of " + r.URL, Time: seconds(r.Millis)}
	for _, s := range r.Runs {
		suite := junitSuite{
			Name: s.Version + " over " + string(s.Transport), Tests: len(s.Results), Failures: s.Failed, Skipped: s.Skipped,
			Time: seconds(s.Millis),
		}
		for _, res := range s.Results {
			c := junitCase{Name: res.ID + " " + res.Text, Class: "acp." + s.Version + "." + string(s.Transport), Time: seconds(s.Millis)}
			switch res.Outcome {
			case Failed:
				c.Failure = &junitMessage{res.Reason}
			case Skipped:
				c.Skipped = &junitMessage{res.Reason}
			case Passed:
			}
			suite.Cases = append(suite.Cases, c)
		}
		out.Suites = append(out.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// seconds writes milliseconds as seconds.
func seconds(millis int64) string { return fmt.Sprintf("%d.%03d", millis/1000, millis%1000) }
