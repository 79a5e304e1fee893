package reader

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	minCardDigits = 13
	maxCardDigits = 19
	// maxPhoneDigits is the longest international number (ITU-T E.164).
	maxPhoneDigits = 15
)

// HasCardNumber reports whether text holds what is a card number by its looks:
// 13 to 19 digits that pass the check of Luhn and do not begin with 0 (ISO/IEC
// 7812-1), alone or in groups with spaces or dashes between them. Digits that
// touch a letter or an underscore ("ord_4111…") or are part of a decimal are
// none, and neither is what follows a plus sign and is short enough for a
// phone number (15 digits, ITU-T E.164).
func HasCardNumber(text string) bool {
	for i := 0; i < len(text); {
		if !isDigit(text[i]) {
			i++
			continue
		}
		end := digitRun(text, i)
		if end-i >= minCardDigits && cardInRun(text, i, end) {
			return true
		}
		i = end
	}
	return false
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// digitRun is the end of the digits and the groups of digits that follow them.
func digitRun(text string, start int) int {
	end := start
	for end < len(text) {
		if isDigit(text[end]) {
			end++
			continue
		}
		next := end
		for next < len(text) {
			size := separator(text[next:])
			if size == 0 {
				break
			}
			next += size
		}
		if next == end || next == len(text) || !isDigit(text[next]) {
			break
		}
		end = next
	}
	return end
}

// separator is the length of the space or dash that text begins with; 0 when
// it begins with something else.
func separator(text string) int {
	r, size := utf8.DecodeRuneInString(text)
	switch r {
	case ' ', '\t', '-', '\u00a0', '\u202f', '\u2010', '\u2011', '\u2012', '\u2013':
		return size
	default:
		return 0
	}
}

// group is some digits of a run side by side.
type group struct{ start, end int } // positions in the text

// cardInRun reports whether some groups of the run, side by side, are a card
// number.
func cardInRun(text string, start, end int) bool {
	var groups []group
	digits := make([]byte, 0, end-start)
	var first []int // the place of each group's first digit in digits
	for i := start; i < end; {
		g := group{start: i}
		for g.end = i; g.end < end && isDigit(text[g.end]); g.end++ {
		}
		if !joined(text, g) {
			groups, first = append(groups, g), append(first, len(digits))
			for _, b := range []byte(text[g.start:g.end]) {
				digits = append(digits, b-'0')
			}
		}
		for i = g.end; i < end && !isDigit(text[i]); i++ {
		}
	}
	if len(groups) == 0 || start > 0 && text[start-1] == '+' && len(digits) <= maxPhoneDigits {
		return false
	}
	first = append(first, len(digits))
	for i := range groups {
		for j := i + 1; j < len(first); j++ {
			n := first[j] - first[i]
			if n > maxCardDigits {
				break
			}
			if n >= minCardDigits && digits[first[i]] != 0 && luhn(digits[first[i]:first[j]]) {
				return true
			}
		}
	}
	return false
}

// joined reports whether the digits are part of a word or of a decimal.
func joined(text string, g group) bool {
	before, after := text[:g.start], text[g.end:]
	if before != "" && wordy(before[len(before)-1]) || after != "" && wordy(after[0]) {
		return true
	}
	n := len(before)
	return n > 1 && before[n-1] == '.' && isDigit(before[n-2]) || len(after) > 1 && after[0] == '.' && isDigit(after[1])
}

func wordy(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' }

// luhn is the check of ISO/IEC 7812-1 annex B.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		n := int(digits[len(digits)-1-i])
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

var (
	emailPattern = regexp.MustCompile(`[\p{L}\p{N}.!#$%&'*+/=?^_{|}~-]+(@|%40)[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+`)

	// phonePattern is a number with a plus sign, or in the groups of North
	// America. Bare digits are ids.
	phonePattern = regexp.MustCompile(`(^|[^\pL\pN])(\+[ ]?[1-9]([ ().-]*[0-9]){6,14}|(1[ .-])?(\([2-9][0-9]{2}\)[ ]?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4})($|[^\pL\pN])`)
)

// hasEmail reports whether text holds an e-mail address.
func hasEmail(text string) bool {
	return (strings.Contains(text, "@") || strings.Contains(text, "%40")) && emailPattern.MatchString(text)
}

// hasPhone reports whether text holds what is written like a phone number.
func hasPhone(text string) bool {
	return strings.ContainsAny(text, "+ .-") && phonePattern.MatchString(text)
}
