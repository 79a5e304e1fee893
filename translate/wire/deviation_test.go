package wire_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/translate/wire"
)

// What nobody asked for is recorded when everything was read, and so is null;
// objects that are taken as they are hold nothing unknown.
func TestDeviateRest(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"a":1,"in":{"b":2},"free":{"x":null},"list":[{"c":1},{"c":2}]}`: "",
		`{"a":1,"z":1,"y":1}`:                   "unknown $.z",
		`{"in":{"b":2,"q":null},"a":null}`:      "unknown $.in.q null $.a",
		`{"list":[{"c":1},{"c":2,"d":[null]}]}`: "unknown $.list[1].d",
		`{"in":{"seen":1,"b":null}}`:            "null $.in.b",
		`{"open":{"x":1}}`:                      "",
		`[null,{"a":1}]`:                        "",
		``:                                      "",
	} {
		doc, err := wire.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		r := wire.NewReader(doc)
		root := r.Root()
		_, _ = root.Get("a"), root.Get("free").Plain()
		in := root.Get("in")
		in.Get("b")
		in.Known("seen")
		for _, v := range root.Get("list").Elements() {
			v.Get("c")
		}
		open := root.Get("open")
		open.Get("a")
		open.Open()
		r.DeviateRest("unknown", "null")
		var got []string
		for _, d := range r.Deviations() {
			got = append(got, string(d.Deviation), d.Param)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: got %q, want %q", body, text, want)
		}
	}
}

// A body of more nodes than the reader keeps marks for is watched as well.
func TestDeviateRestOfALargeBody(t *testing.T) {
	t.Parallel()
	doc, err := wire.Parse([]byte(`{"list":[` + strings.Repeat("1,", 500) + `1],"z":1}`))
	if err != nil {
		t.Fatal(err)
	}
	r := wire.NewReader(doc)
	r.Root().Get("list")
	r.DeviateRest("unknown", "null")
	if got := r.Deviations(); len(got) != 1 || got[0].Param != "$.z" {
		t.Errorf("got %v", got)
	}
	if got := r.Apart().Deviations(); got != nil {
		t.Errorf("a part of its own begins with %v", got)
	}
}
