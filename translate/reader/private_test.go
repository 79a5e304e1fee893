package reader

import (
	"strconv"
	"strings"
	"testing"
)

func TestHasCardNumber(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"4242424242424242":                              true,
		"My card is 4111 1111 1111 1111, thank you":     true,
		"4111-1111-1111-1111":                           true,
		"4111\u00a01111\u00a01111\u00a01111":            true,
		"4111  1111 - 1111\t1111":                       true,
		"4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1":               true,
		"378282246310005":                               true, // 15 digits
		"3782 822463 10005.":                            true,
		"4222222222222":                                 true, // 13 digits
		"6304000000000000000":                           true, // 19 digits
		"flat 5, 4111 1111 1111 1111":                   true,
		"flat 5 4111 1111 1111 1111 exp 12 27":          true,
		"apt4 4111 1111 1111 1111":                      true,
		"(4111111111111111)":                            true,
		"card:4111111111111111/12":                      true,
		"+1 4111 1111 1111 1111":                        true, // too long for a phone number
		"4111111111111112":                              false,
		"411111111111":                                  false, // 12 digits
		"41111111111111111111":                          false, // 20 digits
		"0000000000000000":                              false,
		"ord_4111111111111111":                          false,
		"A4111111111111111":                             false,
		"4111111111111111b":                             false,
		"4111111111111111.25":                           false,
		"0.4111111111111111":                            false,
		"550e8400-e29b-41d4-a716-446655440000":          false,
		"2026-11-22T10:00:00Z":                          false,
		"Please ring +1 415 555 2671, not 415 555 0000": false,
		"+49 1511 2345 678":                             false,
		"+4222222222222":                                false, // a phone number by its sign
		"4111.1111.1111.1111":                           false,
		"":                                              false,
		"Leave with neighbor at #12 if no answer.":      false,
	} {
		if got := HasCardNumber(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}

func TestHasEmailAndPhone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ email, phone bool }{
		"ada@example.com":                        {email: true},
		"sub ada.l+x@mail.example.org!":          {email: true},
		"https://a.example/?e=ada%40example.com": {email: true},
		"@example":                               {},
		"ada@localhost":                          {},
		"a @ b.example":                          {},
		"+1 415 555 2671":                        {phone: true},
		"+14155552671":                           {phone: true},
		"call (415) 555-2671 now":                {phone: true},
		"1-415-555-2671":                         {phone: true},
		"415.555.2671":                           {phone: true},
		"14155552671":                            {}, // bare digits are an id
		"camp-2026-11-22":                        {},
		"2026-11-22":                             {},
		"v1.2.3":                                 {},
		"a+1234567":                              {},
		"+123":                                   {},
		"pub_123":                                {},
		"":                                       {},
	} {
		if hasEmail(text) != want.email || hasPhone(text) != want.phone {
			t.Errorf("%q: e-mail %t, phone %t", text, hasEmail(text), hasPhone(text))
		}
	}
}

// FuzzHasCardNumber makes a card number of any digits, writes it in any groups
// into any text, and finds it; with one digit changed it is none.
func FuzzHasCardNumber(f *testing.F) {
	f.Add(uint64(424242424242424), uint8(15), uint64(0x1111), "my card is ", " thanks")
	f.Add(uint64(37828224631000), uint8(14), uint64(0), "", "")
	f.Fuzz(func(t *testing.T, seed uint64, length uint8, gaps uint64, before, after string) {
		size := minCardDigits + int(length)%(maxCardDigits-minCardDigits+1)
		digits := []byte(strconv.FormatUint(seed, 10))
		for len(digits) < size-1 {
			digits = append(digits, digits...)
		}
		digits = digits[:size-1]
		if digits[0] == '0' {
			digits[0] = '4'
		}
		for last := byte('0'); ; last++ {
			if values := append([]byte(nil), append(digits, last)...); luhn(minus(values)) {
				digits = append(digits, last)
				break
			}
		}
		_ = HasCardNumber(before + after) // any text is looked at without a panic
		clean := strings.Map(func(r rune) rune {
			if r >= 'g' && r <= 'z' || r == '.' || r == '\n' {
				return r
			}
			return -1
		}, before)
		text := clean + " " + grouped(digits, gaps) + " " + clean
		if !HasCardNumber(text) {
			t.Fatalf("the card number in %q is not seen", text)
		}
		digits[len(digits)-1] = '0' + (digits[len(digits)-1]-'0'+1)%10
		if text = clean + " " + string(digits) + " " + clean; HasCardNumber(text) {
			t.Fatalf("a number with a wrong check digit in %q is taken for a card", text)
		}
	})
}

func minus(text []byte) []byte {
	for i := range text {
		text[i] -= '0'
	}
	return text
}

// grouped writes a space after each digit whose bit in gaps is set.
func grouped(digits []byte, gaps uint64) string {
	var b strings.Builder
	for i, d := range digits {
		b.WriteByte(d)
		if gaps>>i&1 == 1 && i < len(digits)-1 {
			b.WriteByte(" -"[i%2])
		}
	}
	return b.String()
}
