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

	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

const (
	// tokenTime is how long the agent waits for a payment token.
	tokenTime = 30 * time.Second
	// tokenLife is how long a payment token of the agent is good for.
	tokenLife = time.Hour
	// tokenVersion is the version of Stripe's API in which the agent issues tokens.
	tokenVersion = "2026-04-22.preview"
)

// currency is what the demo's shop sells in.
const currency = "usd"

// agent buys for somebody. It speaks ACP to the gateway and asks Stripe for payment tokens, as an agent's platform does.
type agent struct {
	*shopper.Shopper

	speaks    shopper.Dialect
	transport *http.Transport // to Stripe
	stripe    string
	clock     clock.Clock
	// watch sees every call to the gateway that has a body, and its answer; tests hold both against the published schemas. Nil sees nothing.
	watch func(op shopper.Operation, body []byte, r shopper.Reply)
}

func newAgent(w *world, speaks shopper.Dialect, c clock.Clock) (*agent, error) {
	a := &agent{speaks: speaks, transport: &http.Transport{}, stripe: w.stripe.URL(), clock: c}
	var err error
	a.Shopper, err = shopper.New(shopper.Options{
		URL: w.origin(), Token: w.token, Version: speaks.Version(), Keys: "demo",
		Watch: func(op shopper.Operation, body []byte, r shopper.Reply) {
			if a.watch != nil {
				a.watch(op, body, r)
			}
		},
	})
	return a, err
}

func (a *agent) close() {
	a.Shopper.Close()
	a.transport.CloseIdleConnections()
}

// payWith asks Stripe for a payment token that is good for this checkout only: this seller, this amount, one hour.
func (a *agent) payWith(ctx context.Context, card string, c shopper.Checkout) (string, error) {
	merchant := c.Merchant
	if merchant == "" {
		merchant = stripetest.SellerProfile // dates that do not tell it: the platform knows its sellers
	}
	form := url.Values{
		"payment_method":                           {card},
		"usage_limits[currency]":                   {currency},
		"usage_limits[max_amount]":                 {strconv.FormatInt(c.Total(), 10)},
		"usage_limits[expires_at]":                 {strconv.FormatInt(a.clock.Now().Add(tokenLife).Unix(), 10)},
		"seller_details[network_business_profile]": {merchant},
		"seller_details[external_id]":              {c.ID},
	}
	ctx, cancel := context.WithTimeout(ctx, tokenTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.stripe+"/v1/shared_payment/issued_tokens", strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("issue a payment token: %w", err)
	}
	req.Header = http.Header{
		"Authorization": {"Bearer " + stripetest.AgentKey}, "Stripe-Version": {tokenVersion},
		"Content-Type": {"application/x-www-form-urlencoded"},
	}
	res, err := a.transport.RoundTrip(req)
	if err != nil {
		return "", fmt.Errorf("issue a payment token: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxEvent))
	if err != nil {
		return "", fmt.Errorf("issue a payment token: %w", err)
	}
	var token struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(text, &token); err != nil || res.StatusCode != http.StatusOK || token.ID == "" {
		return "", fmt.Errorf("issue a payment token: stripe answers %d: %s", res.StatusCode, bytes.TrimSpace(text[:min(len(text), 300)]))
	}
	return token.ID, nil
}
