package commerce

import "time"

// Session is a checkout session as an agent sees it.
type Session struct {
	ID       string
	Agent    string // who owns it; anybody else finds nothing
	Shop     string
	Status   Status
	Currency Currency
	Cart     Cart
	Quote    Quote
	Messages []Message // what stands in the way now, the quote's own included
	Links    []Link

	Capabilities Capabilities // of the agent
	Handlers     []PaymentHandler
	// Interventions are what both sides can do, as the answer tells it; the zero value is nothing.
	Interventions Interventions

	AuthenticationMetadata *AuthenticationMetadata
	AuthenticationProvider *AuthenticationProvider
	MarketingOptions       []MarketingOption
	PresentmentCurrency    Currency
	ExchangeRate           string // decimal text
	ExchangeRateAt         time.Time
	Metadata               map[string]any
	QuoteID                string
	ContinueURL            string
	// Authentication is which card holder authentication the session waits for; nil: it never asked for one. Internal.
	Authentication *PendingAuthentication `json:",omitempty"`
	// HandedOffAt is when the buyer took the purchase over in the shop; zero: they did not. Until an update takes it back, nothing is
	// charged here. Internal.
	HandedOffAt time.Time `json:",omitzero"`
	// Untold says that the price has moved since an agent was last told of it, so that it must be shown before it is charged.
	Untold bool

	// Subject is the buyer that the agent's identity provider proved, as the processor knows them (a customer's id); empty: nobody is
	// proven. It is write-only.
	Subject string

	Affiliates  []Affiliate  // write-only
	Consents    []Consent    // write-only: what the buyer answered, for the record
	IntentTrace *IntentTrace // write-only
	RiskSignals *RiskSignals // write-only
	Order       *Order
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ExpiresAt   time.Time
}

// Link is an address of the shop that an agent should show.
type Link struct {
	Type  LinkType
	Title string
	URL   string
}

// LinkType is what a link leads to, in the words of 2026-04-17.
type LinkType string

// The types of links.
const (
	TermsOfUse     LinkType = "terms_of_use"
	PrivacyPolicy  LinkType = "privacy_policy"
	ReturnPolicy   LinkType = "return_policy"
	ShippingPolicy LinkType = "shipping_policy"
	ContactUs      LinkType = "contact_us"
	AboutUs        LinkType = "about_us"
	FAQ            LinkType = "faq"
	Support        LinkType = "support"
)

// Total is what the session costs now.
func (s Session) Total() Money { return Money{Minor: s.Quote.Total, Currency: s.Currency} }

// Handler finds an advertised payment handler by its id.
func (s Session) Handler(id string) (PaymentHandler, bool) {
	for _, h := range s.Handlers {
		if h.ID == id {
			return h, true
		}
	}
	return PaymentHandler{}, false
}
