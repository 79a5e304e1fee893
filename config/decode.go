package config

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decoder fills Go values from nodes and collects every problem on the way.
type decoder struct {
	src      *source
	problems Problems
}

var (
	secretType   = reflect.TypeFor[Secret]()
	sectionType  = reflect.TypeFor[Section]()
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// jsonNumber is a number that JSON writes the same way: RFC 8259 section 6, read 2026-11-22.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// defaulter is a setting that fills in its defaults before the file does.
type defaulter interface{ SetDefaults() }

func (d *decoder) report(at position, path, format string, args ...any) {
	d.problems = append(d.problems, d.src.problem(at, path, format, args...))
}

// decode fills v from n. keyAt is where problems about a whole group or list are placed: its key, if it has one.
func (d *decoder) decode(n *node, keyAt position, path string, v reflect.Value) {
	t := v.Type()
	switch {
	case n.kind == kindRefused:
		return
	case t == sectionType:
		v.Set(reflect.ValueOf(Section{src: d.src, node: n, at: keyAt, path: path}))
		return
	case t == secretType, t == durationType, t == timeType, reflect.PointerTo(t).Implements(textType):
		d.decodeText(n, path, v)
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		if n.kind == kindNull {
			return
		}
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		d.decode(n, keyAt, path, v.Elem())
	case reflect.Struct:
		d.decodeStruct(n, keyAt, path, v)
	case reflect.Map:
		d.decodeMap(n, keyAt, path, v)
	case reflect.Slice:
		d.decodeSlice(n, keyAt, path, v)
	case reflect.Interface:
		if value := d.plain(n, path); value != nil {
			v.Set(reflect.ValueOf(value))
		}
	default:
		d.decodeScalar(n, path, v)
	}
}

// fieldTag is what a struct field's yaml tag says.
type fieldTag struct {
	name     string
	required bool
}

func tagOf(f reflect.StructField) (fieldTag, bool) {
	name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return fieldTag{name: name, required: opts == "required"}, name != "" && name != "-" && f.IsExported()
}

func (d *decoder) decodeStruct(n *node, keyAt position, path string, v reflect.Value) {
	if def, ok := reflect.TypeAssert[defaulter](v.Addr()); ok {
		def.SetDefaults()
	}
	if n.kind != kindMap && n.kind != kindNull {
		d.report(n.at, path, "wants a group of keys, but this is %s; put its keys on the lines below, indented", n.kind)
		return
	}
	var known []string
	for i := range v.NumField() {
		tag, ok := tagOf(v.Type().Field(i))
		if !ok {
			continue
		}
		known = append(known, tag.name)
		fieldPath := keyPath(path, tag.name)
		f := n.get(tag.name)
		if f == nil {
			if tag.required {
				d.report(keyAt, fieldPath, "is required; add the key %q here", tag.name)
			}
			d.decodeAbsent(keyAt, fieldPath, v.Field(i))
			continue
		}
		if tag.required && f.value.isEmpty() {
			d.report(f.value.at, fieldPath, "is required and must not be empty; give it a value")
			continue
		}
		d.decode(f.value, f.at, fieldPath, v.Field(i))
	}
	for _, f := range n.fields {
		if !slices.Contains(known, f.name) {
			d.report(f.at, keyPath(path, f.name), "unknown key; %s", remedyForKey(f.name, known))
		}
	}
}

// decodeAbsent gives values that the file does not mention what they still need: a section its place, a group its
// defaults.
func (d *decoder) decodeAbsent(keyAt position, path string, v reflect.Value) {
	if v.Type() == sectionType {
		v.Set(reflect.ValueOf(Section{src: d.src, at: keyAt, path: path}))
		return
	}
	if v.Kind() != reflect.Struct || v.Type() == secretType || v.Type() == timeType {
		return
	}
	if def, ok := reflect.TypeAssert[defaulter](v.Addr()); ok {
		def.SetDefaults()
	}
}

func (d *decoder) decodeMap(n *node, keyAt position, path string, v reflect.Value) {
	t := v.Type()
	if t.Key().Kind() != reflect.String {
		d.report(keyAt, path, "cannot be read into %s; this is a fault of the program, not of the file", t)
		return
	}
	if n.kind != kindMap && n.kind != kindNull {
		d.report(n.at, path, "wants a group of keys, but this is %s; put its keys on the lines below, indented", n.kind)
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(t, len(n.fields)))
	}
	for _, f := range n.fields {
		elem := reflect.New(t.Elem()).Elem()
		d.decode(f.value, f.at, keyPath(path, f.name), elem)
		v.SetMapIndex(reflect.ValueOf(f.name).Convert(t.Key()), elem)
	}
}

func (d *decoder) decodeSlice(n *node, _ position, path string, v reflect.Value) {
	if n.kind != kindList && n.kind != kindNull {
		d.report(n.at, path, "wants a list, but this is %s; start each member with a dash, or write [a, b]", n.kind)
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		itemPath := indexPath(path, i)
		if item.kind == kindNull && v.Type().Elem().Kind() != reflect.Interface {
			d.report(item.at, itemPath, "this member of the list is empty; give it a value or delete it")
			continue
		}
		d.decode(item, item.at, itemPath, list.Index(i))
	}
	v.Set(list)
}

// decodeText fills the types that are written as text but mean more.
func (d *decoder) decodeText(n *node, path string, v reflect.Value) {
	if n.kind != kindText {
		switch {
		case v.Type() == secretType && n.kind != kindNull: // whatever it is, it must not be repeated
			d.report(n.at, path, "%s", errLiteralSecret)
		case v.Type() == durationType && (n.kind == kindInt || n.kind == kindFloat):
			d.report(n.at, path, "%s has no unit; write %ss if seconds are meant, or another of ms, s, m, h", n.text, n.text)
		default:
			d.wrongScalar(n, path, "text")
		}
		return
	}
	switch target := v.Addr().Interface().(type) {
	case *Secret:
		secret, err := d.src.opts.resolveSecret(n.text)
		if err != nil {
			d.report(n.at, path, "%s", err)
			return
		}
		*target = secret
	case *time.Duration:
		value, err := time.ParseDuration(n.text)
		if err != nil {
			d.report(n.at, path, "%q is no duration; write a number with a unit, such as 500ms, 30s, 10m or 6h", n.text)
			return
		}
		*target = value
	case *time.Time:
		value, err := parseTime(n.text)
		if err != nil {
			d.report(n.at, path, "%q is no date; write 2027-01-31 (midnight UTC) or 2027-01-31T18:00:00Z", n.text)
			return
		}
		*target = value
	case encoding.TextUnmarshaler:
		if err := target.UnmarshalText([]byte(n.text)); err != nil {
			d.report(n.at, path, "%s", err)
		}
	}
}

func (d *decoder) decodeScalar(n *node, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if n.kind != kindText {
			d.wrongScalar(n, path, "text")
			return
		}
		v.SetString(n.text)
	case reflect.Bool:
		if n.kind != kindBool {
			d.wrongScalar(n, path, "true or false")
			return
		}
		v.SetBool(strings.EqualFold(n.text, "true"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n.kind != kindInt {
			d.wrongScalar(n, path, "a whole number")
			return
		}
		value, err := strconv.ParseInt(n.text, 0, v.Type().Bits())
		if err != nil {
			d.report(n.at, path, "%s is not a whole number that fits here; write plain digits", n.text)
			return
		}
		v.SetInt(value)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n.kind != kindInt {
			d.wrongScalar(n, path, "a whole number")
			return
		}
		value, err := strconv.ParseUint(n.text, 0, v.Type().Bits())
		if err != nil {
			d.report(n.at, path, "%s is not a whole number of zero or more that fits here; write plain digits", n.text)
			return
		}
		v.SetUint(value)
	default:
		d.report(n.at, path, "cannot be read into %s; this is a fault of the program, not of the file", v.Type())
	}
}

func (d *decoder) wrongScalar(n *node, path, want string) {
	switch {
	case n.kind == kindNull:
		d.report(n.at, path, "is empty; give it a value or delete the line")
	case want == "text" && (n.kind == kindInt || n.kind == kindFloat || n.kind == kindBool):
		d.report(n.at, path, "wants text, but %s is %s; put it in quotes", n.text, n.kind)
	case n.kind == kindText:
		d.report(n.at, path, "wants %s, but this is text; write it without quotes", want)
	default:
		d.report(n.at, path, "wants %s, but this is %s; write the plain value", want, n.kind)
	}
}

// parseTime reads a date, which means its midnight UTC, or an RFC 3339 time.
func parseTime(text string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("parse time: %w", err)
	}
	return t, nil
}

// plain returns a node as untyped data. Numbers that are no int keep their exact text: money is never a float here.
func (d *decoder) plain(n *node, path string) any {
	switch n.kind {
	case kindNull:
		return nil
	case kindBool:
		return strings.EqualFold(n.text, "true")
	case kindText:
		return n.text
	case kindInt, kindFloat:
		return d.plainNumber(n, path)
	case kindMap:
		m := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			m[f.name] = d.plain(f.value, keyPath(path, f.name))
		}
		return m
	case kindList:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = d.plain(item, indexPath(path, i))
		}
		return list
	case kindRefused:
		return nil
	}
	return nil // unreachable: the kinds above are all there are
}

func (d *decoder) plainNumber(n *node, path string) any {
	if !jsonNumber.MatchString(n.text) {
		d.report(n.at, path, "%s is no plain decimal number; write it in digits, or in quotes if it is text", n.text)
		return nil
	}
	if i, err := strconv.Atoi(n.text); err == nil {
		return i
	}
	return json.Number(n.text)
}
