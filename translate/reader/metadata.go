package reader

import (
	"strings"

	"github.com/postern-gateway/postern/translate/wire"
)

// metadata reads an object of any content that holds no card number.
func metadata(v wire.Value) map[string]any {
	switch v.Kind() {
	case wire.KindAbsent, wire.KindNull:
		return nil
	case wire.KindObject:
		refuseCards(v)
		object, _ := v.Plain().(map[string]any)
		return object
	case wire.KindBool, wire.KindNumber, wire.KindString, wire.KindArray:
		v.Refuse(wire.WrongType, "an object is expected")
	}
	return nil
}

// flat reads an object of strings, numbers and booleans that holds no card
// number.
func flat(v wire.Value) map[string]any {
	if !v.HasValue() {
		return nil
	}
	object := make(map[string]any, v.Len())
	for _, member := range v.Members() {
		switch member.Kind() {
		case wire.KindArray, wire.KindObject:
			member.Refuse(wire.WrongType, "arrays and objects are not taken here")
		case wire.KindNull:
			member.Deviate(NullValue)
		case wire.KindAbsent, wire.KindBool, wire.KindNumber, wire.KindString:
		}
		refuseCards(member)
		object[member.Name()] = member.Plain()
	}
	return object
}

// refuseCards refuses a card number in any string of v, but for ids and phone
// numbers, which look alike.
func refuseCards(v wire.Value) {
	switch v.Kind() {
	case wire.KindString:
		if !holdsNumber(v.Name()) && HasCardNumber(v.Text()) {
			v.Refuse(wire.Private, "card numbers are not taken here")
		}
	case wire.KindArray:
		for _, element := range v.Elements() {
			refuseCards(element)
		}
	case wire.KindObject:
		for _, member := range v.Members() {
			refuseCards(member)
		}
	case wire.KindAbsent, wire.KindNull, wire.KindBool, wire.KindNumber:
	}
}

// holdsNumber reports whether a member of this name holds an id or a phone
// number.
func holdsNumber(name string) bool {
	switch name = strings.ToLower(name); name {
	case "id", "phone", "phone_number":
		return true
	default:
		return strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_phone") || strings.HasSuffix(name, "_phone_number")
	}
}

// maxCartID is far above the length of a cart's id, in bytes.
const maxCartID = 64

// cartID is the saved cart that metadata names: a convenience of ours, because
// no date has a member for it. Anything but a short text names none.
func cartID(metadata wire.Value) string {
	if metadata.Kind() != wire.KindObject {
		return ""
	}
	for _, member := range metadata.Members() {
		if member.Kind() == wire.KindString && member.Called("cart_id") {
			if id := member.Text(); len(id) <= maxCartID {
				return id
			}
		}
	}
	return ""
}
