// Package gateway is Postern wired together.
//
// (The tour is written when the house stands.)
package gateway
