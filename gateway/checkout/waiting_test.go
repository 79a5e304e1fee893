package checkout_test

import (
	"context"
	"errors"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestS08_AWaiterHearsItsOwnAttemptOnly lets an attempt that the shop refuses end while another complete of the session stands at any of
// its reads of the store. Whoever came in time to wait for the first attempt hears of its end; whoever came too late begins the second
// attempt and hears of that one alone: an answer of the first would say "not bought" of what is being bought.
func TestS08_AWaiterHearsItsOwnAttemptOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stands string // where the second complete stands while the first attempt ends
		read   int    // which of its reads that is
		waits  bool   // for the first attempt
	}{
		"before it has looked":            {"session", 1, false},
		"after it saw the session bound":  {"sagas", 1, false},
		"after it was listed as a waiter": {"session", 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T, w *world) {
				cs, shop, read := w.create(), w.gate(), w.gate()
				w.shop.place = append(w.shop.place, func(func() commerce.Snapshot) (commerce.Snapshot, error) {
					shop.pass()
					return refuse(commerce.OutOfStock)(nil)
				})
				token := w.token() // the same for both: another one would never be answered by an attempt that it did not begin
				first := w.begin("k1", cs.ID, token)
				shop.wait()
				n := 0
				second := w.beginReading("k2", cs.ID, token, func(what string) error {
					if what == c.stands {
						if n++; n == c.read {
							read.pass()
						}
					}
					return nil
				})
				read.wait()
				shop.open()
				wantMessage(t, (<-first).session(t), commerce.CodeOutOfStock)
				w.at(w.clock.Now())
				if w.row(cs.ID).Live {
					t.Fatal("the first attempt has not ended")
				}
				read.open()
				got := (<-second).session(t)
				if c.waits {
					wantMessage(t, got, commerce.CodeOutOfStock)
					w.unsold(cs.ID)
					return
				}
				w.sold(got)
				if s := w.steps(cs.ID); len(s) != 2 {
					t.Fatalf("attempts: %v", s)
				}
			})
		})
	}
}

// TestS08_AWaiterWhoseReadFailsIsNotListed refuses a complete that cannot see whether the saga still runs, and leaves nobody behind that
// the saga would answer.
func TestS08_AWaiterWhoseReadFailsIsNotListed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, w *world) {
		cs, g := w.create(), w.gate()
		w.shop.place = append(w.shop.place, g.place)
		first := w.begin("k1", cs.ID, w.token())
		g.wait()
		n := 0
		r := <-w.beginReading("k2", cs.ID, w.token(), func(what string) error {
			if what == "session" {
				if n++; n == 2 {
					return errors.New("planted: the disk cannot be read")
				}
			}
			return nil
		})
		wantKind(t, r.err, commerce.Unavailable)
		if c, existing := w.claim("k2"); existing != nil || c.Claim == nil {
			t.Fatalf("the key is kept by %v", existing)
		}
		g.open()
		w.sold((<-first).session(t))
		if !w.row(cs.ID).Answered {
			t.Fatal("the answer of the first complete was lost with that of one that had gone")
		}
	})
}

// join is begin for a complete that finds its session bound. It returns when the saga knows of the complete.
func (w *world) join(key, id, token string) <-chan result {
	w.t.Helper()
	listed, reads := make(chan struct{}), 0
	answered := w.beginReading(key, id, token, func(what string) error {
		if what == "session" {
			if reads++; reads == 2 { // the look whether the saga still runs comes after it was told
				close(listed)
			}
		}
		return nil
	})
	<-listed
	return answered
}

// beginReading is begin with reads of the store that are announced.
func (w *world) beginReading(key, id, token string, hook func(string) error) <-chan result {
	w.t.Helper()
	c, answered := w.call(key), make(chan result, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithValue(w.t.Context(), readHook{}, hook), w.deadline)
		defer cancel()
		a, err := w.completeUntil(ctx, c, id, token)
		answered <- result{a, err}
	}()
	return answered
}
