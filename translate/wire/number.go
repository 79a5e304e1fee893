package wire

import (
	"strconv"
	"strings"
)

const (
	// MaxInteger is 2^53−1, the largest integer that every JSON reader keeps
	// exact (RFC 7493 2.2). Amounts (minor units) and quantities beyond it are
	// refused in both directions.
	MaxInteger = 1<<53 - 1

	// minExponent is the smallest power of ten that is read. It is below every
	// float64, and it bounds the work that "1e-999999999" can ask for.
	minExponent = -400
)

// decimal is a number in its one canonical form: the digits without leading
// or trailing zeros, times ten to the exponent. Zero has no digits, no
// exponent and no sign.
type decimal struct {
	negative bool
	digits   string
	exponent int
}

// parseDecimal reads the text of a JSON number. The text has passed the JSON
// grammar already. False means that the number is beyond what we read: greater
// than 2^53−1 in size or with a fraction that no float64 reaches.
func parseDecimal(text string) (decimal, bool) {
	var d decimal
	if strings.HasPrefix(text, "-") {
		d.negative, text = true, text[1:]
	}
	mantissa, expText := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, expText = text[:i], text[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return decimal{}, true
	}
	exponent := 0
	if expText != "" {
		e, err := strconv.ParseInt(expText, 10, 32)
		if err != nil {
			return decimal{}, false
		}
		exponent = int(e)
	}
	exponent -= len(fraction)
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	d.digits, d.exponent = trimmed, exponent
	if exponent < minExponent || !d.withinInteger() {
		return decimal{}, false
	}
	return d, true
}

// withinInteger reports whether the size of d is at most 2^53−1.
func (d decimal) withinInteger() bool {
	const limit = "9007199254740991"
	magnitude := len(d.digits) + d.exponent // digits before the decimal point
	if magnitude != len(limit) {
		return magnitude < len(limit)
	}
	// Same number of whole digits: compare as text, the shorter padded by zeros.
	for i := range max(len(d.digits), len(limit)) {
		a, b := byte('0'), byte('0')
		if i < len(d.digits) {
			a = d.digits[i]
		}
		if i < len(limit) {
			b = limit[i]
		}
		if a != b {
			return a < b
		}
	}
	return true
}

// integer returns the number when it is whole: 1.0 and 1e2 are 1 and 100.
func (d decimal) integer() (int64, bool) {
	if d.exponent < 0 {
		return 0, false
	}
	if d.digits == "" {
		return 0, true
	}
	// At most 16 digits in all: withinInteger held.
	n, err := strconv.ParseInt(d.digits+strings.Repeat("0", d.exponent), 10, 64)
	if err != nil {
		return 0, false
	}
	if d.negative {
		n = -n
	}
	return n, true
}

// appendCanonical appends the one text of the number, equal for 1, 1.0 and
// 10e-1. Zero is "0", with or without a sign.
func (d decimal) appendCanonical(b []byte) []byte {
	if d.digits == "" {
		return append(b, '0')
	}
	if d.negative {
		b = append(b, '-')
	}
	b = append(b, d.digits...)
	b = append(b, 'e')
	return strconv.AppendInt(b, int64(d.exponent), 10)
}
