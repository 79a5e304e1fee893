package reader

import (
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// place is where the delivery goes: the details, or the bare address of
// 2025-09-29.
func (d Dialect) place(root wire.Value) (v wire.Value, details bool) {
	v = root.OneOf("fulfillment_details", "fulfillment_address")
	if v.Called("fulfillment_details") {
		return only(v, d.Details, FulfillmentDetails), true
	}
	return only(v, !d.Details, FulfillmentAddress), false
}

// shipTo reads where the delivery of a create goes.
func (d Dialect) shipTo(root wire.Value) *commerce.Contact {
	place, details := d.place(root)
	if details {
		return wire.Optional(place, d.contact)
	}
	address := wire.Optional(place, d.address)
	if address == nil {
		return nil
	}
	return &commerce.Contact{Address: address}
}

// shipToChange is [Dialect.shipTo] of an update.
func (d Dialect) shipToChange(root wire.Value) commerce.Change[commerce.ContactChange] {
	place, details := d.place(root)
	if details {
		return wire.Change(place, d.contactChange)
	}
	// Null clears the address and not the contact: who sends a bare address
	// cannot see the e-mail and phone that another date may have set.
	return commerce.Set(commerce.ContactChange{Address: wire.Change(place, d.address)})
}

// shipToOnComplete reads the last word about who receives the goods.
func (d Dialect) shipToOnComplete(v wire.Value) *commerce.ContactChange {
	return wire.Optional(only(v, d.DetailsOnComplete, FulfillmentDetails), d.contactChange)
}

// contact reads fulfillment_details.
func (d Dialect) contact(v wire.Value) commerce.Contact {
	return commerce.Contact{
		Name:    v.Get("name").Text(),
		Phone:   phone(v),
		Email:   email(v.Get("email")),
		Address: wire.Optional(v.Get("address"), d.address),
	}
}

// contactChange is [Dialect.contact] of an update: the address is replaced as
// a whole, the other members one by one.
func (d Dialect) contactChange(v wire.Value) commerce.ContactChange {
	number := v.OneOf("phone_number", "phone")
	only(number, number.Called("phone_number"), PhoneName)
	return commerce.ContactChange{
		Name:    wire.Change(v.Get("name"), text),
		Phone:   wire.Change(number, text),
		Email:   wire.Change(v.Get("email"), email),
		Address: wire.Change(v.Get("address"), d.address),
	}
}

// address reads an address. The schemas require every part but line_two, yet
// there are countries without states or postal codes, so missing parts are
// left to the shop to judge. The country is an alpha-2 code in any case.
func (d Dialect) address(v wire.Value) commerce.Address {
	part := func(name string) wire.Value { return needed(v.Get(name), true, AddressPartMissing) }
	return commerce.Address{
		Name:       part("name").Text(),
		Company:    only(v.Get("company"), d.Company, AddressCompany).Text(),
		LineOne:    part("line_one").Text(),
		LineTwo:    v.Get("line_two").Text(),
		City:       part("city").Text(),
		State:      part("state").Text(),
		PostalCode: part("postal_code").Text(),
		Country:    country(part("country")),
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
