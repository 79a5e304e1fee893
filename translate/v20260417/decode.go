package v20260417

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/v20250929"
	"github.com/postern-gateway/postern/translate/wire"
)

const (
	// maxNotes is the longest order note in characters (schema, order_notes).
	maxNotes = 5000

	// maxWords is the most words of a list that is kept, such as capabilities;
	// the closed lists of the schema have at most nine.
	maxWords = 100
)

// DecodeCreate reads the body of POST /checkout_sessions. Prices and names
// that the agent sent are ignored. The schema requires currency and
// capabilities; without them the shop's currency and no capability are meant,
// as in older dates. Its error is a *[wire.Refusal], which is a
// [commerce.Fault] of kind Invalid to errors.As.
func DecodeCreate(r *wire.Reader) (commerce.CreateRequest, error) {
	root := r.Root()
	request := commerce.CreateRequest{
		Lines:        v20250929.Lines(root.OneOf("line_items", "items"), r),
		Currency:     currency(root.Get("currency")),
		Buyer:        wire.Optional(root.Get("buyer"), buyerIn),
		ShipTo:       shipTo(root),
		Codes:        codes(root),
		Choices:      choices(root.OneOf("selected_fulfillment_options", "fulfillment_option_id")),
		Groups:       groups(root.Get("fulfillment_groups")),
		Capabilities: capabilitiesIn(root.Get("capabilities")),
		Affiliate:    wire.Optional(root.Get("affiliate_attribution"), v20250929.Affiliate),
		Locale:       root.Get("locale").Text(),
		Timezone:     root.Get("timezone").Text(),
		QuoteID:      root.Get("quote_id").Text(),
		Metadata:     metadata(root.Get("metadata")),
		Notes:        notes(root.Get("order_notes")),
	}
	return request, r.Err()
}

// DecodeUpdate reads the body of POST /checkout_sessions/{id}. An absent
// member changes nothing, null clears, a value replaces; an empty list is a
// value. Errors as in [DecodeCreate].
func DecodeUpdate(r *wire.Reader) (commerce.UpdateRequest, error) {
	root := r.Root()
	request := commerce.UpdateRequest{
		Lines:   v20250929.LinesChange(root.OneOf("line_items", "items"), r),
		Buyer:   wire.Change(root.Get("buyer"), buyerIn),
		ShipTo:  shipToChange(root),
		Codes:   codesChange(root),
		Choices: wire.Change(root.OneOf("selected_fulfillment_options", "fulfillment_option_id"), choices),
		Groups:  wire.Change(root.Get("fulfillment_groups"), groups),
		Notes:   wire.Change(root.Get("order_notes"), notes),
	}
	return request, r.Err()
}

// DecodeComplete reads the body of POST /checkout_sessions/{id}/complete. It
// carries the handler's id as it was sent; whether the session advertised it
// is for the checkout to say. Errors as in [DecodeCreate].
func DecodeComplete(r *wire.Reader) (commerce.CompleteRequest, error) {
	root := r.Root()
	request := commerce.CompleteRequest{
		Payment:        v20250929.Payment(root.Require("payment_data"), "handler_id"),
		Buyer:          wire.Optional(root.Get("buyer"), buyerIn),
		Authentication: wire.Optional(root.Get("authentication_result"), authentication),
		Affiliate:      wire.Optional(root.Get("affiliate_attribution"), v20250929.Affiliate),
		RiskSignals:    wire.Optional(root.Get("risk_signals"), riskSignals),
		Consents:       wire.ListMax(root.Get("marketing_consents"), maxWords, consent),
		Notes:          wire.Optional(root.Get("order_notes"), notes),
	}
	return request, r.Err()
}

// DecodeCancel reads the body of POST /checkout_sessions/{id}/cancel, which
// may be missing or empty.
func DecodeCancel(r *wire.Reader) (commerce.CancelRequest, error) {
	return v20250929.DecodeCancel(r)
}

func currency(v wire.Value) commerce.Currency {
	if !v.HasValue() {
		return ""
	}
	code, err := commerce.ParseCurrency(v.Text())
	if err != nil {
		v.Refuse(wire.WrongFormat, "a three-letter ISO 4217 code is expected")
	}
	return code
}

func notes(v wire.Value) string { return v.TextMax(maxNotes) }

// metadata reads an object of any content.
func metadata(v wire.Value) map[string]any {
	switch v.Kind() {
	case wire.KindAbsent, wire.KindNull:
		return nil
	case wire.KindObject:
		object, _ := v.Plain().(map[string]any)
		return object
	case wire.KindBool, wire.KindNumber, wire.KindString, wire.KindArray:
		v.Refuse(wire.WrongType, "an object is expected")
	}
	return nil
}

// codes reads discount codes. The older coupons means the same, and discounts
// wins where both stand (ACP rfc.discount_extension 10.1, read 2026-11-22).
func codes(root wire.Value) []string {
	source := root.Get("discounts").Get("codes")
	if source.IsAbsent() {
		source = root.Get("coupons")
	}
	return codeList(source)
}

// codesChange is [codes] for an update: null and the empty list both mean
// that no code is wished any more, as two different values.
func codesChange(root wire.Value) commerce.Change[[]string] {
	discounts := root.Get("discounts")
	if discounts.IsNull() {
		return commerce.Clear[[]string]()
	}
	source := discounts.Get("codes")
	if source.IsAbsent() {
		source = root.Get("coupons")
	}
	return wire.Change(source, codeList)
}

func codeList(v wire.Value) []string {
	return wire.ListMax(v, commerce.MaxCodes, func(code wire.Value) string { return code.Word() })
}

func consent(v wire.Value) commerce.MarketingConsent {
	return commerce.MarketingConsent{Channel: v.Require("channel").Word(), OptedIn: v.Require("opted_in").Bool()}
}

func riskSignals(v wire.Value) commerce.RiskSignals {
	return commerce.RiskSignals{
		IPAddress:         v.Get("ip_address").Text(),
		UserAgent:         v.Get("user_agent").Text(),
		AcceptLanguage:    v.Get("accept_language").Text(),
		SessionID:         v.Get("session_id").Text(),
		DeviceFingerprint: v.Get("device_fingerprint").Text(),
	}
}

func text(v wire.Value) string { return v.Text() }
