package write

import "github.com/postern-gateway/postern/gateway/commerce"

// Address is a postal address. Company stands from 2026-04-17 on.
type Address struct {
	Name       string `json:"name"`
	LineOne    string `json:"line_one"`
	LineTwo    string `json:"line_two"`
	City       string `json:"city"`
	State      string `json:"state"`
	Country    string `json:"country"`
	PostalCode string `json:"postal_code"`
	Company    string `json:"company,omitzero"`
}

// AddressOf shows an address without its company. The parts that a country may
// lack are empty text, as the published samples have it: most are required, and
// there is no relaxed form.
func AddressOf(a *commerce.Address) *Address {
	if a == nil {
		return nil
	}
	return &Address{
		Name: a.Name, LineOne: a.LineOne, LineTwo: a.LineTwo, City: a.City, State: a.State, Country: a.Country, PostalCode: a.PostalCode,
	}
}

// Contact is fulfillment_details, from 2025-12-12 on.
type Contact struct {
	Name        string   `json:"name,omitzero"`
	PhoneNumber string   `json:"phone_number,omitzero"`
	Email       string   `json:"email,omitzero"`
	Address     *Address `json:"address,omitzero"`
}

// ContactOf shows a recipient, with an address that has no company.
func ContactOf(c *commerce.Contact) *Contact {
	if c == nil {
		return nil
	}
	return &Contact{Name: c.Name, PhoneNumber: c.Phone, Email: Email(c.Email), Address: AddressOf(c.Address)}
}
