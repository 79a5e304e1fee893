package wire

import (
	"iter"
	"strings"
	"time"
)

// Reader reads the values of one document and remembers the first refusal,
// so that decoding code runs straight through and asks once at its end. Not
// safe for concurrent use; the document below it is.
type Reader struct {
	doc        *Document
	first      *Refusal
	deviations []Deviated
	marks      []mark // one for each node
	few        [64]mark
}

// NewReader begins to read d. A nil document reads as the empty body.
func NewReader(d *Document) *Reader {
	if d == nil {
		d = &Document{}
	}
	r := &Reader{doc: d}
	if n := len(d.nodes); n <= len(r.few) { // most bodies: spares them an allocation
		r.marks = r.few[:n]
	} else {
		r.marks = make([]mark, n)
	}
	return r
}

// Err is the first refusal, a *[Refusal], or nil.
func (r *Reader) Err() error {
	if r.first == nil {
		return nil
	}
	return r.first
}

// Refuse records a refusal of v. Only the first one is kept.
func (r *Reader) Refuse(v Value, reason Reason, detail string) {
	if r.first == nil {
		r.first = &Refusal{Param: v.Path().String(), Reason: reason, Detail: detail}
	}
}

// Root is the document's value, which must be an object; anything else is
// refused. The empty body reads as absent.
func (r *Reader) Root() Value {
	if r.doc.IsEmpty() {
		return Value{r: r, at: -1, parent: -1}
	}
	root := Value{r: r, at: 0, parent: -1}
	if root.Kind() != KindObject {
		r.Refuse(root, WrongType, "an object is expected")
	}
	return root
}

// Value is a place in a document, whether or not a value stands there. Its
// zero value must not be used; values come from a [Reader].
//
// Reading methods return the zero value for an absent or null member, and
// record a refusal in the reader when another type stands there. So "optional"
// needs no test and "required" is one call.
type Value struct {
	r      *Reader
	at     int32  // node, or −1 when absent
	parent int32  // node of the object that lacks it, when absent
	name   string // its name there
}

// Kind is the JSON type at this place, [KindAbsent] when there is none.
func (v Value) Kind() Kind {
	if v.at < 0 {
		return KindAbsent
	}
	return v.r.doc.nodes[v.at].kind
}

// IsAbsent reports whether the member was not sent.
func (v Value) IsAbsent() bool { return v.at < 0 }

// IsNull reports whether the member was sent as null.
func (v Value) IsNull() bool { return v.Kind() == KindNull }

// HasValue reports whether there is something other than null.
func (v Value) HasValue() bool { return v.Kind() > KindNull }

// Path is the JSONPath of this place.
func (v Value) Path() Path {
	if v.at >= 0 {
		return pathOf(v.r.doc.nodes, v.at)
	}
	if v.name == "" {
		return Root
	}
	if v.parent < 0 {
		return Root.Name(v.name)
	}
	return pathOf(v.r.doc.nodes, v.parent).Name(v.name)
}

// pathOf walks up from a node.
func pathOf(nodes []node, at int32) Path {
	if at < 0 || nodes[at].parent < 0 {
		return Root
	}
	up := pathOf(nodes, nodes[at].parent)
	if nodes[at].index >= 0 {
		return up.Index(int(nodes[at].index))
	}
	return up.Name(nodes[at].name)
}

// Refuse records a refusal of this place.
func (v Value) Refuse(reason Reason, detail string) { v.r.Refuse(v, reason, detail) }

// expect reports whether a value of the kind stands here; another kind is refused.
func (v Value) expect(kind Kind) bool {
	got := v.Kind()
	if got == kind {
		return true
	}
	if got > KindNull {
		v.Refuse(WrongType, kind.String()+" is expected")
	}
	return false
}

// Get is the member called name, exactly. A member that differs from it in
// letter case alone is refused: ignoring "QUANTITY" as unknown would buy one
// where ten were meant.
func (v Value) Get(name string) Value {
	missing := Value{r: v.r, at: -1, parent: v.at, name: name}
	if !v.expect(KindObject) {
		return missing
	}
	nodes := v.r.doc.nodes
	v.r.marks[v.at] |= opened
	found := missing
	last := nodes[v.at].end
	for child := v.at + 1; child < last; {
		n := &nodes[child]
		if len(n.name) == len(name) { // most names differ in length already
			switch {
			case n.name == name:
				v.r.marks[child] |= looked
				found = Value{r: v.r, at: child}
			case strings.EqualFold(n.name, name):
				v.r.Refuse(Value{r: v.r, at: child}, LetterCase, "names are case-sensitive; "+name+" is expected")
			}
		}
		child = n.end
	}
	return found
}

// Require is Get that refuses absence and null.
func (v Value) Require(name string) Value {
	member := v.Get(name)
	if !member.HasValue() {
		member.Refuse(Missing, "")
	}
	return member
}

// OneOf is the one of the named members that was sent; the first name, absent,
// when none was. The names mean the same, so two of them at once are refused:
// obeying one would silently ignore the other.
func (v Value) OneOf(names ...string) Value {
	found := v.Get(names[0])
	for _, name := range names[1:] {
		member := v.Get(name)
		switch {
		case member.IsAbsent():
		case found.IsAbsent():
			found = member
		default:
			member.Refuse(DuplicateName, "it means the same as "+found.Name()+"; send one of them")
		}
	}
	return found
}

// Len is the number of elements or members; 0 for anything else.
func (v Value) Len() int {
	if v.at < 0 {
		return 0
	}
	return int(v.r.doc.nodes[v.at].count)
}

// Elements yields the elements of an array in order. Anything but an array,
// null or absence is refused.
func (v Value) Elements() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.expect(KindArray) {
			v.children(yield)
		}
	}
}

// Members yields the members of an object in the order they were sent; read
// their names with [Value.Name]. Anything but an object, null or absence is refused.
func (v Value) Members() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.expect(KindObject) {
			v.children(yield)
		}
	}
}

func (v Value) children(yield func(int, Value) bool) {
	nodes := v.r.doc.nodes
	i := 0
	for child := v.at + 1; child < nodes[v.at].end; child = nodes[child].end {
		if !yield(i, Value{r: v.r, at: child}) {
			return
		}
		i++
	}
}

// Name is the name of a member; "" for an element or the root.
func (v Value) Name() string {
	if v.at < 0 {
		return v.name
	}
	return strings.Clone(v.r.doc.nodes[v.at].name)
}

// Called reports whether the member has this name; it spares the copy that
// [Value.Name] makes.
func (v Value) Called(name string) bool {
	if v.at < 0 {
		return v.name == name
	}
	return v.r.doc.nodes[v.at].name == name
}

// Text is a string. The copy keeps the body, and with it a payment token,
// from living as long as one of its strings.
func (v Value) Text() string {
	if !v.expect(KindString) {
		return ""
	}
	return strings.Clone(v.r.doc.nodes[v.at].text)
}

// TextMax is Text of at most limit characters.
func (v Value) TextMax(limit int) string {
	s := v.Text()
	if len(s) > limit { // bytes first: most strings are short
		if n := len([]rune(s)); n > limit {
			v.Refuse(WrongFormat, "too long")
			return ""
		}
	}
	return s
}

// Word is Text that must not be empty when it is sent.
func (v Value) Word() string {
	s := v.Text()
	if s == "" && v.Kind() == KindString {
		v.Refuse(Missing, "")
	}
	return s
}

// Integer is a whole number within ±(2^53−1). 1.0 and 1e2 are whole; "1" is
// no number.
func (v Value) Integer() int64 {
	if !v.expect(KindNumber) {
		return 0
	}
	n, ok := v.r.doc.nodes[v.at].decimal().integer()
	if !ok {
		v.Refuse(NotInteger, "")
		return 0
	}
	return n
}

// NumberText is a number as it was written, for ratios and measures; never
// for money.
func (v Value) NumberText() string {
	if !v.expect(KindNumber) {
		return ""
	}
	return strings.Clone(v.r.doc.nodes[v.at].text)
}

// Bool is a boolean.
func (v Value) Bool() bool {
	return v.expect(KindBool) && v.r.doc.nodes[v.at].truth
}

// Time is an RFC 3339 date and time, in UTC.
func (v Value) Time() time.Time {
	s := v.Text()
	if v.Kind() != KindString {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		v.Refuse(WrongFormat, "an RFC 3339 date and time is expected")
		return time.Time{}
	}
	return t.UTC()
}

// Plain is the value as Go data (nil, bool, string, number as text in
// [Number], []any, map[string]any), for free-form members such as metadata
// that are kept and never interpreted.
func (v Value) Plain() any {
	switch v.Kind() {
	case KindAbsent, KindNull:
		return nil
	case KindBool:
		return v.Bool()
	case KindNumber:
		return Number(v.NumberText())
	case KindString:
		return v.Text()
	case KindArray:
		list := make([]any, 0, v.Len())
		for _, e := range v.Elements() {
			list = append(list, e.Plain())
		}
		return list
	case KindObject:
		object := make(map[string]any, v.Len())
		for _, m := range v.Members() {
			object[m.Name()] = m.Plain()
		}
		return object
	}
	return nil
}
