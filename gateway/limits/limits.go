// Package limits bounds how often an agent may ask: so many requests a second, so many completes a minute, and so many discount codes
// that the shop rejects, because whoever may guess without end guesses every code (ACP rfc.discount_extension 11, read 2026-11-22).
//
// Start with [New]. Each rate is a token bucket of each agent, made with the configuration: nobody else has one, so that strangers
// take up no memory and one agent's flood leaves the others their own. Buckets live in memory and are full at the start of a process.
//
// The package imports config, commerce, clock and x/time/rate.
package limits

import (
	"math"
	"time"

	"golang.org/x/time/rate"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// Limiter holds the buckets of all agents. Make it with [New]. It is safe for concurrent use.
type Limiter struct {
	clock  clock.Clock
	agents map[string]buckets
}

// buckets are those of one agent.
type buckets struct {
	calls, completes, codes *rate.Limiter
}

// New makes full buckets. Rates come from a configuration that was checked; see [config.Limits.Of].
func New(agents []config.Agent, l config.Limits, c clock.Clock) *Limiter {
	all := &Limiter{clock: c, agents: make(map[string]buckets, len(agents))}
	for _, a := range agents {
		r := l.Of(a)
		all.agents[a.Name] = buckets{
			calls:     rate.NewLimiter(rate.Limit(r.RequestsPerSecond), r.Burst),
			completes: perMinute(r.CompletesPerMinute),
			codes:     perMinute(r.RejectedCodesPerMinute),
		}
	}
	return all
}

// perMinute is a bucket that fills in a minute.
func perMinute(n int) *rate.Limiter { return rate.NewLimiter(rate.Limit(n)/60, n) }

// Call takes one request out of the agent's bucket. When it is empty it fails with TooManyRequests and when to come again.
func (l *Limiter) Call(agent string) error {
	return l.take(l.agents[agent].calls, "requests")
}

// Complete takes one complete out of the agent's bucket, as Call does a request.
func (l *Limiter) Complete(agent string) error {
	return l.take(l.agents[agent].completes, "completes")
}

// Codes refuses a request that carries discount codes while the agent's bucket of rejected ones is empty, as Call does. It takes
// nothing out.
func (l *Limiter) Codes(agent string) error {
	b := l.agents[agent].codes
	if b == nil {
		return nil
	}
	if missing := 1 - b.TokensAt(l.clock.Now()); missing > roundingError {
		return tooMany("rejected discount codes", time.Duration(missing/float64(b.Limit())*float64(time.Second)))
	}
	return nil
}

// roundingError is what may be missing in a bucket that has had all the time that it needed.
const roundingError = 1e-6

// maxDebt is how many minutes of rejected codes an agent may owe. Requests that run side by side are all let in before the first is
// judged; a debt of one minute would let a guesser have hundreds of guesses each minute.
const maxDebt = 10

// Rejected takes n discount codes that the shop has rejected out of the agent's bucket. Requests that ran side by side may leave it in
// debt, for up to [maxDebt] minutes.
func (l *Limiter) Rejected(agent string, n int) {
	b := l.agents[agent].codes
	if b == nil || n <= 0 {
		return
	}
	now := l.clock.Now()
	n = min(n, int(math.Floor(b.TokensAt(now)))+maxDebt*b.Burst())
	for ; n > 0; n -= b.Burst() {
		b.ReserveN(now, min(n, b.Burst()))
	}
}

// take takes one out of b. An agent without buckets is unknown to the configuration and was turned away before.
func (l *Limiter) take(b *rate.Limiter, what string) error {
	if b == nil {
		return nil
	}
	now := l.clock.Now()
	r := b.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait <= 0 {
		return nil
	}
	r.CancelAt(now) // what is refused costs nothing
	return tooMany(what, wait)
}

func tooMany(what string, wait time.Duration) error {
	return &commerce.Fault{Kind: commerce.TooManyRequests, Message: "too many " + what + "; wait as long as Retry-After says and send the request again", RetryAfter: wait}
}
