package reader

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// currency reads an ISO 4217 code in any case.
func (d Dialect) currency(v wire.Value) commerce.Currency {
	only(v, d.Negotiation, Currency)
	needed(v, d.Negotiation, CurrencyMissing)
	if !v.HasValue() {
		return ""
	}
	code, err := commerce.ParseCurrency(v.Text())
	if err != nil {
		v.Refuse(wire.WrongFormat, "a three-letter ISO 4217 code is expected")
	}
	return code
}

// capabilities reads what the agent can do. Values that nobody knows are kept
// and mean nothing (ACP rfc.capability_negotiation 4.6.2, read 2026-11-22).
// Extensions are names; the objects of an answer are taken too.
func (d Dialect) capabilities(v wire.Value) commerce.Capabilities {
	only(v, d.Negotiation, Capabilities)
	needed(v, d.Negotiation, CapabilitiesMissing)
	if !v.HasValue() {
		return commerce.Capabilities{}
	}
	i := v.Get("interventions")
	v.Known("payment") // the seller's, and so are these
	i.Known("required", "enforcement")
	return commerce.Capabilities{
		Interventions: commerce.Interventions{
			Supported:       wire.ListMax(i.Get("supported"), maxWords, text),
			DisplayContext:  i.Get("display_context").Text(),
			RedirectContext: i.Get("redirect_context").Text(),
			MaxRedirects:    wire.Optional(i.Get("max_redirects"), count),
			MaxDepth:        wire.Optional(i.Get("max_interaction_depth"), count),
		},
		Extensions: wire.ListMax(v.Get("extensions"), maxWords, extension),
	}
}

func extension(v wire.Value) string {
	if v.Kind() == wire.KindObject {
		v.Known("extends", "schema", "spec")
		return v.Get("name").Text()
	}
	return v.Text()
}

func count(v wire.Value) int64 {
	n := v.Integer()
	if n < 0 {
		v.Refuse(wire.NumberRange, "it must not be negative")
	}
	return n
}

// codeSource is where the discount codes stand. The older coupons means the
// same, and discounts wins where both stand (ACP rfc.discount_extension 10.1,
// read 2026-11-22).
func (d Dialect) codeSource(root wire.Value) (discounts, source wire.Value) {
	discounts = only(root.Get("discounts"), d.Discounts, Discounts)
	coupons := only(root.Get("coupons"), d.Discounts, Coupons)
	if source = discounts.Get("codes"); source.IsAbsent() {
		source = coupons
	}
	return discounts, source
}

func (d Dialect) codes(root wire.Value) []string {
	_, source := d.codeSource(root)
	return codeList(source)
}

// codesChange is [Dialect.codes] of an update: null and the empty list both
// mean that no code is wished any more, as two different values.
func (d Dialect) codesChange(root wire.Value) commerce.Change[[]string] {
	discounts, source := d.codeSource(root)
	if discounts.IsNull() {
		return commerce.Clear[[]string]()
	}
	return wire.Change(source, codeList)
}

func codeList(v wire.Value) []string {
	return wire.ListMax(v, commerce.MaxCodes, func(code wire.Value) string { return code.Word() })
}

// consents reads the buyer's answers to offers of marketing.
func (d Dialect) consents(v wire.Value) []commerce.MarketingConsent {
	return wire.ListMax(only(v, d.Notes, MarketingConsents), maxWords, func(v wire.Value) commerce.MarketingConsent {
		return commerce.MarketingConsent{Channel: v.Require("channel").Word(), OptedIn: v.Require("opted_in").Bool()}
	})
}

// riskSignals reads hints for fraud checks.
func riskSignals(v wire.Value) commerce.RiskSignals {
	return commerce.RiskSignals{
		IPAddress:         v.Get("ip_address").Text(),
		UserAgent:         v.Get("user_agent").Text(),
		AcceptLanguage:    v.Get("accept_language").Text(),
		SessionID:         v.Get("session_id").Text(),
		DeviceFingerprint: v.Get("device_fingerprint").Text(),
	}
}
