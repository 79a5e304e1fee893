package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// maxFileBytes bounds a configuration file. A thousand agents fit into a tenth of it.
	maxFileBytes = 1 << 20
	// maxDepth bounds how deep values nest; gateway.yaml needs 7 levels.
	maxDepth = 64
)

// kind is what a node of the file is.
type kind int

const (
	kindNull kind = iota
	kindBool
	kindInt
	kindFloat
	kindText
	kindMap
	kindList
	kindRefused // a form that is not supported; it is reported already
)

// String says in a message what the kind is.
func (k kind) String() string {
	switch k {
	case kindNull:
		return "empty"
	case kindBool:
		return "true or false"
	case kindInt, kindFloat:
		return "a number"
	case kindText:
		return "text"
	case kindMap:
		return "a group of keys"
	case kindList:
		return "a list"
	case kindRefused:
		return "not supported"
	}
	return "unknown" // unreachable: the constants above are all there are
}

// position is a place in a file; both numbers count from 1, zero is no place.
type position struct{ line, column int }

// node is one value of a file with its place. The rest of the package works on nodes and knows nothing of the parser.
type node struct {
	kind   kind
	at     position // of the value; of a group, its first key or its opening brace
	text   string   // a scalar as written; of text, its value
	fields []field  // of a map, in file order, each key once
	items  []*node  // of a list
}

// field is one key of a map.
type field struct {
	name  string
	at    position
	value *node
}

// get returns the field of that name, or nil.
func (n *node) get(name string) *field {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].name == name {
			return &n.fields[i]
		}
	}
	return nil
}

// isEmpty reports whether nothing is there: no value, empty text, or a group or list without members.
func (n *node) isEmpty() bool {
	switch n.kind {
	case kindNull:
		return true
	case kindText:
		return n.text == ""
	case kindMap:
		return len(n.fields) == 0
	case kindList:
		return len(n.items) == 0
	case kindBool, kindInt, kindFloat, kindRefused:
	}
	return false
}

// parseTree reads one YAML document. It goes on after each problem that the parser lets it go on from; after a syntax
// error there is nothing to go on with, and the tree is nil.
func parseTree(src *source, data []byte) (*node, Problems) {
	if len(data) > maxFileBytes {
		return nil, Problems{src.problem(position{}, "", "the file is larger than %d bytes; split it or name the right file", maxFileBytes)}
	}
	if !utf8.Valid(data) {
		return nil, Problems{src.problem(position{}, "", "the file is not UTF-8 text; save it as UTF-8")}
	}
	// The parser counts a CRLF as two lines inside some values. YAML knows one line end, and the BOM is no content (YAML
	// 1.2.2 sections 5.2 and 5.4, read 2026-11-22).
	text := lineEnds.Replace(strings.TrimPrefix(string(data), "\ufeff"))
	file, err := parseYAML([]byte(text))
	if err != nil {
		return nil, Problems{src.syntaxProblem(err)}
	}
	t := &treeBuilder{src: src}
	var root *node
	for _, doc := range file.Docs {
		if doc == nil || doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if root != nil {
			t.report(place(doc.Body), "", "a second document starts here; keep one document in the file")
			break
		}
		root = t.build(doc.Body, "", 0)
	}
	if root == nil {
		root = &node{kind: kindMap, at: position{1, 1}}
	}
	return root, t.problems
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// errParserGaveUp stands for a panic of the YAML parser, which some malformed texts cause.
var errParserGaveUp = errors.New("the text is not well-formed YAML")

func parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		// The parser is not ours and its input is not either: a text that it cannot stand is a bad file, no crash.
		if recover() != nil {
			file, err = nil, errParserGaveUp
		}
	}()
	return parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
}

// source is the file that nodes come from, and how its references are resolved.
type source struct {
	file string
	opts Options
}

func (s *source) problem(at position, path, format string, args ...any) Problem {
	return Problem{File: s.file, Line: at.line, Column: at.column, Path: path, Message: fmt.Sprintf(format, args...)}
}

func (s *source) syntaxProblem(err error) Problem {
	var at position
	message := err.Error()
	if yamlErr, ok := errors.AsType[yaml.Error](err); ok {
		message = yamlErr.GetMessage()
		at = tokenPlace(yamlErr.GetToken())
	}
	return s.problem(at, "", "not readable as YAML: %s; look at the indentation and quotes on this line and the one before", message)
}

// treeBuilder turns the parser's tree into nodes and refuses what a configuration file does not need.
type treeBuilder struct {
	src      *source
	problems Problems
}

func (t *treeBuilder) report(at position, path, format string, args ...any) {
	t.problems = append(t.problems, t.src.problem(at, path, format, args...))
}

func (t *treeBuilder) build(n ast.Node, path string, depth int) *node {
	if n == nil {
		return &node{kind: kindNull}
	}
	at := place(n)
	if depth > maxDepth {
		t.report(at, path, "values nest deeper than %d levels; flatten them", maxDepth)
		return &node{kind: kindRefused, at: at}
	}
	switch n := n.(type) {
	case *ast.NullNode:
		return &node{kind: kindNull, at: at}
	case *ast.BoolNode:
		return &node{kind: kindBool, at: at, text: n.Token.Value}
	case *ast.IntegerNode:
		return &node{kind: kindInt, at: at, text: n.Token.Value}
	case *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return &node{kind: kindFloat, at: at, text: n.GetToken().Value}
	case *ast.StringNode:
		return &node{kind: kindText, at: at, text: n.Value}
	case *ast.LiteralNode:
		return &node{kind: kindText, at: at, text: n.Value.Value}
	case *ast.MappingNode:
		return t.buildMap(n.Values, at, path, depth)
	case *ast.MappingValueNode:
		return t.buildMap([]*ast.MappingValueNode{n}, at, path, depth)
	case *ast.SequenceNode:
		list := &node{kind: kindList, at: at}
		for i, item := range n.Values {
			list.items = append(list.items, t.build(item, indexPath(path, i), depth+1))
		}
		return list
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		t.report(at, path, "anchors and aliases are not supported; write the value out in each place")
	case *ast.TagNode:
		t.report(at, path, "tags such as %s are not supported; write the plain value", n.Start.Value)
	default:
		t.report(at, path, "this form of YAML is not supported; write a plain value, list or group of keys")
	}
	return &node{kind: kindRefused, at: at}
}

func (t *treeBuilder) buildMap(values []*ast.MappingValueNode, at position, path string, depth int) *node {
	m := &node{kind: kindMap, at: at}
	for _, pair := range values {
		keyAt := place(pair.Key)
		name, ok := keyName(pair.Key)
		if !ok {
			t.report(keyAt, path, "a key must be plain text; anchors, merges and composed keys are not supported")
			continue
		}
		keyPath := keyPath(path, name)
		if first := m.get(name); first != nil {
			t.report(keyAt, keyPath, "the key is given twice, first on line %d; delete one of them", first.at.line)
			continue
		}
		value := t.build(pair.Value, keyPath, depth+1)
		if value.kind == kindNull || value.at == (position{}) {
			value.at = keyAt
		}
		m.fields = append(m.fields, field{name: name, at: keyAt, value: value})
	}
	return m
}

// keyName returns a map key as text. Numbers and booleans as keys keep the text that was written.
func keyName(key ast.MapKeyNode) (string, bool) {
	switch k := key.(type) {
	case *ast.StringNode:
		return k.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return k.GetToken().Value, true
	}
	return "", false
}

// place returns where a value starts; of a group that is its first key, where the parser's own answer is the colon.
func place(n ast.Node) position {
	switch n := n.(type) {
	case *ast.MappingValueNode:
		return place(n.Key)
	case *ast.MappingNode:
		if len(n.Values) > 0 && !n.IsFlowStyle {
			return place(n.Values[0])
		}
	}
	return tokenPlace(n.GetToken())
}

func tokenPlace(tk *token.Token) position {
	if tk == nil || tk.Position == nil {
		return position{}
	}
	return position{line: max(tk.Position.Line, 1), column: max(tk.Position.Column, 1)}
}
