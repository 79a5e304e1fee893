package config_test

import (
	"strings"
	"testing"
)

// TestLinesAfterLongValues looks for the line of a key that follows values over several lines, in each way to write
// them and with each line end: a wrong line would send the operator to the wrong place.
func TestLinesAfterLongValues(t *testing.T) {
	t.Parallel()
	if p := parseSection(t, "\ufeffwanted: here\n").Problem("wanted", "x"); p.Line != 1 || p.Column != 9 {
		t.Errorf("after a byte order mark the place is %d:%d, want 1:9", p.Line, p.Column)
	}
	for name, value := range map[string]string{
		"literal":         "a: |\n  one\n\n  two\n",
		"literal kept":    "a: |+\n  one\n\n\n",
		"literal cut":     "a: |-\n  one: [\n  # no comment\n",
		"folded":          "a: >\n  one\n  two\n",
		"plain":           "a: one\n  two\n  three\n",
		"double quoted":   "a: \"one\n  two\n\n  three\"\n",
		"single quoted":   "a: 'one\n  it''s two'\n",
		"flow map":        "a: {b: 1,\n  c: [1,\n  2]}\n",
		"flow list":       "a: [\n  one, # comment\n  two,\n]\n",
		"comments":        "# one\n\n# two\na: 1 # three\n# four\n\n",
		"list":            "a:\n- one\n- b: 2\n  c: |\n    x\n    y\n- three\n",
		"non-ASCII":       "a: größer → kleiner\nb: 日本\n",
		"expression":      "a: |\n  .items\n  | map({id: .id, q: \"x\"}) # jq\n",
		"document marker": "---\na: 1\n",
		"escapes":         "a: \"x\\n\\ty\\u00e9\"\n",
	} {
		for end, label := range map[string]string{"\n": "LF", "\r\n": "CRLF", "\r": "CR"} {
			text := strings.ReplaceAll(value+"wanted: here\n", "\n", end)
			want := strings.Count(value, "\n") + 1
			s := parseSection(t, text)
			if p := s.Problem("wanted", "x"); p.Line != want || p.Column != 9 {
				t.Errorf("%s with %s: the place is %d:%d, want %d:9", name, label, p.Line, p.Column, want)
			}
		}
	}
}
