package shopper

import (
	"net/http"
	"strings"
)

// plain puts a message in plain words: what it means, and what the buyer or the agent can do.
func plain(m Message) (what, todo string) {
	what = m.Content
	if what == "" {
		what = strings.ReplaceAll(m.Code, "_", " ")
	}
	if m.Param != "" {
		what += " (" + m.Param + ")"
	}
	switch m.Code {
	case "missing":
		todo = "Give what is missing: --email, --name and --address, or --option."
	case "invalid":
		todo = "Correct what the message names."
	case "out_of_stock", "quantity_exceeded", "low_stock":
		todo = "Take fewer with --item ID:QUANTITY, or another article."
	case "maximum_exceeded", "minimum_not_met":
		todo = "Change the quantity with --item ID:QUANTITY."
	case "payment_declined":
		todo = "Nothing was charged. Pay with another token: --payment-token."
	case "requires_sign_in":
		todo = "The buyer must sign in with the seller first."
	case "requires_3ds", "intervention_required":
		todo = "The seller wants the buyer to prove who pays (3-D Secure), which this command cannot do; an agent with an interface for the buyer can."
	case "region_restricted":
		todo = "The seller does not deliver there; use another --address."
	case "age_verification_required", "approval_required":
		todo = "A person must confirm this at the seller."
	case "coupon_invalid", "coupon_expired":
		todo = "Correct --code or leave it out."
	case "expired":
		todo = "Start again: the checkout has run out of time."
	default:
		switch m.Resolution {
		case "requires_buyer_input", "requires_buyer_review":
			todo = "The buyer must decide this at the seller."
		case "recoverable":
			todo = "Change what the message names and try again."
		default:
			todo = "Ask the seller."
		}
	}
	return what, todo
}

// plainStatus says what a status means.
func plainStatus(status string) string {
	switch status {
	case "incomplete", "not_ready_for_payment":
		return "something is missing before it can be paid"
	case "ready_for_payment":
		return "it can be paid as it stands"
	case "requires_escalation":
		return "the buyer must go on with the seller by hand"
	case "authentication_required":
		return "the buyer's bank wants a proof (3-D Secure)"
	case "pending_approval":
		return "somebody must approve it first"
	case "in_progress", "complete_in_progress":
		return "the payment is under way"
	case "completed":
		return "it is bought"
	case "canceled":
		return "it was canceled"
	case "expired":
		return "it has run out of time"
	}
	return "a status that this agent does not know"
}

// remedyOfStatus says what can be done where no message does.
func remedyOfStatus(c Checkout) string {
	switch {
	case c.ContinueURL != "":
		return "The buyer can go on by hand at " + c.ContinueURL + "."
	case c.Status == "canceled" || c.Status == "expired":
		return "Start again without --session."
	}
	return "The seller gives no reason; ask there, with the checkout's id " + c.ID + "."
}

// remedy says what can be done about a refusal.
func remedy(r *Refusal) string {
	switch {
	case r.Status == http.StatusUnauthorized || r.Code == "unauthorized":
		return "The seller does not know this agent: check --token (with Postern, postern keys new makes one)."
	case r.Status == http.StatusForbidden || r.Code == "forbidden":
		return "This agent may not buy there: ask the seller."
	case r.Code == "unsupported_api_version" || r.Code == "missing_api_version":
		return "Use another --version: " + strings.Join(Versions(), ", ") + "."
	case r.Code == "not_found" || r.Status == http.StatusNotFound:
		return "Check --url and --session: the seller has no such checkout, or no ACP at this address."
	case strings.Contains(r.Param, "items"):
		return "Check --item: the seller does not sell it, or not so."
	case r.Param == "$.currency":
		return "Use another --currency."
	case strings.Contains(r.Param, "address"):
		return "Check --address."
	case strings.HasPrefix(r.Param, "$.payment_data"):
		return "Check --payment-token: it must be for this seller, this currency and at least this amount, unused and not expired."
	case r.Code == "requires_3ds":
		_, todo := plain(Message{Code: r.Code})
		return todo
	case r.Again():
		return "The seller is busy or its shop does not answer: try again later."
	case r.Status >= http.StatusInternalServerError:
		return "The seller has a fault: try again later, or ask there."
	}
	return ""
}
