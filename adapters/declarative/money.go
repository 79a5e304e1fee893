package declarative

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// The forms in which a shop writes an amount.
const (
	formMinorInt      = "minor_int"
	formDecimalString = "decimal_string"
	formDecimalNumber = "decimal_number"
)

// maxAmountText bounds the text of an amount, so that nobody can ask for a giant number.
const maxAmountText = 64

// moneyRules are how a shop's amounts are read. Money inside expressions is text with its currency, such as "49.2321 usd": it cannot be
// mistaken for a shop's own amount, which may be in cents, and jq's arithmetic cannot take it for a number.
type moneyRules struct {
	currency commerce.Currency
	form     string
	exponent int // digits of minor_int
	rounding commerce.Rounding
	included bool // the shop's prices include tax
}

// safeError is an error of an expression whose text names no data.
type safeError string

func (e safeError) Error() string { return string(e) }

// amount reads what a shop wrote, or what a money function returned, as exact major units.
func (m moneyRules) amount(v any) (decimal.Decimal, error) {
	if text, ok := v.(string); ok {
		if number, code, tagged := strings.Cut(text, " "); tagged {
			if code != string(m.currency) {
				return decimal.Zero, safeError("an amount is not in the currency of the shop")
			}
			return parseDecimal(number)
		}
	}
	if v == 0 {
		return decimal.Zero, nil // zero is zero in every form
	}
	switch m.form {
	case formMinorInt:
		return fromMinor(v, m.exponent)
	case formDecimalString:
		if _, ok := v.(string); !ok {
			return decimal.Zero, wrongForm(v, "decimal text, as money.form says")
		}
	default:
		if _, ok := v.(string); ok {
			return decimal.Zero, wrongForm(v, "a number, as money.form says")
		}
	}
	return fromDecimal(v)
}

// fromDecimal reads major units from text or an exact number.
func fromDecimal(v any) (decimal.Decimal, error) {
	switch v := v.(type) {
	case string:
		return parseDecimal(v)
	case json.Number:
		return parseNumber(v.String())
	case int:
		return decimal.NewFromInt(int64(v)), nil
	case *big.Int:
		return parseDecimal(v.String())
	default:
		return decimal.Zero, wrongForm(v, "an amount")
	}
}

// fromMinor reads a whole number of minor units with the given number of digits.
func fromMinor(v any, digits int) (decimal.Decimal, error) {
	d, err := fromDecimal(v)
	if err != nil {
		return decimal.Zero, err
	}
	if !d.IsInteger() {
		return decimal.Zero, safeError("an amount in minor units has a fraction")
	}
	return d.Shift(-int32(digits)), nil
}

func wrongForm(v any, want string) error {
	if _, ok := v.(float64); ok {
		return safeError("an amount went through floating-point arithmetic; use the money functions")
	}
	return safeError("an amount is " + typeName(v) + ", want " + want)
}

func parseDecimal(text string) (decimal.Decimal, error) {
	if len(text) > maxAmountText {
		return decimal.Zero, safeError("an amount is longer than 64 characters")
	}
	// commerce decides what decimal text is; shopspring would also take exponents.
	if _, err := commerce.ParseDecimal(text); err != nil {
		return decimal.Zero, safeError("an amount is not decimal text")
	}
	d, err := decimal.NewFromString(text)
	if err != nil {
		return decimal.Zero, safeError("an amount is not decimal text")
	}
	return d, nil
}

// parseNumber reads a JSON number, which may have an exponent: JavaScript writes one below a millionth.
func parseNumber(text string) (decimal.Decimal, error) {
	if !strings.ContainsAny(text, "eE") {
		return parseDecimal(text)
	}
	const most = 30
	d, err := decimal.NewFromString(text)
	if err != nil || len(text) > maxAmountText || d.Exponent() < -most || d.Exponent() > most {
		return decimal.Zero, safeError("an amount is too small or too large")
	}
	return d, nil
}

// write is d as text with its currency.
func (m moneyRules) write(d decimal.Decimal) any {
	if text := d.String(); len(text) <= maxAmountText {
		return text + " " + string(m.currency)
	}
	return safeError("an amount is longer than 64 characters")
}

// minor rounds d to minor units of c.
func (m moneyRules) minor(d decimal.Decimal, c commerce.Currency) (int64, error) {
	n, err := commerce.RoundExact(d.String(), c.Digits(), m.rounding)
	if err != nil {
		return 0, safeError("an amount does not fit 64 bits")
	}
	return n, nil
}

// round rounds d to a number of digits.
func round(d decimal.Decimal, digits int, mode commerce.Rounding) (decimal.Decimal, error) {
	n, err := commerce.RoundExact(d.String(), digits, mode)
	if err != nil {
		return decimal.Zero, safeError("an amount does not fit 64 bits")
	}
	return decimal.New(n, -int32(digits)), nil
}

// typeName is the JSON name of v's type.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "text"
	case []any:
		return "an array"
	case map[string]any:
		return "an object"
	default:
		return "a number"
	}
}

// wholeNumber reads an int that may come as text.
func wholeNumber(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	default:
		return 0, false
	}
}
