package shopper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// callTime is how long the agent waits for one answer.
	callTime = 30 * time.Second
	// maxAnswer is the most of an answer that is read, in bytes.
	maxAnswer = 4 << 20
)

// Transport is what carries the calls.
type Transport string

// The transports.
const (
	REST Transport = "rest"
	MCP  Transport = "mcp"
)

// Operation is what a call wants.
type Operation string

// The operations of a checkout session.
const (
	Create   Operation = "create"
	Get      Operation = "get"
	Update   Operation = "update"
	Complete Operation = "complete"
	Cancel   Operation = "cancel"
)

// Options say to whom the agent speaks and how. URL, Token and Version are required.
type Options struct {
	// URL is the origin of the seller's ACP endpoints; it may have a path before /checkout_sessions.
	URL string
	// Token is the bearer token.
	Token string
	// Version is one of [Versions].
	Version string
	// Transport carries the calls; empty is [REST].
	Transport Transport
	// Keys begin every idempotency key. Two agents with one token must not share it, unless they mean the same calls.
	Keys string
	// Watch sees every call with a body, and its answer. Nil sees nothing.
	Watch func(op Operation, body []byte, r Reply)
}

// Shopper is an agent at one seller. Its methods are for one goroutine. End it with [Shopper.Close].
type Shopper struct {
	options Options
	speaks  Dialect
	carrier carrier
	http    *http.Transport
	keys    int // idempotency keys used
}

// carrier sends one call.
type carrier interface {
	send(ctx context.Context, c call) (Reply, error)
}

// call is one operation as it is sent.
type call struct {
	op      Operation
	id, key string
	body    []byte // nil: none
}

// Reply is an answer as it came.
type Reply struct {
	// Status is HTTP's. Over MCP it is 0, unless the endpoint itself refused.
	Status int
	Header http.Header
	Body   []byte // the session or the error, as JSON
	// Refused says that it is an error.
	Refused bool
}

// New makes an agent. The error says which option is wrong.
func New(o Options) (*Shopper, error) {
	speaks, ok := Lookup(o.Version)
	if !ok {
		return nil, fmt.Errorf("%q is no date that this agent speaks; use %s", o.Version, strings.Join(Versions(), ", "))
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no address of a seller; use one such as https://shop.example.com", o.URL)
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	if strings.ContainsAny(o.Token, " \t\r\n") || o.Token == "" {
		return nil, errors.New("the bearer token must be one word; the seller gives it to the agent (with Postern: postern keys new)")
	}
	s := &Shopper{options: o, speaks: speaks, http: newTransport()}
	wire := &wire{transport: s.http, url: o.URL, token: o.Token, version: o.Version}
	switch o.Transport {
	case "", REST:
		s.carrier = rest{wire}
	case MCP:
		if !speaks.mcp {
			return nil, fmt.Errorf("ACP %s has no MCP; use %s, or REST", o.Version, dialects[0].version)
		}
		s.carrier = &mcp{wire: wire}
	default:
		return nil, fmt.Errorf("%q is no transport; use rest or mcp", o.Transport)
	}
	return s, nil
}

// newTransport honors the proxy of the environment, as a person's tools do.
func newTransport() *http.Transport { return &http.Transport{Proxy: http.ProxyFromEnvironment} }

// Close drops the agent's connections.
func (s *Shopper) Close() { s.http.CloseIdleConnections() }

// Dialect is the date that the agent speaks.
func (s *Shopper) Dialect() Dialect { return s.speaks }

// NewKey is an idempotency key that this agent has not used.
func (s *Shopper) NewKey(step string) string {
	s.keys++
	return fmt.Sprintf("%s-%s-%d", s.options.Keys, step, s.keys)
}

// Send sends one call. Sending it again with the same key and body is the same call. A nil body is none. The error says that no answer came:
// what became of the call is not known.
func (s *Shopper) Send(ctx context.Context, op Operation, id, key string, body any) (Reply, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body, json.Deterministic(true)); err != nil {
			return Reply{}, fmt.Errorf("write the call %s: %w", op, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	r, err := s.carrier.send(ctx, call{op: op, id: id, key: key, body: text})
	if err == nil && s.options.Watch != nil && text != nil {
		s.options.Watch(op, text, r)
	}
	return r, err
}

// Session sends a call under a key of its own and reads the session that it answers. Step names it in keys and errors.
func (s *Shopper) Session(ctx context.Context, step string, op Operation, id string, body any) (Checkout, error) {
	key := ""
	if op != Get {
		key = s.NewKey(step)
	}
	r, err := s.Send(ctx, op, id, key, body)
	if err != nil {
		return Checkout{}, err
	}
	return s.Read(step, op, r)
}

// Read reads the session of an answer. An answer that is no success is a [*Refusal]. An error beside a session that was read says that
// its totals do not add up.
func (s *Shopper) Read(step string, op Operation, r Reply) (Checkout, error) {
	want := http.StatusOK
	if op == Create {
		want = http.StatusCreated
	}
	if r.Refused || r.Status != 0 && r.Status != want {
		return Checkout{}, readRefusal(step, want, r)
	}
	c, err := s.speaks.ReadSession(r.Body)
	if err != nil {
		return Checkout{}, fmt.Errorf("%s: %w", step, err)
	}
	if c.ID == "" || c.Status == "" {
		return Checkout{}, fmt.Errorf("%s: the answer is no session: %s", step, short(r.Body))
	}
	return c, c.AddUp()
}

// short is the beginning of a body that was not expected.
func short(body []byte) string {
	const most = 300
	text := []rune(strings.Join(strings.Fields(string(body)), " "))
	if len(text) > most {
		return string(text[:most]) + " …"
	}
	return string(text)
}
