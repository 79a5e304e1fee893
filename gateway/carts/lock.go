package carts

import (
	"context"
	"hash/maphash"
	"sync"
)

// locks keeps two requests of one process from writing one shop cart at the same time. It protects the shop's cart only; what is stored
// is protected by the store's conditions. Two carts may share a lock and wait for each other. The zero value is ready.
type locks struct {
	once sync.Once
	seed maphash.Seed
	held [64]chan struct{}
}

// acquire waits for the lock of id and returns its release, or fails with Unavailable when ctx ends first.
func (l *locks) acquire(ctx context.Context, id string) (release func(), err error) {
	l.once.Do(func() {
		l.seed = maphash.MakeSeed()
		for i := range l.held {
			l.held[i] = make(chan struct{}, 1)
		}
	})
	held := l.held[maphash.String(l.seed, id)%uint64(len(l.held))]
	select {
	case held <- struct{}{}:
		return func() { <-held }, nil
	case <-ctx.Done():
		return nil, unavailable("begin while another request for the cart runs", context.Cause(ctx))
	}
}
