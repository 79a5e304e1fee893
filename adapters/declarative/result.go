package declarative

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// object reads a result strictly: members of the wrong type, missing ones and unknown ones are errors. The first error is kept in the
// reading that all objects of a result share; its text names the member and never its value.
type object struct {
	reading *reading
	path    string
	members map[string]any
	used    map[string]bool
}

type reading struct {
	money moneyRules
	err   error
}

func (r *reading) fail(path, why string) {
	if r.err == nil {
		r.err = fmt.Errorf("result%s: %w", path, safeError(why))
	}
}

func (r *reading) object(path string, v any) object {
	m, ok := v.(map[string]any)
	if !ok {
		r.fail(path, "want an object, not "+typeName(v))
	}
	return object{reading: r, path: path, members: m, used: make(map[string]bool, len(m))}
}

func (o object) get(name string) any {
	o.used[name] = true
	return o.members[name]
}

func (o object) fail(name, why string) { o.reading.fail(o.path+"."+name, why) }

// text is a member that may be missing; numbers are taken as text, because shops number things.
func (o object) text(name string) string {
	switch v := o.get(name).(type) {
	case nil:
		return ""
	case string:
		return v
	case int:
		return strconv.Itoa(v)
	default:
		o.fail(name, "want text, not "+typeName(v))
		return ""
	}
}

// words is text for people, without any markup; see [plain].
func (o object) words(name string) string { return plain(o.text(name)) }

// requiredWords is words that must be there.
func (o object) requiredWords(name string) string {
	s := o.words(name)
	if s == "" {
		o.fail(name, "is required")
	}
	return s
}

// decimal is a number that is no money, as exact text; missing is empty.
func (o object) decimal(name string) string {
	v := o.get(name)
	if v == nil || v == "" {
		return ""
	}
	d, err := fromDecimal(v)
	if err != nil || d.IsNegative() {
		o.fail(name, "want a number of zero or more")
		return ""
	}
	return d.String()
}

// stamp is a time as RFC 3339 in UTC; missing is empty.
func (o object) stamp(name string) string {
	t := o.time(name)
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// part is an object that may be missing.
func (o object) part(name string) (object, bool) {
	v := o.get(name)
	if v == nil {
		return object{}, false
	}
	return o.reading.object(o.path+"."+name, v), true
}

// url is an address for people that must be absolute when it is there.
func (o object) url(name string) string {
	s := o.text(name)
	if s == "" {
		return ""
	}
	if !absoluteURL(s) {
		o.fail(name, "want an absolute http or https URL")
		return ""
	}
	return s
}

// absoluteURL reports whether a browser could follow text by itself, without credentials in it.
func absoluteURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}

func (o object) required(name string) string {
	s := o.text(name)
	if s == "" {
		o.fail(name, "is required")
	}
	return s
}

// oneOf is a member that is one of the words, or missing.
func (o object) oneOf(name string, words ...string) string {
	s := o.text(name)
	if s != "" && !slices.Contains(words, s) {
		o.fail(name, "want one of "+strings.Join(words, ", "))
	}
	return s
}

// amount is exact money in major units; ok is false when the member is missing.
func (o object) amount(name string) (d decimal.Decimal, ok bool) {
	v := o.get(name)
	if v == nil {
		return decimal.Zero, false
	}
	d, err := o.reading.money.amount(v)
	if err != nil {
		o.fail(name, err.Error())
		return decimal.Zero, false
	}
	return d, true
}

// positive is an amount of zero or more; missing is zero.
func (o object) positive(name string) decimal.Decimal {
	d, _ := o.amount(name)
	if d.IsNegative() {
		o.fail(name, "is negative")
	}
	return d
}

// minor is a positive amount rounded to minor units.
func (o object) minor(name string) int64 {
	n, err := o.reading.money.minor(o.positive(name), o.reading.money.currency)
	if err != nil {
		o.fail(name, err.Error())
	}
	return n
}

// count is a whole number of zero or more; missing is otherwise.
func (o object) count(name string, otherwise int64) int64 {
	v := o.get(name)
	if v == nil {
		return otherwise
	}
	n, ok := wholeNumber(v)
	if !ok || n < 0 {
		o.fail(name, "want a whole number of zero or more")
		return otherwise
	}
	return n
}

// some is a whole number, or nil when the member is missing.
func (o object) some(name string) *int64 {
	if o.get(name) == nil {
		return nil
	}
	n := o.count(name, 0)
	return &n
}

func (o object) flag(name string, otherwise bool) bool {
	switch v := o.get(name).(type) {
	case nil:
		return otherwise
	case bool:
		return v
	default:
		o.fail(name, "want true or false, not "+typeName(v))
		return otherwise
	}
}

func (o object) time(name string) time.Time {
	v := o.get(name)
	if v == nil || v == "" {
		return time.Time{}
	}
	t, ok := parseTime(v)
	if !ok {
		o.fail(name, "is no time in RFC 3339, SQL's form or Unix seconds")
	}
	return t
}

// list is the members of an array, which may be missing.
func (o object) list(name string) []any {
	switch v := o.get(name).(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		o.fail(name, "want an array, not "+typeName(v))
		return nil
	}
}

// objects is an array of objects.
func (o object) objects(name string) []object {
	list := o.list(name)
	out := make([]object, len(list))
	for i, v := range list {
		out[i] = o.reading.object(fmt.Sprintf("%s.%s[%d]", o.path, name, i), v)
	}
	return out
}

// texts is an array of text.
func (o object) texts(name string) []string {
	list := o.list(name)
	out := make([]string, 0, len(list))
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			o.fail(name, "want an array of text")
			return nil
		}
		out = append(out, s)
	}
	return out
}

// done refuses members that nobody asked for: a misspelt name must not be a silent loss.
func (o object) done() {
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		if !o.used[name] {
			o.fail(name, "is not a member of this result; see docs/declarative.md")
			return
		}
	}
}
