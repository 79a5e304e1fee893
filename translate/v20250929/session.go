package v20250929

// The answer shapes of this date: spec/2025-09-29/json-schema, read
// 2026-11-22. All objects are closed there, and all arrays are required.

type session struct {
	ID                  string           `json:"id"`
	Buyer               *buyer           `json:"buyer,omitzero"`
	PaymentProvider     *paymentProvider `json:"payment_provider,omitzero"`
	Status              string           `json:"status"`
	Currency            string           `json:"currency"`
	LineItems           []lineItem       `json:"line_items"`
	FulfillmentAddress  *address         `json:"fulfillment_address,omitzero"`
	FulfillmentOptions  []option         `json:"fulfillment_options"`
	FulfillmentOptionID string           `json:"fulfillment_option_id,omitzero"`
	Totals              []total          `json:"totals"`
	Messages            []message        `json:"messages"`
	Links               []link           `json:"links"`
	// Order stands only in the answer to complete.
	Order *order `json:"order,omitzero"`
}

type buyer struct {
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	Email       string `json:"email"`
	PhoneNumber string `json:"phone_number,omitzero"`
}

type paymentProvider struct {
	Provider                string   `json:"provider"`
	SupportedPaymentMethods []string `json:"supported_payment_methods"`
}

type item struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity"`
}

type lineItem struct {
	ID         string `json:"id"`
	Item       item   `json:"item"`
	BaseAmount int64  `json:"base_amount"`
	Discount   int64  `json:"discount"`
	Subtotal   int64  `json:"subtotal"`
	Tax        int64  `json:"tax"`
	Total      int64  `json:"total"`
}

type address struct {
	Name       string `json:"name"`
	LineOne    string `json:"line_one"`
	LineTwo    string `json:"line_two,omitzero"`
	City       string `json:"city"`
	State      string `json:"state"`
	Country    string `json:"country"`
	PostalCode string `json:"postal_code"`
}

type option struct {
	Type                 string `json:"type"`
	ID                   string `json:"id"`
	Title                string `json:"title"`
	Subtitle             string `json:"subtitle,omitzero"`
	Carrier              string `json:"carrier,omitzero"`
	EarliestDeliveryTime string `json:"earliest_delivery_time,omitzero"`
	LatestDeliveryTime   string `json:"latest_delivery_time,omitzero"`
	Subtotal             int64  `json:"subtotal"`
	Tax                  int64  `json:"tax"`
	Total                int64  `json:"total"`
}

type total struct {
	Type        string `json:"type"`
	DisplayText string `json:"display_text"`
	Amount      int64  `json:"amount"`
}

type message struct {
	Type        string `json:"type"`
	Code        string `json:"code,omitzero"`
	Param       string `json:"param,omitzero"`
	ContentType string `json:"content_type"`
	Content     string `json:"content"`
}

type link struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type order struct {
	ID                string `json:"id"`
	CheckoutSessionID string `json:"checkout_session_id"`
	PermalinkURL      string `json:"permalink_url"`
}
