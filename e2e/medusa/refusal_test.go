//go:build e2e

package medusa_test

import (
	"net/http"
	"testing"

	"github.com/postern-gateway/postern/e2e/medusa"
)

// TestOutOfStock asks for two pieces of which there is one: the session says so, and cannot be paid until it is repaired.
func TestOutOfStock(t *testing.T) {
	w := newWorld(t)
	w.scarce()
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			a := w.in(t, version)
			s := a.create(a.cart(medusa.ServedCountry, nil, medusa.TowelSKU, 1, medusa.ScarceSKU, 2))
			m, ok := s.says("error", "out_of_stock")
			if s.Status != "not_ready_for_payment" || !ok || m.Param != "$.line_items[1]" || len(s.Lines) != 2 {
				t.Fatalf("created %+v", s)
			}
			if version == newest {
				if m.Resolution == "" {
					t.Errorf("%+v does not say how to resolve it", m)
				}
				if l := s.Lines[1]; l.Availability != "out_of_stock" {
					t.Errorf("the line is %+v", l)
				}
			}
			if s = a.complete(s); s.Status != "not_ready_for_payment" || s.Order != nil {
				t.Errorf("completed %+v", s)
			}
			if _, ok := s.says("error", "out_of_stock"); !ok {
				t.Errorf("completed %+v", s)
			}
			w.untouched(s.ID)

			repaired := object{"line_items": []object{{"id": medusa.TowelSKU, "quantity": 1}, {"id": medusa.ScarceSKU, "quantity": 1}}}
			if version == oldest {
				repaired = object{"items": repaired["line_items"]}
			}
			if s = a.update(s, repaired); s.Status != "ready_for_payment" || len(s.Messages) != 0 {
				t.Errorf("repaired %+v", s)
			}
		})
	}
}

// TestUnknownItem is a request that cannot become a session, on create and on update.
func TestUnknownItem(t *testing.T) {
	w := newWorld(t)
	for _, version := range []string{oldest, newest} {
		t.Run(version, func(t *testing.T) {
			a := w.in(t, version)
			param := map[string]string{oldest: "$.items[1].id", newest: "$.line_items[1].item.id"}[version]
			bad := a.cart(medusa.ServedCountry, nil, medusa.TowelSKU, 1, "NO-SUCH-THING", 1)
			p := a.must(http.StatusBadRequest, http.MethodPost, "/checkout_sessions", bad).problem(t)
			if p.Type != "invalid_request" || p.Code != "invalid_item_id" || p.Param != param {
				t.Errorf("refused with %+v", p)
			}

			s := a.create(a.cart(medusa.ServedCountry, nil, medusa.TowelSKU, 1))
			change := object{}
			for _, member := range []string{"items", "line_items"} {
				if lines, ok := bad[member]; ok {
					change[member] = lines
				}
			}
			p = a.must(http.StatusBadRequest, http.MethodPost, "/checkout_sessions/"+s.ID, change).problem(t)
			if p.Code != "invalid_item_id" || p.Param != param {
				t.Errorf("the update is refused with %+v", p)
			}
			if again := a.get(s); again.Status != "ready_for_payment" || len(again.Lines) != 1 || again.sum("total") != s.sum("total") {
				t.Errorf("a refused update left %+v", again)
			}
		})
	}
}

// TestBadCoupon sends an unknown code beside a good one: the good one counts, the other is rejected by name, and the sale goes on.
func TestBadCoupon(t *testing.T) {
	w := newWorld(t)
	a := w.in(t, newest)
	s := a.create(a.cart(medusa.ServedCountry, []string{"NOPE", medusa.Code}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1))
	if s.Status != "ready_for_payment" || s.sum("total") != 4923 {
		t.Errorf("created %+v", s)
	}
	if d := s.Discounts; len(d.Applied) != 1 || d.Applied[0].Code != medusa.Code || len(d.Rejected) != 1 || d.Rejected[0].Code != "NOPE" ||
		d.Rejected[0].Reason != "discount_code_invalid" {
		t.Errorf("discounts %+v", d)
	}
	if m, ok := s.says("warning", "discount_code_invalid"); !ok || m.Param != "$.discounts.codes[0]" {
		t.Errorf("messages %+v", s.Messages)
	}
	if s = a.update(s, object{"discounts": object{"codes": []string{}}}); s.sum("total") != 6006 || len(s.Messages) != 0 || len(s.Discounts.Applied) != 0 {
		t.Errorf("without codes: %+v", s)
	}
}

// TestCodeInAnotherCase is what the discount extension asks for: codes are matched without case, although this shop does not.
func TestCodeInAnotherCase(t *testing.T) {
	w := newWorld(t)
	a := w.in(t, newest)
	s := a.create(a.cart(medusa.ServedCountry, []string{"tenoff"}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1))
	if s.sum("total") != 4923 || len(s.Discounts.Applied) != 1 || len(s.Discounts.Rejected) != 0 {
		t.Errorf("created %+v", s)
	}
}

// TestAddressThatNothingServes asks for a parcel to a country of the region that no option serves, and to one outside of it: on
// create and, with a session that was ready before, on update.
func TestAddressThatNothingServes(t *testing.T) {
	w := newWorld(t)
	for _, version := range []string{oldest, newest} {
		for _, country := range []string{medusa.UnservedCountry, medusa.ForeignCountry} {
			t.Run(version+" "+country, func(t *testing.T) {
				a := w.in(t, version)
				a.unserved(a.create(a.cart(country, nil, medusa.TowelSKU, 1)))

				s := a.create(a.cart(medusa.ServedCountry, nil, medusa.TowelSKU, 1))
				if s.Status != "ready_for_payment" {
					t.Fatalf("created %+v", s)
				}
				change := object{"fulfillment_details": object{"address": address(country)}}
				if version == oldest {
					change = object{"fulfillment_address": address(country)}
				}
				s = a.update(s, change)
				a.unserved(s)
				if s = a.complete(s); s.Order != nil {
					t.Errorf("completed %+v", s)
				}
				a.unserved(s)
				w.untouched(s.ID)
			})
		}
	}
}

// unserved asserts the answer to an address that nothing is delivered to.
func (a *agent) unserved(s session) {
	t := a.w.t
	t.Helper()
	code, param := "region_restricted", "$.fulfillment_details.address"
	if a.version == oldest {
		code, param = "invalid", "$.fulfillment_address"
	}
	m, ok := s.says("error", code)
	if s.Status != "not_ready_for_payment" || !ok || m.Param != param || len(s.Options) != 0 || s.selected() != "" {
		t.Errorf("an address that nothing serves: %+v", s)
	}
	if a.version == newest && m.Resolution != "requires_buyer_input" {
		t.Errorf("%+v does not say that the buyer must act", m)
	}
}

// in is the world's agent of a date, whose failures belong to t.
func (w *world) in(t *testing.T, version string) *agent {
	here := *w
	here.t = t
	a := *w.agents[version]
	a.w = &here
	return &a
}
