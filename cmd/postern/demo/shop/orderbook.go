package shop

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// The size of a page of the order list.
const (
	pageSize    = 20
	maxPageSize = 100
)

type orderReply struct {
	Status string `json:"status"`
	Order  *Order `json:"order"`
}

func showOrder(status int, o *Order) answer { return reply(status, orderReply{"OK", o}) }

// office wraps a call that needs the shop's key.
func office(act func(*Shop, call) answer) func(*Shop, call) answer {
	return func(s *Shop, c call) answer {
		if !sameKey(s.key, c.header.Get(HeaderKey)) {
			return refuse(http.StatusUnauthorized, refusal{Code: "AUTH", Message: "shop key missing or wrong"})
		}
		return act(s, c)
	}
}

// ofOrder wraps a call on one order.
func ofOrder(act func(*Shop, call, *Order) answer) func(*Shop, call) answer {
	return office(func(s *Shop, c call) answer {
		o, ok := s.find(c.path("no"))
		if !ok {
			return notFound()
		}
		return act(s, c, o)
	})
}

func (s *Shop) find(number string) (*Order, bool) {
	at := slices.IndexFunc(s.orders, func(o *Order) bool { return o.Number == number })
	if at < 0 {
		return nil, false
	}
	return s.orders[at], true
}

func (s *Shop) getOrder(_ call, o *Order) answer { return showOrder(http.StatusOK, o) }

// orderPage is what Order.URL leads to.
func (s *Shop) orderPage(c call) answer {
	o, ok := s.find(c.path("no"))
	if !ok {
		return notFound()
	}
	return page(http.StatusOK, "Order "+o.Number+" is "+string(o.State))
}

type orderList struct {
	Status string   `json:"status"`
	Page   int      `json:"page"`
	Pages  int      `json:"pages"`
	Count  int      `json:"count"`
	Orders []*Order `json:"orders"`
}

// findOrders is the exact look-up: every order, canceled ones too, whose
// external_ref is the given text, oldest first.
func (s *Shop) findOrders(c call) answer {
	ref := c.query.Get("external_ref")
	out := orderList{Status: "OK", Page: 1, Pages: 1, Orders: []*Order{}}
	for _, o := range s.orders {
		if ref != "" && o.ExternalRef == ref {
			out.Orders = append(out.Orders, o)
		}
	}
	out.Count = len(out.Orders)
	return reply(http.StatusOK, out)
}

// listOrders gives the orders changed at or after updated_since, oldest change
// first and lower number first within a second.
func (s *Shop) listOrders(c call) answer {
	since, ok := readTime(c.query.Get("updated_since"))
	if !ok {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "REQUEST", Message: "time is not readable", Field: "updated_since"})
	}
	number, size := atLeastOne(c.query.Get("page"), 1), min(atLeastOne(c.query.Get("per_page"), pageSize), maxPageSize)
	hits := []*Order{}
	for _, o := range s.orders {
		if !o.updated.Before(since) {
			hits = append(hits, o)
		}
	}
	slices.SortFunc(hits, func(a, b *Order) int { return cmp.Or(a.updated.Compare(b.updated), cmp.Compare(a.serial, b.serial)) })
	out := orderList{Status: "OK", Page: number, Pages: max(1, (len(hits)+size-1)/size), Count: len(hits), Orders: []*Order{}}
	if number <= out.Pages {
		from := (number - 1) * size
		out.Orders = hits[from:min(from+size, len(hits))]
	}
	return reply(http.StatusOK, out)
}

// readTime reads SQL's form, RFC 3339 and Unix seconds; "" is the beginning of
// time. Fractions of a second are dropped, as the shop's clock has none.
func readTime(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	for _, form := range []string{time.DateTime, time.RFC3339Nano} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC().Truncate(time.Second), true
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(n, 0).UTC(), true
	}
	return time.Time{}, false
}

func atLeastOne(text string, otherwise int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1_000_000 {
		return otherwise
	}
	return n
}

// payOrder notes what became of the money. The same reference with the same
// state twice is one note.
func (s *Shop) payOrder(c call, o *Order) answer {
	var in struct {
		State     string `json:"state"`
		Reference string `json:"reference"`
		Amount    amount `json:"amount"`
	}
	if !decode(c, &in) {
		return unreadable()
	}
	if !slices.Contains([]string{"paid", "void", "failed"}, in.State) {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "PAYMENT", Message: "payment state is not known", Field: "state"})
	}
	if in.Reference == "" {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "PAYMENT", Message: "reference is missing", Field: "reference"})
	}
	if o.Payment.State == in.State && o.Payment.Reference == in.Reference {
		return showOrder(http.StatusOK, o)
	}
	if in.State == "paid" && o.State == Canceled {
		return refuse(http.StatusConflict, refusal{Code: "STATE", Message: "order is canceled", State: string(o.State)})
	}
	if o.Payment.State == "paid" {
		return refuse(http.StatusConflict, refusal{Code: "PAYMENT", Message: "order is already paid", Reason: "paid", State: string(o.State)})
	}
	if in.State == "paid" && (!in.Amount.given || !in.Amount.Equal(o.grand.Round(2))) {
		return refuse(http.StatusUnprocessableEntity, refusal{
			Code: "AMOUNT", Message: "amount is not the rounded total", Field: "amount", Total: o.Totals.Grand,
		})
	}
	o.Payment.State, o.Payment.Reference = in.State, in.Reference
	if in.Amount.given {
		o.Payment.Amount = in.Amount.StringFixed(2)
	}
	if in.State == "paid" && o.State == Pending {
		s.paid(o)
	}
	s.touch(o)
	return showOrder(http.StatusOK, o)
}

func (s *Shop) cancelOrder(_ call, o *Order) answer {
	if err := s.cancel(o); err != nil {
		return refuse(http.StatusConflict, refusal{Code: "STATE", Message: "order has left the house", State: string(o.State)})
	}
	return showOrder(http.StatusOK, o)
}

// noteRefund tells the shop of money that has gone back. With refund it settles
// a refund that the shop decided; without, it adds one made elsewhere. The same
// reference twice is one note.
func (s *Shop) noteRefund(c call, o *Order) answer {
	var in struct {
		Refund    string `json:"refund"`
		Reference string `json:"reference"`
		Amount    amount `json:"amount"`
		Reason    string `json:"reason"`
	}
	if !decode(c, &in) {
		return unreadable()
	}
	if in.Reference == "" {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "REFUND", Message: "reference is missing", Field: "reference"})
	}
	if slices.ContainsFunc(o.Refunds, func(r Refund) bool { return r.Reference == in.Reference }) {
		return showOrder(http.StatusOK, o)
	}
	if in.Refund != "" {
		at := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.ID == in.Refund })
		if at < 0 {
			return refuse(http.StatusUnprocessableEntity, refusal{Code: "REFUND", Message: "no such refund", Field: "refund"})
		}
		o.Refunds[at].Reference = in.Reference
		s.touch(o)
		return showOrder(http.StatusOK, o)
	}
	if !in.Amount.given || !in.Amount.IsPositive() || o.refunded().Add(in.Amount.Decimal).GreaterThan(o.grand.Round(2)) {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "AMOUNT", Message: "amount is not refundable", Field: "amount", Total: o.Totals.Grand})
	}
	s.addRefund(o, in.Amount.Decimal, in.Reason, "noted", in.Reference)
	return showOrder(http.StatusOK, o)
}

func (o *Order) refunded() decimal.Decimal {
	sum := decimal.Zero
	for _, r := range o.Refunds {
		if d, err := decimal.NewFromString(r.Amount); err == nil {
			sum = sum.Add(d)
		}
	}
	return sum
}

func (s *Shop) addRefund(o *Order, sum decimal.Decimal, reason, source, reference string) string {
	s.refundNo++
	r := Refund{ID: fmt.Sprintf("R%d", s.refundNo), Amount: sum.StringFixed(2), Reason: reason, Source: source, Reference: reference, MadeAt: s.stamp()}
	o.Refunds = append(o.Refunds, r)
	s.touch(o)
	return r.ID
}
