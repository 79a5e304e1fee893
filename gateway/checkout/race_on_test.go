//go:build race

package checkout_test

// slow is by how much the race detector stretches what a test does.
const slow = 4
