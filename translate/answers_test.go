package translate_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
)

// every is all that can be spoken: the dates and the preview of the next one.
func every() []translate.Version {
	all := translate.Versions()
	if preview, ok := (translate.Set{Unreleased: true}).Lookup("unreleased"); ok {
		all = append(all, preview)
	}
	return all
}

// kinds are the ways in which a session's goods can reach the buyer.
var kinds = map[string]func(*commerce.Session){
	"nothing offered": func(s *commerce.Session) { s.Quote.Options, s.Quote.Choices = nil, nil },
	"shipping":        func(*commerce.Session) {},
	"digital": func(s *commerce.Session) {
		s.Quote.Options = append(s.Quote.Options, commerce.FulfillmentOption{Type: commerce.Digital, ID: "mail", Title: "E-mail"})
		s.Quote.Choices = []commerce.Choice{{Type: commerce.Digital, OptionID: "mail"}}
	},
	"pickup": func(s *commerce.Session) {
		s.Quote.Options = append(s.Quote.Options, commerce.FulfillmentOption{
			Type: commerce.Pickup, ID: "store", Title: "Store",
			Pickup: &commerce.PickupPlace{Name: "Main store", Address: *address(), Kind: "curbside", ReadyBy: "2026-12-01T00:00:00Z"},
		})
		s.Quote.Choices = []commerce.Choice{{Type: commerce.Pickup, OptionID: "store"}}
	},
	"pickup without a place": func(s *commerce.Session) {
		s.Quote.Options = append(s.Quote.Options, commerce.FulfillmentOption{Type: commerce.Pickup, ID: "store", Title: "Store"})
		s.Quote.Choices = []commerce.Choice{{Type: commerce.Pickup, OptionID: "store"}}
	},
	"local delivery": func(s *commerce.Session) {
		s.Quote.Options = append(s.Quote.Options, commerce.FulfillmentOption{
			Type: commerce.LocalDelivery, ID: "bike", Title: "Bike", Delivery: commerce.Window{Earliest: noon, Latest: noon},
			ServiceArea: &commerce.ServiceArea{RadiusMiles: "2.5", CenterPostalCode: "94131"},
		})
		s.Quote.Choices = []commerce.Choice{{Type: commerce.LocalDelivery, OptionID: "bike"}}
	},
	"several": func(s *commerce.Session) {
		s.Quote.Options = everything().Quote.Options
		s.Quote.Choices = everything().Quote.Choices
	},
}

// promotions are what can have become of a session's price.
var promotions = map[string]func(*commerce.Session){
	"no discount": func(*commerce.Session) {},
	"applied": func(s *commerce.Session) {
		d := discounted()
		s.Quote.Discounts, s.Cart.Codes = d.Quote.Discounts, d.Cart.Codes
	},
	"negotiated": func(s *commerce.Session) { s.Capabilities.Extensions = []string{"discount"} },
	"automatic":  func(s *commerce.Session) { s.Quote.Discounts = everything().Quote.Discounts },
}

// remarks are what a session can have to say.
var remarks = map[string]func(*commerce.Session){
	"silent": func(*commerce.Session) {},
	"all":    func(s *commerce.Session) { s.Messages = everything().Messages },
	"html": func(s *commerce.Session) {
		s.Messages = []commerce.Message{
			{Type: commerce.Info, Content: "<p>Read <b>this</b></p>"},
			{Type: commerce.Warning, Code: commerce.CodeLowStock, Content: "**few** <i>left</i>", Markdown: true},
		}
		s.Quote.Lines[0].Description, s.Quote.Options = "<ul><li>Soft</li></ul>", slices.Clone(s.Quote.Options)
	},
	"elsewhere": func(s *commerce.Session) { s.ContinueURL = "https://shop.example/continue/cs_1" },
	"path":      func(s *commerce.Session) { s.ContinueURL = "/continue/cs_1" },
}

// orders are what an order can have come to.
var orders = map[string]func() *commerce.Order{
	"none":                 func() *commerce.Order { return nil },
	"placed":               func() *commerce.Order { return ptr(placed()) },
	"shipped and refunded": func() *commerce.Order { return ptr(shipped()) },
	"completed":            func() *commerce.Order { return inState(commerce.OrderCompleted) },
	"in review":            func() *commerce.Order { return inState(commerce.OrderManualReview) },
	"processing":           func() *commerce.Order { return inState(commerce.OrderProcessing) },
	"canceled":             func() *commerce.Order { return inState(commerce.OrderCanceled) },
	"of a word to come":    func() *commerce.Order { return inState("on_its_way") },
	"without a state":      func() *commerce.Order { return inState("") },
	"without times": func() *commerce.Order {
		o := shipped()
		for i := range o.Adjustments {
			o.Adjustments[i].OccurredAt = []time.Time{{}, noon.AddDate(-3000, 0, 0), noon.AddDate(9000, 0, 0)}[i%3]
		}
		o.EstimatedDelivery = commerce.Window{}
		return &o
	},
}

func inState(s commerce.OrderStatus) *commerce.Order {
	o := shipped()
	o.Status = s
	return &o
}

// statuses are all that a session can be in, and one that nobody knows.
var statuses = []commerce.Status{
	commerce.NotReady, commerce.Ready, commerce.CompleteInProgress, commerce.Completed, commerce.Canceled, commerce.Expired, commerce.Incomplete,
	commerce.RequiresEscalation, commerce.AuthenticationRequired, commerce.PendingApproval, "of a date to come",
}

// browser is what an agent told of the browser that the card holder sits at.
const browser = `{"type":"browser","browser":{"accept_header":"*/*","ip_address":"192.0.2.1","javascript_enabled":true,"language":"en",` +
	`"user_agent":"x","color_depth":24,"java_enabled":false,"screen_height":1,"screen_width":2,"timezone_offset":-480}}`

// TestEveryAnswerValidates renders every state with every kind of delivery and
// of discount in every date. Remarks, orders and what is known for an
// authentication take turns, so that each meets each state.
func TestEveryAnswerValidates(t *testing.T) {
	t.Parallel()
	saying, ordered := slices.Sorted(maps.Keys(remarks)), slices.Sorted(maps.Keys(orders))
	for at, status := range statuses {
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			for _, promotion := range slices.Sorted(maps.Keys(promotions)) {
				at++
				remark, order := saying[at%len(saying)], ordered[at%len(ordered)]
				s := ready()
				s.Status = status
				kinds[kind](&s)
				promotions[promotion](&s)
				remarks[remark](&s)
				if s.Order = orders[order](); status == commerce.Completed && s.Order == nil {
					s.Order = ptr(placed())
				}
				if status == commerce.AuthenticationRequired {
					s.AuthenticationMetadata = ptr(*sessions["authentication"]().AuthenticationMetadata)
					if at%2 == 0 {
						s.AuthenticationMetadata.Channel = []byte(browser)
					}
					if at%5 == 0 {
						s.AuthenticationMetadata.DirectoryServer = "diners"
					}
				}
				name := fmt.Sprintf("%s, %s, %s, %s, order %s", status, kind, promotion, remark, order)
				for _, v := range every() {
					checkAnswers(t, name, v, s)
				}
			}
		}
	}
}

// checkAnswers holds all that a date says of a session against its schemas.
func checkAnswers(t testing.TB, name string, v translate.Version, s commerce.Session) {
	t.Helper()
	before := t.Failed()
	body, err := v.EncodeSession(s)
	if err != nil {
		t.Errorf("%s: %s: %v", v.Date, name, err)
		return
	}
	schematest.Validate(t, v.Date, schematest.Session, body)
	completion, err := v.EncodeCompletion(s)
	if err != nil {
		t.Errorf("%s: %s: %v", v.Date, name, err)
		return
	}
	schematest.Validate(t, v.Date, schematest.Completion, completion)
	if bytes.Contains(body, []byte("canary")) || bytes.Contains(body, []byte("<b>")) || bytes.Contains(body, []byte("\\u003cb\\u003e")) {
		t.Errorf("%s: %s: what must not be shown is: %s", v.Date, name, body)
	}
	if s.Order != nil {
		event, err := v.EncodeEvent(commerce.Event{ID: "evt_1", Type: commerce.OrderUpdate, Order: *s.Order, At: noon})
		if err != nil {
			t.Errorf("%s: %s: %v", v.Date, name, err)
			return
		}
		schematest.Validate(t, v.Date, schematest.Event, event)
	}
	if v.EncodeCart != nil {
		cart, err := v.EncodeCart(commerce.SavedCart{
			ID: "cart_1", Cart: s.Cart, Quote: s.Quote, Messages: s.Messages, ContinueURL: s.ContinueURL, ExpiresAt: s.ExpiresAt,
		})
		if err != nil {
			t.Errorf("%s: %s: cart: %v", v.Date, name, err)
			return
		}
		schematest.Validate(t, v.Date, schematest.Cart, cart)
	}
	if !before && t.Failed() {
		t.Logf("%s: %s", v.Date, name)
	}
}
