package declarative

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// operations compiles what the adapter can do and judges whether it is enough.
func (l *loader) operations() {
	s, ops := l.shop, l.d.Operations
	s.quote = l.operation("quote", ops.Quote, false, true)
	s.get = l.operation("get_order", ops.GetOrder, false, true)
	s.record = l.operation("record_payment", ops.RecordPayment, true, false)
	s.cancel = l.operation("cancel_order", ops.CancelOrder, true, false)
	s.item = l.operation(opItem, ops.Item, false, true)
	s.release = l.operation("release_cart", ops.ReleaseCart, true, false)
	s.refund = l.operation("record_refund", ops.RecordRefund, true, false)
	s.consent = l.operation("record_consent", ops.RecordConsent, true, false)
	s.check = l.operation("check", ops.Check, false, false)
	for _, required := range []struct {
		name    string
		missing bool
	}{
		{"quote", ops.Quote == nil},
		{"place_order", ops.PlaceOrder == nil},
		{"get_order", ops.GetOrder == nil},
		{"record_payment", ops.RecordPayment == nil},
		{"cancel_order", ops.CancelOrder == nil},
		{"changes", ops.Changes == nil},
	} {
		if required.missing {
			l.report("operations."+required.name, "is required; the gateway cannot sell without it")
		}
	}
	if p := ops.PlaceOrder; p != nil {
		s.place = l.operation("place_order", &operationPart{Steps: p.Steps, Errors: p.Errors, Result: p.Result}, true, true)
		l.loadIdempotency(p)
	}
	if f := ops.FindOrder; f != nil {
		s.find = l.operation(opFind, &operationPart{Steps: f.Steps, Errors: f.Errors, Result: f.Result}, false, true)
		s.exact = f.Exact
	}
	if c := ops.Changes; c != nil {
		s.changes = l.operation("changes", &operationPart{Steps: c.Steps, Errors: c.Errors, Result: c.Result}, false, true)
		l.loadFeed(c)
	}
}

// loadIdempotency refuses a shop in which a lost answer could make two orders of one checkout.
func (l *loader) loadIdempotency(p *placePart) {
	const path = "operations.place_order.idempotency"
	in := p.Idempotency
	s := l.shop
	s.idempotency = idempotency{mode: in.Mode, header: in.Header, key: l.expression(path+".key", in.Key)}
	exact := l.d.Operations.FindOrder != nil && l.d.Operations.FindOrder.Exact
	writes := 0
	if s.place != nil {
		for _, st := range s.place.steps {
			if st.write {
				writes++
			}
		}
		if writes == 0 {
			l.report("operations.place_order.steps", "no step places the order: every one is a read or marked safe")
		}
	}
	switch in.Mode {
	case modeHeader:
		if in.Header == "" {
			l.report(path+".header", "is required with mode header; name the header that the shop knows, such as Idempotency-Key")
		}
		if in.Key == "" {
			s.idempotency.key = l.expression(path+".key", "$in.key")
		}
		if writes > 1 {
			l.report("operations.place_order.steps", "%d steps write under one idempotency key; mark those that do not place the order with safe: true", writes)
		}
		s.facts.Idempotent = true
	case modeBody, modeNatural:
		s.facts.Idempotent = true
	case modeSearch:
		if !exact {
			l.report(path+".mode", "search needs find_order with exact: true; without it an order whose answer was lost cannot be found again")
		}
	case "":
		if !exact {
			l.report(path, "place_order has no idempotency and there is no find_order with exact: true: after a lost answer nobody could tell "+
				"whether the order exists, and the buyer might be charged twice; declare idempotency.mode header, body or natural, or an exact find_order with mode search")
		} else {
			l.report(path+".mode", "is required: header, body, natural or search")
		}
	default:
		l.report(path+".mode", "%q is not known; choose header, body, natural or search", in.Mode)
	}
	s.facts.ExactLookup = exact
}

func (l *loader) loadFeed(c *changesPart) {
	const path = "operations.changes"
	f := feed{format: c.Format, overlap: c.Overlap, lookBack: c.LookBack}
	if f.format == "" {
		f.format = "rfc3339"
	}
	if !slices.Contains([]string{"rfc3339", "sql", "unix"}, f.format) {
		l.report(path+".format", "%q is not known; choose rfc3339, sql or unix", f.format)
	}
	if f.overlap < 0 || f.overlap > 24*time.Hour || f.lookBack < 0 || f.lookBack > 30*24*time.Hour {
		l.report(path, "overlap wants up to 24h and look_back up to 720h")
	}
	if f.overlap == 0 {
		f.overlap = defaultOverlap
	}
	if f.lookBack == 0 {
		f.lookBack = defaultLookBack
	}
	l.shop.feed = f
}

// operation compiles steps and result. writes says that a lost answer may matter; result says that one is required.
func (l *loader) operation(name string, part *operationPart, writes, result bool) *operation {
	if part == nil {
		return nil
	}
	path := "operations." + name
	op := &operation{name: name, writes: writes, rules: l.rules(path+".errors", part.Errors, name == "quote")}
	if result {
		op.result = l.required(path+".result", part.Result)
	} else if part.Result != "" {
		l.report(path+".result", "is not used here; delete it")
	}
	names := map[string]bool{}
	for i := range part.Steps {
		op.steps = append(op.steps, l.step(fmt.Sprintf("%s.steps[%d]", path, i), &part.Steps[i], op, names))
	}
	if len(part.Steps) == 0 && (name != "release_cart") {
		l.report(path+".steps", "is required; write at least one step")
	}
	return op
}

func (l *loader) step(path string, p *stepPart, op *operation, names map[string]bool) step {
	st := step{
		id: p.ID, place: path, most: p.Max, expect: p.Expect, when: l.expression(path+".when", p.When),
		forEach: l.expression(path+".for_each", p.ForEach), set: l.texts(path+".set", p.Set),
		query: l.mixed(path+".query", p.Query), headers: l.mixed(path+".headers", p.Headers), body: l.expression(path+".body", p.Body),
		extract: l.texts(path+".extract", p.Extract), rules: l.rules(path+".on_error", p.OnError, op.name == "quote"),
	}
	if p.ID != "" {
		if names[p.ID] {
			l.report(path+".id", "%q is taken by an earlier step; choose another", p.ID)
		}
		names[p.ID] = true
	}
	for _, group := range []map[string]string{p.Set, p.Extract} {
		for name := range group {
			if names["step:"+name] || (names[name] && isStepID(l.steps(op.name), name)) {
				l.report(path, "%q is the id of a step and the name of a value; rename one of them", name)
			}
		}
	}
	if st.most == 0 {
		st.most = defaultMaxItems
	}
	if st.most < 0 || st.most > mostItems {
		l.report(path+".max", "wants a number from 1 to %d", mostItems)
	}
	l.method(path, p, op, &st)
	return st
}

// steps are the steps of an operation as they were written.
func (l *loader) steps(name string) []stepPart {
	ops := l.d.Operations
	switch {
	case name == "quote" && ops.Quote != nil:
		return ops.Quote.Steps
	case name == "place_order" && ops.PlaceOrder != nil:
		return ops.PlaceOrder.Steps
	default:
		return nil
	}
}

func isStepID(steps []stepPart, name string) bool {
	return slices.ContainsFunc(steps, func(p stepPart) bool { return p.ID == name })
}

func (l *loader) method(path string, p *stepPart, op *operation, st *step) {
	chosen := ""
	for _, m := range []struct{ key, method, path string }{
		{"get", http.MethodGet, p.Get},
		{"post", http.MethodPost, p.Post},
		{"put", http.MethodPut, p.Put},
		{"patch", http.MethodPatch, p.Patch},
		{"delete", http.MethodDelete, p.Delete},
	} {
		if m.path == "" {
			continue
		}
		if chosen != "" {
			l.report(path+"."+m.key, "the step has %s already; write one call in each step", chosen)
			continue
		}
		chosen, st.method = m.key, m.method
		st.path = l.template(path+"."+m.key, m.path)
		if st.path != nil && !strings.HasPrefix(m.path, "/") && !strings.HasPrefix(m.path, "https://") && !strings.HasPrefix(m.path, "http://") {
			l.report(path+"."+m.key, "wants a path that starts with /, after base_url, or an address on one of the hosts")
		}
	}
	if chosen == "" {
		if len(p.Set) == 0 {
			l.report(path, "does nothing; write get, post, put, patch or delete with a path, or set")
		}
		if p.Body != "" || len(p.Query) > 0 || len(p.Extract) > 0 || len(p.OnError) > 0 || len(p.Expect) > 0 {
			l.report(path, "makes no call, so body, query, expect, extract and on_error mean nothing here")
		}
	}
	if st.method == http.MethodGet && p.Body != "" {
		l.report(path+".body", "a get has no body; use query")
	}
	reads := st.method == http.MethodGet || st.method == "" || p.Safe
	st.write = op.writes && !reads
	if !op.writes && op.name != "quote" && !reads {
		l.report(path, "%s only reads; if this %s changes nothing, say safe: true", op.name, chosen)
	}
	st.auth = l.auths["none"]
	if a, ok := l.auths["default"]; ok {
		st.auth = a
	}
	if p.Auth != "" {
		a, ok := l.auths[p.Auth]
		if !ok {
			l.report(path+".auth", "%q is not one of auth; choose %s", p.Auth, strings.Join(slices.Sorted(maps.Keys(l.auths)), ", "))
			return
		}
		st.auth = a
	}
}

// rules compiles error rules. goOn says that continue is allowed: only a quote can carry a fault as a message.
func (l *loader) rules(path string, parts []rulePart, goOn bool) []rule {
	out := make([]rule, 0, len(parts))
	for i, p := range parts {
		at := fmt.Sprintf("%s[%d]", path, i)
		kind, ok := kinds[p.As]
		if !ok && p.As != "" {
			l.report(at+".as", "%q is not known; choose %s", p.As, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
		}
		if p.Continue && !goOn {
			l.report(at+".continue", "only the steps of quote can go on; delete it")
		}
		if p.Continue && ok && !slices.Contains(continuable, kind) {
			l.report(at+".continue", "a quote cannot go on from %s", p.As)
		}
		if p.Status == nil && p.When == "" {
			l.report(at, "fits every answer; give a status, a when, or both")
		}
		out = append(out, rule{
			statuses: l.statuses(at+".status", p.Status), when: l.expression(at+".when", p.When), kind: kind, goOn: p.Continue, message: p.Message,
			code: l.expression(at+".code", p.Code), param: l.expression(at+".param", p.Param), line: l.expression(at+".line", p.Line),
			item: l.expression(at+".item", p.Item), available: l.expression(at+".available", p.Available),
			coupon: l.expression(at+".coupon", p.Coupon), reason: l.expression(at+".reason", p.Reason), after: l.expression(at+".after", p.After),
		})
		if p.After != "" && kind != commerce.RateLimited && kind != commerce.Temporary {
			l.report(at+".after", "belongs to RateLimited and Temporary only")
		}
	}
	return out
}

func (l *loader) statuses(path string, v any) []int {
	list, ok := v.([]any)
	if !ok && v != nil {
		list = []any{v}
	}
	var out []int
	for _, s := range list {
		n, ok := s.(int)
		if !ok || n < 100 || n > 599 {
			l.report(path, "wants an HTTP status or a list of them, such as [404, 410]")
			continue
		}
		out = append(out, n)
	}
	return out
}
