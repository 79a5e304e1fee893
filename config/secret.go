package config

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every printed form of a Secret shows.
const redacted = "[redacted]"

// Secret is a value that must not be seen: a key, a password, a signing secret. In the file it is a reference,
// ${env:NAME} or ${file:/path}; the value is read when the file is loaded. Every printed form (all fmt verbs, JSON,
// text, slog) is [redacted]. The zero value is no secret. A Secret may be copied and used concurrently.
type Secret struct {
	// A pointer, because fmt prints the fields of a foreign struct that it may not call methods on; of a pointer it
	// prints the address.
	value *string
}

// NewSecret wraps a value that did not come from a file, as in a test or the demo.
func NewSecret(value string) Secret {
	return Secret{value: &value}
}

// Reveal returns the value, empty for the zero Secret. Call it where the value is used and nowhere else.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool {
	return s.value == nil || *s.value == ""
}

// Equal reports whether both hold the same value, in time that does not depend on where they differ.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns [redacted].
func (s Secret) String() string { return redacted }

// GoString returns [redacted].
func (s Secret) GoString() string { return redacted }

// Format writes [redacted] for every verb.
func (s Secret) Format(state fmt.State, _ rune) {
	// fmt.State collects in memory and does not fail.
	_, _ = io.WriteString(state, redacted)
}

// MarshalText returns [redacted]; it serves JSON and every other text form.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns [redacted].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
