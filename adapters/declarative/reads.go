package declarative

import (
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// readsOf are the members of $in that operations and functions name.
func (c *compiler) readsOf(prefix string) []string {
	var out []string
	for _, p := range c.parsed {
		if p.path != "functions" && !strings.HasPrefix(p.path, prefix) {
			continue
		}
		walk(p.query, func(q *gojq.Query) {
			if q.Term == nil || q.Term.Func == nil || q.Term.Func.Name != "$in" {
				return
			}
			if len(q.Term.SuffixList) == 0 { // handed on as a whole: any of it may be read
				out = append(out, "codes", "choices")
				return
			}
			if i := q.Term.SuffixList[0].Index; i != nil && i.Name != "" {
				out = append(out, i.Name)
			}
		})
	}
	return out
}

// reads derives the facts that show in what the quote reads of a request, and refuses promises that it cannot keep.
func (l *loader) reads() {
	read := l.readsOf("operations.quote")
	codes := slices.Contains(read, "codes")
	switch said := l.d.Facts.Codes; {
	case said == nil:
		l.shop.facts.NoCodes = !codes
	case *said && !codes:
		l.report("facts.codes", "says that the shop takes discount codes, and no expression of quote reads $in.codes")
	default:
		l.shop.facts.NoCodes = !*said
	}
	if l.d.Facts.Split && !slices.Contains(read, "choices") {
		l.report("facts.split", "says that lines can go by different options, and no expression of quote reads $in.choices")
	}
}
