package wire

import "slices"

// Deviation names a shape that a date does not have and that is read all the
// same, such as "quantity_missing". The names are translate/reader's; they are
// few, because metrics count by them.
type Deviation string

// Deviated is a deviation and where it was met first.
type Deviated struct {
	Deviation Deviation
	Param     string // JSONPath
}

// Deviate records that the value at this place deviates from the date that
// the body claims. The first place of each deviation is kept.
func (v Value) Deviate(d Deviation) {
	for _, known := range v.r.deviations {
		if known.Deviation == d {
			return
		}
	}
	v.r.deviations = append(v.r.deviations, Deviated{Deviation: d, Param: v.Path().String()})
}

// Deviations are the deviations that were met, in the order of reading. The
// slice is the reader's own.
func (r *Reader) Deviations() []Deviated { return r.deviations }

// Apart begins to read the same document with refusals of its own, for a part
// whose mistakes must not fail the request.
func (r *Reader) Apart() *Reader { return NewReader(r.doc) }

// mark is what reading has done with a node.
type mark uint8

const (
	opened mark = 1 << iota // an object of which a member was asked for by name
	looked                  // a member that was asked for by name
)

// Known says that the date has these members here, although nobody reads
// them: a price that the shop knows better, for example.
func (v Value) Known(names ...string) {
	nodes, last := v.members()
	for child := v.at + 1; child < last; child = nodes[child].end {
		if slices.Contains(names, nodes[child].name) {
			v.r.marks[child] |= looked
		}
	}
}

// Open says that the object may hold members that nobody knows.
func (v Value) Open() {
	nodes, last := v.members()
	for child := v.at + 1; child < last; child = nodes[child].end {
		v.r.marks[child] |= looked
	}
}

// members are the nodes, and where the members of an object end; none of
// anything else.
func (v Value) members() (nodes []node, last int32) {
	if v.Kind() != KindObject {
		return nil, 0
	}
	return v.r.doc.nodes, v.r.doc.nodes[v.at].end
}

// DeviateRest records what is left when everything was read: unknown for a
// member that nobody asked for, in an object of which others were asked for,
// and null for a member that was asked for and is null. Objects that were
// taken as they are, such as metadata, hold no unknown members.
func (r *Reader) DeviateRest(unknown, null Deviation) {
	nodes := r.doc.nodes
	for i := 1; i < len(nodes); i++ {
		parent := nodes[i].parent
		switch {
		case r.marks[parent]&opened == 0 || nodes[parent].kind != KindObject:
		case r.marks[i]&looked == 0:
			Value{r: r, at: int32(i)}.Deviate(unknown)
		case nodes[i].kind == KindNull:
			Value{r: r, at: int32(i)}.Deviate(null)
		}
	}
}
