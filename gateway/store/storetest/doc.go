// Package storetest is the contract of store.Store as a suite: what passes it is a store.
//
// Start with [Run]; a store that outlives its process also passes [RunReopen]. Every case opens a store of its own. Refusals are tested
// with what must not have been written, not only with the error.
//
// The package is for tests. It imports commerce, store and go-cmp.
package storetest
