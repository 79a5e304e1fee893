package rows

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// Buyer is who buys; only the e-mail address is required.
type Buyer struct {
	FirstName            string        `json:"first_name,omitzero"`
	LastName             string        `json:"last_name,omitzero"`
	FullName             string        `json:"full_name,omitzero"`
	Email                string        `json:"email"`
	PhoneNumber          string        `json:"phone_number,omitzero"`
	CustomerID           string        `json:"customer_id,omitzero"`
	AccountType          string        `json:"account_type,omitzero"`
	AuthenticationStatus string        `json:"authentication_status,omitzero"`
	Company              *Company      `json:"company,omitzero"`
	Loyalty              *Loyalty      `json:"loyalty,omitzero"`
	TaxExemption         *TaxExemption `json:"tax_exemption,omitzero"`
}

// Company is the buyer's company.
type Company struct {
	Name       string `json:"name"`
	TaxID      string `json:"tax_id,omitzero"`
	Department string `json:"department,omitzero"`
	CostCenter string `json:"cost_center,omitzero"`
}

// Loyalty is the buyer's membership.
type Loyalty struct {
	Tier          string `json:"tier,omitzero"`
	PointsBalance int64  `json:"points_balance,omitzero"`
	MemberSince   string `json:"member_since,omitzero"`
}

// TaxExemption is a claim of a certificate.
type TaxExemption struct {
	CertificateID   string   `json:"certificate_id"`
	CertificateType string   `json:"certificate_type"`
	ExemptRegions   []string `json:"exempt_regions,omitempty"`
	ExpiresAt       string   `json:"expires_at,omitzero"`
}

// BuyerOf shows a buyer who has the one member that these dates require.
// Words outside the schema's closed lists are left out.
func BuyerOf(b *commerce.Buyer) *Buyer {
	if b == nil || write.Email(b.Email) == "" {
		return nil
	}
	out := &Buyer{
		FirstName: b.FirstName, LastName: b.LastName, FullName: b.FullName, Email: b.Email, PhoneNumber: b.Phone, CustomerID: b.CustomerID,
		AccountType:          write.OneOf(b.AccountType, "guest", "registered", "business"),
		AuthenticationStatus: write.OneOf(b.AuthenticationStatus, "authenticated", "guest", "requires_signin"),
	}
	if c := b.Company; c != nil {
		out.Company = &Company{Name: c.Name, TaxID: c.TaxID, Department: c.Department, CostCenter: c.CostCenter}
	}
	if l := b.Loyalty; l != nil {
		out.Loyalty = &Loyalty{Tier: l.Tier, PointsBalance: l.PointsBalance, MemberSince: write.DateTime(l.MemberSince)}
	}
	if x := b.TaxExemption; x != nil {
		if kind := write.OneOf(x.CertificateType, "resale", "exempt_organization", "government"); kind != "" {
			out.TaxExemption = &TaxExemption{
				CertificateID: x.CertificateID, CertificateType: kind, ExemptRegions: x.ExemptRegions, ExpiresAt: write.DateTime(x.ExpiresAt),
			}
		}
	}
	return out
}

// contactOf shows a recipient with the company of the address, if it has one.
func contactOf(c *commerce.Contact) *write.Contact {
	out := write.ContactOf(c)
	if out != nil && out.Address != nil {
		out.Address.Company = c.Address.Company
	}
	return out
}

// addressOf shows an address with its company.
func addressOf(a *commerce.Address) *write.Address {
	out := write.AddressOf(a)
	if out != nil {
		out.Company = a.Company
	}
	return out
}
