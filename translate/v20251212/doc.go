// Package v20251212 speaks the ACP date 2025-12-12: it turns request bodies
// of that date into commerce values and commerce values into answers and
// webhook events of that date.
//
// Start at EncodeSession. The date is 2025-09-29 with goods shown in lines, a
// recipient beside the address, several fulfillment options, the card networks
// of a payment method, and authentication of the card holder. Source:
// spec/2025-12-12/json-schema/schema.agentic_checkout.json and
// spec/2025-12-12/openapi/openapi.agentic_checkout_webhook.yaml, read
// 2026-11-22. All objects are closed there.
//
// Functions are pure and safe for concurrent use.
//
// It may import what stands below it in translate, older dates,
// gateway/commerce and third-party packages.
package v20251212

// Date is the API-Version of this package.
const Date = "2025-12-12"
