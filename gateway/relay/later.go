package relay

import (
	"slices"
	"sync"
	"time"
)

const (
	strangerTTL     = time.Hour      // how long an unknown order may still become ours: far longer than most completions take
	unreadableTTL   = 24 * time.Hour // how long an order that cannot be read is tried
	unreadableTries = 8              // polls in which one order may hold up the feed
	maxStrangers    = 512            // unknown orders that wait for another look, so that a busy shop cannot fill the memory
	maxOwn          = 8192           // orders of ours that do
)

// later holds orders to look at once more, oldest first. Strangers give way to newer strangers and never take the place of an order of
// ours. Its zero value is ready; it is safe for concurrent use.
type later struct {
	mu   sync.Mutex
	refs []laterRef
}

type laterRef struct {
	ref   string
	until time.Time
	ours  bool
	tries int  // of the feed that failed
	told  bool // to an operator
}

// stranger remembers ref, unless it waits already.
func (l *later) stranger(ref string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.find(ref) >= 0 {
		return
	}
	if l.count(false) >= maxStrangers {
		oldest := slices.IndexFunc(l.refs, func(r laterRef) bool { return !r.ours })
		l.refs = slices.Delete(l.refs, oldest, oldest+1)
	}
	l.refs = append(l.refs, laterRef{ref: ref, until: until})
}

// own remembers ref as an order of ours; one that waited as a stranger becomes ours. It returns false, and remembers nothing, when too
// many wait.
func (l *later) own(ref string, until time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.note(ref, until) != nil
}

// fail counts one more failed try of an order of ours and returns how many there were; ok is false when too many wait.
func (l *later) fail(ref string, until time.Time) (tries int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.note(ref, until)
	if r == nil {
		return 0, false
	}
	r.tries++
	r.told = true
	return r.tries, true
}

// tell reports whether ref waits and an operator was not told of it yet, and notes that he is.
func (l *later) tell(ref string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.find(ref)
	if n < 0 || l.refs[n].told {
		return false
	}
	l.refs[n].told = true
	return true
}

// note is the entry of ref as one of ours, or nil when too many wait.
func (l *later) note(ref string, until time.Time) *laterRef {
	n := l.find(ref)
	switch {
	case n >= 0 && l.refs[n].ours:
		return &l.refs[n]
	case l.count(true) >= maxOwn:
		return nil
	case n < 0:
		l.refs = append(l.refs, laterRef{ref: ref})
		n = len(l.refs) - 1
	}
	l.refs[n].ours, l.refs[n].until = true, until
	return &l.refs[n]
}

func (l *later) find(ref string) int {
	return slices.IndexFunc(l.refs, func(r laterRef) bool { return r.ref == ref })
}

func (l *later) count(ours bool) (n int) {
	for _, r := range l.refs {
		if r.ours == ours {
			n++
		}
	}
	return n
}

// done forgets ref.
func (l *later) done(ref string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refs = slices.DeleteFunc(l.refs, func(r laterRef) bool { return r.ref == ref })
}

// expire forgets ref if its time has passed, and reports whether it did.
func (l *later) expire(ref string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := len(l.refs)
	l.refs = slices.DeleteFunc(l.refs, func(r laterRef) bool { return r.ref == ref && !now.Before(r.until) })
	return len(l.refs) < before
}

func (l *later) list() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	refs := make([]string, len(l.refs))
	for n, r := range l.refs {
		refs[n] = r.ref
	}
	return refs
}
