package shopclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// The limits of a round trip unless [Options] say otherwise.
const (
	DefaultMaxBody = 2 << 20 // bytes
	DefaultTimeout = 10 * time.Second
)

// Options say how a [Client] works. Transport is required; zero numbers mean the defaults.
type Options struct {
	Transport http.RoundTripper
	MaxBody   int64         // bytes of an answer
	Timeout   time.Duration // of one round trip, the reading of the answer included
	UserAgent string
}

// Client makes round trips to a shop. It keeps nothing between calls and is safe for concurrent use.
type Client struct{ o Options }

// New makes a client.
func New(o Options) *Client {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.UserAgent == "" {
		o.UserAgent = "postern"
	}
	return &Client{o: o}
}

// Request is one call. URL is complete; Template is what errors show instead of it, such as "/carts/{id}".
type Request struct {
	Method      string
	URL         *url.URL
	Template    string
	Header      http.Header
	Body        []byte // nil: none
	ContentType string // of Body; empty means application/json
	// Write says that losing the answer leaves the outcome unknown. A call whose effect may happen twice or not at all without harm
	// is no write in this sense, whatever its method.
	Write bool
}

// name is what errors call the request.
func (r Request) name() string { return r.Method + " " + r.Template }

// Content is what an answer holds.
type Content uint8

// What an answer holds: nothing, JSON, or something that is not JSON, such as a page for people.
const (
	Empty Content = iota
	JSON
	Other
)

// Response is an answer that arrived whole, of any status.
type Response struct {
	Status  int
	Header  http.Header
	Content Content
	Body    any // the value when Content is JSON, see [Decode]

	request Request
}

// Do sends r once. The error is a *[commerce.Fault] of kind Temporary, or Indeterminate when r is a write that may have taken effect.
// An answer of status 2xx with broken JSON is such a failure; one of another status is returned with Content Other, because the status
// says enough.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	if ctx.Err() != nil {
		return Response{}, commerce.Faultf(commerce.Temporary, "%s was not sent: the time for it has passed", r.name())
	}
	ctx, sent := trace(ctx)
	req, err := c.build(ctx, r)
	if err != nil {
		return Response{}, err
	}
	resp, err := c.o.Transport.RoundTrip(req)
	if err != nil {
		if notSent(err) || sent.never() {
			return Response{}, commerce.Faultf(commerce.Temporary, "%s was not sent: %s", r.name(), cause(err))
		}
		return Response{}, lost(r, 0, cause(err))
	}
	defer func() { _ = resp.Body.Close() }() // the answer was read or given up: closing loses nothing
	return c.read(r, resp)
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, r.URL.String(), nil)
	if err != nil {
		return nil, commerce.Faultf(commerce.Temporary, "%s was not sent: the request cannot be built", r.name())
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", c.o.UserAgent)
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	if r.Body != nil {
		kind := r.ContentType
		if kind == "" {
			kind = "application/json"
		}
		req.Header.Set("Content-Type", kind)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		// Go's transport sends a request again by itself when the connection dies under it, if its body can be replayed (a missing
		// body can) and it is a read or carries Idempotency-Key. A body of a foreign type without GetBody cannot be replayed.
		req.Body, req.ContentLength = once(r.Body), int64(len(r.Body))
	}
	return req, nil
}

func (c *Client) read(r Request, resp *http.Response) (Response, error) {
	out := Response{Status: resp.StatusCode, Header: resp.Header, request: r}
	data, err := io.ReadAll(io.LimitReader(resp.Body, c.o.MaxBody+1))
	if err != nil {
		return Response{}, lost(r, resp.StatusCode, "the answer broke off: "+cause(err))
	}
	if int64(len(data)) > c.o.MaxBody {
		return Response{}, lost(r, resp.StatusCode, fmt.Sprintf("the answer is larger than %d bytes", c.o.MaxBody))
	}
	if len(data) == 0 {
		return out, nil
	}
	if !isJSON(resp.Header.Get("Content-Type"), data) {
		out.Content = Other
		return out, nil
	}
	out.Body, err = Decode(data)
	switch {
	case err == nil:
		out.Content = JSON
	case out.OK():
		return Response{}, lost(r, resp.StatusCode, "the answer is not usable: "+err.Error())
	default:
		out.Content = Other
	}
	return out, nil
}

// isJSON believes the content type; without one it looks at the first character.
func isJSON(contentType string, data []byte) bool {
	if contentType == "" {
		text := strings.TrimLeft(string(data[:min(len(data), 64)]), " \t\r\n")
		return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return kind == "application/json" || kind == "text/json" || strings.HasSuffix(kind, "+json")
}

// lost is the fault of a request that was sent and whose answer cannot be used. status is 0 when none arrived.
func lost(r Request, status int, why string) *commerce.Fault {
	name := r.name()
	if status != 0 {
		name = fmt.Sprintf("%s answered %d", name, status)
	}
	if r.Write {
		return commerce.Faultf(commerce.Indeterminate, "%s: the outcome is unknown: %s", name, why)
	}
	return commerce.Faultf(commerce.Temporary, "%s: %s", name, why)
}
