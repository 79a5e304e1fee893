package declarative_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// two is a cart of two items without wishes.
var two = commerce.Cart{
	Currency: "usd", Lines: []commerce.CartLine{{ID: "li_1", ItemID: "A", Quantity: 1}, {ID: "li_2", ItemID: "B", Quantity: 1}},
	ShipTo: &commerce.Contact{Address: &commerce.Address{Country: "US"}},
}

func answered(t *testing.T, description, result string) commerce.Quote {
	t.Helper()
	_, a := open(t, description, map[string]string{"POST /price": result})
	q, err := a.Quote(t.Context(), adapters.QuoteRequest{Key: "k", Cart: two})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// amounts are the rows of a quote by their types.
func amounts(q commerce.Quote) map[commerce.TotalType]int64 {
	out := map[commerce.TotalType]int64{}
	for _, row := range q.Totals {
		out[row.Type] += row.Amount
	}
	return out
}

func TestTaxInsideOfChargesIsShownBesideThem(t *testing.T) {
	t.Parallel()
	q := answered(t, strings.Replace(spoken, "form: decimal_string", "form: decimal_string, tax: included", 1),
		`{"cart_ref":"c","currency":"usd","total":"27.60","lines":[{"item":"A","base":"12.00","tax":"2.00"},{"item":"B","base":"6.00","tax":"1.00"}],
		 "options":[{"id":"x","title":"X","price":"6.00","tax":"1.00"}],"selected":"x","shipping":"6.00","shipping_tax":"1.00",
		 "gift_wrap":"2.40","gift_wrap_tax":"0.40","fees":[{"title":"Box","amount":"1.20","tax":"0.20"}]}`)
	want := map[commerce.TotalType]int64{
		commerce.TotalItemsBase: 1500, commerce.TotalSubtotal: 1500, commerce.TotalFulfillment: 500, commerce.TotalTax: 460, commerce.TotalFee: 100,
		commerce.TotalGiftWrap: 200, commerce.TotalDue: 2760,
	}
	if d := cmp.Diff(want, amounts(q)); d != "" {
		t.Error(d)
	}
}

// TestSelectedOptionsAddUpToTheUnit: each option is rounded by itself, and what that adds is taken from the tax.
func TestSelectedOptionsAddUpToTheUnit(t *testing.T) {
	t.Parallel()
	q := answered(t, spoken, `{"cart_ref":"c","currency":"usd","total":"12.06","lines":[{"item":"A","base":"6.00","tax":"0.05"},{"item":"B","base":"4.00"}],
	 "options":[{"id":"x","title":"X","price":"1.005","items":["A"]},{"id":"y","title":"Y","price":"1.005","items":["B"]}],
	 "choices":[{"option":"x"},{"option":"y"}],"shipping":"2.010"}`)
	if got := amounts(q); got[commerce.TotalFulfillment] != 202 || got[commerce.TotalTax] != 4 || got[commerce.TotalDue] != 1206 {
		t.Errorf("rows %v", got)
	}
}

// TestWhatIsTakenOffAnOptionFitsTheOrder: the shop's discount is the truth, whatever its allocations say.
func TestWhatIsTakenOffAnOptionFitsTheOrder(t *testing.T) {
	t.Parallel()
	const text = `{"cart_ref":"c","currency":"usd","total":"TOTAL","lines":[{"item":"A","base":"6.00"},{"item":"B","base":"4.00"}],
	 "options":[{"id":"x","title":"X","price":"5.00"}],"selected":"x","shipping":"5.00","discount":"OFF",
	 "discounts":[{"id":"d","amount":"AMOUNT","allocations":[{"option":"x","amount":"1.00"}]}]}`
	for off, c := range map[string]struct {
		total, amount string
		want          []commerce.Allocation
	}{
		"0.50": {"14.50", "2.00", []commerce.Allocation{{OptionID: "x", Amount: 50}}},
		"1.50": {"13.50", "1.00", []commerce.Allocation{{OptionID: "x", Amount: 150}}},
		"1.75": {"13.25", "1.75", []commerce.Allocation{{OptionID: "x", Amount: 100}, {Amount: 75}}},
	} {
		q := answered(t, spoken, strings.NewReplacer("TOTAL", c.total, "OFF", off, "AMOUNT", c.amount).Replace(text))
		if d := cmp.Diff(c.want, q.Discounts.Applied[0].Allocations); d != "" {
			t.Errorf("%s off: %s", off, d)
		}
	}
}

// TestAnyChargeMovesTheFingerprint: two carts of one total are two carts.
func TestAnyChargeMovesTheFingerprint(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, charges := range []string{
		`"fee":"1.00"`, `"gift_wrap":"1.00"`, `"tip":"1.00"`, `"tip":"3.00","store_credit":"2.00"`, `"fee":"2.00","store_credit":"1.00"`,
	} {
		q := answered(t, spoken, `{"cart_ref":"c","currency":"usd","total":"11.00","lines":[{"item":"A","base":"6.00"},{"item":"B","base":"4.00"}],`+charges+`}`)
		if other, ok := seen[q.Fingerprint]; ok {
			t.Errorf("%s and %s have one fingerprint", charges, other)
		}
		seen[q.Fingerprint] = charges
	}
}
