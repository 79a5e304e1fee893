package checkout

import (
	"context"
	"sync"
)

// locks holds one lock for each session that is being worked on, so that two requests do not write one shop cart at the same time.
// It protects the shop's cart only; what is stored is protected by the store's conditions. The zero value is ready.
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

// lock is taken by sending to taken, which has room for one.
type lock struct {
	taken chan struct{}
	users int
}

// acquire waits for the lock of id and returns its release, or fails with Unavailable when ctx ends first.
func (l *locks) acquire(ctx context.Context, id string) (release func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[string]*lock)
	}
	k := l.held[id]
	if k == nil {
		k = &lock{taken: make(chan struct{}, 1)}
		l.held[id] = k
	}
	k.users++
	l.mu.Unlock()
	select {
	case k.taken <- struct{}{}:
		return func() {
			<-k.taken
			l.leave(id, k)
		}, nil
	case <-ctx.Done():
		l.leave(id, k)
		return nil, unavailable("begin while another request for the session runs", context.Cause(ctx))
	}
}

// leave forgets a lock that nobody uses any more.
func (l *locks) leave(id string, k *lock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if k.users--; k.users == 0 {
		delete(l.held, id)
	}
}
