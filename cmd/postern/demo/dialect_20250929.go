package demo

// v20250929 is ACP 2025-09-29, the first date.
type v20250929 struct{}

func (v20250929) version() string { return "2025-09-29" }

func (d v20250929) create(p person, items []item) any {
	return object{"items": d.items(items), "buyer": wireBuyer(p), "fulfillment_address": wireAddress(p)}
}

func (d v20250929) setItems(items []item) any { return object{"items": d.items(items)} }

func (v20250929) items(items []item) []object {
	out := make([]object, len(items))
	for i, it := range items {
		out[i] = object{"id": it.ID, "quantity": it.Quantity}
	}
	return out
}

func (v20250929) choose(o option, _ checkout) any { return object{"fulfillment_option_id": o.ID} }

func (v20250929) enterCode(string) any { return nil }

func (v20250929) complete(_ checkout, token string, p person) any {
	return object{"payment_data": object{"token": token, "provider": "stripe", "billing_address": wireAddress(p)}}
}

// keepsOrder: the order stands in the answer to complete only.
func (v20250929) keepsOrder() bool { return false }

func (v20250929) readSession(body []byte) (checkout, error) {
	var w struct {
		ID        string `json:"id"`
		Status    string `json:"status"`
		LineItems []struct {
			ID   string `json:"id"`
			Item struct {
				ID       string `json:"id"`
				Quantity int    `json:"quantity"`
			} `json:"item"`
			Total int64 `json:"total"`
		} `json:"line_items"`
		Options []struct {
			ID    string `json:"id"`
			Title string `json:"title"`
			Total int64  `json:"total"`
		} `json:"fulfillment_options"`
		Selected string        `json:"fulfillment_option_id"`
		Totals   []amount      `json:"totals"`
		Messages []wireMessage `json:"messages"`
		Order    struct {
			ID           string `json:"id"`
			PermalinkURL string `json:"permalink_url"`
		} `json:"order"`
	}
	if err := read(body, &w, "a session of 2025-09-29"); err != nil {
		return checkout{}, err
	}
	c := checkout{
		ID: w.ID, Status: w.Status, Selected: w.Selected, Totals: sums(w.Totals), OrderID: w.Order.ID, Permalink: w.Order.PermalinkURL,
	}
	for _, l := range w.LineItems {
		// This date tells no titles.
		c.Lines = append(c.Lines, line{ID: l.ID, Item: l.Item.ID, Quantity: l.Item.Quantity, Total: l.Total})
	}
	for _, o := range w.Options {
		c.Options = append(c.Options, option(o))
	}
	for _, m := range w.Messages {
		c.Messages = append(c.Messages, m.read())
	}
	return c, nil
}

func (v20250929) readEvent(body []byte) (string, told, error) {
	var w struct {
		Type string `json:"type"`
		Data struct {
			CheckoutSessionID string `json:"checkout_session_id"`
			PermalinkURL      string `json:"permalink_url"`
			Status            string `json:"status"`
			Refunds           []struct {
				Amount int64 `json:"amount"`
			} `json:"refunds"`
		} `json:"data"`
	}
	if err := read(body, &w, "an event of 2025-09-29"); err != nil {
		return "", told{}, err
	}
	o := told{SessionID: w.Data.CheckoutSessionID, Permalink: w.Data.PermalinkURL, Status: w.Data.Status}
	for _, r := range w.Data.Refunds {
		o.Refunded += r.Amount
	}
	return w.Type, o, nil
}
