package demo

// v20260417 is ACP 2026-04-17.
type v20260417 struct{}

func (v20260417) version() string { return "2026-04-17" }

func (d v20260417) create(p person, items []item) any {
	return object{
		"currency": currency, "line_items": d.lines(items), "buyer": wireBuyer(p),
		"fulfillment_details": object{
			"name": p.First + " " + p.Last, "email": p.Email, "phone_number": p.Phone, "address": wireAddress(p),
		},
		"capabilities": object{"interventions": object{"supported": []string{}}},
	}
}

func (d v20260417) setItems(items []item) any { return object{"line_items": d.lines(items)} }

func (v20260417) lines(items []item) []object {
	out := make([]object, len(items))
	for i, it := range items {
		out[i] = object{"id": it.ID, "quantity": it.Quantity}
	}
	return out
}

func (v20260417) choose(o option, c checkout) any {
	ids := make([]string, len(c.Lines))
	for i, l := range c.Lines {
		ids[i] = l.ID
	}
	return object{"selected_fulfillment_options": []object{{"type": "shipping", "option_id": o.ID, "item_ids": ids}}}
}

func (v20260417) enterCode(code string) any {
	return object{"discounts": object{"codes": []string{code}}}
}

func (v20260417) complete(c checkout, token string, p person) any {
	return object{"payment_data": object{
		"handler_id": c.Handler, "instrument": object{"type": "card", "credential": object{"type": "spt", "token": token}},
		"billing_address": wireAddress(p),
	}}
}

func (v20260417) keepsOrder() bool { return true }

func (v20260417) readSession(body []byte) (checkout, error) {
	var w struct {
		ID           string `json:"id"`
		Status       string `json:"status"`
		Capabilities struct {
			Payment struct {
				Handlers []struct {
					ID     string `json:"id"`
					Config struct {
						MerchantID string `json:"merchant_id"`
					} `json:"config"`
				} `json:"handlers"`
			} `json:"payment"`
		} `json:"capabilities"`
		LineItems []struct {
			ID   string `json:"id"`
			Item struct {
				ID string `json:"id"`
			} `json:"item"`
			Name     string   `json:"name"`
			Quantity int      `json:"quantity"`
			Totals   []amount `json:"totals"`
		} `json:"line_items"`
		Options []struct {
			ID     string   `json:"id"`
			Title  string   `json:"title"`
			Totals []amount `json:"totals"`
		} `json:"fulfillment_options"`
		Selected []struct {
			OptionID string `json:"option_id"`
		} `json:"selected_fulfillment_options"`
		Totals    []amount      `json:"totals"`
		Messages  []wireMessage `json:"messages"`
		Discounts struct {
			Applied []struct {
				Code string `json:"code"`
			} `json:"applied"`
		} `json:"discounts"`
		Order struct {
			ID           string `json:"id"`
			PermalinkURL string `json:"permalink_url"`
		} `json:"order"`
	}
	if err := read(body, &w, "a session of 2026-04-17"); err != nil {
		return checkout{}, err
	}
	c := checkout{ID: w.ID, Status: w.Status, Totals: sums(w.Totals), OrderID: w.Order.ID, Permalink: w.Order.PermalinkURL}
	if h := w.Capabilities.Payment.Handlers; len(h) > 0 {
		c.Handler, c.Merchant = h[0].ID, h[0].Config.MerchantID
	}
	for _, l := range w.LineItems {
		c.Lines = append(c.Lines, line{ID: l.ID, Item: l.Item.ID, Title: l.Name, Quantity: l.Quantity, Total: sums(l.Totals)["total"]})
	}
	for _, o := range w.Options {
		c.Options = append(c.Options, option{ID: o.ID, Title: o.Title, Total: sums(o.Totals)["total"]})
	}
	if len(w.Selected) > 0 {
		c.Selected = w.Selected[0].OptionID
	}
	for _, m := range w.Messages {
		c.Messages = append(c.Messages, m.read())
	}
	for _, d := range w.Discounts.Applied {
		c.Codes = append(c.Codes, d.Code)
	}
	return c, nil
}

func (v20260417) readEvent(body []byte) (string, told, error) {
	var w struct {
		Type string `json:"type"`
		Data struct {
			CheckoutSessionID string `json:"checkout_session_id"`
			PermalinkURL      string `json:"permalink_url"`
			Status            string `json:"status"`
			Fulfillments      []struct {
				TrackingNumber string `json:"tracking_number"`
			} `json:"fulfillments"`
			Adjustments []struct {
				Type   string `json:"type"`
				Status string `json:"status"`
				Amount int64  `json:"amount"`
			} `json:"adjustments"`
		} `json:"data"`
	}
	if err := read(body, &w, "an event of 2026-04-17"); err != nil {
		return "", told{}, err
	}
	o := told{SessionID: w.Data.CheckoutSessionID, Permalink: w.Data.PermalinkURL, Status: w.Data.Status}
	for _, f := range w.Data.Fulfillments {
		o.Tracking = f.TrackingNumber
	}
	for _, a := range w.Data.Adjustments {
		switch {
		case a.Type == "refund" && a.Status == "completed":
			o.Refunded += a.Amount
		case a.Type == "refund" && a.Status == "pending":
			o.Pending += a.Amount
		}
	}
	return w.Type, o, nil
}
