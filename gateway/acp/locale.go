package acp

import "golang.org/x/text/language"

// maxLanguageBytes is the longest Accept-Language that is looked at. Longer ones come from nobody who reads.
const maxLanguageBytes = 256

// anything is what the parser makes of "*".
var anything = language.MustParse("mul")

// locale is the language that an Accept-Language header prefers, as a BCP 47 tag; empty when it names none.
func locale(header string) string {
	if header == "" || len(header) > maxLanguageBytes {
		return ""
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 || tags[0] == language.Und || tags[0] == anything {
		return ""
	}
	return tags[0].String()
}
