package reader

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// maxTrace is the longest summary, in characters, of an intent trace.
const maxTrace = 500

// reasonCodes are the reasons for giving up that the specification names; any
// other counts as "other" (ACP rfc.intent_traces 7.2, read 2026-11-22).
var reasonCodes = map[string]bool{
	"price_sensitivity": true, "shipping_cost": true, "shipping_speed": true, "product_fit": true, "trust_security": true,
	"returns_policy": true, "payment_options": true, "comparison": true, "timing_deferred": true, "other": true,
}

// intentTrace reads why a buyer gave up. A trace that is malformed or holds a
// card number is dropped, and that is recorded: the cancellation must succeed
// whatever happens to it (ACP rfc.intent_traces 5). An agent that is held to
// its date is refused before anything is canceled.
func (d Dialect) intentTrace(request *wire.Reader, root wire.Value) *commerce.IntentTrace {
	sent := only(root.Get("intent_trace"), d.SideData, IntentTrace)
	if !sent.HasValue() {
		return nil
	}
	r := request.Apart()
	v := r.Root().Get("intent_trace")
	trace := commerce.IntentTrace{
		ReasonCode: v.Require("reason_code").Word(),
		Summary:    note(v.Get("trace_summary"), maxTrace),
		Metadata:   flat(v.Get("metadata")),
	}
	if r.Err() != nil {
		sent.Deviate(IntentTraceDropped)
		return nil
	}
	if !reasonCodes[trace.ReasonCode] {
		trace.ReasonCode = "other"
	}
	return &trace
}
