package stripepay

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/postern-gateway/postern/gateway/clock"
)

// maxAnswer is the most that is read of an answer, in bytes; a page of 100 intents has about 300 KB.
const maxAnswer = 4 << 20

var errTooLong = errors.New("the answer is longer than 4 MiB")

// transport carries each call exactly once.
//
// Go's own transport sends a POST again on a fresh connection when a kept-alive one dies, if the request has an Idempotency-Key and
// a body that it can get anew. Such a hidden second arrival would be harmless at Stripe but not noticed here; so the body goes out
// as one that can be read once, and the saga alone decides about repeating.
type transport struct {
	next    http.RoundTripper
	account string // connected, that every call is for; empty: the key's own
	log     *slog.Logger
	clock   clock.Clock
}

// RoundTrip sends the request and logs it without its secrets.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	out := req.Clone(req.Context())
	// The SDK describes the machine here, uname included.
	out.Header.Del("X-Stripe-Client-User-Agent")
	if t.account != "" {
		out.Header.Set("Stripe-Account", t.account)
	}
	if out.Method == http.MethodPost {
		out.GetBody = nil
		out.Body = &once{next: req.Body}
	}
	start := t.clock.Now()
	res, err := t.next.RoundTrip(out)
	line := []any{slog.String("method", out.Method), slog.String("route", Route(out.URL.Path)), slog.Duration("took", t.clock.Now().Sub(start))}
	if err != nil {
		t.log.DebugContext(req.Context(), "stripe call failed", line...)
		return nil, err
	}
	line = append(line, slog.Int("status", res.StatusCode), slog.String("request_id", res.Header.Get("Request-Id")))
	t.log.DebugContext(req.Context(), "stripe call", line...)
	res.Body = &capped{next: res.Body, left: maxAnswer}
	return res, nil
}

// Route is a path of Stripe's API with ids and tokens taken out, fit for logs, spans and metrics.
func Route(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		for _, prefix := range []string{"pi_", "re_", "ch_", "spt_"} {
			if strings.HasPrefix(part, prefix) {
				parts[i] = "{id}"
			}
		}
		if i > 0 && (parts[i-1] == "granted_tokens" || parts[i-1] == "payment_intents" || parts[i-1] == "refunds") {
			parts[i] = "{id}"
		}
	}
	return strings.Join(parts, "/")
}

// once is a body that cannot be replayed, not even when it is empty: net/http replays a POST without a body, too.
type once struct{ next io.ReadCloser }

func (o *once) Read(p []byte) (int, error) {
	if o.next == nil {
		return 0, io.EOF
	}
	return o.next.Read(p)
}

func (o *once) Close() error {
	if o.next == nil {
		return nil
	}
	return o.next.Close()
}

// capped is an answer that ends with an error, not quietly, when it is too long.
type capped struct {
	next io.ReadCloser
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.next.Read(p)
	c.left -= int64(n)
	return n, err
}

func (c *capped) Close() error { return c.next.Close() }

// trip tells how far a request came.
type trip struct{ sought, connected atomic.Bool }

// follow watches the next request made under the returned context.
func follow(ctx context.Context) (context.Context, *trip) {
	t := &trip{}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { t.sought.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	}), t
}

// unsent reports whether the request surely never left: a connection was sought and none was had. A transport that does not report
// its connections proves nothing.
func (t *trip) unsent() bool { return t.sought.Load() && !t.connected.Load() }

// quiet drops the SDK's log lines: they hold paths with tokens, and whole answers.
type quiet struct{}

func (quiet) Debugf(string, ...any) {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
