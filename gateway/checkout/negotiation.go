package checkout

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

const (
	// enforceAlways is the one word for how firmly a shop asks that keeps an agent from paying; conditional and optional do not. Source:
	// 2026-04-17 schema, InterventionCapabilities.
	enforceAlways = "always"
	// extensionOfDiscount is the name of the extension for discounts, which may carry a date: discount@2026-01-27.
	extensionOfDiscount = "discount"
)

// paramInterventions is the member that a missing intervention is about.
const paramInterventions = "$.capabilities.interventions"

// negotiate sets what both sides can do: the interventions that the agent declared and the shop supports, beside those that the shop
// asks for. Words that the shop does not know drop out by that. What an agent declares is never proof of anything: it only says what is
// worth trying (R:capability_negotiation sections 4.5.1, 4.6.2 and 10, read 2026-11-22). Where agents authenticate card holders for the
// shop, it supports 3ds without further words.
func negotiate(cs *commerce.Session, shop *Shop) {
	offer := shop.Interventions
	both := commerce.Interventions{Required: slices.Clone(offer.Required)}
	for _, word := range cs.Capabilities.Interventions.Supported {
		supported := slices.Contains(offer.Supported, word) || (word == intervention3DS && shop.Authentication != nil)
		if supported && !slices.Contains(both.Supported, word) {
			both.Supported = append(both.Supported, word)
		}
	}
	if len(both.Required) > 0 {
		both.Enforcement = offer.Enforcement
	}
	cs.Interventions = both
}

// unmet tells an agent that it cannot do what the shop asks for. Where the shop always asks for it, the session cannot be paid by this
// agent; else the purchase may still go through without it.
func unmet(cs commerce.Session) []commerce.Message {
	lacks := func(word string) bool { return !slices.Contains(cs.Interventions.Supported, word) }
	if !slices.ContainsFunc(cs.Interventions.Required, lacks) {
		return nil
	}
	if cs.Interventions.Enforcement == enforceAlways {
		return []commerce.Message{commerce.ErrorMessage(commerce.CodeInterventionRequired, paramInterventions, commerce.RequiresBuyerInput,
			"The shop asks for an authentication of the buyer that this agent does not support.")}
	}
	return []commerce.Message{{
		Type: commerce.Info, Param: paramInterventions,
		Content: "The shop may ask for an authentication of the buyer that this agent does not support; the payment may be declined.",
	}}
}

// activate settles which extensions are active: of those that the agent named, what this shop can do, and discounts where the request
// uses them. Extensions that nobody here knows stay named, which makes nothing active.
func activate(cs *commerce.Session, shop *Shop) {
	names := cs.Capabilities.Extensions
	discount := func(name string) bool {
		name, _, _ = strings.Cut(name, "@")
		return name == extensionOfDiscount
	}
	switch {
	case shop.Upstream.Facts().NoCodes:
		cs.Capabilities.Extensions = slices.DeleteFunc(slices.Clone(names), discount)
	case len(sentCodes(cs.Cart)) > 0 && !slices.ContainsFunc(names, discount):
		cs.Capabilities.Extensions = append(slices.Clone(names), extensionOfDiscount)
	}
}
