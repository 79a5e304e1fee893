package v20260417

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/v20250929"
	"github.com/postern-gateway/postern/translate/wire"
)

func buyerIn(v wire.Value) commerce.Buyer {
	b := v20250929.Buyer(v)
	b.CustomerID = v.Get("customer_id").Text()
	b.AccountType = v.Get("account_type").Text()
	b.AuthenticationStatus = v.Get("authentication_status").Text()
	b.Company = wire.Optional(v.Get("company"), func(v wire.Value) commerce.Company {
		return commerce.Company{
			Name: v.Require("name").Text(), TaxID: v.Get("tax_id").Text(),
			Department: v.Get("department").Text(), CostCenter: v.Get("cost_center").Text(),
		}
	})
	b.Loyalty = wire.Optional(v.Get("loyalty"), func(v wire.Value) commerce.Loyalty {
		return commerce.Loyalty{
			Tier: v.Get("tier").Text(), PointsBalance: v.Get("points_balance").Integer(), MemberSince: moment(v.Get("member_since")),
		}
	})
	b.TaxExemption = wire.Optional(v.Get("tax_exemption"), func(v wire.Value) commerce.TaxExemption {
		return commerce.TaxExemption{
			CertificateID: v.Require("certificate_id").Text(), CertificateType: v.Require("certificate_type").Text(),
			ExemptRegions: wire.ListMax(v.Get("exempt_regions"), maxWords, text), ExpiresAt: moment(v.Get("expires_at")),
		}
	})
	return b
}

// moment checks a date and time and keeps it as it was written.
func moment(v wire.Value) string {
	v.Time()
	return v.Text()
}

// capabilitiesIn reads what the agent can do. Values that nobody knows are
// kept and mean nothing (ACP rfc.capability_negotiation 4.6.2, read
// 2026-11-22). Extensions are names; the objects of an answer are taken too.
func capabilitiesIn(v wire.Value) commerce.Capabilities {
	if !v.HasValue() {
		return commerce.Capabilities{}
	}
	i := v.Get("interventions")
	return commerce.Capabilities{
		Interventions: commerce.Interventions{
			Supported:       wire.ListMax(i.Get("supported"), maxWords, text),
			DisplayContext:  i.Get("display_context").Text(),
			RedirectContext: i.Get("redirect_context").Text(),
			MaxRedirects:    wire.Optional(i.Get("max_redirects"), count),
			MaxDepth:        wire.Optional(i.Get("max_interaction_depth"), count),
		},
		Extensions: wire.ListMax(v.Get("extensions"), maxWords, func(v wire.Value) string {
			if v.Kind() == wire.KindObject {
				return v.Get("name").Text()
			}
			return v.Text()
		}),
	}
}

func count(v wire.Value) int64 {
	n := v.Integer()
	if n < 0 {
		v.Refuse(wire.NumberRange, "it must not be negative")
	}
	return n
}

// outcomes are the results of an authentication, and whether they come with
// details.
var outcomes = map[string]bool{
	"authenticated": true, "informational": true, "attempt_acknowledged": true,
	"abandoned": false, "canceled": false, "denied": false, "internal_error": false, "not_supported": false,
	"processing_error": false, "rejected": false,
}

func authentication(v wire.Value) commerce.AuthenticationResult {
	outcome, details := v.Require("outcome"), v.Get("outcome_details")
	result := commerce.AuthenticationResult{Outcome: outcome.Text()}
	detailed, known := outcomes[result.Outcome]
	if outcome.HasValue() && !known {
		outcome.Refuse(wire.Unsupported, "no such outcome")
	}
	if detailed {
		v.Require("outcome_details")
	}
	if details.HasValue() {
		result.Cryptogram = details.Require("three_ds_cryptogram").Text()
		result.ECI = details.Require("electronic_commerce_indicator").Text()
		result.TransactionID = details.Require("transaction_id").Text()
		result.Version = details.Require("version").Text()
	}
	return result
}
