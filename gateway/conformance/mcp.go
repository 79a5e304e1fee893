package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// mcpRevision is the revision of MCP that the suite asks for.
const mcpRevision = "2025-06-18"

// mcpClient speaks JSON-RPC over MCP's Streamable HTTP. It keeps one MCP session for each bearer token.
type mcpClient struct {
	wire *wire
	url  string

	mu       sync.Mutex
	sessions map[string]mcpSession
	next     int
}

type mcpSession struct{ id, revision string }

func newMCPClient(w *wire, url string) *mcpClient {
	return &mcpClient{wire: w, url: url, sessions: map[string]mcpSession{}}
}

// forget drops all MCP sessions, for a seller that has started again.
func (c *mcpClient) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions = map[string]mcpSession{}
}

// rpcAnswer is the answer to one JSON-RPC request.
type rpcAnswer struct {
	status int // of HTTP
	header http.Header
	raw    []byte // the body, or the message within a stream
	node
}

// rpc sends one JSON-RPC request, or a notification where id is 0.
func (c *mcpClient) rpc(ctx context.Context, token string, session mcpSession, method string, params any, proof http.Header) (rpcAnswer, error) {
	message := obj{"jsonrpc": "2.0", "method": method}
	if params != nil {
		message["params"] = params
	}
	if !strings.HasPrefix(method, "notifications/") {
		c.mu.Lock()
		c.next++
		message["id"] = c.next
		c.mu.Unlock()
	}
	body, err := json.Marshal(message, json.Deterministic(true))
	if err != nil {
		return rpcAnswer{}, fmt.Errorf("write the call %s: %w", method, err)
	}
	header := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	maps.Copy(header, proof) // credentials stay out of arguments
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	if session.id != "" {
		header.Set("Mcp-Session-Id", session.id)
	}
	if session.revision != "" {
		header.Set("Mcp-Protocol-Version", session.revision)
	}
	status, got, text, err := c.wire.roundTrip(ctx, http.MethodPost, c.url, header, body)
	if err != nil {
		return rpcAnswer{}, err
	}
	if strings.HasPrefix(got.Get("Content-Type"), "text/event-stream") {
		text = lastEvent(text)
	}
	a := rpcAnswer{status: status, header: got, raw: text}
	a.node, _ = parse(text) // a refusal by the endpoint may be no JSON
	return a, nil
}

// lastEvent is the data of the last event of a stream that holds a response.
func lastEvent(stream []byte) []byte {
	var data, last []byte
	for s := bufio.NewScanner(bytes.NewReader(append(stream, "\n\n"...))); s.Scan(); {
		line := s.Bytes()
		if value, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			data = append(data, bytes.TrimPrefix(value, []byte(" "))...)
			continue
		}
		if len(line) == 0 && len(data) > 0 {
			if n, err := parse(data); err == nil && (n.has("result") || n.has("error")) {
				last = bytes.Clone(data)
			}
			data = nil
		}
	}
	return last
}

// session opens an MCP session for a token, once.
func (c *mcpClient) session(ctx context.Context, token string) (mcpSession, rpcAnswer, error) {
	c.mu.Lock()
	have, ok := c.sessions[token]
	c.mu.Unlock()
	if ok {
		return have, rpcAnswer{}, nil
	}
	a, err := c.rpc(ctx, token, mcpSession{}, "initialize", obj{
		"protocolVersion": mcpRevision, "capabilities": obj{}, "clientInfo": obj{"name": "postern-conform", "version": "1"},
	}, nil)
	if err != nil || a.status != http.StatusOK || !a.has("result") {
		return mcpSession{}, a, err
	}
	s := mcpSession{id: a.header.Get("Mcp-Session-Id"), revision: a.text("result", "protocolVersion")}
	if _, err := c.rpc(ctx, token, s, "notifications/initialized", nil, nil); err != nil {
		return mcpSession{}, a, err
	}
	c.mu.Lock()
	c.sessions[token] = s
	c.mu.Unlock()
	return s, a, nil
}

// call is one operation as a tool call.
func (c *mcpClient) call(ctx context.Context, r request) (answer, error) {
	meta := obj{}
	if r.version != "" {
		meta["api_version"] = r.version
	}
	if !r.keyless {
		meta["idempotency_key"] = r.key
	}
	for name, values := range r.header {
		meta[strings.ReplaceAll(strings.ToLower(name), "-", "_")] = values[0]
	}
	arguments := obj{"meta": meta}
	if r.op != opCreate {
		arguments["id"] = r.id
	}
	body, err := r.bytes()
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		if arguments["payload"], err = rawValue(body); err != nil {
			return answer{}, err
		}
	}
	token := r.token
	if r.naked {
		token = ""
	}
	return c.tool(ctx, token, r.proof, r.op.tool(), arguments, "MCP "+r.op.tool()+" "+r.id+shownBody(body))
}

// rawValue keeps the text of a body as it is, in a bigger message.
func rawValue(body []byte) (any, error) {
	if _, err := parse(body); err != nil {
		return nil, errors.New("over MCP a payload is JSON")
	}
	return jsontext.Value(body), nil
}

// tool is one tools/call.
func (c *mcpClient) tool(ctx context.Context, token string, proof http.Header, name string, arguments obj, sent string) (answer, error) {
	s, opened, err := c.session(ctx, token)
	a := answer{sent: sent, transport: MCP, header: http.Header{}}
	if err != nil {
		return a, err
	}
	if s.revision == "" { // the endpoint would not have us
		a.status, a.header, a.raw, a.refused, a.node = opened.status, opened.header, opened.raw, true, opened.node
		return a, nil
	}
	got, err := c.rpc(ctx, token, s, "tools/call", obj{"name": name, "arguments": arguments}, proof)
	if err != nil {
		return a, err
	}
	a.raw, a.header = got.raw, got.header
	switch {
	case got.status != http.StatusOK:
		a.status, a.refused, a.node = got.status, true, got.node
	case got.has("error"):
		a.refused, a.node = true, got.at("error", "data")
		a.rpcCode = got.amount("error", "code")
	case got.truth("result", "isError"):
		a.refused, a.node = true, got.at("result", "structuredContent")
	default:
		a.node = got.at("result", "structuredContent")
		if first := got.list("result", "content"); len(first) > 0 {
			a.mirror = first[0].text("text")
		}
	}
	return a, nil
}
