// Package commerce is the one language that Postern speaks inside: money, quantities, carts, quotes, sessions, orders, events and
// faults. It holds values and rules and does no I/O.
//
// Start with [Session], which is what an agent sees; [Cart] is the state that the agent wishes for and [Quote] is how the shop
// priced it. [Snapshot] is an order as the shop tells it, [Order] the same order as an agent is told. [Fault] is everything that
// can go wrong, as a closed set of kinds.
//
// The model can carry all five published dates of the Agentic Commerce Protocol (spec folders 2025-09-29 to 2026-04-17, read
// 2026-11-22); a test in translate walks every property of their schemas. Wire JSON, shop JSON and Stripe are unknown here.
//
// Every amount is an int64 in minor units of its currency (see [Currency.Digits]); a name never repeats it. Values are plain data:
// the zero value is "nothing known", copies share slices, and nothing is safe for concurrent writing.
//
// The package imports the standard library only.
package commerce
