package declarative

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// variables are what every expression can name besides its input, in the order of [scope.values].
var variables = []string{"$in", "$keep", "$values", "$item", "$index", "$faults"}

// scope is what an expression can see. in is the request, state what the steps so far have left.
type scope struct {
	in     any
	keep   map[string]any
	values map[string]any
	item   any
	index  any
	faults []any
}

func (s *scope) list() []any {
	return []any{s.in, s.keep, s.values, s.item, s.index, s.faults}
}

// expression is a compiled jq expression and where it stands.
type expression struct {
	code  *gojq.Code
	place string // such as "operations.quote.steps[1].body (line 41)"
	limit time.Duration
}

// errSeveral says that an expression gave more than one value where one is wanted.
var errSeveral = safeError("the expression gives more than one value; wrap it in [ ] or use first(…)")

// eval gives the one value of e for the input; no value is null.
func (e *expression) eval(ctx context.Context, input any, s *scope) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, e.limit)
	defer cancel()
	iter := e.code.RunWithContext(ctx, input, s.list()...)
	v, ok := iter.Next()
	if !ok {
		return nil, nil
	}
	if err, failed := v.(error); failed {
		return nil, e.fail(err)
	}
	if more, ok := iter.Next(); ok {
		if err, failed := more.(error); failed {
			return nil, e.fail(err)
		}
		return nil, e.fail(errSeveral)
	}
	return v, nil
}

// truth is eval read as a condition: false and null are no, everything else is yes. A missing expression is yes.
func (e *expression) truth(ctx context.Context, input any, s *scope) (bool, error) {
	if e == nil {
		return true, nil
	}
	v, err := e.eval(ctx, input, s)
	return v != nil && v != false, err
}

// fail names the place of a failed expression. The texts of the jq library quote the data that they stumbled over, so only their
// beginning is kept; what error() raises is not shown at all.
func (e *expression) fail(err error) error {
	if _, ok := errors.AsType[safeError](err); ok {
		return fmt.Errorf("%s: %w", e.place, err)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", e.place, safeError("the expression was not done in time"))
	}
	if _, raised := errors.AsType[gojq.ValueError](err); raised {
		return fmt.Errorf("%s: %w", e.place, safeError("the expression raised an error"))
	}
	text := err.Error()
	if cut := strings.IndexAny(text, `("[{`); cut >= 0 {
		text = text[:cut]
	}
	return fmt.Errorf("%s: %w", e.place, safeError(strings.TrimRight(text, " :")))
}
