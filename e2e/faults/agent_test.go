package faults_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/translate/schematest"
	"github.com/postern-gateway/postern/translate/wire"
)

// agent is one caller that speaks one date.
type agent struct {
	w       *world
	name    string
	version string
	// base is where it calls; empty is the gateway itself.
	base string
	// header replaces headers of its requests; an empty value takes one away.
	header map[string]string
}

func (w *world) agent(version string) *agent { return &agent{w: w, name: "alice", version: version} }

// as is the same agent with other headers.
func (a *agent) as(pairs ...string) *agent {
	b := *a
	b.header = map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		b.header[pairs[i]] = pairs[i+1]
	}
	return &b
}

// reply is an answer of the gateway.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// json decodes the answer into a tree.
func (r reply) json(t *testing.T) object {
	t.Helper()
	var m object
	if err := json.Unmarshal(r.body, &m); err != nil {
		t.Fatalf("%s: %v", r, err)
	}
	return m
}

// answered is a 2xx, or a refusal for good, that was given under a key: it must be given again, byte for byte.
type answered struct {
	agent             agent
	method, path, key string
	request, first    []byte
	status            int
}

var requests atomic.Int64

// do sends one request. Every answer is checked against invariant I9 and the published schema of its date.
func (a *agent) do(ctx context.Context, method, path, key string, body any) (reply, error) {
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	case []byte:
		text = b
	default:
		var err error
		if text, err = json.Marshal(b); err != nil {
			return reply{}, err
		}
	}
	base := a.base
	if base == "" {
		base = a.w.url()
	}
	var payload io.Reader
	if body != nil {
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, payload)
	if err != nil {
		return reply{}, err
	}
	id := "req-" + strconv.FormatInt(requests.Add(1), 10)
	headers := map[string]string{
		"Authorization": "Bearer " + a.w.tokens[a.name], "API-Version": a.version, "Request-Id": id, "Idempotency-Key": key,
	}
	if body != nil {
		headers["Content-Type"] = "application/json"
	}
	maps.Copy(headers, a.header)
	for name, value := range headers {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := a.w.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: res.StatusCode, header: res.Header}
	r.body, err = io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return reply{}, err
	}
	a.conforms(method, path, headers, r)
	if r.status/100 == 2 && strings.HasPrefix(path, "/checkout_sessions") {
		a.w.remember(a, method, path, key, text, r)
	}
	if forGood(method, path, key, text, r) {
		a.w.keep(a, method, path, key, text, r)
	}
	return r, nil
}

// forGood reports whether a refusal is the answer to its key from now on. One that was found before the key was looked at, in the headers
// or because the body is no JSON, binds nobody.
func forGood(method, path, key string, request []byte, r reply) bool {
	if method != http.MethodPost || key == "" || len(key) > 255 || !strings.HasPrefix(path, "/checkout_sessions") {
		return false
	}
	_, err := wire.Parse(request)
	switch failure(r).Code {
	case "missing_api_version", "unsupported_api_version":
		return false
	case "idempotency_conflict":
		return err == nil && r.status == http.StatusUnprocessableEntity
	default:
		return err == nil && r.status == http.StatusBadRequest
	}
}

// remember keeps what has to hold for good of an answer.
func (w *world) remember(a *agent, method, path, key string, request []byte, r reply) {
	var s struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(r.body, &s); err != nil || s.ID == "" {
		w.t.Errorf("%s %s: no session in the answer: %s", method, path, r)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(w.sessions, s.ID) {
		w.sessions = append(w.sessions, s.ID)
	}
	w.keepLocked(a, method, path, key, request, r)
}

// keep keeps what has to be answered again under its key, once for each body: another body than the first is told so again.
func (w *world) keep(a *agent, method, path, key string, request []byte, r reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keepLocked(a, method, path, key, request, r)
}

func (w *world) keepLocked(a *agent, method, path, key string, request []byte, r reply) {
	same := func(x answered) bool {
		return x.agent.name == a.name && x.path == path && x.key == key && bytes.Equal(x.request, request)
	}
	if key != "" && method == http.MethodPost && !slices.ContainsFunc(w.answered, same) {
		first := *a
		first.base = ""
		w.answered = append(w.answered, answered{agent: first, method: method, path: path, key: key, request: request, first: r.body, status: r.status})
	}
}

// conforms asserts invariant I9, the echoes, and the schema of the answer.
func (a *agent) conforms(method, path string, sent map[string]string, r reply) {
	t := a.w.t
	t.Helper()
	if got := r.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s %s: Content-Type is %q", method, path, got)
	}
	if got := r.header.Get("Request-Id"); got == "" || (sent["Request-Id"] != "" && got != sent["Request-Id"]) {
		t.Errorf("%s %s: Request-Id is %q, sent %q", method, path, got, sent["Request-Id"])
	}
	if key := sent["Idempotency-Key"]; method == http.MethodPost && len(key) <= 255 && r.header.Get("Idempotency-Key") != key {
		t.Errorf("%s %s: Idempotency-Key is %q, sent %q", method, path, r.header.Get("Idempotency-Key"), key)
	}
	version := a.version
	if version != oldest {
		version = newest // a refusal before the version is known is told in the newest date
	}
	kind := schematest.Session
	switch {
	case r.status/100 != 2:
		kind = schematest.Error
		a.flat(method, path, r)
	case strings.HasSuffix(path, "/complete"):
		kind = schematest.Completion
	}
	if a.w.schemas == nil || !strings.HasPrefix(path, "/checkout_sessions") {
		return // without the schemas, the log says so
	}
	if r.header.Get("Idempotent-Replayed") == "true" {
		return // it was checked when it was first given, which may have been in another date
	}
	if err := a.w.schemas.Check(version, kind, r.body); err != nil {
		t.Errorf("%s %s: %v\n%s", method, path, err, r.body)
	}
}

// flat asserts that an error is one flat object of the members that ACP names.
func (a *agent) flat(method, path string, r reply) {
	t := a.w.t
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(r.body, &e); err != nil {
		t.Errorf("%s %s: the error is not JSON: %s", method, path, r)
		return
	}
	for _, member := range []string{"type", "code", "message"} {
		if text, ok := e[member].(string); !ok || text == "" {
			t.Errorf("%s %s: the error has no %s: %s", method, path, member, r)
		}
		delete(e, member)
	}
	delete(e, "param")
	delete(e, "supported_versions")
	if len(e) > 0 {
		t.Errorf("%s %s: the error has more members: %s", method, path, r)
	}
	if after := r.header.Get("Retry-After"); r.status == http.StatusServiceUnavailable && !wholeSeconds(after) {
		t.Errorf("%s %s: a 503 with Retry-After %q", method, path, after)
	}
}

func wholeSeconds(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n >= 1
}

// send is do where the connection has to hold.
func (a *agent) send(method, path, key string, body any) reply {
	a.w.t.Helper()
	r, err := a.do(context.WithoutCancel(a.w.t.Context()), method, path, key, body)
	if err != nil {
		a.w.t.Fatal(err)
	}
	return r
}

// must sends one request that has to be answered with the status.
func (a *agent) must(status int, method, path, key string, body any) reply {
	a.w.t.Helper()
	r := a.send(method, path, key, body)
	if r.status != status {
		a.w.t.Fatalf("%s %s: got %s, want %d", method, path, r, status)
	}
	return r
}

// refused sends one request that has to be refused with the status, code and param; an empty param is one that is absent.
func (a *agent) refused(status int, code, param, method, path, key string, body any) reply {
	a.w.t.Helper()
	r := a.must(status, method, path, key, body)
	if e := failure(r); e.Code != code || e.Param != param {
		a.w.t.Errorf("%s %s: refused with %s, want code %q and param %q", method, path, r, code, param)
	}
	return r
}

// problem is a flat error.
type problem struct {
	Type    string `json:"type"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Param   string `json:"param"`
}

func failure(r reply) problem {
	var p problem
	_ = json.Unmarshal(r.body, &p) // flat has looked at it
	return p
}

// pending is a request that is on its way.
type pending struct {
	done  chan struct{}
	reply reply
	err   error
}

// start sends a request and does not wait for its answer.
func (a *agent) start(ctx context.Context, method, path, key string, body any) *pending {
	p := &pending{done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.reply, p.err = a.do(ctx, method, path, key, body)
	}()
	return p
}

func (p *pending) wait() (reply, error) {
	<-p.done
	return p.reply, p.err
}

// persist repeats a request until it is answered with a 2xx, as an agent must. Only a 503, or a 409 because an earlier one still runs,
// may come before.
func (a *agent) persist(path, key string, body any) reply {
	a.w.t.Helper()
	for end := time.Now().Add(patience * 45 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		r := a.send("POST", path, key, body)
		switch {
		case r.status/100 == 2:
			return r
		case r.status == http.StatusServiceUnavailable, r.status == http.StatusConflict && failure(r).Code == "idempotency_in_flight":
			if !wholeSeconds(r.header.Get("Retry-After")) {
				a.w.t.Errorf("%s: %s without Retry-After", path, r)
			}
		default:
			a.w.t.Fatalf("%s: %s, want 503 until it is done", path, r)
		}
		if time.Now().After(end) {
			a.w.t.Fatalf("%s: still %s", path, r)
		}
	}
}
