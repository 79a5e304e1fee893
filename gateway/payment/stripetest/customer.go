package stripetest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// customer is somebody whom the seller knows. The server's lock guards it.
type customer struct {
	id      string
	methods []*method // newest first
}

// method is a payment method that is attached to a customer.
type method struct {
	id       string
	card     card
	customer string
	// redisplay is always, limited or unspecified.
	redisplay         string
	created           time.Time
	expMonth, expYear int64
}

// SavedMethod is what [Server.Save] attaches.
type SavedMethod struct {
	PaymentMethod  string // such as pm_card_visa, the default
	AllowRedisplay string // always, which is the default here, limited or unspecified
	// ExpMonth and ExpYear of the card; zero is 12/2034.
	ExpMonth, ExpYear int64
}

// NewCustomer makes a customer of the first seller and returns its id.
func (s *Server) NewCustomer() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := &customer{id: s.newID("cus_")}
	s.accounts[0].customers.add(who.id, who)
	return who.id
}

// Save attaches a payment method to a customer of the first seller, whom it makes when there is none of that id, and returns the
// method's id.
func (s *Server) Save(customerID string, m SavedMethod) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.PaymentMethod == "" {
		m.PaymentMethod = "pm_card_visa"
	}
	if m.AllowRedisplay == "" {
		m.AllowRedisplay = "always"
	}
	if m.ExpMonth == 0 {
		m.ExpMonth, m.ExpYear = 12, 2034
	}
	kind, ok := s.cards[m.PaymentMethod]
	if !ok {
		return "", fmt.Errorf("save a payment method: there is no test card %q", m.PaymentMethod)
	}
	if !slices.Contains([]string{"always", "limited", "unspecified"}, m.AllowRedisplay) {
		return "", fmt.Errorf("save a payment method: allow_redisplay is no %q", m.AllowRedisplay)
	}
	a := s.accounts[0]
	who, ok := a.customers.byID[customerID]
	if !ok {
		who = &customer{id: customerID}
		a.customers.add(customerID, who)
	}
	kept := &method{
		id: s.newID("pm_"), card: kind, customer: customerID, redisplay: m.AllowRedisplay, created: s.clock.Now(),
		expMonth: m.ExpMonth, expYear: m.ExpYear,
	}
	who.methods = slices.Insert(who.methods, 0, kept)
	a.methods.add(kept.id, kept)
	return kept.id, nil
}

// Forget detaches a payment method, as its customer would. It cannot be charged any more.
func (s *Server) Forget(methodID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[0]
	m, ok := a.methods.byID[methodID]
	if !ok || m.customer == "" {
		return fmt.Errorf("forget payment method %s: no customer has it", methodID)
	}
	who := a.customers.byID[m.customer]
	who.methods = slices.DeleteFunc(who.methods, func(other *method) bool { return other == m })
	m.customer = ""
	return nil
}

// customerMethodsSpec are the filters of a customer's list. Source: docs.stripe.com/api/payment_methods/customer_list, read 2026-11-22.
func customerMethodsSpec() spec {
	s := maps.Clone(listParams(nil))
	for name := range s {
		if len(name) > 7 && name[:7] == "created" {
			delete(s, name)
		}
	}
	s["allow_redisplay"] = param{oneOf: []string{"always", "limited", "unspecified"}}
	s["type"] = param{}
	return s
}

func listCustomerMethods(_ *Server, c *call) (any, *apiError) {
	who, ok := c.account.customers.byID[c.id]
	if !ok {
		return nil, missingObject("customer", c.id, "customer")
	}
	var all []*method
	for _, m := range who.methods {
		if (!c.args.has("allow_redisplay") || c.args.text("allow_redisplay") == m.redisplay) && (!c.args.has("type") || c.args.text("type") == "card") {
			all = append(all, m)
		}
	}
	items, more, err := page(all, c.args, func(m *method) string { return m.id })
	if err != nil {
		return nil, err
	}
	out := listBody[*paymentMethod]{Data: []*paymentMethod{}, HasMore: more, Object: "list", URL: "/v1/customers/" + c.id + "/payment_methods"}
	for _, m := range items {
		out.Data = append(out.Data, m.wire())
	}
	return out, nil
}

// paymentMethod is what a list shows. Source: Stripe's OpenAPI description, schema payment_method, read 2026-11-22.
type paymentMethod struct {
	AllowRedisplay string     `json:"allow_redisplay"`
	Card           methodCard `json:"card"`
	Created        int64      `json:"created"`
	Customer       *string    `json:"customer"`
	ID             string     `json:"id"`
	Object         string     `json:"object"`
	Type           string     `json:"type"`
}

type methodCard struct {
	Brand    string `json:"brand"`
	ExpMonth int64  `json:"exp_month"`
	ExpYear  int64  `json:"exp_year"`
	Funding  string `json:"funding"`
	Last4    string `json:"last4"`
}

func (m *method) wire() *paymentMethod {
	return &paymentMethod{
		AllowRedisplay: m.redisplay, Created: m.created.Unix(), Customer: optional(m.customer), ID: m.id, Object: "payment_method", Type: "card",
		Card: methodCard{Brand: m.card.brand, ExpMonth: m.expMonth, ExpYear: m.expYear, Funding: m.card.funding, Last4: m.card.last4},
	}
}

// savedMethod finds the attached payment method that an intent is to be paid with; nil where the id is none of those. A method pays
// for its own customer only. Source: docs.stripe.com/payments/existing-customers and the errors of the API, read 2026-11-22.
func (a *account) savedMethod(id, customerID string) (*method, *apiError) {
	m, ok := a.methods.byID[id]
	switch {
	case !ok:
		return nil, nil
	case m.customer == "":
		return nil, invalidRequest("", "The provided PaymentMethod was previously detached from a Customer and may not be used again.")
	case m.customer != customerID:
		return nil, invalidRequest("", "The provided PaymentMethod belongs to a Customer. You must provide that Customer.")
	default:
		return m, nil
	}
}
