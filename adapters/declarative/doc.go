// Package declarative makes an adapter of any cart and order API out of a YAML description, without code.
//
// Start with [New]. A description lists operations as ordered steps; a step is one HTTP call with a condition, a loop, a body and error
// rules. Every mapping and condition is a jq expression, compiled once when the file is loaded; all problems of a file are reported
// together, each with its line and the expression that failed. docs/declarative.md is the reference of the language.
//
// Three things are not left to the author of a description. Money: shops' amounts are exact text until the adapter rounds the whole
// quote by the declared rule, and arithmetic on them by anything but the money functions is refused when the file is loaded. Outcomes:
// a write whose answer is lost, broken or followed by any failure is unknown, never refused. Placing: a description whose lost order
// could not be found again is refused with the reason.
//
// The files, in the order of a call: load.go and load_operation.go compile the description, reads.go derives facts from what it reads;
// declarative.go is the contract; input.go is what expressions see; run.go makes the calls and rule.go reads refusals; result.go, the
// quote files, charges.go, discount.go, order.go, item.go and feed.go read results, in which plain.go leaves no markup; round.go rounds;
// continue.go makes the link into the shop. The package imports adapters, shopclient, commerce, clock and config, and never YAML.
package declarative
