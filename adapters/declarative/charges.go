package declarative

import (
	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/adapters"
)

// charges are what a shop adds to items and delivery, or takes off their sum, not yet rounded.
type charges struct {
	fees                       []charge
	wrap, wrapTax, tip, credit decimal.Decimal
}

// charge is one fee.
type charge struct {
	name, description string
	amount, tax       decimal.Decimal
}

func readCharges(o object) charges {
	c := charges{
		wrap: o.positive("gift_wrap"), wrapTax: o.positive("gift_wrap_tax"), tip: o.positive("tip"), credit: o.positive("store_credit"),
	}
	if fee := (charge{amount: o.positive("fee"), tax: o.positive("fee_tax")}); !fee.amount.IsZero() || !fee.tax.IsZero() {
		c.fees = append(c.fees, fee)
	}
	for _, f := range o.objects("fees") {
		fee := charge{name: f.requiredWords("title"), description: f.words("description"), amount: f.positive("amount"), tax: f.positive("tax")}
		if _, ok := f.amount("amount"); !ok {
			f.fail("amount", "is required")
		}
		f.done()
		c.fees = append(c.fees, fee)
	}
	return c
}

// tax is what all of them are taxed with.
func (c charges) tax() decimal.Decimal {
	sum := c.wrapTax
	for _, f := range c.fees {
		sum = sum.Add(f.tax)
	}
	return sum
}

func (c charges) feeSum() decimal.Decimal {
	sum := decimal.Zero
	for _, f := range c.fees {
		sum = sum.Add(f.amount)
	}
	return sum
}

// marks are what a fingerprint rests on beside the fees; none where there is nothing else.
func (c charges) marks() []any {
	if c.wrap.IsZero() && c.tip.IsZero() && c.credit.IsZero() {
		return nil
	}
	return []any{c.wrap.String(), c.tip.String(), c.credit.String()}
}

// rows names the rounded fees.
func (c charges) rows(amounts []int64) []adapters.Charge {
	out := make([]adapters.Charge, 0, len(amounts))
	for i, n := range amounts {
		if n != 0 {
			out = append(out, adapters.Charge{Name: c.fees[i].name, Description: c.fees[i].description, Amount: n})
		}
	}
	return out
}
