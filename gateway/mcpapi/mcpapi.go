package mcpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/clock"
)

// The paths that are served. The metadata of a resource with a path stands behind that path (RFC 9728 3.1); clients that do not know the
// rule ask at the root.
const (
	Path             = "/mcp"
	PathMetadata     = "/.well-known/oauth-protected-resource"
	PathMetadataTail = PathMetadata + Path
)

// DefaultMaxBody is the size of a request body in bytes, as over REST.
const DefaultMaxBody = 256 << 10

// Pipeline answers calls: *acp.Pipeline.
type Pipeline interface {
	Do(ctx context.Context, r acp.Request) acp.Response
}

// Options are what the endpoint needs.
type Options struct {
	Pipeline Pipeline
	Agents   *acp.Agents
	Clock    clock.Clock
	// Carts offers the tools of carts beside those of checkout sessions, to agents whose shop keeps carts.
	Carts bool
	// CartsAt reports whether a shop keeps carts; nil: every shop does.
	CartsAt func(shop string) bool
	// Limits counts the messages that never become a call of the pipeline, which counts its own; nil: there are none.
	Limits acp.Limits
	// MaxBody is the most bytes of a request body. Default [DefaultMaxBody].
	MaxBody int64
	// PublicURL is the origin that clients know the gateway by; empty: the one that each request names.
	PublicURL string
	// Hosts are the shops' host names, which are origins of the gateway too.
	Hosts []string
	// Proxied says that trusted proxies stand in front, so that a connection from this machine may be anybody's.
	Proxied bool
	// AuthorizationServers are the issuers that the metadata names; empty: it names none.
	AuthorizationServers []string
}

// shell is the MCP binding.
type shell struct {
	pipeline Pipeline
	limits   acp.Limits
}

// New makes the endpoint with its metadata; it serves [Path], [PathMetadata] and [PathMetadataTail]. The requests must carry an
// [acp.Peer] in their context. It is safe for concurrent use.
func New(o Options) http.Handler {
	if o.Agents == nil {
		o.Agents = &acp.Agents{}
	}
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.CartsAt == nil {
		o.CartsAt = func(string) bool { return true }
	}
	s := &shell{pipeline: o.Pipeline, limits: o.Limits}
	plain, whole := s.server(tools(false)), s.server(tools(o.Carts))
	d := &door{
		agents: o.Agents, clock: o.Clock, maxBody: o.MaxBody, origins: newOrigins(o), servers: o.AuthorizationServers,
		// Hosts and origins are checked by the door, which knows the gateway's names; the SDK would turn a proxy on this machine away.
		inside: mcp.NewStreamableHTTPHandler(func(r *http.Request) *mcp.Server {
			v := visitOf(r.Context())
			if shop, err := v.caller.Shop(v.peer.Host); err != nil || !o.CartsAt(shop) {
				return plain // what the shop cannot do is not offered
			}
			return whole
		}, &mcp.StreamableHTTPOptions{
			Stateless: true, JSONResponse: true, DisableLocalhostProtection: true, MaxRequestBodyBytes: o.MaxBody,
		}),
	}
	mux := http.NewServeMux()
	mux.Handle(Path, d)
	mux.HandleFunc(PathMetadata, d.metadata)
	mux.HandleFunc(PathMetadataTail, d.metadata)
	return mux
}

// server is the SDK's server with these tools.
func (s *shell) server(all []tool) *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "postern", Title: "Postern: agentic checkout", Version: version()}, &mcp.ServerOptions{
		Instructions: instructions, Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}},
	})
	for _, t := range all {
		server.AddTool(t.listed(), s.handler(t))
	}
	server.AddReceivingMiddleware(s.guarded)
	return server
}

// methodCall is the one method whose messages become calls of the pipeline.
const methodCall = "tools/call"

// guarded lets pass what the endpoint has, and survives what it does not survive by itself: the SDK answers on goroutines of its own,
// where a panic would end the process. A subscription is refused because nothing is ever sent on it, and it would hold its connection.
func (s *shell) guarded(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (result mcp.Result, err error) {
		defer func() {
			if v := recover(); v != nil {
				result, err = nil, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: "something went wrong on our side"}
			}
		}()
		if method == "subscriptions/listen" {
			return nil, &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: "there is nothing to subscribe to"}
		}
		if method != methodCall && !strings.HasPrefix(method, "notifications/") { // those are not answered
			if err := s.count(ctx); err != nil {
				return nil, err
			}
		}
		return next(ctx, method, req)
	}
}

// count counts a message that is no call of the pipeline, as that counts calls.
func (s *shell) count(ctx context.Context) error {
	if s.limits == nil {
		return nil
	}
	v := visitOf(ctx)
	err := s.limits.Call(v.caller.Name)
	if err == nil {
		return nil
	}
	response := acp.Refusal("", err)
	response.Agent = v.caller.Name
	v.peer.Answered(response)
	return rpcError(response)
}

// handler answers the calls of one tool.
func (s *shell) handler(t tool) mcp.ToolHandler {
	return func(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		a, err := t.read(req.Params.Arguments)
		if err != nil {
			if limited := s.count(ctx); limited != nil {
				return nil, limited
			}
			return nil, malformed(err)
		}
		v := visitOf(ctx)
		r := acp.Request{
			Operation: t.operation, MCP: true, ID: a.id, Token: v.peer.Token, Host: v.peer.Host, APIVersion: a.meta.APIVersion,
			Language: a.meta.AcceptLanguage, Signature: a.meta.Signature, Timestamp: a.meta.Timestamp, Identity: v.peer.Identity,
			RequestID: v.peer.RequestID,
		}
		if a.meta.Key != nil {
			r.Key, r.KeyPresent = *a.meta.Key, true
		}
		if usableRequestID(a.meta.RequestID) {
			r.RequestID = a.meta.RequestID
		}
		if a.payload != nil {
			r.Body = func() ([]byte, error) { return a.payload, nil }
		}
		response := s.pipeline.Do(ctx, r)
		v.peer.Answered(response)
		return answer(response, v.caller.Errors, r.RequestID)
	}
}

// malformed tells an envelope that is no tool's arguments.
func malformed(err error) error {
	if e, ok := errors.AsType[*jsonrpc.Error](err); ok {
		return e
	}
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("the arguments cannot be read: %s", err)}
}

// version is the module's own, as the build knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
