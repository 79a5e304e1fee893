package relay

import (
	"context"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
)

// loop runs a step in a goroutine of its own: at once, when woken, and when the wait that the step returned is over.
type loop struct {
	clock clock.Clock
	wake  chan struct{}

	mu      sync.Mutex
	started bool
	stopped bool
	cancel  context.CancelFunc
	done    chan struct{}
}

func newLoop(c clock.Clock) *loop {
	return &loop{clock: c, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// start begins the loop, once; a stopped loop stays stopped. The loop also ends with ctx.
func (l *loop) start(ctx context.Context, step func(context.Context) time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started || l.stopped {
		return
	}
	l.started = true
	ctx, l.cancel = context.WithCancel(ctx)
	go func() {
		defer close(l.done)
		for ctx.Err() == nil {
			l.pause(ctx, step(ctx))
		}
	}()
}

// stop ends the loop and waits until its step has returned. The second call does nothing.
func (l *loop) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	if l.started {
		l.cancel()
		<-l.done
	}
}

// poke makes the next step run now. It never blocks.
func (l *loop) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// pause waits for d, for a poke or for the end of ctx. A poke that comes while the wait ends is not lost: the next step runs after it
// either way.
func (l *loop) pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-l.wake:
			cancel()
		case <-ctx.Done():
		}
	})
	_ = l.clock.Sleep(ctx, d) // whatever ended the wait, the step is next
	cancel()
	watch.Wait()
}
