package declarative

import "github.com/itchyny/gojq"

// walk calls visit for q and for every query inside it.
func walk(q *gojq.Query, visit func(*gojq.Query)) {
	if q == nil {
		return
	}
	visit(q)
	for _, f := range q.FuncDefs {
		walk(f.Body, visit)
	}
	walk(q.Left, visit)
	walk(q.Right, visit)
	walkTerm(q.Term, visit)
}

func walkTerm(t *gojq.Term, visit func(*gojq.Query)) {
	if t == nil {
		return
	}
	walk(t.Query, visit)
	walkIndex(t.Index, visit)
	walkString(t.Str, visit)
	if t.Func != nil {
		for _, a := range t.Func.Args {
			walk(a, visit)
		}
	}
	if t.Array != nil {
		walk(t.Array.Query, visit)
	}
	if t.Object != nil {
		for _, kv := range t.Object.KeyVals {
			walk(kv.KeyQuery, visit)
			walkString(kv.KeyString, visit)
			walk(kv.Val, visit)
		}
	}
	if t.Unary != nil {
		walkTerm(t.Unary.Term, visit)
	}
	walkControl(t, visit)
	for _, s := range t.SuffixList {
		walkIndex(s.Index, visit)
	}
}

func walkControl(t *gojq.Term, visit func(*gojq.Query)) {
	if t.If != nil {
		walk(t.If.Cond, visit)
		walk(t.If.Then, visit)
		for _, e := range t.If.Elif {
			walk(e.Cond, visit)
			walk(e.Then, visit)
		}
		walk(t.If.Else, visit)
	}
	if t.Try != nil {
		walk(t.Try.Body, visit)
		walk(t.Try.Catch, visit)
	}
	if t.Reduce != nil {
		walk(t.Reduce.Query, visit)
		walk(t.Reduce.Start, visit)
		walk(t.Reduce.Update, visit)
	}
	if t.Foreach != nil {
		walk(t.Foreach.Query, visit)
		walk(t.Foreach.Start, visit)
		walk(t.Foreach.Update, visit)
		walk(t.Foreach.Extract, visit)
	}
	if t.Label != nil {
		walk(t.Label.Body, visit)
	}
}

func walkIndex(i *gojq.Index, visit func(*gojq.Query)) {
	if i == nil {
		return
	}
	walk(i.Start, visit)
	walk(i.End, visit)
	walkString(i.Str, visit)
}

func walkString(s *gojq.String, visit func(*gojq.Query)) {
	if s == nil {
		return
	}
	for _, q := range s.Queries {
		walk(q, visit)
	}
}
