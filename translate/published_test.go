package translate_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/wire"
)

// published is an object of a published answer. What it reads an answer into is
// the canonical model; there is no such reader in the product, which only
// writes answers.
type published map[string]any

func (s published) text(name string) string { text, _ := s[name].(string); return text }
func (s published) flag(name string) bool   { flag, _ := s[name].(bool); return flag }

// number is the text of a number, or empty.
func (s published) number(name string) string { n, _ := s[name].(json.Number); return n.String() }

func (s published) amount(name string) int64 {
	n, ok := s[name].(json.Number)
	if !ok {
		return 0
	}
	whole, _, _ := strings.Cut(n.String(), ".") // that a part is lost is found when answers are compared
	amount, _ := json.Number(whole).Int64()
	return amount
}

func (s published) whole(name string) *int64 {
	if _, ok := s[name]; !ok {
		return nil
	}
	return ptr(s.amount(name))
}

func (s published) at(name string) published { object, _ := s[name].(map[string]any); return object }

func (s published) time(name string) time.Time {
	at, err := time.Parse(time.RFC3339, s.text(name))
	if err != nil && s[name] != nil {
		panic(err)
	}
	return at
}

func (s published) yes(name string) *bool {
	if flag, ok := s[name].(bool); ok {
		return &flag
	}
	return nil
}

func (s published) raw(name string) json.RawMessage {
	if s[name] == nil {
		return nil
	}
	text, err := json.Marshal(s[name])
	if err != nil {
		panic(err)
	}
	return text
}

// listOf reads the objects of a list.
func listOf[T any](s published, name string, read func(published) T) []T {
	list, ok := s[name].([]any)
	if !ok {
		return nil
	}
	out := make([]T, 0, len(list))
	for _, element := range list {
		object, _ := element.(map[string]any)
		out = append(out, read(object))
	}
	return out
}

func (s published) texts(name string) []string {
	list, _ := s[name].([]any)
	var out []string
	for _, element := range list {
		text, _ := element.(string)
		out = append(out, text)
	}
	return out
}

// problem reads an error answer.
func (s published) problem() wire.Problem {
	return wire.Problem{
		Type: wire.ProblemType(s.text("type")), Code: s.text("code"), Message: s.text("message"), Param: s.text("param"), AsSent: true,
		SupportedVersions: s.texts("supported_versions"),
	}
}

// session reads an answer of any date.
func (s published) session() commerce.Session {
	out := commerce.Session{
		ID: s.text("id"), Status: canonical(s.text("status")), Currency: commerce.Currency(s.text("currency")),
		Cart: commerce.Cart{
			Buyer: s.at("buyer").buyer(), ShipTo: s.at("fulfillment_details").contact(), Locale: s.text("locale"), Timezone: s.text("timezone"),
			Codes: s.at("discounts").texts("codes"), Groups: listOf(s, "fulfillment_groups", published.group),
		},
		Quote: commerce.Quote{
			Currency: commerce.Currency(s.text("currency")),
			Lines:    listOf(s, "line_items", published.line), Options: listOf(s, "fulfillment_options", published.option),
			Choices: listOf(s, "selected_fulfillment_options", published.choice), Totals: listOf(s, "totals", published.total),
			ExpiresAt: s.time("quote_expires_at"),
		},
		Messages: listOf(s, "messages", published.message), Links: listOf(s, "links", published.link),
		Handlers:      listOf(s.at("capabilities").at("payment"), "handlers", published.handler),
		Interventions: s.at("capabilities").at("interventions").interventions(),
		MarketingOptions: listOf(s, "marketing_consent_options", func(o published) commerce.MarketingOption {
			return commerce.MarketingOption{
				Channel: o.text("channel"), DisplayText: o.text("display_text"), PrivacyPolicyURL: o.text("privacy_policy_url"), Subscribed: o.yes("is_subscribed"),
			}
		}),
		AuthenticationMetadata: s.at("authentication_metadata").authentication(), ContinueURL: s.text("continue_url"), QuoteID: s.text("quote_id"),
		PresentmentCurrency: commerce.Currency(s.text("presentment_currency")), ExchangeRate: s.number("exchange_rate"),
		ExchangeRateAt: s.time("exchange_rate_timestamp"), CreatedAt: s.time("created_at"), UpdatedAt: s.time("updated_at"), ExpiresAt: s.time("expires_at"),
		Metadata: s.at("metadata"),
	}
	out.Quote.Total = out.Quote.Amount(commerce.TotalDue)
	if s["fulfillment_address"] != nil {
		out.Cart.ShipTo = &commerce.Contact{Address: s.at("fulfillment_address").address()}
	}
	if id := s.text("fulfillment_option_id"); id != "" {
		out.Quote.Choices = []commerce.Choice{{OptionID: id}}
	}
	if p := s.at("payment_provider"); p != nil {
		out.Handlers = append(out.Handlers, p.provider())
	}
	if p := s.at("authentication_provider"); p != nil {
		out.AuthenticationProvider = &commerce.AuthenticationProvider{
			Provider: p.text("provider"), MerchantID: p.text("merchant_id"), Methods: p.texts("supported_authentication_methods"),
		}
	}
	if s["order"] != nil {
		out.Order = ptr(s.at("order").order())
	}
	return out
}

// canonical is the canonical word for a status of any date.
func canonical(status string) commerce.Status {
	if status == "in_progress" {
		return commerce.CompleteInProgress
	}
	return commerce.Status(status)
}

func (s published) buyer() *commerce.Buyer {
	if s == nil {
		return nil
	}
	return &commerce.Buyer{
		FirstName: s.text("first_name"), LastName: s.text("last_name"), FullName: s.text("full_name"), Email: s.text("email"), Phone: s.text("phone_number"),
		CustomerID: s.text("customer_id"), AccountType: s.text("account_type"), AuthenticationStatus: s.text("authentication_status"),
	}
}

func (s published) contact() *commerce.Contact {
	if s == nil {
		return nil
	}
	return &commerce.Contact{Name: s.text("name"), Phone: s.text("phone_number"), Email: s.text("email"), Address: s.at("address").address()}
}

func (s published) address() *commerce.Address {
	if s == nil {
		return nil
	}
	return &commerce.Address{
		Name: s.text("name"), LineOne: s.text("line_one"), LineTwo: s.text("line_two"), City: s.text("city"), State: s.text("state"),
		Country: s.text("country"), PostalCode: s.text("postal_code"), Company: s.text("company"),
	}
}

func (s published) line() commerce.Line {
	l := commerce.Line{
		ID: s.text("id"), ItemID: s.at("item").text("id"), Quantity: s.amount("quantity") + s.at("item").amount("quantity"), UnitAmount: s.amount("unit_amount"),
		Base: s.amount("base_amount"), Discount: s.amount("discount"), Subtotal: s.amount("subtotal"), Tax: s.amount("tax"), Total: s.amount("total"),
		Name: s.text("name"), Description: s.text("description"), Images: s.texts("images"), SellerName: s.at("marketplace_seller_details").text("name"),
		Disclosures: listOf(s, "disclosures", func(d published) commerce.Disclosure {
			return commerce.Disclosure{Type: d.text("type"), ContentType: d.text("content_type"), Content: d.text("content")}
		}),
		CustomAttributes: listOf(s, "custom_attributes", func(a published) commerce.Attribute {
			return commerce.Attribute{Name: a.text("display_name"), Value: a.text("value")}
		}),
		Totals: listOf(s, "totals", published.total), ProductID: s.text("product_id"), SKU: s.text("sku"), AvailableQuantity: s.whole("available_quantity"),
		Availability: commerce.Availability(s.text("availability_status")),
	}
	for _, row := range l.Totals {
		switch row.Type {
		case commerce.TotalItemsBase:
			l.Base = row.Amount
		case commerce.TotalDiscount:
			l.Discount = row.Amount
		case commerce.TotalSubtotal:
			l.Subtotal = row.Amount
		case commerce.TotalTax:
			l.Tax = row.Amount
		case commerce.TotalDue:
			l.Total = row.Amount
		default:
		}
	}
	return l
}

func (s published) option() commerce.FulfillmentOption {
	o := commerce.FulfillmentOption{
		Type: commerce.FulfillmentType(s.text("type")), ID: s.text("id"), Title: s.text("title"), Description: s.text("description") + s.text("subtitle"),
		Carrier: s.text("carrier"), Delivery: commerce.Window{Earliest: s.time("earliest_delivery_time"), Latest: s.time("latest_delivery_time")},
		Subtotal: s.amount("subtotal"), Tax: s.amount("tax"), Total: s.amount("total"), Totals: listOf(s, "totals", published.total),
	}
	for _, row := range o.Totals {
		switch row.Type {
		case commerce.TotalTax:
			o.Tax = row.Amount
		case commerce.TotalDue:
			o.Total = row.Amount
		default:
		}
	}
	if len(o.Totals) > 0 {
		o.Subtotal = o.Total - o.Tax
	}
	return o
}

func (s published) choice() commerce.Choice {
	kind := s.text("type")
	if nested := s.at(kind); nested != nil {
		s = nested
	}
	return commerce.Choice{Type: commerce.FulfillmentType(kind), OptionID: s.text("option_id"), LineIDs: s.texts("item_ids")}
}

func (s published) group() commerce.FulfillmentGroup {
	return commerce.FulfillmentGroup{
		ID: s.text("id"), LineIDs: s.texts("item_ids"), Destination: commerce.FulfillmentType(s.text("destination_type")),
		Contact: s.at("fulfillment_details").contact(), LocationID: s.text("location_id"), Instructions: s.text("instructions"),
	}
}

func (s published) total() commerce.Total {
	return commerce.Total{
		Type: commerce.TotalType(s.text("type")), DisplayText: s.text("display_text"), Amount: s.amount("amount"), Description: s.text("description"),
		PresentmentAmount: s.whole("presentment_amount"),
	}
}

func (s published) message() commerce.Message {
	return commerce.Message{
		Type: commerce.MessageType(s.text("type")), Code: s.text("code"), Severity: s.text("severity"), Resolution: commerce.Resolution(s.text("resolution")),
		Param: strings.ReplaceAll(s.text("param"), "].item.quantity", "].quantity"), Content: s.text("content"), Markdown: s.text("content_type") == "markdown",
	}
}

func (s published) link() commerce.Link {
	kind := commerce.LinkType(s.text("type"))
	if kind == "seller_shop_policies" {
		kind = commerce.ReturnPolicy
	}
	return commerce.Link{Type: kind, Title: s.text("title"), URL: s.text("url")}
}

func (s published) handler() commerce.PaymentHandler {
	return commerce.PaymentHandler{
		ID: s.text("id"), Name: s.text("name"), DisplayName: s.text("display_name"), Version: s.text("version"), Spec: s.text("spec"),
		RequiresDelegatePayment: s.flag("requires_delegate_payment"), RequiresPCICompliance: s.flag("requires_pci_compliance"), PSP: s.text("psp"),
		ConfigSchema: s.text("config_schema"), InstrumentSchemas: s.texts("instrument_schemas"), Config: s.raw("config"), DisplayOrder: s.amount("display_order"),
	}
}

// provider is the handler behind the payment provider of the older dates.
func (s published) provider() commerce.PaymentHandler {
	h := commerce.PaymentHandler{ID: "card", PSP: s.text("provider"), MerchantID: s.text("merchant_id")}
	listOf(s, "supported_payment_methods", func(m published) bool {
		h.CardBrands = append(h.CardBrands, m.texts("supported_card_networks")...)
		return true
	})
	return h
}

func (s published) interventions() commerce.Interventions {
	return commerce.Interventions{Supported: s.texts("supported"), Required: s.texts("required"), Enforcement: s.text("enforcement")}
}

func (s published) authentication() *commerce.AuthenticationMetadata {
	if s == nil {
		return nil
	}
	a, f := s.at("acquirer_details"), s.at("flow_preference")
	return &commerce.AuthenticationMetadata{
		AcquirerBIN: a.text("acquirer_bin"), AcquirerCountry: a.text("acquirer_country"), AcquirerMerchantID: a.text("acquirer_merchant_id"),
		MerchantName: a.text("merchant_name"), RequestorID: a.text("requestor_id"), DirectoryServer: s.text("directory_server"), FlowType: f.text("type"),
		Challenge: f.at("challenge").text("type"), Frictionless: f.at("frictionless").text("type"), Channel: s.raw("channel"),
	}
}

// event reads an event of the dates until 2026-01-30.
func (s published) event() commerce.Event {
	data := s.at("data")
	o := commerce.Order{SessionID: data.text("checkout_session_id"), PermalinkURL: data.text("permalink_url"), Status: commerce.OrderStatus(data.text("status"))}
	if o.Status == "fulfilled" {
		o.Status = commerce.OrderCompleted
	}
	o.Adjustments = listOf(data, "refunds", func(refund published) commerce.Adjustment {
		kind := map[string]string{"original_payment": "refund", "store_credit": "credit"}[refund.text("type")]
		return commerce.Adjustment{Type: kind, Status: commerce.AdjustmentCompleted, Amount: refund.amount("amount")}
	})
	return commerce.Event{Type: commerce.EventType(s.text("type")), Order: o, At: noon}
}

func (s published) order() commerce.Order {
	o := commerce.Order{
		ID: s.text("id"), SessionID: s.text("checkout_session_id"), Number: s.text("order_number"), ClientReference: s.text("client_reference_id"),
		PermalinkURL: s.text("permalink_url"), Status: commerce.OrderStatus(s.text("status")), EstimatedDelivery: s.window("estimated_delivery"),
		Lines: listOf(s, "line_items", published.orderLine), Fulfillments: listOf(s, "fulfillments", published.fulfillment),
		Adjustments: listOf(s, "adjustments", published.adjustment), Totals: listOf(s, "totals", published.total),
	}
	if o.Status == "delivered" {
		o.Status = commerce.OrderCompleted // of 2026-01-30
	}
	if c := s.at("confirmation"); c != nil {
		o.Confirmation = &commerce.Confirmation{
			Number: c.text("confirmation_number"), ReceiptURL: c.text("receipt_url"), InvoiceNumber: c.text("invoice_number"), Notes: c.text("order_notes"),
			EmailSent: c.yes("confirmation_email_sent"),
		}
	}
	if c := s.at("support"); c != nil {
		o.Support = &commerce.SupportContact{Email: c.text("email"), Phone: c.text("phone"), Hours: c.text("hours"), HelpCenterURL: c.text("help_center_url")}
	}
	return o
}

func (s published) window(name string) commerce.Window {
	return commerce.Window{Earliest: s.at(name).time("earliest"), Latest: s.at(name).time("latest")}
}

func (s published) orderLine() commerce.OrderLine {
	q := s.at("quantity")
	return commerce.OrderLine{
		ID: s.text("id"), Title: s.text("title"), ProductID: s.text("product_id"), Description: s.text("description"), ImageURL: s.text("image_url"), URL: s.text("url"),
		Ordered: q.amount("ordered"), Current: q.amount("current"), Fulfilled: q.amount("fulfilled"), UnitPrice: s.amount("unit_price"), Subtotal: s.amount("subtotal"),
		Totals: listOf(s, "totals", published.total),
	}
}

func (s published) units() []commerce.LineQuantity {
	return listOf(s, "line_items", func(u published) commerce.LineQuantity {
		return commerce.LineQuantity{LineID: u.text("id"), Quantity: u.amount("quantity")}
	})
}

func (s published) fulfillment() commerce.Fulfillment {
	f := commerce.Fulfillment{
		ID: s.text("id"), Type: commerce.FulfillmentType(s.text("type")), Status: s.text("status"), Lines: s.units(), Carrier: s.text("carrier"),
		TrackingNumber: s.text("tracking_number"), TrackingURL: s.text("tracking_url"), Destination: s.at("destination").address(),
		EstimatedDelivery: s.window("estimated_delivery"), Description: s.text("description"),
		Events: listOf(s, "events", func(e published) commerce.FulfillmentEvent {
			return commerce.FulfillmentEvent{
				ID: e.text("id"), Type: e.text("type"), OccurredAt: e.time("occurred_at"), Description: e.text("description"), Location: e.text("location"),
			}
		}),
	}
	if d := s.at("digital_delivery"); d != nil {
		f.Digital = &commerce.DigitalDelivery{AccessURL: d.text("access_url"), LicenseKey: d.text("license_key"), ExpiresAt: d.time("expires_at")}
	}
	return f
}

func (s published) adjustment() commerce.Adjustment {
	return commerce.Adjustment{
		ID: s.text("id"), Type: s.text("type"), Status: commerce.AdjustmentStatus(s.text("status")), OccurredAt: s.time("occurred_at"), Lines: s.units(),
		Amount: s.amount("amount"), Currency: commerce.Currency(s.text("currency")), Description: s.text("description"), Reason: s.text("reason"),
	}
}

// parseSample reads JSON with its numbers as they were written.
func parseSample(t *testing.T, text []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
