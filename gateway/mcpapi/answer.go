package mcpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/acp"
)

// codeACP is the JSON-RPC code of an ACP error; the error itself is the data (docs/mcp-binding.md, read 2026-11-22).
const codeACP = -32000

// What REST says in its status line and headers, in _meta.
const (
	metaStatus     = "status"              // REST's status
	metaRequestID  = "request_id"          // names the call in our log
	metaReplayed   = "idempotent_replayed" // true: this is the stored answer to an earlier call
	metaRetryAfter = "retry_after"         // seconds
)

// answer carries a response: a tool's result, or the error of an ACP error. The text mirrors the structured content because hosts give
// their model the one or the other.
func answer(r acp.Response, errors, requestID string) (*mcp.CallToolResult, error) {
	failed := r.Status >= http.StatusBadRequest
	if failed && errors != config.MCPErrorsTool {
		return nil, rpcError(r)
	}
	about := mcp.Meta{metaStatus: r.Status, metaRequestID: requestID}
	if r.Replayed {
		about[metaReplayed] = true
	}
	if r.RetryAfter > 0 {
		about[metaRetryAfter] = int64(r.RetryAfter / time.Second)
	}
	return &mcp.CallToolResult{
		Meta: about, IsError: failed, Content: []mcp.Content{&mcp.TextContent{Text: string(r.Body)}}, StructuredContent: jsontext.Value(r.Body),
	}, nil
}

// rpcError is a refusal as a JSON-RPC error. It has no _meta, so that its message says when to come again.
func rpcError(r acp.Response) *jsonrpc.Error {
	var problem struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(r.Body, &problem); err != nil || problem.Message == "" {
		problem.Message = "the call was refused"
	}
	if r.RetryAfter > 0 {
		problem.Message += fmt.Sprintf(" (retry after %d s)", r.RetryAfter/time.Second)
	}
	return &jsonrpc.Error{Code: codeACP, Message: problem.Message, Data: r.Body}
}
