package demo

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/conformance"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/translate/schematest"
)

// TestEveryPairOfDates opens a checkout under one date, reads, changes and completes it under another, and hears of the order in a third:
// all pairs over REST, and each date with a rest of the way over MCP, at one gateway, at the same time. Every answer is one of the date that it was asked in, all dates tell the same total, and
// there is one order and one charge for each.
func TestEveryPairOfDates(t *testing.T) {
	t.Parallel()
	d, _ := begin(t, Options{})
	heard := listen(t, d)
	dates := conformance.Published()
	count := 0
	t.Run("pairs", func(t *testing.T) {
		for i, opened := range dates {
			for j, finished := range dates {
				told := dates[third(i, j)]
				for _, carrier := range []shopper.Transport{shopper.REST, shopper.MCP} {
					if speaks, _ := shopper.Lookup(finished); carrier == shopper.MCP && !speaks.HasMCP() {
						continue
					}
					count++
					t.Run(fmt.Sprintf("%s then %s over %s, told in %s", opened, finished, carrier, told), func(t *testing.T) {
						t.Parallel()
						(&pair{T: t, demo: d, heard: heard, opened: opened, finished: finished, told: told, carrier: carrier}).buy()
					})
				}
			}
		}
	})
	if n := len(d.world.shop.Shop().LiveOrders()); n != count || count < len(dates)*len(dates) {
		t.Errorf("the shop has %d orders, want one for each of %d checkouts", n, count)
	}
	if err := d.world.stripe.Ledger().Check(stripepay.MetadataSession); err != nil {
		t.Error(err)
	}
}

// third is the place of a date that is neither of two, and each in its turn.
func third(i, j int) int {
	n := len(conformance.Published())
	for k := (i + 2*j + 1) % n; ; k = (k + 1) % n {
		if k != i && k != j {
			return k
		}
	}
}

// event is what an agent was told, and who it was.
type event struct {
	date string // in which it is told
	told shopper.Told
	kind string
	body []byte
}

// ears are the receivers of all agents.
type ears struct {
	mu     sync.Mutex
	events []event
	errs   []error
}

// listen hears the events of the suite's agents, and believes only what one of them can verify.
func listen(t *testing.T, d *Demo) *ears {
	t.Helper()
	e := &ears{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		e.mu.Lock()
		defer e.mu.Unlock()
		if err != nil {
			e.errs = append(e.errs, err)
		}
		for _, c := range d.world.callerList() {
			if c.Secret == "" || verify(r.Header.Get("Merchant-Signature"), body, []byte(c.Secret), d.world.clock.Now()) != nil {
				continue
			}
			speaks, _ := shopper.Lookup(c.EventVersion)
			kind, told, err := speaks.ReadEvent(body)
			if err != nil {
				e.errs = append(e.errs, err)
			}
			e.events = append(e.events, event{c.EventVersion, told, kind, body})
			answer(w, http.StatusOK, map[string]any{"received": true})
			return
		}
		e.errs = append(e.errs, fmt.Errorf("nobody can verify an event: %s", body))
		answer(w, http.StatusUnauthorized, map[string]any{"message": "not signed"})
	}))
	t.Cleanup(server.Close)
	if err := d.world.exchange.forwardTo(server.URL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, err := range e.errs {
			t.Error(err)
		}
	})
	return e
}

// of are the events about a checkout.
func (e *ears) of(session string) []event {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []event
	for _, have := range e.events {
		if have.told.SessionID == session {
			out = append(out, have)
		}
	}
	return out
}

// pair is one checkout in two dates, told in a third.
type pair struct {
	*testing.T

	demo                   *Demo
	heard                  *ears
	opened, finished, told string
	carrier                shopper.Transport // of what is done in the second date
	session                string
}

func (p *pair) buy() {
	first, second := p.agent(p.opened, shopper.REST), p.agent(p.finished, p.carrier)
	c := p.call(first, shopper.Create, "", first.Dialect().Create(buyer(), currency, []shopper.Item{{ID: beans, Quantity: 2}, {ID: "FLT-0100", Quantity: 1}}))
	p.session = c.ID
	if first.Dialect().HasCodes() {
		c = p.call(first, shopper.Update, c.ID, first.Dialect().EnterCodes(discountCode))
		if !slices.Contains(c.Codes, discountCode) {
			p.Errorf("the code is not taken under %s: %+v", p.opened, c)
		}
	}
	if seen := p.call(second, shopper.Get, c.ID, nil); seen.Total() != c.Total() || len(seen.Lines) != 2 || seen.Lines[0].Quantity != 2 {
		p.Errorf("under %s it costs %d with the lines %+v, under %s %d", p.opened, c.Total(), seen.Lines, p.finished, seen.Total())
	}
	more := p.call(second, shopper.Update, c.ID, second.Dialect().SetItems([]shopper.Item{{ID: beans, Quantity: 3}, {ID: "FLT-0100", Quantity: 1}}))
	if more.Total() <= c.Total() || more.Lines[0].Quantity != 3 || more.Lines[0].ID != c.Lines[0].ID {
		p.Errorf("three in place of two: %+v after %+v", more, c)
	}
	i := slices.IndexFunc(more.Options, func(o shopper.Option) bool { return o.ID == express })
	if i < 0 {
		p.Fatalf("%s is not offered: %+v", express, more.Options)
	}
	chosen := p.call(second, shopper.Update, c.ID, second.Dialect().Choose(more.Options[i], more))
	if chosen.Selected() != express || chosen.Total() <= more.Total() {
		p.Errorf("%q is selected and the total went from %d to %d", chosen.Selected(), more.Total(), chosen.Total())
	}
	p.everywhere("ready_for_payment", chosen.Total(), "")

	token, err := p.demo.world.stripe.Mint(stripetest.Grant{
		PaymentMethod: goodCard, Currency: currency, MaxAmount: chosen.Total(), ExpiresAt: p.demo.world.clock.Now().Add(time.Hour),
	})
	if err != nil {
		p.Fatal(err)
	}
	done := p.call(second, shopper.Complete, c.ID, second.Dialect().Complete(chosen, token, buyer()))
	if done.Status != "completed" || done.OrderID == "" || done.Total() != chosen.Total() {
		p.Fatalf("completed under %s: %+v", p.finished, done)
	}
	p.everywhere("completed", chosen.Total(), done.OrderID)
	p.books(chosen.Total())
	p.hears(done.Permalink)
}

// agent is the one that hears of its orders in the third date, speaking another.
func (p *pair) agent(date string, carrier shopper.Transport) *shopper.Shopper {
	p.Helper()
	callers := p.demo.world.callerList()
	i := slices.IndexFunc(callers, func(c caller) bool { return c.Role == p.told })
	s, err := shopper.New(shopper.Options{URL: p.demo.URL(), Token: callers[i].Token, Version: date, Transport: carrier, Keys: rand.Text()})
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(s.Close)
	return s
}

// call sends a call and holds the answer to its date.
func (p *pair) call(s *shopper.Shopper, op shopper.Operation, id string, body any) shopper.Checkout {
	p.Helper()
	date, key := s.Dialect().Version(), ""
	if op != shopper.Get {
		key = s.NewKey(string(op))
	}
	r, err := s.Send(p.Context(), op, id, key, body)
	if err != nil {
		p.Fatal(err)
	}
	c, err := s.Read(string(op), op, r)
	if err != nil {
		p.Fatalf("%s under %s: %v", op, date, err)
	}
	kind := schematest.Session
	if op == shopper.Complete && c.Status == "completed" {
		kind = schematest.Completion
	}
	schematest.Validate(p, date, kind, r.Body)
	p.shape(date, r.Body)
	return c
}

// shapes are members that tell the dates apart: what a session must have and must not have (spec/<date>/json-schema, read 2026-11-22).
var shapes = map[string]struct{ has, lacks []string }{
	"2025-09-29": {
		[]string{"payment_provider", "fulfillment_option_id", "fulfillment_address"},
		[]string{"selected_fulfillment_options", "fulfillment_details", "capabilities", "discounts", "protocol"},
	},
	"2025-12-12": {
		[]string{"payment_provider", "selected_fulfillment_options", "fulfillment_details"},
		[]string{"fulfillment_option_id", "fulfillment_address", "capabilities", "discounts", "protocol"},
	},
	"2026-01-16": {
		[]string{"payment_provider", "selected_fulfillment_options", "fulfillment_details"},
		[]string{"fulfillment_option_id", "fulfillment_address", "capabilities", "discounts", "protocol"},
	},
	"2026-01-30": {
		[]string{"capabilities", "selected_fulfillment_options", "fulfillment_details"},
		[]string{"payment_provider", "fulfillment_option_id", "fulfillment_address", "marketing_consent_options"},
	},
	"2026-04-17": {
		[]string{"capabilities", "selected_fulfillment_options", "fulfillment_details"},
		[]string{"payment_provider", "fulfillment_option_id", "fulfillment_address"},
	},
}

// shape holds an answer to what tells its date apart, whether the published schemas are at hand or not.
func (p *pair) shape(date string, body []byte) {
	p.Helper()
	var members map[string]any
	if err := json.Unmarshal(body, &members); err != nil {
		p.Fatal(err)
	}
	for _, name := range shapes[date].has {
		if _, ok := members[name]; !ok {
			p.Errorf("an answer of %s has no %s", date, name)
		}
	}
	for _, name := range shapes[date].lacks {
		if _, ok := members[name]; ok {
			p.Errorf("an answer of %s has %s", date, name)
		}
	}
}

// everywhere reads the checkout in all dates: the same status, the same total, and the order where the date keeps it.
func (p *pair) everywhere(status string, total int64, order string) {
	p.Helper()
	for _, date := range conformance.Published() {
		s := p.agent(date, shopper.REST)
		c := p.call(s, shopper.Get, p.session, nil)
		want := order
		if !s.Dialect().KeepsOrder() {
			want = ""
		}
		if c.Status != status || c.Total() != total || c.OrderID != want || len(c.Lines) != 2 || c.Selected() != express {
			p.Errorf("read under %s: %+v, want %s at %d and order %q", date, c, status, total, want)
		}
	}
}

// books are the shop's and Stripe's: one order that is worth the total, and one charge of it.
func (p *pair) books(total int64) {
	p.Helper()
	orders := p.demo.world.harness.ordersOf(p.session)
	if len(orders) != 1 || orders[0].State == shop.Canceled {
		p.Errorf("orders: %+v, want one", orders)
	}
	intents := p.demo.world.stripe.Ledger().With(stripepay.MetadataSession, p.session).Intents
	if len(intents) != 1 || intents[0].Captured != total || intents[0].Captures != 1 || intents[0].Held != 0 {
		p.Errorf("payments: %+v, want one of %d", intents, total)
	}
}

// hears waits for the order in the third date.
func (p *pair) hears(permalink string) {
	p.Helper()
	var got []event
	for range 2000 {
		if got = p.heard.of(p.session); len(got) > 0 {
			break
		}
		if err := p.demo.clock.Sleep(p.Context(), 5*time.Millisecond); err != nil {
			break
		}
	}
	if len(got) == 0 || got[0].kind != "order_create" || got[0].date != p.told || got[0].told.Permalink != permalink || got[0].told.Status != "confirmed" {
		p.Fatalf("events: %+v, want order_create in %s first", got, p.told)
	}
	for _, e := range got {
		schematest.Validate(p, p.told, schematest.Event, e.body)
		// Until 2026-01-30 an order of an event has refunds, and after that it has lines.
		if lines := bytes.Contains(e.body, []byte(`"line_items"`)); lines != (p.told >= "2026-04-17") || bytes.Contains(e.body, []byte(`"refunds"`)) == lines {
			p.Errorf("an event of %s: %s", p.told, e.body)
		}
	}
}
