package conformance

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// shape is what we ourselves assert of an object where no published schema is at hand: members that must be there, and the closed set of
// those that may.
type shape struct{ required, optional []string }

// sessionShapes are the sessions of the dates (schema.agentic_checkout.json of each, CheckoutSessionBase, read 2026-11-22).
var sessionShapes = func() map[string]shape {
	required := []string{"id", "status", "currency", "line_items", "totals", "fulfillment_options", "messages", "links"}
	one := []string{"buyer", "payment_provider", "fulfillment_address", "fulfillment_option_id"}
	two := []string{"buyer", "payment_provider", "fulfillment_details", "selected_fulfillment_options", "authentication_metadata", "order"}
	four := []string{
		"buyer", "fulfillment_details", "selected_fulfillment_options", "authentication_metadata", "order", "protocol", "presentment_currency",
		"exchange_rate", "exchange_rate_timestamp", "locale", "timezone", "fulfillment_groups", "created_at", "updated_at", "expires_at",
		"continue_url", "metadata", "quote_id", "quote_expires_at", "discounts",
	}
	out := map[string]shape{
		v1: {required, one}, v2: {required, two}, v3: {required, append(slices.Clone(two), "authentication_provider")},
		v4: {append(slices.Clone(required), "capabilities"), four},
	}
	out[v5] = shape{out[v4].required, append(slices.Clone(four), "marketing_consent_options")}
	out[preview] = out[v5]
	return out
}()

// statuses are the closed sets of the dates.
var statuses = func() map[string][]string {
	one := []string{"not_ready_for_payment", "ready_for_payment", "in_progress", "completed", "canceled"}
	two := append(slices.Clone(one), "authentication_required")
	four := append(slices.Clone(two), "incomplete", "requires_escalation", "pending_approval", "complete_in_progress", "expired")
	return map[string][]string{v1: one, v2: two, v3: two, v4: four, v5: four, preview: four}
}()

// totalTypes are the closed sets of the dates.
var totalTypes = func() map[string][]string {
	one := []string{"items_base_amount", "items_discount", "subtotal", "discount", "fulfillment", "tax", "fee", "total"}
	four := append(slices.Clone(one), "gift_wrap", "tip", "store_credit")
	five := append(slices.Clone(four), "amount_refunded")
	return map[string][]string{v1: one, v2: one, v3: one, v4: four, v5: five, preview: five}
}()

// errorCodes and warningCodes are the closed sets of message codes.
var (
	errorCodesV1 = []string{"missing", "invalid", "out_of_stock", "payment_declined", "requires_sign_in", "requires_3ds"}
	errorCodesV4 = append(slices.Clone(errorCodesV1), "low_stock", "quantity_exceeded", "coupon_invalid", "coupon_expired", "minimum_not_met",
		"maximum_exceeded", "region_restricted", "age_verification_required", "approval_required", "unsupported", "not_found", "conflict",
		"rate_limited", "expired", "intervention_required")
	discountCodes = []string{
		"discount_code_expired", "discount_code_invalid", "discount_code_already_applied", "discount_code_combination_disallowed",
		"discount_code_minimum_not_met", "discount_code_user_not_logged_in", "discount_code_user_ineligible", "discount_code_usage_limit_reached",
	}
	warningCodes = append(slices.Clone(discountCodes), "low_stock", "high_demand", "shipping_delay", "price_change", "expiring_promotion",
		"limited_availability")
)

func errorCodes(date string) []string {
	if since(date, v4) {
		return errorCodesV4
	}
	return errorCodesV1
}

// holds fails unless an object has what its shape requires and nothing that it does not know.
func (t *trial) holds(n node, s shape, what string) {
	members := n.members()
	for _, name := range s.required {
		if _, ok := members[name]; !ok {
			t.failf("%s has no %s", what, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(s.required, name) && !slices.Contains(s.optional, name) {
			t.failf("%s has a member that this date does not know: %s", what, name)
		}
	}
}

// shaped asserts the form of a session.
func (t *trial) shaped(date string, s node, what string) {
	form := sessionShapes[date]
	if date == v1 && s.text("status") == "completed" {
		form.optional = append(slices.Clone(form.optional), "order")
	}
	t.holds(s, form, "the session after "+what)
	t.check(slices.Contains(statuses[date], s.text("status")), "the status %q is none of %s", s.text("status"), date)
	for _, name := range []string{"line_items", "totals", "fulfillment_options", "messages", "links"} {
		t.check(s.isList(name), "%s is no array", name)
	}
	for i, l := range s.list("line_items") {
		line := shape{[]string{"id", "item", "base_amount", "discount", "subtotal", "tax", "total"}, nil}
		switch {
		case since(date, v4):
			t.check(l.has("id") && l.has("item", "id") && l.isList("totals"), "line %d lacks id, item or totals", i)
			continue
		case date != v1:
			line.optional = []string{"name", "description", "images", "unit_amount", "disclosures", "custom_attributes", "marketplace_seller_details"}
		}
		t.holds(l, line, fmt.Sprintf("line %d", i))
	}
	for i, e := range s.list("totals") {
		t.check(slices.Contains(totalTypes[date], e.text("type")), "totals[%d] has the type %q", i, e.text("type"))
		t.check(e.text("display_text") != "" && e.at("amount").present, "totals[%d] lacks display_text or amount", i)
	}
	for i, m := range s.list("messages") {
		t.check(m.text("type") != "" && m.text("content_type") != "" && m.text("content") != "", "messages[%d] lacks type, content_type or content", i)
	}
	for i, l := range s.list("links") {
		t.check(l.text("type") != "" && l.text("url") != "", "links[%d] lacks type or url", i)
	}
}

// textOf writes a document again.
func textOf(n node) ([]byte, error) {
	text, err := json.Marshal(n.value, json.Deterministic(true), json.WithMarshalers(json.MarshalToFunc(
		func(e *jsontext.Encoder, v number) error { return e.WriteValue(jsontext.Value(v)) })))
	if err != nil {
		return nil, fmt.Errorf("write the answer again: %w", err)
	}
	return text, nil
}
