// Package medusa drives a real Medusa shop through Medusa's own admin API, so that the end-to-end run can seed it
// before an agent buys from it and ask it afterwards what it holds. It knows nothing of Postern: what it reads back
// is the shop's own word, and a fault in an adapter cannot hide behind it.
//
// Start with [Open] and [Shop.Seed]; .ci/medusa.sh starts the shop itself. README.md records how this version of
// Medusa answers.
//
// It imports the standard library and shopspring/decimal, nothing of the product.
package medusa
