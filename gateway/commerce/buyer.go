package commerce

import "time"

// Buyer is who buys, as the agent tells it. Nothing of it is proven: CustomerID, AccountType and AuthenticationStatus are claims and
// unlock nothing. The dates before 2026-01-30 know first name, last name, e-mail and phone only.
type Buyer struct {
	FirstName, LastName, FullName string
	Email                         string
	Phone                         string
	CustomerID                    string
	AccountType                   string // guest, registered or business
	AuthenticationStatus          string // authenticated, guest or requires_signin
	Company                       *Company
	Loyalty                       *Loyalty
	TaxExemption                  *TaxExemption
}

// Name is the full name, or first and last name joined.
func (b Buyer) Name() string {
	switch {
	case b.FullName != "":
		return b.FullName
	case b.FirstName == "" || b.LastName == "":
		return b.FirstName + b.LastName
	default:
		return b.FirstName + " " + b.LastName
	}
}

// Company is the buyer's company.
type Company struct{ Name, TaxID, Department, CostCenter string }

// Loyalty is the buyer's membership, as the agent tells it.
type Loyalty struct {
	Tier          string
	PointsBalance int64
	MemberSince   string
}

// TaxExemption is a claim of a certificate. Postern passes it on and never acts on it.
type TaxExemption struct {
	CertificateID, CertificateType string
	ExemptRegions                  []string
	ExpiresAt                      string
}

// Address is a postal address. Country is ISO 3166-1 alpha-2 in upper case; State is what the country calls a subdivision, often
// without a "US-" prefix. Every part may be empty: countries differ.
type Address struct {
	Name, Company                    string
	LineOne, LineTwo                 string
	City, State, PostalCode, Country string
}

// Contact is where a delivery goes and who receives it.
type Contact struct {
	Name, Phone, Email string
	Address            *Address
}

// MarketingOption is a channel that the shop offers to subscribe to (from 2026-04-17).
type MarketingOption struct {
	Channel, DisplayText, PrivacyPolicyURL string
	Subscribed                             *bool
}

// MarketingConsent is the buyer's answer to a [MarketingOption]. Absence is never consent.
type MarketingConsent struct {
	Channel string
	OptedIn bool
}

// Consent is the record of a buyer's answer to a [MarketingOption]: what was shown, and when it was answered.
type Consent struct {
	Channel     string
	OptedIn     bool
	DisplayText string
	At          time.Time
}

// Affiliate is who sent the buyer. It is write-only: no answer and no event shows it.
type Affiliate struct {
	Provider, Token, PublisherID, CampaignID, CreativeID, SubID string
	SourceType, SourceURL                                       string
	IssuedAt, ExpiresAt                                         string
	Metadata                                                    map[string]any
	Touchpoint                                                  string // first or last
}

// IntentTrace is why a buyer gave up (from 2025-12-12). It is write-only.
type IntentTrace struct {
	ReasonCode, Summary string
	Metadata            map[string]any
}

// RiskSignals are hints that the agent passes on for fraud checks. They are not proven.
type RiskSignals struct{ IPAddress, UserAgent, AcceptLanguage, SessionID, DeviceFingerprint string }

// Window is a span of time. Either end may be zero.
type Window struct{ Earliest, Latest time.Time }

// IsZero reports whether neither end is known.
func (w Window) IsZero() bool { return w.Earliest.IsZero() && w.Latest.IsZero() }
