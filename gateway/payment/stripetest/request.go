package stripetest

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Request is one arrival, for tests that count them.
type Request struct {
	Op      Op
	Method  string
	Path    string
	Key     string // Idempotency-Key
	Version string // Stripe-Version
	Form    url.Values
	Header  http.Header
	At      time.Time
	// Status is what was answered, or would have been, had the reply not been cut; 0 while it runs or when the request was cut.
	Status int
	// Replayed says that the answer came out of the store.
	Replayed bool
}

// keptRequests bounds the memory of a server that stays up.
const keptRequests = 20_000

// record notes an arrival. The caller holds the lock.
func (s *Server) record(r Request) *Request {
	s.arrivals[r.Op]++
	if len(s.requests) == keptRequests {
		s.requests = slices.Delete(s.requests, 0, keptRequests/2)
	}
	s.requests = append(s.requests, &r)
	return &r
}

// Requests are the arrivals so far, oldest first, without their credentials; of very many, the newest 10,000 at least.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, 0, len(s.requests))
	for _, r := range s.requests {
		out = append(out, *r)
	}
	return out
}

// Arrivals counts all requests of one call.
func (s *Server) Arrivals(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrivals[op]
}
