package limits_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var common = config.Limits{RequestsPerSecond: 10, Burst: 5, CompletesPerMinute: 6, RejectedCodesPerMinute: 3}

func newLimiter() (*limits.Limiter, *clock.Manual) {
	c := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	return limits.New([]config.Agent{
		{Name: "a"}, {Name: "b", Limits: &config.AgentLimits{Burst: 2, CompletesPerMinute: 60}},
	}, common, c), c
}

// until takes until it is refused, and returns how often it was not and when to come again.
func until(t *testing.T, take func(string) error, agent string) (n int, wait time.Duration) {
	t.Helper()
	for ; n < 1000; n++ {
		if err := take(agent); err != nil {
			f, ok := errors.AsType[*commerce.Fault](err)
			if !ok || f.Kind != commerce.TooManyRequests || f.RetryAfter <= 0 {
				t.Fatalf("error = %v", err)
			}
			return n, f.RetryAfter
		}
	}
	t.Fatal("there is no limit")
	return 0, 0
}

func want(t *testing.T, what string, n int, wait time.Duration, wantN int, wantWait time.Duration) {
	t.Helper()
	if n != wantN || (wait-wantWait).Abs() > time.Millisecond {
		t.Errorf("%s: %d and a wait of %s, want %d and %s", what, n, wait, wantN, wantWait)
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	l, c := newLimiter()
	n, wait := until(t, l.Call, "a")
	want(t, "requests", n, wait, 5, 100*time.Millisecond)
	// What is refused costs nothing: the wait does not grow.
	n, wait = until(t, l.Call, "a")
	want(t, "requests at once again", n, wait, 0, 100*time.Millisecond)
	c.Advance(300 * time.Millisecond)
	n, wait = until(t, l.Call, "a")
	want(t, "requests after a while", n, wait, 3, 100*time.Millisecond)
	c.Advance(time.Hour)
	n, _ = until(t, l.Call, "a")
	want(t, "requests after an hour", n, 0, 5, 0)

	// Completes have a bucket of their own, and every agent has its own.
	n, wait = until(t, l.Complete, "a")
	want(t, "completes", n, wait, 6, 10*time.Second)
	n, wait = until(t, l.Call, "b")
	want(t, "requests of another agent", n, wait, 2, 100*time.Millisecond)
	n, wait = until(t, l.Complete, "b")
	want(t, "completes of another agent", n, wait, 60, time.Second)
}

func TestCodes(t *testing.T) {
	t.Parallel()
	l, c := newLimiter()
	for range 100 { // codes that are good cost nothing
		if err := l.Codes("a"); err != nil {
			t.Fatal(err)
		}
		l.Rejected("a", 0)
	}
	l.Rejected("a", 2)
	if err := l.Codes("a"); err != nil {
		t.Error(err)
	}
	l.Rejected("a", 1)
	_, wait := until(t, l.Codes, "a")
	want(t, "codes", 0, wait, 0, 20*time.Second)
	if err := l.Codes("b"); err != nil {
		t.Errorf("another agent pays for it: %v", err)
	}
	c.Advance(19 * time.Second)
	until(t, l.Codes, "a")
	c.Advance(1100 * time.Millisecond)
	if err := l.Codes("a"); err != nil {
		t.Error(err)
	}
	// However many were rejected side by side, ten more minutes are the most.
	for range 50 {
		l.Rejected("a", 1000)
	}
	_, wait = until(t, l.Codes, "a")
	if wait > 621*time.Second || wait < 600*time.Second {
		t.Errorf("a wait of %s", wait)
	}
	c.Advance(wait)
	if err := l.Codes("a"); err != nil {
		t.Error(err)
	}
}

// TestUnknownAgents: only agents of the configuration have buckets; anybody else was turned away before.
func TestUnknownAgents(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter()
	for range 100 {
		l.Rejected("stranger", 9)
		if err := errors.Join(l.Call("stranger"), l.Complete("stranger"), l.Codes("stranger")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSideBySide(t *testing.T) {
	t.Parallel()
	l, _ := newLimiter()
	var taken atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if l.Call("a") == nil {
				taken.Add(1)
			}
			l.Rejected("a", 1)
			_ = l.Codes("a")
		})
	}
	all.Wait()
	if taken.Load() != 5 {
		t.Errorf("%d requests were let through, want 5", taken.Load())
	}
}
