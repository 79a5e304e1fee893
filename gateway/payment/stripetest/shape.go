package stripetest

import (
	"regexp"
	"strings"
)

// Shape is the way in which a PaymentIntent names a Shared Payment Token.
type Shape int

const (
	// ShapeByVersion lets the Stripe-Version of each request decide. It is the zero value.
	ShapeByVersion Shape = iota
	// ShapeNone knows no tokens at all, as general-availability versions do.
	ShapeNone
	// ShapeTopLevel takes shared_payment_granted_token, as the private preview did.
	ShapeTopLevel
	// ShapeMethodData takes payment_method_data[shared_payment_granted_token], as versions from 2026-04-15 on do.
	ShapeMethodData
)

// methodDataSince is the first preview that took the token inside payment_method_data. Source: the changelog of stripe-go
// v85.1.0-alpha.4, 2026-04-15.
const methodDataSince = "2026-04-15"

// versionPattern is the form of an API version: a date, and a name since 2024-09-30.
var versionPattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$`)

// shapeOf reads the shape from a Stripe-Version header; an empty header means the account's general-availability version.
func shapeOf(version string) Shape {
	date, preview := strings.CutSuffix(version, ".preview")
	switch {
	case !preview:
		return ShapeNone
	case date < methodDataSince:
		return ShapeTopLevel
	default:
		return ShapeMethodData
	}
}

// parameter is the name of the token's parameter, empty where there is none.
func (s Shape) parameter() string {
	switch s {
	case ShapeTopLevel:
		return "shared_payment_granted_token"
	case ShapeMethodData:
		return "payment_method_data[shared_payment_granted_token]"
	default:
		return ""
	}
}

// allow adds the token's parameter to a call's parameters.
func (s Shape) allow(known spec) {
	if name := s.parameter(); name != "" {
		known[name] = param{}
	}
}
