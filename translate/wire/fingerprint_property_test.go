package wire_test

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"github.com/postern-gateway/postern/translate/wire"
)

// A JSON value here is nil, bool, number, string, []any or map[string]any.

// number is whole·10^exponent.
type number struct {
	whole    int64
	exponent int
}

func (n number) rat() *big.Rat {
	r := new(big.Rat).SetInt64(n.whole)
	ten := new(big.Rat).SetInt64(10)
	for range max(n.exponent, -n.exponent) {
		if n.exponent > 0 {
			r.Mul(r, ten)
		} else {
			r.Quo(r, ten)
		}
	}
	return r
}

// words are few, so that two values often share their names and texts.
var words = []string{"", "a", "b", "A", "é", "e\u0301", "😀", "\u2028", "a\"b", "\\", "/", "<", "\n", "1", "null", "k1:a", "s1:a"}

func drawValue(t *rapid.T, depth int) any {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		if rapid.Bool().Draw(t, "small") {
			return number{rapid.Int64Range(-3, 3).Draw(t, "whole"), rapid.IntRange(-2, 2).Draw(t, "exponent")}
		}
		return number{rapid.Int64Range(-(1<<53-1), 1<<53-1).Draw(t, "whole"), rapid.IntRange(-30, 0).Draw(t, "exponent")}
	case 3:
		return drawText(t)
	case 4:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "elements"))
		for i := range list {
			list[i] = drawValue(t, depth-1)
		}
		return list
	default:
		object := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			object[drawText(t)] = drawValue(t, depth-1)
		}
		return object
	}
}

func drawText(t *rapid.T) string {
	if rapid.IntRange(0, 3).Draw(t, "word") > 0 {
		return rapid.SampledFrom(words).Draw(t, "text")
	}
	return strings.ReplaceAll(rapid.StringN(0, 6, -1).Draw(t, "text"), "\x00", "")
}

// meaning is the value in one spelling, made with nothing of the package under test: two values are equal when their meanings are.
func meaning(v any) string {
	switch v := v.(type) {
	case number:
		return v.rat().RatString()
	case string:
		return strconv.QuoteToASCII(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = meaning(e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, strconv.QuoteToASCII(name)+":"+meaning(v[name]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	default:
		return fmt.Sprint(v)
	}
}

// spell writes the value in one of its spellings: any order of members, any escapes, any form of a number, any white space.
func spell(t *rapid.T, v any) string {
	space := func() string { return rapid.SampledFrom([]string{"", "", " ", "\n", "\t\r "}).Draw(t, "space") }
	switch v := v.(type) {
	case nil:
		return space() + "null" + space()
	case bool:
		return space() + strconv.FormatBool(v) + space()
	case number:
		return space() + spellNumber(t, v) + space()
	case string:
		return space() + spellText(t, v) + space()
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = spell(t, e)
		}
		return space() + "[" + space() + strings.Join(parts, ",") + "]" + space()
	case map[string]any:
		var parts []string
		for _, name := range rapid.Permutation(slices.Sorted(maps.Keys(v))).Draw(t, "order") {
			parts = append(parts, space()+spellText(t, name)+space()+":"+spell(t, v[name]))
		}
		return space() + "{" + space() + strings.Join(parts, ",") + "}" + space()
	}
	panic("no JSON value")
}

func spellNumber(t *rapid.T, n number) string {
	digits := strconv.FormatInt(max(n.whole, -n.whole), 10)
	sign := ""
	if n.whole < 0 || n.whole == 0 && rapid.Bool().Draw(t, "minus zero") {
		sign = "-"
	}
	zeros := rapid.IntRange(0, 3).Draw(t, "zeros")
	exponent := n.exponent - zeros
	if n.whole != 0 {
		digits += strings.Repeat("0", zeros)
	}
	if point := rapid.IntRange(0, len(digits)+2).Draw(t, "point"); point > 0 { // the point moves left by so many digits
		exponent += point
		digits = strings.Repeat("0", max(0, point+1-len(digits))) + digits
		digits = digits[:len(digits)-point] + "." + digits[len(digits)-point:]
	}
	if exponent == 0 && rapid.Bool().Draw(t, "plain") {
		return sign + digits
	}
	plus := ""
	if exponent >= 0 && rapid.Bool().Draw(t, "plus") {
		plus = "+"
	}
	return sign + digits + rapid.SampledFrom([]string{"e", "E"}).Draw(t, "e") + plus + strconv.Itoa(exponent)
}

func spellText(t *rapid.T, s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		must := r < 0x20 || r == '"' || r == '\\'
		short := strings.IndexRune("\"\\/\b\f\n\r\t", r)
		switch {
		case short >= 0 && rapid.Bool().Draw(t, "short"):
			b.WriteByte('\\')
			b.WriteByte(`"\/bfnrt`[short])
		case must || rapid.IntRange(0, 3).Draw(t, "escape") == 0:
			for _, unit := range utf16.Encode([]rune{r}) {
				format := rapid.SampledFrom([]string{`\u%04x`, `\u%04X`}).Draw(t, "case")
				fmt.Fprintf(&b, format, unit)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// vary is v with one thing changed somewhere, or left as it is.
func vary(t *rapid.T, v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) > 0 && rapid.Bool().Draw(t, "inside") {
			w := slices.Clone(v)
			switch i := rapid.IntRange(0, len(v)-1).Draw(t, "at"); rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				w[i] = vary(t, w[i])
			case 1:
				w[0], w[i] = w[i], w[0]
			case 2: // what follows a list or an object moves into it
				switch in := w[i].(type) {
				case []any:
					return append(w[:i:i], slices.Concat(in, w[i+1:]))
				case map[string]any:
					if i+1 < len(w) {
						wider := maps.Clone(in)
						wider[drawText(t)] = w[i+1]
						return slices.Concat(w[:i], []any{wider}, w[i+2:])
					}
				}
			default:
				w = slices.Delete(w, i, i+1)
			}
			return w
		}
	case map[string]any:
		if len(v) > 0 && rapid.Bool().Draw(t, "inside") {
			w := maps.Clone(v)
			name := rapid.SampledFrom(slices.Sorted(maps.Keys(v))).Draw(t, "member")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				w[name] = vary(t, w[name])
			case 1:
				delete(w, name)
			default:
				w[drawText(t)] = w[name]
				delete(w, name)
			}
			return w
		}
	case number:
		if rapid.Bool().Draw(t, "near") && v.exponent > -30 {
			return number{v.whole, v.exponent - 1}
		}
	}
	return drawValue(t, 1)
}

// spellings is the rule of fingerprints: any two spellings of one value have the same, and two values have the same only when they are
// equal.
func spellings(t *rapid.T) {
	v := drawValue(t, 3)
	w := vary(t, v)
	one, again, other := spell(t, v), spell(t, v), spell(t, w)
	if sumOf(t, one) != sumOf(t, again) {
		t.Fatalf("two spellings of one value have two fingerprints:\n%s\n%s", one, again)
	}
	if equal := meaning(v) == meaning(w); equal != (sumOf(t, one) == sumOf(t, other)) {
		t.Fatalf("equal values: %t, equal fingerprints: %t\n%s\n%s", equal, !equal, one, other)
	}
}

func TestFingerprintOfSpellings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			spellings(t)
		}
	})
}

func FuzzFingerprintOfSpellings(f *testing.F) { f.Fuzz(rapid.MakeFuzz(spellings)) }

func sumOf(t *rapid.T, body string) wire.Sum {
	doc, err := wire.Parse([]byte(body))
	if err != nil {
		t.Fatalf("Parse(%s): %v", body, err)
	}
	return doc.Fingerprint()
}
