package shopper

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// Narrator tells an errand in lines for a person.
type Narrator struct {
	w io.Writer
}

// NewNarrator tells to w.
func NewNarrator(w io.Writer) *Narrator { return &Narrator{w} }

// The widths of the columns.
const (
	stepWidth = 10
	textWidth = 58
	sumWidth  = 14
)

// Title begins.
func (n *Narrator) Title(format string, args ...any) {
	n.line("\n" + fmt.Sprintf(format, args...) + "\n")
}

// Step tells one step; an empty name goes on with the one before.
func (n *Narrator) Step(name, format string, args ...any) {
	n.line("  " + pad(name, stepWidth) + "  " + fmt.Sprintf(format, args...))
}

// StepSum is a step with an amount.
func (n *Narrator) StepSum(name, text, sum string) {
	n.line("  " + pad(name, stepWidth) + "  " + pad(text, textWidth) + strings.Repeat(" ", max(1, sumWidth-len(sum))) + sum)
}

// Sum is a line of an amount below a step.
func (n *Narrator) Sum(text, sum string) { n.StepSum("", "  "+text, sum) }

// messages tells what the seller says, and what it means.
func (n *Narrator) messages(list []Message) {
	for _, m := range list {
		switch what, todo := plain(m); m.Type {
		case "error":
			n.Step("", "BLOCKED: %s", what)
			n.Step("", "         %s", todo)
		case "warning":
			n.Step("", "warning: %s", what)
		default:
			n.Step("", "the seller says: %s", what)
		}
	}
}

func (n *Narrator) line(text string) {
	_, _ = io.WriteString(n.w, strings.TrimRight(printable(text), " ")+"\n") // a reader that has gone misses the story
}

// printable takes control characters out of what a stranger wrote, so that it cannot speak to the terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}

// money shows minor units, like 49.23 USD.
func money(minor int64, currency string) string {
	c, err := commerce.ParseCurrency(currency)
	if err != nil {
		return fmt.Sprintf("%d %s", minor, strings.ToUpper(currency))
	}
	return commerce.FormatMinor(minor, c.Digits()) + " " + strings.ToUpper(currency)
}

// change is a moved total, with its sign.
func change(minor int64, currency string) string {
	if minor > 0 {
		return "+" + money(minor, currency)
	}
	return money(minor, currency)
}
