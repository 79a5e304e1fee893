package conformance

import (
	"net/http"
	"regexp"
	"slices"
)

func messageStatements() []Statement {
	return []Statement{
		{
			ID: "MSG-01", Profile: AllDates, From: v1, Source: schemaSession + " MessageError, MessageWarning", check: messageCodes,
			Text: "Message codes are of the version's set; there are no warnings before 2026-01-30",
		},
		{
			ID: "MSG-02", Profile: SinceV5, From: v5, Source: schemaV5 + " MessageError", check: resolutions,
			Text: "resolution is one of three values, and every error has one",
		},
		{
			ID: "MSG-03", Profile: SinceV5, From: v5, Source: rfcCheckout + " §5.1; docs/sep-markdown-specification.md", check: noRawHTML,
			Text: "Markdown that is sent has no raw HTML; markdown with raw HTML that comes in is refused",
		},
	}
}

// complaining are sessions that have something to say.
func complaining(t *trial) []node {
	out := []node{t.create(t.bare(t.plain(1))), t.create(t.whole(t.plain(1), wanted{t.soldOut(), 1}))}
	if since(t.date, v4) {
		body := t.whole(t.plain(1))
		body["discounts"] = obj{"codes": list{"NO-SUCH-CODE"}}
		if expired := t.seller.Codes[CodeExpired]; expired != "" {
			body["discounts"] = obj{"codes": list{"NO-SUCH-CODE", expired}}
		}
		out = append(out, t.create(body))
	}
	nowhere := t.whole(t.plain(1))
	far := t.address("home")
	far["country"], far["state"], far["postal_code"] = "AQ", "", "0"
	member, value := t.delivery(far)
	nowhere[member] = value
	if a := t.do(opCreate, "", nowhere); !a.refused {
		out = append(out, a.node)
	}
	if t.harness != nil {
		s := t.ready()
		out = append(out, t.success(t.do(opComplete, s.text("id"), t.pay(s, t.mint(Mint{Amount: of(s, "total"), Outcome: "decline"}))), http.StatusOK))
	}
	return out
}

func messageCodes(t *trial) {
	seen := 0
	for _, s := range complaining(t) {
		for i, m := range s.list("messages") {
			seen++
			code := m.text("code")
			switch kind := m.text("type"); kind {
			case "info":
			case "error":
				t.check(slices.Contains(errorCodes(t.date), code), "messages[%d] is an error with the code %q", i, code)
			case "warning":
				t.check(since(t.date, v4), "messages[%d] is a warning, which %s does not have", i, t.date)
				t.check(slices.Contains(warningCodes, code), "messages[%d] is a warning with the code %q", i, code)
			default:
				t.failf("messages[%d] has the type %q", i, kind)
			}
		}
	}
	t.check(seen > 2, "sessions that cannot be paid have %d messages in all", seen)
}

func resolutions(t *trial) {
	for _, s := range complaining(t) {
		for i, m := range s.list("messages") {
			r := m.text("resolution")
			t.check(r == "" || slices.Contains([]string{"recoverable", "requires_buyer_input", "requires_buyer_review"}, r), "messages[%d] has the resolution %q", i, r)
			t.check(m.text("type") != "error" || r != "", "messages[%d], an error %s, has no resolution", i, m.text("code"))
		}
	}
}

// rawHTML is a tag or a comment, as CommonMark 0.31.2 knows raw HTML in short.
var rawHTML = regexp.MustCompile(`<(?:/?[A-Za-z][A-Za-z0-9-]*[\s/>]|!--|!\[CDATA\[|\?)`)

func noRawHTML(t *trial) {
	sessions := append(complaining(t), t.create(t.whole(t.plain(1), wanted{t.item(ItemSecond), 1})))
	if item := t.seller.Items[ItemMarkup]; item != "" {
		sessions = append(sessions, t.create(t.whole(wanted{item, 1})))
	}
	for _, s := range sessions {
		for i, m := range s.list("messages") {
			t.check(m.text("content_type") != "markdown" || !rawHTML.MatchString(m.text("content")), "messages[%d] is markdown with raw HTML", i)
		}
		s.walk(func(path string, v node) {
			if text, ok := v.value.(string); ok && rawHTML.MatchString(text) {
				t.failf("%s has raw HTML: %s", path, brief(text))
			}
		})
	}
	for _, html := range []string{"Leave it <b>here</b>", "<script>alert(1)</script>", "[x](y) <!-- hidden -->"} {
		body := t.whole(t.plain(1))
		body["order_notes"] = html
		t.refusal(t.do(opCreate, "", body), "", http.StatusBadRequest)
	}
	body := t.whole(t.plain(1))
	body["order_notes"] = "Ring *twice*, 3 < 4 and 5 > 4"
	t.create(body)
}
