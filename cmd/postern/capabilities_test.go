package main

// capability is a row of the README's table: what can be had, and the statements of the conformance suite that prove it. A name that ends
// in "-*" is a whole family.
type capability struct {
	name   string
	proofs []string
}

// capabilities are the rows. Every statement of the suite stands in at least one; TestReadmeTable sees to it.
var capabilities = []capability{
	{"All dates side by side: one session read and changed in any of them", []string{"GEN-04", "GEN-05", "GEN-08", "GEN-09"}},
	{"Checkout: create", []string{"CRE-*"}},
	{"Checkout: read and update", []string{"GET-*", "UPD-*"}},
	{"Checkout: complete with one order and one charge, or neither", []string{"CMP-*", "IDM-13", "IDM-16"}},
	{"Checkout: cancel, with intent traces", []string{"CAN-*"}},
	{"Statuses and expiry of each date", []string{"STA-*"}},
	{"Errors, and members that nobody knows", []string{"GEN-02", "GEN-03", "GEN-06", "GEN-07", "GEN-11"}},
	{"Agents see their own sessions only", []string{"GEN-01", "GEN-10"}},
	{"Idempotency, through restarts and over both transports", []string{"IDM-*", "MCP-04"}},
	{"Fulfillment options", []string{"CRE-09", "UPD-04", "UPD-05", "UPD-06"}},
	{"Messages, markdown, order notes", []string{"MSG-*"}},
	{"Totals to the minor unit", []string{"TOT-*"}},
	{"Discount codes and automatic discounts", []string{"DSC-*"}},
	{"Capability negotiation, extensions", []string{"CAP-*"}},
	{"Shared Payment Tokens (Stripe)", []string{"CMP-02", "CMP-03", "CMP-06", "CMP-07", "PAY-01", "PAY-02", "TOT-06"}},
	{"3-D Secure", []string{"TDS-*", "STA-02"}},
	{"Saved cards of a proven buyer", []string{"PAY-03"}},
	{"Affiliate attribution", []string{"ATT-*"}},
	{"Marketing consent", []string{"MKT-*"}},
	{"Orders in full: quantities, shipments, refunds", []string{"GET-04", "ORD-*"}},
	{"Order events: signed, retried, in order", []string{"WHK-*"}},
	{"Carts, and from a cart to a checkout", []string{"CRT-*"}},
	{"Discovery", []string{"DIS-*"}},
	{"MCP binding", []string{"MCP-*"}},
	{"Signed requests", []string{"SIG-01"}},
	{"Limits", []string{"DSC-05", "GEN-12"}},
	{"No secret in logs, answers and events", []string{"SEC-01", "GET-03", "WHK-06"}},
}
