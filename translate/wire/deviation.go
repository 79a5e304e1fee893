package wire

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
func (r *Reader) Apart() *Reader { return &Reader{doc: r.doc} }
