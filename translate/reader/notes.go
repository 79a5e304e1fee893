package reader

import "github.com/postern-gateway/postern/translate/wire"

// maxNotes is the longest order note in characters (schema, order_notes).
const maxNotes = 5000

// notes reads what the buyer wants to tell the shop.
func (d Dialect) notes(v wire.Value) string { return note(only(v, d.Notes, OrderNotes), maxNotes) }

// note reads text that a person wrote: at most limit characters, no card number.
func note(v wire.Value, limit int) string {
	text := v.TextMax(limit)
	if HasCardNumber(text) {
		v.Refuse(wire.Private, "card numbers are not taken here")
	}
	return text
}
