package v20250929

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// maxTrace is the longest summary, in characters, of an intent trace.
const maxTrace = 500

// Affiliate reads who sent the buyer. Later dates have it; it is taken in all.
// A claim without a provider, or with neither token nor publisher, is refused
// (ACP rfc.affiliate_attribution 4.2.3, read 2026-11-22).
func Affiliate(v wire.Value) commerce.Affiliate {
	source := v.Get("source")
	affiliate := commerce.Affiliate{
		Provider:    v.Require("provider").Word(),
		Token:       v.Get("token").Text(),
		PublisherID: v.Get("publisher_id").Text(),
		CampaignID:  v.Get("campaign_id").Text(),
		CreativeID:  v.Get("creative_id").Text(),
		SubID:       v.Get("sub_id").Text(),
		SourceType:  source.Get("type").Text(),
		SourceURL:   source.Get("url").Text(),
		IssuedAt:    v.Get("issued_at").Text(),
		ExpiresAt:   v.Get("expires_at").Text(),
		Metadata:    flat(v.Get("metadata")),
		Touchpoint:  v.Get("touchpoint").Text(),
	}
	if affiliate.Token == "" && affiliate.PublisherID == "" {
		v.Refuse(wire.Missing, "token or publisher_id is needed")
	}
	return affiliate
}

// flat reads an object of strings, numbers and booleans.
func flat(v wire.Value) map[string]any {
	if !v.HasValue() {
		return nil
	}
	object := make(map[string]any, v.Len())
	for _, member := range v.Members() {
		if kind := member.Kind(); kind == wire.KindArray || kind == wire.KindObject {
			member.Refuse(wire.WrongType, "arrays and objects are not taken here")
		}
		object[member.Name()] = member.Plain()
	}
	return object
}

// reasonCodes are the reasons for giving up that the specification names; any
// other counts as "other" (ACP rfc.intent_traces 7.2, read 2026-11-22).
var reasonCodes = map[string]bool{
	"price_sensitivity": true, "shipping_cost": true, "shipping_speed": true, "product_fit": true, "trust_security": true,
	"returns_policy": true, "payment_options": true, "comparison": true, "timing_deferred": true, "other": true,
}

// IntentTrace reads why a buyer gave up. A malformed trace is dropped: the
// cancellation must succeed whatever happens to it (ACP rfc.intent_traces 5).
func IntentTrace(request *wire.Reader, root wire.Value) *commerce.IntentTrace {
	if !root.Get("intent_trace").HasValue() {
		return nil
	}
	r := request.Apart()
	v := r.Root().Get("intent_trace")
	trace := commerce.IntentTrace{
		ReasonCode: v.Require("reason_code").Word(),
		Summary:    v.Get("trace_summary").TextMax(maxTrace),
		Metadata:   flat(v.Get("metadata")),
	}
	if r.Err() != nil {
		return nil
	}
	if !reasonCodes[trace.ReasonCode] {
		trace.ReasonCode = "other"
	}
	return &trace
}
