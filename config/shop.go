package config

import "time"

// The policies for a checkout whose total is zero, rule S15 of the checkout saga.
const (
	// ZeroTotalRefuse answers such a complete with an error.
	ZeroTotalRefuse = "refuse"
	// ZeroTotalPlace places the order without a payment.
	ZeroTotalPlace = "place_without_payment"
)

// The policies for a captured payment that the shop refuses to note, rule S11.
const (
	// UnrecordedOperator alerts and leaves the order to a person.
	UnrecordedOperator = "operator"
	// UnrecordedRefund cancels the order and gives the money back.
	UnrecordedRefund = "refund"
)

// CaptureAfterOrder holds the money, places the order, then captures. It is the only capture policy so far.
const CaptureAfterOrder = "after_order"

// Where the payment token stands in Stripe's parameters.
const (
	// ShapePaymentMethodData sends payment_method_data[shared_payment_granted_token], as documented since 2026-04-22.
	ShapePaymentMethodData = "payment_method_data"
	// ShapeTopLevel sends shared_payment_granted_token, as the private preview did.
	ShapeTopLevel = "top_level"
)

// StripeURL is the origin of Stripe's API.
const StripeURL = "https://api.stripe.com"

// Shop is one shop that agents can buy from.
type Shop struct {
	// Host is the host name, without a port, under which agents reach this shop where one gateway serves several.
	Host string `yaml:"host"`
	// Adapter is the name of the adapter that speaks to the shop. Whether it exists is checked by the gateway.
	Adapter string `yaml:"adapter,required"`
	// Settings are the adapter's own; it decodes them.
	Settings Section `yaml:"settings"`
	// Currency is what the shop sells in: ISO 4217, lower case.
	Currency string `yaml:"currency,required"`
	// Payment is how the shop is paid.
	Payment Payment `yaml:"payment,required"`
	// ZeroTotal is ZeroTotalRefuse (default) or ZeroTotalPlace.
	ZeroTotal string `yaml:"zero_total"`
	// Authentication is who authenticates card holders; nil leaves it to Stripe.
	Authentication *Authentication `yaml:"authentication"`
	// Interventions are what the shop can do, and asks for, when a buyer must step in; nil is nothing beyond Authentication.
	Interventions *Interventions `yaml:"interventions"`
	// Continue lets buyers go on in the shop by themselves, where the adapter knows where; nil does not.
	Continue *Continue `yaml:"continue"`
	// Marketing are the channels that buyers are asked about, where the adapter takes the answer.
	Marketing []Marketing `yaml:"marketing"`
	// Links are shown to buyers in every session.
	Links Links `yaml:"links"`
	// Carts keeps carts for agents before there is a checkout session (ACP from 2026-04-17). Default true.
	Carts bool `yaml:"carts"`
	// Locales are the languages that the shop answers in, as BCP 47 tags. Discovery tells them; empty: it tells none.
	Locales []string `yaml:"locales"`
	// PollEvery is how often the shop is asked for changed orders. Default 30 s.
	PollEvery time.Duration `yaml:"poll_every"`
	// ExpireAfter is the life of a session after its last change. Default 6 h.
	ExpireAfter time.Duration `yaml:"expire_after"`
	// AbandonAfter is how long a complete without a placed order waits for the agent's retry before the hold is
	// given back, rule S10. Default 10 min.
	AbandonAfter time.Duration `yaml:"abandon_after"`
	// OrderURL is where a buyer sees an order when the adapter tells no address of its own; {number} stands for the order's
	// number. ACP wants an absolute address in every order (2026-04-17, schema Order, permalink_url).
	OrderURL string `yaml:"order_url"`
	// UnrecordedPayment is what happens to a paid order when the shop refuses for good to note the payment, rule S11:
	// UnrecordedOperator (default) or UnrecordedRefund.
	UnrecordedPayment string `yaml:"unrecorded_payment"`
	// PropagateTrace sends the W3C traceparent header to the shop. Default false: the shop may belong to others.
	PropagateTrace bool `yaml:"propagate_trace"`
}

// SetDefaults fills in what the file does not say.
func (s *Shop) SetDefaults() {
	s.Carts = true
	s.ZeroTotal = ZeroTotalRefuse
	s.UnrecordedPayment = UnrecordedOperator
	s.PollEvery = 30 * time.Second
	s.ExpireAfter = 6 * time.Hour
	s.AbandonAfter = 10 * time.Minute
}

// Payment names the processor. Exactly one field is set; so far there is one.
type Payment struct {
	Stripe *Stripe `yaml:"stripe,required"`
}

// Stripe is an account at Stripe that redeems Shared Payment Tokens.
type Stripe struct {
	// SecretKey is a secret or restricted key: sk_ or rk_, test or live.
	SecretKey Secret `yaml:"secret_key,required"`
	// MerchantID is what agents bind a payment token to: the Stripe profile or account id, at most 256 characters
	// (ACP payment handlers RFC section 10). It is public.
	MerchantID string `yaml:"merchant_id,required"`
	// Account is the connected account that is charged, acct_…; empty means the key's own.
	Account string `yaml:"account"`
	// KeyAccount is the account that SecretKey belongs to, acct_…. With it the key can be rotated while checkouts are under way; empty
	// binds each of them to the key it began with.
	KeyAccount string `yaml:"key_account"`
	// APIVersion is the Stripe-Version header of calls with a token. Default 2026-04-22.preview, the first public
	// preview of Shared Payment Tokens.
	APIVersion string `yaml:"api_version"`
	// ParameterShape is ShapePaymentMethodData (default) or ShapeTopLevel.
	ParameterShape string `yaml:"parameter_shape"`
	// BaseURL is the origin of the API. Anything but the default must be on loopback and takes a test key only.
	BaseURL string `yaml:"base_url"`
	// CardBrands are the brands that the card handler accepts. Default visa, mastercard, amex, discover.
	CardBrands []string `yaml:"card_brands"`
	// SavedCards offers the cards that the account keeps for a customer to the buyers whom an agent proves; nil: none is shown.
	SavedCards *SavedCards `yaml:"saved_cards"`
	// Capture is when the money is taken: CaptureAfterOrder.
	Capture string `yaml:"capture"`
}

// SetDefaults fills in what the file does not say.
func (s *Stripe) SetDefaults() {
	s.APIVersion = "2026-04-22.preview"
	s.ParameterShape = ShapePaymentMethodData
	s.BaseURL = StripeURL
	s.CardBrands = []string{"visa", "mastercard", "amex", "discover"}
	s.Capture = CaptureAfterOrder
}

// Links are absolute URLs that a session shows to the buyer, by their ACP type (2026-04-17, schema Link). Empty ones
// are left out. Agents expect at least the terms and the privacy policy.
type Links struct {
	TermsOfUse     string `yaml:"terms_of_use"`
	PrivacyPolicy  string `yaml:"privacy_policy"`
	ReturnPolicy   string `yaml:"return_policy"`
	ShippingPolicy string `yaml:"shipping_policy"`
	ContactUs      string `yaml:"contact_us"`
	AboutUs        string `yaml:"about_us"`
	FAQ            string `yaml:"faq"`
	Support        string `yaml:"support"`
}

// Link is one link with its ACP type.
type Link struct {
	Type string
	URL  string
}

// List returns the links that are set, in a fixed order.
func (l Links) List() []Link {
	all := []Link{
		{"terms_of_use", l.TermsOfUse},
		{"privacy_policy", l.PrivacyPolicy},
		{"return_policy", l.ReturnPolicy},
		{"shipping_policy", l.ShippingPolicy},
		{"contact_us", l.ContactUs},
		{"about_us", l.AboutUs},
		{"faq", l.FAQ},
		{"support", l.Support},
	}
	var set []Link
	for _, link := range all {
		if link.URL != "" {
			set = append(set, link)
		}
	}
	return set
}
