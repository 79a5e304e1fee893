package shop

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SetPrice changes the price of an article, major units of USD with at most
// two digits. Carts show it at their next look; orders keep what they cost.
func (s *Shop) SetPrice(sku, price string) error {
	p, err := readPrice(price)
	if err != nil {
		return fmt.Errorf("set price of %s: %w", sku, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.items[sku]
	if !ok {
		return fmt.Errorf("set price: %w: sku %q", ErrUnknown, sku)
	}
	a.price = p
	return nil
}

// SetStock says how many pieces of an article stand on the shelf from now on.
// Carts keep what they hold, while there is enough of it.
func (s *Shop) SetStock(sku string, pieces int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.items[sku]
	if !ok {
		return fmt.Errorf("set stock: %w: sku %q", ErrUnknown, sku)
	}
	if pieces < 0 {
		return fmt.Errorf("set stock of %s: %d pieces: want 0 or more", sku, pieces)
	}
	a.Stock = pieces
	return nil
}

// VanishCart drops a cart as if the shop had forgotten it.
func (s *Shop) VanishCart(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.carts[id]
	if !ok {
		return fmt.Errorf("vanish cart: %w: cart %q", ErrUnknown, id)
	}
	s.drop(k)
	return nil
}

// change finds an order and moves it under the lock.
func (s *Shop) change(move, number string, act func(*Order) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.find(number)
	if !ok {
		return fmt.Errorf("%s: %w: order %q", move, ErrUnknown, number)
	}
	return act(o)
}

// Pick moves a paid order to picking.
func (s *Shop) Pick(number string) error {
	return s.change("pick", number, func(o *Order) error {
		if o.State != Paid {
			return stateError("pick", o)
		}
		o.State = Picking
		s.touch(o)
		return nil
	})
}

// CancelOrder cancels an order in the office; a canceled one stays as it is.
func (s *Shop) CancelOrder(number string) error {
	return s.change("cancel", number, s.cancel)
}

// Refund decides in the office that money goes back, in major units of USD, and
// returns the refund's id. The shop moves no money: that is for whoever holds it.
func (s *Shop) Refund(number, sum, reason string) (string, error) {
	p, err := readPrice(sum)
	if err != nil {
		return "", fmt.Errorf("refund order %s: %w", number, err)
	}
	var id string
	err = s.change("refund", number, func(o *Order) error {
		if o.Payment.State != "paid" {
			return fmt.Errorf("refund order %s: %w: its payment is %s", o.Number, ErrState, o.Payment.State)
		}
		if !p.IsPositive() || o.refunded().Add(p).GreaterThan(o.grand.Round(2)) {
			return fmt.Errorf("refund order %s: %w: %s is more than is left of %s", o.Number, ErrState, sum, o.Totals.Grand)
		}
		id = s.addRefund(o, p, reason, "office", "")
		return nil
	})
	return id, err
}

// Duplicate makes a second pending order with the same reference, lines and
// payment note, takes its pieces off the shelf, and returns its number.
func (s *Shop) Duplicate(number string) (string, error) {
	var twin string
	err := s.change("duplicate", number, func(o *Order) error {
		c := o.clone()
		s.orderNo++
		c.Number, c.serial, c.Revision, c.PlacedAt = digits(s.orderNo), s.orderNo, 0, s.stamp()
		c.URL = strings.TrimSuffix(o.URL, o.Number) + c.Number
		c.State, c.Shipments, c.Refunds, c.Returns = Pending, []Shipment{}, []Refund{}, []Return{}
		c.Payment.State = "authorized"
		for i, l := range c.Lines {
			c.Lines[i].Shipped = "0"
			s.items[l.SKU].Stock -= l.quantity
		}
		s.orders = append(s.orders, &c)
		s.touch(&c)
		twin = c.Number
		return nil
	})
	return twin, err
}

// Order returns a copy of one order.
func (s *Shop) Order(number string) (Order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.find(number)
	if !ok {
		return Order{}, false
	}
	return o.clone(), true
}

// Orders returns copies of all orders, oldest first, canceled ones too.
func (s *Shop) Orders() []Order { return s.collect(func(*Order) bool { return true }) }

// OrdersByRef returns copies of all orders with exactly this external
// reference, oldest first, canceled ones too.
func (s *Shop) OrdersByRef(ref string) []Order {
	return s.collect(func(o *Order) bool { return o.ExternalRef == ref })
}

// LiveOrders returns copies of the orders that are not canceled, oldest first.
func (s *Shop) LiveOrders() []Order {
	return s.collect(func(o *Order) bool { return o.State != Canceled })
}

func (s *Shop) collect(keep func(*Order) bool) []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Order
	for _, o := range s.orders {
		if keep(o) {
			out = append(out, o.clone())
		}
	}
	return out
}

// Stock is how many pieces of each article stand on the shelf now, held by
// carts or not; see [Shop.Held].
func (s *Shop) Stock() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.items))
	for sku, a := range s.items {
		out[sku] = a.Stock
	}
	return out
}

// Carts lists the ids of the carts that the shop remembers.
func (s *Shop) Carts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.carts))
}

// Calls counts one operation.
type Calls struct {
	// Arrived is how many calls came in.
	Arrived int `json:"arrived"`
	// Acted is how often the call ran, refusals and late effects included; a fault that does not act keeps it lower.
	Acted int `json:"acted"`
}

// Calls says how often an operation was called.
func (s *Shop) Calls(op Operation) Calls {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Calls{s.arrived[op], s.acted[op]}
}
