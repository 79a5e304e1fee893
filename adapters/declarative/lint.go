package declarative

import (
	"fmt"
	"slices"

	"github.com/itchyny/gojq"
)

// forbidden are jq's ways out of an expression: other inputs, the environment, the clock, the end of the program.
var forbidden = []string{
	"input", "inputs", "input_filename", "input_line_number", "debug", "stderr", "env", "$ENV", "halt", "halt_error", "now",
	"localtime", "mktime", "gmtime", "get_search_list", "modulemeta",
}

// amountArguments says which arguments of a money function are amounts.
var amountArguments = map[string][]int{
	"money": {0}, "madd": {0, 1}, "msub": {0, 1}, "mmul": {0}, "msum": {0}, "mround": {0}, "mcmp": {0, 1},
	"minor": {0}, "dec": {0}, "num": {0}, "from_decimal": {0}, "from_minor": {0},
}

// amountMembers are the members of results that hold amounts.
var amountMembers = []string{
	"base", "discount", "tax", "total", "subtotal", "price", "unit", "amount", "shipping", "shipping_tax", "fee", "fee_tax",
	"gift_wrap", "gift_wrap_tax", "tip", "store_credit", "amount_off",
}

// numberFunctions turn money into something that arithmetic takes.
var numberFunctions = []string{"tonumber", "tostring", "floor", "ceil", "round", "fabs", "abs", "trunc", "rint", "nearbyint"}

var arithmetic = []gojq.Operator{
	gojq.OpAdd, gojq.OpSub, gojq.OpMul, gojq.OpDiv, gojq.OpMod,
	gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod,
}

// linter finds raw arithmetic on money in the expressions of a file. A member is money when money.fields names it, or when any
// expression of the file gives it to a money function or to a member of a result that is an amount.
type linter struct {
	fields map[string]bool
	found  []string
}

func newLinter(fields []string) *linter {
	l := &linter{fields: map[string]bool{}}
	for _, f := range fields {
		l.fields[f] = true
	}
	return l
}

// learn notes the members that q treats as money.
func (l *linter) learn(q *gojq.Query) {
	walk(q, func(q *gojq.Query) {
		for _, value := range append(amounts(q), amountValues(q)...) {
			for _, name := range lastMembers(value) {
				l.fields[name] = true
			}
		}
	})
}

// amountValues are what an object gives to its members that are amounts by their names.
func amountValues(q *gojq.Query) []*gojq.Query {
	var out []*gojq.Query
	if q.Term != nil && q.Term.Object != nil {
		for _, kv := range q.Term.Object.KeyVals {
			if kv.Val != nil && slices.Contains(amountMembers, kv.Key) {
				out = append(out, kv.Val)
			}
		}
	}
	return out
}

// check lists what is wrong with q, each with the part of the expression that is.
func (l *linter) check(q *gojq.Query) []string {
	l.found = nil
	walk(q, l.visit)
	slices.Sort(l.found)
	return slices.Compact(l.found)
}

func (l *linter) visit(q *gojq.Query) {
	if q.Op != 0 && slices.Contains(arithmetic, q.Op) && (l.isMoney(q.Left) || l.isMoney(q.Right)) {
		l.report(q, "computes with money by %s, which goes through floating point; use madd, msub or mmul", q.Op)
	}
	for _, arg := range amounts(q) {
		if op, part := findArithmetic(arg); part != nil {
			l.report(q, "computes its amount by %s, which goes through floating point; use madd, msub or mmul", op)
		}
	}
	l.visitSum(q)
	if f := function0(q); f != nil && slices.Contains(forbidden, f.Name) {
		l.report(q, "may not be used: an expression sees its input and nothing else")
	}
	for _, value := range amountValues(q) {
		if op, part := findArithmetic(value); part != nil {
			l.report(part, "computes an amount by %s, which goes through floating point; use madd, msub or mmul", op)
		}
	}
}

// visitSum finds jq's add over money.
func (l *linter) visitSum(q *gojq.Query) {
	f := function0(q)
	if q.Op == gojq.OpPipe {
		if f = function0(q.Right); f != nil && f.Name == "add" && len(f.Args) == 0 && l.holdsMoney(q.Left) {
			l.report(q, "adds money up by add, which goes through floating point; use msum")
		}
		return
	}
	if f != nil && f.Name == "add" && len(f.Args) == 1 && l.isMoney(f.Args[0]) {
		l.report(q, "adds money up by add, which goes through floating point; use msum")
	}
}

func (l *linter) report(q *gojq.Query, format string, args ...any) {
	l.found = append(l.found, fmt.Sprintf("%q %s", shorten(q.String()), fmt.Sprintf(format, args...)))
}

// isMoney reports whether the value of q is an amount.
func (l *linter) isMoney(q *gojq.Query) bool {
	if q == nil {
		return false
	}
	switch q.Op {
	case gojq.OpPipe:
		f := function0(q.Right)
		return l.isMoney(q.Right) || (f != nil && slices.Contains(numberFunctions, f.Name) && l.isMoney(q.Left))
	case gojq.OpAlt, gojq.OpComma:
		return l.isMoney(q.Left) || l.isMoney(q.Right)
	default:
	}
	if f := function0(q); f != nil && f.Name != "mcmp" && amountArguments[f.Name] != nil {
		return true
	}
	return slices.ContainsFunc(lastMembers(q), func(name string) bool { return l.fields[name] })
}

// holdsMoney reports whether q is an array of amounts.
func (l *linter) holdsMoney(q *gojq.Query) bool {
	switch {
	case q == nil:
		return false
	case q.Op == gojq.OpPipe:
		return l.holdsMoney(q.Right)
	case q.Term != nil && q.Term.Array != nil:
		return l.isMoney(q.Term.Array.Query)
	}
	f := function0(q)
	return f != nil && f.Name == "map" && len(f.Args) == 1 && l.isMoney(f.Args[0])
}

// amounts are the arguments of q that are amounts, when q calls a money function.
func amounts(q *gojq.Query) []*gojq.Query {
	f := function0(q)
	if f == nil {
		return nil
	}
	var out []*gojq.Query
	for _, i := range amountArguments[f.Name] {
		if i < len(f.Args) {
			out = append(out, f.Args[i])
		}
	}
	return out
}

// function0 is the call that q consists of, or nil.
func function0(q *gojq.Query) *gojq.Func {
	if q == nil || q.Term == nil {
		return nil
	}
	if q.Term.Type == gojq.TermTypeQuery && len(q.Term.SuffixList) == 0 {
		return function0(q.Term.Query)
	}
	return q.Term.Func
}

// findArithmetic finds arithmetic in an amount. It does not look into calls: their arguments are judged for themselves.
func findArithmetic(q *gojq.Query) (gojq.Operator, *gojq.Query) {
	if q == nil {
		return 0, nil
	}
	if slices.Contains(arithmetic, q.Op) {
		return q.Op, q
	}
	for _, part := range []*gojq.Query{q.Left, q.Right} {
		if op, found := findArithmetic(part); found != nil {
			return op, found
		}
	}
	switch t := q.Term; {
	case t == nil:
	case t.Query != nil:
		return findArithmetic(t.Query)
	case t.Array != nil:
		return findArithmetic(t.Array.Query)
	}
	return 0, nil
}

// lastMembers are the names that the paths of q end with: price for .line.price, for (.price // 0) and for $l.price.
func lastMembers(q *gojq.Query) []string {
	if q == nil {
		return nil
	}
	switch q.Op {
	case gojq.OpPipe:
		return lastMembers(q.Right)
	case gojq.OpAlt, gojq.OpComma:
		return append(lastMembers(q.Left), lastMembers(q.Right)...)
	default:
	}
	t := q.Term
	if t == nil {
		return nil
	}
	for _, s := range slices.Backward(t.SuffixList) {
		if s.Index != nil && s.Index.Name != "" {
			return []string{s.Index.Name}
		}
		if s.Index != nil && s.Index.Str != nil && s.Index.Str.Str != "" {
			return []string{s.Index.Str.Str}
		}
	}
	switch {
	case t.Index != nil && t.Index.Name != "":
		return []string{t.Index.Name}
	case t.Query != nil:
		return lastMembers(t.Query)
	case t.Array != nil:
		return lastMembers(t.Array.Query)
	}
	return nil
}

func shorten(text string) string {
	const most = 80
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
