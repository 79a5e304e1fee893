package acp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ Sessions = (*checkout.Service)(nil)

const createBody = `{"line_items":[{"id":"a"}],"currency":"usd","capabilities":{}}`

// claims is the idempotency of a store, in memory.
type claims struct {
	mu       sync.Mutex
	held     map[string]store.Claim
	fail     error // of Claim
	failKeep error // of Commit
	failFree error // of Release
}

func (s *claims) at(c store.Claim) string { return c.Agent + "|" + c.Path + "|" + c.Key }

func (s *claims) Claim(_ context.Context, c store.Claim) (store.Claim, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return store.Claim{}, false, s.fail
	}
	if old, ok := s.held[s.at(c)]; ok {
		return old, false, nil
	}
	if s.held == nil {
		s.held = map[string]store.Claim{}
	}
	s.held[s.at(c)] = c
	return store.Claim{}, true, nil
}

func (s *claims) Release(ctx context.Context, c store.Claim) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failFree != nil {
		return s.failFree
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if old, ok := s.held[s.at(c)]; ok && old.Token == c.Token && old.Answer == nil {
		delete(s.held, s.at(c))
	}
	return nil
}

func (s *claims) Commit(ctx context.Context, b store.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failKeep != nil {
		return s.failKeep
	}
	for _, a := range b.Answers {
		old, ok := s.held[s.at(a.Claim)]
		if ctx.Err() != nil || !ok || old.Token != a.Claim.Token || old.Answer != nil {
			return store.ErrClaimLost
		}
		answer := a.Answer
		old.Answer = &answer
		s.held[s.at(a.Claim)] = old
	}
	return nil
}

func (s *claims) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.held {
		if c.Answer == nil {
			n++
		}
	}
	return n
}

// service answers every operation with do.
type service struct {
	do func(ctx context.Context, c checkout.Call) (store.Answer, error)
}

func (s service) Create(ctx context.Context, c checkout.Call, _ commerce.CreateRequest) (store.Answer, error) {
	return s.do(ctx, c)
}

func (s service) Get(ctx context.Context, c checkout.Call, _ string) (store.Answer, error) {
	return s.do(ctx, c)
}

func (s service) Update(ctx context.Context, c checkout.Call, _ string, _ commerce.UpdateRequest) (store.Answer, error) {
	return s.do(ctx, c)
}

func (s service) Complete(ctx context.Context, c checkout.Call, _ string, _ commerce.CompleteRequest) (store.Answer, error) {
	return s.do(ctx, c)
}

func (s service) Cancel(ctx context.Context, c checkout.Call, _ string, _ commerce.CancelRequest) (store.Answer, error) {
	return s.do(ctx, c)
}

func newPipeline(t testing.TB, st *claims, do func(context.Context, checkout.Call) (store.Answer, error), change ...func(*Config)) (*Pipeline, *bytes.Buffer) {
	t.Helper()
	all, err := NewAgents([]config.Agent{{Name: "a", Shops: []string{"main"}, Keys: []config.Key{{SHA256: agentkey.Hash("token")}}}}, map[string]config.Shop{"main": {}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c := Config{Agents: all, Sessions: service{do}, Store: st, Clock: clock.System(), Owner: "p1", Log: telemetry.NewLogger(&log, "debug")}
	for _, f := range change {
		f(&c)
	}
	return New(c), &log
}

func create(key string) Request {
	return Request{
		Operation: Create, Token: "token", APIVersion: "2026-04-17", Key: key, KeyPresent: true, RequestID: "rq-1",
		Body: func() ([]byte, error) { return []byte(createBody), nil },
	}
}

func TestScopesOfAKey(t *testing.T) {
	t.Parallel()
	for operation, want := range map[Operation]string{
		Create: "POST /checkout_sessions", Update: "POST /checkout_sessions/cs_1",
		Complete: "POST /checkout_sessions/cs_1/complete", Cancel: "POST /checkout_sessions/cs_1/cancel",
		CartCreate: "POST /carts", CartReplace: "PUT /carts/cs_1", CartCancel: "POST /carts/cs_1/cancel",
	} {
		if got := (Request{Operation: operation, ID: "cs_1"}).path(); got != want {
			t.Errorf("%s: %q, want %q", operation, got, want)
		}
	}
}

// TestClaimsDoNotOutliveTheirCall has the service end in every way that it can end without an answer.
func TestClaimsDoNotOutliveTheirCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do     func(context.Context, checkout.Call) (store.Answer, error)
		status int
	}{
		"an error": {func(context.Context, checkout.Call) (store.Answer, error) { return store.Answer{}, errors.New("bug") }, 500},
		"a panic":  {func(context.Context, checkout.Call) (store.Answer, error) { panic("canary") }, 500},
		"a runtime error": {func(_ context.Context, c checkout.Call) (store.Answer, error) {
			none := make([]int, 0)
			return store.Answer{Status: none[len(c.Agent)]}, nil
		}, 500},
		"an answer that was not stored": {
			func(context.Context, checkout.Call) (store.Answer, error) {
				return store.Answer{Status: 200, Body: []byte("{}")}, nil
			}, 200,
		},
		"a session that cannot be encoded": {func(_ context.Context, c checkout.Call) (store.Answer, error) {
			return c.Render(commerce.Session{Quote: commerce.Quote{Total: 1, Totals: []commerce.Total{{Type: commerce.TotalDue, Amount: -1}}}})
		}, 500},
		"the end of its time": {func(ctx context.Context, _ checkout.Call) (store.Answer, error) {
			<-ctx.Done()
			return store.Answer{}, ctx.Err()
		}, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := &claims{}
			p, log := newPipeline(t, st, c.do, func(c *Config) { c.Timeouts.Change = 20 * time.Millisecond })
			r := p.Do(t.Context(), create("k"))
			if r.Status != c.status || st.open() != 0 {
				t.Errorf("%d %s, %d claims are open", r.Status, r.Body, st.open())
			}
			if strings.Contains(string(r.Body)+log.String(), "canary") {
				t.Errorf("the panic's value is told: %s %s", r.Body, log)
			}
			if c.status >= 500 && !strings.Contains(log.String(), `"request_id":"rq-1"`) {
				t.Errorf("no line in the log names the request: %s", log)
			}
			if c.status == 500 && (r.Kind != commerce.Unexpected || !strings.Contains(log.String(), `"level":"ERROR"`)) {
				t.Errorf("a bug is not told as one: %s", log)
			}
		})
	}
}

func TestAgentGoesAway(t *testing.T) {
	t.Parallel()
	st := &claims{}
	ctx, leave := context.WithCancel(t.Context())
	p, _ := newPipeline(t, st, func(ctx context.Context, _ checkout.Call) (store.Answer, error) {
		leave()
		<-ctx.Done()
		return store.Answer{}, commerce.Faultf(commerce.Unavailable, "still running")
	})
	r := create("k")
	r.Operation, r.ID = Complete, "cs_1"
	r.Body = func() ([]byte, error) {
		return []byte(`{"payment_data":{"handler_id":"card","instrument":{"type":"card","credential":{"type":"spt","token":"spt_1"}}}}`), nil
	}
	if got := p.Do(ctx, r); got.Status != http.StatusServiceUnavailable || st.open() != 0 {
		t.Errorf("%d %s, %d claims are open", got.Status, got.Body, st.open())
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	for operation, want := range map[Operation]time.Duration{
		Create: 8 * time.Second, Get: 8 * time.Second, Update: 8 * time.Second, Cancel: 8 * time.Second, Complete: 25 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPipeline(t, &claims{}, func(ctx context.Context, _ checkout.Call) (store.Answer, error) {
				<-ctx.Done()
				return store.Answer{}, ctx.Err()
			})
			r := create("k")
			r.Operation, r.ID = operation, "cs_1"
			if operation == Complete {
				r.Body = func() ([]byte, error) {
					return []byte(`{"payment_data":{"handler_id":"card","instrument":{"type":"card","credential":{"type":"spt","token":"spt_1"}}}}`), nil
				}
			}
			began := time.Now()
			got := p.Do(t.Context(), r)
			if took := time.Since(began); took != want || got.Status != http.StatusServiceUnavailable || got.RetryAfter < time.Second {
				t.Errorf("%s: %d after %s, Retry-After %s, want 503 after %s: %s", operation, got.Status, took, got.RetryAfter, want, got.Body)
			}
		})
	}
}

func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	runs := 0
	do := func(context.Context, checkout.Call) (store.Answer, error) {
		runs++
		return store.Answer{}, commerce.Faultf(commerce.Invalid, "never")
	}
	p, _ := newPipeline(t, &claims{fail: fmt.Errorf("disk: %w", store.ErrNotWritten)}, do)
	if r := p.Do(t.Context(), create("k")); r.Status != http.StatusServiceUnavailable || runs != 0 || r.RetryAfter == 0 {
		t.Errorf("no claim, but %d %s after %d runs", r.Status, r.Body, runs)
	}
	// A refusal is told even when it cannot be kept; the key is free then.
	st := &claims{failKeep: store.ErrClaimLost}
	p, log := newPipeline(t, st, do)
	if r := p.Do(t.Context(), create("k")); r.Status != http.StatusBadRequest || st.open() != 0 || !strings.Contains(log.String(), "could not be stored") {
		t.Errorf("%d %s, %d open: %s", r.Status, r.Body, st.open(), log)
	}
	st = &claims{failKeep: store.ErrClaimLost, failFree: errors.New("closed")}
	p, log = newPipeline(t, st, do)
	if r := p.Do(t.Context(), create("k")); r.Status != http.StatusBadRequest || !strings.Contains(log.String(), "could not be freed") {
		t.Errorf("%d %s: %s", r.Status, r.Body, log)
	}
}

func TestStrangersBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	p, _ := newPipeline(t, &claims{}, nil)
	for name, change := range map[string]func(*Request){
		"no token":   func(r *Request) { r.Token = "" },
		"no version": func(r *Request) { r.APIVersion = "" },
		"no key":     func(r *Request) { r.KeyPresent = false },
		"no session": func(r *Request) { r.Operation, r.ID = Update, "../x" },
	} {
		r := create("k")
		r.Body = func() ([]byte, error) { t.Errorf("%s: the body was read", name); return nil, nil }
		change(&r)
		if got := p.Do(t.Context(), r); got.Status < 400 || got.Status >= 500 {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	r := create("k")
	r.Operation = "destroy"
	if got := p.Do(t.Context(), r); got.Status != http.StatusNotFound {
		t.Errorf("an operation that is none: %d %s", got.Status, got.Body)
	}
}

func TestLocales(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "", "de-DE,de;q=0.9,en;q=0.8": "de-DE", "en;q=0.1, fr": "fr", "*": "", "not a language!!": "", strings.Repeat("de,", 200): "",
	} {
		if got := locale(header); got != want {
			t.Errorf("locale(%q) = %q, want %q", header, got, want)
		}
	}
}
