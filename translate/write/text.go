package write

import (
	"html"
	"regexp"
	"strings"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/postern-gateway/postern/gateway/commerce"
)

var (
	// markup is a tag, a comment or a declaration. An autolink of CommonMark
	// (<https://…>) is none, for a colon follows its scheme.
	markup = regexp.MustCompile(`</?[A-Za-z][A-Za-z0-9-]*(?:[\s/][^<>]*)?>|<!|<\?`)
	// opening is what a browser would take as the begin of a tag.
	opening = regexp.MustCompile(`<(/?[A-Za-z][A-Za-z0-9-]*(?:[\s/>]|$)|!|\?)`)
	entity  = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)
	blank   = regexp.MustCompile(`[ \t\r\f\v]+`)
	lines   = regexp.MustCompile(` ?\n ?(?:\n ?)*`)
)

// Plain is a shop's text without HTML: shops hand out descriptions with tags
// and entities, and answers carry plain text (ACP rfc.agentic_checkout 5.1,
// read 2026-11-22). Paragraphs and list items become lines; scripts, styles and
// comments go. Text without a tag or an entity comes back as it is.
func Plain(text string) string {
	if strings.IndexByte(text, '<') < 0 && strings.IndexByte(text, '&') < 0 {
		return text
	}
	// Twice, because what entities hide may be markup again.
	for range 2 {
		if markup.MatchString(text) {
			text = strip(text)
			continue
		}
		if !entity.MatchString(text) {
			break
		}
		text = entity.ReplaceAllStringFunc(text, html.UnescapeString)
	}
	// What still looks like the begin of a tag is told apart from one.
	return opening.ReplaceAllString(text, "< $1")
}

// strip is the text between the tags of text.
func strip(text string) string {
	var b strings.Builder
	tokens := nethtml.NewTokenizer(strings.NewReader(text))
	hidden := 0
	for {
		switch tokens.Next() {
		case nethtml.ErrorToken:
			clean := lines.ReplaceAllString(blank.ReplaceAllString(b.String(), " "), "\n")
			return strings.TrimSpace(clean)
		case nethtml.TextToken:
			if hidden == 0 {
				b.Write(tokens.Text())
			}
		case nethtml.StartTagToken:
			name, _ := tokens.TagName()
			tag := atom.Lookup(name)
			if tag == atom.Script || tag == atom.Style {
				hidden++
			}
			b.WriteString(separator(tag))
		case nethtml.EndTagToken:
			name, _ := tokens.TagName()
			tag := atom.Lookup(name)
			if (tag == atom.Script || tag == atom.Style) && hidden > 0 {
				hidden--
			}
			b.WriteString(separator(tag))
		case nethtml.SelfClosingTagToken:
			name, _ := tokens.TagName()
			b.WriteString(separator(atom.Lookup(name)))
		case nethtml.CommentToken, nethtml.DoctypeToken:
		}
	}
}

// separator is what stands in a text where a tag stood: a line's end for what
// a browser shows as a block, nothing for what it shows within a line.
func separator(tag atom.Atom) string {
	switch tag {
	case atom.A, atom.Abbr, atom.B, atom.Bdi, atom.Bdo, atom.Cite, atom.Code, atom.Data, atom.Del, atom.Dfn, atom.Em, atom.Font, atom.I,
		atom.Ins, atom.Kbd, atom.Mark, atom.Q, atom.S, atom.Samp, atom.Small, atom.Span, atom.Strong, atom.Sub, atom.Sup, atom.Time, atom.U,
		atom.Var, atom.Wbr:
		return ""
	case atom.Td, atom.Th, atom.Img:
		return " "
	default:
		return "\n"
	}
}

// Content is the text of a message and the wire word for how it is written.
// Markdown that carries raw HTML is no clean markdown and becomes plain text.
func Content(m commerce.Message) (text, contentType string) {
	if m.Markdown && !markup.MatchString(m.Content) {
		return m.Content, "markdown"
	}
	return Plain(m.Content), "plain"
}
