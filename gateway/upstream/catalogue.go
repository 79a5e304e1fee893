package upstream

import (
	"context"
	"errors"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// The catalogue's answers are the only ones that are kept. They hold ids and words, never a price or a stock, so the worst that an old
// one can do is to name an item that the shop no longer sells, which the quote then finds out.

// remembered is a catalogue answer and when it was given.
type remembered struct {
	item adapters.Item
	at   time.Time
}

// items is what the catalogue says of the items of lines, by their ids; nil when the shop has no catalogue. The first item that the
// catalogue does not know is the fault of its line.
func (s *Shop) items(ctx context.Context, lines []commerce.CartLine) (map[string]adapters.Item, error) {
	if s.adapter.Item == nil {
		return nil, nil
	}
	known := make(map[string]adapters.Item, len(lines))
	for _, l := range lines {
		if _, ok := known[l.ItemID]; ok {
			continue
		}
		item, err := s.item(ctx, l.ItemID)
		if f, ok := errors.AsType[*commerce.Fault](err); ok && f.Kind == commerce.ItemUnavailable {
			located := *f
			located.LineID, located.Item = l.ID, l.ItemID
			return nil, &located
		}
		if err != nil {
			return nil, err
		}
		known[l.ItemID] = item
	}
	return known, nil
}

// item looks one item up. Only what the catalogue knows is kept: an item that comes into the shop is there with the next quote.
func (s *Shop) item(ctx context.Context, id string) (adapters.Item, error) {
	now := s.clock.Now()
	if r, ok := s.catalogue.Get(id); ok && now.Sub(r.at) < s.ttl {
		return r.item, nil
	}
	item, err := s.adapter.Item(ctx, id)
	if err != nil {
		return item, err
	}
	s.catalogue.Add(id, remembered{item, now})
	return item, nil
}

// forget drops the items that a failed quote is about: all of the cart's when the fault names none.
func (s *Shop) forget(err error, lines []commerce.CartLine) {
	f, ok := errors.AsType[*commerce.Fault](err)
	if !ok || f.Kind != commerce.ItemUnavailable {
		return
	}
	for _, l := range lines {
		if l.ItemID == f.Item || l.ID == f.LineID || f.Item == "" && f.LineID == "" {
			s.catalogue.Remove(l.ItemID)
		}
	}
}

// describe fills in the catalogue's words on lines that came back without a name. known is what was looked up for the cart.
func (s *Shop) describe(ctx context.Context, lines []commerce.Line, known map[string]adapters.Item) error {
	if s.adapter.Item == nil {
		return nil
	}
	for i := range lines {
		l := &lines[i]
		if l.Name != "" {
			continue
		}
		item, ok := known[l.ItemID]
		if !ok {
			var err error
			if item, err = s.item(ctx, l.ItemID); err != nil {
				return err
			}
		}
		l.Name = item.Name
		lend(&l.Description, item.Description)
		lend(&l.ProductID, item.ProductID)
		lend(&l.SKU, item.SKU)
		lend(&l.Category, item.Category)
		if len(l.Images) == 0 {
			l.Images = item.Images
		}
	}
	return nil
}

// lend gives a line a word that it lacks.
func lend(to *string, word string) {
	if *to == "" {
		*to = word
	}
}
