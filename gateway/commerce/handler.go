package commerce

import "encoding/json"

// PaymentHandler is a way to pay that the shop advertises. Config is a JSON object that the handler's specification defines; for a
// card it names the merchant and the processor.
type PaymentHandler struct {
	ID, Name, DisplayName, Version, Spec string
	RequiresDelegatePayment              bool
	RequiresPCICompliance                bool
	PSP, ConfigSchema                    string
	InstrumentSchemas                    []string
	Config                               json.RawMessage `json:",omitempty"` // stored as nothing when empty: null is no config
	DisplayOrder                         int64
	MerchantID                           string // also in Config; the older dates show it beside the provider
	CardBrands                           []string
	// Saved is the card behind a handler that stands for one; nil for every other. Only its proven owner sees such a handler.
	Saved *SavedCard `json:",omitempty"`
}

// Payment is what an agent sends to pay. Token is a bearer credential: [Payment.String] hides it.
type Payment struct {
	HandlerID      string
	InstrumentType string
	CredentialType string
	Token          string
	Provider       string // of the older dates: "stripe"
	BillingAddress *Address

	PurchaseOrderNumber, Terms, DueDate string
	ApprovalRequired                    bool
}

// String never shows the token.
func (p Payment) String() string { return "payment by " + p.HandlerID + p.Provider + " [redacted]" }

// GoString never shows the token.
func (p Payment) GoString() string { return p.String() }

// Interventions are what an agent, or in an answer both sides, can do when a buyer must step in.
type Interventions struct {
	Supported, Required             []string
	Enforcement                     string
	DisplayContext, RedirectContext string
	MaxRedirects, MaxDepth          *int64
}

// Extension is an extension of the protocol that is active in a session.
type Extension struct {
	Name         string
	Extends      []string
	Schema, Spec string
}

// Capabilities are what an agent declared when it created the session. They are hints, never permissions.
type Capabilities struct {
	Interventions Interventions
	Extensions    []string // names, as the agent sent them
}

// AuthenticationMetadata is what an agent needs to authenticate a card holder (from 2025-12-12).
type AuthenticationMetadata struct {
	AcquirerBIN, AcquirerCountry, AcquirerMerchantID, MerchantName, RequestorID string
	DirectoryServer                                                             string
	FlowType, Challenge, Frictionless                                           string
	Channel                                                                     json.RawMessage `json:",omitempty"` // until 2026-01-30; nothing when empty: null is no channel
}

// AuthenticationProvider is who may authenticate the card holder (2026-01-16 only).
type AuthenticationProvider struct {
	Provider, MerchantID string
	Methods              []string
}

// AuthenticationResult is the outcome of an authentication, in the words of 2026-04-17.
type AuthenticationResult struct {
	Outcome                                 string
	Cryptogram, ECI, TransactionID, Version string
}

// String never shows the cryptogram.
func (r AuthenticationResult) String() string { return "authentication " + r.Outcome }

// GoString never shows the cryptogram.
func (r AuthenticationResult) GoString() string { return r.String() }
