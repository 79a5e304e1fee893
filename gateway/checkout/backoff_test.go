package checkout

import (
	"testing"
	"time"
)

// TestRow13_RetriesAreSpread asserts the waits of a step that is tried again and again: doubling, up to a bound, spread by a fifth to
// either side.
func TestRow13_RetriesAreSpread(t *testing.T) {
	t.Parallel()
	const first = 100 * time.Millisecond
	for random, factor := range map[float64]float64{0: 0.8, 0.5: 1, 0.75: 1.1} {
		r := &run{Service: &Service{timing: Timing{Backoff: first}, random: func() float64 { return random }}}
		for n := range 12 {
			want := time.Duration(float64(first<<min(n, 7)) * factor)
			if got := r.backoff(); (got - want).Abs() > time.Microsecond {
				t.Errorf("try %d at %v: %s, want %s", n+1, random, got, want)
			}
		}
	}
	random := New(Config{}).random
	a, b, c := random(), random(), random()
	if a == b && b == c {
		t.Error("the default is not random")
	}
}
