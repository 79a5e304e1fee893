package declarative

import (
	"context"
	"errors"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// readItem asks the catalogue about one item. What it answers is kept for minutes, so the result has no member for a price or a stock.
func (s *shop) readItem(ctx context.Context, id string) (adapters.Item, error) {
	if _, ok := segment(id); !ok {
		return adapters.Item{}, noSuchItem(id) // no shop calls an item by a dot or by nothing; sent in a path it would ask for something else
	}
	r := s.start(ctx, s.item, map[string]any{"item": id}, nil)
	v, err := r.do()
	if f, ok := errors.AsType[*commerce.Fault](err); ok && f.Kind == commerce.ItemUnavailable {
		f.Item = id
	}
	if err != nil {
		return adapters.Item{}, err
	}
	if v == nil {
		return adapters.Item{}, noSuchItem(id)
	}
	in := &reading{money: s.money}
	o := in.object("", v)
	item := adapters.Item{
		ID: id, Name: o.words("title"), Description: o.words("description"), Images: o.texts("images"),
		ProductID: o.text("product_id"), SKU: o.text("sku"), Category: o.words("category"),
	}
	if own := o.text("id"); own != "" && own != id {
		o.fail("id", "is another item than the one that was asked for")
	}
	if ref := o.get("ref"); ref != nil {
		if item.Ref, err = encodeReference(ref); err != nil {
			o.fail("ref", err.Error())
		}
	}
	o.done()
	if in.err != nil {
		return adapters.Item{}, r.misfit(in.err)
	}
	return item, nil
}

func noSuchItem(id string) error {
	f := commerce.Faultf(commerce.ItemUnavailable, "%s", sentences[commerce.ItemUnavailable])
	f.Item = id
	return f
}

// catalogueInput is an item as the expressions of a quote see it. A reference that this adapter did not write is none.
func catalogueInput(item adapters.Item) map[string]any {
	ref, err := decodeReference(item.Ref)
	if err != nil {
		ref = nil
	}
	images := make([]any, len(item.Images))
	for i, image := range item.Images {
		images[i] = image
	}
	return map[string]any{
		"ref": ref, "title": text(item.Name), "description": text(item.Description), "images": images,
		"sku": text(item.SKU), "product_id": text(item.ProductID), "category": text(item.Category),
	}
}
