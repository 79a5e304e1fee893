package write_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/write"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                          "",
		"Cotton, washed":                            "Cotton, washed",
		"AT&T":                                      "AT&T",
		"Fish &amp; Chips":                          "Fish & Chips",
		"3 < 4 > 2":                                 "3 < 4 > 2",
		"a<b":                                       "a< b",
		"5&nbsp;cm":                                 "5\u00a0cm",
		"caf&#233; &#x1F600;":                       "café 😀",
		"<p>Soft &amp; warm.</p><p>Blue.</p>":       "Soft & warm.\nBlue.",
		"One<br>two<br/>three":                      "One\ntwo\nthree",
		"<ul><li>wool</li><li>silk</li></ul>":       "wool\nsilk",
		"<b>Bold</b>ly <i>new</i>":                  "Boldly new",
		"<td>a</td><td>b</td>":                      "a b",
		"x<script>alert(1)</script>y":               "x\ny",
		"x<style>p{color:red}</style>y":             "x\ny",
		"<!-- hidden -->shown":                      "shown",
		`<img src="x" onerror="alert(1)">Mug`:       "Mug",
		`<a href="javascript:x">here</a>`:           "here",
		"&lt;script&gt;alert(1)&lt;/script&gt;ok":   "ok",
		"&amp;lt;b&amp;gt;":                         "< b>",
		"<div\nclass='a'>\n  Text \n\n  more</div>": "Text\nmore",
		"<script":                                   "< script",
		"<<b>script>alert(1)":                       "",
		"see <https://a.example>":                   "see <https://a.example>",
		"I <3 you":                                  "I <3 you",
	} {
		if got := write.Plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Whatever a shop says, what comes out has no tag, and saying it again changes
// nothing that was plain.
func TestPlainHasNoTag(t *testing.T) {
	t.Parallel()
	parts := []string{"<", ">", "&", ";", "lt", "gt", "amp", "&lt;", "&gt;", "&amp;", "b", "script", "<b>", "</b>", "<!--", "-->", "/", " ", "=", "\"", "x", "\n", "&#60;", "&#62;"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 12).Draw(t, "parts"), "")
		got := write.Plain(text)
		for i := range len(got) - 1 {
			if got[i] != '<' {
				continue
			}
			rest := strings.TrimPrefix(got[i+1:], "/")
			name := strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz")
			if rest != "" && name != rest && (name == "" || strings.ContainsRune(" \n/>", rune(name[0]))) || strings.HasPrefix(rest, "!") {
				t.Fatalf("%q became %q, which has a tag", text, got)
			}
		}
	})
}

func TestContent(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		message    commerce.Message
		text, kind string
	}{
		"plain":               {commerce.Message{Content: "Hello"}, "Hello", "plain"},
		"markdown":            {commerce.Message{Content: "**Hello** <https://a.example>", Markdown: true}, "**Hello** <https://a.example>", "markdown"},
		"markdown with a tag": {commerce.Message{Content: "**Hello** <b>you</b>", Markdown: true}, "**Hello** you", "plain"},
		"plain with a tag":    {commerce.Message{Content: "Hello <b>you</b>"}, "Hello you", "plain"},
	} {
		if text, kind := write.Content(tt.message); text != tt.text || kind != tt.kind {
			t.Errorf("%s: got %q, %s", name, text, kind)
		}
	}
}
