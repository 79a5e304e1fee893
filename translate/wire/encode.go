package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Marshal writes an answer. Map members are sorted, so that equal values are
// equal bytes, and broken UTF-8 from a shop becomes U+FFFD: an answer about
// money that is already held must not fail over a product name.
func Marshal(v any) ([]byte, error) {
	body, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return body, nil
}

// Number is a JSON number as text, so that decimals pass through without
// binary rounding. It is for ratios and measures; amounts are int64.
type Number string

// ParseNumber takes text that is a JSON number within the limits of [Parse];
// false otherwise.
func ParseNumber(text string) (Number, bool) {
	value := jsontext.Value(text)
	if !value.IsValid() || value.Kind() != '0' {
		return "", false
	}
	if _, ok := parseDecimal(text); !ok {
		return "", false
	}
	return Number(text), true
}

// MarshalJSON writes the number as it was read.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// Problem is the body of an error answer, the same in all dates: a flat object
// without a wrapper (ACP rfc.agentic_checkout 3.1, read 2026-11-22).
type Problem struct {
	// Type is one of the three types that every date knows.
	Type ProblemType `json:"type"`
	// Code is a word of our own choice, stable over releases.
	Code string `json:"code"`
	// Message is for a person: no secret and no buyer's data.
	Message string `json:"message"`
	// Param is the JSONPath of the member at fault; may be empty.
	Param string `json:"param,omitempty"`
	// AsSent says that Param is in the words of the body that was sent;
	// otherwise it is in those of 2026-04-17, and the date puts it in its own.
	AsSent bool `json:"-"`
	// SupportedVersions are all dates served, oldest first. Only in answers
	// about the version, and only from 2026-04-17 on.
	SupportedVersions []string `json:"supported_versions,omitempty"`
}

// ProblemType is the class of an error answer.
type ProblemType string

// The types that every date knows. The older dates have a fourth one,
// request_not_idempotent, that the newest one dropped; it is never sent.
const (
	InvalidRequest     ProblemType = "invalid_request"
	ProcessingError    ProblemType = "processing_error"
	ServiceUnavailable ProblemType = "service_unavailable"
)
