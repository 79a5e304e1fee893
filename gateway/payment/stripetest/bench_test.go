package stripetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const preview = "2026-04-22.preview"

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// bench is a server, its clock and a plain HTTP client without any SDK.
type bench struct {
	*testing.T
	*stripetest.Server
	clock  *clock.Manual
	client *http.Client
}

func open(t *testing.T, o stripetest.Options) bench {
	t.Helper()
	t.Parallel()
	manual := clock.NewManual(start)
	o.Clock = manual
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return bench{T: t, Server: stripetest.New(t, o), clock: manual, client: &http.Client{Transport: transport}}
}

// reply is an answer with its decoded JSON.
type reply struct {
	status int
	header http.Header
	body   map[string]any
	err    error
}

// at walks the JSON by member names.
func (r reply) at(path ...string) any {
	var v any = r.body
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (r reply) text(path ...string) string {
	s, _ := r.at(path...).(string)
	return s
}

func (r reply) number(path ...string) int64 {
	f, _ := r.at(path...).(float64)
	return int64(f)
}

type headers map[string]string

func (b bench) do(method, path string, h headers, pairs ...string) reply {
	b.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	target, body := b.URL()+path, io.Reader(strings.NewReader(form.Encode()))
	if method == http.MethodGet {
		target, body = target+"?"+form.Encode(), nil
	}
	req, err := http.NewRequestWithContext(b.Context(), method, target, body)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+stripetest.SellerKey)
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.GetBody = nil
	}
	for name, value := range h {
		req.Header.Set(name, value)
	}
	res, err := b.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = res.Body.Close() }()
	out := reply{status: res.StatusCode, header: res.Header}
	out.err = json.NewDecoder(res.Body).Decode(&out.body)
	return out
}

func (b bench) post(path string, h headers, pairs ...string) reply {
	b.Helper()
	return b.do(http.MethodPost, path, h, pairs...)
}

func (b bench) get(path string, pairs ...string) reply {
	b.Helper()
	return b.do(http.MethodGet, path, headers{"Stripe-Version": preview}, pairs...)
}

func (b bench) mint(g stripetest.Grant) string {
	b.Helper()
	if g.Currency == "" {
		g.Currency = "usd"
	}
	if g.MaxAmount == 0 {
		g.MaxAmount = 5000
	}
	id, err := b.Mint(g)
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// hold creates and confirms with manual capture on a token.
func (b bench) hold(key, token, amount string, pairs ...string) reply {
	b.Helper()
	h := headers{"Stripe-Version": preview}
	if key != "" {
		h["Idempotency-Key"] = key
	}
	return b.post("/v1/payment_intents", h, append([]string{
		"amount", amount, "currency", "usd", "confirm", "true", "capture_method", "manual",
		"payment_method_data[shared_payment_granted_token]", token, "metadata[session]", "cs_1",
	}, pairs...)...)
}

func (b bench) wantStatus(r reply, status int) {
	b.Helper()
	if r.err != nil || r.status != status {
		b.Fatalf("status %d (error %v), want %d: %v", r.status, r.err, status, r.body)
	}
}

func (b bench) wantError(r reply, status int, kind, code string) {
	b.Helper()
	b.wantStatus(r, status)
	if r.text("error", "type") != kind || r.text("error", "code") != code {
		b.Fatalf("error %v, want type %q code %q", r.body, kind, code)
	}
	inner, _ := r.at("error").(map[string]any)
	if _, there := inner["code"]; there != (code != "") {
		b.Fatalf("error %v: the member code must be absent when it is empty", r.body)
	}
}

func (b bench) wantMoney(id, status string, held, captured, refunded int64) {
	b.Helper()
	l := b.Ledger()
	i, ok := l.Intent(id)
	if !ok || i.Status != status || i.Held != held || i.Captured != captured || i.Refunded != refunded {
		b.Fatalf("intent %+v, want %s held %d captured %d refunded %d", i, status, held, captured, refunded)
	}
	if err := l.Check("session"); err != nil {
		b.Fatal(err)
	}
}

func (b bench) eventTypes() []string {
	var out []string
	for _, e := range b.Events() {
		out = append(out, e.Type)
	}
	return out
}

func itoa(n int64) string {
	text, _ := json.Marshal(n)
	return string(text)
}
