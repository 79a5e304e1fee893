// Package v20260130 speaks the ACP date 2026-01-30: it turns request bodies
// of that date into commerce values and commerce values into answers and
// webhook events of that date.
//
// Start at EncodeSession. The date has capabilities and extensions, four kinds
// of delivery, discounts and messages that warn; it lacks what 2026-04-17
// added, which is taken away before a session is written. Its webhook is still
// the one of 2025-09-29. Source:
// spec/2026-01-30/json-schema/schema.agentic_checkout.json and
// spec/2026-01-30/openapi/openapi.agentic_checkout_webhook.yaml, read
// 2026-11-22. All objects are closed there, but for authentication_metadata.
//
// Functions are pure and safe for concurrent use.
//
// It may import what stands below it in translate, older dates,
// gateway/commerce and third-party packages.
package v20260130

// Date is the API-Version of this package.
const Date = "2026-01-30"
