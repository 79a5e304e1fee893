package rows

import (
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
	"github.com/postern-gateway/postern/translate/write"
)

// Session is the answer to every session operation. A list without omitempty
// is required and stands even when it is empty.
type Session struct {
	ID                     string                `json:"id"`
	Protocol               Protocol              `json:"protocol"`
	Capabilities           Capabilities          `json:"capabilities"`
	Buyer                  *Buyer                `json:"buyer,omitzero"`
	Status                 commerce.Status       `json:"status"`
	Currency               commerce.Currency     `json:"currency"`
	PresentmentCurrency    commerce.Currency     `json:"presentment_currency,omitzero"`
	ExchangeRate           *wire.Number          `json:"exchange_rate,omitzero"`
	ExchangeRateTimestamp  string                `json:"exchange_rate_timestamp,omitzero"`
	Locale                 string                `json:"locale,omitzero"`
	Timezone               string                `json:"timezone,omitzero"`
	LineItems              []Line                `json:"line_items"`
	FulfillmentDetails     *write.Contact        `json:"fulfillment_details,omitzero"`
	FulfillmentOptions     []Option              `json:"fulfillment_options"`
	SelectedOptions        []Selection           `json:"selected_fulfillment_options,omitempty"`
	FulfillmentGroups      []Group               `json:"fulfillment_groups,omitempty"`
	Totals                 []Total               `json:"totals"`
	Messages               []Message             `json:"messages"`
	Links                  []Link                `json:"links"`
	AuthenticationMetadata *write.Authentication `json:"authentication_metadata,omitzero"`
	CreatedAt              string                `json:"created_at,omitzero"`
	UpdatedAt              string                `json:"updated_at,omitzero"`
	ExpiresAt              string                `json:"expires_at,omitzero"`
	ContinueURL            string                `json:"continue_url,omitzero"`
	Metadata               map[string]any        `json:"metadata,omitempty"`
	QuoteID                string                `json:"quote_id,omitzero"`
	QuoteExpiresAt         string                `json:"quote_expires_at,omitzero"`
	Discounts              *Discounts            `json:"discounts,omitzero"`
	MarketingOptions       []MarketingOption     `json:"marketing_consent_options,omitempty"`
	Order                  *Order                `json:"order,omitzero"`
}

// Protocol names the date of an answer.
type Protocol struct {
	Version string `json:"version"`
}

// MarketingOption is a channel that the buyer may subscribe to (from
// 2026-04-17).
type MarketingOption struct {
	Channel          string `json:"channel"`
	DisplayText      string `json:"display_text"`
	PrivacyPolicyURL string `json:"privacy_policy_url"`
	IsSubscribed     *bool  `json:"is_subscribed,omitzero"`
}

// SessionOf writes a session of the date version, but for its order, which
// differs between the dates. authentication is what the date shows of the card
// holder's authentication: where a session waits for that and the date shows
// nothing, it says so in a message instead. It fails when the quote does not
// add up, because inconsistent money must never be shown
// ([write.CheckQuote]).
func SessionOf(s commerce.Session, version string, authentication *write.Authentication) (*Session, error) {
	if err := write.CheckQuote(s.Quote); err != nil {
		return nil, err
	}
	status, added := statusOf(s, authentication != nil)
	messages := make([]Message, 0, len(s.Messages)+len(added))
	for _, m := range s.Messages {
		messages = append(messages, messageOf(m))
	}
	for _, m := range added {
		messages = append(messages, messageOf(m))
	}
	out := &Session{
		ID:                     s.ID,
		Protocol:               Protocol{Version: version},
		Capabilities:           CapabilitiesOf(s),
		Buyer:                  BuyerOf(s.Cart.Buyer),
		Status:                 status,
		Currency:               s.Currency,
		PresentmentCurrency:    s.PresentmentCurrency,
		ExchangeRate:           write.Number(s.ExchangeRate),
		ExchangeRateTimestamp:  write.Timestamp(s.ExchangeRateAt),
		Locale:                 s.Cart.Locale,
		Timezone:               s.Cart.Timezone,
		LineItems:              write.Each(s.Quote.Lines, lineOf),
		FulfillmentDetails:     contactOf(s.Cart.ShipTo),
		FulfillmentOptions:     write.Each(s.Quote.Options, optionOf),
		SelectedOptions:        selectionsOf(s.Quote),
		FulfillmentGroups:      groupsOf(s.Cart.Groups),
		Totals:                 totalsOf(s.Quote.Totals),
		Messages:               messages,
		Links:                  linksOf(s.Links),
		AuthenticationMetadata: authentication,
		CreatedAt:              write.Timestamp(s.CreatedAt),
		UpdatedAt:              write.Timestamp(s.UpdatedAt),
		ExpiresAt:              write.Timestamp(s.ExpiresAt),
		ContinueURL:            write.URL(s.ContinueURL),
		Metadata:               s.Metadata,
		QuoteID:                s.QuoteID,
		QuoteExpiresAt:         write.Timestamp(s.Quote.ExpiresAt),
		Discounts:              discountsOf(s),
	}
	for _, o := range s.MarketingOptions {
		if write.URL(o.PrivacyPolicyURL) != "" {
			out.MarketingOptions = append(out.MarketingOptions, MarketingOption{
				Channel: o.Channel, DisplayText: write.Plain(o.DisplayText), PrivacyPolicyURL: o.PrivacyPolicyURL, IsSubscribed: o.Subscribed,
			})
		}
	}
	return out, nil
}

// statusOf keeps to the states that the schema lists. One that needs
// authentication_metadata is not said without it.
func statusOf(s commerce.Session, authenticates bool) (commerce.Status, []commerce.Message) {
	switch s.Status {
	case commerce.NotReady, commerce.Ready, commerce.CompleteInProgress, commerce.Completed, commerce.Canceled, commerce.Expired,
		commerce.Incomplete, commerce.RequiresEscalation, commerce.PendingApproval:
		return s.Status, nil
	case commerce.AuthenticationRequired:
		if authenticates {
			return s.Status, nil
		}
		return commerce.NotReady, []commerce.Message{write.MustAuthenticate(s)}
	default:
		return commerce.NotReady, nil
	}
}
