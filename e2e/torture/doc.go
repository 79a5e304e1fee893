// Package torture buys through the real program while it is killed with -9 at random, before a shop that loses replies, answers 500
// after it has placed an order, and places orders late, and before a Stripe that does the same with money.
//
// Start with TestTorture (build tag e2e). It runs the program as a child process from a binary that it builds; the shop and Stripe
// outlive it in the test's own process, as the real ones would. The package is imported by nobody.
package torture
