package conformance

// wanted is a line of a request.
type wanted struct {
	item     string
	quantity int
}

// The buyer of every request.
const (
	buyerFirst = "Ada"
	buyerLast  = "Lovelace"
	buyerEmail = "ada@example.com"
	buyerPhone = "+15595550100"
)

func buyer() obj {
	return obj{"first_name": buyerFirst, "last_name": buyerLast, "email": buyerEmail, "phone_number": buyerPhone}
}

// address is a delivery address of the seller's region: "home" or "away".
func (t *trial) address(which string) obj {
	a, ok := t.seller.Addresses[which]
	if !ok {
		a = Address{Name: "Ada Lovelace", LineOne: "1 Analytical Way", City: "Fresno", State: "CA", Country: "US", PostalCode: "93650"}
		if which == "away" {
			a = Address{Name: "Ada Lovelace", LineOne: "20 W 34th St", City: "New York", State: "NY", Country: "US", PostalCode: "10001"}
		}
	}
	out := obj{
		"name": a.Name, "line_one": a.LineOne, "city": a.City, "state": a.State, "country": a.Country, "postal_code": a.PostalCode,
	}
	if a.LineTwo != "" {
		out["line_two"] = a.LineTwo
	}
	return out
}

// lineKey is the member that holds the lines of a request.
func (t *trial) lineKey() string {
	if since(t.date, v4) {
		return "line_items"
	}
	return "items"
}

func (t *trial) lines(lines ...wanted) list {
	out := list{}
	for _, l := range lines {
		out = append(out, obj{"id": l.item, "quantity": l.quantity})
	}
	return out
}

// with gives the delivery address in the form of the date.
func (t *trial) delivery(address obj) (member string, value any) {
	if t.date == v1 {
		return "fulfillment_address", address
	}
	return "fulfillment_details", obj{
		"name": buyerFirst + " " + buyerLast, "email": buyerEmail, "phone_number": buyerPhone, "address": address,
	}
}

// bare is the smallest body of a create.
func (t *trial) bare(lines ...wanted) obj {
	body := obj{t.lineKey(): t.lines(lines...)}
	if since(t.date, v4) {
		body["currency"] = t.seller.Currency
		body["capabilities"] = obj{"interventions": obj{"supported": list{}}}
	}
	return body
}

// whole is a body with all that a session needs to be ready: lines, buyer and address.
func (t *trial) whole(lines ...wanted) obj {
	body := t.bare(lines...)
	body["buyer"] = buyer()
	member, value := t.delivery(t.address("home"))
	body[member] = value
	return body
}

// plain is one or more pieces of the plain item.
func (t *trial) plain(quantity int) wanted { return wanted{t.item(ItemPlain), quantity} }

// choose is the body of an update that selects one option for some lines.
func (t *trial) choose(o optionView, lineIDs ...string) obj {
	ids := list{}
	for _, id := range lineIDs {
		ids = append(ids, id)
	}
	switch {
	case t.date == v1:
		return obj{"fulfillment_option_id": o.id}
	case since(t.date, v4):
		return obj{"selected_fulfillment_options": list{obj{"type": o.kind, "option_id": o.id, "item_ids": ids}}}
	default:
		return obj{"selected_fulfillment_options": list{obj{"type": o.kind, o.kind: obj{"option_id": o.id, "item_ids": ids}}}}
	}
}

// pay is the body of a complete with a token, in the form of the date.
func (t *trial) pay(s node, token string) obj {
	data := obj{"token": token, "provider": "stripe", "billing_address": t.address("home")}
	if since(t.date, v4) {
		data = obj{
			"handler_id":      t.handler(s).text("id"),
			"instrument":      obj{"type": "card", "credential": obj{"type": "spt", "token": token}},
			"billing_address": t.address("home"),
		}
	}
	return obj{"payment_data": data, "buyer": buyer()}
}

// handler is the card handler that a session advertises.
func (t *trial) handler(s node) node {
	handlers := s.list("capabilities", "payment", "handlers")
	for _, h := range handlers {
		if h.text("name") == "dev.acp.tokenized.card" {
			return h
		}
	}
	if len(handlers) == 0 {
		t.failf("the session advertises no payment handler")
	}
	return handlers[0]
}
