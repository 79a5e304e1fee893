package demo

import (
	"context"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
)

// shiftedClock is another clock that can be moved on while everything runs. All parties of the demo share it, so that a day can pass for
// all of them at once. It is safe for concurrent use.
type shiftedClock struct {
	clock.Clock

	mu    sync.Mutex
	shift time.Duration
	moved chan struct{} // closed when the shift changes
}

func newShiftedClock(c clock.Clock) *shiftedClock {
	return &shiftedClock{Clock: c, moved: make(chan struct{})}
}

// Now is the shifted time.
func (c *shiftedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Clock.Now().Add(c.shift)
}

// Advance moves the time on and wakes the sleepers whose time has come.
func (c *shiftedClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shift += d
	close(c.moved)
	c.moved = make(chan struct{})
}

// Sleep waits until the shifted time has moved on by d.
func (c *shiftedClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	until := c.Now().Add(d)
	for {
		c.mu.Lock()
		left, moved := until.Sub(c.Clock.Now().Add(c.shift)), c.moved
		c.mu.Unlock()
		if left <= 0 {
			return context.Cause(ctx)
		}
		if err := c.sleepUnlessMoved(ctx, left, moved); err != nil {
			return err
		}
	}
}

// sleepUnlessMoved waits for d or until moved is closed. The error is the cause of ctx.
func (c *shiftedClock) sleepUnlessMoved(ctx context.Context, d time.Duration, moved <-chan struct{}) error {
	nap, wake := context.WithCancel(ctx)
	defer wake()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-moved:
			wake()
		case <-stop:
		}
	}()
	if err := c.Clock.Sleep(nap, d); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
