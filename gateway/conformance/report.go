package conformance

import (
	"context"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// Outcome is how a statement ended.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
)

// Result is what came of one statement.
type Result struct {
	ID      string  `json:"id"`
	Profile Profile `json:"profile"`
	Outcome Outcome `json:"outcome"`
	// Reason says why it failed or was skipped, without secrets.
	Reason string `json:"reason,omitempty"`
	// Notes say how it was looked at where that is not the same everywhere.
	Notes  []string `json:"notes,omitempty"`
	Text   string   `json:"statement"`
	Source string   `json:"source,omitempty"`
	// Millis is how long it took, in milliseconds.
	Millis int64 `json:"duration_ms"`
}

// Section is the results of one date over one transport, in the order of [Statements].
type Section struct {
	Version   string    `json:"version"`
	Transport Transport `json:"transport"`
	Passed    int       `json:"passed"`
	Failed    int       `json:"failed"`
	Skipped   int       `json:"skipped"`
	Results   []Result  `json:"results"`
	Millis    int64     `json:"duration_ms"`
	// Capabilities is what the seller's session said of itself in this date; empty before 2026-01-30.
	Capabilities jsontext.Value `json:"capabilities,omitempty"`
}

func (s *Section) add(r Result) {
	s.Results = append(s.Results, r)
	switch r.Outcome {
	case Passed:
		s.Passed++
	case Failed:
		s.Failed++
	default:
		s.Skipped++
	}
}

// Report is what came of a run.
type Report struct {
	URL string `json:"url"`
	// Schemas says whether answers were held against the published schemas, Harness whether money and events could be seen.
	Schemas bool `json:"published_schemas"`
	Harness bool `json:"harness"`
	// Discovery is the seller's discovery document as it came; empty if it has none.
	Discovery jsontext.Value `json:"discovery,omitempty"`
	Runs      []Section      `json:"runs"`
	Millis    int64          `json:"duration_ms"`
}

// Failed is how many statements failed in all.
func (r *Report) Failed() int {
	n := 0
	for _, s := range r.Runs {
		n += s.Failed
	}
	return n
}

// lookAround fetches the discovery document, which may be absent.
func (r *run) lookAround(ctx context.Context) jsontext.Value {
	status, _, text, err := r.wire.roundTrip(ctx, http.MethodGet, r.wire.url+discoveryPath, http.Header{}, nil)
	if err != nil || status != http.StatusOK {
		return nil
	}
	if _, err := parse(text); err != nil {
		return nil
	}
	v := jsontext.Value(text)
	_ = v.Compact() // it was just parsed
	return v
}
