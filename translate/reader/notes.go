package reader

import (
	"regexp"

	"github.com/postern-gateway/postern/translate/wire"
)

// maxNotes is the longest order note in characters (schema, order_notes).
const maxNotes = 5000

// rawHTML is what CommonMark 0.31.2, sections 4.6 and 6.6, reads as HTML: tags, comments, instructions, declarations. "<3" and "a < b" are
// none of it.
var rawHTML = regexp.MustCompile(
	`(?i)<(?:[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>|/[a-z][a-z0-9-]*\s*>|!--|\?|![a-z]|!\[CDATA\[|(?:script|style|pre|textarea)(?:\s|$))`)

// notes reads what the buyer wants to tell the shop. It may be markdown, and markdown with raw HTML in it is refused (ACP
// rfc.agentic_checkout 5.1, read 2026-11-22): the old shop behind might show it to its people as it is.
func (d Dialect) notes(v wire.Value) string {
	text := note(only(v, d.Notes, OrderNotes), maxNotes)
	if rawHTML.MatchString(text) {
		v.Refuse(wire.WrongFormat, "raw HTML is not taken here")
	}
	return text
}

// note reads text that a person wrote: at most limit characters, no card number.
func note(v wire.Value, limit int) string {
	text := v.TextMax(limit)
	if HasCardNumber(text) {
		v.Refuse(wire.Private, "card numbers are not taken here")
	}
	return text
}
