package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// number is a JSON number as it was written.
type number string

// node is a place in a JSON document. The zero value is a place that does not exist; every question about it is answered with nothing.
type node struct {
	value   any // nil, bool, string, number, []any or map[string]any
	present bool
}

// parse reads one JSON document strictly: duplicate names and broken UTF-8 are errors.
func parse(text []byte) (node, error) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	v, err := readValue(d)
	if err != nil {
		return node{}, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return node{}, errors.New("there is more than one JSON document")
	}
	return node{v, true}, nil
}

func readValue(d *jsontext.Decoder) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case jsontext.KindBeginObject:
		object := map[string]any{}
		for d.PeekKind() != jsontext.KindEndObject {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			if object[key], err = readValue(d); err != nil {
				return nil, err
			}
		}
		_, err = d.ReadToken()
		return object, err
	case jsontext.KindBeginArray:
		list := []any{}
		for d.PeekKind() != jsontext.KindEndArray {
			v, err := readValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.ReadToken()
		return list, err
	case jsontext.KindString:
		return token.String(), nil
	case jsontext.KindNumber:
		return number(token.String()), nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return token.Bool(), nil
	default:
		return nil, nil
	}
}

// at goes down by member names and array indexes.
func (n node) at(path ...any) node {
	for _, step := range path {
		switch key := step.(type) {
		case string:
			object, _ := n.value.(map[string]any)
			v, ok := object[key]
			n = node{v, ok}
		case int:
			list, _ := n.value.([]any)
			if key < 0 || key >= len(list) {
				return node{}
			}
			n = node{list[key], true}
		}
	}
	return n
}

// has reports whether there is something else than null at the path.
func (n node) has(path ...any) bool {
	n = n.at(path...)
	return n.present && n.value != nil
}

// text is the string at the path, empty where there is none.
func (n node) text(path ...any) string {
	s, _ := n.at(path...).value.(string)
	return s
}

// truth is the boolean at the path.
func (n node) truth(path ...any) bool {
	b, _ := n.at(path...).value.(bool)
	return b
}

// whole is the integer at the path. It is false where there is none, and where the number was not written as an integer.
func (n node) whole(path ...any) (int64, bool) {
	text, ok := n.at(path...).value.(number)
	if !ok || strings.ContainsAny(string(text), ".eE") {
		return 0, false
	}
	i, ok := new(big.Int).SetString(string(text), 10)
	if !ok || !i.IsInt64() {
		return 0, false
	}
	return i.Int64(), true
}

// amount is the integer at the path, 0 where there is none.
func (n node) amount(path ...any) int64 {
	i, _ := n.whole(path...)
	return i
}

// list is the array at the path.
func (n node) list(path ...any) []node {
	values, _ := n.at(path...).value.([]any)
	out := make([]node, len(values))
	for i, v := range values {
		out[i] = node{v, true}
	}
	return out
}

// isList reports whether there is an array at the path.
func (n node) isList(path ...any) bool {
	_, ok := n.at(path...).value.([]any)
	return ok
}

// members are the members of the object here.
func (n node) members() map[string]any {
	object, _ := n.value.(map[string]any)
	return object
}

// walk visits every place of the document with its path in JSONPath form.
func (n node) walk(visit func(path string, v node)) { walk("$", n, visit) }

func walk(path string, n node, visit func(string, node)) {
	visit(path, n)
	switch v := n.value.(type) {
	case map[string]any:
		for name, member := range v {
			walk(path+"."+name, node{member, true}, visit)
		}
	case []any:
		for i, e := range v {
			walk(fmt.Sprintf("%s[%d]", path, i), node{e, true}, visit)
		}
	}
}

// same compares two JSON values by meaning: the order of names does not count and 1.0 is 1.
func same(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for name, v := range x {
			w, ok := y[name]
			if !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i]) {
				return false
			}
		}
		return true
	case number:
		y, ok := b.(number)
		if !ok {
			return false
		}
		p, okP := new(big.Rat).SetString(string(x))
		q, okQ := new(big.Rat).SetString(string(y))
		return okP && okQ && p.Cmp(q) == 0
	default:
		return a == b
	}
}

// difference says where two documents first differ, for a person.
func difference(a, b any) string { return differ("$", a, b) }

func differ(path string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		for name, v := range x {
			w, ok := y[name]
			if !ok {
				return path + "." + name + " is only in the first"
			}
			if d := differ(path+"."+name, v, w); d != "" {
				return d
			}
		}
		for name := range y {
			if _, ok := x[name]; !ok {
				return path + "." + name + " is only in the second"
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if d := differ(fmt.Sprintf("%s[%d]", path, i), x[i], y[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if same(a, b) {
		return ""
	}
	return fmt.Sprintf("%s is %s and %s", path, brief(a), brief(b))
}

// brief is a value in few words.
func brief(v any) string {
	text := fmt.Sprintf("%v", v)
	if v == nil {
		text = "null"
	}
	return excerpt(text, 80)
}

func excerpt(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		return text[:most] + " …"
	}
	return text
}
