package shop

import (
	"fmt"
	"slices"
)

// paid is what happens the moment an order is paid: downloads are there at
// once, and an order of nothing else is done.
func (s *Shop) paid(o *Order) {
	o.State = Paid
	for _, p := range o.Parcels {
		if p.Parcel != Download {
			continue
		}
		sh := s.dispatch(o, p, Delivered, "delivered", "", "")
		for _, l := range sh.Lines {
			if s.items[l.SKU].Notice == NoticeSignIn {
				sh.License = "HF-MEMBER-" + o.Number
			} else {
				sh.License = "HF-READER-" + o.Number
			}
		}
		sh.Link = o.URL[:len(o.URL)-len("/my-order/"+o.Number)] + "/my-download/" + sh.ID
		o.Shipments = append(o.Shipments, sh)
	}
	if o.allOut() && o.every(Delivered) {
		o.State = Delivered
	}
}

// dispatch makes the shipment of a parcel and counts its pieces as gone.
func (s *Shop) dispatch(o *Order, p Parcel, state State, what, carrier, tracking string) Shipment {
	s.parcelNo++
	sh := Shipment{
		ID: fmt.Sprintf("S%d", s.parcelNo), Carrier: carrier, Tracking: tracking, Kind: p.Shipping.Kind, State: state,
		SentAt: s.stamp(), Lines: []ShippedLine{}, depot: p.Parcel,
	}
	if tracking != "" {
		sh.URL = "https://track.example/" + tracking
	}
	for i, l := range o.Lines {
		if slices.Contains(p.Lines, l.Line) {
			if left := l.quantity - sent(o, l.Line); left > 0 {
				sh.Lines = append(sh.Lines, ShippedLine{l.Line, l.SKU, digits(left)})
			}
			o.Lines[i].Shipped = l.Quantity
		}
	}
	s.log(&sh, what, "")
	if state == Delivered {
		sh.DeliveredAt = s.stamp()
	}
	return sh
}

func (s *Shop) log(sh *Shipment, what, note string) {
	sh.Log = append(sh.Log, Happening{No: fmt.Sprintf("%s-%d", sh.ID, len(sh.Log)+1), At: s.stamp(), What: what, Note: note})
}

// waiting are the parcels that have not left.
func (o *Order) waiting() []Parcel {
	var out []Parcel
	for _, p := range o.Parcels {
		if !slices.ContainsFunc(o.Shipments, func(sh Shipment) bool { return sh.depot == p.Parcel }) {
			out = append(out, p)
		}
	}
	return out
}

func (o *Order) allOut() bool { return len(o.waiting()) == 0 }

func (o *Order) every(state State) bool {
	return !slices.ContainsFunc(o.Shipments, func(sh Shipment) bool { return sh.State != state })
}

// Ship sends what is to be sent of a paid or picked order, one parcel for each
// depot. What the buyer fetches stays; see [Shop.Ready].
func (s *Shop) Ship(number, carrier, tracking string) error {
	return s.change("ship", number, func(o *Order) error {
		return s.send("ship", o, func(p Parcel) (Shipment, bool) {
			switch p.Shipping.Kind {
			case KindParcel:
				return s.dispatch(o, p, Shipped, "shipped", carrier, tracking), true
			case KindCourier:
				return s.dispatch(o, p, OutForDelivery, "out", p.Shipping.Carrier, tracking), true
			default:
				return Shipment{}, false
			}
		})
	})
}

// Ready lays out what the buyer fetches of a paid or picked order.
func (s *Shop) Ready(number string) error {
	return s.change("make ready", number, func(o *Order) error {
		return s.send("make ready", o, func(p Parcel) (Shipment, bool) {
			if p.Shipping.Kind != KindPickup {
				return Shipment{}, false
			}
			return s.dispatch(o, p, ReadyToFetch, "ready", "", ""), true
		})
	})
}

func (s *Shop) send(move string, o *Order, how func(Parcel) (Shipment, bool)) error {
	if o.State != Paid && o.State != Picking {
		return stateError(move, o)
	}
	sent := false
	for _, p := range o.waiting() {
		if sh, ok := how(p); ok {
			o.Shipments, sent = append(o.Shipments, sh), true
		}
	}
	if !sent {
		return stateError(move, o)
	}
	o.State = Picking
	if o.allOut() {
		o.State = Shipped
	}
	s.touch(o)
	return nil
}

// Deliver says that all that is on its way has arrived, and that all that was
// laid out was fetched.
func (s *Shop) Deliver(number string) error {
	return s.change("deliver", number, func(o *Order) error {
		if o.State != Shipped && (o.State != Picking || o.every(Delivered)) {
			return stateError("deliver", o)
		}
		for i := range o.Shipments {
			sh := &o.Shipments[i]
			if sh.State == Delivered {
				continue
			}
			what := "delivered"
			if sh.Kind == KindPickup {
				what = "collected"
			}
			sh.State, sh.DeliveredAt = Delivered, s.stamp()
			s.log(sh, what, "")
		}
		if o.allOut() {
			o.State = Delivered
		}
		s.touch(o)
		return nil
	})
}

// Miss says that the carrier found nobody; he comes again.
func (s *Shop) Miss(number string) error {
	return s.change("miss", number, func(o *Order) error {
		missed := false
		for i := range o.Shipments {
			if sh := &o.Shipments[i]; sh.State == Shipped || sh.State == OutForDelivery {
				s.log(sh, "missed", "Nobody was at home; the carrier comes again.")
				missed = true
			}
		}
		if !missed {
			return stateError("miss", o)
		}
		s.touch(o)
		return nil
	})
}

// Return takes pieces of a delivered order back and puts them on the shelf. It
// returns the return's id. Money for them is decided by [Shop.Refund].
func (s *Shop) Return(number, sku string, pieces int, reason string) (string, error) {
	var id string
	err := s.change("return", number, func(o *Order) error {
		if o.State != Delivered {
			return stateError("return", o)
		}
		at := slices.IndexFunc(o.Lines, func(l Line) bool { return l.SKU == sku })
		if at < 0 || pieces < 1 || pieces > o.Lines[at].quantity-o.returned(sku) {
			return fmt.Errorf("return %d of %q of order %s: %w: they were not sold", pieces, sku, number, ErrState)
		}
		s.returnNo++
		id = fmt.Sprintf("B%d", s.returnNo)
		o.Returns = append(o.Returns, Return{
			ID: id, At: s.stamp(), Reason: reason, Lines: []ShippedLine{{o.Lines[at].Line, sku, digits(pieces)}},
		})
		s.items[sku].Stock += pieces
		s.touch(o)
		return nil
	})
	return id, err
}

// returned counts the pieces of an article that came back.
func (o *Order) returned(sku string) int {
	n := 0
	for _, r := range o.Returns {
		for _, l := range r.Lines {
			var c count
			if l.SKU == sku && c.UnmarshalJSON([]byte(l.Quantity)) == nil {
				n += int(c)
			}
		}
	}
	return n
}
