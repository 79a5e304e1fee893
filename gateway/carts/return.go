package carts

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

var errStopped = errors.New("the gateway is stopping")

const (
	// batch is how many ended carts one look takes on.
	batch = 100
	// firstWait is the pause before a shop is asked again to take a cart back; it doubles up to maxWait.
	firstWait = time.Minute
	maxWait   = time.Hour
	// maxTries is after how many tries, more than a day, a cart is left to the shop's own clean-up.
	maxTries = 32
)

// Start looks for carts that have ended and gives the shops' carts back, until [Service.Stop]. The end of ctx ends it too. A second
// call is a mistake of the caller.
func (s *Service) Start(ctx context.Context) {
	ctx, s.stop = context.WithCancelCause(ctx)
	s.running.Go(func() {
		for ctx.Err() == nil {
			s.ReturnDue(ctx)
			s.pause(ctx)
		}
	})
}

// Stop ends the looking and waits for the call to a shop that is under way. What has not ended is taken up by the next Start. Without
// a Start it does nothing.
func (s *Service) Stop() {
	if s.stop == nil {
		return
	}
	s.stop(errStopped)
	s.running.Wait()
}

// pause waits for the next look: for the time of it, or for a cart that was canceled.
func (s *Service) pause(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	slept := make(chan struct{})
	s.running.Go(func() {
		defer close(slept)
		_ = s.clock.Sleep(ctx, s.poll) // its only error is that ctx has ended
	})
	select {
	case <-slept:
	case <-s.wake:
		cancel()
		<-slept
	}
}

// nudge lets the next look begin at once.
func (s *Service) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // it was nudged already
	}
}

// ReturnDue ends the carts whose time has passed and asks the shops to take back what ended carts held. [Service.Start] calls it again
// and again; tests may call it themselves.
func (s *Service) ReturnDue(ctx context.Context) {
	rows, err := s.store.DueCarts(ctx, s.clock.Now(), batch)
	if err != nil {
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "could not list ended carts", "error", err)
		}
		return
	}
	for _, row := range rows {
		if row.Damaged != nil {
			if _, told := s.toldBad.LoadOrStore(row.ID, true); !told {
				s.log.ErrorContext(ctx, "a cart cannot be read", "alert", "cart_damaged", "cart", row.ID,
					"remedy", "restore the database from a backup; no money hangs on a cart", "error", row.Damaged)
			}
			continue
		}
		if err := s.giveBack(ctx, row.ID); err != nil && !errors.Is(err, store.ErrStale) && ctx.Err() == nil {
			s.log.WarnContext(ctx, "could not give a cart back", "cart", row.ID, "error", err)
		}
	}
}

// giveBack takes one due cart to its end: ended, given back, forgotten. The row is read again under the lock, because a replace may have
// given it new life meanwhile.
func (s *Service) giveBack(ctx context.Context, id string) error {
	release, err := s.locks.acquire(ctx, id)
	if err != nil {
		return err
	}
	defer release()
	row, err := s.store.Cart(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && s.clock.Now().Before(row.DueAt)) {
		return nil
	}
	if err != nil {
		return err
	}
	if !row.Ended { // it has expired, and from here on nobody gives it new life
		row.Ended = true
		if err := s.store.Commit(ctx, store.Batch{Cart: &store.CartWrite{Cart: row, Expect: row.Version}}); err != nil {
			return err
		}
		row.Version++
	}
	kept, err := decode(row)
	if err != nil {
		return err
	}
	refs := slices.DeleteFunc(append(slices.Clone(kept.Left), kept.Cart.Quote.CartRef), func(ref string) bool { return ref == "" })
	shop, ok := s.shops[row.Shop]
	if len(refs) > 0 && (!ok || shop.Upstream.Identity() != kept.Identity) {
		s.log.WarnContext(ctx, "a cart's shop is not configured any more; what it held is left to the shop", "cart", id, "shop", row.Shop)
		refs = nil
	}
	for _, ref := range refs {
		err := shop.Upstream.ReleaseCart(ctx, ref)
		if err == nil {
			continue
		}
		if !passing(err) || kept.Tries >= maxTries {
			s.log.WarnContext(ctx, "the shop did not take a cart back; it is left to the shop", "cart", id, "shop", row.Shop, "error", err)
			continue
		}
		return s.postpone(ctx, row, kept)
	}
	return s.store.Commit(ctx, store.Batch{Cart: &store.CartWrite{Cart: row, Expect: row.Version, Forget: true}})
}

// postpone leaves a cart for later.
func (s *Service) postpone(ctx context.Context, row store.Cart, kept record) error {
	wait := min(firstWait<<min(kept.Tries, 10), maxWait)
	kept.Tries++
	fresh, err := s.row(kept)
	if err != nil {
		return err
	}
	fresh.Ended, fresh.DueAt = true, s.clock.Now().Add(wait)
	return s.store.Commit(ctx, store.Batch{Cart: &store.CartWrite{Cart: fresh, Expect: row.Version}})
}

// passing reports whether the same call may succeed later.
func passing(err error) bool {
	switch commerce.KindOf(err) {
	case commerce.Temporary, commerce.Indeterminate, commerce.RateLimited, commerce.Unauthorized, commerce.Unexpected:
		return true
	default:
		return false
	}
}

// forgetRef takes the shop's cart out of one whose pricing may or may not have written to it (S3): a cart with an unknown write is never
// used again, and is given back with the rest. What the agent sees does not change. Failing at it is no harm: the next replace brings
// the shop's cart to the whole desired state.
func (s *Service) forgetRef(ctx context.Context, row store.Cart, before record) {
	ref := before.Cart.Quote.CartRef
	if ref == "" {
		return
	}
	before.Left = append(slices.Clone(before.Left), ref)
	before.Cart.Quote.CartRef = ""
	fresh, err := s.row(before)
	if err == nil {
		err = s.store.Commit(context.WithoutCancel(ctx), store.Batch{Cart: &store.CartWrite{Cart: fresh, Expect: row.Version}})
	}
	if err != nil && !errors.Is(err, store.ErrStale) {
		s.log.WarnContext(ctx, "could not let go of a shop's cart", "cart", row.ID, "error", err)
	}
}

// letGo gives back the shop's cart of one that was never stored. Nobody tries again.
func (s *Service) letGo(ctx context.Context, shop Shop, ref string) {
	if ref == "" {
		return
	}
	if err := shop.Upstream.ReleaseCart(context.WithoutCancel(ctx), ref); err != nil {
		s.log.WarnContext(ctx, "the shop did not take a cart back", "shop", shop.Upstream.Name(), "error", err)
	}
}
