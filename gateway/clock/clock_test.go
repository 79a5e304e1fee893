package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
)

func TestSystemSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.System()
		began := c.Now()
		if err := c.Sleep(t.Context(), time.Hour); err != nil || c.Now().Sub(began) != time.Hour {
			t.Errorf("slept %s, %v", c.Now().Sub(began), err)
		}
		if began.Location() != time.UTC {
			t.Errorf("the time is told in %s", began.Location())
		}
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		go cancel(why)
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, why) {
			t.Errorf("woken with %v", err)
		}
	})
}

func TestManualMovesByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := clock.NewManual(time.Unix(1000, 0))
		woken := make(chan error, 1)
		go func() { woken <- m.Sleep(t.Context(), time.Minute) }()
		synctest.Wait()
		m.Advance(59 * time.Second)
		synctest.Wait()
		select {
		case err := <-woken:
			t.Fatalf("woken a second too early: %v", err)
		default:
		}
		m.Advance(time.Second)
		if err := <-woken; err != nil || m.Now().Unix() != 1060 {
			t.Errorf("%v at %s", err, m.Now())
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { woken <- m.Sleep(ctx, time.Minute) }()
		synctest.Wait()
		cancel()
		if err := <-woken; !errors.Is(err, context.Canceled) {
			t.Errorf("woken with %v", err)
		}
	})
}
