package v20260417

import (
	"github.com/postern-gateway/postern/gateway/commerce"
)

type buyer struct {
	FirstName            string        `json:"first_name,omitzero"`
	LastName             string        `json:"last_name,omitzero"`
	FullName             string        `json:"full_name,omitzero"`
	Email                string        `json:"email"`
	PhoneNumber          string        `json:"phone_number,omitzero"`
	CustomerID           string        `json:"customer_id,omitzero"`
	AccountType          string        `json:"account_type,omitzero"`
	AuthenticationStatus string        `json:"authentication_status,omitzero"`
	Company              *company      `json:"company,omitzero"`
	Loyalty              *loyalty      `json:"loyalty,omitzero"`
	TaxExemption         *taxExemption `json:"tax_exemption,omitzero"`
}

type company struct {
	Name       string `json:"name"`
	TaxID      string `json:"tax_id,omitzero"`
	Department string `json:"department,omitzero"`
	CostCenter string `json:"cost_center,omitzero"`
}

type loyalty struct {
	Tier          string `json:"tier,omitzero"`
	PointsBalance int64  `json:"points_balance,omitzero"`
	MemberSince   string `json:"member_since,omitzero"`
}

type taxExemption struct {
	CertificateID   string   `json:"certificate_id"`
	CertificateType string   `json:"certificate_type"`
	ExemptRegions   []string `json:"exempt_regions,omitempty"`
	ExpiresAt       string   `json:"expires_at,omitzero"`
}

type contact struct {
	Name        string   `json:"name,omitzero"`
	PhoneNumber string   `json:"phone_number,omitzero"`
	Email       string   `json:"email,omitzero"`
	Address     *address `json:"address,omitzero"`
}

type address struct {
	Name       string `json:"name"`
	LineOne    string `json:"line_one"`
	LineTwo    string `json:"line_two,omitzero"`
	City       string `json:"city"`
	State      string `json:"state"`
	Country    string `json:"country"`
	PostalCode string `json:"postal_code"`
	Company    string `json:"company,omitzero"`
}

// buyerOf shows a buyer who has the one member that this date requires.
// Words outside the schema's closed lists are left out.
func buyerOf(b *commerce.Buyer) *buyer {
	if b == nil || b.Email == "" {
		return nil
	}
	out := &buyer{
		FirstName: b.FirstName, LastName: b.LastName, FullName: b.FullName, Email: b.Email, PhoneNumber: b.Phone, CustomerID: b.CustomerID,
		AccountType:          oneOf(b.AccountType, "guest", "registered", "business"),
		AuthenticationStatus: oneOf(b.AuthenticationStatus, "authenticated", "guest", "requires_signin"),
	}
	if c := b.Company; c != nil {
		out.Company = &company{Name: c.Name, TaxID: c.TaxID, Department: c.Department, CostCenter: c.CostCenter}
	}
	if l := b.Loyalty; l != nil {
		out.Loyalty = &loyalty{Tier: l.Tier, PointsBalance: l.PointsBalance, MemberSince: dateTime(l.MemberSince)}
	}
	if x := b.TaxExemption; x != nil {
		if kind := oneOf(x.CertificateType, "resale", "exempt_organization", "government"); kind != "" {
			out.TaxExemption = &taxExemption{
				CertificateID: x.CertificateID, CertificateType: kind, ExemptRegions: x.ExemptRegions, ExpiresAt: dateTime(x.ExpiresAt),
			}
		}
	}
	return out
}

func contactOf(c *commerce.Contact) *contact {
	if c == nil {
		return nil
	}
	return &contact{Name: c.Name, PhoneNumber: c.Phone, Email: c.Email, Address: addressOf(c.Address)}
}

// addressOf fills the parts that the schema requires and a country may lack.
func addressOf(a *commerce.Address) *address {
	if a == nil {
		return nil
	}
	return &address{
		Name: a.Name, LineOne: a.LineOne, LineTwo: a.LineTwo, City: a.City, State: a.State, Country: a.Country, PostalCode: a.PostalCode,
		Company: a.Company,
	}
}
