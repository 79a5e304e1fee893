package checkout

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/store"
)

// waiting holds the completes that wait for a saga of their session to end, and when each such saga was last asked for. The zero value
// is ready.
type waiting struct {
	mu    sync.Mutex
	by    map[string][]*waiter
	asked map[string]time.Time
}

// waiter is one complete. Whoever takes it out of waiting must send exactly one verdict.
type waiter struct {
	call    Call
	token   [sha256.Size]byte
	verdict chan verdict
}

// verdict is how a saga ended for one waiter: an answer, an error, or the advice to look again.
type verdict struct {
	answer store.Answer
	err    error
	again  bool
}

func (w *waiting) add(id string, c Call, token [sha256.Size]byte) *waiter {
	n := &waiter{call: c, token: token, verdict: make(chan verdict, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by, w.asked = make(map[string][]*waiter), make(map[string]time.Time)
	}
	w.by[id] = append(w.by[id], n)
	return n
}

// ask notes that n wants a saga of its session to go on. It notes nothing when a saga has just ended and spoken to n.
func (w *waiting) ask(id string, n *waiter, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Contains(w.by[id], n) {
		w.asked[id] = now
	}
}

// remove takes n out and reports whether it was still there; if not, a verdict is on its way.
func (w *waiting) remove(id string, n *waiter) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.by[id], n)
	if i < 0 {
		return false
	}
	if w.by[id] = slices.Delete(w.by[id], i, i+1); len(w.by[id]) == 0 {
		delete(w.by, id)
	}
	return true
}

// take takes all waiters of a session out.
func (w *waiting) take(id string) []*waiter {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.by[id]
	delete(w.by, id)
	return all
}

// lastAsked is when somebody last wanted the session completed, at least since.
func (w *waiting) lastAsked(id string, since time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at := w.asked[id]; at.After(since) {
		return at
	}
	return since
}

// forget drops the memory of when a session was asked for, once its saga has ended.
func (w *waiting) forget(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.asked, id)
}
