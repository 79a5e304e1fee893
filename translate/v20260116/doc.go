// Package v20260116 speaks the ACP date 2026-01-16: it turns request bodies
// of that date into commerce values and commerce values into answers and
// webhook events of that date.
//
// Start at EncodeSession. The date is 2025-12-12 with rows of totals in a
// fulfillment option, the merchant of a payment provider, and who may
// authenticate the card holder. Source:
// spec/2026-01-16/json-schema/schema.agentic_checkout.json and
// spec/2026-01-16/openapi/openapi.agentic_checkout_webhook.yaml, read
// 2026-11-22. All objects are closed there.
//
// Functions are pure and safe for concurrent use.
//
// It may import what stands below it in translate, older dates,
// gateway/commerce and third-party packages.
package v20260116

// Date is the API-Version of this package.
const Date = "2026-01-16"
