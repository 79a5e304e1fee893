package declarative

import (
	"regexp"
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"as it is":                                 "as it is",
		"  two\nlines ":                            "two\nlines",
		"fish &amp; <b>chips</b>!":                 "fish & chips!",
		"<p>One.</p><p>Two.</p>":                   "One. Two.",
		"a<br>b<br/>c":                             "a b c",
		"5 < 6 and 7>6":                            "5 < 6 and 7>6",
		"<script>alert('x')</script>rest":          "rest",
		"<STYLE type=x>p{}</StYlE >rest":           "rest",
		"<script>never closed":                     "",
		"<!-- <b>hidden</b> -->seen":               "seen",
		"&lt;b&gt;bold&lt;/b&gt;":                  "bold",
		"&amp;lt;b&amp;gt;twice&amp;lt;/b&amp;gt;": "twice",
		"<scr<b></b>ipt>x</script>":                "ipt>x",
		"<<b>script>alert(1)</script>y":            "",
		"a tag that never ends <a href=":           "a tag that never ends",
		"<svg onload=x>":                           "",
		"&#60;img src=x&#62;":                      "",
		"İ<script>é</script>ß":                     "İ ß",
	} {
		if got := plain(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// FuzzPlain holds that nothing that a browser would take for markup is left of any text, and that plain text is plain.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"<b>x</b>", "&amp;amp;amp;amp;lt;b&gt;", "<<<script>", "&#x3c;/", "a < b", "<!--"} {
		f.Add(seed)
	}
	tag := regexp.MustCompile(`<[A-Za-z/!?]`)
	f.Fuzz(func(t *testing.T, text string) {
		got := plain(text)
		if tag.MatchString(got) {
			t.Errorf("%q is %q", text, got)
		}
		if !strings.ContainsAny(text, "<&") && got != strings.TrimSpace(text) {
			t.Errorf("%q was changed to %q", text, got)
		}
	})
}
