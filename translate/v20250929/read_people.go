package v20250929

import (
	"net/mail"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// Buyer reads the four members that every date knows, and the name and phone
// members of the variant that a live agent platform documents. Every date
// requires the e-mail address.
func Buyer(v wire.Value) commerce.Buyer {
	return commerce.Buyer{
		FirstName: v.Get("first_name").Text(),
		LastName:  v.Get("last_name").Text(),
		FullName:  v.OneOf("full_name", "name").Text(),
		Email:     email(v.Require("email")),
		Phone:     v.OneOf("phone_number", "phone").Text(),
	}
}

// Contact reads the fulfillment details of the dates from 2025-12-12 on.
func Contact(v wire.Value) commerce.Contact {
	return commerce.Contact{
		Name:    v.Get("name").Text(),
		Phone:   v.OneOf("phone_number", "phone").Text(),
		Email:   email(v.Get("email")),
		Address: wire.Optional(v.Get("address"), Address),
	}
}

// ContactChange is [Contact] for an update: the address is replaced as a
// whole, the other members one by one.
func ContactChange(v wire.Value) commerce.ContactChange {
	text := func(member wire.Value) string { return member.Text() }
	return commerce.ContactChange{
		Name:    wire.Change(v.Get("name"), text),
		Phone:   wire.Change(v.OneOf("phone_number", "phone"), text),
		Email:   wire.Change(v.Get("email"), email),
		Address: wire.Change(v.Get("address"), Address),
	}
}

// Address reads an address. The schemas require every part but line_two, yet
// there are countries without states or postal codes, so missing parts are
// left to the shop to judge. The country is an alpha-2 code in any case.
func Address(v wire.Value) commerce.Address {
	return commerce.Address{
		Name:       v.Get("name").Text(),
		Company:    v.Get("company").Text(),
		LineOne:    v.Get("line_one").Text(),
		LineTwo:    v.Get("line_two").Text(),
		City:       v.Get("city").Text(),
		State:      v.Get("state").Text(),
		PostalCode: v.Get("postal_code").Text(),
		Country:    country(v.Get("country")),
	}
}

func country(v wire.Value) string {
	code := v.Text()
	if code == "" {
		return ""
	}
	upper := strings.ToUpper(code)
	if len(upper) != 2 || upper[0] < 'A' || upper[0] > 'Z' || upper[1] < 'A' || upper[1] > 'Z' {
		v.Refuse(wire.WrongFormat, "a two-letter ISO 3166-1 code is expected")
		return ""
	}
	return upper
}

// email reads an address of the form that the schemas' format email names. A
// display name, white space and line breaks are refused.
func email(v wire.Value) string {
	text := v.Text()
	if text == "" {
		if v.Kind() == wire.KindString {
			v.Refuse(wire.Missing, "")
		}
		return ""
	}
	if !ValidEmail(text) {
		v.Refuse(wire.WrongFormat, "an e-mail address is expected")
		return ""
	}
	return text
}

// ValidEmail reports whether text is one bare e-mail address.
func ValidEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text && len(text) <= 254
}
