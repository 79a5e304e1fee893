package stripetest

import (
	"net/http"
	"net/url"
	"time"
)

// keyLife is how long a key is remembered. Afterwards the same key executes anew.
// Source: docs.stripe.com/api/idempotent_requests.
const keyLife = 24 * time.Hour

// stored is the result under one idempotency key.
type stored struct {
	method, path, form string
	at                 time.Time
	running            bool
	requestID          string
	status             int
	body               []byte
}

// idempotent runs the call once per key: it replays a stored result, refuses other parameters, and refuses a second request while
// the first runs. Reads and requests without a key just run. The caller holds the lock, which is let go while latency passes.
func (s *Server) idempotent(r *http.Request, rt route, c *call, form url.Values) (answer, *apiError) {
	if c.key == "" {
		if failure := s.delay(rt, c); failure != nil {
			return answer{}, failure
		}
		out, _ := s.perform(rt, c, form)
		return out, nil
	}
	if _, ok := s.strike(rt.op, KeyInUse); ok {
		return answer{}, keyInUse(c.key)
	}
	encoded := form.Encode()
	if old, ok := c.account.stored[c.key]; ok {
		switch {
		case old.running:
			return answer{}, keyInUse(c.key)
		case c.now.Sub(old.at) >= keyLife:
			// Forgotten: it runs again, as at Stripe.
		case old.method != r.Method || old.path != r.URL.Path:
			return answer{}, keyReused("Keys for idempotent requests can only be used for the same endpoint they were first used for.")
		case old.form != encoded:
			return answer{}, keyReused("Keys for idempotent requests can only be used with the same parameters they were first used with.")
		default:
			return answer{status: old.status, body: old.body, original: old.requestID}, nil
		}
	}
	entry := &stored{method: r.Method, path: r.URL.Path, form: encoded, at: c.now, running: true, requestID: c.requestID}
	c.account.stored[c.key] = entry
	if failure := s.delay(rt, c); failure != nil {
		delete(c.account.stored, c.key)
		return answer{}, failure
	}
	out, store := s.perform(rt, c, form)
	if !store {
		delete(c.account.stored, c.key)
		return out, nil
	}
	entry.running, entry.status, entry.body = false, out.status, out.body
	return out, nil
}

// delay lets the lock go while ordered latency passes. It fails only when the server ends meanwhile.
func (s *Server) delay(rt route, c *call) *apiError {
	f, ok := s.strike(rt.op, Latency)
	if !ok {
		return nil
	}
	s.mu.Unlock()
	err := s.wait(f.delay())
	s.mu.Lock()
	if err != nil {
		return unavailable()
	}
	c.now = s.clock.Now()
	s.sweep(c.now)
	return nil
}
