package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/translate/wire"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body   string
		param  string
		reason wire.Reason
	}{
		"garbage":                   {`buy`, "$", wire.Malformed},
		"cut object":                {`{"a":1`, "$", wire.Malformed},
		"cut in member":             {`{"a":{"b":`, "$.a.b", wire.Malformed},
		"comma":                     {`{"a":[1,]}`, "$.a[1]", wire.Malformed},
		"leading zero":              {`{"a":01}`, "$", wire.Malformed},
		"NaN":                       {`{"a":NaN}`, "$.a", wire.Malformed},
		"single quotes":             {`{'a':1}`, "$", wire.Malformed},
		"comment":                   {"{} // hello", "$", wire.TrailingData},
		"second value":              {`{}{}`, "$", wire.TrailingData},
		"stray bracket":             {`{}]`, "$", wire.TrailingData},
		"byte order mark":           {"\xef\xbb\xbf{}", "$", wire.Encoding},
		"duplicate":                 {`{"a":1,"a":2}`, "$.a", wire.DuplicateName},
		"escaped duplicate":         {`{"a":1,"\u0061":2}`, "$.a", wire.DuplicateName},
		"duplicate below":           {`{"items":[{"id":"x"},{"id":"a","id":"b"}]}`, "$.items[1].id", wire.DuplicateName},
		"invalid UTF-8":             {"{\"a\":[\"\xff\"]}", "$.a[0]", wire.Encoding},
		"invalid UTF-8 in name":     {"{\"a\xff\":1}", "$", wire.Encoding},
		"overlong UTF-8":            {"{\"a\":\"\xc0\xaf\"}", "$.a", wire.Encoding},
		"surrogate as UTF-8":        {"{\"a\":\"\xed\xa0\x80\"}", "$.a", wire.Encoding},
		"lone high surrogate":       {`{"a":"x\ud800y"}`, "$.a", wire.Encoding},
		"lone low surrogate":        {`{"a":"\udc00"}`, "$.a", wire.Encoding},
		"two high surrogates":       {`{"a":"\ud800\ud800"}`, "$.a", wire.Encoding},
		"escaped NUL":               {`{"a":{"b":"x\u0000"}}`, "$.a.b", wire.Encoding},
		"escaped NUL in name":       {`{"a":{"b\u0000":1}}`, "$.a", wire.Encoding},
		"raw NUL":                   {"{\"a\":\"\x00\"}", "$.a", wire.Malformed},
		"10,001 levels, never shut": {strings.Repeat(`{"a":`, 10_001), "$", wire.TooDeep},
		"2^53":                      {`{"a":9007199254740992}`, "$.a", wire.NumberRange},
		"-2^53":                     {`{"a":-9007199254740992}`, "$.a", wire.NumberRange},
		"2^63":                      {`[9223372036854775808]`, "$[0]", wire.NumberRange},
		"1e400":                     {`{"a":1e400}`, "$.a", wire.NumberRange},
		"1e16":                      {`{"a":1e16}`, "$.a", wire.NumberRange},
		"huge exponent":             {`{"a":1e99999999999999999999}`, "$.a", wire.NumberRange},
		"tiny exponent":             {`{"a":1e-99999}`, "$.a", wire.NumberRange},
		"fraction beyond the limit": {`{"a":9007199254740991.5}`, "$.a", wire.NumberRange},
		"too many values":           {"[" + strings.Repeat("0,", wire.MaxNodes) + "0]", "$", wire.TooLarge},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := wire.Parse([]byte(tt.body))
			var refusal *wire.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("Parse: got %v, want a *Refusal", err)
			}
			if refusal.Param != tt.param || refusal.Reason != tt.reason {
				t.Errorf("Parse: got %s %s, want %s %s", refusal.Param, refusal.Reason, tt.param, tt.reason)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `null`, `[]`, `"x"`, ` 1 `, `{"a":9007199254740991}`, `{"a":-9007199254740991.0}`, `{"a":0e999999}`, `{"a":-0}`,
		`{"a":0.000000000000000000000000001}`, `{"":{"":1}}`, `{"a":"\ud83d\ude00"}`, "{\"a\":\"\u202eshop\"}",
		`{"a":1,"A":2}`,
	} {
		if _, err := wire.Parse([]byte(body)); err != nil {
			t.Errorf("Parse(%s): %v", body, err)
		}
	}
}

// TestDepth32IsAcceptedAnd33IsRefused holds the limit to the level, whatever it is made of. Only what is open at the same time counts.
func TestDepth32IsAcceptedAnd33IsRefused(t *testing.T) {
	t.Parallel()
	for name, nest := range map[string]func(levels int) string{
		"arrays":  func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) },
		"objects": func(n int) string { return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1) },
		"both in turn": func(n int) string {
			body := "[]"
			for level := range n - 1 {
				if level%2 == 0 {
					body = `{"a":` + body + "}"
				} else {
					body = "[" + body + "]"
				}
			}
			return body
		},
		"after many that are shut": func(n int) string {
			return "[" + strings.Repeat(`[{}],`, 40) + strings.Repeat("[", n-1) + strings.Repeat("]", n)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := wire.Parse([]byte(nest(32))); err != nil {
				t.Errorf("32 levels: %v", err)
			}
			_, err := wire.Parse([]byte(nest(33)))
			var refusal *wire.Refusal
			if !errors.As(err, &refusal) || refusal.Reason != wire.TooDeep || refusal.Param != "$" {
				t.Errorf("33 levels: got %v, want %s at $", err, wire.TooDeep)
			}
		})
	}
}

// A parser is pooled: what one body left behind must not show in the next.
func TestParseLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for range 50 {
		if _, err := wire.Parse([]byte(`{"a":{"b":[1,"`)); err == nil {
			t.Fatal("a cut body was accepted")
		}
		doc, err := wire.Parse([]byte(`{"b":2}`))
		if err != nil {
			t.Fatal(err)
		}
		r := wire.NewReader(doc)
		if got := r.Root().Get("b").Integer(); got != 2 || r.Err() != nil {
			t.Fatalf("b: got %d, %v", got, r.Err())
		}
	}
}

func TestEmptyBody(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " \r\n\t"} {
		doc, err := wire.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		r := wire.NewReader(doc)
		root := r.Root()
		if !doc.IsEmpty() || !root.IsAbsent() || !root.Get("a").IsAbsent() || r.Err() != nil {
			t.Errorf("body %q does not read as absent: %v", body, r.Err())
		}
		if got := root.Get("a").Path(); got != "$.a" {
			t.Errorf("path of a member of the empty body: %s", got)
		}
	}
}

func TestRefusalNeverRepeatsAValue(t *testing.T) {
	t.Parallel()
	const secret = "spt_secret_value"
	for _, body := range []string{
		`{"payment_data":{"token":"` + secret, `{"token":"` + secret + `\ud800"}`, `{"token":["` + secret + `"],"token":1}`,
		`{"a":"` + secret + `"} x`,
	} {
		_, err := wire.Parse([]byte(body))
		if err == nil {
			t.Fatalf("%s was accepted", body)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats a value: %v", err)
		}
	}
}

func ExampleParse() {
	_, err := wire.Parse([]byte(`{"line_items":[{"id":"shirt","quantity":1e400}]}`))
	fmt.Println(err)
	// Output: $.line_items[0].quantity is out of range: numbers lie within ±(2^53−1)
}
