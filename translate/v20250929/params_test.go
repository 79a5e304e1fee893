package v20250929_test

import (
	"testing"

	"github.com/postern-gateway/postern/translate/v20250929"
)

func TestParams(t *testing.T) {
	t.Parallel()
	for param, want := range map[string][2]string{ // in a session, in a request
		"":                              {"", ""},
		"$":                             {"$", "$"},
		"$.line_items":                  {"$.line_items", "$.items"},
		"$.line_items[0]":               {"$.line_items[0]", "$.items[0]"},
		"$.line_items[12].quantity":     {"$.line_items[12].item.quantity", "$.items[12].quantity"},
		"$.line_items[0].item.id":       {"$.line_items[0].item.id", "$.items[0].id"},
		"$.line_items[0].id":            {"$.line_items[0].id", "$.items[0].id"},
		"$.buyer.email":                 {"$.buyer.email", "$.buyer.email"},
		"$.fulfillment_details":         {"", ""},
		"$.fulfillment_details.email":   {"", ""},
		"$.fulfillment_details.address": {"$.fulfillment_address", "$.fulfillment_address"},
		"$.fulfillment_details.address.postal_code":   {"$.fulfillment_address.postal_code", "$.fulfillment_address.postal_code"},
		"$.fulfillment_details.addressee":             {"", ""},
		"$.selected_fulfillment_options":              {"$.fulfillment_option_id", "$.fulfillment_option_id"},
		"$.selected_fulfillment_options[0].option_id": {"$.fulfillment_option_id", "$.fulfillment_option_id"},
		"$.discounts.codes[1]":                        {"", ""},
		"$.payment_data.handler_id":                   {"$.payment_data.provider", "$.payment_data.provider"},
		"$.payment_data.instrument.credential.token":  {"$.payment_data.token", "$.payment_data.token"},
		"$.payment_data":                              {"$.payment_data", "$.payment_data"},
		"$.items[0].quantity":                         {"$.items[0].quantity", "$.items[0].quantity"},
	} {
		if got := v20250929.SessionParam(param); got != want[0] {
			t.Errorf("SessionParam(%s): got %s, want %s", param, got, want[0])
		}
		if got := v20250929.RequestParam(param); got != want[1] {
			t.Errorf("RequestParam(%s): got %s, want %s", param, got, want[1])
		}
	}
}
