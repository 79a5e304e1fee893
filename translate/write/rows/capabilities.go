package rows

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
)

// Capabilities are what shop and agent can both do.
type Capabilities struct {
	Payment       Payment       `json:"payment"`
	Interventions Interventions `json:"interventions"`
	// Extensions is left out when empty: an empty array matches both forms of
	// the schema's oneOf and so none.
	Extensions []Extension `json:"extensions,omitempty"`
}

// Payment are the ways to pay.
type Payment struct {
	Handlers []Handler `json:"handlers"`
}

// Handler is one way to pay. DisplayName and DisplayOrder stand from
// 2026-04-17 on.
type Handler struct {
	ID                      string          `json:"id"`
	Name                    string          `json:"name"`
	DisplayName             string          `json:"display_name,omitzero"`
	Version                 string          `json:"version"`
	Spec                    string          `json:"spec"`
	RequiresDelegatePayment bool            `json:"requires_delegate_payment"`
	RequiresPCICompliance   bool            `json:"requires_pci_compliance"`
	PSP                     string          `json:"psp"`
	ConfigSchema            string          `json:"config_schema"`
	InstrumentSchemas       []string        `json:"instrument_schemas"`
	Config                  json.RawMessage `json:"config"`
	DisplayOrder            *int64          `json:"display_order,omitzero"`
}

// Interventions are the steps in which a buyer can act.
type Interventions struct {
	Supported   []string `json:"supported"`
	Required    []string `json:"required"`
	Enforcement string   `json:"enforcement,omitzero"`
}

// Extension is an extension that is active in a session.
type Extension struct {
	Name    string   `json:"name"`
	Extends []string `json:"extends,omitempty"`
	Schema  string   `json:"schema,omitzero"`
	Spec    string   `json:"spec,omitzero"`
}

// CapabilitiesOf writes the ways to pay, what both sides can do, and the
// extensions that are active.
func CapabilitiesOf(s commerce.Session) Capabilities {
	i := s.Interventions
	return Capabilities{
		Payment: Payment{Handlers: handlersOf(s.Handlers)},
		Interventions: Interventions{
			Supported:   write.Known(i.Supported, "3ds", "biometric", "address_verification"),
			Required:    write.Known(i.Required, "3ds", "biometric"),
			Enforcement: write.OneOf(i.Enforcement, "always", "conditional", "optional"),
		},
		Extensions: extensionsOf(s),
	}
}

// handlerOf writes the ten required members of a handler.
func handlerOf(h commerce.PaymentHandler) Handler {
	schemas := h.InstrumentSchemas
	if schemas == nil {
		schemas = []string{}
	}
	return Handler{
		ID: h.ID, Name: h.Name, DisplayName: h.DisplayName, Version: h.Version, Spec: h.Spec,
		RequiresDelegatePayment: h.RequiresDelegatePayment, RequiresPCICompliance: h.RequiresPCICompliance,
		PSP: h.PSP, ConfigSchema: h.ConfigSchema, InstrumentSchemas: schemas,
		Config: configOf(h),
	}
}

// handlersOf writes the ways to pay. Where one has a place, all have: 0 is a
// place beside 1, and none where nobody has another.
func handlersOf(handlers []commerce.PaymentHandler) []Handler {
	out := write.Each(handlers, handlerOf)
	if slices.ContainsFunc(handlers, func(h commerce.PaymentHandler) bool { return h.DisplayOrder != 0 }) {
		for i := range out {
			out[i].DisplayOrder = &handlers[i].DisplayOrder
		}
	}
	return out
}

// configOf makes a config that does not come whole from the two members that
// it must have (ACP rfc.payment_handlers 10, read 2026-11-22).
func configOf(h commerce.PaymentHandler) json.RawMessage {
	if len(h.Config) > 0 {
		return h.Config
	}
	config, err := wire.Marshal(struct {
		MerchantID     string   `json:"merchant_id"`
		PSP            string   `json:"psp"`
		AcceptedBrands []string `json:"accepted_brands,omitempty"`
	}{h.MerchantID, h.PSP, h.CardBrands})
	if err != nil { // unreachable: strings always encode
		return json.RawMessage("{}")
	}
	return config
}

// discountExtension is the name under which discounts are negotiated.
const discountExtension = "discount"

// negotiated reports whether the agent named the discount extension, with or
// without a date.
func negotiated(s commerce.Session) bool {
	return slices.ContainsFunc(s.Capabilities.Extensions, func(name string) bool {
		name, _, _ = strings.Cut(name, "@")
		return name == discountExtension
	})
}

// extensionsOf declares the one extension that this gateway speaks, to agents
// that named it.
func extensionsOf(s commerce.Session) []Extension {
	if !negotiated(s) {
		return nil
	}
	return []Extension{{
		Name: discountExtension,
		Extends: []string{
			"$.CheckoutSession.discounts", "$.CheckoutSessionCreateRequest.discounts", "$.CheckoutSessionUpdateRequest.discounts",
		},
	}}
}
