package shop

import "github.com/shopspring/decimal"

// Notice is something about a cart that a person must see.
type Notice string

// The notices. LOW warns; the others keep the cart from being ordered by a
// machine: whoever buys goes on by himself, on the cart's page.
const (
	NoticeLow      Notice = "LOW"
	NoticeAge      Notice = "AGE"
	NoticeSignIn   Notice = "SIGNIN"
	NoticeApproval Notice = "APPROVAL"
)

// approvalFrom is the sum of items from which the office wants to say yes first.
var approvalFrom = decimal.NewFromInt(2500)

// Remark is a notice as the API shows it. Text is the shop's HTML.
type Remark struct {
	Code Notice `json:"code"`
	// Line is the number of the line that it is about, or "".
	Line string `json:"line"`
	Text string `json:"text"`
}

// words are what the shop's pages say, markup and all.
var words = map[Notice]string{
	NoticeLow:      `Only a <b>few</b> are left.`,
	NoticeAge:      `<p>You must be <strong>18 or older</strong> &ndash; <a href="/terms">our rules</a>.</p>`,
	NoticeSignIn:   `<p>For members. Please <a href="/login">sign in</a>.</p>`,
	NoticeApproval: `<p>Orders from 2500.00 are looked at by our office.</p><script>track("b2b")</script>`,
}

// remarks lists what must be said of a cart.
func (s *Shop) remarks(k *cart) []Remark {
	var out []Remark
	add := func(n Notice, line string) { out = append(out, Remark{n, line, words[n]}) }
	for _, l := range k.lines {
		a := s.items[l.sku]
		if a.Notice != "" {
			add(a.Notice, digits(l.number))
		}
		if a.LowAt > 0 && a.Stock <= a.LowAt && a.Stock >= l.quantity {
			add(NoticeLow, digits(l.number))
		}
	}
	if s.itemsSum(k).GreaterThanOrEqual(approvalFrom) {
		add(NoticeApproval, "")
	}
	return out
}

// stopped names the first notice that keeps a cart from being ordered by a machine.
func (s *Sheet) stopped() (Notice, bool) {
	for _, r := range s.Notices {
		if r.Code != NoticeLow {
			return r.Code, true
		}
	}
	return "", false
}
