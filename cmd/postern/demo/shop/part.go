package shop

import (
	"fmt"
	"slices"
	"strconv"
)

// ShipSome sends only some pieces of one article of a paid or picked order, in a parcel of their own. [Shop.Ship] sends the rest.
func (s *Shop) ShipSome(number, sku string, pieces int, carrier, tracking string) error {
	return s.change("ship some of", number, func(o *Order) error {
		if o.State != Paid && o.State != Picking {
			return stateError("ship some of", o)
		}
		i := slices.IndexFunc(o.Lines, func(l Line) bool { return l.SKU == sku })
		if i < 0 {
			return fmt.Errorf("ship some of order %s: %w: sku %q", o.Number, ErrUnknown, sku)
		}
		l := o.Lines[i]
		before := sent(o, l.Line)
		if pieces < 1 || before+pieces >= l.quantity {
			return fmt.Errorf("ship some of order %s: %w: %d of %d pieces, %d have left", o.Number, ErrState, pieces, l.quantity, before)
		}
		s.parcelNo++
		sh := Shipment{
			ID: fmt.Sprintf("S%d", s.parcelNo), Carrier: carrier, Tracking: tracking, URL: "https://track.example/" + tracking, Kind: KindParcel,
			State: Shipped, SentAt: s.stamp(), Lines: []ShippedLine{{l.Line, l.SKU, digits(pieces)}},
		}
		s.log(&sh, "shipped", "")
		o.Lines[i].Shipped = digits(before + pieces)
		o.Shipments = append(o.Shipments, sh)
		o.State = Picking
		s.touch(o)
		return nil
	})
}

// sent counts the pieces of a line that have left.
func sent(o *Order, line string) int {
	n := 0
	for _, sh := range o.Shipments {
		for _, l := range sh.Lines {
			if pieces, err := strconv.Atoi(l.Quantity); err == nil && l.Line == line {
				n += pieces
			}
		}
	}
	return n
}
