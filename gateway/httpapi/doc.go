// Package httpapi carries ACP over REST: routes, headers, limits and TLS around the pipeline of package acp, and nothing of the
// protocol's meaning.
//
// Start with [NewHandler] for the routes and with [NewServer] for the listener. Every answer is JSON, refusals are flat ACP errors from
// the one table of package acp, and each answer carries the Request-Id. The exceptions are the requests that net/http itself refuses
// before any handler sees them: broken request and header lines, contradicting lengths, foreign transfer encodings and protocol
// versions, headers over the limit. They get its own short text with 400, 431, 501 or 505 and a closed connection. The server has no
// hook for them, and rewriting what it puts on the wire would mean to parse HTTP a second time in front of the parser that was made for
// it, which is how requests get smuggled. An agent that cannot write HTTP does not read ACP either. A test pins what they are told: a
// status and fixed words, nothing of the request.
//
// No header takes part in authentication but Authorization. X-Forwarded-Host finds a shop only when it comes over plain HTTP from a
// trusted proxy.
//
// The package may import acp, telemetry, commerce, clock and otelhttp.
package httpapi
