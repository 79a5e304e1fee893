package v20260417_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/schematest"
	"github.com/postern-gateway/postern/translate/v20260417"
	"github.com/postern-gateway/postern/translate/wire"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`{"option_id":"o"},`, 101), ",")
	for member, want := range map[string]struct {
		param  string
		reason wire.Reason
	}{
		`"metadata":["a"]`: {"$.metadata", wire.WrongType},
		`"selected_fulfillment_options":[` + many + `]`: {"$.selected_fulfillment_options", wire.TooLarge},
		`"fulfillment_groups":[` + many + `]`:           {"$.fulfillment_groups", wire.TooLarge},
		`"capabilities":{"extensions":[` + many + `]}`:  {"$.capabilities.extensions", wire.TooLarge},
		`"metadata":"a"`: {"$.metadata", wire.WrongType},
		`"order_notes":"` + strings.Repeat("ä", 5001) + `"`:               {"$.order_notes", wire.WrongFormat},
		`"discounts":{"codes":["a",""]}`:                                  {"$.discounts.codes[1]", wire.Missing},
		`"discounts":{"codes":"SAVE10"}`:                                  {"$.discounts.codes", wire.WrongType},
		`"discounts":["SAVE10"]`:                                          {"$.discounts", wire.WrongType},
		`"coupons":[` + strings.Repeat(`"a",`, 10) + `"a"]`:               {"$.coupons", wire.TooLarge},
		`"capabilities":{"interventions":{"max_redirects":-1}}`:           {"$.capabilities.interventions.max_redirects", wire.NumberRange},
		`"capabilities":{"interventions":{"supported":["a",1]}}`:          {"$.capabilities.interventions.supported[1]", wire.WrongType},
		`"fulfillment_groups":[{"id":"g","item_ids":[]}]`:                 {"$.fulfillment_groups[0].destination_type", wire.Missing},
		`"fulfillment_groups":[{"id":"g","destination_type":"shipping"}]`: {"$.fulfillment_groups[0].item_ids", wire.Missing},
		`"fulfillment_groups":[{"id":"g","item_ids":[],"destination_type":"by drone"}]`: {
			"$.fulfillment_groups[0].destination_type", wire.Unsupported,
		},
		`"selected_fulfillment_options":[{"type":"drone","option_id":"o"}]`:        {"$.selected_fulfillment_options[0].type", wire.Unsupported},
		`"selected_fulfillment_options":[],"fulfillment_option_id":"o"`:            {"$.fulfillment_option_id", wire.DuplicateName},
		`"fulfillment_details":{},"fulfillment_address":{}`:                        {"$.fulfillment_address", wire.DuplicateName},
		`"buyer":{"email":"a@b.example","loyalty":{"points_balance":0.5}}`:         {"$.buyer.loyalty.points_balance", wire.NotInteger},
		`"buyer":{"email":"a@b.example","loyalty":{"member_since":"2024"}}`:        {"$.buyer.loyalty.member_since", wire.WrongFormat},
		`"buyer":{"email":"a@b.example","company":{}}`:                             {"$.buyer.company.name", wire.Missing},
		`"affiliate_attribution":{"provider":"p","token":"t","metadata":{"a":{}}}`: {"$.affiliate_attribution.metadata.a", wire.WrongType},
		`"currency2":1,"Currency":"usd"`:                                           {"$.Currency", wire.LetterCase},
	} {
		doc, err := wire.Parse([]byte(`{"line_items":[{"id":"a"}],` + member + `}`))
		if err != nil {
			t.Fatalf("%s: %v", member, err)
		}
		_, err = v20260417.Dialect.Create(wire.NewReader(doc))
		var refusal *wire.Refusal
		if !errors.As(err, &refusal) || refusal.Param != want.param || refusal.Reason != want.reason {
			t.Errorf("%.80s: got %v, want %s %s", member, err, want.param, want.reason)
		}
	}
}

func TestNotesOfTheLargestSizeAreTaken(t *testing.T) {
	t.Parallel()
	doc, err := wire.Parse([]byte(`{"line_items":[{"id":"a"}],"order_notes":"` + strings.Repeat("ä", 5000) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v20260417.Dialect.Create(wire.NewReader(doc)); err != nil {
		t.Error(err)
	}
}

// A handler's config must name merchant and processor, however little the
// configuration says.
func TestHandlerConfig(t *testing.T) {
	t.Parallel()
	body, err := v20260417.EncodeSession(commerce.Session{
		ID: "cs_1", Status: commerce.Ready, Currency: "usd",
		Handlers: []commerce.PaymentHandler{{
			ID: "card", Name: "dev.acp.tokenized.card", Version: "2026-01-22", Spec: "https://a.example/", ConfigSchema: "https://a.example/",
			PSP: "stripe", MerchantID: "acct_1",
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	schematest.Validate(t, v20260417.Date, schematest.Session, body)
	var answer struct {
		Capabilities struct {
			Payment struct {
				Handlers []struct {
					Config struct {
						MerchantID string `json:"merchant_id"`
						PSP        string
					}
				}
			}
			Extensions    []any
			Interventions struct{ Supported []string }
		}
		Discounts any
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	handlers := answer.Capabilities.Payment.Handlers
	if len(handlers) != 1 || handlers[0].Config.MerchantID != "acct_1" || handlers[0].Config.PSP != "stripe" {
		t.Errorf("got %+v", handlers)
	}
	if answer.Capabilities.Extensions != nil || answer.Discounts != nil {
		t.Error("an extension that nobody named is declared")
	}
	if answer.Capabilities.Interventions.Supported == nil || strings.Contains(string(body), `"extensions"`) {
		t.Error("interventions must stand, and empty extensions must not")
	}
}

// Discounts are shown to an agent that named the extension or sent a code.
func TestWhoSeesDiscounts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		session commerce.Session
		shown   bool
	}{
		"nobody asked": {commerce.Session{}, false},
		"named":        {commerce.Session{Capabilities: commerce.Capabilities{Extensions: []string{"x", "discount"}}}, true},
		"with a date":  {commerce.Session{Capabilities: commerce.Capabilities{Extensions: []string{"discount@2026-01-27"}}}, true},
		"another":      {commerce.Session{Capabilities: commerce.Capabilities{Extensions: []string{"discounts"}}}, false},
		"sent a code":  {commerce.Session{Cart: commerce.Cart{Codes: []string{"SAVE10"}}}, true},
	} {
		tt.session.Quote.Discounts.Applied = []commerce.AppliedDiscount{{ID: "d_1", Automatic: true, Coupon: commerce.Coupon{Name: "Spring"}}}
		body, err := v20260417.EncodeSession(tt.session)
		if err != nil {
			t.Fatal(err)
		}
		if shown := strings.Contains(string(body), `"discounts":{`); shown != tt.shown {
			t.Errorf("%s: shown %t", name, shown)
		}
	}
}

func Example_update() {
	doc, err := wire.Parse([]byte(`{"buyer":null,"discounts":{"codes":[]}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	update, err := v20260417.Dialect.Update(wire.NewReader(doc))
	_, hasBuyer := update.Buyer.Value()
	codes, hasCodes := update.Codes.Value()
	fmt.Println("lines sent:", update.Lines.Present())
	fmt.Println("buyer sent:", update.Buyer.Present(), "value:", hasBuyer)
	fmt.Println("codes sent:", update.Codes.Present(), "value:", hasCodes, len(codes))
	fmt.Println(err)
	// Output:
	// lines sent: false
	// buyer sent: true value: false
	// codes sent: true value: true 0
	// <nil>
}
