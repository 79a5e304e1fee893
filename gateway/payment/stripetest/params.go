package stripetest

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// kind says how a parameter's text is read.
type kind int

const (
	kindText kind = iota
	kindInteger
	kindFlag
	kindMap
	kindList
)

// param is one parameter that a call knows.
type param struct {
	kind     kind
	required bool
	// oneOf lists the accepted words; empty accepts any text.
	oneOf []string
}

// spec names every parameter of a call in bracket form, as in "usage_limits[currency]". A [kindMap] or [kindList] entry is
// named without its brackets.
type spec map[string]param

// args are the checked parameters of one request.
type args struct{ form url.Values }

func (a args) has(name string) bool    { return a.form.Has(name) }
func (a args) text(name string) string { return a.form.Get(name) }
func (a args) flag(name string) bool   { return a.form.Get(name) == "true" }

// integer returns the parameter's value, or 0 when absent; the spec has checked that it is a number.
func (a args) integer(name string) int64 {
	n, err := strconv.ParseInt(a.form.Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// mapping collects name[key]=value. An empty value is kept: Stripe reads it as "unset this key".
func (a args) mapping(name string) map[string]string {
	out := map[string]string{}
	for key := range a.form {
		if inner, ok := mapKey(key, name); ok {
			out[inner] = a.form.Get(key)
		}
	}
	return out
}

// list collects name[]=value and name[0]=value.
func (a args) list(name string) []string {
	var out []string
	for key, values := range a.form {
		if base, _, ok := strings.Cut(key, "["); ok && base == name {
			out = append(out, values...)
		}
	}
	slices.Sort(out)
	return out
}

// mapKey splits "metadata[order]" into its inner key, if the outer name fits and nothing is nested deeper.
func mapKey(key, name string) (string, bool) {
	inner, ok := strings.CutPrefix(key, name+"[")
	if !ok || !strings.HasSuffix(inner, "]") {
		return "", false
	}
	inner = strings.TrimSuffix(inner, "]")
	return inner, inner != "" && !strings.ContainsAny(inner, "[]")
}

// check reads a form against the spec. It refuses, in this order, unknown names, missing names and values of the wrong kind.
// Stripe keeps no idempotent result for such a refusal.
func (s spec) check(form url.Values) (args, *apiError) {
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !s.knows(name) {
			return args{}, unknownParameter(name)
		}
	}
	wanted := make([]string, 0, len(s))
	for name := range s {
		wanted = append(wanted, name)
	}
	slices.Sort(wanted)
	for _, name := range wanted {
		if err := s[name].check(name, form); err != nil {
			return args{}, err
		}
	}
	return args{form: form}, nil
}

// knows reports whether the spec has a place for the parameter.
func (s spec) knows(name string) bool {
	if p, ok := s[name]; ok {
		return p.kind != kindMap && p.kind != kindList
	}
	base, rest, ok := strings.Cut(name, "[")
	if !ok {
		return false
	}
	p, ok := s[base]
	if !ok {
		return false
	}
	switch p.kind {
	case kindMap:
		_, fits := mapKey(name, base)
		return fits
	case kindList:
		index := strings.TrimSuffix(rest, "]")
		if index == "" {
			return rest == "]"
		}
		_, err := strconv.Atoi(index)
		return err == nil
	default:
		return false
	}
}

// check reads one value.
func (p param) check(name string, form url.Values) *apiError {
	if p.kind == kindMap {
		return checkMap(name, form)
	}
	if !form.Has(name) || form.Get(name) == "" {
		if p.required {
			return missingParameter(name)
		}
		return nil
	}
	value := form.Get(name)
	switch p.kind {
	case kindInteger:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return invalidParameter("parameter_invalid_integer", name, "Invalid integer: "+value)
		}
	case kindFlag:
		if value != "true" && value != "false" {
			return invalidParameter("", name, "Invalid boolean: "+value)
		}
	default:
		if len(p.oneOf) > 0 && !slices.Contains(p.oneOf, value) {
			return invalidParameter("", name, "Invalid "+name+": must be one of "+strings.Join(p.oneOf, ", "))
		}
	}
	return nil
}

// checkMap applies Stripe's metadata limits: 50 keys, 40 characters of key, 500 of value.
// Source: docs.stripe.com/api/metadata.
func checkMap(name string, form url.Values) *apiError {
	count := 0
	for key := range form {
		inner, ok := mapKey(key, name)
		if !ok {
			continue
		}
		count++
		if len(inner) > 40 {
			return invalidParameter("", name, "Metadata keys can be at most 40 characters long.")
		}
		if len(form.Get(key)) > 500 {
			return invalidParameter("", name, "Metadata values can be at most 500 characters long.")
		}
	}
	if count > 50 {
		return invalidParameter("", name, "You can have at most 50 metadata keys.")
	}
	return nil
}
