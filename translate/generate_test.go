package translate_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestAnyAnswerValidates generates sessions that are consistent in their money
// and wild in everything else, and holds what each date says of them against
// its published schema. One session is told in all dates.
func TestAnyAnswerValidates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := session(r)
		for _, v := range every() {
			checkAnswers(inRapid{t, r}, "generated", v, s)
		}
		if r.Failed() {
			text, _ := json.MarshalIndent(s, "", " ")
			r.Logf("%s", text)
		}
	})
}

// inRapid reports what a checker for tests finds to a generated case, so that
// rapid can make it smaller.
type inRapid struct {
	testing.TB
	r *rapid.T
}

func (t inRapid) Helper()                           { t.r.Helper() }
func (t inRapid) Errorf(format string, args ...any) { t.r.Errorf(format, args...) }
func (t inRapid) Logf(format string, args ...any)   { t.r.Logf(format, args...) }
func (t inRapid) Failed() bool                      { return t.r.Failed() }

// text is what shops and buyers write: nothing, words, markup, broken bytes.
func text(r *rapid.T, label string) string {
	if rapid.Bool().Draw(r, label+" is common") {
		return rapid.SampledFrom([]string{
			"", "Ada", "Ada King Lovelace", "<p>Soft &amp; <b>warm</b></p>", "a\xffb", "a\x00b", "<script>alert(1)</script>", "\u2028", "**x**", "&lt;b&gt;",
		}).Draw(r, label)
	}
	return rapid.String().Draw(r, label)
}

// said is what buyers, agents and operators write: it comes back as it was.
func said(r *rapid.T, label string) string {
	return rapid.SampledFrom([]string{"", "Ada", "Ada King Lovelace", "a\xffb", "\u2028", "a & b < c", "\"q\""}).Draw(r, label)
}

func word(r *rapid.T, label string, words ...string) string {
	return rapid.SampledFrom(append(words, "", "odd")).Draw(r, label)
}

func address4(r *rapid.T, label string) string {
	return rapid.SampledFrom([]string{
		"https://shop.example/a", "/path", "", "not an address", "https://shop.example/a b", "mailto:a@b.example", "http://[::1", "HTTPS://SHOP.EXAMPLE/Ä",
		"https://shop.example/%zz", "//shop.example/x", "https://", "https://shop.example/<b>",
	}).Draw(r, label)
}

func email(r *rapid.T, label string) string {
	return rapid.SampledFrom([]string{"ada@example.com", "", "ada", "Ada <ada@example.com>", "ada@", "a..b@example.com", "ada@example.com\r\nX: y", "ä@example.com", "\"a b\"@example.com", "ada@[127.0.0.1]", "ada@exa_mple.com", "ada@-example.com"}).Draw(r, label)
}

func decimal(r *rapid.T, label string) string {
	return rapid.SampledFrom([]string{"", "1", "0.25", "-3", "1e3", "abc", "101", "1e999", "007", "0.0825", "NaN", "9007199254740993"}).Draw(r, label)
}

func when(r *rapid.T, label string) time.Time {
	return rapid.SampledFrom([]time.Time{{}, noon, noon.Add(time.Millisecond), noon.AddDate(9000, 0, 0), noon.AddDate(-3000, 0, 0), noon.In(time.FixedZone("", 3600))}).Draw(r, label)
}

func whenText(r *rapid.T, label string) string {
	return rapid.SampledFrom([]string{"", "2026-12-01T00:00:00Z", "tomorrow", "2026-12-01", "2026-12-01T00:00:00+01:00", "2026-13-01T00:00:00Z"}).Draw(r, label)
}

func count(r *rapid.T, label string) int64 { return rapid.Int64Range(-2, 1000).Draw(r, label) }

func maybe[T any](r *rapid.T, label string, make func() T) *T {
	if !rapid.Bool().Draw(r, label+" is there") {
		return nil
	}
	return ptr(make())
}

func some[T any](r *rapid.T, label string, most int, make func() T) []T {
	n := rapid.IntRange(0, most).Draw(r, label+" count")
	var out []T
	for range n {
		out = append(out, make())
	}
	return out
}

func postal(r *rapid.T) commerce.Address {
	return commerce.Address{
		Name: said(r, "name"), Company: said(r, "company"), LineOne: said(r, "line one"), LineTwo: said(r, "line two"), City: said(r, "city"),
		State: said(r, "state"), PostalCode: said(r, "postal code"), Country: "US",
	}
}

func recipient(r *rapid.T) commerce.Contact {
	return commerce.Contact{Name: said(r, "name"), Phone: said(r, "phone"), Email: email(r, "email"), Address: maybe(r, "address", func() commerce.Address { return postal(r) })}
}

func buyer(r *rapid.T) commerce.Buyer {
	return commerce.Buyer{
		FirstName: said(r, "first"), LastName: said(r, "last"), FullName: said(r, "full"), Email: email(r, "email"), Phone: said(r, "phone"),
		CustomerID: said(r, "customer"), AccountType: word(r, "account", "guest", "business"), AuthenticationStatus: word(r, "status", "guest"),
		Company: maybe(r, "company", func() commerce.Company { return commerce.Company{Name: said(r, "company")} }),
		Loyalty: maybe(r, "loyalty", func() commerce.Loyalty {
			return commerce.Loyalty{Tier: said(r, "tier"), PointsBalance: count(r, "points"), MemberSince: whenText(r, "since")}
		}),
		TaxExemption: maybe(r, "exemption", func() commerce.TaxExemption {
			return commerce.TaxExemption{CertificateID: "x", CertificateType: word(r, "type", "resale"), ExpiresAt: whenText(r, "expires")}
		}),
	}
}

func line(r *rapid.T, id string) commerce.Line {
	unit, quantity := rapid.Int64Range(0, 10_000).Draw(r, "unit"), rapid.Int64Range(1, 9).Draw(r, "quantity")
	l := commerce.Line{ID: id, ItemID: "item_" + id, Quantity: quantity, UnitAmount: unit, Base: unit * quantity}
	l.Discount = rapid.Int64Range(0, l.Base).Draw(r, "discount")
	l.Subtotal = l.Base - l.Discount
	l.Tax = rapid.Int64Range(0, 999).Draw(r, "tax")
	l.Total = l.Subtotal + l.Tax
	if rapid.Bool().Draw(r, "own rows") {
		l.Totals = []commerce.Total{{Type: commerce.TotalSubtotal, Amount: l.Subtotal}, {Type: commerce.TotalDue, DisplayText: text(r, "row"), Amount: l.Total}}
	}
	l.Name, l.Description, l.Images = text(r, "name"), text(r, "description"), some(r, "images", 2, func() string { return address4(r, "image") })
	l.Disclosures = some(r, "disclosures", 1, func() commerce.Disclosure {
		return commerce.Disclosure{Type: word(r, "type", "disclaimer"), ContentType: word(r, "content type", "markdown", "html"), Content: text(r, "content")}
	})
	l.CustomAttributes = some(r, "attributes", 1, func() commerce.Attribute { return commerce.Attribute{Name: text(r, "name"), Value: text(r, "value")} })
	l.VariantOptions = some(r, "variants", 1, func() commerce.Attribute { return commerce.Attribute{Name: text(r, "name"), Value: text(r, "value")} })
	l.SellerName, l.SKU, l.Category = text(r, "seller"), said(r, "sku"), text(r, "category")
	l.Weight = maybe(r, "weight", func() commerce.Weight {
		return commerce.Weight{Value: decimal(r, "weight"), Unit: word(r, "unit", "kg")}
	})
	l.Dimensions = maybe(r, "dimensions", func() commerce.Dimensions {
		return commerce.Dimensions{Length: decimal(r, "length"), Width: "1", Height: "1", Unit: word(r, "unit", "cm")}
	})
	l.Availability = commerce.Availability(word(r, "availability", "in_stock", "backorder"))
	l.AvailableQuantity, l.MaxPerOrder = maybe(r, "available", func() int64 { return count(r, "available") }), maybe(r, "most", func() int64 { return count(r, "most") })
	l.FulfillableOn = whenText(r, "fulfillable")
	l.DiscountDetails = some(r, "details", 1, func() commerce.LineDiscount {
		return commerce.LineDiscount{Type: word(r, "type", "bogo"), Source: word(r, "source", "coupon"), Amount: count(r, "amount")}
	})
	return l
}

func option(r *rapid.T, id string) commerce.FulfillmentOption {
	o := commerce.FulfillmentOption{
		Type: commerce.FulfillmentType(word(r, "kind", "shipping", "digital", "pickup", "local_delivery")), ID: id, Title: text(r, "title"),
		Description: text(r, "description"), Carrier: text(r, "carrier"), Delivery: commerce.Window{Earliest: when(r, "earliest"), Latest: when(r, "latest")},
		Subtotal: rapid.Int64Range(0, 999).Draw(r, "subtotal"), Tax: rapid.Int64Range(0, 99).Draw(r, "tax"),
		Pickup: maybe(r, "place", func() commerce.PickupPlace {
			return commerce.PickupPlace{Name: text(r, "place"), Address: postal(r), Kind: word(r, "kind", "locker"), ReadyBy: whenText(r, "ready"), PickupBy: whenText(r, "until")}
		}),
		ServiceArea: maybe(r, "area", func() commerce.ServiceArea { return commerce.ServiceArea{RadiusMiles: decimal(r, "radius")} }),
	}
	o.Total = o.Subtotal + o.Tax
	if rapid.Bool().Draw(r, "own rows") {
		o.Totals = []commerce.Total{{Type: commerce.TotalDue, DisplayText: text(r, "row"), Amount: o.Total}}
	}
	return o
}

// session is any session whose quote adds up.
func session(r *rapid.T) commerce.Session {
	s := commerce.Session{
		ID: "cs_1", Currency: "usd", Status: rapid.SampledFrom(statuses).Draw(r, "status"),
		Cart: commerce.Cart{
			Buyer: maybe(r, "buyer", func() commerce.Buyer { return buyer(r) }), ShipTo: maybe(r, "ship to", func() commerce.Contact { return recipient(r) }),
			Locale: said(r, "locale"), Timezone: said(r, "timezone"), Codes: some(r, "codes", 2, func() string { return said(r, "code") }),
			Groups: some(r, "groups", 1, func() commerce.FulfillmentGroup {
				return commerce.FulfillmentGroup{
					ID: "g", Destination: commerce.FulfillmentType(word(r, "destination", "pickup")), Contact: maybe(r, "contact", func() commerce.Contact { return recipient(r) }),
				}
			}),
		},
		Messages: some(r, "messages", 2, func() commerce.Message {
			return commerce.Message{
				Type: commerce.MessageType(word(r, "type", "info", "warning", "error")), Code: word(r, "code", "missing", "low_stock", "coupon_expired", "price_change"),
				Severity: word(r, "severity", "high"), Resolution: commerce.Resolution(word(r, "resolution", "recoverable")),
				Param: word(r, "param", "$.line_items[0].quantity", "$.fulfillment_details.address.city", "$.discounts"), Content: text(r, "content"),
				Markdown: rapid.Bool().Draw(r, "markdown"),
			}
		}),
		Links: some(r, "links", 2, func() commerce.Link {
			return commerce.Link{Type: commerce.LinkType(word(r, "type", "terms_of_use", "return_policy", "faq")), Title: text(r, "title"), URL: address4(r, "url")}
		}),
		Capabilities: commerce.Capabilities{Extensions: some(r, "extensions", 1, func() string { return word(r, "extension", "discount") })},
		Handlers: some(r, "handlers", 2, func() commerce.PaymentHandler {
			h := ready().Handlers[0]
			h.PSP, h.MerchantID, h.DisplayName = word(r, "psp", "stripe"), said(r, "merchant"), said(r, "display name")
			h.CardBrands = some(r, "brands", 2, func() string { return word(r, "brand", "visa", "jcb") })
			return h
		}),
		Interventions: commerce.Interventions{
			Supported: some(r, "supported", 2, func() string { return word(r, "step", "3ds", "biometric") }),
			Required:  some(r, "required", 1, func() string { return word(r, "step", "3ds", "address_verification") }), Enforcement: word(r, "enforcement", "always"),
		},
		AuthenticationMetadata: maybe(r, "authentication", func() commerce.AuthenticationMetadata {
			return commerce.AuthenticationMetadata{
				AcquirerBIN: word(r, "bin", "412345", "412345678901"), AcquirerCountry: word(r, "country", "US", "USA"), AcquirerMerchantID: "m",
				MerchantName: said(r, "merchant"), RequestorID: said(r, "requestor"), DirectoryServer: word(r, "directory", "visa"),
				FlowType: word(r, "flow", "challenge"), Challenge: word(r, "challenge", "mandated"), Frictionless: word(r, "frictionless", "low_risk"),
				Channel: json.RawMessage(word(r, "channel", browser, `{"type":"browser"}`, `{`, `{"type":"browser","browser":{"accept_header":"*/*",`+
					`"ip_address":"192.0.2.1","javascript_enabled":false,"language":"en","user_agent":"x","more":1},"more":2}`)),
			}
		}),
		AuthenticationProvider: maybe(r, "authenticator", func() commerce.AuthenticationProvider {
			return commerce.AuthenticationProvider{Provider: word(r, "provider", "adyen"), MerchantID: said(r, "merchant"), Methods: []string{"3ds", "odd"}}
		}),
		MarketingOptions: some(r, "marketing", 1, func() commerce.MarketingOption {
			return commerce.MarketingOption{Channel: "email", DisplayText: text(r, "text"), PrivacyPolicyURL: address4(r, "privacy")}
		}),
		ExchangeRate: decimal(r, "rate"), ExchangeRateAt: when(r, "rate at"), ContinueURL: address4(r, "continue"), QuoteID: said(r, "quote"),
		CreatedAt: noon, UpdatedAt: noon, ExpiresAt: when(r, "expires"),
	}
	s.Quote = quote(r)
	if s.Status == commerce.Completed || rapid.Bool().Draw(r, "ordered") {
		s.Order = ptr(order(r))
	}
	return s
}

// quote is any quote that adds up.
func quote(r *rapid.T) commerce.Quote {
	q := commerce.Quote{Currency: "usd", ExpiresAt: when(r, "quote expires")}
	var base, reduced int64
	for _, id := range []string{"li_1", "li_2"}[:rapid.IntRange(0, 2).Draw(r, "lines")] {
		l := line(r, id)
		q.Lines = append(q.Lines, l)
		base, reduced = base+l.Base, reduced+l.Discount
	}
	for _, id := range []string{"o_1", "o_2"}[:rapid.IntRange(0, 2).Draw(r, "options")] {
		o := option(r, id)
		q.Options = append(q.Options, o)
		if rapid.Bool().Draw(r, "chosen") {
			q.Choices = append(q.Choices, commerce.Choice{Type: o.Type, OptionID: id, LineIDs: some(r, "for", 2, func() string { return word(r, "line", "li_1", "li_2") })})
		}
	}
	q.Discounts = commerce.Discounts{
		Codes: some(r, "known codes", 1, func() string { return said(r, "code") }),
		Applied: some(r, "applied", 1, func() commerce.AppliedDiscount {
			d := commerce.AppliedDiscount{
				ID: "d", Code: said(r, "code"), Amount: rapid.Int64Range(0, 99).Draw(r, "amount"), Automatic: rapid.Bool().Draw(r, "automatic"), Start: when(r, "start"), End: when(r, "end"),
				Method: word(r, "method", "each"), Priority: count(r, "priority"),
				Allocations: some(r, "allocations", 2, func() commerce.Allocation {
					return commerce.Allocation{LineID: word(r, "line", "li_1"), OptionID: word(r, "option", "o_1")}
				}),
				Coupon: commerce.Coupon{
					ID: said(r, "id"), Name: text(r, "name"), PercentOff: decimal(r, "percent"), AmountOff: count(r, "off"), Currency: "usd", Duration: word(r, "duration", "once"),
					DurationInMonths: count(r, "months"), MaxRedemptions: count(r, "most"), TimesRedeemed: count(r, "times"), Metadata: map[string]any{"a": "b", "n": 1},
				},
			}
			if len(d.Allocations) > 0 {
				d.Allocations[0].Amount = d.Amount
			}
			return d
		}),
		Rejected: some(r, "rejected", 1, func() commerce.RejectedDiscount {
			return commerce.RejectedDiscount{Code: said(r, "code"), Reason: commerce.DiscountReason(word(r, "reason", "discount_code_expired")), Message: text(r, "message")}
		}),
	}
	if rapid.Bool().Draw(r, "unpriced") {
		return q
	}
	due := base - reduced
	q.Totals = []commerce.Total{{Type: commerce.TotalItemsBase, Amount: base}, {Type: commerce.TotalItemsDiscount, Amount: reduced}, {Type: commerce.TotalSubtotal, Amount: due}}
	for _, kind := range []commerce.TotalType{
		commerce.TotalFulfillment, commerce.TotalTax, commerce.TotalTax, commerce.TotalFee, commerce.TotalGiftWrap, commerce.TotalTip, commerce.TotalDiscount,
		commerce.TotalStoreCredit, commerce.TotalRefunded,
	} {
		amount := rapid.Int64Range(0, 500).Draw(r, string(kind))
		if kind == commerce.TotalFulfillment && len(q.Choices) > 1 {
			amount = 0
			for _, o := range q.Selected() {
				amount += o.Subtotal
			}
		}
		switch kind {
		case commerce.TotalDiscount, commerce.TotalStoreCredit:
			amount = min(amount, due)
			due -= amount
		case commerce.TotalRefunded:
		default:
			due += amount
		}
		q.Totals = append(q.Totals, commerce.Total{
			Type: kind, Amount: amount, DisplayText: text(r, "text"), Description: text(r, "description"),
			Breakdown: some(r, "breakdown", 1, func() commerce.TaxPart {
				return commerce.TaxPart{Jurisdiction: "CA", Rate: decimal(r, "rate"), Amount: amount}
			}),
		})
	}
	q.Totals, q.Total = append(q.Totals, commerce.Total{Type: commerce.TotalDue, Amount: due}), due
	return q
}

// order is any order.
func order(r *rapid.T) commerce.Order {
	units := func() []commerce.LineQuantity {
		return some(r, "units", 2, func() commerce.LineQuantity {
			return commerce.LineQuantity{LineID: "li_1", Quantity: count(r, "units")}
		})
	}
	return commerce.Order{
		ID: "ord_1", SessionID: "cs_1", Number: said(r, "number"), ClientReference: said(r, "reference"), PermalinkURL: "https://shop.example/o/1",
		Status: commerce.OrderStatus(word(r, "order status", "created", "manual_review", "completed", "canceled", "shipped")), Currency: "usd",
		EstimatedDelivery: commerce.Window{Earliest: when(r, "earliest"), Latest: when(r, "latest")},
		Confirmation: maybe(r, "confirmation", func() commerce.Confirmation {
			return commerce.Confirmation{Number: said(r, "number"), ReceiptURL: address4(r, "receipt"), Notes: said(r, "notes"), EmailSent: maybe(r, "sent", func() bool { return true })}
		}),
		Support: maybe(r, "support", func() commerce.SupportContact {
			return commerce.SupportContact{Email: email(r, "email"), Phone: said(r, "phone"), HelpCenterURL: address4(r, "help")}
		}),
		Lines: some(r, "order lines", 2, func() commerce.OrderLine {
			return commerce.OrderLine{
				ID: "li_1", Title: text(r, "title"), Description: text(r, "description"), ImageURL: address4(r, "image"), URL: address4(r, "url"), Ordered: count(r, "ordered"),
				Current: count(r, "current"), Fulfilled: count(r, "fulfilled"), UnitPrice: 5, Subtotal: 5, Totals: some(r, "rows", 1, func() commerce.Total { return commerce.Total{Type: commerce.TotalDue, Amount: 5} }),
			}
		}),
		Fulfillments: some(r, "fulfillments", 2, func() commerce.Fulfillment {
			return commerce.Fulfillment{
				ID: "ful_1", Type: commerce.FulfillmentType(word(r, "type", "digital", "pickup", "local_delivery")), Status: word(r, "status", "shipped"), Lines: units(),
				TrackingURL: address4(r, "tracking"), Destination: maybe(r, "destination", func() commerce.Address { return postal(r) }), Description: text(r, "description"),
				Digital: maybe(r, "digital", func() commerce.DigitalDelivery {
					return commerce.DigitalDelivery{AccessURL: address4(r, "access"), LicenseKey: said(r, "key"), ExpiresAt: when(r, "expires")}
				}),
				Events: some(r, "events", 1, func() commerce.FulfillmentEvent {
					return commerce.FulfillmentEvent{ID: "e", Type: word(r, "type", "shipped"), Description: text(r, "description"), OccurredAt: when(r, "occurred")}
				}),
			}
		}),
		Adjustments: some(r, "adjustments", 2, func() commerce.Adjustment {
			return commerce.Adjustment{
				ID: "adj_1", Type: word(r, "type", "refund", "credit"), Status: commerce.AdjustmentStatus(word(r, "status", "completed")), OccurredAt: when(r, "occurred"), Lines: units(),
				Amount: rapid.Int64Range(0, 99).Draw(r, "amount"), Currency: commerce.Currency(word(r, "currency", "usd")), Description: text(r, "description"), Reason: text(r, "reason"),
			}
		}),
		Totals: totals(100, 10, 5, 3),
	}
}
