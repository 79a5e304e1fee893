package commerce

import (
	"fmt"
	"strings"
)

// Currency is a lower-case ISO 4217 code such as "usd". The zero value is no currency.
type Currency string

// ParseCurrency reads a three-letter code in any case. It does not know whether the code is in use: shop and processor decide that.
func ParseCurrency(s string) (Currency, error) {
	if len(s) != 3 {
		return "", fmt.Errorf("currency %q: want a three-letter ISO 4217 code", s)
	}
	c := strings.ToLower(s)
	for i := range 3 {
		if c[i] < 'a' || c[i] > 'z' {
			return "", fmt.Errorf("currency %q: want a three-letter ISO 4217 code", s)
		}
	}
	return Currency(c), nil
}

// Digits is the number of decimals between the major unit and the unit that amounts are counted in.
//
// It follows Stripe's counting, because that is what is charged, and differs from ISO 4217 for ISK and UGX (two digits here, which
// must be 00) and MGA (none here). Source: docs.stripe.com/currencies, read 2026-11-22; the three-decimal group is from its copy of
// December 2022.
func (c Currency) Digits() int {
	switch c {
	case "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf":
		return 0
	case "bhd", "jod", "kwd", "omr", "tnd":
		return 3
	default:
		return 2
	}
}
