package commerce

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
)

// ErrOverflow says that a sum or product does not fit an int64.
var ErrOverflow = errors.New("amount overflows 64 bits")

// Money is an amount in minor units of its currency. The zero value is no money of no currency.
type Money struct {
	Minor    int64    `json:"minor"`
	Currency Currency `json:"currency"`
}

// String is the amount in major units with its code, such as "49.23 usd".
func (m Money) String() string {
	return FormatMinor(m.Minor, m.Currency.Digits()) + " " + string(m.Currency)
}

// FormatMinor writes minor units as exact decimal text with the given number of digits.
func FormatMinor(minor int64, digits int) string {
	s := new(big.Int).Abs(big.NewInt(minor)).String()
	if digits > 0 {
		if len(s) <= digits {
			s = strings.Repeat("0", digits-len(s)+1) + s
		}
		s = s[:len(s)-digits] + "." + s[len(s)-digits:]
	}
	if minor < 0 {
		return "-" + s
	}
	return s
}

// Add is a + b, or [ErrOverflow].
func Add(a, b int64) (int64, error) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, ErrOverflow
	}
	return a + b, nil
}

// Mul is amount × n for n ≥ 0, or [ErrOverflow].
func Mul(amount, n int64) (int64, error) {
	p := new(big.Int).Mul(big.NewInt(amount), big.NewInt(n))
	if !p.IsInt64() {
		return 0, ErrOverflow
	}
	return p.Int64(), nil
}

// Rounding is how a shop turns an exact amount into minor units. The zero value is [HalfUp].
type Rounding string

// The rounding modes. "Up" and "down" are away from and towards zero.
const (
	HalfUp   Rounding = "half_up"
	HalfEven Rounding = "half_even"
	HalfDown Rounding = "half_down"
	Up       Rounding = "up"
	Down     Rounding = "down"
)

// Valid reports whether r is one of the modes, or empty.
func (r Rounding) Valid() bool {
	return r == "" || slices.Contains([]Rounding{HalfUp, HalfEven, HalfDown, Up, Down}, r)
}

// maxDecimalText bounds the decimal text that is read, so that an exponent cannot make a giant number.
const maxDecimalText = 64

// ParseDecimal reads exact decimal text such as "49.2321" or "-3". Exponents are refused: no shop writes money with them, and they
// are a cheap way to ask for a huge number.
func ParseDecimal(text string) (*big.Rat, error) {
	if text == "" || len(text) > maxDecimalText {
		return nil, fmt.Errorf("decimal amount of %d characters: want 1 to %d", len(text), maxDecimalText)
	}
	digits, dot := 0, false
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '.' && !dot:
			dot = true
		case r == '-' && i == 0:
		default:
			return nil, fmt.Errorf("decimal amount %q: character %d is no digit", text, i+1)
		}
	}
	if digits == 0 {
		return nil, fmt.Errorf("decimal amount %q: no digits", text)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("decimal amount %q is not a number", text)
	}
	return r, nil
}

// RoundExact turns exact decimal text in major units into minor units with the given number of digits. It fails on text that is no
// decimal and with [ErrOverflow].
func RoundExact(text string, digits int, mode Rounding) (int64, error) {
	r, err := ParseDecimal(text)
	if err != nil {
		return 0, err
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	return roundRat(r.Mul(r, new(big.Rat).SetInt(scale)), mode)
}

func roundRat(r *big.Rat, mode Rounding) (int64, error) {
	whole, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() != 0 && roundsAway(whole, rest, r.Denom(), mode) {
		whole.Add(whole, big.NewInt(int64(r.Sign())))
	}
	if !whole.IsInt64() {
		return 0, ErrOverflow
	}
	return whole.Int64(), nil
}

func roundsAway(whole, rest, denom *big.Int, mode Rounding) bool {
	half := new(big.Int).Lsh(new(big.Int).Abs(rest), 1).Cmp(denom)
	switch mode {
	case Up:
		return true
	case Down:
		return false
	case HalfDown:
		return half > 0
	case HalfEven:
		return half > 0 || (half == 0 && whole.Bit(0) == 1)
	default: // HalfUp
		return half >= 0
	}
}

// Spread rounds exact parts to minor units so that they add up to total, by largest remainder: every part is rounded down, and the
// units that are missing go to the parts that lost most, the earliest first. It fails when total is further from the exact sum than
// one unit per part, because then no rounding explains the difference.
func Spread(total int64, exact []*big.Rat) ([]int64, error) {
	parts := make([]int64, len(exact))
	loss := make([]*big.Rat, len(exact))
	left := total
	for i, e := range exact {
		floor := new(big.Int).Div(e.Num(), e.Denom())
		if !floor.IsInt64() {
			return nil, ErrOverflow
		}
		parts[i] = floor.Int64()
		loss[i] = new(big.Rat).Sub(e, new(big.Rat).SetInt(floor))
		left -= parts[i]
	}
	if left < 0 || left > int64(len(parts)) {
		return nil, fmt.Errorf("spread %d minor units over %d parts: the parts are %d away from it", total, len(parts), left)
	}
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return loss[b].Cmp(loss[a]) })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts, nil
}
