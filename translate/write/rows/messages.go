package rows

import (
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

// Message is a message of these dates. Resolution stands from 2026-04-17 on.
type Message struct {
	Type        string `json:"type"`
	Code        string `json:"code,omitzero"`
	Severity    string `json:"severity,omitzero"`
	Resolution  string `json:"resolution,omitzero"`
	Param       string `json:"param,omitzero"`
	ContentType string `json:"content_type"`
	Content     string `json:"content"`
}

// Link is an address of the shop.
type Link struct {
	Type  string `json:"type"`
	Title string `json:"title,omitzero"`
	URL   string `json:"url"`
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
	linkTypes = []commerce.LinkType{
		commerce.TermsOfUse, commerce.PrivacyPolicy, commerce.ReturnPolicy, commerce.ShippingPolicy, commerce.ContactUs, commerce.AboutUs,
		commerce.FAQ, commerce.Support,
	}
)

// messageOf keeps to the closed lists: an error of an unknown code is invalid,
// a warning of one is info. Every error says what can be done, because agents
// choose by that between a retry and a question to the buyer.
func messageOf(m commerce.Message) Message {
	out := Message{
		Type: string(m.Type), Code: m.Code, Severity: write.OneOf(m.Severity, severities...),
		Resolution: write.OneOf(string(m.Resolution), resolutions...), Param: m.Param,
	}
	out.Content, out.ContentType = write.Content(m)
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

// linksOf keeps the types of the closed list, with whole addresses.
func linksOf(links []commerce.Link) []Link {
	out := make([]Link, 0, len(links))
	for _, l := range links {
		if write.URL(l.URL) != "" && slices.Contains(linkTypes, l.Type) {
			out = append(out, Link{Type: string(l.Type), Title: write.Plain(l.Title), URL: l.URL})
		}
	}
	return out
}
