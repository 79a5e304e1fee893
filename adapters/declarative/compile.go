package declarative

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"

	"github.com/postern-gateway/postern/config"
)

// compiler turns the expressions of a description into code and collects every problem on the way.
type compiler struct {
	section  config.Section
	problems config.Problems

	options []gojq.CompilerOption
	prelude []*gojq.FuncDef
	broken  bool // the prelude did not compile, so nothing that uses it can
	limit   time.Duration
	parsed  []parsedExpression
}

// parsedExpression waits for the linter, which must have seen all of a file before it judges any of it.
type parsedExpression struct {
	path  string
	query *gojq.Query
}

func (c *compiler) report(path, format string, args ...any) {
	c.problems = append(c.problems, c.section.Problem(path, format, args...))
}

func (c *compiler) setFunctions(list []function) {
	c.options = []gojq.CompilerOption{gojq.WithVariables(variables)}
	for _, f := range list {
		c.options = append(c.options, gojq.WithFunction(f.name, f.min, f.max, f.call))
	}
}

// setPrelude compiles the functions that a description defines for itself.
func (c *compiler) setPrelude(text string) {
	if text == "" {
		return
	}
	q, ok := c.parse("functions", text)
	if !ok {
		c.broken = true
		return
	}
	if q.Term != nil && q.Term.Type != gojq.TermTypeIdentity || q.Op != 0 {
		c.report("functions", "holds more than definitions; write def name: …; and nothing else")
	}
	if _, err := gojq.Compile(&gojq.Query{FuncDefs: q.FuncDefs, Term: &gojq.Term{Type: gojq.TermTypeIdentity}}, c.options...); err != nil {
		c.report("functions", "does not compile: %s", err)
		c.broken = true
		return
	}
	c.prelude = q.FuncDefs
}

func (c *compiler) parse(path, text string) (*gojq.Query, bool) {
	q, err := gojq.Parse(text)
	if err != nil {
		p := c.section.Problem(path, "the expression %q cannot be read: %s", excerpt(text, err), err)
		p.Line += lineInText(text, err)
		c.problems = append(c.problems, p)
		return nil, false
	}
	if len(q.Imports) > 0 || q.Meta != nil {
		c.report(path, "the expression %q imports a module; put the functions under functions", shorten(text))
		return nil, false
	}
	c.parsed = append(c.parsed, parsedExpression{path, q})
	return q, true
}

// excerpt is the line of an expression at which reading it failed.
func excerpt(text string, err error) string {
	lines := strings.Split(text, "\n")
	at := 0
	if pe, ok := errors.AsType[*gojq.ParseError](err); ok {
		at = strings.Count(text[:max(0, min(pe.Offset-len(pe.Token), len(text)))], "\n")
	}
	for at > 0 && strings.TrimSpace(lines[at]) == "" {
		at--
	}
	return shorten(strings.TrimSpace(lines[at]))
}

// lineInText is how many lines below its key the fault of a block of text stands. A block starts on the line after its key.
func lineInText(text string, err error) int {
	pe, ok := errors.AsType[*gojq.ParseError](err)
	if !ok || !strings.Contains(text, "\n") {
		return 0
	}
	read := strings.TrimRight(text[:max(0, min(pe.Offset-len(pe.Token), len(text)))], " \t\n")
	return 1 + strings.Count(read, "\n")
}

// expression compiles a text that may be empty, which is no expression.
func (c *compiler) expression(path, text string) *expression {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	q, ok := c.parse(path, text)
	if !ok || c.broken {
		return nil
	}
	return c.compile(path, q)
}

func (c *compiler) compile(path string, q *gojq.Query) *expression {
	whole := *q
	whole.FuncDefs = append(slices.Clone(c.prelude), q.FuncDefs...)
	code, err := gojq.Compile(&whole, c.options...)
	if err != nil {
		c.report(path, "the expression %q does not compile: %s", shorten(q.String()), err)
		return nil
	}
	place := path
	if line := c.section.Problem(path, "").Line; line > 0 {
		place = fmt.Sprintf("%s (line %d)", c.section.Problem(path, "").Path, line)
	}
	return &expression{code: code, place: place, limit: c.limit}
}

// required is expression where there must be one.
func (c *compiler) required(path, text string) *expression {
	if strings.TrimSpace(text) == "" {
		c.report(path, "is required; write an expression")
		return nil
	}
	return c.expression(path, text)
}

// named is an expression with the name that its value gets.
type named struct {
	name string
	expr *expression
}

// texts compiles a group of expressions, in the order of their names.
func (c *compiler) texts(path string, m map[string]string) []named {
	out := make([]named, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if e := c.required(join(path, name), m[name]); e != nil {
			out = append(out, named{name, e})
		}
	}
	return out
}

// mixed compiles a group whose members are expressions, or plain numbers and truth values that stand for themselves.
func (c *compiler) mixed(path string, m map[string]any) []named {
	m2 := make(map[string]string, len(m))
	for name, v := range m {
		switch v := v.(type) {
		case string:
			m2[name] = v
		case bool, int, json.Number:
			m2[name] = fmt.Sprint(v)
		default:
			c.report(join(path, name), "wants an expression, a number, true or false")
		}
	}
	return c.texts(path, m2)
}

// template compiles a path.
func (c *compiler) template(path, text string) *template {
	literals, exprs, err := splitTemplate(text)
	if err != nil {
		c.report(path, "the path %q cannot be read: %s; write an expression in each pair of braces, such as {.cart_id}", shorten(text), err)
		return nil
	}
	t := &template{text: text}
	for i, l := range literals {
		if strings.ContainsAny(l, "?#") {
			c.report(path, "the path %q holds a query, in which values are not escaped; write it under query", shorten(text))
		}
		t.parts = append(t.parts, templatePart{literal: l})
		if i < len(exprs) {
			if e := c.required(path, exprs[i]); e != nil {
				t.parts = append(t.parts, templatePart{value: e})
			}
		}
	}
	return t
}

// lint judges all expressions together, once each of them was read.
func (c *compiler) lint(fields []string) {
	l := newLinter(fields)
	for _, p := range c.parsed {
		l.learn(p.query)
	}
	for _, p := range c.parsed {
		messages := l.check(p.query)
		if p.path == "operations."+opItem+".result" {
			messages = append(messages, l.checkItem(p.query)...)
		}
		for _, message := range messages {
			c.report(p.path, "%s", message)
		}
	}
}

// plainKey is a key that a path shows without quotes, as config does.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

// join appends a key to a path of the description.
func join(path, key string) string {
	if !plainKey.MatchString(key) {
		return fmt.Sprintf("%s[%q]", path, key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
