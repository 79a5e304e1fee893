package stripetest

import "time"

// The structures of this file are Stripe's JSON, member for member as its OpenAPI description 2026-08-26.dahlia has them;
// e2e/stripemock compares them with the published mock.

type paymentIntent struct {
	AllowedPaymentMethodTypes         []string          `json:"allowed_payment_method_types"`
	Amount                            int64             `json:"amount"`
	AmountCapturable                  int64             `json:"amount_capturable"`
	AmountDetails                     struct{}          `json:"amount_details"`
	AmountReceived                    int64             `json:"amount_received"`
	Application                       *string           `json:"application"`
	ApplicationFeeAmount              *int64            `json:"application_fee_amount"`
	AutomaticPaymentMethods           *struct{}         `json:"automatic_payment_methods"`
	CanceledAt                        *int64            `json:"canceled_at"`
	CancellationReason                *string           `json:"cancellation_reason"`
	CaptureMethod                     string            `json:"capture_method"`
	ClientSecret                      string            `json:"client_secret"`
	ConfirmationMethod                string            `json:"confirmation_method"`
	Created                           int64             `json:"created"`
	Currency                          string            `json:"currency"`
	Customer                          *string           `json:"customer"`
	CustomerAccount                   *string           `json:"customer_account"`
	Description                       *string           `json:"description"`
	ExcludedPaymentMethodTypes        []string          `json:"excluded_payment_method_types"`
	ID                                string            `json:"id"`
	LastPaymentError                  *apiError         `json:"last_payment_error"`
	LatestCharge                      any               `json:"latest_charge"`
	Livemode                          bool              `json:"livemode"`
	ManagedPayments                   *struct{}         `json:"managed_payments"`
	Metadata                          map[string]string `json:"metadata"`
	NextAction                        *nextAction       `json:"next_action"`
	Object                            string            `json:"object"`
	OnBehalfOf                        *string           `json:"on_behalf_of"`
	PaymentMethod                     *string           `json:"payment_method"`
	PaymentMethodConfigurationDetails *struct{}         `json:"payment_method_configuration_details"`
	PaymentMethodOptions              struct{}          `json:"payment_method_options"`
	PaymentMethodTypes                []string          `json:"payment_method_types"`
	Processing                        *struct{}         `json:"processing"`
	ReceiptEmail                      *string           `json:"receipt_email"`
	Review                            *string           `json:"review"`
	SetupFutureUsage                  *string           `json:"setup_future_usage"`
	Shipping                          *struct{}         `json:"shipping"`
	StatementDescriptor               *string           `json:"statement_descriptor"`
	StatementDescriptorSuffix         *string           `json:"statement_descriptor_suffix"`
	Status                            string            `json:"status"`
	TransferData                      *struct{}         `json:"transfer_data"`
	TransferGroup                     *string           `json:"transfer_group"`
}

type nextAction struct {
	Type         string    `json:"type"`
	UseStripeSDK *struct{} `json:"use_stripe_sdk,omitempty"`
}

type chargeBody struct {
	Amount               int64             `json:"amount"`
	AmountCaptured       int64             `json:"amount_captured"`
	AmountRefunded       int64             `json:"amount_refunded"`
	BalanceTransaction   *string           `json:"balance_transaction"`
	BillingDetails       billingDetails    `json:"billing_details"`
	Captured             bool              `json:"captured"`
	Created              int64             `json:"created"`
	Currency             string            `json:"currency"`
	Customer             *string           `json:"customer"`
	Description          *string           `json:"description"`
	Disputed             bool              `json:"disputed"`
	FailureCode          *string           `json:"failure_code"`
	FailureMessage       *string           `json:"failure_message"`
	ID                   string            `json:"id"`
	Livemode             bool              `json:"livemode"`
	Metadata             map[string]string `json:"metadata"`
	Object               string            `json:"object"`
	Paid                 bool              `json:"paid"`
	PaymentIntent        *string           `json:"payment_intent"`
	PaymentMethod        *string           `json:"payment_method"`
	PaymentMethodDetails methodDetails     `json:"payment_method_details"`
	Refunded             bool              `json:"refunded"`
	Review               *string           `json:"review"`
	Status               string            `json:"status"`
	TransferGroup        *string           `json:"transfer_group"`
}

type methodDetails struct {
	Card chargedCard `json:"card"`
	Type string      `json:"type"`
}

type chargedCard struct {
	AmountAuthorized *int64 `json:"amount_authorized"`
	Brand            string `json:"brand"`
	// CaptureBefore is absent unless the charge is an open hold.
	CaptureBefore int64  `json:"capture_before,omitempty"`
	Country       string `json:"country"`
	ExpMonth      int64  `json:"exp_month"`
	ExpYear       int64  `json:"exp_year"`
	Fingerprint   string `json:"fingerprint"`
	Funding       string `json:"funding"`
	Last4         string `json:"last4"`
	Network       string `json:"network"`
	// ThreeDSecure is absent where nobody authenticated the card holder.
	ThreeDSecure *threeDSBody `json:"three_d_secure"`
}

type billingDetails struct {
	Address billingAddress `json:"address"`
	Email   *string        `json:"email"`
	Name    *string        `json:"name"`
	Phone   *string        `json:"phone"`
	TaxID   *string        `json:"tax_id"`
}

type billingAddress struct {
	City       *string `json:"city"`
	Country    *string `json:"country"`
	Line1      *string `json:"line1"`
	Line2      *string `json:"line2"`
	PostalCode *string `json:"postal_code"`
	State      *string `json:"state"`
}

type refundBody struct {
	Amount                 int64               `json:"amount"`
	BalanceTransaction     *string             `json:"balance_transaction"`
	Charge                 *string             `json:"charge"`
	Created                int64               `json:"created"`
	Currency               string              `json:"currency"`
	Customer               *string             `json:"customer"`
	CustomerAccount        *string             `json:"customer_account"`
	DestinationDetails     *destinationDetails `json:"destination_details"`
	FailureReason          string              `json:"failure_reason,omitempty"`
	ID                     string              `json:"id"`
	Metadata               map[string]string   `json:"metadata"`
	Object                 string              `json:"object"`
	PaymentIntent          *string             `json:"payment_intent"`
	PaymentMethod          *string             `json:"payment_method"`
	Reason                 *string             `json:"reason"`
	ReceiptNumber          *string             `json:"receipt_number"`
	SourceTransferReversal *string             `json:"source_transfer_reversal"`
	Status                 string              `json:"status"`
	TransferReversal       *string             `json:"transfer_reversal"`
}

type destinationDetails struct {
	Card destinationCard `json:"card"`
	Type string          `json:"type"`
}

type destinationCard struct {
	Type string `json:"type"`
}

type grantedToken struct {
	AgentDetails         agentDetails      `json:"agent_details"`
	Created              int64             `json:"created"`
	DeactivatedAt        *int64            `json:"deactivated_at"`
	DeactivatedReason    *string           `json:"deactivated_reason"`
	ID                   string            `json:"id"`
	Livemode             bool              `json:"livemode"`
	Object               string            `json:"object"`
	PaymentMethodDetails tokenMethod       `json:"payment_method_details"`
	RiskDetails          *riskDetails      `json:"risk_details,omitempty"`
	SharedMetadata       map[string]string `json:"shared_metadata"`
	UsageDetails         usageDetails      `json:"usage_details"`
	UsageLimits          usageLimits       `json:"usage_limits"`
}

type agentDetails struct {
	NetworkBusinessProfile *string `json:"network_business_profile"`
}

type tokenMethod struct {
	BillingDetails billingDetails `json:"billing_details"`
	Card           tokenCard      `json:"card"`
	Type           string         `json:"type"`
}

type tokenCard struct {
	Brand        string    `json:"brand"`
	Country      string    `json:"country"`
	DisplayBrand string    `json:"display_brand"`
	ExpMonth     int64     `json:"exp_month"`
	ExpYear      int64     `json:"exp_year"`
	Funding      string    `json:"funding"`
	Last4        string    `json:"last4"`
	Networks     *struct{} `json:"networks"`
	Wallet       *struct{} `json:"wallet"`
}

type riskDetails struct {
	Insights riskInsights `json:"insights"`
}

type riskInsights struct {
	FraudulentDispute *riskInsight `json:"fraudulent_dispute,omitempty"`
}

type riskInsight struct {
	RecommendedAction string `json:"recommended_action"`
	Score             int64  `json:"score"`
}

type usageDetails struct {
	AmountCaptured *usageAmount `json:"amount_captured"`
}

type usageAmount struct {
	Currency string `json:"currency"`
	Value    int64  `json:"value"`
}

type usageLimits struct {
	Currency  string `json:"currency"`
	ExpiresAt *int64 `json:"expires_at"`
	MaxAmount int64  `json:"max_amount"`
}

type issuedToken struct {
	Created           int64             `json:"created"`
	DeactivatedAt     *int64            `json:"deactivated_at"`
	DeactivatedReason *string           `json:"deactivated_reason"`
	ID                string            `json:"id"`
	Livemode          bool              `json:"livemode"`
	NextAction        *nextAction       `json:"next_action"`
	Object            string            `json:"object"`
	PaymentMethod     string            `json:"payment_method"`
	ReturnURL         *string           `json:"return_url,omitempty"`
	SellerDetails     sellerDetails     `json:"seller_details"`
	SetupFutureUsage  *string           `json:"setup_future_usage"`
	SharedMetadata    map[string]string `json:"shared_metadata"`
	Status            *string           `json:"status"`
	UsageDetails      usageDetails      `json:"usage_details"`
	UsageLimits       usageLimits       `json:"usage_limits"`
	UseStripeSDK      *bool             `json:"use_stripe_sdk"`
}

type sellerDetails struct {
	ExternalID             *string `json:"external_id"`
	NetworkBusinessProfile *string `json:"network_business_profile"`
}

type listBody[T any] struct {
	Data    []T    `json:"data"`
	HasMore bool   `json:"has_more"`
	Object  string `json:"object"`
	URL     string `json:"url"`
}

type accountBody struct {
	ID     string `json:"id"`
	Object string `json:"object"`
}

type eventBody struct {
	APIVersion      string       `json:"api_version"`
	Created         int64        `json:"created"`
	Data            eventData    `json:"data"`
	ID              string       `json:"id"`
	Livemode        bool         `json:"livemode"`
	Object          string       `json:"object"`
	PendingWebhooks int64        `json:"pending_webhooks"`
	Request         eventRequest `json:"request"`
	Type            string       `json:"type"`
}

type eventData struct {
	Object any `json:"object"`
}

type eventRequest struct {
	ID             *string `json:"id"`
	IdempotencyKey *string `json:"idempotency_key"`
}

// optional returns nil for an empty text: Stripe writes null, not "".
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// unix returns seconds since 1970, or nil for the zero time.
func unix(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	s := t.Unix()
	return &s
}
