package shop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buyer talks to a shop over a real socket, as any client would.
type buyer struct {
	t            *testing.T
	shop         *Shop
	url          string
	client       *http.Client
	cart         string
	token, nonce string
}

// answered is an answer as a client sees it.
type answered struct {
	status int
	header http.Header
	text   string
	body   struct {
		Status, Code, Reason, SKU, Available, Max, Field, Total, Coupon, Minimum, Message string
		Cart                                                                              cartView
		Order                                                                             Order
		Methods                                                                           []Shipping
		Page, Pages, Count                                                                int
		Orders                                                                            []Order
		Item                                                                              itemView
		Items                                                                             []itemView
	}
}

func open(t *testing.T, o Options) *buyer {
	t.Helper()
	s := New(t.Context(), o)
	srv := httptest.NewServer(s)
	client := srv.Client()
	t.Cleanup(func() {
		s.Close()
		client.CloseIdleConnections()
		srv.Close()
	})
	return &buyer{t: t, shop: s, url: srv.URL, client: client}
}

// try makes one call and keeps the session that the answer carries.
func (b *buyer) try(method, path, body string, header ...string) (answered, error) {
	b.t.Helper()
	return b.within(b.t.Context(), method, path, body, header...)
}

func (b *buyer) within(ctx context.Context, method, path, body string, header ...string) (answered, error) {
	b.t.Helper()
	var out answered
	req, err := http.NewRequestWithContext(ctx, method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set(HeaderToken, b.token)
	req.Header.Set(HeaderNonce, b.nonce)
	req.Header.Set(HeaderKey, b.shop.Key())
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.client.Do(req)
	if err != nil {
		return out, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	out.status, out.header, out.text = res.StatusCode, res.Header, string(raw)
	if err != nil {
		return out, err
	}
	if t := res.Header.Get(HeaderToken); t != "" {
		b.token, b.nonce = t, res.Header.Get(HeaderNonce)
	}
	if bytes.HasPrefix(raw, []byte("{")) && (res.StatusCode >= 400 || !strings.HasPrefix(path, "/_control/")) {
		if err := json.Unmarshal(raw, &out.body, json.MatchCaseInsensitiveNames(true)); err != nil {
			return out, fmt.Errorf("decode: %w", err)
		}
	}
	return out, nil
}

func (b *buyer) call(method, path, body string, header ...string) answered {
	b.t.Helper()
	a, err := b.try(method, path, body, header...)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// ok makes a call that must be answered with status OK inside.
func (b *buyer) ok(method, path, body string) answered {
	b.t.Helper()
	a := b.call(method, path, body)
	if a.body.Status != "OK" {
		b.t.Fatalf("%s %s: %d %s", method, path, a.status, a.text)
	}
	return a
}

// refused makes a call that must be refused with this HTTP status and code.
func (b *buyer) refused(status int, code, method, path, body string, header ...string) answered {
	b.t.Helper()
	a := b.call(method, path, body, header...)
	if a.status != status || a.body.Status != "ERROR" || a.body.Code != code {
		b.t.Fatalf("%s %s: got %d %s, want %d with code %s", method, path, a.status, a.text, status, code)
	}
	return a
}

const californian = `{"email":"ada@example.com","ship_to":{"name":"Ada","street1":"1 Main St","city":"Fresno","state":"CA","zip":"93650","country":"US"}}`

func (b *buyer) begin(skus ...string) {
	b.t.Helper()
	b.token, b.nonce = "", ""
	b.cart = b.ok("POST", "/cart", "").body.Cart.ID
	for _, sku := range skus {
		b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"`+sku+`","qty":1}`)
	}
}

// ready fills a cart until it can be ordered.
func (b *buyer) ready(skus ...string) {
	b.t.Helper()
	b.begin(skus...)
	b.ok("POST", "/cart/"+b.cart+"/customer", californian)
	b.ok("POST", "/cart/"+b.cart+"/shipping", `{"code":"standard"}`)
}

func (b *buyer) placing(ref string) string {
	return `{"cart":"` + b.cart + `","external_ref":"` + ref + `","payment":{"state":"authorized","provider":"stripe","reference":"pi_1"}}`
}

// eventually waits until something is true of the shop.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("never came true: %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

var opening = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func stoppedClock() *clock.Manual { return clock.NewManual(opening) }
