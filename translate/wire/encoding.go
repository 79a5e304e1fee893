package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// brokenText reports whether the tokenizer stopped at offset because of the
// encoding of a string and not because of the grammar. Its error carries no
// exported value for that, so the text is looked at again.
func (p *parser) brokenText(offset int) bool {
	if offset < 0 || offset >= len(p.source) {
		return false
	}
	rest := p.source[offset:]
	if r, size := utf8.DecodeRuneInString(rest); r == utf8.RuneError && size == 1 {
		return true
	}
	return strings.HasPrefix(rest, `\u`) && loneSurrogate(rest)
}

// loneSurrogate reports whether text begins with an escape of half a
// surrogate pair that its other half does not follow.
func loneSurrogate(text string) bool {
	first, ok := escapedUnit(text)
	if !ok || first < 0xd800 || first > 0xdfff {
		return false
	}
	if first >= 0xdc00 {
		return true
	}
	second, ok := escapedUnit(text[6:])
	return !ok || second < 0xdc00 || second > 0xdfff
}

func escapedUnit(text string) (uint64, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(text[2:6], 16, 16)
	return unit, err == nil
}
