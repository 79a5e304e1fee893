package translate_test

import (
	"encoding/json"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

// sessions are the canonical sessions that the golden files render.
var sessions = map[string]func() commerce.Session{
	"ready": ready,
	"not-ready": func() commerce.Session {
		s := ready()
		s.Status = commerce.NotReady
		s.Cart.ShipTo, s.Quote.Choices = nil, nil
		s.Quote.Totals, s.Quote.Total = totals(5250, 400, 0, 400), 5250
		s.Messages = []commerce.Message{
			commerce.ErrorMessage(commerce.CodeMissing, "$.fulfillment_details.address", commerce.RequiresBuyerInput, "An address is needed."),
		}
		return s
	},
	"out-of-stock": func() commerce.Session {
		s := ready()
		s.Status = commerce.NotReady
		s.Quote.Lines[1].Availability, s.Quote.Lines[1].AvailableQuantity = commerce.SoldOut, ptr(int64(0))
		s.Messages = []commerce.Message{
			commerce.ErrorMessage(commerce.CodeOutOfStock, "$.line_items[1].quantity", commerce.RequiresBuyerInput, "The mug is sold out."),
		}
		return s
	},
	"declined": func() commerce.Session {
		s := ready()
		s.Messages = []commerce.Message{
			commerce.ErrorMessage(commerce.CodePaymentDeclined, "$.payment_data", commerce.Recoverable, "The card was declined. Try another one."),
		}
		return s
	},
	"in-progress": func() commerce.Session {
		s := ready()
		s.Status = commerce.CompleteInProgress
		return s
	},
	"completed": func() commerce.Session {
		s := ready()
		s.Status = commerce.Completed
		s.Order = ptr(placed())
		return s
	},
	"canceled": func() commerce.Session {
		s := ready()
		s.Status = commerce.Canceled
		return s
	},
	"expired": func() commerce.Session {
		s := ready()
		s.Status = commerce.Expired
		return s
	},
	"authentication": authentication,
	"browser": func() commerce.Session {
		s := authentication()
		s.AuthenticationMetadata.Channel = json.RawMessage(browser)
		s.AuthenticationProvider = &commerce.AuthenticationProvider{Provider: "stripe", MerchantID: "acct_1", Methods: []string{"3ds"}}
		return s
	},
	"escalation": func() commerce.Session {
		s := ready()
		s.Status = commerce.RequiresEscalation
		s.ContinueURL = "https://shop.example/continue/cs_1"
		return s
	},
	"discounted": discounted,
	"everything": everything,
}

func authentication() commerce.Session {
	s := ready()
	s.Status = commerce.AuthenticationRequired
	s.ContinueURL = "https://shop.example/continue/cs_1"
	s.AuthenticationMetadata = &commerce.AuthenticationMetadata{
		AcquirerBIN: "412345", AcquirerCountry: "US", AcquirerMerchantID: "m_1", MerchantName: "Old Shop", DirectoryServer: "visa",
		FlowType: "challenge", Challenge: "mandated",
	}
	return s
}

func ready() commerce.Session {
	return commerce.Session{
		ID: "cs_1", Status: commerce.Ready, Currency: "usd",
		Cart: commerce.Cart{
			Lines:    []commerce.CartLine{{ID: "li_1", ItemID: "shirt_m", Quantity: 2}, {ID: "li_2", ItemID: "mug", Quantity: 1}},
			Currency: "usd",
			Buyer:    &commerce.Buyer{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com", Phone: "+15551234567"},
			ShipTo:   &commerce.Contact{Name: "Ada Lovelace", Phone: "+15551234567", Email: "ada@example.com", Address: address()},
		},
		Quote: commerce.Quote{
			Currency: "usd", ExactTotal: "57.91", Total: 5791, NeedsShipping: true,
			Lines: []commerce.Line{
				{
					ID: "li_1", ItemID: "shirt_m", Quantity: 2, UnitAmount: 2000, Base: 4000, Discount: 400, Subtotal: 3600, Tax: 297, Total: 3897,
					Name: "Shirt, M", Images: []string{"https://shop.example/shirt.jpg", "/relative.jpg"}, Availability: commerce.InStock,
				},
				{ID: "li_2", ItemID: "mug", Quantity: 1, UnitAmount: 1250, Base: 1250, Subtotal: 1250, Tax: 103, Total: 1353, Name: "Mug"},
			},
			Options: []commerce.FulfillmentOption{
				{
					Type: commerce.Shipping, ID: "standard", Title: "Standard", Description: "Arrives in 3 to 5 days", Carrier: "USPS",
					Delivery: commerce.Window{Earliest: noon.AddDate(0, 0, 3), Latest: noon.AddDate(0, 0, 5)}, Subtotal: 500, Tax: 41, Total: 541,
				},
				{Type: commerce.Shipping, ID: "express", Title: "Express", Subtotal: 1500, Tax: 124, Total: 1624},
			},
			Choices: []commerce.Choice{{Type: commerce.Shipping, OptionID: "standard"}},
			Totals:  totals(5250, 400, 500, 441),
		},
		Links: []commerce.Link{
			{Type: commerce.TermsOfUse, URL: "https://shop.example/terms"},
			{Type: commerce.ReturnPolicy, URL: "https://shop.example/returns"},
			{Type: commerce.FAQ, Title: "Questions", URL: "https://shop.example/faq"},
		},
		Handlers: []commerce.PaymentHandler{{
			ID: "card", Name: "dev.acp.tokenized.card", DisplayName: "Card", Version: "2026-01-22", Spec: "https://acp.example/handlers/card",
			RequiresDelegatePayment: true, PSP: "stripe", ConfigSchema: "https://acp.example/handlers/card/config.json",
			InstrumentSchemas: []string{"https://acp.example/handlers/card/instrument.json"}, MerchantID: "acct_1", CardBrands: []string{"visa"},
		}},
		CreatedAt: noon, UpdatedAt: noon.Add(time.Minute), ExpiresAt: noon.Add(time.Hour),
	}
}

// totals are rows that add up, in an order that is not the one of display.
func totals(base, discount, delivery, tax int64) []commerce.Total {
	rows := []commerce.Total{
		{Type: commerce.TotalDue, DisplayText: "Total", Amount: base - discount + delivery + tax},
		{Type: commerce.TotalItemsBase, DisplayText: "Items", Amount: base},
		{Type: commerce.TotalItemsDiscount, Amount: discount},
		{Type: commerce.TotalSubtotal, DisplayText: "Subtotal", Amount: base - discount},
		{Type: commerce.TotalTax, DisplayText: "State tax", Amount: tax - tax/3},
		{Type: commerce.TotalTax, DisplayText: "City tax", Amount: tax / 3},
	}
	if delivery > 0 {
		rows = append(rows, commerce.Total{Type: commerce.TotalFulfillment, DisplayText: "Shipping", Amount: delivery})
	}
	return rows
}

func address() *commerce.Address {
	return &commerce.Address{
		Name: "Ada Lovelace", LineOne: "1 Main Street", City: "San Francisco", State: "CA", PostalCode: "94131", Country: "US", Company: "Engines",
	}
}

func discounted() commerce.Session {
	s := ready()
	s.Capabilities.Extensions = []string{"discount@2026-01-27"}
	s.Cart.Codes = []string{"SAVE10", "OLD5"}
	s.Quote.Discounts = commerce.Discounts{
		Codes: []string{"SAVE10", "OLD5"},
		Applied: []commerce.AppliedDiscount{{
			ID: "d_1", Code: "SAVE10", Amount: 400, Method: "each", Priority: 1,
			Coupon:      commerce.Coupon{ID: "c_1", Name: "Ten percent off shirts", PercentOff: "10"},
			Allocations: []commerce.Allocation{{LineID: "li_1", Amount: 400}},
		}},
		Rejected: []commerce.RejectedDiscount{{Code: "OLD5", Reason: commerce.DiscountExpired, Message: "The code has expired."}},
	}
	s.Messages = []commerce.Message{
		commerce.WarningMessage(string(commerce.DiscountExpired), "$.discounts.codes[1]", "The code OLD5 has expired."),
	}
	return s
}

// everything sets each field that any date can show, and values that the
// closed lists of the schemas do not have.
func everything() commerce.Session {
	s := discounted()
	s.Cart.Buyer = &commerce.Buyer{
		FullName: "Ada King Lovelace", Email: "ada@example.com", CustomerID: "cus_1", AccountType: "business", AuthenticationStatus: "guest",
		Company:      &commerce.Company{Name: "Engines", TaxID: "12-3", Department: "Maths", CostCenter: "CC"},
		Loyalty:      &commerce.Loyalty{Tier: "gold", PointsBalance: 12, MemberSince: "2024-01-15T09:00:00Z"},
		TaxExemption: &commerce.TaxExemption{CertificateID: "x", CertificateType: "resale", ExemptRegions: []string{"CA"}, ExpiresAt: "not a date"},
	}
	s.Cart.Groups = []commerce.FulfillmentGroup{{
		ID: "g_1", LineIDs: []string{"li_1"}, Destination: commerce.Pickup, LocationID: "store_1", Instructions: "ring",
		Contact: &commerce.Contact{Name: "Ada"},
	}}
	s.Cart.Locale, s.Cart.Timezone = "en-US", "America/New_York"
	l := &s.Quote.Lines[0]
	l.Description, l.SellerName, l.ProductID, l.SKU, l.VariantID, l.Category = "Cotton", "Shirts Inc", "p_1", "sku_1", "v_1", "Shirts"
	l.Disclosures = []commerce.Disclosure{{Content: "Shrinks."}}
	l.CustomAttributes = []commerce.Attribute{{Name: "Fit", Value: "slim"}}
	l.VariantOptions = []commerce.Attribute{{Name: "Size", Value: "M"}}
	l.Tags = []string{"cotton"}
	l.Weight = &commerce.Weight{Value: "0.25", Unit: "kg"}
	l.Dimensions = &commerce.Dimensions{Length: "30", Width: "20", Height: "2.5", Unit: "cm"}
	l.AvailableQuantity, l.MaxPerOrder, l.FulfillableOn = ptr(int64(7)), ptr(int64(5)), "2026-12-01T00:00:00Z"
	l.DiscountDetails = []commerce.LineDiscount{{Code: "SAVE10", Type: "percentage", Amount: 400, Source: "coupon"}, {Type: "odd", Amount: 0}}
	l.TaxExempt, l.TaxExemptionReason, l.ParentID = ptr(false), "none", "li_2"
	s.Quote.Options = append(s.Quote.Options,
		commerce.FulfillmentOption{Type: commerce.Digital, ID: "mail", Title: "E-mail"},
		commerce.FulfillmentOption{Type: commerce.Pickup, ID: "store", Title: "Store", Pickup: &commerce.PickupPlace{
			Name: "Main store", Address: *address(), Phone: "1", Instructions: "back door", Kind: "locker", ReadyBy: "2026-12-01T00:00:00Z",
		}},
		commerce.FulfillmentOption{
			Type: commerce.LocalDelivery, ID: "bike", Title: "Bike", Delivery: commerce.Window{Earliest: noon, Latest: noon.Add(time.Hour)},
			ServiceArea: &commerce.ServiceArea{RadiusMiles: "2.5", CenterPostalCode: "94131"},
		},
		commerce.FulfillmentOption{Type: "drone", ID: "drone", Title: "Drone"})
	s.Quote.Choices = []commerce.Choice{
		{Type: commerce.Shipping, OptionID: "standard", LineIDs: []string{"li_1"}},
		{Type: commerce.Pickup, OptionID: "store", LineIDs: []string{"li_2"}},
	}
	s.Quote.Totals = append(s.Quote.Totals,
		commerce.Total{Type: commerce.TotalGiftWrap, Amount: 100, PresentmentAmount: ptr(int64(92)), Description: "paper"},
		commerce.Total{Type: commerce.TotalTip, Amount: 50}, commerce.Total{Type: commerce.TotalStoreCredit, Amount: 150},
		commerce.Total{Type: commerce.TotalFee, DisplayText: "Service fee", Amount: 0, Breakdown: []commerce.TaxPart{{Jurisdiction: "CA", Rate: "0.0825", Amount: 0}}})
	s.Quote.ExpiresAt = noon.Add(30 * time.Minute)
	s.Quote.Discounts.Applied = append(s.Quote.Discounts.Applied, commerce.AppliedDiscount{
		ID: "d_2", Code: "never shown", Automatic: true, Start: noon, End: noon.Add(time.Hour), Method: "odd",
		Coupon: commerce.Coupon{
			Name: "Spring", AmountOff: 100, Currency: "usd", Duration: "once", MaxRedemptions: 10, Metadata: map[string]any{"a": "b", "n": 1},
		},
		Allocations: []commerce.Allocation{{OptionID: "standard"}, {}},
	})
	s.Messages = append(s.Messages,
		commerce.Message{Type: commerce.Info, Content: "**Hello**", Markdown: true, Severity: "info"},
		commerce.Message{Type: commerce.Warning, Code: commerce.CodePriceChange, Content: "The price has changed."},
		commerce.Message{Type: commerce.Warning, Code: "unknown", Content: "Hm."},
		commerce.Message{Type: commerce.Error, Code: commerce.CodeQuantityExceeded, Param: "$.line_items[0].quantity", Content: "At most five."},
		commerce.Message{Type: commerce.Error, Code: "unknown", Severity: "odd", Resolution: "odd", Content: "No."})
	s.Links = append(s.Links, commerce.Link{Type: commerce.PrivacyPolicy, URL: "https://shop.example/privacy"})
	s.Handlers[0].Config, s.Handlers[0].DisplayOrder = json.RawMessage(`{"merchant_id":"acct_1","psp":"stripe","x":[1]}`), 1
	s.Interventions = commerce.Interventions{Supported: []string{"3ds", "telepathy"}, Required: []string{"3ds"}, Enforcement: "conditional"}
	s.MarketingOptions = []commerce.MarketingOption{{
		Channel: "email", DisplayText: "News", PrivacyPolicyURL: "https://shop.example/privacy", Subscribed: ptr(false),
	}}
	s.PresentmentCurrency, s.ExchangeRate, s.ExchangeRateAt = "eur", "0.92", noon
	s.Metadata = map[string]any{"cart": "c_1", "deep": map[string]any{"n": 1}}
	s.QuoteID, s.ContinueURL = "q_1", "https://shop.example/continue/cs_1"
	s.Affiliates = []commerce.Affiliate{{Provider: "canary-provider", Token: "canary-affiliate"}}
	s.IntentTrace = &commerce.IntentTrace{ReasonCode: "other", Summary: "canary-trace"}
	s.RiskSignals = &commerce.RiskSignals{IPAddress: "canary-address"}
	s.Status, s.Order = commerce.Completed, ptr(shipped())
	return s
}

func placed() commerce.Order {
	return commerce.Order{
		ID: "ord_1", SessionID: "cs_1", Number: "1001", PermalinkURL: "https://shop.example/orders/1001", Status: commerce.OrderConfirmed,
		Currency: "usd", EstimatedDelivery: commerce.Window{Earliest: noon.AddDate(0, 0, 3), Latest: noon.AddDate(0, 0, 5)},
		Lines: []commerce.OrderLine{
			{ID: "li_1", Title: "Shirt, M", ProductID: "shirt_m", Ordered: 2, Current: 2, UnitPrice: 2000, Subtotal: 4000},
			{ID: "li_2", Title: "Mug", ProductID: "mug", Ordered: 1, Current: 1, UnitPrice: 1250, Subtotal: 1250},
		},
		Totals: totals(5250, 400, 500, 441),
	}
}

func shipped() commerce.Order {
	o := placed()
	o.Status, o.ClientReference = commerce.OrderShipped, "ref_1"
	o.Confirmation = &commerce.Confirmation{
		Number: "C-1", ReceiptURL: "https://shop.example/receipt", InvoiceNumber: "I-1", Notes: "ring", EmailSent: ptr(true),
	}
	o.Support = &commerce.SupportContact{Email: "help@shop.example", Phone: "1", Hours: "9-17", HelpCenterURL: "https://shop.example/help"}
	o.Lines[0].Fulfilled, o.Lines[0].Description, o.Lines[0].ImageURL = 1, "Cotton", "https://shop.example/shirt.jpg"
	o.Lines[0].URL, o.Lines[0].Totals = "https://shop.example/shirt", []commerce.Total{{Type: commerce.TotalDue, Amount: 3897}}
	o.Lines[1].Current = 0
	o.Fulfillments = []commerce.Fulfillment{
		{
			ID: "ful_1", Type: commerce.LocalDelivery, Status: "shipped", Lines: []commerce.LineQuantity{{LineID: "li_1", Quantity: 1}, {LineID: "li_2"}},
			Carrier: "USPS", TrackingNumber: "94", TrackingURL: "https://track.example/94", Destination: address(), EstimatedDelivery: o.EstimatedDelivery,
			Events: []commerce.FulfillmentEvent{{ID: "e_1", Type: "shipped", OccurredAt: noon, Location: "Oakland"}},
		},
		{
			ID: "ful_2", Type: commerce.Digital, Description: "Licence",
			Digital: &commerce.DigitalDelivery{AccessURL: "https://shop.example/dl", LicenseKey: "K", ExpiresAt: noon},
		},
	}
	o.Adjustments = []commerce.Adjustment{
		{
			ID: "adj_1", Type: "refund", Status: commerce.AdjustmentCompleted, OccurredAt: noon, Amount: 1353, Reason: "sold out",
			Lines: []commerce.LineQuantity{{LineID: "li_2", Quantity: 1}},
		},
		{ID: "adj_2", Type: "credit", Status: commerce.AdjustmentCompleted, OccurredAt: noon, Amount: 100, Currency: "usd"},
		{ID: "adj_3", Type: "refund", Status: commerce.AdjustmentPending, OccurredAt: noon, Amount: 7},
	}
	return o
}

// carts are the saved carts that the golden files render.
var carts = map[string]func() commerce.SavedCart{
	"new": func() commerce.SavedCart {
		s := ready()
		s.Quote.Options, s.Quote.Choices = nil, nil
		s.Quote.Totals, s.Quote.Total = totals(5250, 400, 0, 400), 5250
		return commerce.SavedCart{
			ID: "cart_1", Cart: s.Cart, Quote: s.Quote, ContinueURL: "https://shop.example/carts/cart_1", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
			Messages: []commerce.Message{
				commerce.ErrorMessage(commerce.CodeOutOfStock, "$.line_items[1]", commerce.RequiresBuyerInput, "The mug is sold out."),
			},
		}
	},
}

// events are the webhook events that the golden files render.
var events = map[string]commerce.Event{
	"placed":  {ID: "evt_1", Type: commerce.OrderCreate, Order: placed(), At: noon},
	"shipped": {ID: "evt_2", Type: commerce.OrderUpdate, Order: shipped(), At: noon},
}
