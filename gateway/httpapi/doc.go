// Package httpapi carries ACP over REST: routes, headers, limits and TLS around the pipeline of package acp, and nothing of the
// protocol's meaning.
//
// Start with [NewHandler] for the routes and with [NewServer] for the listener. Every answer is JSON, refusals are flat ACP errors from
// the one table of package acp, and each answer carries the Request-Id. The exceptions are the requests that net/http itself refuses
// before any handler sees them: broken header lines, contradicting lengths and headers over the limit get its own short 4xx.
//
// No header takes part in authentication but Authorization. X-Forwarded-Host finds a shop only when it comes over plain HTTP from a
// trusted proxy.
//
// The package may import acp, telemetry, commerce, clock and otelhttp.
package httpapi
