package write

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/translate/wire"
)

// Each maps a list. The result is never nil, because required lists stand
// even when they are empty.
func Each[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i := range list {
		out[i] = f(list[i])
	}
	return out
}

// Known keeps the words of a closed list, in the order they came and each
// once; never nil.
func Known(words []string, list ...string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		if slices.Contains(list, w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// OneOf is word when the closed list has it, else empty, which is left out.
func OneOf(word string, list ...string) string {
	if slices.Contains(list, word) {
		return word
	}
	return ""
}

// Number is decimal text as a JSON number, or nil when it is none.
func Number(text string) *wire.Number {
	n, ok := wire.ParseNumber(text)
	if !ok {
		return nil
	}
	return &n
}

// URL is address when it is a whole web address, else empty: the schemas want
// URIs, and shops hand out paths.
func URL(address string) string {
	if address == "" || strings.ContainsAny(address, " \t\r\n<>\"\\^`{|}") { // RFC 3986 has no place for these
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || !u.IsAbs() || u.Host == "" {
		return ""
	}
	return address
}

// URLs keeps the whole web addresses of a list.
func URLs(addresses []string) []string {
	if len(addresses) == 0 {
		return nil
	}
	out := make([]string, 0, len(addresses))
	for _, a := range addresses {
		if URL(a) != "" {
			out = append(out, a)
		}
	}
	return out
}

// Email is address when it is a bare e-mail address at a domain by name, as
// the schemas' format wants it, else empty.
func Email(address string) string {
	parsed, err := mail.ParseAddress(address)
	if address == "" || len(address) > 254 || err != nil || parsed.Address != address {
		return ""
	}
	at := strings.LastIndexByte(address, '@')
	if at > 64 || strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	for label := range strings.SplitSeq(address[at+1:], ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsFunc(label, notOfHost) {
			return ""
		}
	}
	return address
}

func notOfHost(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-':
		return false
	default:
		return true
	}
}

// Timestamp is t in RFC 3339 and UTC, to the millisecond where it has a part
// of a second, or empty for the zero time and for one that RFC 3339, whose
// years have four digits, cannot say.
func Timestamp(t time.Time) string {
	if t = t.UTC(); t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.999Z07:00")
}

// DateTime is text that is an RFC 3339 date and time, else empty.
func DateTime(text string) string {
	if text == "" {
		return ""
	}
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		return ""
	}
	return text
}

// AtLeast is n when it is not below least, else nil, which is left out.
func AtLeast(n *int64, least int64) *int64 {
	if n == nil || *n < least {
		return nil
	}
	return n
}
