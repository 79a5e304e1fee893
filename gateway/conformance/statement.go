package conformance

import "slices"

// Profile says to which dates a statement belongs and whether the specification's text asks for it.
type Profile string

// The profiles. Where a statement names dates of its own, From and To of the [Statement] say so.
const (
	AllDates Profile = "A"  // every date
	SinceV2  Profile = "2"  // from 2025-12-12 on
	SinceV4  Profile = "4"  // from 2026-01-30 on
	SinceV5  Profile = "5"  // from 2026-04-17 on
	Older    Profile = "3-" // only up to the date that the statement names
	Preview  Profile = "VU" // what is not released yet
	Quality  Profile = "E"  // sensible, but not derivable from the specification's text alone
)

// Statement is one thing that a conforming seller does.
type Statement struct {
	ID      string
	Profile Profile
	// Text is the statement in one sentence.
	Text string
	// Source is the file of the specification that says so; empty for what only good sense asks for.
	Source string
	// From and To are the first and the last date that the statement is about; an empty To is all later ones.
	From, To string
	// OnlyREST says why the statement is not about MCP; empty when it is about both.
	OnlyREST string
	// OnlyMCP says that the statement is about MCP alone.
	OnlyMCP bool

	check func(*trial)
}

// Applies reports whether the statement is about a date and a transport, and the reason when it is not.
func (s Statement) Applies(date string, t Transport) (bool, string) {
	switch {
	case s.Profile == Preview && date != preview:
		return false, "it is about what no published date has"
	case !since(date, s.From):
		return false, "it is about " + s.From + " and later"
	case s.To != "" && age(date) > age(s.To):
		return false, "it is about " + s.To + " and earlier"
	case t == MCP && s.OnlyREST != "":
		return false, s.OnlyREST
	case t == REST && s.OnlyMCP:
		return false, "it is about MCP"
	}
	return true, ""
}

// Statements are all of them, family by family.
func Statements() []Statement {
	return slices.Concat(
		generalStatements(), securityStatements(), idempotencyStatements(), createStatements(), updateStatements(), getStatements(), completeStatements(),
		cancelStatements(), statusStatements(), messageStatements(), totalStatements(), discountStatements(), capabilityStatements(),
		paymentStatements(), secureStatements(), sideStatements(), cartStatements(), discoveryStatements(), mcpStatements(),
		webhookStatements(), orderStatements(),
	)
}

// The documents that statements cite.
const (
	rfcCheckout    = "rfcs/rfc.agentic_checkout.md"
	rfcAffiliate   = "rfcs/rfc.affiliate_attribution.md"
	rfcTraces      = "rfcs/rfc.intent_traces.md"
	rfcDiscount    = "rfcs/rfc.discount_extension.md"
	rfcNegotiation = "rfcs/rfc.capability_negotiation.md"
	rfcHandlers    = "rfcs/rfc.payment_handlers.md"
	rfcBacked      = "rfcs/rfc.seller_backed_payment_handler.md"
	rfcConsent     = "rfcs/rfc.marketing_consent.md"
	rfcCart        = "rfcs/rfc.cart.md"
	rfcDiscovery   = "rfcs/rfc.discovery.md"
	rfcOrders      = "rfcs/rfc.orders.md"
	rfcExtensions  = "rfcs/rfc.extensions.md"
	rfcDelegate    = "rfcs/rfc.delegate_payment.md"
	bindingMCP     = "docs/mcp-binding.md"
	schemaSession  = "spec/*/json-schema/schema.agentic_checkout.json"
	schemaV1       = "spec/2025-09-29/json-schema/schema.agentic_checkout.json"
	schemaV5       = "spec/2026-04-17/json-schema/schema.agentic_checkout.json"
	eventsAPI      = "spec/*/openapi/openapi.agentic_checkout_webhook.yaml"
)

// Why statements are about REST alone.
const (
	noHeaders   = "MCP answers have no headers of their own"
	noStatus    = "MCP answers have no status of their own"
	noCartTools = "the specification has no MCP tools for carts"
	noDocument  = "discovery is one document for all transports; the run over REST checks it"
	noJSON      = "over MCP a body that is no JSON is no call"
)
