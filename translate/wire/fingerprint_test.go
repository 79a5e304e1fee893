package wire_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/postern-gateway/postern/translate/wire"
)

func sum(t testing.TB, body string) wire.Sum {
	t.Helper()
	doc, err := wire.Parse([]byte(body))
	if err != nil {
		t.Fatalf("Parse(%s): %v", body, err)
	}
	return doc.Fingerprint()
}

func TestFingerprintEqual(t *testing.T) {
	t.Parallel()
	for _, group := range [][]string{
		{`{"a":1,"b":[2,3]}`, ` { "b" : [ 2 , 3 ] , "a" : 1.0 } `, `{"b":[2e0,30e-1],"a":10e-1}`},
		{`{"a":0}`, `{"a":-0}`, `{"a":0.00e7}`},
		{`{"a":100}`, `{"a":1e2}`, `{"a":1E+2}`, `{"a":100.000}`},
		{`{"a":0.15}`, `{"a":15e-2}`, `{"a":0.150}`},
		{`{"a":"A/é"}`, `{"\u0061":"\u0041\/\u00e9"}`},
		{`{"x":{"b":{"d":1,"c":2},"a":3}}`, `{"x":{"a":3,"b":{"c":2,"d":1}}}`},
		{``, " \n"},
	} {
		for _, body := range group[1:] {
			if sum(t, body) != sum(t, group[0]) {
				t.Errorf("%s and %s are equal values with different fingerprints", group[0], body)
			}
		}
	}
}

func TestFingerprintDiffers(t *testing.T) {
	t.Parallel()
	bodies := []string{
		``, `{}`, `[]`, `null`, `false`, `true`, `0`, `""`, `"0"`, `{"a":null}`, `{"a":{}}`, `{"a":[]}`, `{"a":""}`, `{"a":0}`, `{"a":"0"}`, `{"a":false}`,
		`[1,2]`, `[2,1]`, `[[1],2]`, `[[1,2]]`, `[12]`, `["1","2"]`, `["1\",\"2"]`, `{"a":1,"b":2}`, `{"a":2,"b":1}`, `{"b":2}`,
		`{"a":{"b":2}}`, `{"a":1}`, `{"a":-1}`, `{"a":10}`, `{"a":0.1}`, `{"a":0.10000000000000000001}`, `{"a":1,"x_extension":true}`,
		`{"a":{"b":1},"c":2}`, `{"a":{"b":1,"c":2}}`, `["a","b"]`, `["as1:b"]`, `["as0:b"]`, `["as:b"]`,
		`["s1:a"]`, `["a"]`, "[\"\u00e9\"]", "[\"e\u0301\"]", `{"k1:a":1}`,
	}
	seen := map[wire.Sum]string{}
	for _, body := range bodies {
		s := sum(t, body)
		if other, ok := seen[s]; ok {
			t.Errorf("%q and %q are different values with one fingerprint", body, other)
		}
		seen[s] = body
	}
	if got := sum(t, `{}`).String(); len(got) != 64 || strings.ToLower(got) != got {
		t.Errorf("a sum prints as %q", got)
	}
}

var fuzzSeeds = []string{
	``, `{}`, `null`, `{"items":[{"id":"a","quantity":1.0}]}`, `{"line_items":[{"id":"a"}],"currency":"usd","capabilities":{}}`,
	`{"a":1e2,"b":"\ud83d\ude00","c":[null,true,-0.5]}`, `{"a":1,"a":2}`, "\xef\xbb\xbf{}", `{"a":"\ud800"}`, `{"a":1e400}`, `[[[[]]]]`, `{"buyer":null}`,
}

// FuzzFingerprint compares the fingerprint with an independent canonical
// form: the body rewritten by another printer, with its members sorted, has
// the same fingerprint; with one value changed it has another.
func FuzzFingerprint(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := wire.Parse(body)
		if err != nil || doc.IsEmpty() {
			return
		}
		original := doc.Fingerprint()
		if again := doc.Fingerprint(); again != original {
			t.Fatal("the fingerprint is not stable")
		}
		spread := jsontext.Value(bytes.Clone(body))
		if err := spread.Indent(); err != nil {
			t.Fatalf("accepted, but does not print: %v", err)
		}
		if sum(t, string(spread)) != original {
			t.Fatalf("white space changed the fingerprint of %q", body)
		}
		wrapped := `{"z":` + string(body) + `,"a":1.0}`
		turned := `{"a":10e-1,"z":` + string(spread) + `}`
		one, errOne := wire.Parse([]byte(wrapped))
		two, errTwo := wire.Parse([]byte(turned))
		if errOne != nil || errTwo != nil {
			return // one level deeper than allowed
		}
		if one.Fingerprint() != two.Fingerprint() {
			t.Fatalf("member order changed the fingerprint of %q", wrapped)
		}
		null, err := wire.Parse([]byte(`{"z":` + string(body) + `,"a":1,"n":null}`))
		if err == nil && null.Fingerprint() == one.Fingerprint() {
			t.Fatal("null and absent have one fingerprint")
		}
	})
}

// FuzzDecode reads every value of whatever parses, through every method: none
// may panic, and each refusal names a path.
func FuzzDecode(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := wire.Parse(body)
		if err != nil {
			if !strings.Contains(err.Error(), "$") && !strings.HasPrefix(err.Error(), "request body") {
				t.Fatalf("a refusal without a place: %v", err)
			}
			return
		}
		r := wire.NewReader(doc)
		var walk func(v wire.Value)
		walk = func(v wire.Value) {
			_ = v.Path()
			_, _, _, _ = v.Text(), v.Integer(), v.Bool(), v.Time()
			_ = v.Plain()
			v.Get("items").Require("id").Word()
			for _, e := range v.Elements() {
				walk(e)
			}
			for _, m := range v.Members() {
				walk(m)
			}
		}
		walk(r.Root())
	})
}

func benchmarkBody(lines int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"currency":"usd","capabilities":{"interventions":{"supported":["3ds"]}},"line_items":[`)
	for i := range lines {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"id":"variant_` + strconv.Itoa(i) + `","quantity":2,"name":"A shirt with a \"quoted\" name","unit_amount":1999}`)
	}
	b.WriteString(`],"fulfillment_details":{"name":"Ada Lovelace","email":"ada@example.com","address":{"name":"Ada Lovelace",` +
		`"line_one":"1 Main Street","city":"San Francisco","state":"CA","country":"US","postal_code":"94131"}}}`)
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	for _, lines := range []int{2, 1000} {
		body := benchmarkBody(lines)
		b.Run(strconv.Itoa(lines)+"_lines", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.Parse(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFingerprint(b *testing.B) {
	for _, lines := range []int{2, 1000} {
		body := benchmarkBody(lines)
		doc, err := wire.Parse(body)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strconv.Itoa(lines)+"_lines", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				doc.Fingerprint()
			}
		})
	}
}
