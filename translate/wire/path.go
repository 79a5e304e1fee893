package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxPathName is the longest member name, in bytes, that a path repeats. A
// longer one came from no specification, and echoing it back would let an
// agent write what it likes into our answers and logs.
const maxPathName = 64

// Path builds an RFC 9535 JSONPath step by step: Root.Name("line_items").Index(0).
// The zero value is not a path; begin with [Root]. Paths are values, safe to
// share and to extend from several places.
type Path string

// Root is the path of the whole body.
const Root Path = "$"

// Name is the path of the member called name. It uses the dot form where RFC
// 9535 2.5.1.1 allows it, else the quoted form of a normalized path (2.7).
func (p Path) Name(name string) Path {
	if len(name) > maxPathName {
		return p
	}
	if shorthand(name) {
		return p + "." + Path(name)
	}
	return p + "['" + Path(quoteName(name)) + "']"
}

// Index is the path of the element at i, counted from zero.
func (p Path) Index(i int) Path {
	return p + "[" + Path(strconv.Itoa(i)) + "]"
}

// String is the path as text.
func (p Path) String() string { return string(p) }

// shorthand reports whether name may follow a dot: a letter, underscore or
// non-ASCII character, then also digits.
func shorthand(name string) bool {
	for i, r := range name {
		switch {
		case r == '_', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		case r >= utf8.RuneSelf && r != utf8.RuneError && visible(r):
		case i > 0 && r >= '0' && r <= '9':
		default:
			return false
		}
	}
	return name != ""
}

// visible excludes the characters that can reorder or hide the text around
// them; those are written as escapes.
func visible(r rune) bool {
	switch {
	case r >= 0x80 && r <= 0x9f, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
		return false
	}
	return true
}

const hexDigits = "0123456789abcdef"

func quoteName(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f || (r >= utf8.RuneSelf && r <= 0xffff && !visible(r)):
			b.WriteString(`\u`)
			for shift := 12; shift >= 0; shift -= 4 {
				b.WriteByte(hexDigits[(r>>shift)&0xf])
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
