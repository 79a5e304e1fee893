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
	maxLater        = 512            // orders that wait for another look, so that a busy shop cannot fill the memory
)

// later holds orders to look at once more, oldest first. Its zero value is ready; it is safe for concurrent use.
type later struct {
	mu   sync.Mutex
	refs []laterRef
}

type laterRef struct {
	ref   string
	until time.Time
	tries int
}

// add remembers ref, unless it waits already.
func (l *later) add(ref string, until time.Time) { l.note(ref, until, 0) }

// fail counts one more failed try of ref and returns how many there were.
func (l *later) fail(ref string, until time.Time) int { return l.note(ref, until, 1) }

func (l *later) note(ref string, until time.Time, failed int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := slices.IndexFunc(l.refs, func(r laterRef) bool { return r.ref == ref })
	if n < 0 {
		if len(l.refs) == maxLater {
			l.refs = slices.Delete(l.refs, 0, 1)
		}
		l.refs = append(l.refs, laterRef{ref: ref, until: until})
		n = len(l.refs) - 1
	}
	l.refs[n].tries += failed
	return l.refs[n].tries
}

// done forgets ref.
func (l *later) done(ref string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refs = slices.DeleteFunc(l.refs, func(r laterRef) bool { return r.ref == ref })
}

// expire forgets ref if its time has passed.
func (l *later) expire(ref string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refs = slices.DeleteFunc(l.refs, func(r laterRef) bool { return r.ref == ref && !now.Before(r.until) })
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
