//go:build race

package faults_test

// The race detector makes everything many times slower: fewer worlds at once, and more patience with each.
const (
	sideBySide = 6
	patience   = 4
)
