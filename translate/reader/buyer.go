package reader

import (
	"net/mail"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// maxWords is the most words of a list that is kept, such as capabilities;
// the closed lists of the schemas have at most nine.
const maxWords = 100

// buyer reads who buys: the members of every date, and the name and phone of
// the variant that a live agent platform documents. Every date requires the
// e-mail address. Nothing that a buyer claims is proven by it.
func (d Dialect) buyer(v wire.Value) commerce.Buyer {
	name := v.OneOf("full_name", "name")
	if name.Called("name") {
		only(name, false, BuyerName)
	} else {
		d.profile(name)
	}
	first, last := v.Get("first_name"), v.Get("last_name")
	if !d.Profile && (!first.HasValue() || !last.HasValue()) {
		v.Deviate(BuyerNameMissing)
	}
	return commerce.Buyer{
		FirstName:            first.Text(),
		LastName:             last.Text(),
		FullName:             name.Text(),
		Email:                email(v.Require("email")),
		Phone:                phone(v),
		CustomerID:           d.profile(v.Get("customer_id")).Text(),
		AccountType:          word(d.profile(v.Get("account_type")), "guest", "registered", "business"),
		AuthenticationStatus: word(d.profile(v.Get("authentication_status")), "authenticated", "guest", "requires_signin"),
		Company:              wire.Optional(d.profile(v.Get("company")), company),
		Loyalty:              wire.Optional(d.profile(v.Get("loyalty")), loyalty),
		TaxExemption:         wire.Optional(d.profile(v.Get("tax_exemption")), taxExemption),
	}
}

// profile is a member of a buyer that only some dates have.
func (d Dialect) profile(v wire.Value) wire.Value { return only(v, d.Profile, BuyerProfile) }

func company(v wire.Value) commerce.Company {
	return commerce.Company{
		Name: v.Require("name").Text(), TaxID: v.Get("tax_id").Text(),
		Department: v.Get("department").Text(), CostCenter: v.Get("cost_center").Text(),
	}
}

func loyalty(v wire.Value) commerce.Loyalty {
	return commerce.Loyalty{
		Tier: v.Get("tier").Text(), PointsBalance: v.Get("points_balance").Integer(), MemberSince: moment(v.Get("member_since")),
	}
}

func taxExemption(v wire.Value) commerce.TaxExemption {
	return commerce.TaxExemption{
		CertificateID:   v.Require("certificate_id").Text(),
		CertificateType: word(v.Require("certificate_type"), "resale", "exempt_organization", "government"),
		ExemptRegions:   wire.ListMax(v.Get("exempt_regions"), maxWords, text),
		ExpiresAt:       moment(v.Get("expires_at")),
	}
}

// phone reads a telephone number as it was written.
func phone(v wire.Value) string {
	number := v.OneOf("phone_number", "phone")
	return only(number, number.Called("phone_number"), PhoneName).Text()
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
