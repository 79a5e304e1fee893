package wire_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

func read(t *testing.T, body string) (*wire.Reader, wire.Value) {
	t.Helper()
	doc, err := wire.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r := wire.NewReader(doc)
	return r, r.Root()
}

func TestIntegers(t *testing.T) {
	t.Parallel()
	accepted := map[string]int64{
		"1": 1, "1.0": 1, "1e2": 100, "10e-1": 1, "-0": 0, "0.0e5": 0, "1.5e1": 15, "9007199254740991": 1<<53 - 1, "-1.20e1": -12,
	}
	for text, want := range accepted {
		r, root := read(t, `{"n":`+text+`}`)
		if got := root.Get("n").Integer(); got != want || r.Err() != nil {
			t.Errorf("%s: got %d, %v; want %d", text, got, r.Err(), want)
		}
	}
	refused := map[string]wire.Reason{
		"1.5": wire.NotInteger, "1e-1": wire.NotInteger, "9007199254740990.5": wire.NotInteger, `"1"`: wire.WrongType, "true": wire.WrongType,
		"[1]": wire.WrongType, "{}": wire.WrongType,
	}
	for text, want := range refused {
		r, root := read(t, `{"n":`+text+`}`)
		root.Get("n").Integer()
		wantRefusal(t, r.Err(), "$.n", want)
	}
}

func wantRefusal(t *testing.T, err error, param string, reason wire.Reason) {
	t.Helper()
	var refusal *wire.Refusal
	if !errors.As(err, &refusal) {
		t.Errorf("got %v, want a refusal of %s", err, param)
		return
	}
	if refusal.Param != param || refusal.Reason != reason {
		t.Errorf("got %s %s, want %s %s", refusal.Param, refusal.Reason, param, reason)
	}
}

func TestThreeStates(t *testing.T) {
	t.Parallel()
	r, root := read(t, `{"null":null,"value":"x","empty":""}`)
	text := func(v wire.Value) string { return v.Text() }
	if wire.Change(root.Get("absent"), text).Present() {
		t.Error("absent is no change")
	}
	null := wire.Change(root.Get("null"), text)
	if _, ok := null.Value(); ok || !null.Present() {
		t.Error("null is a change to nothing")
	}
	for name, want := range map[string]string{"value": "x", "empty": ""} {
		if got, ok := wire.Change(root.Get(name), text).Value(); !ok || got != want {
			t.Errorf("%s: %q, %t", name, got, ok)
		}
	}
	if wire.Optional(root.Get("null"), text) != nil || wire.Optional(root.Get("absent"), text) != nil || *wire.Optional(root.Get("value"), text) != "x" {
		t.Error("an optional member is nil exactly without a value")
	}
	if r.Err() != nil {
		t.Error(r.Err())
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	r, root := read(t, `{"empty":[],"null":null,"two":["a","b"],"bad":[1]}`)
	text := func(v wire.Value) string { return v.Text() }
	if got := wire.List(root.Get("empty"), text); got == nil || len(got) != 0 {
		t.Errorf("an empty array is not absent: %v", got)
	}
	if wire.List(root.Get("null"), text) != nil || wire.List(root.Get("absent"), text) != nil || r.Err() != nil {
		t.Error("null and absent lists are nil")
	}
	if diff := cmp.Diff([]string{"a", "b"}, wire.List(root.Get("two"), text)); diff != "" {
		t.Error(diff)
	}
	wire.List(root.Get("bad"), text)
	wantRefusal(t, r.Err(), "$.bad[0]", wire.WrongType)
}

func TestOneOf(t *testing.T) {
	t.Parallel()
	r, root := read(t, `{"line_items":[],"a":1,"b":2}`)
	if got := root.OneOf("items", "line_items"); got.Name() != "line_items" || r.Err() != nil {
		t.Errorf("got %s, %v", got.Name(), r.Err())
	}
	if got := root.OneOf("x", "y"); !got.IsAbsent() || got.Path() != "$.x" {
		t.Errorf("got %s", got.Path())
	}
	root.OneOf("a", "b")
	wantRefusal(t, r.Err(), "$.b", wire.DuplicateName)
}

func TestRefusalIsAFault(t *testing.T) {
	t.Parallel()
	r, root := read(t, `{"line_items":[{}]}`)
	for _, line := range root.Get("line_items").Elements() {
		line.Require("id")
	}
	fault, ok := errors.AsType[*commerce.Fault](r.Err())
	if !ok || fault.Kind != commerce.Invalid || fault.Code != "missing" || fault.Param != "$.line_items[0].id" || fault.Message == "" {
		t.Errorf("got %+v, %t", fault, ok)
	}
}

func TestNumberText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0.15", "-1e3", "250"} {
		if n, ok := wire.ParseNumber(text); !ok || string(n) != text {
			t.Errorf("%s is a number", text)
		}
	}
	for _, text := range []string{"", "x", "1 2", "01", "1e400", `"1"`, "null", "1,5", "NaN"} {
		if _, ok := wire.ParseNumber(text); ok {
			t.Errorf("%q is no number", text)
		}
	}
}

func TestLetterCaseIsNoSynonym(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"QUANTITY":2}`, `{"quantity":2,"Quantity":3}`} {
		r, root := read(t, body)
		root.Get("quantity")
		var refusal *wire.Refusal
		if !errors.As(r.Err(), &refusal) || refusal.Reason != wire.LetterCase {
			t.Errorf("%s: got %v", body, r.Err())
		}
	}
	r, root := read(t, `{"metadata":{"Key":1,"KEY":2}}`)
	root.Get("metadata").Plain()
	if r.Err() != nil {
		t.Errorf("members that nobody asks for may be spelled at will: %v", r.Err())
	}
}

func TestFirstRefusalWins(t *testing.T) {
	t.Parallel()
	r, root := read(t, `{"list":[{"id":""},{"id":7}],"flag":"yes"}`)
	for _, e := range root.Get("list").Elements() {
		e.Require("id").Word()
	}
	root.Get("flag").Bool()
	wantRefusal(t, r.Err(), "$.list[0].id", wire.Missing)

	r, root = read(t, `{"list":[{}]}`)
	for _, e := range root.Get("list").Elements() {
		e.Require("id")
	}
	wantRefusal(t, r.Err(), "$.list[0].id", wire.Missing)

	r, root = read(t, `{"list":{"a":1}}`)
	for range root.Get("list").Elements() {
		t.Error("an object has no elements")
	}
	wantRefusal(t, r.Err(), "$.list", wire.WrongType)

	r, root = read(t, `["a"]`)
	root.Get("a")
	wantRefusal(t, r.Err(), "$", wire.WrongType)
}

func TestReadsOtherTypes(t *testing.T) {
	t.Parallel()
	r, root := read(t, `{"b":true,"t":"2026-04-17T10:00:00.5+02:00","n":1.50,"plain":{"a":[1.0,"x",false,null]}}`)
	if !root.Get("b").Bool() {
		t.Error("b")
	}
	if got, want := root.Get("t").Time(), time.Date(2026, 4, 17, 8, 0, 0, 5e8, time.UTC); !got.Equal(want) {
		t.Errorf("t: %v", got)
	}
	if got := root.Get("n").NumberText(); got != "1.50" {
		t.Errorf("n: %s", got)
	}
	want := map[string]any{"a": []any{wire.Number("1.0"), "x", false, nil}}
	if diff := cmp.Diff(want, root.Get("plain").Plain()); diff != "" {
		t.Error(diff)
	}
	if r.Err() != nil {
		t.Error(r.Err())
	}
	root.Get("b").Time()
	wantRefusal(t, r.Err(), "$.b", wire.WrongType)
	r, root = read(t, `{"t":"yesterday"}`)
	root.Get("t").Time()
	wantRefusal(t, r.Err(), "$.t", wire.WrongFormat)
	r, root = read(t, `{"t":"äöü"}`)
	if got := root.Get("t").TextMax(3); got != "äöü" || r.Err() != nil {
		t.Errorf("characters are counted, not bytes: %q, %v", got, r.Err())
	}
	root.Get("t").TextMax(2)
	wantRefusal(t, r.Err(), "$.t", wire.WrongFormat)
}

func TestPath(t *testing.T) {
	t.Parallel()
	tests := map[string]wire.Path{
		"$.line_items[0].item.id": wire.Root.Name("line_items").Index(0).Name("item").Name("id"),
		"$['3ds']":                wire.Root.Name("3ds"),
		"$['a-b']":                wire.Root.Name("a-b"),
		"$['']":                   wire.Root.Name(""),
		`$['it\'s \\']`:           wire.Root.Name(`it's \`),
		`$['\u000a']`:             wire.Root.Name("\n"),
		`$['\u202eevil']`:         wire.Root.Name("\u202eevil"),
		"$.größe":                 wire.Root.Name("größe"),
		"$.a":                     wire.Root.Name("a").Name(string(make([]byte, 65))),
	}
	for want, got := range tests {
		if got.String() != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	codes := map[wire.Reason]string{
		wire.Missing: "missing", wire.LinesMissing: "missing_line_items", wire.Unsupported: "unsupported", wire.Private: "pii_not_allowed",
	}
	texts := map[string]bool{}
	for reason := wire.Malformed; reason <= wire.OtherDate; reason++ {
		want := codes[reason]
		if want == "" {
			want = "invalid"
		}
		if reason.Code() != want {
			t.Errorf("%s: code %s, want %s", reason, reason.Code(), want)
		}
		if text := reason.String(); text == wire.Reason(0).String() || texts[text] {
			t.Errorf("reason %d has no words of its own: %s", reason, text)
		} else {
			texts[text] = true
		}
	}
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	rate, _ := wire.ParseNumber("0.0825")
	body, err := wire.Marshal(map[string]any{"z": rate, "a": "broken \xff <text>", "list": []string(nil)})
	if want := "{\"a\":\"broken \ufffd <text>\",\"list\":[],\"z\":0.0825}"; err != nil || string(body) != want {
		t.Errorf("got %s, %v; want %s", body, err, want)
	}
	if _, err := wire.Marshal(map[string]any{"f": func() {}}); err == nil {
		t.Error("a function is no JSON")
	}
}
