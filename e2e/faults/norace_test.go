//go:build !race

package faults_test

// How many tests run side by side, and by how much the waits are longer than on a quick machine.
const (
	sideBySide = 16
	patience   = 1
)
