package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

const (
	// callTime is how long the agent waits for one answer.
	callTime = 30 * time.Second
	// tokenLife is how long a payment token of the agent is good for.
	tokenLife = time.Hour
	// tokenVersion is the version of Stripe's API in which the agent issues tokens.
	tokenVersion = "2026-04-22.preview"
	maxAnswer    = 4 << 20 // bytes
)

// agent buys for somebody. It speaks ACP to the gateway and asks Stripe for payment tokens, as an agent's platform does.
type agent struct {
	transport *http.Transport
	gateway   string
	stripe    string
	token     string
	speaks    dialect
	clock     clock.Clock
	keys      int // idempotency keys used
	// watch sees every POST to the gateway and its answer; tests hold both against the published schemas. Nil sees nothing.
	watch func(path string, body []byte, r reply)
}

func newAgent(w *world, speaks dialect, c clock.Clock) *agent {
	return &agent{transport: &http.Transport{}, gateway: w.origin(), stripe: w.stripe.URL(), token: w.token, speaks: speaks, clock: c}
}

func (a *agent) close() { a.transport.CloseIdleConnections() }

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// newKey is an idempotency key that this agent has not used.
func (a *agent) newKey(step string) string {
	a.keys++
	return fmt.Sprintf("demo-%s-%d", step, a.keys)
}

// post sends one call. Sending it again with the same key is the same call.
func (a *agent) post(ctx context.Context, path, key string, body any) (reply, error) {
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil {
		return reply{}, fmt.Errorf("write the call %s: %w", path, err)
	}
	r, err := a.send(ctx, http.MethodPost, a.gateway+path, bytes.NewReader(text), http.Header{
		"Authorization": {"Bearer " + a.token}, "Api-Version": {a.speaks.version()}, "Content-Type": {"application/json"},
		"Idempotency-Key": {key}, "Request-Id": {key},
	})
	if err == nil && a.watch != nil {
		a.watch(path, text, r)
	}
	return r, err
}

func (a *agent) send(ctx context.Context, method, address string, body io.Reader, header http.Header) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return reply{}, fmt.Errorf("call %s: %w", address, err)
	}
	req.Header = header
	res, err := a.transport.RoundTrip(req)
	if err != nil {
		return reply{}, fmt.Errorf("call %s: %w", address, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return reply{}, fmt.Errorf("call %s: %w", address, err)
	}
	return reply{res.StatusCode, res.Header, text}, nil
}

// session sends a call that answers a session, and reads it.
func (a *agent) session(ctx context.Context, step, path string, want int, body any) (checkout, error) {
	r, err := a.post(ctx, path, a.newKey(step), body)
	if err != nil {
		return checkout{}, err
	}
	return a.read(step, r, want)
}

func (a *agent) read(step string, r reply, want int) (checkout, error) {
	if r.status != want {
		return checkout{}, fmt.Errorf("%s: the gateway answers %d, not %d: %s", step, r.status, want, short(r.body))
	}
	c, err := a.speaks.readSession(r.body)
	if err != nil {
		return checkout{}, fmt.Errorf("%s: %w", step, err)
	}
	if c.ID == "" || c.Status == "" {
		return checkout{}, fmt.Errorf("%s: the answer is no session: %s", step, short(r.body))
	}
	return c, c.addUp()
}

// short is the beginning of a body that was not expected.
func short(body []byte) string {
	const most = 300
	text := strings.Join(strings.Fields(string(body)), " ")
	if len(text) > most {
		return text[:most] + " …"
	}
	return text
}

// payWith asks Stripe for a payment token that is good for this checkout only: this seller, this amount, one hour.
func (a *agent) payWith(ctx context.Context, card string, c checkout) (string, error) {
	merchant := c.Merchant
	if merchant == "" {
		merchant = stripetest.SellerProfile // dates that do not tell it: the platform knows its sellers
	}
	form := url.Values{
		"payment_method":                           {card},
		"usage_limits[currency]":                   {currency},
		"usage_limits[max_amount]":                 {strconv.FormatInt(c.total(), 10)},
		"usage_limits[expires_at]":                 {strconv.FormatInt(a.clock.Now().Add(tokenLife).Unix(), 10)},
		"seller_details[network_business_profile]": {merchant},
		"seller_details[external_id]":              {c.ID},
	}
	r, err := a.send(ctx, http.MethodPost, a.stripe+"/v1/shared_payment/issued_tokens", strings.NewReader(form.Encode()), http.Header{
		"Authorization": {"Bearer " + stripetest.AgentKey}, "Stripe-Version": {tokenVersion},
		"Content-Type": {"application/x-www-form-urlencoded"},
	})
	if err != nil {
		return "", err
	}
	var token struct {
		ID string `json:"id"`
	}
	if err := read(r.body, &token, "a payment token"); err != nil || r.status != http.StatusOK || token.ID == "" {
		return "", fmt.Errorf("issue a payment token: stripe answers %d: %s", r.status, short(r.body))
	}
	return token.ID, nil
}
