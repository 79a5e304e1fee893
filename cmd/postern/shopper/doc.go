// Package shopper is an ACP agent: it creates, changes and completes checkouts at any ACP seller, in every published date, over REST or
// MCP, for the demo and for postern buy.
//
// Start at [New] and [Shopper.Session], which sends one call and reads the session that comes back. [Errand] is a whole purchase, told
// step by step. What the dates differ in stands in one table, dates.go; write.go and read.go are what is made of it.
//
//	shopper.go    the agent's calls; refusal.go what a seller answers instead
//	rest.go       calls over HTTP; mcp.go the same as MCP tools, with JSON-RPC of its own
//	dates.go      the facts of each date; write.go requests, read.go sessions, event.go events
//	discovery.go  what a seller says of itself
//	errand.go     a purchase from discovery to the order; plain.go messages in plain words; narrator.go lines for a person
//
// It knows the protocol from the published schemas (read 2026-11-22) and shares no types with translate, so that a mistake there cannot
// hide here. It may import gateway/clock and gateway/commerce (for the digits of currencies); the postern command and the demo import it.
package shopper
