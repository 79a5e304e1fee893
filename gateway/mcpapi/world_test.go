package mcpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/httpapi"
	"github.com/postern-gateway/postern/gateway/mcpapi"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	newest = "2026-04-17"
	oldest = "2025-09-29"

	token        = "token-of-agent"       // told errors as JSON-RPC errors
	tokenHost    = "token-of-host"        // told errors as tool results, without keys
	tokenOther   = "token-of-another"     // of another agent
	tokenExpired = "token-of-yesterday"   // of the first agent
	publicURL    = "https://shop.example" // the name of the world's gateway
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is both shells over one pipeline and a real database, with a session service that needs no shop. Time stands and ids are
// counted, so that two worlds that are asked the same answer the same.
type world struct {
	tb      testing.TB
	clock   *clock.Manual
	desk    *desk
	log     *bytes.Buffer
	handler http.Handler
}

func newWorld(tb testing.TB, change ...func(*mcpapi.Options)) *world {
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
	agents, err := acp.NewAgents([]config.Agent{
		{Name: "agent", Shops: []string{"main"}, Keys: []config.Key{{SHA256: agentkey.Hash(token)}, {SHA256: agentkey.Hash(tokenExpired), Expires: noon.Add(-time.Hour)}}},
		{
			Name: "host", Shops: []string{"main"}, Keys: []config.Key{{SHA256: agentkey.Hash(tokenHost)}},
			MCP: &config.AgentMCP{Errors: config.MCPErrorsTool},
		},
		{Name: "other", Shops: []string{"main"}, Keys: []config.Key{{SHA256: agentkey.Hash(tokenOther)}}},
	}, map[string]config.Shop{"main": {Host: "main.example"}})
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{tb: tb, clock: clock.NewManual(noon), log: &bytes.Buffer{}, desk: &desk{store: st, sessions: map[string]commerce.Session{}, carts: map[string]commerce.SavedCart{}}}
	pipeline := acp.New(acp.Config{Agents: agents, Sessions: w.desk, Carts: shelf{w.desk}, Store: st, Clock: w.clock, Owner: "process-1"})
	o := mcpapi.Options{Pipeline: pipeline, Agents: agents, Clock: w.clock, PublicURL: publicURL, Hosts: []string{"main.example"}, Carts: true}
	for _, c := range change {
		c(&o)
	}
	w.handler = httpapi.NewHandler(httpapi.Options{
		Pipeline: pipeline, Clock: w.clock, MCP: mcpapi.New(o), Carts: true, MaxBody: o.MaxBody, Log: telemetry.NewLogger(w.log, "info"),
	})
	return w
}

// serve puts the world on loopback.
func (w *world) serve() *httptest.Server {
	s := httptest.NewServer(w.handler)
	w.tb.Cleanup(s.Close)
	return s
}

// answer is what came back over either transport, as REST has it.
type answer struct {
	failed   bool
	body     string // the session, or the flat error
	replayed bool
	code     string
}

func (w *world) send(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// call is one operation with its payload as bytes; an empty payload is none.
type call struct {
	operation acp.Operation
	id        string
	payload   string
	key       string
	version   string
	token     string
}

func (c call) withDefaults() call {
	if c.version == "" {
		c.version = newest
	}
	if c.token == "" {
		c.token = token
	}
	return c
}

// opens reports whether the call makes what its answer has the id of.
func (c call) opens() bool { return c.operation == acp.Create || c.operation == acp.CartCreate }

// rest sends the call to the REST binding.
func (w *world) rest(c call) answer {
	w.tb.Helper()
	c = c.withDefaults()
	method, path := http.MethodPost, "/checkout_sessions"
	switch c.operation {
	case acp.Get:
		method, path = http.MethodGet, path+"/"+c.id
	case acp.Update:
		path += "/" + c.id
	case acp.Complete, acp.Cancel:
		path += "/" + c.id + "/" + string(c.operation)
	case acp.CartCreate:
		path = "/carts"
	case acp.CartGet:
		method, path = http.MethodGet, "/carts/"+c.id
	case acp.CartReplace:
		method, path = http.MethodPut, "/carts/"+c.id
	case acp.CartCancel:
		path = "/carts/" + c.id + "/cancel"
	default:
	}
	r := httptest.NewRequest(method, path, strings.NewReader(c.payload))
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	if c.version != "none" {
		r.Header.Set("API-Version", c.version)
	}
	if c.key != "" {
		r.Header.Set("Idempotency-Key", c.key)
	}
	rec := w.send(r)
	a := answer{failed: rec.Code >= 400, body: rec.Body.String(), replayed: rec.Header().Get("Idempotent-Replayed") == "true"}
	a.code = codeOf(w.tb, a)
	return a
}

var toolNames = map[acp.Operation]string{
	acp.Create: "create_checkout_session", acp.Get: "get_checkout_session", acp.Update: "update_checkout_session",
	acp.Complete: "complete_checkout_session", acp.Cancel: "cancel_checkout_session",
	acp.CartCreate: "create_cart", acp.CartGet: "get_cart", acp.CartReplace: "update_cart", acp.CartCancel: "cancel_cart",
}

// envelope is the JSON-RPC message of the call, with the payload's bytes as they are.
func (c call) envelope() string {
	c = c.withDefaults()
	meta := map[string]string{}
	if c.version != "none" {
		meta["api_version"] = c.version
	}
	if c.key != "" {
		meta["idempotency_key"] = c.key
	}
	m, err := json.Marshal(meta)
	if err != nil {
		panic(err)
	}
	arguments := `"meta":` + string(m)
	if !c.opens() {
		id, err := json.Marshal(c.id)
		if err != nil {
			panic(err)
		}
		arguments += `,"id":` + string(id)
	}
	if c.payload != "" {
		arguments += `,"payload":` + c.payload
	}
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + toolNames[c.operation] + `","arguments":{` + arguments + `}}}`
}

// message is a JSON-RPC answer.
type message struct {
	Result *struct {
		Meta struct {
			Status    int    `json:"status"`
			RequestID string `json:"request_id"`
			Replayed  bool   `json:"idempotent_replayed"`
		} `json:"_meta"`
		Content []struct {
			Type, Text string
		} `json:"content"`
		Structured json.RawMessage `json:"structuredContent"`
		IsError    bool            `json:"isError"`
	} `json:"result"`
	Error *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
}

// post sends a body to the endpoint as a good client does.
func (w *world) post(bearer, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Mcp-Protocol-Version", "2025-11-25")
	for _, c := range change {
		c(r)
	}
	return w.send(r)
}

func (w *world) message(rec *httptest.ResponseRecorder) message {
	w.tb.Helper()
	var m message
	if err := json.Unmarshal(rec.Body.Bytes(), &m); err != nil || (m.Result == nil) == (m.Error == nil) {
		w.tb.Fatalf("%d with no JSON-RPC answer: %q", rec.Code, rec.Body)
	}
	return m
}

// tool sends the call to the MCP binding. The text of a result is its body to the letter, and its structured content the same JSON.
func (w *world) tool(c call) answer {
	w.tb.Helper()
	rec := w.post(c.withDefaults().token, c.envelope())
	m := w.message(rec)
	if rec.Code != http.StatusOK {
		w.tb.Fatalf("%s: HTTP %d: %s", c.operation, rec.Code, rec.Body)
	}
	if m.Error != nil {
		if m.Error.Code != -32000 {
			w.tb.Fatalf("%s: error %d: %s", c.operation, m.Error.Code, m.Error.Message)
		}
		a := answer{failed: true, body: string(m.Error.Data)}
		a.code = codeOf(w.tb, a)
		return a
	}
	if len(m.Result.Content) != 1 || m.Result.Content[0].Type != "text" {
		w.tb.Fatalf("%s: content %v", c.operation, m.Result.Content)
	}
	text := m.Result.Content[0].Text
	if !sameJSON(w.tb, text, string(m.Result.Structured)) {
		w.tb.Errorf("%s: the text is not the structured content:\n%s\n%s", c.operation, text, m.Result.Structured)
	}
	if m.Result.IsError != (m.Result.Meta.Status >= 400) {
		w.tb.Errorf("%s: isError %v with status %d", c.operation, m.Result.IsError, m.Result.Meta.Status)
	}
	a := answer{failed: m.Result.IsError, body: text, replayed: m.Result.Meta.Replayed}
	a.code = codeOf(w.tb, a)
	return a
}

func codeOf(tb testing.TB, a answer) string {
	tb.Helper()
	var p struct{ Code string }
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		tb.Fatalf("no JSON object: %q", a.body)
	}
	return p.Code
}

// sameJSON compares two JSON texts as values, numbers by their digits.
func sameJSON(tb testing.TB, a, b string) bool {
	tb.Helper()
	normal := func(s string) string {
		var v any
		d := json.NewDecoder(strings.NewReader(s))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			tb.Fatalf("%q: %v", s, err)
		}
		out, err := json.Marshal(v)
		if err != nil {
			tb.Fatal(err)
		}
		return string(out)
	}
	return normal(a) == normal(b)
}

// connect is the SDK's own client with a bearer token.
func connect(tb testing.TB, endpoint, bearer string) *mcp.ClientSession {
	tb.Helper()
	base := &http.Transport{}
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(tb.Context(), &mcp.StreamableClientTransport{
		Endpoint: endpoint, HTTPClient: &http.Client{Transport: bearing{bearer, base}}, MaxRetries: -1,
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := session.Close(); err != nil {
			tb.Error(err)
		}
		base.CloseIdleConnections()
	})
	return session
}

type bearing struct {
	token string
	next  http.RoundTripper
}

func (b bearing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// desk is a session service without a shop.
type desk struct {
	store store.Store

	mu       sync.Mutex
	sessions map[string]commerce.Session
	carts    map[string]commerce.SavedCart
	calls    int // that changed something
	// hold, when set, keeps a create waiting until it ends.
	hold chan struct{}
}

func (d *desk) answer(ctx context.Context, c checkout.Call, s commerce.Session) (store.Answer, error) {
	d.sessions[s.ID] = s
	d.calls++
	a, err := c.Render(s)
	if err != nil || c.Claim == nil {
		return a, err
	}
	return a, d.store.Commit(ctx, store.Batch{Answers: []store.AnswerWrite{{Claim: *c.Claim, Answer: a}}})
}

func (d *desk) price(s *commerce.Session, lines []commerce.CartLine) {
	s.Cart.ReplaceLines(lines)
	q := commerce.Quote{Currency: s.Currency}
	for _, l := range s.Cart.Lines {
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
	s.Quote = q
}

func (d *desk) Create(ctx context.Context, c checkout.Call, r commerce.CreateRequest) (store.Answer, error) {
	if d.hold != nil {
		select {
		case <-d.hold:
		case <-ctx.Done():
			return store.Answer{}, ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range r.Lines {
		switch l.ItemID {
		case "away":
			return store.Answer{}, commerce.Faultf(commerce.Temporary, "the shop is away")
		case "bug":
			panic("a bug")
		}
	}
	s := commerce.Session{
		ID: fmt.Sprintf("cs_%d", len(d.sessions)+1), Agent: c.Agent, Shop: c.Shop, Status: commerce.Ready, Currency: "usd",
		Cart: commerce.Cart{Currency: "usd"}, CreatedAt: noon, UpdatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	d.price(&s, r.Lines)
	s.Cart.Buyer = r.Buyer
	return d.answer(ctx, c, s)
}

func (d *desk) find(c checkout.Call, id string) (commerce.Session, error) {
	s, ok := d.sessions[id]
	if !ok || s.Agent != c.Agent {
		return s, commerce.Faultf(commerce.NotFound, "there is no checkout session %q", id)
	}
	return s, nil
}

func (d *desk) Get(_ context.Context, c checkout.Call, id string) (store.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.find(c, id)
	if err != nil {
		return store.Answer{}, err
	}
	return c.Render(s)
}

func (d *desk) change(ctx context.Context, c checkout.Call, id string, f func(*commerce.Session)) (store.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.find(c, id)
	if err != nil {
		return store.Answer{}, err
	}
	if s.Status.Terminal() {
		return store.Answer{}, commerce.Faultf(commerce.Conflict, "checkout session %s is %s", id, s.Status)
	}
	f(&s)
	return d.answer(ctx, c, s)
}

func (d *desk) Update(ctx context.Context, c checkout.Call, id string, r commerce.UpdateRequest) (store.Answer, error) {
	return d.change(ctx, c, id, func(s *commerce.Session) {
		if lines, ok := r.Lines.Value(); ok {
			d.price(s, lines)
		}
	})
}

func (d *desk) Complete(ctx context.Context, c checkout.Call, id string, _ commerce.CompleteRequest) (store.Answer, error) {
	return d.change(ctx, c, id, func(s *commerce.Session) {
		s.Status = commerce.Completed
		p := commerce.Purchase{
			SessionID: id, OrderID: "1001", Number: "1001", Permalink: "https://shop.example/orders/1001", Currency: "usd",
			Lines: s.Quote.Lines, Totals: s.Quote.Totals, PlacedAt: noon,
		}
		o := p.Order(commerce.Snapshot{Number: "1001", Currency: "usd", Status: commerce.OrderCreated}, nil)
		s.Order = &o
	})
}

func (d *desk) Cancel(ctx context.Context, c checkout.Call, id string, _ commerce.CancelRequest) (store.Answer, error) {
	return d.change(ctx, c, id, func(s *commerce.Session) { s.Status = commerce.Canceled })
}

// shelf is a cart service without a shop.
type shelf struct{ *desk }

func (s shelf) Serves(string) bool { return true }

func (s shelf) answer(ctx context.Context, c carts.Call, cart commerce.SavedCart) (store.Answer, error) {
	s.carts[cart.ID] = cart
	s.calls++
	a, err := c.Render(cart)
	if err != nil || c.Claim == nil {
		return a, err
	}
	return a, s.store.Commit(ctx, store.Batch{Answers: []store.AnswerWrite{{Claim: *c.Claim, Answer: a}}})
}

func (s shelf) Create(ctx context.Context, c carts.Call, r commerce.CartRequest) (store.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(ctx, c, fmt.Sprintf("cart_%d", len(s.carts)+1), r)
}

func (s shelf) put(ctx context.Context, c carts.Call, id string, r commerce.CartRequest) (store.Answer, error) {
	priced := commerce.Session{Currency: "usd"}
	s.price(&priced, r.Lines)
	cart := commerce.SavedCart{ID: id, Agent: c.Agent, Shop: c.Shop, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	cart.Cart, cart.Quote = priced.Cart, priced.Quote
	cart.Cart.Currency, cart.Cart.Buyer = "usd", r.Buyer
	return s.answer(ctx, c, cart)
}

func (s shelf) find(c carts.Call, id string) (commerce.SavedCart, error) {
	cart, ok := s.carts[id]
	if !ok || cart.Agent != c.Agent {
		return cart, commerce.Faultf(commerce.NotFound, "there is no cart %q", id)
	}
	return cart, nil
}

func (s shelf) Get(_ context.Context, c carts.Call, id string) (store.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cart, err := s.find(c, id)
	if err != nil {
		return store.Answer{}, err
	}
	return c.Render(cart)
}

func (s shelf) Replace(ctx context.Context, c carts.Call, id string, r commerce.CartRequest) (store.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.find(c, id); err != nil {
		return store.Answer{}, err
	}
	return s.put(ctx, c, id, r)
}

func (s shelf) Cancel(ctx context.Context, c carts.Call, id string) (store.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cart, err := s.find(c, id)
	if err != nil {
		return store.Answer{}, err
	}
	return s.answer(ctx, c, cart)
}

// unread is a body that must not be read.
type unread struct{ tb testing.TB }

func (u unread) Read([]byte) (int, error) {
	u.tb.Error("a stranger's body was read")
	return 0, io.ErrUnexpectedEOF
}
