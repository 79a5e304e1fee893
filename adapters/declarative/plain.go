package declarative

import (
	"html"
	"slices"
	"strings"
)

// inlineTags stand inside of sentences.
var inlineTags = []string{"a", "abbr", "b", "code", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u"}

// unseen are elements of whose content nobody is told.
var unseen = []string{"script", "style", "template"}

// plain is what a shop says as plain text. Old shops write HTML where words are wanted; agents must never be given any (2026-04-17,
// checkout section 5.1, read 2026-11-22). Tags go, what scripts and styles hold goes with them, entities become what they stand for,
// and white space becomes single blanks; text without any of it stays as it is. It is done again while anything is left to do, because a shop may have escaped its markup.
func plain(text string) string {
	if !strings.ContainsAny(text, "<&") {
		return strings.TrimSpace(text)
	}
	const most = 4 // a text that was escaped more often is no text of a shop; what then still opens a tag loses its bracket
	for range most {
		next := html.UnescapeString(untagged(text))
		if next == text {
			break
		}
		text = next
	}
	if hasTag(text) {
		text = strings.ReplaceAll(text, "<", "")
	}
	return strings.Join(strings.Fields(text), " ")
}

// hasTag reports whether a browser would take any of text for markup.
func hasTag(text string) bool {
	for i := range len(text) {
		if text[i] == '<' && opens(text[i+1:]) {
			return true
		}
	}
	return false
}

// untagged is text with each tag replaced by a blank. A tag that never ends takes the rest with it.
func untagged(text string) string {
	var b strings.Builder
	for {
		at := strings.IndexByte(text, '<')
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		rest := text[at+1:]
		if !opens(rest) {
			b.WriteString(text[:at+1])
			text = rest
			continue
		}
		b.WriteString(text[:at])
		if !inline(rest) {
			b.WriteByte(' ')
		}
		text = afterTag(rest)
	}
}

// inline reports whether a tag stands inside of a sentence, so that nothing has to be put in its place.
func inline(rest string) bool {
	rest = strings.TrimPrefix(rest, "/")
	name := rest[:nameEnd(rest)]
	return slices.ContainsFunc(inlineTags, func(t string) bool { return strings.EqualFold(t, name) })
}

// opens reports whether what follows a bracket is markup, and not a number or a blank, as in "weight < 5".
func opens(rest string) bool {
	if rest == "" {
		return false
	}
	c := rest[0]
	return c == '/' || c == '!' || c == '?' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// afterTag is what follows the tag that rest stands in, and its content where that is nothing to be read.
func afterTag(rest string) string {
	if strings.HasPrefix(rest, "!--") {
		_, after, _ := strings.Cut(rest, "-->")
		return after
	}
	name := rest[:nameEnd(rest)]
	_, after, _ := strings.Cut(rest, ">")
	for _, u := range unseen {
		if !strings.EqualFold(name, u) {
			continue
		}
		end := closingTag(after, u)
		if end < 0 {
			return ""
		}
		_, after, _ = strings.Cut(after[end:], ">")
	}
	return after
}

func nameEnd(rest string) int {
	for i := range len(rest) {
		if c := rest[i] | 0x20; c < 'a' || c > 'z' {
			return i
		}
	}
	return len(rest)
}

// closingTag finds where the element of that name is closed.
func closingTag(text, name string) int {
	for i := 0; i+2+len(name) <= len(text); i++ {
		if text[i] == '<' && text[i+1] == '/' && strings.EqualFold(text[i+2:i+2+len(name)], name) {
			return i
		}
	}
	return -1
}
