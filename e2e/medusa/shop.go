package medusa

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/shopspring/decimal"
)

// maxAnswer bounds what is read of one answer, in bytes. The largest seen is an order with everything, 60 kB.
const maxAnswer = 4 << 20

// Shop is a handle on a running Medusa shop, signed in as its administrator. It is safe for concurrent use.
type Shop struct {
	// URL is the shop's base address without a trailing slash.
	URL string

	client *http.Client
	token  string
}

// APIError is an answer of Medusa that is no success.
type APIError struct {
	// Method and Path name the call.
	Method, Path string
	// Status is the HTTP status.
	Status int
	// Body is the answer as it came.
	Body string
}

// Error says what was called and what came back.
func (e *APIError) Error() string {
	return fmt.Sprintf("%s %s: status %d: %s", e.Method, e.Path, e.Status, e.Body)
}

// OpenFromEnv opens the shop that .ci/medusa.sh started, by the variables that it prints.
func OpenFromEnv(ctx context.Context) (*Shop, error) {
	base, email, password := os.Getenv("MEDUSA_URL"), os.Getenv("MEDUSA_EMAIL"), os.Getenv("MEDUSA_PASSWORD")
	if base == "" || email == "" || password == "" {
		return nil, errors.New(`no shop is named: run eval "$(.ci/medusa.sh start)" first, it sets MEDUSA_URL, MEDUSA_EMAIL and MEDUSA_PASSWORD`)
	}
	return Open(ctx, base, email, password)
}

// Open signs in to the shop at base. The token that it gets lasts 24 hours.
func Open(ctx context.Context, base, email, password string) (*Shop, error) {
	s := &Shop{URL: base, client: &http.Client{Timeout: 30 * time.Second}}
	var answer struct {
		Token string `json:"token"`
	}
	err := s.call(ctx, http.MethodPost, "/auth/user/emailpass", map[string]any{"email": email, "password": password}, &answer)
	if err != nil {
		return nil, fmt.Errorf("sign in to the shop: %w", err)
	}
	s.token = answer.Token
	return s, nil
}

// Close drops the idle connections to the shop.
func (s *Shop) Close() { s.client.CloseIdleConnections() }

// get reads path with query into out.
func (s *Shop) get(ctx context.Context, path string, query url.Values, out any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return s.call(ctx, http.MethodGet, path, nil, out)
}

// post sends body to path and reads the answer into out, which may be nil.
func (s *Shop) post(ctx context.Context, path string, body, out any) error {
	return s.call(ctx, http.MethodPost, path, body, out)
}

// number is an amount as the JSON number that Medusa wants, written out exactly.
func number(amount decimal.Decimal) json.Number { return json.Number(amount.String()) }

// call makes one call and decodes its answer.
func (s *Shop) call(ctx context.Context, method, path string, body, out any) error {
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode the body of %s %s: %w", method, path, err)
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, payload)
	if err != nil {
		return fmt.Errorf("build %s %s: %w", method, path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return fmt.Errorf("read the answer of %s %s: %w", method, path, err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return &APIError{Method: method, Path: path, Status: res.StatusCode, Body: string(raw)}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("decode the answer of %s %s: %w", method, path, err)
	}
	return nil
}
