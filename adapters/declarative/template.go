package declarative

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// template is a path such as "/carts/{.cart_id}/lines": text with expressions in braces.
type template struct {
	text  string // as written: what errors show
	parts []templatePart
}

// templatePart is literal text, or an expression whose value is escaped as one path segment.
type templatePart struct {
	literal string
	value   *expression
}

// splitTemplate cuts a path into literals and the texts of its expressions, in turn.
func splitTemplate(text string) (literals, exprs []string, err error) {
	for {
		open := strings.IndexAny(text, "{}")
		if open < 0 {
			return append(literals, text), exprs, nil
		}
		if text[open] == '}' {
			return nil, nil, safeError("a } stands without its {")
		}
		end := closing(text[open:])
		if end < 0 {
			return nil, nil, safeError("a { is never closed")
		}
		literals, exprs = append(literals, text[:open]), append(exprs, text[open+1:open+end])
		text = text[open+end+1:]
	}
}

// closing finds the brace that closes the one at the start of s, leaving out those in jq's strings.
func closing(s string) int {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// fill evaluates the path. A value that is empty, no text, a dot segment or holds control characters is refused: it would make another
// path of the one that was written.
func (t *template) fill(ctx context.Context, state any, s *scope) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.value == nil {
			b.WriteString(p.literal)
			continue
		}
		v, err := p.value.eval(ctx, state, s)
		if err != nil {
			return "", err
		}
		text, ok := segment(v)
		if !ok {
			return "", fmt.Errorf("%s: %w", p.value.place, safeError("the path needs text or a whole number, not "+typeName(v)+" or empty text"))
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func segment(v any) (string, bool) {
	text, ok := v.(string)
	if n, whole := v.(int); whole {
		text, ok = strconv.Itoa(n), true
	}
	if !ok || text == "" || text == "." || text == ".." || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", false
	}
	return url.PathEscape(text), true
}
