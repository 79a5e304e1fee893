// Package conformance is an ACP agent and a webhook receiver that hold a seller against the specification: 120 statements, each a
// named check with its source, for every published date and both transports.
//
// It is written from the specification alone and shares no wire types with the gateway: requests are raw JSON, answers are read as
// generic JSON by path. So it finds what both ends of a shared mistake would hide, and it can be pointed at any ACP seller.
//
// Start at [Statements], the list, and at [Run], which tries a seller. A statement passes, fails with what was sent and what came, or is
// skipped with a reason: it does not apply to the date or the transport, or the target offers no way to see it. What a seller's test
// environment can offer, so that money, orders, events and time become visible, is the HTTP contract of [Harness].
//
//	statement.go   what a statement is; statements_test.go proves that all are there
//	run.go         a run; report*.go its result as text, JSON and JUnit
//	trial.go       one statement under way: calls, expectations, how it ends
//	agent.go       calls over REST; mcp.go over MCP, with JSON-RPC of its own
//	dialect.go     what requests look like in each date; session.go how answers are read
//	receiver.go    the agent's end of the events
//	schema.go      the published schemas, where a folder with them is given; shape.go what is asserted where there is none
//
// All other files are families of statements. The package may import gateway/clock and modules from outside; the postern command, the
// tests and e2e import it.
package conformance
