package translate_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/schematest"
)

// publishedDates are the dates whose properties the canonical model must be
// able to carry, whether or not they are spoken yet.
var publishedDates = []string{"2025-09-29", "2025-12-12", "2026-01-16", "2026-01-30", "2026-04-17"}

// canonicalTypes are the types at which a path of testdata/properties.txt begins.
func canonicalTypes() map[string]reflect.Type {
	canonical := map[string]reflect.Type{}
	for _, t := range []reflect.Type{
		reflect.TypeFor[commerce.Address](), reflect.TypeFor[commerce.Adjustment](), reflect.TypeFor[commerce.Affiliate](),
		reflect.TypeFor[commerce.Allocation](), reflect.TypeFor[commerce.AppliedDiscount](), reflect.TypeFor[commerce.Attribute](),
		reflect.TypeFor[commerce.AuthenticationMetadata](), reflect.TypeFor[commerce.AuthenticationProvider](),
		reflect.TypeFor[commerce.AuthenticationResult](), reflect.TypeFor[commerce.Buyer](), reflect.TypeFor[commerce.CancelRequest](),
		reflect.TypeFor[commerce.Capabilities](), reflect.TypeFor[commerce.Cart](), reflect.TypeFor[commerce.CartLine](),
		reflect.TypeFor[commerce.CartRequest](), reflect.TypeFor[commerce.SavedCart](), reflect.TypeFor[commerce.SuggestedPrice](),
		reflect.TypeFor[commerce.Choice](), reflect.TypeFor[commerce.Company](), reflect.TypeFor[commerce.CompleteRequest](),
		reflect.TypeFor[commerce.Confirmation](), reflect.TypeFor[commerce.Contact](), reflect.TypeFor[commerce.Coupon](),
		reflect.TypeFor[commerce.CreateRequest](), reflect.TypeFor[commerce.Dimensions](), reflect.TypeFor[commerce.Disclosure](),
		reflect.TypeFor[commerce.Discounts](), reflect.TypeFor[commerce.Extension](), reflect.TypeFor[commerce.Fault](),
		reflect.TypeFor[commerce.Fulfillment](), reflect.TypeFor[commerce.FulfillmentEvent](), reflect.TypeFor[commerce.FulfillmentGroup](),
		reflect.TypeFor[commerce.FulfillmentOption](), reflect.TypeFor[commerce.IntentTrace](), reflect.TypeFor[commerce.Interventions](),
		reflect.TypeFor[commerce.Line](), reflect.TypeFor[commerce.LineDiscount](), reflect.TypeFor[commerce.LineQuantity](),
		reflect.TypeFor[commerce.Link](), reflect.TypeFor[commerce.Loyalty](), reflect.TypeFor[commerce.MarketingConsent](),
		reflect.TypeFor[commerce.MarketingOption](), reflect.TypeFor[commerce.Message](), reflect.TypeFor[commerce.Order](),
		reflect.TypeFor[commerce.OrderLine](), reflect.TypeFor[commerce.Payment](), reflect.TypeFor[commerce.PaymentHandler](),
		reflect.TypeFor[commerce.RejectedDiscount](), reflect.TypeFor[commerce.RiskSignals](), reflect.TypeFor[commerce.Session](),
		reflect.TypeFor[commerce.SupportContact](), reflect.TypeFor[commerce.TaxExemption](), reflect.TypeFor[commerce.TaxPart](),
		reflect.TypeFor[commerce.Total](), reflect.TypeFor[commerce.UpdateRequest](), reflect.TypeFor[commerce.Weight](),
		reflect.TypeFor[commerce.Window](),
	} {
		canonical[t.Name()] = t
	}
	return canonical
}

// TestPropertiesHaveAPlace walks every property of the schemas of the five
// dates, of the preview and of carts: each has a field of the canonical model or a reason why not, and no
// line of the table is about something that is not published.
func TestPropertiesHaveAPlace(t *testing.T) {
	t.Parallel()
	table, canonical := readTable(t), canonicalTypes()
	for property, place := range table {
		if reason, ok := strings.CutPrefix(place, "-"); ok {
			if len(strings.Fields(reason)) < 4 {
				t.Errorf("%s: %q is no reason", property, place)
			}
			continue
		}
		if problem := resolve(canonical, place); problem != "" {
			t.Errorf("%s: %s", property, problem)
		}
	}
	dir := os.Getenv(schematest.DirVariable)
	if schematest.New(t) == nil {
		return
	}
	published := map[string]string{}
	files := []string{"2026-04-17/json-schema/schema.cart.json", "unreleased/json-schema/schema.cart.json"}
	for _, date := range append([]string{"unreleased"}, publishedDates...) {
		files = append(files, date+"/json-schema/schema.agentic_checkout.json")
	}
	for _, file := range files {
		body, err := os.ReadFile(filepath.Join(dir, "spec", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			Defs map[string]map[string]any `json:"$defs"`
		}
		if err := json.Unmarshal(body, &schema); err != nil {
			t.Fatal(err)
		}
		for name, definition := range schema.Defs {
			walk(name, definition, func(property string) { published[property] = file })
		}
	}
	if len(published) < 400 {
		t.Fatalf("only %d properties found: the walk is broken", len(published))
	}
	for _, property := range slices.Sorted(maps.Keys(published)) {
		if _, ok := table[property]; !ok {
			t.Errorf("%s (%s) has no place in the canonical model and no reason", property, published[property])
		}
	}
	for _, property := range slices.Sorted(maps.Keys(table)) {
		if _, ok := published[property]; !ok {
			t.Errorf("%s is in the table and in no published schema", property)
		}
	}
}

func readTable(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "properties.txt"))
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		property, place, ok := strings.Cut(line, " ")
		if _, twice := table[property]; !ok || twice {
			t.Errorf("line %q has no place or stands twice", line)
		}
		table[property] = strings.TrimSpace(place)
	}
	return table
}

// walk names every property of a definition, those of nested and combined
// schemas included. References lead to definitions, which are walked once.
func walk(path string, schema map[string]any, found func(string)) {
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range properties {
		found(path + "." + name)
		if nested, ok := value.(map[string]any); ok {
			walk(path+"."+name, nested, found)
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		walk(path, items, found)
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		parts, _ := schema[word].([]any)
		for _, part := range parts {
			if nested, ok := part.(map[string]any); ok {
				walk(path, nested, found)
			}
		}
	}
}

// resolve follows Type.Field.Field through pointers, slices and changes.
func resolve(canonical map[string]reflect.Type, place string) string {
	steps := strings.Split(place, ".")
	at, ok := canonical[steps[0]]
	if !ok {
		return "commerce." + steps[0] + " is not in the list of canonical types"
	}
	if len(steps) < 2 {
		return place + " names no field"
	}
	for _, step := range steps[1:] {
		for at.Kind() == reflect.Pointer || at.Kind() == reflect.Slice {
			at = at.Elem()
		}
		if value, ok := at.MethodByName("Value"); ok {
			at = value.Type.Out(0)
		}
		if at.Kind() != reflect.Struct {
			return place + ": nothing lies below " + step
		}
		field, ok := at.FieldByName(step)
		if !ok {
			return place + ": " + at.Name() + " has no field " + step
		}
		at = field.Type
	}
	return ""
}
