package translate_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/wire"
)

// spoken are all versions, oldest first, the preview last.
func spoken(t testing.TB) []translate.Version {
	t.Helper()
	all := translate.Versions()
	slices.Reverse(all)
	preview, ok := translate.Set{Unreleased: true}.Lookup("unreleased")
	if !ok {
		t.Fatal("the preview is not found")
	}
	return append(all, preview)
}

// native is the smallest request of each operation in the words of the date.
func native(v translate.Version, operation string) map[string]string {
	old := v.Date < "2026-01-30"
	switch {
	case operation == "create" && old:
		return map[string]string{"items": `[{"id":"a","quantity":1}]`}
	case operation == "create":
		return map[string]string{"line_items": `[{"id":"a"}]`, "currency": `"usd"`, "capabilities": `{}`}
	case operation == "complete" && old:
		return map[string]string{"payment_data": `{"token":"spt_1","provider":"stripe"}`}
	case operation == "complete":
		return map[string]string{"payment_data": `{"handler_id":"card","instrument":{"type":"card","credential":{"type":"spt","token":"spt_1"}}}`}
	default:
		return map[string]string{}
	}
}

// with is the native request with other members; "" takes one away.
func with(request, change map[string]string) string {
	for name, value := range change {
		if delete(request, name); value != "" {
			request[name] = value
		}
	}
	var members []string
	for name, value := range request {
		members = append(members, `"`+name+`":`+value)
	}
	slices.Sort(members)
	return "{" + strings.Join(members, ",") + "}"
}

// read decodes one body; the reader tells what deviated.
func read(v translate.Version, operation, body string) (value any, r *wire.Reader, err error) {
	doc, err := wire.Parse([]byte(body))
	if err != nil {
		return nil, nil, err
	}
	r = wire.NewReader(doc)
	switch operation {
	case "create":
		value, err = v.DecodeCreate(r)
	case "update":
		value, err = v.DecodeUpdate(r)
	case "complete":
		value, err = v.DecodeComplete(r)
	case "cart":
		value, err = v.DecodeCart(r)
	default:
		value, err = v.DecodeCancel(r)
	}
	return value, r, err
}

func names(r *wire.Reader) string {
	var list []string
	for _, d := range r.Deviations() {
		list = append(list, string(d.Deviation))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

type change = map[string]string

const (
	fullAddress = `{"name":"Ada","line_one":"1 Main St","city":"Reno","state":"NV","country":"US","postal_code":"1"}`
	oldBuyer    = `{"first_name":"Ada","last_name":"King","email":"ada@example.com"}`
)

// TestUnion reads every shape in every date. The six words of want are the deviations in 2025-09-29, 2025-12-12, 2026-01-16,
// 2026-01-30, 2026-04-17 and the preview, "-" for none.
func TestUnion(t *testing.T) {
	t.Parallel()
	everywhere := func(d string) [6]string { return [6]string{d, d, d, d, d, d} }
	until := func(n int, d string) (all [6]string) { // a deviation in the first n dates
		for i := range n {
			all[i] = d
		}
		return all
	}
	since := func(n int, d string) (all [6]string) { // a deviation from the date at n on
		for i := n; i < 6; i++ {
			all[i] = d
		}
		return all
	}
	both := func(n int, old, fresh string) [6]string {
		all := since(n, fresh)
		for i := range n {
			all[i] = old
		}
		return all
	}
	left := deviationNames(t)
	for name, tt := range map[string]struct {
		operation string
		change    change
		want      [6]string
	}{
		"native create":   {"create", nil, [6]string{}},
		"native update":   {"update", nil, [6]string{}},
		"native complete": {"complete", nil, [6]string{}},
		"native cancel":   {"cancel", nil, [6]string{}},

		"items {id, quantity}": {"create", change{"line_items": "", "items": `[{"id":"a","quantity":1}]`}, since(3, "lines_name quantity_sent")},
		"items {id}":           {"create", change{"line_items": "", "items": `[{"id":"a"}]`}, both(3, "quantity_missing", "lines_name")},
		"line_items {id}":      {"create", change{"items": "", "line_items": `[{"id":"a"}]`}, until(3, "lines_name quantity_missing")},
		"{id, name, price}": {
			"create", change{"items": "", "line_items": `[{"id":"a","name":"A","unit_amount":1}]`}, until(3, "lines_name quantity_missing unknown_member"),
		},
		"{id, quantity}": {"create", change{"items": "", "line_items": `[{"id":"a","quantity":1}]`}, both(3, "lines_name", "quantity_sent")},
		"{item, quantity}": {
			"create", change{"items": "", "line_items": `[{"id":"li_1","item":{"id":"a"},"quantity":1}]`}, both(3, "item_nested lines_name", "item_nested quantity_sent"),
		},
		"{item {quantity}}": {
			"create", change{"items": "", "line_items": `[{"item":{"id":"a","quantity":1}}]`}, both(3, "item_nested lines_name", "item_nested quantity_sent"),
		},
		"suggested price": {
			"create",
			change{"items": "", "line_items": `[{"id":"a","suggested_price":{"amount":1,"source":{"feed_id":"f"},"observed_at":"2026-05-20T14:35:00Z"}}]`},
			[6]string{
				"lines_name quantity_missing suggested_price", "lines_name quantity_missing suggested_price", "lines_name quantity_missing suggested_price",
				"suggested_price", "suggested_price",
			},
		},
		"a cart's lines": {
			"create", change{"items": "", "line_items": "", "metadata": `{"cart_id":"cart_1"}`}, both(3, "lines_missing metadata", "lines_missing"),
		},
		"a cart's lines, empty list": {
			"create", change{"items": "", "line_items": "[]", "metadata": `{"cart_id":"cart_1"}`}, both(3, "lines_missing lines_name metadata", "lines_missing"),
		},

		"currency":      {"create", change{"currency": `"usd"`}, until(3, "currency")},
		"no currency":   {"create", change{"currency": ""}, since(3, "currency_missing")},
		"capabilities":  {"create", change{"capabilities": `{"payment":{},"interventions":{"supported":["3ds"],"required":[],"enforcement":"always"}}`}, until(3, "capabilities")},
		"no capability": {"create", change{"capabilities": ""}, since(3, "capabilities_missing")},
		"locale":        {"create", change{"locale": `"en-US"`}, until(3, "locale")},
		"timezone":      {"create", change{"timezone": `"UTC"`}, until(3, "timezone")},
		"quote":         {"create", change{"quote_id": `"q"`}, until(3, "quote_id")},
		"metadata":      {"create", change{"metadata": `{"any":{"thing":null}}`}, until(3, "metadata")},
		"discounts":     {"create", change{"discounts": `{"codes":["A"]}`}, until(3, "discounts")},
		"coupons":       {"create", change{"coupons": `["A"]`}, until(3, "coupons")},
		"both of them":  {"update", change{"coupons": `["A"]`, "discounts": `{"codes":["B"]}`}, until(3, "coupons discounts")},
		"groups":        {"create", change{"fulfillment_groups": `[{"id":"g","item_ids":["a"],"destination_type":"pickup"}]`}, until(3, "fulfillment_groups")},
		"notes":         {"create", change{"order_notes": `"ring"`}, until(4, "order_notes")},
		"notes, update": {"update", change{"order_notes": `"ring"`}, until(4, "order_notes")},
		"attribution":   {"create", change{"affiliate_attribution": `{"provider":"p","token":"t","later":1}`}, until(1, "affiliate_attribution")},
		"attribution of no source type": {
			"create",
			change{"affiliate_attribution": `{"provider":"p","token":"t","source":{"url":"https://a.example/"}}`},
			[6]string{"affiliate_attribution source_type_missing", "source_type_missing", "source_type_missing", "source_type_missing", "source_type_missing", "source_type_missing"},
		},
		"unknown member": {"create", change{"agent_capabilities": `{"features":{"x":null}}`}, everywhere("unknown_member")},
		"null":           {"update", change{"buyer": `null`}, everywhere("null_value")},

		"address": {"create", change{"fulfillment_address": fullAddress}, since(1, "fulfillment_address")},
		"details": {"create", change{"fulfillment_details": `{"name":"Ada","phone_number":"1","email":"a@b.example","address":` + fullAddress + `}`}, until(1, "fulfillment_details")},
		"half an address": {
			"update",
			change{"fulfillment_details": `{"address":{"country":"US"}}`},
			[6]string{"address_part_missing fulfillment_details", "address_part_missing", "address_part_missing", "address_part_missing", "address_part_missing", "address_part_missing"},
		},
		"company in an address": {
			"update",
			change{"fulfillment_details": `{"address":` + strings.Replace(fullAddress, `{`, `{"company":"C",`, 1) + `}`},
			[6]string{"address_company fulfillment_details", "address_company", "address_company", "address_company"},
		},
		"phone of a contact": {"update", change{"fulfillment_details": `{"phone":"1"}`}, [6]string{
			"fulfillment_details phone_name", "phone_name", "phone_name", "phone_name", "phone_name", "phone_name",
		}},

		"one option":  {"update", change{"fulfillment_option_id": `"o"`}, since(1, "selection_single")},
		"flat option": {"update", change{"selected_fulfillment_options": `[{"type":"shipping","option_id":"o","item_ids":["a"]}]`}, [6]string{"selection_list", "selection_flat", "selection_flat"}},
		"nested option": {"update", change{"selected_fulfillment_options": `[{"type":"shipping","shipping":{"option_id":"o","item_ids":["a"]}}]`}, [6]string{
			"selection_list", "", "", "selection_nested", "selection_nested", "selection_nested",
		}},
		"no type, no items": {"update", change{"selected_fulfillment_options": `[{"option_id":"o"}]`}, [6]string{
			"selection_items_missing selection_list selection_type_missing",
			"selection_flat selection_items_missing selection_type_missing", "selection_flat selection_items_missing selection_type_missing",
			"selection_items_missing selection_type_missing", "selection_items_missing selection_type_missing", "selection_items_missing selection_type_missing",
		}},
		"an option on create": {"create", change{"fulfillment_option_id": `"o"`}, [6]string{
			"selection_on_create", "selection_on_create selection_single", "selection_on_create selection_single",
			"selection_on_create selection_single", "selection_on_create selection_single", "selection_on_create selection_single",
		}},

		"buyer of the old dates": {"create", change{"buyer": oldBuyer}, [6]string{}},
		"buyer of a platform": {
			"create",
			change{"buyer": `{"name":"Ada King","email":"ada@example.com","phone":"1"}`},
			both(3, "buyer_name buyer_name_missing phone_name", "buyer_name phone_name"),
		},
		"buyer with a profile": {
			"create",
			change{"buyer": `{"full_name":"Ada","email":"ada@example.com","customer_id":"c","account_type":"guest","loyalty":{"tier":"gold"}}`},
			until(3, "buyer_name_missing buyer_profile"),
		},
		"an account of no known type": {
			"create", change{"buyer": `{"email":"ada@example.com","account_type":"royal"}`}, both(3, "buyer_name_missing buyer_profile unknown_value", "unknown_value"),
		},

		"token":       {"complete", change{"payment_data": `{"token":"t","provider":"stripe","billing_address":` + fullAddress + `}`}, since(3, "payment_token")},
		"token alone": {"complete", change{"payment_data": `{"token":"t"}`}, both(3, "provider_missing", "payment_token provider_missing")},
		"handler": {
			"complete",
			change{"payment_data": `{"handler_id":"h","instrument":{"type":"seller_backed_saved_card","credential":{"type":"spt","token":"t"},"id":"i"}}`},
			until(3, "payment_handler"),
		},
		"instrument without types": {
			"complete",
			change{"payment_data": `{"handler_id":"h","instrument":{"credential":{"token":"t"}}}`},
			both(3, "credential_type_missing instrument_type_missing payment_handler", "credential_type_missing instrument_type_missing"),
		},
		"instrument with the token": {
			"complete",
			change{"payment_data": `{"handler_id":"h","instrument":{"type":"card","token":"t"}}`},
			both(3, "credential_missing payment_handler", "credential_missing"),
		},
		"terms of an invoice": {
			"complete",
			change{"payment_data": `{"handler_id":"h","instrument":{"type":"c","credential":{"type":"spt","token":"t"}},"payment_terms":"net_15"}`},
			until(3, "invoice_terms payment_handler"),
		},
		"handler and token": {
			"complete",
			change{"payment_data": `{"handler_id":"h","instrument":{"type":"c","credential":{"type":"spt","token":"t"}},"token":"x"}`},
			both(3, "payment_handler unknown_member", "unknown_member"),
		},
		"details on complete": {"complete", change{"fulfillment_details": `{"email":"new@example.com"}`}, until(5, "fulfillment_details")},
		"risk":                {"complete", change{"risk_signals": `{"ip_address":"192.0.2.1"}`}, until(3, "risk_signals")},
		"consents":            {"complete", change{"marketing_consents": `[{"channel":"email","opted_in":false}]`}, until(4, "marketing_consents")},
		"denied":              {"complete", change{"authentication_result": `{"outcome":"denied"}`}, [6]string{"authentication_result", "", "outcome_of_other_date"}},
		"failed": {"complete", change{"authentication_result": `{"outcome":"failed"}`}, [6]string{
			"authentication_result outcome_of_other_date", "outcome_of_other_date", "", "outcome_of_other_date", "outcome_of_other_date", "outcome_of_other_date",
		}},

		"trace":            {"cancel", change{"intent_trace": `{"reason_code":"other","later":1}`}, until(1, "intent_trace")},
		"malformed trace":  {"cancel", change{"intent_trace": `{"reason_code":"other","metadata":{"a":{}}}`}, both(1, "intent_trace intent_trace_dropped", "intent_trace_dropped")},
		"cancel with more": {"cancel", change{"anything": `1`}, [6]string{}},
	} {
		for _, list := range tt.want {
			for deviation := range strings.FieldsSeq(list) {
				delete(left, deviation)
			}
		}
		for i, v := range spoken(t) {
			body := with(native(v, tt.operation), tt.change)
			_, r, err := read(v, tt.operation, body)
			if err != nil {
				t.Errorf("%s in %s: %s: %v", name, v.Date, body, err)
			} else if got := names(r); got != tt.want[i] {
				t.Errorf("%s in %s: %s:\n got %q\nwant %q", name, v.Date, body, got, tt.want[i])
			}
		}
	}
	for name := range left {
		t.Errorf("no row shows %q", name)
	}
}

// deviationNames are the names of reader/deviation.go, each one different.
func deviationNames(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("reader", "deviation.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, found := range regexp.MustCompile(`wire\.Deviation\s+= "([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
		if names[found[1]] || !deviationName.MatchString(found[1]) {
			t.Errorf("%q is the name of two deviations, or malformed", found[1])
		}
		names[found[1]] = true
	}
	if len(names) < 50 {
		t.Fatalf("only %d names found", len(names))
	}
	return names
}

// One meaning, whatever the shape and the date.
func TestUnionHasOneMeaning(t *testing.T) {
	t.Parallel()
	two := commerce.CreateRequest{Lines: []commerce.CartLine{{ItemID: "a", Quantity: 2}}}
	address := commerce.Address{Name: "Ada", LineOne: "1 Main St", City: "Reno", State: "NV", Country: "US", PostalCode: "1"}
	choice := commerce.Set([]commerce.Choice{{Type: commerce.Shipping, OptionID: "o", LineIDs: []string{"a"}}})
	for _, tt := range []struct {
		operation string
		bodies    []string
		want      any
	}{
		{"create", []string{
			`{"items":[{"id":"a","quantity":2}]}`, `{"line_items":[{"id":"a","quantity":2.0}]}`, `{"line_items":[{"id":"li_1","item":{"id":"a"},"quantity":2}]}`,
			`{"items":[{"item":{"id":"a","quantity":2},"quantity":2e0}]}`, `{"line_items":[{"item":{"id":"a","quantity":2},"name":"x","unit_amount":1}]}`,
		}, two},
		{"update", []string{
			`{"selected_fulfillment_options":[{"type":"shipping","option_id":"o","item_ids":["a"]}]}`,
			`{"selected_fulfillment_options":[{"type":"shipping","shipping":{"option_id":"o","item_ids":["a"]}}]}`,
			`{"selected_fulfillment_options":[{"shipping":{"option_id":"o","item_ids":["a"]}}]}`,
		}, commerce.UpdateRequest{Choices: choice}},
		{
			"update",
			[]string{`{"fulfillment_option_id":"o"}`, `{"selected_fulfillment_options":"o"}`, `{"selected_fulfillment_options":[{"option_id":"o"}]}`},
			commerce.UpdateRequest{Choices: commerce.Set([]commerce.Choice{{OptionID: "o"}})},
		},
		{
			"update",
			[]string{`{"fulfillment_option_id":null}`, `{"selected_fulfillment_options":null}`},
			commerce.UpdateRequest{Choices: commerce.Clear[[]commerce.Choice]()},
		},
		{
			"update",
			[]string{`{"fulfillment_address":` + fullAddress + `}`, `{"fulfillment_details":{"address":` + fullAddress + `}}`},
			commerce.UpdateRequest{ShipTo: commerce.Set(commerce.ContactChange{Address: commerce.Set(address)})},
		},
		{"update", []string{`{"fulfillment_details":null}`}, commerce.UpdateRequest{ShipTo: commerce.Clear[commerce.ContactChange]()}},
		{
			"update",
			[]string{`{"fulfillment_address":null}`, `{"fulfillment_details":{"address":null}}`},
			commerce.UpdateRequest{ShipTo: commerce.Set(commerce.ContactChange{Address: commerce.Clear[commerce.Address]()})},
		},
		{
			"update",
			[]string{`{"discounts":{"codes":["B"]}}`, `{"coupons":["B"]}`, `{"coupons":["A"],"discounts":{"codes":["B"]}}`},
			commerce.UpdateRequest{Codes: commerce.Set([]string{"B"})},
		},
		{
			"update",
			[]string{`{"discounts":{"codes":[]}}`, `{"coupons":["A"],"discounts":{"codes":[]}}`, `{"coupons":[]}`},
			commerce.UpdateRequest{Codes: commerce.Set([]string{})},
		},
		{"update", []string{`{"discounts":null}`, `{"coupons":null}`, `{"discounts":{"codes":null}}`}, commerce.UpdateRequest{Codes: commerce.Clear[[]string]()}},
		{"update", []string{`{"buyer":null}`}, commerce.UpdateRequest{Buyer: commerce.Clear[commerce.Buyer]()}},
		{"update", []string{`{}`, `{"unknown":[1,2]}`}, commerce.UpdateRequest{}},
		{
			"create",
			[]string{`{"metadata":{"cart_id":"cart_1"}}`, `{"items":[],"metadata":{"cart_id":"cart_1"}}`, `{"line_items":null,"metadata":{"cart_id":"cart_1"}}`},
			commerce.CreateRequest{CartID: "cart_1", Metadata: map[string]any{"cart_id": "cart_1"}},
		},
		{
			"create",
			[]string{`{"items":[{"id":"a","quantity":2}],"metadata":{"cart_id":7}}`},
			commerce.CreateRequest{Lines: two.Lines, Metadata: map[string]any{"cart_id": wire.Number("7")}},
		},
		{"complete", []string{
			`{"payment_data":{"handler_id":"h","instrument":{"type":"card","credential":{"type":"spt","token":"t"}}},"fulfillment_details":{"phone":"1","name":null}}`,
			`{"payment_data":{"handler_id":"h","instrument":{"type":"card","credential":{"type":"spt","token":"t"}}},"fulfillment_details":{"phone_number":"1","name":null}}`,
		}, commerce.CompleteRequest{
			Payment: commerce.Payment{HandlerID: "h", InstrumentType: "card", CredentialType: "spt", Token: "t"},
			ShipTo:  &commerce.ContactChange{Phone: commerce.Set("1"), Name: commerce.Clear[string]()},
		}},
		{"create", []string{
			`{"items":[{"id":"a","quantity":2,"suggested_price":{"amount":799,"source":{"feed_id":"f","channel":"file","feed_update_id":"u","updated_at":"2026-05-20T14:30:01Z"},` +
				`"observed_at":"2026-05-20T14:35:00Z"}}]}`,
		}, commerce.CreateRequest{Lines: []commerce.CartLine{{ItemID: "a", Quantity: 2, Suggested: &commerce.SuggestedPrice{
			Amount: 799, FeedID: "f", Channel: "file", FeedUpdateID: "u", UpdatedAt: "2026-05-20T14:30:01Z", ObservedAt: "2026-05-20T14:35:00Z",
		}}}}},
	} {
		for _, v := range spoken(t) {
			for _, body := range tt.bodies {
				got, _, err := read(v, tt.operation, body)
				if err != nil {
					t.Errorf("%s in %s: %v", body, v.Date, err)
				} else if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(
					commerce.Change[[]commerce.Choice]{}, commerce.Change[commerce.ContactChange]{}, commerce.Change[commerce.Address]{}, commerce.Change[string]{},
					commerce.Change[[]string]{}, commerce.Change[commerce.Buyer]{}, commerce.Change[[]commerce.CartLine]{}, commerce.Change[[]commerce.FulfillmentGroup]{},
				)); diff != "" {
					t.Errorf("%s in %s: (-want +got)\n%s", body, v.Date, diff)
				}
			}
		}
	}
}

// Each part of an address that the schemas require is missed, and none is needed to read it.
func TestAddressParts(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"name", "line_one", "city", "state", "country", "postal_code"} {
		address := map[string]string{}
		if err := json.Unmarshal([]byte(fullAddress), &address); err != nil {
			t.Fatal(err)
		}
		delete(address, part)
		body, err := json.Marshal(map[string]any{"payment_data": map[string]any{"billing_address": address}})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range spoken(t) {
			_, r, _ := read(v, "complete", string(body)) // refused, because there is no payment
			if at := slices.IndexFunc(r.Deviations(), func(d wire.Deviated) bool { return d.Param == "$.payment_data.billing_address."+part }); at < 0 {
				t.Errorf("an address without %s in %s: %v", part, v.Date, r.Deviations())
			}
		}
	}
}

// The words of 2026-01-16 for an authentication become those of the others. Details are needed where the date's schema says so.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	details := `,"outcome_details":{"three_ds_cryptogram":"c","electronic_commerce_indicator":"05","transaction_id":"t","version":"2.2.0"}`
	for word, want := range map[string]string{
		"authenticated": "authenticated", "failed": "denied", "unavailable": "not_supported", "attempt": "attempt_acknowledged", "rejected": "rejected",
		"informational": "informational", "attempt_acknowledged": "attempt_acknowledged", "denied": "denied", "abandoned": "abandoned",
		"canceled": "canceled", "internal_error": "internal_error", "not_supported": "not_supported", "processing_error": "processing_error",
	} {
		detailed := want == "authenticated" || want == "informational" || want == "attempt_acknowledged"
		for _, v := range spoken(t) {
			value, _, err := read(v, "complete", with(native(v, "complete"), change{"authentication_result": `{"outcome":"` + word + `"` + details + `}`}))
			request, ok := value.(commerce.CompleteRequest)
			if err != nil || !ok || request.Authentication == nil || request.Authentication.Outcome != want || request.Authentication.Cryptogram != "c" {
				t.Errorf("%s in %s: %+v, %v", word, v.Date, request.Authentication, err)
			}
			_, _, err = read(v, "complete", with(native(v, "complete"), change{"authentication_result": `{"outcome":"` + word + `"}`}))
			refused := detailed && v.Date != "2026-01-16"
			if (err != nil) != refused {
				t.Errorf("%s without details in %s: %v", word, v.Date, err)
			}
			if refused {
				wantRefusal(t, err, "missing", "$.authentication_result.outcome_details")
			}
		}
	}
	for _, v := range spoken(t) {
		_, _, err := read(v, "complete", with(native(v, "complete"), change{"authentication_result": `{"outcome":"maybe"}`}))
		wantRefusal(t, err, "unsupported", "$.authentication_result.outcome")
	}
}

func wantRefusal(t *testing.T, err error, code, param string) {
	t.Helper()
	fault, ok := errors.AsType[*commerce.Fault](err)
	if !ok || fault.Kind != commerce.Invalid || fault.Code != code || fault.Param != param {
		t.Errorf("got %v (%+v), want %s at %s", err, fault, code, param)
	}
}

// Card numbers are refused where people write, and nowhere else; a trace that holds one is dropped.
func TestCardNumbersAreNotTaken(t *testing.T) {
	t.Parallel()
	const card = "4111 1111 1111 1111"
	for _, v := range spoken(t) {
		for _, tt := range []struct{ operation, member, value, param string }{
			{"create", "order_notes", `"my card is ` + card + `"`, "$.order_notes"},
			{"update", "order_notes", `"` + card + `"`, "$.order_notes"},
			{"complete", "order_notes", `"4111111111111111"`, "$.order_notes"},
			{"create", "metadata", `{"deep":[{"note":"` + card + `"}]}`, "$.metadata.deep[0].note"},
			{"create", "metadata", `{"note":"` + card + `"}`, "$.metadata.note"},
			{"create", "affiliate_attribution", `{"provider":"p","token":"t","metadata":{"x":"` + card + `"}}`, "$.affiliate_attribution.metadata.x"},
			{"update", "fulfillment_groups", `[{"id":"g","item_ids":[],"destination_type":"shipping","instructions":"` + card + `"}]`, "$.fulfillment_groups[0].instructions"},
			{"create", "metadata", `{"order_id":"4111111111111111","phone":"4111111111111111","id":"4111111111111111","n":4111111111111111}`, ""},
			{"create", "affiliate_attribution", `{"provider":"p","token":"4111111111111111","campaign_id":"4111111111111111"}`, ""},
			{"create", "quote_id", `"4111111111111111"`, ""},
			{"create", "buyer", `{"first_name":"A","last_name":"B","email":"a@b.example","phone_number":"4111111111111111","customer_id":"4111111111111111"}`, ""},
		} {
			_, _, err := read(v, tt.operation, with(native(v, tt.operation), change{tt.member: tt.value}))
			if tt.param != "" {
				wantRefusal(t, err, "pii_not_allowed", tt.param)
				if err != nil && strings.Contains(err.Error(), "4111") {
					t.Errorf("the refusal repeats what it refuses: %v", err)
				}
			} else if err != nil {
				t.Errorf("%s %s in %s: %v", tt.member, tt.value, v.Date, err)
			}
		}
		for _, trace := range []string{`{"reason_code":"other","trace_summary":"` + card + `"}`, `{"reason_code":"other","metadata":{"a":"` + card + `"}}`} {
			value, r, err := read(v, "cancel", `{"intent_trace":`+trace+`}`)
			if request, ok := value.(commerce.CancelRequest); err != nil || !ok || request.IntentTrace != nil || !strings.Contains(names(r), "intent_trace_dropped") {
				t.Errorf("%s in %s: %+v, %v", trace, v.Date, value, err)
			}
		}
	}
}

// An attribution names no person, and is refused as a whole when it does, or when its shape is wrong.
func TestAttribution(t *testing.T) {
	t.Parallel()
	for claim, want := range map[string]string{
		`{"token":"t"}`:    "missing $.affiliate_attribution.provider",
		`{"provider":"p"}`: "missing $.affiliate_attribution",
		`{"provider":"p","publisher_id":"x","metadata":{"a":[1]}}`:                                                                                                     "invalid $.affiliate_attribution.metadata.a",
		`{"provider":"p","publisher_id":"x","metadata":7}`:                                                                                                             "invalid $.affiliate_attribution.metadata",
		`{"provider":"p","publisher_id":"x","metadata":{"who":"ada@example.com"}}`:                                                                                     "pii_not_allowed $.affiliate_attribution.metadata.who",
		`{"provider":"p","publisher_id":"x","metadata":{"who":"+1 (415) 555-2671"}}`:                                                                                   "pii_not_allowed $.affiliate_attribution.metadata.who",
		`{"provider":"p","publisher_id":"x","sub_id":"ada@example.com"}`:                                                                                               "pii_not_allowed $.affiliate_attribution.sub_id",
		`{"provider":"p","publisher_id":"x","sub_id":"415-555-2671"}`:                                                                                                  "pii_not_allowed $.affiliate_attribution.sub_id",
		`{"provider":"p","publisher_id":"x","source":{"type":"url","url":"https://a.example/?u=ada@example.com"}}`:                                                     "pii_not_allowed $.affiliate_attribution.source.url",
		`{"provider":"p","token":"ada@example.com","sub_id":"14155552671","metadata":{"a":"b","n":0.15,"t":true},"source":{"type":"url","url":"https://a.example/1"}}`: "",
	} {
		for _, v := range spoken(t) {
			for _, operation := range []string{"create", "complete"} {
				_, _, err := read(v, operation, with(native(v, operation), change{"affiliate_attribution": claim}))
				if code, param, refused := strings.Cut(want, " "); refused {
					wantRefusal(t, err, code, param)
				} else if err != nil {
					t.Errorf("%s in %s: %v", claim, v.Date, err)
				}
			}
		}
	}
}

// What no shape of any date means is refused in all of them, with its place.
func TestUnionRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ operation, body, code, param string }{
		{"create", `{"items":[{"id":"a"}],"line_items":[{"id":"b"}]}`, "invalid", ""},
		{"create", `{"items":[{"item":{"id":"a","quantity":1},"quantity":2}]}`, "unsupported", "$.items[0].item.quantity"},
		{"create", `{"items":[{"id":"a","quantity":1.5}]}`, "invalid", "$.items[0].quantity"},
		{"create", `{"items":[{"id":"a","quantity":"1"}]}`, "invalid", "$.items[0].quantity"},
		{"create", `{"items":[],"metadata":{"cart_id":""}}`, "missing", "$.items"},
		{"create", `{"items":[],"metadata":{"cart_id":7}}`, "missing", "$.items"},
		{"create", `{"items":"","metadata":{"cart_id":"c"}}`, "invalid", "$.items"},
		{"create", `{"items":[{"id":"a","suggested_price":{"amount":-1,"source":{"feed_id":"f"},"observed_at":"2026-05-20T14:35:00Z"}}]}`, "invalid", "$.items[0].suggested_price.amount"},
		{"create", `{"items":[{"id":"a","suggested_price":{"amount":1.5,"source":{"feed_id":"f"},"observed_at":"2026-05-20T14:35:00Z"}}]}`, "invalid", "$.items[0].suggested_price.amount"},
		{"create", `{"items":[{"id":"a","suggested_price":{"amount":1,"source":{},"observed_at":"2026-05-20T14:35:00Z"}}]}`, "missing", "$.items[0].suggested_price.source.feed_id"},
		{"create", `{"items":[{"id":"a","suggested_price":{"amount":1,"source":{"feed_id":"f"},"observed_at":"today"}}]}`, "invalid", "$.items[0].suggested_price.observed_at"},
		{"update", `{"items":[]}`, "missing", "$.items"},
		{"update", `{"items":null}`, "missing", "$.items"},
		{"update", `{"fulfillment_option_id":7}`, "invalid", "$.fulfillment_option_id"},
		{"update", `{"fulfillment_option_id":[]}`, "invalid", "$.fulfillment_option_id"},
		{"update", `{"fulfillment_option_id":""}`, "missing", "$.fulfillment_option_id"},
		{"update", `{"selected_fulfillment_options":""}`, "missing", "$.selected_fulfillment_options"},
		{"update", `{"fulfillment_option_id":{"option_id":"o"}}`, "invalid", "$.fulfillment_option_id"},
		{"update", `{"selected_fulfillment_options":[{"type":"shipping","shipping":{}}]}`, "missing", "$.selected_fulfillment_options[0].shipping.option_id"},
		{"complete", `{}`, "missing", "$.payment_data"},
		{"complete", `{"payment_data":null}`, "missing", "$.payment_data"},
		{"complete", `{"payment_data":{"purchase_order_number":"1"}}`, "unsupported", "$.payment_data.purchase_order_number"},
		{"complete", `{"payment_data":{"token":"t","provider":"other"}}`, "unsupported", "$.payment_data.provider"},
		{"complete", `{"payment_data":{"handler_id":"h","instrument":{"type":"card"}}}`, "missing", "$.payment_data.instrument.credential"},
		{"cancel", `[]`, "invalid", "$"},
	} {
		for _, v := range spoken(t) {
			_, _, err := read(v, tt.operation, tt.body)
			param := tt.param
			if param == "" { // the one of the two names that the date does not have
				param = "$.line_items"
				if v.Date >= "2026-01-30" {
					param = "$.items"
				}
			}
			wantRefusal(t, err, tt.code, param)
		}
	}
}

// A cart is lines, a buyer and a locale.
func TestCarts(t *testing.T) {
	t.Parallel()
	carts := 0
	for _, v := range spoken(t) {
		if !v.Carts {
			continue
		}
		carts++
		got, r, err := read(v, "cart", `{"line_items":[{"id":"a","quantity":2},{"item":{"id":"b"}}],"buyer":{"email":"ada@example.com"},"locale":"en-US","x":1}`)
		want := commerce.CartRequest{
			Lines: []commerce.CartLine{{ItemID: "a", Quantity: 2}, {ItemID: "b", Quantity: 1}}, Buyer: &commerce.Buyer{Email: "ada@example.com"}, Locale: "en-US",
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" || names(r) != "item_nested quantity_sent unknown_member" {
			t.Errorf("%s: %v, %s\n%s", v.Date, err, names(r), diff)
		}
		for _, body := range []string{``, `{}`, `{"line_items":[]}`, `{"line_items":null}`, `{"metadata":{"cart_id":"c"}}`} {
			_, _, err := read(v, "cart", body)
			wantRefusal(t, err, "missing_line_items", "$.line_items")
		}
	}
	if carts != 2 {
		t.Errorf("%d versions have carts, want 2026-04-17 and the preview", carts)
	}
}
