package v20260417

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/v20250929"
	"github.com/postern-gateway/postern/translate/wire"
)

// EncodeSession writes the answer to every session operation. A session shows
// its order as soon as it has one. It fails when the quote does not add up,
// because inconsistent money must never be shown ([v20250929.CheckQuote]).
func EncodeSession(s commerce.Session) ([]byte, error) {
	if err := v20250929.CheckQuote(s.Quote); err != nil {
		return nil, err
	}
	return wire.Marshal(session{
		ID:                     s.ID,
		Protocol:               protocol{Version: Date},
		Capabilities:           capabilitiesOf(s),
		Buyer:                  buyerOf(s.Cart.Buyer),
		Status:                 s.Status,
		Currency:               s.Currency,
		PresentmentCurrency:    s.PresentmentCurrency,
		ExchangeRate:           numberOf(s.ExchangeRate),
		ExchangeRateTimestamp:  timestamp(s.ExchangeRateAt),
		Locale:                 s.Cart.Locale,
		Timezone:               s.Cart.Timezone,
		LineItems:              each(s.Quote.Lines, lineOf),
		FulfillmentDetails:     contactOf(s.Cart.ShipTo),
		FulfillmentOptions:     each(s.Quote.Options, optionOf),
		SelectedOptions:        selectionsOf(s.Quote),
		FulfillmentGroups:      each(s.Cart.Groups, groupOf),
		Totals:                 totalsOf(s.Quote.Totals),
		Messages:               each(s.Messages, messageOf),
		Links:                  each(s.Links, linkOf),
		AuthenticationMetadata: authenticationOf(s),
		CreatedAt:              timestamp(s.CreatedAt),
		UpdatedAt:              timestamp(s.UpdatedAt),
		ExpiresAt:              timestamp(s.ExpiresAt),
		ContinueURL:            absolute(s.ContinueURL),
		Metadata:               s.Metadata,
		QuoteID:                s.QuoteID,
		QuoteExpiresAt:         timestamp(s.Quote.ExpiresAt),
		Discounts:              discountsOf(s),
		MarketingOptions:       each(s.MarketingOptions, marketingOf),
		Order:                  orderOf(s.Order),
	})
}

// EncodeCompletion writes the answer to complete, which is the session: with
// its order, or without one when it has none, as after a declined payment.
func EncodeCompletion(s commerce.Session) ([]byte, error) { return EncodeSession(s) }

// EncodeError writes the body of an error answer.
func EncodeError(p wire.Problem) ([]byte, error) { return wire.Marshal(p) }

// each maps a list, which is never nil afterwards.
func each[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = f(a)
	}
	return out
}

func capabilitiesOf(s commerce.Session) capabilities {
	i := s.Interventions
	return capabilities{
		Payment: payment{Handlers: each(s.Handlers, handlerOf)},
		Interventions: interventions{
			Supported:   known(i.Supported, "3ds", "biometric", "address_verification"),
			Required:    known(i.Required, "3ds", "biometric"),
			Enforcement: oneOf(i.Enforcement, "always", "conditional", "optional"),
		},
		Extensions: extensionsOf(s),
	}
}

// handlerOf writes the ten required members of a handler. A config that does
// not come whole is made from the two members that it must have (ACP
// rfc.payment_handlers 10, read 2026-11-22).
func handlerOf(h commerce.PaymentHandler) handler {
	return handler{
		ID: h.ID, Name: h.Name, DisplayName: h.DisplayName, Version: h.Version, Spec: h.Spec,
		RequiresDelegatePayment: h.RequiresDelegatePayment, RequiresPCICompliance: h.RequiresPCICompliance,
		PSP: h.PSP, ConfigSchema: h.ConfigSchema, InstrumentSchemas: h.InstrumentSchemas,
		Config: configOf(h), DisplayOrder: h.DisplayOrder,
	}
}

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

func linkOf(l commerce.Link) link {
	return link{Type: string(l.Type), Title: l.Title, URL: l.URL}
}

func marketingOf(o commerce.MarketingOption) marketingOption {
	return marketingOption{Channel: o.Channel, DisplayText: o.DisplayText, PrivacyPolicyURL: o.PrivacyPolicyURL, IsSubscribed: o.Subscribed}
}

func authenticationOf(s commerce.Session) *authenticationData {
	a := s.AuthenticationMetadata
	if a == nil || s.Status != commerce.AuthenticationRequired {
		return nil
	}
	out := &authenticationData{
		AcquirerDetails: acquirerDetails{
			BIN: a.AcquirerBIN, Country: a.AcquirerCountry, MerchantID: a.AcquirerMerchantID, MerchantName: a.MerchantName,
			RequestorID: a.RequestorID,
		},
		DirectoryServer: a.DirectoryServer,
	}
	if a.FlowType != "" {
		out.FlowPreference = &flowPreference{Type: a.FlowType, Challenge: flow(a.Challenge), Frictionless: flow(a.Frictionless)}
	}
	return out
}

func flow(kind string) *flowKind {
	if kind == "" {
		return nil
	}
	return &flowKind{Type: kind}
}

var (
	severities  = []string{"info", "low", "medium", "high", "critical"}
	resolutions = []string{string(commerce.Recoverable), string(commerce.RequiresBuyerInput), string(commerce.RequiresBuyerReview)}
	// warningCodes and errorCodes are the closed lists of the schema.
	warningCodes = []string{
		commerce.CodeLowStock, "high_demand", "shipping_delay", commerce.CodePriceChange, "expiring_promotion", commerce.CodeLimitedAvailability,
		string(commerce.DiscountExpired), string(commerce.DiscountInvalid), string(commerce.DiscountAlreadyApplied),
		string(commerce.DiscountNotCombinable), string(commerce.DiscountMinimumNotMet), string(commerce.DiscountSignInNeeded),
		string(commerce.DiscountBuyerIneligible), string(commerce.DiscountUsedUp),
	}
	errorCodes = []string{
		commerce.CodeMissing, commerce.CodeInvalid, commerce.CodeOutOfStock, commerce.CodePaymentDeclined, commerce.CodeRequiresSignIn,
		commerce.CodeRequires3DS, commerce.CodeLowStock, commerce.CodeQuantityExceeded, commerce.CodeCouponInvalid, commerce.CodeCouponExpired,
		commerce.CodeMinimumNotMet, "maximum_exceeded", commerce.CodeRegionRestricted, "age_verification_required", "approval_required",
		commerce.CodeUnsupported, commerce.CodeNotFound, commerce.CodeConflict, "rate_limited", "expired", commerce.CodeInterventionRequired,
	}
)

// messageOf keeps to the closed lists: an error of an unknown code is invalid,
// a warning of one is info. Every error says what can be done, because agents
// choose by that between a retry and a question to the buyer.
func messageOf(m commerce.Message) message {
	out := message{
		Type: string(m.Type), Code: m.Code, Severity: oneOf(m.Severity, severities...), Resolution: oneOf(string(m.Resolution), resolutions...),
		Param: m.Param, ContentType: v20250929.ContentType(m), Content: m.Content,
	}
	switch m.Type {
	case commerce.Error:
		if !slices.Contains(errorCodes, out.Code) {
			out.Code = commerce.CodeInvalid
		}
		if out.Resolution == "" {
			out.Resolution = string(commerce.Recoverable)
		}
		return out
	case commerce.Warning:
		if slices.Contains(warningCodes, out.Code) {
			return out
		}
	case commerce.Info:
	}
	out.Type, out.Code = string(commerce.Info), ""
	return out
}

// known keeps the words of a closed list, in the order they came; never nil.
func known(words []string, list ...string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		if slices.Contains(list, w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// oneOf is word when the closed list has it, else empty, which is left out.
func oneOf(word string, list ...string) string {
	if slices.Contains(list, word) {
		return word
	}
	return ""
}

func numberOf(text string) *wire.Number {
	n, ok := wire.ParseNumber(text)
	if !ok {
		return nil
	}
	return &n
}

// absolute is address when it is a whole web address, else empty: the schema
// wants a URI, and shops hand out paths.
func absolute(address string) string {
	u, err := url.Parse(address)
	if err != nil || !u.IsAbs() || u.Host == "" || strings.ContainsAny(address, " \t\r\n") {
		return ""
	}
	return address
}

func timestamp(t time.Time) string { return v20250929.Timestamp(t) }

// dateTime is text that is an RFC 3339 date and time, else empty.
func dateTime(text string) string {
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		return ""
	}
	return text
}
