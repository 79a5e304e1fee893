package httpapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
)

const (
	// readyFor is how long an answer of the check is repeated: anybody may ask, and the check writes to the store.
	readyFor = time.Second
	// readyWithin bounds the check.
	readyWithin = 2 * time.Second
)

// readiness remembers whether calls can be answered.
type readiness struct {
	clock clock.Clock
	ask   func(context.Context) error

	mu    sync.Mutex
	asked time.Time
	last  error
}

func newReadiness(c clock.Clock, ask func(context.Context) error) *readiness {
	return &readiness{clock: c, ask: ask}
}

// check asks, or repeats what was said within the last second. Others wait for an answer that is on its way.
func (r *readiness) check(q *http.Request) error {
	if r.ask == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.clock.Now(); r.asked.IsZero() || now.Sub(r.asked) >= readyFor {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), readyWithin)
		defer cancel()
		r.last = r.ask(ctx)
		r.asked = r.clock.Now()
	}
	return r.last
}
