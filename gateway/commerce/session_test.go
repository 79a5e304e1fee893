package commerce_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// good is a quote whose amounts are consistent.
func good() commerce.Quote {
	return commerce.Quote{
		Total: 2355,
		Lines: []commerce.Line{
			{ID: "li_1", UnitAmount: 1000, Base: 2000, Discount: 200, Subtotal: 1800, Tax: 150, Total: 1950},
		},
		Options: []commerce.FulfillmentOption{{ID: "slow", Subtotal: 400, Tax: 5, Total: 405}},
		Totals: []commerce.Total{
			{Type: commerce.TotalItemsBase, Amount: 2000},
			{Type: commerce.TotalItemsDiscount, Amount: 200},
			{Type: commerce.TotalSubtotal, Amount: 1800},
			{Type: commerce.TotalFulfillment, Amount: 400},
			{Type: commerce.TotalTax, Amount: 155},
			{Type: commerce.TotalDue, Amount: 2355},
		},
	}
}

func TestQuoteCheck(t *testing.T) {
	t.Parallel()
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	if err := (commerce.Quote{}).Check(); err != nil {
		t.Errorf("a quote without a price: %v", err)
	}
	for name, spoil := range map[string]func(*commerce.Quote){
		"negative line":      func(q *commerce.Quote) { q.Lines[0].Tax, q.Lines[0].Total = -1, 1799 },
		"line subtotal":      func(q *commerce.Quote) { q.Lines[0].Subtotal++ },
		"line total":         func(q *commerce.Quote) { q.Lines[0].Total++ },
		"negative option":    func(q *commerce.Quote) { q.Options[0].Subtotal, q.Options[0].Total = -5, 0 },
		"option total":       func(q *commerce.Quote) { q.Options[0].Total++ },
		"negative row":       func(q *commerce.Quote) { q.Totals[4].Amount = -155 },
		"items and lines":    func(q *commerce.Quote) { q.Totals[0].Amount++ },
		"discount and lines": func(q *commerce.Quote) { q.Totals[1].Amount++ },
		"total row":          func(q *commerce.Quote) { q.Totals[5].Amount++ },
		"shop's total":       func(q *commerce.Quote) { q.Total++ },
		"fee left out": func(q *commerce.Quote) {
			q.Totals = append(q.Totals, commerce.Total{Type: commerce.TotalFee, Amount: 1})
		},
	} {
		q := good()
		spoil(&q)
		if q.Check() == nil {
			t.Errorf("%s: the quote passed", name)
		}
	}
}

func TestReplaceLinesKeepsIDs(t *testing.T) {
	t.Parallel()
	var c commerce.Cart
	put := func(items ...string) []string {
		var lines []commerce.CartLine
		for _, i := range items {
			lines = append(lines, commerce.CartLine{ItemID: i, Quantity: 1})
		}
		c.ReplaceLines(lines)
		var ids []string
		for _, l := range c.Lines {
			ids = append(ids, l.ItemID+"="+l.ID)
		}
		return ids
	}
	for _, step := range []struct{ items, want []string }{
		{[]string{"a", "b"}, []string{"a=li_1", "b=li_2"}},
		{[]string{"b", "c"}, []string{"b=li_2", "c=li_3"}},
		{[]string{"c", "b", "a"}, []string{"c=li_3", "b=li_2", "a=li_4"}},
		{[]string{"a", "a"}, []string{"a=li_4", "a=li_5"}},
	} {
		if d := cmp.Diff(step.want, put(step.items...)); d != "" {
			t.Error(d)
		}
	}
}

func TestContactChange(t *testing.T) {
	t.Parallel()
	home := commerce.Address{City: "Reno"}
	old := &commerce.Contact{Name: "Ada", Email: "a@example.com", Address: &home}
	got := commerce.ContactChange{Email: commerce.Set("b@example.com"), Name: commerce.Clear[string]()}.Apply(old)
	if d := cmp.Diff(&commerce.Contact{Email: "b@example.com", Address: &home}, got); d != "" {
		t.Error(d)
	}
	if old.Name != "Ada" {
		t.Error("the old contact was changed")
	}
	if got := (commerce.ContactChange{Address: commerce.Clear[commerce.Address](), Name: commerce.Set(""), Email: commerce.Set("")}).Apply(old); got != nil {
		t.Errorf("a contact that says nothing stayed: %+v", got)
	}
	if got := (commerce.ContactChange{Address: commerce.Set(home)}).Apply(nil); got == nil || got.Address.City != "Reno" {
		t.Errorf("got %+v", got)
	}
}

func TestPaymentNeverShowsItsToken(t *testing.T) {
	t.Parallel()
	p := commerce.Payment{HandlerID: "card", Token: "spt_secret"}
	r := commerce.AuthenticationResult{Outcome: "authenticated", Cryptogram: "AAECsecret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, text := range []string{fmt.Sprintf(verb, p), fmt.Sprintf(verb, r)} {
			if text == "" || strings.Contains(text, "secret") {
				t.Errorf("%s shows %q", verb, text)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	f := commerce.Faultf(commerce.OutOfStock, "no %s", "tea").At("$.line_items[0]").Because(cause)
	wrapped := fmt.Errorf("quote: %w", f)
	if commerce.KindOf(wrapped) != commerce.OutOfStock || !errors.Is(wrapped, cause) || f.Error() != "no tea: cause" {
		t.Errorf("%v is %s", wrapped, commerce.KindOf(wrapped))
	}
	for kind, definite := range map[commerce.Kind]bool{
		commerce.Unexpected: false, commerce.Indeterminate: false, commerce.AlreadyPlaced: false,
		commerce.Rejected: true, commerce.OutOfStock: true, commerce.Temporary: true,
	} {
		if commerce.Definite(commerce.Faultf(kind, "x")) != definite {
			t.Errorf("%s counts as definite: %v", kind, !definite)
		}
	}
	if commerce.Definite(cause) {
		t.Error("an error without a kind counts as definite: unknown is never a refusal")
	}
	if commerce.Kind(255).String() != "unexpected" {
		t.Error("an unknown kind has a name of its own")
	}
}
