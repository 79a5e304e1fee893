package shop

import (
	"cmp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// voucher is a discount code. Either percent or fixed is set.
type voucher struct {
	code, label string
	percent     decimal.Decimal // of the items, e.g. 10
	fixed       decimal.Decimal // USD off the items
	minimum     decimal.Decimal // least sum of items before discount
	expired     bool
	usedUp      bool   // as many times as it was good for
	members     bool   // for those who are signed in, which no machine is
	domain      string // of the e-mail addresses that it is for; "": anybody
	instead     string // the rebate that gives the same already
}

// vouchers are all codes that the shop knows.
var vouchers = []voucher{
	{code: "SAVE10", label: "10 % off everything", percent: decimal.NewFromInt(10)},
	{code: "WELCOME5", label: "5.00 off for new friends", fixed: decimal.NewFromInt(5)},
	{code: "BIG20", label: "20 % off from 150.00", percent: decimal.NewFromInt(20), minimum: decimal.NewFromInt(150)},
	{code: "SUMMER09", label: "Summer 2009", percent: decimal.NewFromInt(15), expired: true},
	{code: "FIRST100", label: "For the first hundred", fixed: decimal.NewFromInt(10), usedUp: true},
	{code: "CLUB15", label: "15 % off for members", percent: decimal.NewFromInt(15), members: true},
	{code: "STAFF30", label: "30 % off for staff", percent: decimal.NewFromInt(30), domain: "@harborfinch.example"},
	{code: "MUGS10", label: "10 % off mugs", percent: decimal.NewFromInt(10), instead: rebateID},
}

func findVoucher(code string) (voucher, bool) {
	for _, v := range vouchers {
		if v.code == code {
			return v, true
		}
	}
	return voucher{}, false
}

// problem says why the code takes nothing off a cart, or "" when it applies.
func (s *Shop) problem(v voucher, k *cart) string {
	switch {
	case v.expired:
		return "expired"
	case v.usedUp:
		return "used_up"
	case v.members:
		return "login"
	case v.domain != "" && !strings.HasSuffix(strings.ToLower(k.customer.Email), v.domain):
		return "person"
	case v.instead != "" && s.rebated(k):
		return "already"
	case s.itemsSum(k).LessThan(v.minimum):
		return "minimum"
	}
	return ""
}

// allocate says what the voucher takes off each line, in whole cents, given
// what the lines still cost. Percentages are rounded half up line by line;
// a fixed sum is spread by largest remainder, so that it is taken off exactly.
func (v voucher) allocate(left []decimal.Decimal) []decimal.Decimal {
	if v.fixed.IsZero() {
		out := make([]decimal.Decimal, len(left))
		for i, l := range left {
			out[i] = l.Mul(v.percent).Shift(-2).Round(2)
		}
		return out
	}
	sum := decimal.Zero
	for _, l := range left {
		sum = sum.Add(l)
	}
	return spread(decimal.Min(v.fixed, sum), left, sum)
}

// spread divides amount over weights that add up to sum, in whole cents.
func spread(amount decimal.Decimal, weights []decimal.Decimal, sum decimal.Decimal) []decimal.Decimal {
	out := make([]decimal.Decimal, len(weights))
	if !sum.IsPositive() {
		return out
	}
	type rest struct {
		line  int
		value decimal.Decimal
	}
	rests := make([]rest, len(weights))
	given := decimal.Zero
	for i, w := range weights {
		exact := amount.Mul(w).DivRound(sum, 12)
		out[i] = exact.RoundDown(2)
		given = given.Add(out[i])
		rests[i] = rest{i, exact.Sub(out[i])}
	}
	slices.SortStableFunc(rests, func(a, b rest) int { return cmp.Or(b.value.Cmp(a.value), cmp.Compare(a.line, b.line)) })
	cent := decimal.New(1, -2)
	for _, r := range rests {
		if given.GreaterThanOrEqual(amount) {
			break
		}
		out[r.line] = out[r.line].Add(cent)
		given = given.Add(cent)
	}
	return out
}
