package conformance

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// trial is one statement under way. Its methods end the statement's goroutine where an expectation is not met, as testing.T does.
type trial struct {
	*run

	ctx       context.Context // of the run; a trial is shorter than any call that starts it
	statement Statement
	date      string
	transport Transport
	parent    *trial // of a part of a statement that speaks another date or transport; nil: this is the whole

	mu      sync.Mutex
	ended   bool // the check came to its end
	outcome Outcome
	reason  string
	notes   []string
	last    answer // the newest one, for the reason
	calls   int
}

// attempt runs the statement and says how it ended.
func (t *trial) attempt() Result {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.statement.check(t)
		t.ended = true
	}()
	<-done
	switch {
	case t.outcome == "" && t.ended:
		t.outcome = Passed
	case t.outcome == "":
		t.outcome, t.reason = Failed, "the statement ended before its end"
	}
	if t.outcome == Passed && t.calls == 0 && t.looks == 0 {
		t.outcome, t.reason = Failed, "the statement looked at nothing"
	}
	return Result{
		ID: t.statement.ID, Profile: t.statement.Profile, Outcome: t.outcome, Reason: t.redact(t.reason), Notes: t.notes,
		Text: t.statement.Text, Source: t.statement.Source,
	}
}

// end stops the statement at once, from its own goroutine.
func (t *trial) end(o Outcome, reason string) {
	if t.parent != nil {
		t.parent.end(o, reason)
	}
	t.mu.Lock()
	t.outcome, t.reason = o, reason
	t.mu.Unlock()
	runtime.Goexit()
}

// in is a part of the statement in another date or over another transport. What ends it ends the statement.
func (t *trial) in(date string, over Transport) *trial {
	return &trial{run: t.run, ctx: t.ctx, statement: t.statement, date: date, transport: over, parent: t}
}

// failf says that the seller does not do what the statement asks for.
func (t *trial) failf(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	if t.last.sent != "" {
		reason += "; last sent: " + t.last.sent + "; came: " + t.last.shown()
	}
	t.end(Failed, reason)
}

// skipf says that it cannot be seen, or that this seller does not have what the statement is about.
func (t *trial) skipf(format string, args ...any) { t.end(Skipped, fmt.Sprintf(format, args...)) }

// notef adds something to the result that is no failure.
func (t *trial) notef(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	if !slices.Contains(t.notes, note) {
		t.notes = append(t.notes, note)
	}
}

// check fails unless ok.
func (t *trial) check(ok bool, format string, args ...any) {
	if !ok {
		t.failf(format, args...)
	}
}

// shown is an answer in one line.
func (a answer) shown() string {
	var b strings.Builder
	switch {
	case a.status != 0:
		fmt.Fprintf(&b, "%d", a.status)
	case a.refused:
		fmt.Fprintf(&b, "JSON-RPC error %d", a.rpcCode)
	default:
		b.WriteString("a result")
	}
	if id := a.header.Get("Request-Id"); id != "" {
		b.WriteString(" (Request-Id " + id + ")")
	}
	b.WriteString(" " + excerpt(string(a.raw), 900))
	return b.String()
}

// option changes a call.
type option func(*request)

func withKey(key string) option      { return func(r *request) { r.key = key } }
func withoutKey() option             { return func(r *request) { r.keyless = true } }
func withVersion(date string) option { return func(r *request) { r.version = date } }
func withToken(token string) option  { return func(r *request) { r.token = token } }
func withoutToken() option           { return func(r *request) { r.naked = true } }
func withHeader(name, value string) option {
	return func(r *request) {
		if r.header == nil {
			r.header = http.Header{}
		}
		r.header[http.CanonicalHeaderKey(name)] = []string{value}
	}
}

// withProof sends a credential beside the bearer token.
func withProof(name, value string) option {
	return func(r *request) { r.proof = http.Header{http.CanonicalHeaderKey(name): {value}} }
}

// newKey is an idempotency key that nobody has used.
func newKey() string { return "conform-" + rand.Text() }

// exchange sends one call. It is for goroutines beside the statement's own, which must not end it.
func (t *trial) exchange(op operation, id string, body any, options ...option) (answer, error) {
	r := request{op: op, id: id, body: body, key: newKey(), version: t.date, token: t.token()}
	for _, o := range options {
		o(&r)
	}
	return t.send(r)
}

func (t *trial) send(r request) (a answer, err error) {
	if method, _ := r.route(); method == http.MethodGet {
		r.keyless = true
	}
	if t.transport == MCP && r.path == "" {
		a, err = t.wire.mcp.call(t.ctx, r)
	} else {
		a, err = t.wire.rest(t.ctx, r)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	if err == nil {
		t.last = a
	}
	return a, err
}

// do sends one call of a session and takes any answer but none.
func (t *trial) do(op operation, id string, body any, options ...option) answer {
	a, err := t.exchange(op, id, body, options...)
	if err != nil {
		t.failf("%s was not answered: %v", op, err)
	}
	return a
}

// fetch sends one REST call to a path that is no session's.
func (t *trial) fetch(method, path string, body any, options ...option) answer {
	r := request{method: method, path: path, body: body, key: newKey(), version: t.date, token: t.token()}
	for _, o := range options {
		o(&r)
	}
	a, err := t.send(r)
	if err != nil {
		t.failf("%s %s was not answered: %v", method, path, err)
	}
	return a
}

// success fails unless the call was answered with the status, or over MCP with a result.
func (t *trial) success(a answer, status int) node {
	switch {
	case a.refused:
		t.failf("the call must succeed with %d", status)
	case a.transport == REST && a.status != status:
		t.failf("the status is %d, want %d", a.status, status)
	case !a.present:
		t.failf("the answer is no JSON")
	}
	return a.node
}

// fine fails unless the call succeeded, with whatever status: where a call only leads to what a statement is about.
func (t *trial) fine(a answer) node {
	if a.refused || !a.present {
		t.failf("the call must succeed")
	}
	return a.node
}

// refusal fails unless the call was refused with one of the statuses and a flat error, and with the code where one is given.
func (t *trial) refusal(a answer, code string, statuses ...int) node {
	if !a.refused {
		t.failf("the call must be refused with %v", statuses)
	}
	if a.transport == REST && !slices.Contains(statuses, a.status) {
		t.failf("the refusal's status is %d, want %v", a.status, statuses)
	}
	t.flat(a)
	if code != "" && a.text("code") != code {
		t.failf("the error's code is %q, want %s", a.text("code"), code)
	}
	return a.node
}

// flat fails unless the answer is an error as the specification writes it: type, code and message side by side, no wrapper, and a
// param that is a JSONPath.
func (t *trial) flat(a answer) {
	if !a.present {
		t.failf("the error is no JSON")
	}
	t.check(!a.at("error").present, "the error stands inside of a wrapper")
	for _, name := range []string{"type", "code", "message"} {
		t.check(a.text(name) != "", "the error has no %s", name)
	}
	if p := a.at("param"); p.present && !strings.HasPrefix(a.text("param"), "$") {
		t.failf("the error's param is %s, want a JSONPath that starts with $", brief(p.value))
	}
}
