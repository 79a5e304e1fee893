package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/postern-gateway/postern/gateway/clock"
)

// Widths of the columns.
const (
	whoWidth   = 8
	whatWidth  = 48
	moneyWidth = 10
)

// The parties, as the second column names them.
const (
	byAgent   = "agent"
	byGateway = "gateway"
	byStripe  = "stripe"
	byShop    = "shop"
)

// ANSI sequences.
const (
	plain = "\x1b[0m"
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
)

// colors of the parties: yellow, blue, magenta, cyan.
var colors = map[string]string{byShop: "\x1b[33m", byAgent: "\x1b[34m", byStripe: "\x1b[35m", byGateway: "\x1b[36m"}

// screen prints the story. It is safe for concurrent use.
type screen struct {
	clock clock.Clock
	began time.Time
	color bool

	mu sync.Mutex
	w  io.Writer
}

func newScreen(w io.Writer, color bool, c clock.Clock, began time.Time) *screen {
	return &screen{clock: c, began: began, color: color, w: w}
}

// elapsed is the time since the beginning.
func (s *screen) elapsed() time.Duration { return s.clock.Now().Sub(s.began) }

// text prints a paragraph as it is.
func (s *screen) text(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.w, format, args...) // a reader that has gone misses the story
}

// row prints one step: when, who, what, how much and under which id. A what that begins with a space goes on with the row before it.
func (s *screen) row(who, what, sum, id string) {
	when := fmt.Sprintf("%7.3f s", s.elapsed().Seconds())
	if strings.HasPrefix(what, " ") {
		when = strings.Repeat(" ", len(when))
	}
	line := s.paint(dim, when) + "  " + s.paint(colors[who], pad(who, whoWidth)) + " " + pad(what, whatWidth) + " " +
		strings.Repeat(" ", max(0, moneyWidth-len(sum))) + s.paint(bold, sum) + "   " + s.paint(dim, id)
	s.text("%s\n", strings.TrimRight(line, " "))
}

// failed ends the story with what went wrong.
func (s *screen) failed(err error, complaints []string) {
	s.text("\n%s %s\n", s.paint(red, "FAILED:"), err)
	if len(complaints) > 0 {
		s.text("\nThe gateway's log:\n")
	}
	for _, c := range complaints {
		s.text("  %s\n", c)
	}
}

func (s *screen) paint(code, text string) string {
	if !s.color || strings.TrimSpace(text) == "" || code == "" {
		return text
	}
	return code + text + plain
}

// pad fills text with spaces; a text that is too long is cut.
func pad(text string, width int) string {
	n := utf8.RuneCountInString(text)
	if n > width {
		return string([]rune(text)[:width-1]) + "…"
	}
	return text + strings.Repeat(" ", width-n)
}

// money shows minor units of USD as a buyer reads them, like $49.23.
func money(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	return fmt.Sprintf("%s$%d.%02d", sign, minor/100, minor%100)
}
