// Package mcpapi carries ACP over the Model Context Protocol: tools instead of paths, around the pipeline of package acp, and nothing of
// the protocol's meaning. The binding is ACP's of 2026-04-17 (docs/mcp-binding.md and openrpc.agentic_checkout.json, read 2026-11-22).
//
// Start with [New]. The official SDK speaks MCP (Streamable HTTP); what stands in front of it is in door.go: who may come in at all,
// before the body is read. tools.go is the table of tools, envelope.go reads a tool's arguments, answer.go writes what the pipeline said.
//
// The endpoint is stateless: each POST is answered by itself and in full, GET and DELETE are answered 405 as MCP allows. Everything that
// lasts longer than a call is in the ACP session, which has an id of its own, so that an MCP session would only be something to lose at
// a restart, to bound and to hijack. For the same reason there is nothing that the server would send by itself.
//
// A payload reaches the pipeline as the bytes that came, so that what REST refuses is refused here (keys that stand twice, bad UTF-8,
// numbers beyond 2^53) and an idempotency key means the same over both. The SDK hands the arguments on as raw JSON; a test holds it to it.
// Of the JSON around the payload a key that stands twice is refused in the arguments and in meta; above them the SDK takes the last.
//
// The answer to a call is REST's, to the letter: as structured content and as its text, or as the data of a JSON-RPC error. A param in an
// error is therefore REST's path, $.line_items, and not $.payload.line_items.
//
// The package may import acp, config, commerce, clock and the SDK.
package mcpapi
