package shopper

// ReadEvent reads an event: its type and what it tells of the order.
func (d Dialect) ReadEvent(body []byte) (kind string, order Told, err error) {
	var w struct {
		Type string `json:"type"`
		Data struct {
			CheckoutSessionID string `json:"checkout_session_id"`
			PermalinkURL      string `json:"permalink_url"`
			Status            string `json:"status"`
			Refunds           []struct {
				Amount int64 `json:"amount"`
			} `json:"refunds"`
			Fulfillments []struct {
				TrackingNumber string `json:"tracking_number"`
			} `json:"fulfillments"`
			Adjustments []struct {
				Type   string `json:"type"`
				Status string `json:"status"`
				Amount int64  `json:"amount"`
			} `json:"adjustments"`
		} `json:"data"`
	}
	if err := read(body, &w, "an event of "+d.version); err != nil {
		return "", Told{}, err
	}
	o := Told{SessionID: w.Data.CheckoutSessionID, Permalink: w.Data.PermalinkURL, Status: w.Data.Status}
	if !d.wholeOrders {
		for _, r := range w.Data.Refunds {
			o.Refunded += r.Amount
		}
		return w.Type, o, nil
	}
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
