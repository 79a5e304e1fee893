// Package acpagent is what the end-to-end tests share of an agent that speaks ACP over HTTP: the bodies that it sends, the check of a
// signed event, and a log that goroutines may write.
//
// Start with [Payment]. The package is written from the published description and imports the standard library only, so that it shares
// no wire type with the gateway. Only tests under e2e import it.
package acpagent
