package shopper

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// mcpRevision is the revision of MCP that the agent asks for.
const mcpRevision = "2025-06-18"

// mcp carries calls as tools (docs/mcp-binding.md of the specification): JSON-RPC 2.0 over MCP's Streamable HTTP, at /mcp of the
// seller's origin.
type mcp struct {
	*wire

	revision, session string // agreed with the server; revision is empty before
	requests          int
}

// rpc is a JSON-RPC response.
type rpc struct {
	Result struct {
		ProtocolVersion string         `json:"protocolVersion"`
		Structured      jsontext.Value `json:"structuredContent"`
		IsError         bool           `json:"isError"`
		Content         []struct {
			Text string `json:"text"`
		} `json:"content"`
	} `json:"result"`
	Error *struct {
		Code    int64          `json:"code"`
		Message string         `json:"message"`
		Data    jsontext.Value `json:"data"`
	} `json:"error"`
}

func (t *mcp) send(ctx context.Context, c call) (Reply, error) {
	if t.revision == "" {
		if r, err := t.open(ctx); err != nil || r.Refused {
			return r, err
		}
	}
	meta := object{"api_version": t.version}
	if c.key != "" {
		meta["idempotency_key"], meta["request_id"] = c.key, c.key
	}
	arguments := object{"meta": meta}
	if c.op != Create {
		arguments["id"] = c.id
	}
	if c.body != nil {
		arguments["payload"] = jsontext.Value(c.body)
	}
	r, answer, err := t.request(ctx, "tools/call", object{"name": string(c.op) + "_checkout_session", "arguments": arguments})
	if err != nil || r.Refused {
		return r, err
	}
	r.Status = 0
	switch {
	case answer.Error != nil:
		r.Refused = true
		if len(answer.Error.Data) > 0 {
			r.Body = answer.Error.Data
		}
	case len(answer.Result.Structured) > 0:
		r.Body, r.Refused = answer.Result.Structured, answer.Result.IsError
	default:
		r.Refused = answer.Result.IsError
		if len(answer.Result.Content) > 0 {
			r.Body = []byte(answer.Result.Content[0].Text)
		}
	}
	return r, nil
}

// open begins with MCP's handshake.
func (t *mcp) open(ctx context.Context) (Reply, error) {
	r, answer, err := t.request(ctx, "initialize", object{
		"protocolVersion": mcpRevision, "capabilities": object{}, "clientInfo": object{"name": "postern-buy", "version": "1"},
	})
	if err != nil || r.Refused {
		return r, err
	}
	if answer.Error != nil || answer.Result.ProtocolVersion == "" {
		r.Refused = true
		return r, nil
	}
	t.revision, t.session = answer.Result.ProtocolVersion, r.Header.Get("Mcp-Session-Id")
	r, _, err = t.request(ctx, "notifications/initialized", nil)
	return r, err
}

// request sends one JSON-RPC request or notification. A reply that the endpoint itself refused holds its body.
func (t *mcp) request(ctx context.Context, method string, params any) (Reply, rpc, error) {
	message := object{"jsonrpc": "2.0", "method": method}
	notification := params == nil
	if !notification {
		t.requests++
		message["id"], message["params"] = strconv.Itoa(t.requests), params
	}
	body, err := json.Marshal(message, json.Deterministic(true))
	if err != nil {
		return Reply{}, rpc{}, fmt.Errorf("write the call %s: %w", method, err)
	}
	header := http.Header{
		"Authorization": {"Bearer " + t.token}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
	}
	if t.revision != "" {
		header.Set("Mcp-Protocol-Version", t.revision)
	}
	if t.session != "" {
		header.Set("Mcp-Session-Id", t.session)
	}
	status, got, text, err := t.roundTrip(ctx, http.MethodPost, t.url+"/mcp", header, body)
	if err != nil {
		return Reply{}, rpc{}, err
	}
	r := Reply{Status: status, Header: got, Body: text, Refused: status < 200 || status > 299}
	if r.Refused || notification {
		return r, rpc{}, nil
	}
	if bytes.HasPrefix([]byte(got.Get("Content-Type")), []byte("text/event-stream")) {
		text = lastEvent(text)
	}
	var answer rpc
	if err := read(text, &answer, "the answer to "+method); err != nil {
		return Reply{}, rpc{}, err
	}
	r.Body = text
	return r, answer, nil
}

// lastEvent is the data of the last event of a stream, which is the response.
func lastEvent(stream []byte) []byte {
	var data, last []byte
	for line := range bytes.Lines(append(stream, "\n\n"...)) {
		line = bytes.TrimRight(line, "\r\n")
		switch value, ok := bytes.CutPrefix(line, []byte("data:")); {
		case ok:
			data = append(data, bytes.TrimPrefix(value, []byte(" "))...)
		case len(line) == 0 && len(data) > 0:
			last, data = data, nil
		}
	}
	return last
}
