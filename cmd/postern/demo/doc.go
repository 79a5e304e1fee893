// Package demo shows what the gateway does, on one machine and without any account: an agent buys from an old shop that knows nothing
// of agents.
//
// Start at [Open], which starts the four parties on loopback ports of their own: the shop of package shop, a stateful Stripe, the
// agent's webhook receiver, and a gateway that reads a real gateway.yaml and speaks to the shop through shop.yaml alone.
// [Demo.Buy] is the story: an agent, that of package shopper, creates, changes and completes
// a checkout, and every step is checked against what Stripe's ledger, the shop's books and the signed events say. [Demo.Stay] keeps
// everything up for a person with curl.
//
//	demo.go      Open, Close and what a caller learns
//	world.go     the four parties and their configuration
//	story.go     the steps of the purchase; books.go what is checked after them
//	agent.go     the agent of package shopper, with payment tokens
//	receiver.go  the agent's webhook receiver, which verifies signatures with code of its own
//	screen.go    lines in columns; try.go the curl lines
//	harness*.go  what the conformance suite may see and move: money, orders, events, time; callers.go its agents, issuer.go who vouches
//	             for their buyers, clock.go the time that all parties share, running.go how other commands find a demo that stays up
//	             and attach.go what they see of it
//
// It may import every package of the module but translate: what it knows of ACP it must know from the specification. It is imported
// by the postern command only.
package demo
