package wire

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxDepth is the number of nested arrays and objects that a body may
	// have. The deepest published ACP request has seven.
	MaxDepth = 32

	// MaxNodes is the number of values that a body may have. It bounds the
	// memory that a body of a given size can claim: "[[],[],…" costs one node
	// for three bytes, and a node takes 56. Ten thousand line items of five
	// members stay below it.
	MaxNodes = 100_000
)

// Kind is the JSON type of a value. The zero value means that there is none.
type Kind uint8

// The JSON types.
const (
	KindAbsent Kind = iota
	KindNull
	KindBool
	KindNumber
	KindString
	KindArray
	KindObject
)

var kindText = [...]string{"absent", "null", "a boolean", "a number", "a string", "an array", "an object"}

// String names the type with its article.
func (k Kind) String() string { return kindText[k] }

// node is one value of a document. The nodes of a document lie in one slice
// in the order of the text, so the children of a node follow it and end tells
// where its subtree stops.
type node struct {
	kind   Kind
	truth  bool
	index  int32 // position in the parent array; −1 for a member
	parent int32 // −1 for the root
	end    int32 // first node after this subtree
	count  int32 // children
	name   string
	text   string // a string's value, or a number as it was written
}

// decimal is the value of a number; its range was checked when it was read.
func (n *node) decimal() decimal {
	d, _ := parseDecimal(n.text)
	return d
}

// Document is one received JSON value, parsed strictly. It is immutable after
// [Parse] and safe for concurrent reading. The zero value is the empty body.
type Document struct {
	nodes []node
}

// IsEmpty reports whether the body had no value: no bytes, or white space alone.
func (d *Document) IsEmpty() bool { return d == nil || len(d.nodes) == 0 }

// Parse reads one JSON document. It refuses, each with a *[Refusal] that
// names the place: what RFC 8259 forbids, duplicate names, invalid UTF-8,
// lone surrogates, NUL, a byte order mark, data after the value, more than
// [MaxDepth] levels or [MaxNodes] values, and numbers beyond ±(2^53−1).
// An empty body is a document too; see [Document.IsEmpty].
//
// The document keeps no reference to body.
func Parse(body []byte) (*Document, error) {
	if bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) {
		return nil, &Refusal{Param: "$", Reason: Encoding, Detail: "a byte order mark is not allowed"}
	}
	if len(bytes.Trim(body, " \t\r\n")) == 0 {
		return &Document{}, nil
	}
	p, ok := parsers.Get().(*parser)
	if !ok { // unreachable: the pool holds nothing else
		p = newParser()
	}
	defer parsers.Put(p)
	return p.parse(body)
}

// parser turns tokens into nodes. Parsers are pooled for their decoder's buffers.
type parser struct {
	dec    *jsontext.Decoder
	source string // the body as text; strings without escapes are parts of it
	nodes  []node
	open   []int32 // the arrays and objects that are not closed yet
	// pending is the name of the member whose value comes next.
	pending string
	named   bool
}

var parsers = sync.Pool{New: func() any { return newParser() }}

func newParser() *parser {
	return &parser{dec: jsontext.NewDecoder(bytes.NewReader(nil))}
}

func (p *parser) parse(body []byte) (*Document, error) {
	p.dec.Reset(bytes.NewBuffer(body))
	p.source = string(body)
	p.nodes = make([]node, 0, min(16+len(body)/16, 4096))
	p.open = p.open[:0]
	p.named = false
	defer func() {
		p.dec.Reset(bytes.NewReader(nil))
		p.source, p.nodes, p.pending = "", nil, ""
	}()
	for {
		kind, raw, err := p.next()
		if err != nil {
			return nil, p.syntaxRefusal(err)
		}
		done, refusal := p.take(kind, raw)
		if refusal != nil {
			return nil, refusal
		}
		if !done {
			continue
		}
		if _, err := p.dec.ReadToken(); !errors.Is(err, io.EOF) {
			return nil, &Refusal{Param: "$", Reason: TrailingData}
		}
		return &Document{nodes: p.nodes}, nil
	}
}

// next reads one token. Strings and numbers come with their text, which is
// valid until the following call; reading them as values spares the copy that
// a token's string is.
func (p *parser) next() (jsontext.Kind, []byte, error) {
	kind := p.dec.PeekKind()
	if kind == '"' || kind == '0' {
		raw, err := p.dec.ReadValue()
		return kind, raw, err
	}
	token, err := p.dec.ReadToken()
	return token.Kind(), nil, err
}

// take adds one token and reports whether the root value is complete.
func (p *parser) take(kind jsontext.Kind, raw []byte) (done bool, refusal *Refusal) {
	if kind == '}' || kind == ']' {
		last := len(p.open) - 1
		p.nodes[p.open[last]].end = int32(len(p.nodes))
		p.open = p.open[:last]
		return last == 0, nil
	}
	if kind == '"' && !p.named && p.inObject() {
		name, ok := p.unquote(raw)
		if !ok {
			return false, p.refuse(Encoding, "a member name holds a NUL")
		}
		p.pending, p.named = name, true
		return false, nil
	}
	if len(p.nodes) >= MaxNodes {
		return false, &Refusal{Param: "$", Reason: TooLarge}
	}
	n := node{index: -1, parent: -1, end: int32(len(p.nodes) + 1)}
	if refusal := p.fill(&n, kind, raw); refusal != nil {
		return false, refusal
	}
	if len(p.open) > 0 {
		n.parent = p.open[len(p.open)-1]
		if !p.named {
			n.index = p.nodes[n.parent].count
		}
		p.nodes[n.parent].count++
	}
	if p.named {
		n.name, p.named = p.pending, false
	}
	at := int32(len(p.nodes))
	p.nodes = append(p.nodes, n)
	if n.kind != KindObject && n.kind != KindArray {
		return len(p.open) == 0, nil
	}
	if len(p.open) >= MaxDepth {
		return false, &Refusal{Param: "$", Reason: TooDeep, Detail: "at most 32 levels"}
	}
	p.open = append(p.open, at)
	return false, nil
}

// fill sets the kind and the value of n.
func (p *parser) fill(n *node, kind jsontext.Kind, raw []byte) *Refusal {
	switch kind {
	case 'n':
		n.kind = KindNull
	case 't', 'f':
		n.kind, n.truth = KindBool, kind == 't'
	case '{':
		n.kind = KindObject
	case '[':
		n.kind = KindArray
	case '"':
		text, ok := p.unquote(raw)
		if !ok {
			return p.refuse(Encoding, "a NUL is not allowed")
		}
		n.kind, n.text = KindString, text
	default: // '0', the tokenizer knows no other
		n.kind, n.text = KindNumber, p.sourceOf(raw)
		if _, ok := parseDecimal(n.text); !ok {
			return p.refuse(NumberRange, "numbers lie within ±(2^53−1)")
		}
	}
	return nil
}

func (p *parser) inObject() bool {
	return len(p.open) > 0 && p.nodes[p.open[len(p.open)-1]].kind == KindObject
}

// sourceOf is the part of the source that was read last.
func (p *parser) sourceOf(raw []byte) string {
	end := int(p.dec.InputOffset())
	return p.source[end-len(raw) : end]
}

// unquote is the value of a string; false when it holds a NUL. A string
// without escapes is a part of the source, which spares a copy.
func (p *parser) unquote(raw []byte) (string, bool) {
	if bytes.IndexByte(raw, '\\') < 0 {
		text := p.sourceOf(raw)
		return text[1 : len(text)-1], true // the grammar lets no NUL stand unescaped
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	return string(text), err == nil && bytes.IndexByte(text, 0) < 0
}

// refuse names the value that is being read.
func (p *parser) refuse(reason Reason, detail string) *Refusal {
	return &Refusal{Param: p.here().String(), Reason: reason, Detail: detail}
}

// here is the path of the value that is read next or was begun last.
func (p *parser) here() Path {
	if len(p.open) == 0 {
		return Root
	}
	parent := p.open[len(p.open)-1]
	path := pathOf(p.nodes, parent)
	switch {
	case p.named:
		return path.Name(p.pending)
	case p.nodes[parent].kind == KindArray:
		return path.Index(int(p.nodes[parent].count))
	default:
		return path
	}
}

// syntaxRefusal turns an error of the tokenizer into a refusal. It compares
// error values and never text.
func (p *parser) syntaxRefusal(err error) *Refusal {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return &Refusal{Param: p.here().String(), Reason: Malformed, Detail: "the text ends too early"}
	}
	if errors.Is(syntax.Err, jsontext.ErrDuplicateName) {
		path := pathOf(p.nodes, p.open[len(p.open)-1]).Name(syntax.JSONPointer.LastToken())
		return &Refusal{Param: path.String(), Reason: DuplicateName}
	}
	if p.brokenText(int(syntax.ByteOffset)) {
		return &Refusal{Param: p.here().String(), Reason: Encoding, Detail: "invalid UTF-8 or a lone surrogate"}
	}
	return &Refusal{Param: p.here().String(), Reason: Malformed}
}
