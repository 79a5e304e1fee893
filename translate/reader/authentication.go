package reader

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// tenOutcomes are the results of an authentication in the words of 2026-04-17,
// and whether they come with details.
var tenOutcomes = map[string]bool{
	"authenticated": true, "informational": true, "attempt_acknowledged": true,
	"abandoned": false, "canceled": false, "denied": false, "internal_error": false, "not_supported": false,
	"processing_error": false, "rejected": false,
}

// fiveOutcomes are the words of 2026-01-16 and what they mean in those of
// 2026-04-17.
var fiveOutcomes = map[string]string{
	"authenticated": "authenticated", "rejected": "rejected", "failed": "denied", "unavailable": "not_supported", "attempt": "attempt_acknowledged",
}

// authentication reads the result of an authentication, in the words of any
// date. Three outcomes are nothing without their details, but for 2026-01-16,
// whose schema requires none.
func (d Dialect) authentication(v wire.Value) commerce.AuthenticationResult {
	only(v, d.Outcomes != NoOutcomes, Authentication)
	outcome, details := v.Require("outcome"), v.Get("outcome_details")
	result := commerce.AuthenticationResult{Outcome: d.outcome(outcome)}
	if tenOutcomes[result.Outcome] && d.Outcomes != FiveOutcomes {
		v.Require("outcome_details")
	}
	if !details.HasValue() {
		return result
	}
	result.Cryptogram = details.Require("three_ds_cryptogram").Text()
	indicator := details.Require("electronic_commerce_indicator")
	if result.ECI = indicator.Text(); d.Outcomes != FiveOutcomes {
		word(indicator, "01", "02", "05", "06", "07")
	}
	result.TransactionID = details.Require("transaction_id").Text()
	result.Version = details.Require("version").Text()
	return result
}

// outcome is the canonical word.
func (d Dialect) outcome(v wire.Value) string {
	word := v.Text()
	if word == "" && v.Kind() == wire.KindString {
		v.Refuse(wire.Missing, "")
	}
	if word == "" {
		return ""
	}
	_, ten := tenOutcomes[word]
	canonical, five := fiveOutcomes[word]
	switch {
	case ten && five:
	case ten:
		only(v, d.Outcomes != FiveOutcomes, OutcomeOfOtherDate)
		return word
	case five:
		only(v, d.Outcomes == FiveOutcomes, OutcomeOfOtherDate)
	default:
		v.Refuse(wire.Unsupported, "no such outcome")
		return word
	}
	return canonical
}
