package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// callTime is how long the suite waits for one answer, above any time that a seller may take.
	callTime = 60 * time.Second
	// maxAnswer is the most bytes of one answer.
	maxAnswer = 8 << 20
)

// obj is a JSON object of a request.
type obj = map[string]any

// list is a JSON array of a request.
type list = []any

// rawJSON is a request body that is sent as it is.
type rawJSON string

// operation is what a call wants.
type operation string

const (
	opCreate   operation = "create"
	opGet      operation = "get"
	opUpdate   operation = "update"
	opComplete operation = "complete"
	opCancel   operation = "cancel"
)

// tool is the operation's name over MCP.
func (o operation) tool() string { return string(o) + "_checkout_session" }

// request is one call. The zero values of the options are the normal call.
type request struct {
	op   operation
	id   string
	body any // nil: none; rawJSON: as it is; anything else is written as JSON

	key     string // of idempotency
	keyless bool
	version string
	token   string
	naked   bool // without Authorization
	header  http.Header
	proof   http.Header // headers that hold credentials, which MCP keeps out of arguments

	// method and path are for what is no operation of a session.
	method, path string
}

// answer is what came back. Over MCP a refusal has no status: it is 0 unless the endpoint itself refused.
type answer struct {
	sent      string // the call in one line
	transport Transport
	status    int
	header    http.Header
	raw       []byte
	rpcCode   int64 // of a JSON-RPC error
	refused   bool
	// mirror is the text that an MCP result repeats its session in.
	mirror string

	node // the body
}

// route is the REST method and path of a call.
func (r request) route() (method, path string) {
	if r.path != "" {
		return r.method, r.path
	}
	const root = "/checkout_sessions"
	switch r.op {
	case opCreate:
		return http.MethodPost, root
	case opGet:
		return http.MethodGet, root + "/" + r.id
	case opUpdate:
		return http.MethodPost, root + "/" + r.id
	default:
		return http.MethodPost, root + "/" + r.id + "/" + string(r.op)
	}
}

// bytes is the body as it is sent; nil where there is none.
func (r request) bytes() ([]byte, error) {
	switch body := r.body.(type) {
	case nil:
		return nil, nil
	case rawJSON:
		return []byte(body), nil
	default:
		text, err := json.Marshal(body, json.Deterministic(true))
		if err != nil {
			return nil, fmt.Errorf("write the body of %s: %w", r.op, err)
		}
		return text, nil
	}
}

// wire speaks HTTP for the whole run.
type wire struct {
	url       string
	transport *http.Transport
	mcp       *mcpClient
}

func newWire(url string) *wire {
	transport := &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true, IdleConnTimeout: time.Minute}
	return &wire{url: strings.TrimSuffix(url, "/"), transport: transport}
}

func (w *wire) close() { w.transport.CloseIdleConnections() }

// roundTrip sends one HTTP request and reads the whole answer.
func (w *wire) roundTrip(ctx context.Context, method, url string, header http.Header, body []byte) (int, http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var reader io.Reader = http.NoBody
	if body != nil {
		reader = struct{ io.Reader }{bytes.NewReader(body)} // one that the transport cannot send twice
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("call %s %s: %w", method, url, err)
	}
	req.Header = header
	if body != nil {
		req.ContentLength = int64(len(body))
	}
	res, err := w.transport.RoundTrip(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("call %s %s: %w", method, url, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = errors.New("the answer is longer than any answer should be")
	}
	if err != nil {
		return 0, nil, nil, fmt.Errorf("read the answer to %s %s: %w", method, url, err)
	}
	return res.StatusCode, res.Header, text, nil
}

// rest sends one call over REST.
func (w *wire) rest(ctx context.Context, r request) (answer, error) {
	method, path := r.route()
	body, err := r.bytes()
	if err != nil {
		return answer{}, err
	}
	header := r.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	maps.Copy(header, r.proof)
	setUnlessThere(header, "Content-Type", "application/json", body != nil)
	setUnlessThere(header, "Api-Version", r.version, r.version != "")
	setUnlessThere(header, "Authorization", "Bearer "+r.token, !r.naked)
	setUnlessThere(header, "Idempotency-Key", r.key, !r.keyless)
	status, got, text, err := w.roundTrip(ctx, method, w.url+path, header, body)
	a := answer{sent: method + " " + path + shownBody(body), transport: REST, status: status, header: got, raw: text, refused: status >= http.StatusBadRequest}
	if err != nil {
		return a, err
	}
	a.node, _ = parse(text) // a body that is no JSON reads as nothing; GEN-02 is about it
	return a, nil
}

func setUnlessThere(h http.Header, name, value string, wanted bool) {
	if _, there := h[name]; wanted && !there {
		h.Set(name, value)
	}
}

func shownBody(body []byte) string {
	if body == nil {
		return ""
	}
	return " " + excerpt(string(body), 600)
}
