package checkout

import "sync"

// locks holds one lock for each session that is being worked on, so that two requests do not write one shop cart at the same time.
// It protects the shop's cart only; what is stored is protected by the store's conditions. The zero value is ready.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	sync.Mutex
	users int
}

// acquire waits for the lock of id and returns its release.
func (l *locks) acquire(id string) (release func()) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[string]*lock)
	}
	k := l.held[id]
	if k == nil {
		k = &lock{}
		l.held[id] = k
	}
	k.users++
	l.mu.Unlock()
	k.Lock()
	return func() {
		k.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.users--; k.users == 0 {
			delete(l.held, id)
		}
	}
}
