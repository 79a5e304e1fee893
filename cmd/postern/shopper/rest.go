package shopper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// wire is HTTP to one seller.
type wire struct {
	transport           *http.Transport
	url, token, version string
}

// roundTrip sends one request and reads the whole answer. Redirects are not followed: a bearer token stays where it was meant to go.
func (w *wire) roundTrip(ctx context.Context, method, address string, header http.Header, body []byte) (int, http.Header, []byte, error) {
	var reader io.Reader = http.NoBody
	if body != nil {
		reader = struct{ io.Reader }{bytes.NewReader(body)} // one that net/http cannot send twice unasked
	}
	req, err := http.NewRequestWithContext(ctx, method, address, reader)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("call %s: %w", address, err)
	}
	req.Header = header
	if body != nil {
		req.ContentLength = int64(len(body))
	}
	res, err := w.transport.RoundTrip(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("call %s: %w", address, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = errors.New("the answer is longer than any answer should be")
	}
	if err != nil {
		return 0, nil, nil, fmt.Errorf("call %s: %w", address, err)
	}
	return res.StatusCode, res.Header, text, nil
}

// rest carries calls over HTTP as they are.
type rest struct{ *wire }

func (t rest) send(ctx context.Context, c call) (Reply, error) {
	method, path := http.MethodPost, "/checkout_sessions"
	switch c.op {
	case Create:
	case Get:
		method, path = http.MethodGet, path+"/"+url.PathEscape(c.id)
	case Update:
		path += "/" + url.PathEscape(c.id)
	case Complete, Cancel:
		path += "/" + url.PathEscape(c.id) + "/" + string(c.op)
	}
	header := http.Header{"Authorization": {"Bearer " + t.token}, "Api-Version": {t.version}}
	if c.body != nil {
		header.Set("Content-Type", "application/json")
	}
	if c.key != "" {
		header.Set("Idempotency-Key", c.key)
		header.Set("Request-Id", c.key)
	}
	status, got, text, err := t.roundTrip(ctx, method, t.url+path, header, c.body)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Status: status, Header: got, Body: text, Refused: status < 200 || status > 299}, nil
}
