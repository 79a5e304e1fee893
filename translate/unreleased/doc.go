// Package unreleased speaks the folder of that name in the ACP repository: what
// the next date may be. It turns request bodies into commerce values and
// commerce values into answers and webhook events. A gateway serves it only
// where it is configured to.
//
// Start at EncodeSession. To 2026-04-17 it adds, in requests alone, a suggested
// price in an item and fulfillment details on complete; answers, carts, orders
// and events are those of 2026-04-17, whose order was aligned with it in place.
// Source: spec/unreleased (json-schema/schema.agentic_checkout.json,
// json-schema/schema.cart.json, openapi/openapi.agentic_checkout_webhook.yaml),
// read 2026-11-22.
//
// Functions are pure and safe for concurrent use.
//
// It may import what stands below it in translate, the dates, gateway/commerce
// and third-party packages.
package unreleased

// Date is the API-Version of this package.
const Date = "unreleased"
