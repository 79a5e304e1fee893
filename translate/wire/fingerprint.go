package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Sum is the fingerprint of a received JSON value: SHA-256 over its canonical
// form. Two bodies have the same sum exactly when their values are equal: the
// order of object members and the spelling of numbers and strings do not
// matter (1, 1.0 and 1e0; "A" and "\u0041"), the order of arrays does, null
// differs from absent, and members that no date knows take part (ACP
// rfc.agentic_checkout 6.2 and 6.7, read 2026-11-22). The empty body has a
// sum of its own, different from {} and null.
//
// The RFC names JCS (RFC 8785) as an informative way. This form differs from
// it in one respect: numbers are compared exactly and not after rounding to
// float64, because a body that differs in the twentieth digit is another body.
type Sum [sha256.Size]byte

// String is the sum in lower-case hexadecimal.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// Fingerprint is the sum of the document.
func (d *Document) Fingerprint() Sum {
	if d.IsEmpty() {
		return sha256.Sum256(nil)
	}
	c, ok := canonicals.Get().(*canonical)
	if !ok { // unreachable: the pool holds nothing else
		c = new(canonical)
	}
	defer canonicals.Put(c)
	c.text, c.order = c.text[:0], c.order[:0]
	c.add(d.nodes, 0)
	sum := sha256.Sum256(c.text)
	clear(c.text) // it may hold a token; a pooled buffer must not keep it
	return sum
}

// canonical writes values in a form that is unambiguous and cheap rather than
// readable: a tag, then a length where one is needed. Depth is bounded by
// MaxDepth, so the recursion is.
type canonical struct {
	text  []byte
	order []int32 // a stack of sorted member positions
}

var canonicals = sync.Pool{New: func() any { return new(canonical) }}

func (c *canonical) add(nodes []node, at int32) {
	n := &nodes[at]
	switch n.kind {
	case KindAbsent:
	case KindNull:
		c.text = append(c.text, 'n')
	case KindBool:
		if n.truth {
			c.text = append(c.text, 't')
		} else {
			c.text = append(c.text, 'f')
		}
	case KindNumber:
		c.text = append(c.text, 'd')
		c.text = n.decimal().appendCanonical(c.text)
		c.text = append(c.text, ';')
	case KindString:
		c.addString('s', n.text)
	case KindArray:
		c.text = append(c.text, '[')
		for child := at + 1; child < n.end; child = nodes[child].end {
			c.add(nodes, child)
		}
		c.text = append(c.text, ']')
	case KindObject:
		c.addObject(nodes, at)
	}
}

func (c *canonical) addObject(nodes []node, at int32) {
	base := len(c.order)
	for child := at + 1; child < nodes[at].end; child = nodes[child].end {
		c.order = append(c.order, child)
	}
	slices.SortFunc(c.order[base:], func(a, b int32) int {
		return strings.Compare(nodes[a].name, nodes[b].name)
	})
	c.text = append(c.text, '{')
	for i := base; i < base+int(nodes[at].count); i++ {
		child := c.order[i]
		c.addString('k', nodes[child].name)
		c.add(nodes, child)
	}
	c.text = append(c.text, '}')
	c.order = c.order[:base]
}

func (c *canonical) addString(tag byte, s string) {
	c.text = append(c.text, tag)
	c.text = strconv.AppendInt(c.text, int64(len(s)), 10)
	c.text = append(c.text, ':')
	c.text = append(c.text, s...)
}
