package v20250929_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/schematest"
	"github.com/postern-gateway/postern/translate/v20250929"
	"github.com/postern-gateway/postern/translate/wire"
)

type answer struct {
	Status string
	Buyer  *struct {
		FirstName string `json:"first_name"`
		LastName  string `json:"last_name"`
	}
	PaymentProvider     *struct{}        `json:"payment_provider"`
	FulfillmentOptionID string           `json:"fulfillment_option_id"`
	FulfillmentOptions  []map[string]any `json:"fulfillment_options"`
	Messages            []struct{ Type, Code, Param, Content string }
	Totals              []struct {
		Type        string
		DisplayText string `json:"display_text"`
		Amount      int64
	}
}

func encode(t *testing.T, s commerce.Session) answer {
	t.Helper()
	s.ID, s.Currency = "cs_1", "usd"
	body, err := v20250929.EncodeSession(s)
	if err != nil {
		t.Fatal(err)
	}
	schematest.Validate(t, v20250929.Date, schematest.Session, body)
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// Every state has a word in this date, and says in a message what the word
// cannot (facts of the state machine: the specification's status enums).
func TestStatuses(t *testing.T) {
	t.Parallel()
	tests := map[commerce.Status]struct{ status, messageType, code string }{
		commerce.NotReady:               {"not_ready_for_payment", "", ""},
		commerce.Ready:                  {"ready_for_payment", "", ""},
		commerce.CompleteInProgress:     {"in_progress", "", ""},
		commerce.Completed:              {"completed", "", ""},
		commerce.Canceled:               {"canceled", "", ""},
		commerce.Expired:                {"canceled", "info", ""},
		commerce.Incomplete:             {"not_ready_for_payment", "error", "missing"},
		commerce.RequiresEscalation:     {"not_ready_for_payment", "error", "requires_sign_in"},
		commerce.PendingApproval:        {"not_ready_for_payment", "error", "missing"},
		commerce.AuthenticationRequired: {"not_ready_for_payment", "error", "requires_3ds"},
		"of a date to come":             {"not_ready_for_payment", "", ""},
	}
	for status, want := range tests {
		a := encode(t, commerce.Session{Status: status})
		if a.Status != want.status {
			t.Errorf("%s: got %s, want %s", status, a.Status, want.status)
		}
		if want.messageType == "" {
			if len(a.Messages) != 0 {
				t.Errorf("%s: got messages %v", status, a.Messages)
			}
			continue
		}
		if len(a.Messages) != 1 || a.Messages[0].Type != want.messageType || a.Messages[0].Code != want.code || a.Messages[0].Content == "" {
			t.Errorf("%s: got %v, want one %s %s", status, a.Messages, want.messageType, want.code)
		}
	}
}

func TestErrorCodesFallOntoTheSix(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"missing": "missing", "invalid": "invalid", "out_of_stock": "out_of_stock", "payment_declined": "payment_declined",
		"requires_sign_in": "requires_sign_in", "requires_3ds": "requires_3ds", "low_stock": "out_of_stock", "quantity_exceeded": "out_of_stock",
		"coupon_invalid": "invalid", "coupon_expired": "invalid", "minimum_not_met": "invalid", "maximum_exceeded": "invalid",
		"region_restricted": "invalid", "age_verification_required": "requires_sign_in", "approval_required": "invalid", "unsupported": "invalid",
		"not_found": "invalid", "conflict": "invalid", "rate_limited": "invalid", "expired": "invalid", "intervention_required": "invalid",
	} {
		a := encode(t, commerce.Session{Status: commerce.NotReady, Messages: []commerce.Message{{Type: commerce.Error, Code: code, Content: "x"}}})
		if len(a.Messages) != 1 || a.Messages[0].Code != want {
			t.Errorf("%s: got %v, want %s", code, a.Messages, want)
		}
	}
}

func TestBuyerIsShownWhole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		buyer       commerce.Buyer
		first, last string
		shown       bool
	}{
		{commerce.Buyer{FirstName: "Ada", LastName: "Lovelace", Email: "a@b.example"}, "Ada", "Lovelace", true},
		{commerce.Buyer{FullName: "Ada King Lovelace", Email: "a@b.example"}, "Ada King", "Lovelace", true},
		{commerce.Buyer{FullName: " Ada ", Email: "a@b.example"}, "Ada", "", true},
		{commerce.Buyer{LastName: "Lovelace", Email: "a@b.example"}, "Lovelace", "", true},
		{commerce.Buyer{Email: "a@b.example"}, "", "", false},
		{commerce.Buyer{FirstName: "Ada", LastName: "Lovelace"}, "", "", false},
	} {
		a := encode(t, commerce.Session{Status: commerce.Ready, Cart: commerce.Cart{Buyer: &tt.buyer}})
		if (a.Buyer != nil) != tt.shown {
			t.Errorf("%+v: shown %t", tt.buyer, a.Buyer != nil)
		} else if a.Buyer != nil && (a.Buyer.FirstName != tt.first || a.Buyer.LastName != tt.last) {
			t.Errorf("%+v: got %+v", tt.buyer, a.Buyer)
		}
	}
}

// Only one option that covers every line and is shown can be named.
func TestSelectedOption(t *testing.T) {
	t.Parallel()
	all := []commerce.FulfillmentOption{
		{Type: commerce.Shipping, ID: "ship"},
		{Type: commerce.Pickup, ID: "fetch"},
		{Type: commerce.Digital, ID: "mail"},
		{Type: commerce.Shipping, ID: "some", LineIDs: []string{"li_1"}}, // the other line needs no delivery
	}
	for name, tt := range map[string]struct {
		choices []commerce.Choice
		want    string
	}{
		"none":         {nil, ""},
		"all lines":    {[]commerce.Choice{{OptionID: "ship"}}, "ship"},
		"every line":   {[]commerce.Choice{{OptionID: "ship", LineIDs: []string{"li_2", "li_1"}}}, "ship"},
		"of its lines": {[]commerce.Choice{{OptionID: "some"}}, "some"},
		"every item":   {[]commerce.Choice{{OptionID: "ship", LineIDs: []string{"a", "b"}}}, "ship"},
		"one item":     {[]commerce.Choice{{OptionID: "ship", LineIDs: []string{"a"}}}, ""},
		"digital":      {[]commerce.Choice{{OptionID: "mail"}}, "mail"},
		"one line":     {[]commerce.Choice{{OptionID: "ship", LineIDs: []string{"li_1"}}}, ""},
		"two choices":  {[]commerce.Choice{{OptionID: "ship"}, {OptionID: "mail"}}, ""},
		"hidden":       {[]commerce.Choice{{OptionID: "fetch"}}, ""},
		"not offered":  {[]commerce.Choice{{OptionID: "gone"}}, ""},
		"empty choice": {[]commerce.Choice{{}}, ""},
	} {
		a := encode(t, commerce.Session{Status: commerce.Ready, Quote: commerce.Quote{
			Lines:   []commerce.Line{{ID: "li_1", ItemID: "a", Quantity: 1}, {ID: "li_2", ItemID: "b", Quantity: 1}},
			Options: all, Choices: tt.choices,
		}})
		if a.FulfillmentOptionID != tt.want {
			t.Errorf("%s: got %q, want %q", name, a.FulfillmentOptionID, tt.want)
		}
		if len(a.FulfillmentOptions) != 3 {
			t.Errorf("%s: pickup is shown, or something else is not: %v", name, a.FulfillmentOptions)
		}
	}
}

func TestProviderNeedsAStripeHandler(t *testing.T) {
	t.Parallel()
	if a := encode(t, commerce.Session{Status: commerce.Ready}); a.PaymentProvider != nil {
		t.Error("a provider without a handler")
	}
	other := []commerce.PaymentHandler{{ID: "gift", PSP: "seller_managed"}}
	if a := encode(t, commerce.Session{Status: commerce.Ready, Handlers: other}); a.PaymentProvider != nil {
		t.Error("a provider for another processor")
	}
	both := append(other, commerce.PaymentHandler{ID: "card", PSP: "stripe"})
	if a := encode(t, commerce.Session{Status: commerce.Ready, Handlers: both}); a.PaymentProvider == nil {
		t.Error("no provider for the card handler")
	}
}

func TestOrderStatusesOfEvents(t *testing.T) {
	t.Parallel()
	for status, want := range map[commerce.OrderStatus]string{
		commerce.OrderCreated: "created", commerce.OrderConfirmed: "confirmed", commerce.OrderManualReview: "manual_review",
		commerce.OrderProcessing: "confirmed", commerce.OrderShipped: "shipped", commerce.OrderCompleted: "fulfilled",
		commerce.OrderCanceled: "canceled", "": "created", "unheard of": "confirmed",
	} {
		body, err := v20250929.EncodeEvent(commerce.Event{Type: "order_archived", Order: commerce.Order{
			SessionID: "cs_1", PermalinkURL: "https://shop.example/o", Status: status,
		}})
		if err != nil {
			t.Fatal(err)
		}
		schematest.Validate(t, v20250929.Date, schematest.Event, body)
		text := `{"type":"order_update","data":{"type":"order","checkout_session_id":"cs_1","permalink_url":"https://shop.example/o","status":"` +
			want + `","refunds":[]}}`
		if string(body) != text {
			t.Errorf("%q: got %s, want %s", status, body, text)
		}
	}
}

func TestPlacesAreRenamed(t *testing.T) {
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
		a := encode(t, commerce.Session{Status: commerce.NotReady, Messages: []commerce.Message{{Type: commerce.Info, Param: param, Content: "x"}}})
		if got := a.Messages[0].Param; got != want[0] {
			t.Errorf("%s in a session: got %s, want %s", param, got, want[0])
		}
		body, err := v20250929.EncodeError(wire.Problem{Type: wire.InvalidRequest, Code: "invalid", Param: param})
		if err != nil {
			t.Fatal(err)
		}
		var problem wire.Problem
		if err := json.Unmarshal(body, &problem); err != nil || problem.Param != want[1] {
			t.Errorf("%s in a request: got %s, want %s (%v)", param, problem.Param, want[1], err)
		}
	}
}

func ExampleEncodeEvent() {
	body, err := v20250929.EncodeEvent(commerce.Event{Type: commerce.OrderCreate, Order: commerce.Order{
		SessionID: "cs_1", PermalinkURL: "https://shop.example/orders/1", Status: commerce.OrderCompleted,
	}})
	fmt.Println(string(body), err)
	// Output: {"type":"order_create","data":{"type":"order","checkout_session_id":"cs_1","permalink_url":"https://shop.example/orders/1","status":"fulfilled","refunds":[]}} <nil>
}
