package declarative

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/itchyny/gojq"
	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// maxDigits is the most digits that dec and mround write.
const maxDigits = 12

// function is a function of the language. Its arguments come evaluated; it fails by returning an error.
type function struct {
	name     string
	min, max int // number of arguments
	call     func(input any, args []any) any
}

// moneyFunctions are the only arithmetic on money. Every argument that is an amount may be what the shop sent, read by money.form, or
// what another money function returned.
func (m moneyRules) moneyFunctions() []function {
	return []function{
		{"money", 1, 1, func(_ any, a []any) any { return m.fold(a[:1], nil) }},
		{"madd", 2, 2, func(_ any, a []any) any { return m.fold(a, decimal.Decimal.Add) }},
		{"msub", 2, 2, func(_ any, a []any) any { return m.fold(a, decimal.Decimal.Sub) }},
		{"mmul", 2, 2, func(_ any, a []any) any { return m.multiply(a[0], a[1]) }},
		{"msum", 1, 1, func(_ any, a []any) any { return m.sum(a[0]) }},
		{"mround", 1, 2, m.mround},
		{"mcmp", 2, 2, m.compare},
		{"minor", 1, 2, m.toMinor},
		{"dec", 1, 2, m.toText},
		{"num", 1, 2, func(in any, a []any) any {
			text, ok := m.toText(in, a).(string)
			if !ok {
				return m.toText(in, a)
			}
			return json.Number(text)
		}},
		{"from_decimal", 1, 1, func(_ any, a []any) any { return m.written(fromDecimal(a[0])) }},
		{"from_minor", 1, 2, m.readMinor},
		{"choose", 2, 2, func(_ any, a []any) any { return m.choose(a[0], a[1]) }},
	}
}

func (m moneyRules) written(d decimal.Decimal, err error) any {
	if err != nil {
		return err
	}
	return m.write(d)
}

func (m moneyRules) fold(args []any, op func(a, b decimal.Decimal) decimal.Decimal) any {
	sum, err := m.amount(args[0])
	if err != nil {
		return err
	}
	for _, v := range args[1:] {
		d, err := m.amount(v)
		if err != nil {
			return err
		}
		sum = op(sum, d)
	}
	return m.write(sum)
}

func (m moneyRules) multiply(a, by any) any {
	d, err := m.amount(a)
	if err != nil {
		return err
	}
	n, err := fromDecimal(by)
	if err != nil {
		return safeError("mmul wants an amount and a whole number or decimal text")
	}
	return m.write(d.Mul(n))
}

func (m moneyRules) sum(v any) any {
	list, ok := v.([]any)
	if !ok {
		return safeError("msum wants an array of amounts")
	}
	return m.fold(append([]any{0}, list...), decimal.Decimal.Add)
}

func (m moneyRules) mround(_ any, a []any) any {
	d, err := m.amount(a[0])
	if err != nil {
		return err
	}
	mode := m.rounding
	if len(a) == 2 {
		text, _ := a[1].(string)
		if mode = commerce.Rounding(text); text == "" || !mode.Valid() {
			return safeError("mround wants a mode: half_up, half_even, half_down, up or down")
		}
	}
	return m.written(round(d, m.currency.Digits(), mode))
}

func (m moneyRules) compare(_ any, a []any) any {
	x, err := m.amount(a[0])
	if err != nil {
		return err
	}
	y, err := m.amount(a[1])
	if err != nil {
		return err
	}
	return x.Cmp(y)
}

func (m moneyRules) toMinor(_ any, a []any) any {
	d, err := m.amount(a[0])
	if err != nil {
		return err
	}
	c := m.currency
	if len(a) == 2 {
		text, _ := a[1].(string)
		if c, err = commerce.ParseCurrency(text); err != nil {
			return safeError("minor wants a currency code as its second argument")
		}
	}
	n, err := m.minor(d, c)
	if err != nil {
		return err
	}
	return int(n)
}

func (m moneyRules) toText(_ any, a []any) any {
	d, err := m.amount(a[0])
	if err != nil {
		return err
	}
	if len(a) == 1 {
		return d.String()
	}
	digits, ok := gojq.ToInt(a[1])
	if !ok || digits < 0 || digits > maxDigits {
		return safeError("dec and num want a number of digits from 0 to 12")
	}
	if d, err = round(d, digits, m.rounding); err != nil {
		return err
	}
	return d.StringFixed(int32(digits))
}

func (m moneyRules) readMinor(_ any, a []any) any {
	digits := m.currency.Digits()
	if len(a) == 2 {
		n, ok := gojq.ToInt(a[1])
		if !ok || n < 0 || n > maxDigits {
			return safeError("from_minor wants a number of digits from 0 to 12")
		}
		digits = n
	}
	return m.written(fromMinor(a[0], digits))
}

// choose is the option to tell the shop: the wanted one when it is offered, the cheapest when none is wanted, else null. The options
// are objects with id and price.
func (m moneyRules) choose(wanted, options any) any {
	list, ok := options.([]any)
	if !ok {
		return safeError("choose wants an array of options with id and price")
	}
	var best any
	var least decimal.Decimal
	for _, v := range list {
		o, _ := v.(map[string]any)
		if wanted != nil {
			if o["id"] == wanted {
				return wanted
			}
			continue
		}
		price, err := m.amount(o["price"])
		if err != nil {
			return err
		}
		if best == nil || price.LessThan(least) {
			best, least = o["id"], price
		}
	}
	return best
}

// textFunctions are what else a shop's API may ask for. secrets are only ever keys of an HMAC.
func textFunctions(secrets map[string]string) []function {
	return []function{
		{"b64", 0, 0, overText(func(s string) any { return base64.StdEncoding.EncodeToString([]byte(s)) })},
		{"urlq", 0, 0, overText(func(s string) any { return url.QueryEscape(s) })},
		{"sha256", 0, 0, overText(func(s string) any { return digest(s) })},
		{"rfc3339", 0, 0, inTime(func(t time.Time) any { return t.Format(time.RFC3339) })},
		{"sqltime", 0, 0, inTime(func(t time.Time) any { return t.Format(time.DateTime) })},
		{"unixtime", 0, 0, inTime(func(t time.Time) any { return int(t.Unix()) })},
		{"uuid5", 1, 1, func(in any, a []any) any {
			space, _ := a[0].(string)
			name, ok := in.(string)
			id, err := uuid.Parse(space)
			if err != nil || !ok {
				return safeError("uuid5 wants text as its input and a UUID as its namespace")
			}
			return uuid.NewSHA1(id, []byte(name)).String()
		}},
		{"hmac", 1, 1, func(in any, a []any) any {
			name, _ := a[0].(string)
			key, known := secrets[name]
			text, ok := in.(string)
			if !known || !ok {
				return safeError("hmac wants text as its input and the name of one of the secrets")
			}
			h := hmac.New(sha256.New, []byte(key))
			_, _ = h.Write([]byte(text)) // a hash never fails
			return hex.EncodeToString(h.Sum(nil))
		}},
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func overText(f func(string) any) func(any, []any) any {
	return func(in any, _ []any) any {
		if s, ok := in.(string); ok {
			return f(s)
		}
		return safeError("text was expected, not " + typeName(in))
	}
}

func inTime(f func(time.Time) any) func(any, []any) any {
	return func(in any, _ []any) any {
		if in == nil || in == "" {
			return nil
		}
		t, ok := parseTime(in)
		if !ok {
			return safeError("a time is in none of the forms RFC 3339, SQL and Unix seconds")
		}
		return f(t)
	}
}

// parseTime reads RFC 3339, SQL's form in UTC, a date, and Unix seconds.
func parseTime(v any) (time.Time, bool) {
	if n, ok := wholeNumber(v); ok {
		return time.Unix(n, 0).UTC(), true
	}
	s, _ := v.(string)
	s = strings.TrimSpace(s)
	for _, form := range []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
