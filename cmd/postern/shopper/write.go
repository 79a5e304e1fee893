package shopper

import "slices"

// object is JSON that the agent writes.
type object = map[string]any

// Create is the body that opens a checkout. Currency is lower case; only dates that declare one send it.
func (d Dialect) Create(p Person, currency string, items []Item) any {
	out := object{d.lines: wireItems(items), "buyer": wireBuyer(p)}
	if d.contact {
		out["fulfillment_details"] = object{"name": p.name(), "email": p.Email, "phone_number": p.Phone, "address": wireAddress(p)}
	} else {
		out["fulfillment_address"] = wireAddress(p)
	}
	if d.declares {
		out["currency"] = currency
		out["capabilities"] = object{"interventions": object{"supported": []string{}}}
	}
	return out
}

// SetItems is the body that replaces all lines.
func (d Dialect) SetItems(items []Item) any { return object{d.lines: wireItems(items)} }

// Choose is the body that selects an option, in place of the one of its kind. Other choices stay.
func (d Dialect) Choose(o Option, c Checkout) any {
	if d.selects == single {
		return object{"fulfillment_option_id": o.ID}
	}
	choices := slices.Clone(c.Choices)
	if i := slices.IndexFunc(choices, func(have Choice) bool { return have.Kind == o.Kind }); i >= 0 {
		choices[i].Option = o.ID
	} else {
		choices = []Choice{{Option: o.ID, Kind: o.Kind}}
	}
	list := make([]object, len(choices))
	for i, choice := range choices {
		ids := choice.Lines
		if len(ids) == 0 {
			for _, l := range c.Lines {
				ids = append(ids, l.ID)
			}
		}
		entry := object{"option_id": choice.Option, "item_ids": ids}
		if d.selects == nested {
			list[i] = object{"type": choice.Kind, choice.Kind: entry}
			continue
		}
		entry["type"] = choice.Kind
		list[i] = entry
	}
	return object{"selected_fulfillment_options": list}
}

// EnterCodes is the body that sets the discount codes; nil where the date has none.
func (d Dialect) EnterCodes(codes ...string) any {
	if !d.codes {
		return nil
	}
	return object{"discounts": object{"codes": codes}}
}

// Complete is the body that pays with a token.
func (d Dialect) Complete(c Checkout, token string, p Person) any {
	data := object{"token": token, "provider": "stripe", "billing_address": wireAddress(p)}
	if d.instruments {
		data = object{
			"handler_id": c.Handler, "instrument": object{"type": "card", "credential": object{"type": "spt", "token": token}},
			"billing_address": wireAddress(p),
		}
	}
	return object{"payment_data": data}
}

func wireItems(items []Item) []object {
	out := make([]object, len(items))
	for i, it := range items {
		out[i] = object{"id": it.ID, "quantity": it.Quantity}
	}
	return out
}

func wireAddress(p Person) object {
	return object{
		"name": p.name(), "line_one": p.Street, "line_two": p.Street2, "city": p.City, "state": p.State, "country": p.Country,
		"postal_code": p.Zip,
	}
}

func wireBuyer(p Person) object {
	out := object{"first_name": p.First, "last_name": p.Last, "email": p.Email}
	if p.Phone != "" {
		out["phone_number"] = p.Phone
	}
	return out
}
