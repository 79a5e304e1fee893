package mcpapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// door decides who may speak to the endpoint, before the body is read. The SDK has a middleware for bearer tokens; it reads the header by
// rules of its own, asks the machine's clock and answers in plain text, and one way of reading tokens is enough.
type door struct {
	agents  *acp.Agents
	clock   clock.Clock
	maxBody int64
	origins origins
	servers []string
	inside  http.Handler
}

// visit is who is inside.
type visit struct {
	peer   *acp.Peer
	caller acp.Caller
}

type visitKey struct{}

func visitOf(ctx context.Context) visit {
	if v, ok := ctx.Value(visitKey{}).(visit); ok {
		return v
	}
	return visit{peer: &acp.Peer{}}
}

// ServeHTTP lets one request in, or says why not.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	peer := acp.PeerOf(r.Context())
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	if !d.origins.host(r, peer.Host) || !d.origins.web(r, peer.Host) {
		refuse(w, http.StatusForbidden, &jsonrpc.Error{
			Code: jsonrpc.CodeInvalidRequest, Message: "this endpoint is not called from web pages of other origins; its own is public_url",
		})
		return
	}
	caller, err := d.agents.Caller(peer.Token, d.clock.Now())
	if err != nil {
		header.Set("WWW-Authenticate", d.challenge(r, peer))
		refused(w, peer, err)
		return
	}
	peer.Answered(acp.Response{Agent: caller.Name})
	if r.Method != http.MethodPost {
		header.Set("Allow", http.MethodPost)
		refused(w, peer, commerce.Faultf(commerce.MethodNotAllowed, "this endpoint is stateless: there is no stream to open and no session to end; use POST"))
		return
	}
	body, err := d.body(w, r)
	if err != nil {
		header.Set("Connection", "close") // what is left of the body will not be read
		refused(w, peer, err)
		return
	}
	e := checkMessage(body)
	if e == nil {
		e = checkCall(body)
	}
	if e != nil {
		refuse(w, http.StatusBadRequest, e)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, visit{peer: peer, caller: caller}))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	d.inside.ServeHTTP(w, r)
}

// checkMessage refuses what is no single JSON text. The SDK's own decoder takes some that is none, and answers in plain text. Whether
// names stand twice and text is UTF-8 is looked at where it can be told apart: in the envelope, and by the pipeline.
func checkMessage(body []byte) *jsonrpc.Error {
	switch v := jsontext.Value(body); {
	case !v.IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)):
		return &jsonrpc.Error{Code: jsonrpc.CodeParseError, Message: "the body is no JSON"}
	case v.Kind() == jsontext.KindBeginArray:
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: "batches are not taken; send one message in each request"}
	default:
		return nil
	}
}

// checkCall refuses a call of a tool whose params have the wrong shape. The SDK would too, and would repeat them whole in its error, with
// the tokens and buyers that they hold.
func checkCall(body []byte) *jsonrpc.Error {
	var m struct {
		Method string         `json:"method"`
		Params jsontext.Value `json:"params"`
	}
	lax := json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err := json.Unmarshal(body, &m, lax); err != nil || m.Method != methodCall || len(m.Params) == 0 || m.Params.Kind() == jsontext.KindNull {
		return nil // the SDK says what is wrong with these, and repeats nothing
	}
	var params struct {
		Meta      map[string]jsontext.Value `json:"_meta"`
		Name      string                    `json:"name"`
		Responses *struct{}                 `json:"inputResponses"` // nobody was asked for anything
		State     string                    `json:"requestState"`
	}
	if err := json.Unmarshal(m.Params, &params, lax); err != nil || params.Responses != nil {
		return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "the params of " + methodCall + " have the wrong shape" + at(err)}
	}
	return nil
}

// challenge is the WWW-Authenticate header (RFC 6750 3, RFC 9728 5.1). Where the gateway's name is not known it does not point anywhere.
func (d *door) challenge(r *http.Request, peer *acp.Peer) string {
	var params []string
	if len(r.Header["Authorization"]) > 0 {
		params = append(params, `error="invalid_token"`)
	}
	if origin := d.origins.own(r, peer.Host); origin != "" {
		params = append(params, `resource_metadata="`+origin+PathMetadataTail+`"`)
	}
	if len(params) == 0 {
		return "Bearer"
	}
	return "Bearer " + strings.Join(params, ", ")
}

// body reads the whole request body within the limit. Its errors are faults. Compressed bodies are refused: what a small one unpacks to
// has no limit.
func (d *door) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	tooLarge := commerce.Faultf(commerce.TooLarge, "the body is larger than %d bytes", d.maxBody)
	if r.ContentLength > d.maxBody {
		return nil, tooLarge
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, commerce.Faultf(commerce.UnsupportedMedia, "compressed bodies are not accepted; send the JSON as it is")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, d.maxBody))
	if err == nil {
		return body, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return nil, commerce.Faultf(commerce.RequestTimeout, "the body did not arrive in time").Because(err)
	}
	return nil, commerce.Faultf(commerce.Invalid, "the body ended before its announced length").Because(err)
}

// refused tells a fault that no call came of, with the status that it has over REST.
func refused(w http.ResponseWriter, peer *acp.Peer, err error) {
	response := acp.Refusal("", err)
	response.Agent = peer.Answer().Agent
	peer.Answered(response)
	refuse(w, response.Status, rpcError(response))
}

// refuse writes a JSON-RPC error that answers no message and has no id, as MCP has it for requests that are not let in.
func refuse(w http.ResponseWriter, status int, e *jsonrpc.Error) {
	body, err := jsonrpc.EncodeMessage(&jsonrpc.Response{Error: e})
	if err != nil { // a code and two texts always encode; should they not, the status says enough
		body = nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // who has gone away misses it
}
