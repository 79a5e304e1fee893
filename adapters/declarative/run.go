package declarative

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/itchyny/gojq"

	"github.com/postern-gateway/postern/adapters/shopclient"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// run is one execution of an operation. It is used by one goroutine.
type run struct {
	shop   *shop
	op     *operation
	ctx    context.Context
	scope  scope
	state  map[string]any
	faults []*commerce.Fault // that the rules said to go on from
	wrote  bool              // a write of the operation was answered as done
	key    string            // for the idempotency header, when the shop has one
}

func (s *shop) start(ctx context.Context, op *operation, in map[string]any, keep map[string]any) *run {
	if keep == nil {
		keep = map[string]any{}
	}
	return &run{
		shop: s, op: op, ctx: ctx, state: map[string]any{},
		scope: scope{in: in, keep: maps.Clone(keep), values: s.values, faults: []any{}},
	}
}

// do runs all steps and returns the value of the operation's result.
func (r *run) do() (any, error) {
	for i := range r.op.steps {
		if err := r.step(&r.op.steps[i]); err != nil {
			return nil, r.failed(err)
		}
	}
	if r.op.result == nil {
		return nil, nil
	}
	v, err := r.op.result.eval(r.ctx, r.state, &r.scope)
	if err != nil {
		return nil, r.failed(err)
	}
	return v, nil
}

// failed is the fault that an operation ends with. Once a write was answered as done, nothing that goes wrong later can be a refusal:
// the order, the payment or the cancellation may be there.
func (r *run) failed(err error) error {
	f, ok := errors.AsType[*commerce.Fault](err)
	if r.wrote {
		if ok && f.Kind == commerce.Indeterminate {
			return f
		}
		return commerce.Faultf(commerce.Indeterminate, "%s was answered, but what followed failed; look the order up", r.op.name).Because(err)
	}
	if ok {
		return f
	}
	return commerce.Faultf(commerce.Temporary, "%s failed: the shop's answer does not fit its description", r.op.name).Because(err)
}

func (r *run) step(st *step) error {
	r.scope.item, r.scope.index = nil, nil
	if yes, err := st.when.truth(r.ctx, r.state, &r.scope); err != nil || !yes {
		if st.id != "" {
			r.state[st.id] = nil
		}
		return err
	}
	if st.forEach == nil {
		answer, err := r.once(st)
		if st.id != "" && err == nil {
			r.state[st.id] = answer
		}
		return err
	}
	v, err := st.forEach.eval(r.ctx, r.state, &r.scope)
	if err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok && v != nil {
		return fmt.Errorf("%s: %w", st.forEach.place, safeError("for_each wants an array, not "+typeName(v)))
	}
	if len(list) > st.most {
		return fmt.Errorf("%s: %w", st.forEach.place, safeError(fmt.Sprintf("for_each has %d members, more than its max of %d", len(list), st.most)))
	}
	answers := make([]any, 0, len(list))
	for i, item := range list {
		r.scope.item, r.scope.index = item, i
		answer, err := r.once(st)
		if err != nil {
			return err
		}
		answers = append(answers, answer)
	}
	r.scope.item, r.scope.index = nil, nil
	if st.id != "" {
		r.state[st.id] = answers
	}
	return nil
}

// once computes what the step sets, then makes its call.
func (r *run) once(st *step) (any, error) {
	values := make([]any, len(st.set))
	for i, n := range st.set {
		v, err := n.expr.eval(r.ctx, r.state, &r.scope)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	for i, n := range st.set {
		r.state[n.name] = values[i]
	}
	if st.path == nil {
		return nil, nil
	}
	req, err := r.request(st)
	if err != nil {
		return nil, err
	}
	resp, err := r.send(st, req)
	if err != nil {
		return nil, err
	}
	return r.judge(st, resp)
}

func (r *run) request(st *step) (shopclient.Request, error) {
	path, err := st.path.fill(r.ctx, r.state, &r.scope)
	if err != nil {
		return shopclient.Request{}, err
	}
	query := url.Values{}
	for _, n := range st.query {
		if query[n.name], err = r.texts(n); err != nil {
			return shopclient.Request{}, err
		}
		if query[n.name] == nil && r.op.name == opFind {
			// Without its condition a look-up would find every order of the shop.
			return shopclient.Request{}, commerce.Faultf(commerce.Unsupported, "find order: the shop cannot be searched by what is known").
				Because(fmt.Errorf("%s: %w", n.expr.place, safeError("the value is null")))
		}
	}
	u, ok := r.shop.address(path, query)
	if !ok {
		return shopclient.Request{}, fmt.Errorf("%s: %w", st.place, safeError("the path leads to a host that is not listed under hosts"))
	}
	req := shopclient.Request{Method: st.method, URL: u, Template: st.path.text, Header: http.Header{}, Write: st.write}
	for _, list := range [][]named{r.shop.headers, st.auth.headers, st.headers} {
		for _, n := range list {
			v, err := n.expr.eval(r.ctx, r.state, &r.scope)
			if err != nil {
				return shopclient.Request{}, err
			}
			if v == nil {
				continue
			}
			text, err := plainText(n, v)
			if err != nil {
				return shopclient.Request{}, err
			}
			req.Header.Set(n.name, text)
		}
	}
	if r.key != "" && st.write && r.shop.idempotency.mode == modeHeader {
		req.Header.Set(r.shop.idempotency.header, r.key)
	}
	if st.body == nil {
		return req, nil
	}
	v, err := st.body.eval(r.ctx, r.state, &r.scope)
	if err != nil {
		return shopclient.Request{}, err
	}
	if req.Body, err = gojq.Marshal(v); err != nil {
		return shopclient.Request{}, fmt.Errorf("%s: %w", st.body.place, safeError("the body cannot be written as JSON"))
	}
	return req, nil
}

// texts are the values of a query parameter: an array repeats it, null leaves it out.
func (r *run) texts(n named) ([]string, error) {
	v, err := n.expr.eval(r.ctx, r.state, &r.scope)
	if err != nil {
		return nil, err
	}
	return parameter(n, v)
}

// parameter is a value as those of a query parameter.
func parameter(n named, v any) ([]string, error) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]string, 0, len(list))
	for _, v := range list {
		text, err := plainText(n, v)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// plainText is v as the text of a header or a query. Line ends would make two headers of one.
func plainText(n named, v any) (string, error) {
	switch v := v.(type) {
	case string:
		if strings.ContainsFunc(v, unicode.IsControl) {
			return "", fmt.Errorf("%s: %w", n.expr.place, safeError("the text holds control characters"))
		}
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case nil, map[string]any, []any:
		return "", fmt.Errorf("%s: %w", n.expr.place, safeError("want text or a number, not "+typeName(v)))
	default:
		data, err := gojq.Marshal(v)
		return string(data), err
	}
}

// send makes the call with its credentials. A token that the shop no longer takes is fetched anew once: 401 says that nothing was done.
func (r *run) send(st *step, req shopclient.Request) (shopclient.Response, error) {
	used, err := st.auth.apply(r.ctx, r.shop, req.Header)
	if err != nil {
		return shopclient.Response{}, err
	}
	resp, err := r.shop.client.Do(r.ctx, req)
	if err != nil || resp.Status != http.StatusUnauthorized || st.auth.login == nil {
		return resp, err
	}
	st.auth.login.forget(used)
	if _, err := st.auth.apply(r.ctx, r.shop, req.Header); err != nil {
		return shopclient.Response{}, err
	}
	return r.shop.client.Do(r.ctx, req)
}

// judge decides what an answer means: the rules first, then the status, then what it brings.
func (r *run) judge(st *step, resp shopclient.Response) (any, error) {
	answer := answerValue(resp)
	for _, n := range r.shop.keep {
		v, err := n.expr.eval(r.ctx, answer, &r.scope)
		if err != nil {
			return nil, r.unusable(st, resp, err)
		}
		if v != nil {
			r.scope.keep[n.name] = v
		}
	}
	for _, rules := range [][]rule{st.rules, r.op.rules, r.shop.rules} {
		for i := range rules {
			hit, err := rules[i].matches(r.ctx, resp.Status, answer, &r.scope)
			if err != nil {
				return nil, r.unusable(st, resp, err)
			}
			if hit {
				return answer, r.raise(&rules[i], st, resp, answer)
			}
		}
	}
	if !st.accepts(resp.Status) {
		return nil, resp.Fault()
	}
	if resp.OK() && resp.Content == shopclient.Other {
		return nil, resp.Unusable("the answer is no JSON")
	}
	if st.write {
		r.wrote = true
	}
	for _, n := range st.extract {
		v, err := n.expr.eval(r.ctx, answer, &r.scope)
		if err != nil {
			return nil, err
		}
		r.state[n.name] = v
	}
	return answer, nil
}

// unusable is an answer whose rules stumbled over it: nobody can say what it means.
func (r *run) unusable(st *step, resp shopclient.Response, err error) error {
	return resp.Unusable("the answer does not fit the description of " + st.place).Because(err)
}

// raise makes a fault of an answer. With continue it is kept for the result and the operation goes on.
func (r *run) raise(rl *rule, st *step, resp shopclient.Response, answer any) error {
	f, err := rl.fault(r.ctx, resp, answer, &r.scope, st)
	if err != nil {
		return r.unusable(st, resp, err)
	}
	r.locate(f)
	if !rl.goOn {
		return f
	}
	r.faults = append(r.faults, f)
	r.scope.faults = append(r.scope.faults, faultValue(f))
	return nil
}

// locate gives a fault the line and the code that it is about, when the rule left them to the loop.
func (r *run) locate(f *commerce.Fault) {
	in, _ := r.scope.in.(map[string]any)
	if f.Kind == commerce.CouponRejected {
		if f.Coupon == "" {
			f.Coupon, _ = r.scope.item.(string)
		}
		if !f.Reason.Valid() {
			f.Reason = commerce.DiscountInvalid
		}
		return
	}
	if f.Kind != commerce.OutOfStock && f.Kind != commerce.ItemUnavailable {
		return
	}
	item, _ := r.scope.item.(map[string]any)
	lines, _ := in["lines"].([]any)
	for _, v := range lines {
		line, _ := v.(map[string]any)
		id, _ := line["id"].(string)
		switch {
		case f.LineID == "" && f.Item != "" && line["item"] == f.Item,
			f.LineID == "" && f.Item == "" && item != nil && (item["id"] == id || item["line_id"] == id):
			f.LineID = id
		}
		if id == f.LineID && f.Item == "" {
			f.Item, _ = line["item"].(string)
		}
	}
}

func faultValue(f *commerce.Fault) map[string]any {
	v := map[string]any{"line": f.LineID, "item": f.Item, "coupon": f.Coupon, "kind": "", "available": nil}
	for name, k := range kinds {
		if k == f.Kind {
			v["kind"] = name
		}
	}
	if f.Available != nil {
		v["available"] = int(*f.Available)
	}
	return v
}

// answerValue is a response as expressions see it. Header names are in lower case; of a repeated header the first value counts.
func answerValue(resp shopclient.Response) map[string]any {
	headers := make(map[string]any, len(resp.Header))
	for name, values := range resp.Header {
		if len(values) > 0 {
			headers[strings.ToLower(name)] = values[0]
		}
	}
	return map[string]any{"status": resp.Status, "headers": headers, "body": resp.Body}
}
