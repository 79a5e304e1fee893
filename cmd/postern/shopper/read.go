package shopper

import (
	"fmt"

	"github.com/go-json-experiment/json"
)

// cardHandler is the name of the handler for payment tokens.
const cardHandler = "dev.acp.tokenized.card"

// wireSession is a session of any date. No member means two things in two dates; which ones count is the dialect's.
type wireSession struct {
	ID           string `json:"id"`
	Status       string `json:"status"`
	Currency     string `json:"currency"`
	ContinueURL  string `json:"continue_url"`
	Capabilities struct {
		Payment struct {
			Handlers []struct {
				ID     string `json:"id"`
				Name   string `json:"name"`
				Config struct {
					MerchantID string `json:"merchant_id"`
				} `json:"config"`
			} `json:"handlers"`
		} `json:"payment"`
	} `json:"capabilities"`
	Provider struct {
		MerchantID string `json:"merchant_id"`
	} `json:"payment_provider"`
	Lines    []wireLine   `json:"line_items"`
	Options  []wireOption `json:"fulfillment_options"`
	OptionID string       `json:"fulfillment_option_id"`
	Selected []struct {
		Type     string   `json:"type"`
		OptionID string   `json:"option_id"`
		ItemIDs  []string `json:"item_ids"`
		Shipping wirePick `json:"shipping"`
		Digital  wirePick `json:"digital"`
	} `json:"selected_fulfillment_options"`
	Totals    []Amount  `json:"totals"`
	Messages  []Message `json:"messages"`
	Discounts struct {
		Applied []struct {
			Code string `json:"code"`
		} `json:"applied"`
		Rejected []RejectedCode `json:"rejected"`
	} `json:"discounts"`
	Order struct {
		ID           string `json:"id"`
		PermalinkURL string `json:"permalink_url"`
	} `json:"order"`
}

type wireLine struct {
	ID   string `json:"id"`
	Item struct {
		ID       string `json:"id"`
		Quantity int    `json:"quantity"`
	} `json:"item"`
	Name     string   `json:"name"`
	Quantity int      `json:"quantity"`
	Total    int64    `json:"total"`
	Totals   []Amount `json:"totals"`
}

type wireOption struct {
	ID     string   `json:"id"`
	Type   string   `json:"type"`
	Title  string   `json:"title"`
	Total  int64    `json:"total"`
	Totals []Amount `json:"totals"`
}

type wirePick struct {
	OptionID string   `json:"option_id"`
	ItemIDs  []string `json:"item_ids"`
}

// ReadSession reads a session.
func (d Dialect) ReadSession(body []byte) (Checkout, error) {
	var w wireSession
	if err := read(body, &w, "a session of "+d.version); err != nil {
		return Checkout{}, err
	}
	c := Checkout{
		ID: w.ID, Status: w.Status, Currency: w.Currency, ContinueURL: w.ContinueURL, Totals: sums(w.Totals), Entries: w.Totals, Messages: w.Messages,
		OrderID: w.Order.ID, Permalink: w.Order.PermalinkURL, Rejected: w.Discounts.Rejected, Merchant: w.Provider.MerchantID,
	}
	for _, h := range w.Capabilities.Payment.Handlers {
		if c.Handler == "" || h.Name == cardHandler {
			c.Handler, c.Merchant = h.ID, h.Config.MerchantID
		}
	}
	for _, l := range w.Lines {
		out := Line{ID: l.ID, Item: l.Item.ID, Title: l.Name, Quantity: l.Quantity, Total: sums(l.Totals)["total"]}
		if d.flatLines {
			out.Quantity, out.Total = l.Item.Quantity, l.Total
		}
		c.Lines = append(c.Lines, out)
	}
	for _, o := range w.Options {
		out := Option{ID: o.ID, Kind: o.Type, Title: o.Title, Total: sums(o.Totals)["total"]}
		if d.flatOptions {
			out.Total = o.Total
		}
		c.Options = append(c.Options, out)
	}
	for _, a := range w.Discounts.Applied {
		c.Codes = append(c.Codes, a.Code)
	}
	c.Choices = d.choices(w)
	return c, nil
}

func (d Dialect) choices(w wireSession) []Choice {
	if d.selects == single {
		if w.OptionID == "" {
			return nil
		}
		return []Choice{{Option: w.OptionID}}
	}
	var out []Choice
	for _, s := range w.Selected {
		c := Choice{Option: s.OptionID, Kind: s.Type, Lines: s.ItemIDs}
		if d.selects == nested {
			pick := s.Shipping
			if s.Type == "digital" {
				pick = s.Digital
			}
			c.Option, c.Lines = pick.OptionID, pick.ItemIDs
		}
		out = append(out, c)
	}
	return out
}

// sums adds the entries of totals up by their type.
func sums(list []Amount) map[string]int64 {
	out := make(map[string]int64, len(list))
	for _, a := range list {
		out[a.Type] += a.Amount
	}
	return out
}

// read decodes JSON. Members that the agent does not need are left alone, as an agent must.
func read(body []byte, into any, what string) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}
