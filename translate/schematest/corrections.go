package schematest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Correction mends a published schema that cannot validate what the
// specification asks for. A correction that finds nothing to correct is an
// error, so that none outlives its reason.
type Correction struct {
	// Name is how tests and reports call it.
	Name string
	// Reason says what cannot validate, and which reading is taken.
	Reason string
	// Dates are the API versions that it applies to.
	Dates []string

	file string
	mend func(document map[string]any) error
}

func (c Correction) applies(apiVersion, file string) bool {
	return c.mend != nil && c.file == file && slices.Contains(c.Dates, apiVersion)
}

// Corrections are all that are made. Read with the schemas at commit c2afc86
// of the specification (2026-06-15).
var Corrections = []Correction{OrderBesideClosedBase, BooleanExclusiveMinimum, DeclineHasNoOrder}

// OrderBesideClosedBase lets a completed session carry its order.
var OrderBesideClosedBase = Correction{
	Name: "order-beside-closed-base",
	Reason: "CheckoutSessionWithOrder is allOf a closed session without order and an object that requires order, so nothing validates; " +
		"the order is sent (specification pull request 290)",
	Dates: []string{"2025-09-29"},
	file:  checkoutSchema,
	mend: func(document map[string]any) error {
		base, err := object(document, "$defs", "CheckoutSessionBase")
		if err != nil {
			return err
		}
		properties, err := object(base, "properties")
		if err != nil {
			return err
		}
		if _, ok := properties["order"]; ok {
			return errors.New("the session has an order already")
		}
		defs, err := object(document, "$defs")
		if err != nil {
			return err
		}
		whole := maps.Clone(base)
		withOrder := maps.Clone(properties)
		withOrder["order"] = map[string]any{"$ref": "#/$defs/Order"}
		whole["properties"] = withOrder
		required, _ := base["required"].([]any)
		whole["required"] = append(slices.Clone(required), "order")
		defs["CheckoutSessionWithOrder"] = whole
		return nil
	},
}

// BooleanExclusiveMinimum turns a draft 4 keyword into its 2020-12 form.
var BooleanExclusiveMinimum = Correction{
	Name:   "boolean-exclusive-minimum",
	Reason: "the quantity of an item has exclusiveMinimum: true, which 2020-12 does not have; a number above 0 is meant",
	Dates:  []string{"2025-09-29"},
	file:   checkoutSchema,
	mend: func(document map[string]any) error {
		quantity, err := object(document, "$defs", "Item", "properties", "quantity")
		if err != nil {
			return err
		}
		if quantity["exclusiveMinimum"] != true {
			return errors.New("exclusiveMinimum is no boolean")
		}
		quantity["exclusiveMinimum"] = quantity["minimum"]
		delete(quantity, "minimum")
		return nil
	},
}

// DeclineHasNoOrder is made by [Validators.Check] and changes no schema.
var DeclineHasNoOrder = Correction{
	Name: "decline-has-no-order",
	Reason: "the answer 200 to complete requires an order, and a declined payment is answered 200 without one; " +
		"only a completed session must validate as CheckoutSessionWithOrder",
	Dates: []string{"2025-09-29", "2025-12-12", "2026-01-16", "2026-01-30", "2026-04-17", "unreleased"},
}

// object walks down nested objects.
func object(value map[string]any, path ...string) (map[string]any, error) {
	for _, name := range path {
		next, ok := value[name].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("no object %s", name)
		}
		value = next
	}
	return value, nil
}
