package shopclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds how deep an answer nests. Real carts need fewer than ten levels.
const maxDepth = 100

var (
	errDepth    = fmt.Errorf("values nest deeper than %d levels", maxDepth)
	errTrailing = errors.New("text follows the JSON value")
)

// Decode reads one JSON value strictly: duplicate keys, bad UTF-8, trailing text and more than 100 levels are errors. Objects become
// map[string]any, arrays []any, whole numbers that fit an int become int, and every other number keeps its exact text as
// [json.Number]: an amount never passes through a float.
func Decode(data []byte) (any, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(data))
	v, err := value(d, 0)
	if err != nil {
		return nil, fmt.Errorf("decode JSON at byte %d: %w", d.InputOffset(), plain(err))
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("decode JSON at byte %d: %w", d.InputOffset(), errTrailing)
	}
	return v, nil
}

// plain drops the texts of the JSON package that quote the input, which may hold buyers' data.
func plain(err error) error {
	switch {
	case errors.Is(err, errDepth):
		return errDepth
	case errors.Is(err, jsontext.ErrDuplicateName):
		return errors.New("a key is given twice in one object")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the text ends too early")
	default:
		return errors.New("the text is not valid JSON")
	}
}

func value(d *jsontext.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch t.Kind() {
	case jsontext.KindBeginObject:
		return object(d, depth)
	case jsontext.KindBeginArray:
		return array(d, depth)
	case jsontext.KindString:
		return t.String(), nil
	case jsontext.KindNumber:
		return number(t.String()), nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return t.Bool(), nil
	default:
		return nil, nil
	}
}

func object(d *jsontext.Decoder, depth int) (any, error) {
	m := make(map[string]any)
	for d.PeekKind() != jsontext.KindEndObject {
		t, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := t.String()
		if m[name], err = value(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.ReadToken()
	return m, err
}

func array(d *jsontext.Decoder, depth int) (any, error) {
	list := []any{}
	for d.PeekKind() != jsontext.KindEndArray {
		v, err := value(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.ReadToken()
	return list, err
}

// number keeps "-0" as text, because an int has no such zero.
func number(text string) any {
	if n, err := strconv.Atoi(text); err == nil && text != "-0" {
		return n
	}
	return json.Number(text)
}
