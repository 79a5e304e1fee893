package commerce_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-gateway/postern/gateway/commerce"
)

func ExampleRoundExact() {
	minor, err := commerce.RoundExact("49.2321", commerce.Currency("usd").Digits(), commerce.HalfUp)
	fmt.Println(minor, err)
	fmt.Println(commerce.Money{Minor: minor, Currency: "usd"})
	// Output:
	// 4923 <nil>
	// 49.23 usd
}

func TestRoundExact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		digits int
		mode   commerce.Rounding
		want   int64
	}{
		{"49.2321", 2, "", 4923},
		{"0.005", 2, commerce.HalfUp, 1},
		{"0.005", 2, commerce.HalfDown, 0},
		{"0.005", 2, commerce.HalfEven, 0},
		{"0.015", 2, commerce.HalfEven, 2},
		{"0.0051", 2, commerce.HalfDown, 1},
		{"-0.005", 2, commerce.HalfUp, -1},
		{"-0.001", 2, commerce.Up, -1},
		{"0.001", 2, commerce.Up, 1},
		{"0.009", 2, commerce.Down, 0},
		{"1000", 0, commerce.HalfUp, 1000},
		{"1.2345", 3, commerce.HalfUp, 1235},
		{".5", 0, commerce.HalfUp, 1},
	} {
		if got, err := commerce.RoundExact(c.text, c.digits, c.mode); err != nil || got != c.want {
			t.Errorf("%s to %d digits, %s: %d, %v; want %d", c.text, c.digits, c.mode, got, err, c.want)
		}
	}
	for _, bad := range []string{"", ".", "-", "1e5", "0x10", "1/2", "1,5", " 1", "1.2.3", "--1", "NaN", strings.Repeat("9", 65)} {
		if _, err := commerce.RoundExact(bad, 2, ""); err == nil {
			t.Errorf("%q was read as an amount", bad)
		}
	}
	if _, err := commerce.RoundExact(strings.Repeat("9", 30), 2, ""); !errors.Is(err, commerce.ErrOverflow) {
		t.Errorf("an amount beyond 64 bits: %v", err)
	}
}

// FuzzRoundExact holds that whatever is read is at most half a unit, or for the directed modes a unit, away from what was written.
func FuzzRoundExact(f *testing.F) {
	for _, seed := range []string{"49.2321", "-0.005", "0", "999999999999.995", "1e9", "..", "92233720368547758.07"} {
		f.Add(seed, uint8(2), "half_even")
	}
	f.Fuzz(func(t *testing.T, text string, digits uint8, mode string) {
		d, m := int(digits%4), commerce.Rounding(mode)
		if !m.Valid() {
			m = commerce.HalfUp
		}
		got, err := commerce.RoundExact(text, d, m)
		if err != nil {
			return
		}
		exact, err := commerce.ParseDecimal(text)
		if err != nil {
			t.Fatal(err)
		}
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d)), nil)))
		away := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(got))
		limit := big.NewRat(1, 2)
		if m == commerce.Up || m == commerce.Down {
			limit = big.NewRat(1, 1)
		}
		if away.Abs(away).Cmp(limit) > 0 {
			t.Fatalf("%q to %d digits, %s: %d is %s away", text, d, m, got, away)
		}
		if back, err := commerce.RoundExact(commerce.FormatMinor(got, d), d, m); err != nil || back != got {
			t.Fatalf("%d written and read again: %d, %v", got, back, err)
		}
	})
}

func TestSpreadAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, 20).Draw(t, "ten-thousandths")
		exact, sum := make([]*big.Rat, len(units)), new(big.Rat)
		for i, u := range units {
			exact[i] = big.NewRat(u, 10_000)
			sum.Add(sum, exact[i])
		}
		total := new(big.Int).Div(sum.Num(), sum.Denom()).Int64()
		total += rapid.Int64Range(0, 1).Draw(t, "rounded up")
		parts, err := commerce.Spread(total, exact)
		if err != nil {
			if sum.Cmp(new(big.Rat).SetInt64(total-1)) > 0 && sum.IsInt() {
				return // an exact sum cannot be rounded up
			}
			t.Fatal(err)
		}
		var got int64
		for i, p := range parts {
			got += p
			if away := new(big.Rat).Sub(exact[i], new(big.Rat).SetInt64(p)); away.Abs(away).Cmp(big.NewRat(1, 1)) > 0 {
				t.Fatalf("part %d of %s became %d", i, exact[i], p)
			}
		}
		if got != total {
			t.Fatalf("the parts add up to %d, not %d", got, total)
		}
	})
}

func TestSpreadRefusesWhatNoRoundingExplains(t *testing.T) {
	t.Parallel()
	exact := []*big.Rat{big.NewRat(3, 2), big.NewRat(3, 2)}
	for _, total := range []int64{1, 5} {
		if parts, err := commerce.Spread(total, exact); err == nil {
			t.Errorf("1.5 + 1.5 were spread to %v for %d", parts, total)
		}
	}
}

func TestSumsDoNotWrap(t *testing.T) {
	t.Parallel()
	if _, err := commerce.Add(math.MaxInt64, 1); !errors.Is(err, commerce.ErrOverflow) {
		t.Error(err)
	}
	if _, err := commerce.Add(math.MinInt64, -1); !errors.Is(err, commerce.ErrOverflow) {
		t.Error(err)
	}
	if _, err := commerce.Mul(math.MaxInt64/2, 3); !errors.Is(err, commerce.ErrOverflow) {
		t.Error(err)
	}
	if got, err := commerce.Add(3, -1); err != nil || got != 2 {
		t.Error(got, err)
	}
}

func TestFormatMinor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor  int64
		digits int
		want   string
	}{{4923, 2, "49.23"}, {5, 2, "0.05"}, {-5, 3, "-0.005"}, {7, 0, "7"}, {math.MinInt64, 2, "-92233720368547758.08"}} {
		if got := commerce.FormatMinor(c.minor, c.digits); got != c.want {
			t.Errorf("%d with %d digits: %s, want %s", c.minor, c.digits, got, c.want)
		}
	}
}

func TestParseCurrency(t *testing.T) {
	t.Parallel()
	if c, err := commerce.ParseCurrency("USD"); err != nil || c != "usd" {
		t.Error(c, err)
	}
	for _, bad := range []string{"", "us", "usdd", "u$d", "12a"} {
		if c, err := commerce.ParseCurrency(bad); err == nil {
			t.Errorf("%q was read as %s", bad, c)
		}
	}
	for c, want := range map[commerce.Currency]int{"usd": 2, "jpy": 0, "kwd": 3, "isk": 2, "ugx": 2, "mga": 0, "huf": 2} {
		if got := c.Digits(); got != want {
			t.Errorf("%s has %d digits, want %d", c, got, want)
		}
	}
}
