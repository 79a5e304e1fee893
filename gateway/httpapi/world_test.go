package httpapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/httpapi"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	newest = "2026-04-17"
	oldest = "2025-09-29"

	tokenA       = "token-of-agent-a" // agent a, shop main
	tokenA2      = "second-token-of-agent-a"
	tokenB       = "token-of-agent-b"       // agent b, shop main
	tokenC       = "token-of-agent-c"       // agent c, shops main and other, by host
	tokenExpired = "expired-token-of-agent" // of agent a
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is the handler and the pipeline over a real database, with a session service of the test's own.
type world struct {
	tb      testing.TB
	clock   *clock.Manual
	store   *sqlstore.Store
	shelf   *shelf
	log     *syncBuffer
	options httpapi.Options
	config  acp.Config
	handler http.Handler
	// last is the Request-Id of the last request.
	last atomic.Int64
}

func newWorld(tb testing.TB, change ...func(*world)) *world {
	tb.Helper()
	st, err := sqlstore.Open(tb.Context(), sqlstore.Options{Path: filepath.Join(tb.TempDir(), "postern.db"), Key: bytes.Repeat([]byte("k"), 32)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Error(err)
		}
	})
	w := &world{tb: tb, clock: clock.NewManual(noon), store: st, log: &syncBuffer{}}
	w.shelf = &shelf{store: st}
	log := telemetry.NewLogger(w.log, "debug")
	w.config = acp.Config{Agents: agents(tb), Sessions: w.shelf, Store: st, Clock: w.clock, Owner: "process-1", Log: log}
	w.options = httpapi.Options{Clock: w.clock, Log: log}
	for _, c := range change {
		c(w)
	}
	w.options.Pipeline = acp.New(w.config)
	w.handler = httpapi.NewHandler(w.options)
	return w
}

func agents(tb testing.TB) *acp.Agents {
	tb.Helper()
	sum := func(token string) string {
		h := sha256.Sum256([]byte(token))
		return hex.EncodeToString(h[:])
	}
	all, err := acp.NewAgents([]config.Agent{
		{Name: "a", Shops: []string{"main"}, Keys: []config.Key{
			{SHA256: sum(tokenExpired), Expires: noon.Add(-time.Hour)}, {SHA256: sum(tokenA)}, {SHA256: sum(tokenA2), Expires: noon.Add(time.Hour)},
		}},
		{Name: "b", Shops: []string{"main"}, Keys: []config.Key{{SHA256: sum(tokenB)}}},
		{Name: "c", Shops: []string{"main", "other"}, Keys: []config.Key{{SHA256: sum(tokenC)}}},
	}, map[string]config.Shop{"main": {Host: "main.example"}, "other": {Host: "other.example"}})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// syncBuffer is a log that may be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// request is what a test sends. The zero value of a member means what a good agent sends.
type request struct {
	method, path string
	body         string
	header       map[string]string // replaces the good agent's; an empty value removes, "<empty>" is an empty header
	remote       string
	host         string
	cancel       context.Context
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	doc    map[string]any
}

func (a answer) text(name string) string {
	s, _ := a.doc[name].(string)
	return s
}

// do sends one request and checks what every answer must be: JSON, valid by its schema, with the Request-Id and, on a POST, the key.
func (w *world) do(r request) answer {
	w.tb.Helper()
	q := w.build(r)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, q)
	result := rec.Result()
	defer result.Body.Close() //nolint:errcheck // a recorder's body does not fail
	body, err := io.ReadAll(result.Body)
	if err != nil {
		w.tb.Fatal(err)
	}
	a := answer{status: result.StatusCode, header: result.Header, body: body}
	w.check(q, &a)
	return a
}

// recorded is the answer to one request, whatever it is.
func recorded(w *world, r request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, w.build(r))
	return rec
}

func (w *world) build(r request) *http.Request {
	w.tb.Helper()
	if r.method == "" {
		r.method = http.MethodPost
	}
	var body io.Reader = http.NoBody
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	q := httptest.NewRequest(r.method, r.path, body)
	if r.cancel != nil {
		q = q.WithContext(r.cancel)
	}
	n := w.last.Add(1)
	h := map[string]string{
		"Authorization": "Bearer " + tokenA, "API-Version": newest, "Request-Id": fmt.Sprintf("rq-%d", n),
	}
	if r.method == http.MethodPost {
		h["Idempotency-Key"] = fmt.Sprintf("key-%d", n)
	}
	if r.body != "" {
		h["Content-Type"] = "application/json"
	}
	maps.Copy(h, r.header)
	for name, value := range h {
		switch value {
		case "":
		case "<empty>":
			q.Header.Set(name, "")
		default:
			q.Header.Set(name, value)
		}
	}
	if r.remote != "" {
		q.RemoteAddr = r.remote
	}
	q.Host = "main.example"
	if r.host != "" {
		q.Host = r.host
	}
	return q
}

func (w *world) check(q *http.Request, a *answer) {
	w.tb.Helper()
	if got := a.header.Get("Content-Type"); got != "application/json" {
		w.tb.Errorf("%s %s: Content-Type = %q", q.Method, q.URL.Path, got)
	}
	if sent := q.Header.Get("Request-Id"); strings.HasPrefix(sent, "rq-") && a.header.Get("Request-Id") != sent {
		w.tb.Errorf("%s %s: Request-Id = %q, sent %q", q.Method, q.URL.Path, a.header.Get("Request-Id"), sent)
	}
	if a.header.Get("Request-Id") == "" {
		w.tb.Errorf("%s %s: no Request-Id", q.Method, q.URL.Path)
	}
	if key := q.Header.Get("Idempotency-Key"); (q.Method == http.MethodPost || q.Method == http.MethodPut) && acp.ValidKey(key) && a.header.Get("Idempotency-Key") != key {
		w.tb.Errorf("%s %s: Idempotency-Key = %q, sent %q", q.Method, q.URL.Path, a.header.Get("Idempotency-Key"), key)
	}
	if err := json.Unmarshal(a.body, &a.doc); err != nil {
		w.tb.Fatalf("%s %s: %d with no JSON object: %q", q.Method, q.URL.Path, a.status, a.body)
	}
	date := q.Header.Get("API-Version")
	if v, ok := translate.Lookup(date); !ok || (!v.Carts && strings.HasPrefix(q.URL.Path, "/carts")) {
		date = newest // what is told about a date that is not served is told in the newest
	}
	switch {
	case strings.HasSuffix(q.URL.Path, "z") && a.status == http.StatusOK: // the probes
	case q.URL.Path == "/.well-known/acp.json" && a.status == http.StatusOK:
		schematest.Validate(w.tb, newest, "DiscoveryResponse", a.body)
	case a.status >= 400:
		schematest.Validate(w.tb, date, schematest.Error, a.body)
		for _, name := range []string{"type", "code", "message"} {
			if a.text(name) == "" {
				w.tb.Errorf("%s %s: %d without %s: %s", q.Method, q.URL.Path, a.status, name, a.body)
			}
		}
	case a.header.Get("Idempotent-Replayed") != "": // was checked in its own date
	case strings.HasPrefix(q.URL.Path, "/carts"):
		schematest.Validate(w.tb, date, schematest.Cart, a.body)
	case strings.HasSuffix(q.URL.Path, "/complete"):
		schematest.Validate(w.tb, date, schematest.Completion, a.body)
	default:
		schematest.Validate(w.tb, date, schematest.Session, a.body)
	}
	retry := a.header.Get("Retry-After")
	if wants := a.status == 503 || a.status == 429 || a.text("code") == "idempotency_in_flight"; wants != (retry != "") || retry == "0" {
		w.tb.Errorf("%s %s: %d %s with Retry-After %q", q.Method, q.URL.Path, a.status, a.text("code"), retry)
	}
}

// want checks status and code of an answer; an empty code means a session.
func want(tb testing.TB, a answer, status int, code string) {
	tb.Helper()
	if a.status != status || a.text("code") != code {
		tb.Errorf("answer %d %q, want %d %q: %s", a.status, a.text("code"), status, code, a.body)
	}
}

const (
	lineItems = `{"line_items":[{"id":"item_1","quantity":2}],"currency":"usd","capabilities":{}}`
	oldItems  = `{"items":[{"id":"item_1","quantity":2}]}`
	payData   = `{"payment_data":{"handler_id":"card","instrument":{"type":"card","credential":{"type":"spt","token":"spt_canary"}}}}`
	oldPay    = `{"payment_data":{"token":"spt_canary","provider":"stripe"}}`
)

// create opens a session and returns its id.
func (w *world) create() string {
	w.tb.Helper()
	a := w.do(request{path: "/checkout_sessions", body: lineItems})
	want(w.tb, a, http.StatusCreated, "")
	return a.text("id")
}

// shelf is a session service without a shop: it keeps sessions in the store, and answers and stores as the true one does.
type shelf struct {
	store store.Store
	seq   atomic.Int64
	calls atomic.Int64
	// before runs at the start of every operation that changes something; its error is the operation's.
	before func(ctx context.Context, operation string) error
	seen   sync.Map // operation → checkout.Call, the last one
	locale atomic.Value
}

func (s *shelf) begin(ctx context.Context, operation string, c checkout.Call) error {
	s.calls.Add(1)
	s.seen.Store(operation, c)
	if s.before != nil {
		return s.before(ctx, operation)
	}
	return nil
}

func (s *shelf) Create(ctx context.Context, c checkout.Call, r commerce.CreateRequest) (store.Answer, error) {
	s.locale.Store(r.Locale)
	if err := s.begin(ctx, "create", c); err != nil {
		return store.Answer{}, err
	}
	cs := commerce.Session{
		ID: fmt.Sprintf("cs_%d", s.seq.Add(1)), Agent: c.Agent, Shop: c.Shop, Status: commerce.Ready, Currency: "usd",
		Handlers: []commerce.PaymentHandler{{
			ID: "card", Name: "dev.acp.tokenized.card", Version: newest, Spec: "https://acp.example/card", PSP: "stripe",
			ConfigSchema: "https://acp.example/config.json", InstrumentSchemas: []string{"https://acp.example/card.json"}, MerchantID: "acct_1",
		}},
		Cart: commerce.Cart{Currency: "usd", Codes: r.Codes}, CreatedAt: noon, UpdatedAt: noon,
	}
	cs.Cart.ReplaceLines(r.Lines)
	cs.Quote = price(cs.Cart)
	reject(&cs.Quote, r.Codes)
	return s.commit(ctx, c, cs, 0)
}

// reject refuses the codes that begin with BAD.
func reject(q *commerce.Quote, codes []string) {
	q.Discounts = commerce.Discounts{Codes: codes}
	for _, code := range codes {
		if strings.HasPrefix(code, "BAD") {
			q.Discounts.Rejected = append(q.Discounts.Rejected, commerce.RejectedDiscount{Code: code, Reason: commerce.DiscountInvalid})
		}
	}
}

// price asks ten of each unit.
func price(cart commerce.Cart) commerce.Quote {
	q := commerce.Quote{Currency: "usd"}
	for _, l := range cart.Lines {
		n := 1000 * l.Quantity
		q.Lines = append(q.Lines, commerce.Line{
			ID: l.ID, ItemID: l.ItemID, Name: l.ItemID, Quantity: l.Quantity, UnitAmount: 1000, Base: n, Subtotal: n, Total: n,
		})
		q.Total += n
	}
	q.ExactTotal = fmt.Sprintf("%d.%02d", q.Total/100, q.Total%100)
	for _, t := range []commerce.TotalType{commerce.TotalItemsBase, commerce.TotalSubtotal, commerce.TotalDue} {
		q.Totals = append(q.Totals, commerce.Total{Type: t, DisplayText: string(t), Amount: q.Total})
	}
	return q
}

func (s *shelf) commit(ctx context.Context, c checkout.Call, cs commerce.Session, expect int64) (store.Answer, error) {
	body, err := json.Marshal(cs)
	if err != nil {
		return store.Answer{}, err
	}
	a, err := c.Render(cs)
	if err != nil {
		return a, err
	}
	b := store.Batch{Session: &store.SessionWrite{
		Session: store.Session{ID: cs.ID, Agent: cs.Agent, Shop: cs.Shop, Status: cs.Status, UpdatedAt: noon, ExpiresAt: noon.Add(time.Hour), Body: body},
		Expect:  expect,
	}}
	if c.Claim != nil {
		b.Answers = []store.AnswerWrite{{Claim: *c.Claim, Answer: a}}
	}
	return a, s.store.Commit(ctx, b)
}

func (s *shelf) load(ctx context.Context, c checkout.Call, id string) (cs commerce.Session, version int64, err error) {
	row, err := s.store.Session(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && row.Agent != c.Agent) {
		return cs, 0, commerce.Faultf(commerce.NotFound, "there is no checkout session %q", id)
	}
	if err != nil {
		return cs, 0, err
	}
	return cs, row.Version, json.Unmarshal(row.Body, &cs)
}

func (s *shelf) Get(ctx context.Context, c checkout.Call, id string) (store.Answer, error) {
	cs, _, err := s.load(ctx, c, id)
	if err != nil {
		return store.Answer{}, err
	}
	if c.Claim != nil {
		return store.Answer{}, errors.New("a get has a claim")
	}
	return c.Render(cs)
}

func (s *shelf) change(ctx context.Context, operation string, c checkout.Call, id string, f func(*commerce.Session) error) (store.Answer, error) {
	if err := s.begin(ctx, operation, c); err != nil {
		return store.Answer{}, err
	}
	cs, version, err := s.load(ctx, c, id)
	if err == nil {
		err = f(&cs)
	}
	if err != nil {
		return store.Answer{}, err
	}
	return s.commit(ctx, c, cs, version)
}

func (s *shelf) Update(ctx context.Context, c checkout.Call, id string, r commerce.UpdateRequest) (store.Answer, error) {
	return s.change(ctx, "update", c, id, func(cs *commerce.Session) error {
		if lines, ok := r.Lines.Value(); ok {
			cs.Cart.ReplaceLines(lines)
			cs.Quote = price(cs.Cart)
		}
		if codes, ok := r.Codes.Value(); ok {
			reject(&cs.Quote, codes)
		}
		return nil
	})
}

func (s *shelf) Complete(ctx context.Context, c checkout.Call, id string, _ commerce.CompleteRequest) (store.Answer, error) {
	return s.change(ctx, "complete", c, id, func(cs *commerce.Session) error {
		if cs.Status != commerce.Ready {
			return commerce.Faultf(commerce.Conflict, "checkout session %s is %s", id, cs.Status)
		}
		cs.Status = commerce.Completed
		snap := commerce.Snapshot{Number: "1001", Currency: "usd", Status: commerce.OrderCreated}
		p := commerce.Purchase{
			SessionID: id, OrderID: "1001", Number: "1001", Permalink: "https://shop.example/orders/1001", Currency: "usd",
			Lines: cs.Quote.Lines, Totals: cs.Quote.Totals, PlacedAt: noon,
		}
		o := p.Order(snap, nil)
		cs.Order = &o
		return nil
	})
}

func (s *shelf) Cancel(ctx context.Context, c checkout.Call, id string, _ commerce.CancelRequest) (store.Answer, error) {
	return s.change(ctx, "cancel", c, id, func(cs *commerce.Session) error {
		if cs.Status.Terminal() {
			return commerce.Faultf(commerce.NotCancelable, "checkout session %s is %s", id, cs.Status)
		}
		cs.Status = commerce.Canceled
		return nil
	})
}

// call is the last call of an operation.
func (s *shelf) call(operation string) checkout.Call {
	v, _ := s.seen.Load(operation)
	c, _ := v.(checkout.Call)
	return c
}

// opened counts the sessions.
func (s *shelf) opened() int64 { return s.seq.Load() }

func trusted(ranges ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, r := range ranges {
		all = append(all, netip.MustParsePrefix(r))
	}
	return all
}

// lines are the log's lines as JSON objects with the message.
func (w *world) lines(message string) []map[string]any {
	w.tb.Helper()
	var out []map[string]any
	for line := range strings.Lines(w.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			w.tb.Fatalf("log line %q: %v", line, err)
		}
		if m[slog.MessageKey] == message {
			out = append(out, m)
		}
	}
	return slices.Clip(out)
}
