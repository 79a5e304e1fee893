package declarative

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-gateway/postern/gateway/commerce"
)

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

func quoteOf(total, shipping, extraTax string, lines ...exactLine) exactQuote {
	return exactQuote{total: rat(total), shipping: rat(shipping), extraTax: rat(extraTax), discount: rat("0"), wrap: rat("0"), tip: rat("0"), credit: rat("0"), lines: lines}
}

func line(base, discount, tax string) exactLine {
	return exactLine{base: rat(base), discount: rat(discount), tax: rat(tax)}
}

func TestRounding(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		q        exactQuote
		total    int64
		tax      int64
		residual int64
		fails    bool
	}{
		"49.2321 is 4923": {
			q: quoteOf("4923.21", "550", "45.375", line("1749", "349.93994", "115.4224519807923"), line("3249", "650.06006", "214.41254801920766")),
			// 115.42 + 214.41 + 45.38 = 375.21
			total: 4923, tax: 375,
		},
		"no tax, a fraction in the prices":      {q: quoteOf("99.9", "0", "0", line("33.3", "0", "0"), line("66.6", "0", "0")), total: 100},
		"a unit too much goes to the tax":       {q: quoteOf("1083", "0", "0", line("1000", "0", "82")), total: 1083, tax: 83, residual: 1},
		"a unit too little is taken from it":    {q: quoteOf("1081", "0", "0", line("1000", "0", "82")), total: 1081, tax: 81, residual: -1},
		"two units on one line fail":            {q: quoteOf("1084", "0", "0", line("1000", "0", "82")), fails: true},
		"two units on two lines pass":           {q: quoteOf("2084", "0", "0", line("1000", "0", "40"), line("1000", "0", "42")), total: 2084, tax: 84, residual: 2},
		"tax never becomes negative":            {q: quoteOf("998", "0", "0", line("1000", "0", "1")), fails: true},
		"without tax a unit goes to the prices": {q: quoteOf("1001", "0", "0", line("1000", "0", "0")), total: 1001},
		"without tax two units fail":            {q: quoteOf("1002", "0", "0", line("1000", "0", "0")), fails: true},
		"free lines stay free":                  {q: quoteOf("0", "0", "0", line("500", "500", "0")), total: 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := moneyRules{currency: "usd"}.round(c.q)
			if c.fails {
				if err == nil {
					t.Errorf("rounds to %+v, want a failure", r)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.total != c.total || r.tax != c.tax || r.residual != c.residual {
				t.Errorf("total %d, tax %d, residual %d; want %d, %d, %d", r.total, r.tax, r.residual, c.total, c.tax, c.residual)
			}
			addsUp(t, r)
		})
	}
}

type failer interface{ Errorf(string, ...any) }

func addsUp(t failer, r roundedQuote) {
	var sum, tax int64
	for _, l := range r.lines {
		sum += l.base - l.discount
		tax += l.tax
		if l.base < 0 || l.discount < 0 || l.tax < 0 || l.discount > l.base {
			t.Errorf("a line is negative: %+v", l)
		}
	}
	if got := sum - r.discount + r.shipping + r.tax; got != r.total || tax > r.tax || r.tax < 0 {
		t.Errorf("the parts add up to %d, the total is %d; tax of the lines %d of %d", got, r.total, tax, r.tax)
	}
}

// TestEveryExactCartRounds: whatever unrounded prices a shop computes, as long as its total is the sum of its parts, the quote adds up.
func TestEveryExactCartRounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]commerce.Rounding{"", commerce.HalfEven, commerce.HalfDown, commerce.Up, commerce.Down}).Draw(t, "mode")
		rate := big.NewRat(rapid.Int64Range(1, 3000).Draw(t, "rate"), 10000)
		q := exactQuote{discount: new(big.Rat), wrap: new(big.Rat), tip: new(big.Rat), credit: new(big.Rat), shipping: big.NewRat(rapid.Int64Range(0, 9999999).Draw(t, "shipping"), 1000)}
		q.extraTax = new(big.Rat).Mul(q.shipping, rate)
		q.total = new(big.Rat).Add(q.shipping, q.extraTax)
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			base := big.NewRat(rapid.Int64Range(100, 99999999).Draw(t, "base"), 100)
			discount := new(big.Rat).Mul(base, big.NewRat(rapid.Int64Range(0, 100).Draw(t, "percent"), 100))
			net := new(big.Rat).Sub(base, discount)
			l := exactLine{base: base, discount: discount, tax: new(big.Rat).Mul(net, rate)}
			q.lines = append(q.lines, l)
			q.total.Add(q.total, new(big.Rat).Add(net, l.tax))
		}
		r, err := moneyRules{currency: "usd", rounding: mode}.round(q)
		want, _ := roundMinor(q.total, mode)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if r.total != want {
			t.Fatalf("total %d, want %d", r.total, want)
		}
		addsUp(t, r)
	})
}

func TestPricesThatIncludeTheirTax(t *testing.T) {
	t.Parallel()
	// 119.00 gross at 19 %, 10 % off: 107.10 gross, of which 17.10 is tax.
	l := net(line("11900", "1190", "1710"))
	if l.base.Cmp(rat("10000")) != 0 || l.discount.Cmp(rat("1000")) != 0 || l.tax.Cmp(rat("1710")) != 0 {
		t.Errorf("net of a gross line: base %s, discount %s, tax %s", l.base.FloatString(2), l.discount.FloatString(2), l.tax.FloatString(2))
	}
	if l = net(line("500", "500", "0")); l.base.Cmp(rat("500")) != 0 {
		t.Errorf("a free line: %s", l.base.FloatString(2))
	}
}

func TestSpreadBeyondItsReach(t *testing.T) {
	t.Parallel()
	parts, err := spread(12, []*big.Rat{rat("2"), rat("7"), rat("0")})
	if err != nil || parts[0]+parts[1]+parts[2] != 12 {
		t.Errorf("%v, %v", parts, err)
	}
	if parts, err = spread(-3, []*big.Rat{rat("1"), rat("1")}); err == nil {
		t.Errorf("a negative part: %v", parts)
	}
}
