package adaptertest

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// continues asks for the address where a buyer goes on: an absolute one, the same at every look, without the buyer's data, and found
// without a call.
func (s *suite) continues(t T) {
	c := s.cart()
	q := s.quote(t, s.NewKey(), "", c)
	calls := s.heard()
	for _, ref := range []string{q.CartRef, ""} {
		first, err := s.Adapter.Continue(c, ref)
		if s.note(err) != nil {
			if ref != "" || commerce.KindOf(err) != commerce.Unsupported {
				t.Errorf("there is no address to go on at: %v", err)
			}
			continue
		}
		if u, err := url.Parse(first); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
			t.Errorf("the address to go on at is no absolute http or https URL")
		}
		if again, err := s.Adapter.Continue(c, ref); err != nil || again != first {
			t.Errorf("asked again, the address to go on at is another one")
		}
		plain, err := url.QueryUnescape(first)
		for _, p := range []string{s.Buyer.Email, s.Buyer.LastName, s.Buyer.Phone, s.Address.LineOne} {
			if p != "" && (err != nil || strings.Contains(plain, p)) {
				t.Errorf("the address to go on at holds the buyer's data (%d characters of it)", len(p))
			}
		}
	}
	if now := s.heard(); now != calls {
		t.Errorf("asking for an address made %d calls", now-calls)
	}
}

// heard is how many calls the shop has had, where the harness counts.
func (s *suite) heard() int {
	if s.Calls == nil {
		return 0
	}
	return s.Calls()
}

// consentTwice tells the shop an answer twice, and then the other one. The shop has each of them once.
func (s *suite) consentTwice(t T) {
	_, r, o := s.place(t, s.NewKey())
	s.record(t, o, commerce.Captured, r.Payment.TxnID)
	before, err := s.Consents(s.ctx)
	if err != nil {
		t.Fatalf("count the consents of the shop: %v", err)
	}
	address := s.NewKey()[:8] + "@consent.example"
	tell := func(in bool) {
		t.Helper()
		err := s.Adapter.RecordConsent(s.ctx, adapters.ConsentRecord{
			Key: "con_" + o.Ref, OrderRef: o.Ref, Address: address,
			Consent: commerce.Consent{Channel: "email", OptedIn: in, DisplayText: "test", At: time.Unix(1795331327, 0)},
		})
		if s.note(err) != nil {
			t.Fatalf("record consent: %v", err)
		}
	}
	for i, in := range []bool{true, true, false, false} {
		tell(in)
		after, err := s.Consents(s.ctx)
		if err != nil {
			t.Fatalf("count the consents of the shop: %v", err)
		}
		if want := before + 1 + i/2; after != want {
			t.Errorf("after %d answers, the second and the fourth as the one before, the shop noted %d changes, want %d", i+1, after-before, want-before)
		}
	}
}

// rebate buys so many of an item that the shop takes something off by itself.
func (s *suite) rebate(t T) {
	c := s.cart(func(c *commerce.Cart) {
		c.Lines = []commerce.CartLine{{ID: "li_1", ItemID: s.RebateItem, Quantity: s.RebateQuantity}}
	})
	q := s.quote(t, s.NewKey(), "", c)
	i := slices.IndexFunc(q.Discounts.Applied, func(d commerce.AppliedDiscount) bool { return d.Automatic })
	if i < 0 {
		t.Fatalf("%d of %s have the discounts %+v, the harness promises an automatic one", s.RebateQuantity, s.RebateItem, q.Discounts.Applied)
	}
	if d := q.Discounts.Applied[i]; d.Code != "" || d.ID == "" || d.Coupon.Name == "" || d.Amount <= 0 || len(d.Allocations) == 0 {
		t.Errorf("the automatic discount is %+v, want an id, a name, an amount, allocations and no code", d)
	}
	if q.Amount(commerce.TotalItemsDiscount)+q.Amount(commerce.TotalDiscount) <= 0 {
		t.Errorf("the automatic discount is in no total")
	}
}

// markup is the beginning of a tag.
var markup = regexp.MustCompile(`<[A-Za-z/!?]`)

// checkWords holds what a quote says to people against what agents may show.
func checkWords(t T, q commerce.Quote) {
	t.Helper()
	var texts []string
	for _, m := range q.Messages {
		if m.Content == "" || m.Type != commerce.Info && m.Code == "" {
			t.Errorf("a message says nothing: %+v", m)
		}
		if m.Type == commerce.Error && m.Resolution == "" {
			t.Errorf("the error %s does not say what can be done", m.Code)
		}
		if m.Param != "" && !strings.HasPrefix(m.Param, "$") {
			t.Errorf("the message %s points at %q, which is no path", m.Code, m.Param)
		}
		texts = append(texts, m.Content)
	}
	for _, l := range q.Lines {
		texts = append(texts, l.Name, l.Description)
		for _, d := range l.Disclosures {
			texts = append(texts, d.Content)
		}
	}
	for _, o := range q.Options {
		texts = append(texts, o.Title, o.Description)
		if o.Pickup != nil {
			texts = append(texts, o.Pickup.Name, o.Pickup.Instructions)
		}
	}
	for _, text := range texts {
		if markup.MatchString(text) {
			t.Errorf("a text for people holds markup (%d characters)", len(text))
		}
	}
}

// warned buys an item that the shop has something to say of.
func (s *suite) warned(t T) {
	c := s.cart(func(c *commerce.Cart) { c.Lines[1] = commerce.CartLine{ID: "li_2", ItemID: s.WarnedItem, Quantity: 1} })
	q := s.quote(t, s.NewKey(), "", c)
	m, ok := message(q, s.WarnedCode)
	if !ok || m.Param != "$.line_items[1]" {
		t.Errorf("the shop says of %s %+v, want %s about $.line_items[1]", s.WarnedItem, q.Messages, s.WarnedCode)
	}
	if plain := s.quote(t, s.NewKey(), "", s.cart()); slices.ContainsFunc(plain.Messages, func(m commerce.Message) bool { return m.Code == s.WarnedCode }) {
		t.Errorf("the shop says %s of other items too", s.WarnedCode)
	}
}
