package shop

import "time"

// holdTime is how long a cart holds pieces after the last call about it. The
// cart itself stays.
const holdTime = 20 * time.Minute

// hold lets a cart hold anew what it wants, or as much of it as other carts
// leave. The form never told a buyer when that was less: whoever wants more
// than is left for him hears of it when he orders.
func (s *Shop) hold(k *cart) {
	now := s.lapse()
	s.letGo(k)
	for _, l := range k.lines {
		a := s.items[l.sku]
		if n := min(l.quantity, a.Stock-a.held); n > 0 {
			a.held += n
			k.held = append(k.held, cartLine{sku: l.sku, quantity: n})
		}
	}
	k.heldUntil = now.Add(holdTime)
}

// letGo ends what a cart holds. A second call changes nothing.
func (s *Shop) letGo(k *cart) {
	for _, h := range k.held {
		s.items[h.sku].held -= h.quantity
	}
	k.held = nil
}

// lapse ends what carts hold that nobody has touched for holdTime, and says
// what time it is. It looks at the carts only when one of them may be due.
func (s *Shop) lapse() time.Time {
	now := s.clock.Now()
	if now.Before(s.nextLapse) {
		return now
	}
	s.nextLapse = now.Add(holdTime) // nothing that is held from now on ends earlier
	for _, k := range s.carts {
		switch {
		case len(k.held) == 0:
		case !k.heldUntil.After(now):
			s.letGo(k)
		case k.heldUntil.Before(s.nextLapse):
			s.nextLapse = k.heldUntil
		}
	}
	return now
}

// left is how many pieces of an article the shelf has for a cart: all but
// those that other carts hold.
func (s *Shop) left(k *cart, a *article) int {
	others := a.held
	for _, h := range k.held {
		if h.sku == a.SKU {
			others -= h.quantity
		}
	}
	return max(a.Stock-others, 0)
}

// drop forgets a cart with all that it holds.
func (s *Shop) drop(k *cart) {
	s.letGo(k)
	delete(s.carts, k.id)
}

// Held is how many of the pieces that [Shop.Stock] counts are held by carts,
// by article; those that nobody holds are left out.
func (s *Shop) Held() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lapse()
	out := map[string]int{}
	for sku, a := range s.items {
		if a.held > 0 {
			out[sku] = a.held
		}
	}
	return out
}
