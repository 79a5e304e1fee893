package faults_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// caller is carol, an agent with settings of her own. Her calls are not among those that are sent again when the world ends.
type caller struct {
	w       *world
	version string
}

// text is a body as it is sent.
func (c caller) text(body any) string {
	c.w.t.Helper()
	if body == nil {
		return ""
	}
	text, err := json.Marshal(body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return string(text)
}

// do sends one call with more headers.
func (c caller) do(method, path, key, body string, more http.Header) reply {
	c.w.t.Helper()
	req, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.url()+path, strings.NewReader(body))
	if err != nil {
		c.w.t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + c.w.tokens["carol"]}, "Api-Version": {c.version}}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	maps.Copy(req.Header, more)
	res, err := c.w.http.Do(req)
	if err != nil {
		c.w.t.Error(err)
		return reply{}
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.w.t.Error(err)
	}
	if err := res.Body.Close(); err != nil {
		c.w.t.Error(err)
	}
	return reply{res.StatusCode, res.Header, text}
}

// wants holds a refusal to its status and code.
func (c caller) wants(what string, r reply, status int, code string) {
	c.w.t.Helper()
	if r.status != status || failure(r).Code != code {
		c.w.t.Errorf("%s: %s, want %d %s", what, r, status, code)
	}
}

// TestFault62_Signatures buys with signed calls, and tries every other way to sign: nothing of those is begun, stored or charged.
func TestFault62_Signatures(t *testing.T) {
	t.Parallel()
	const secret = "what carol and the seller share"
	watch := &shifted{}
	w := newWorld(t, func(w *world) {
		w.options.Clock = watch
		w.write("carol.key", secret)
		w.settings.carol = `signature: {mode: enforce, algorithm: hmac-sha256, payload: timestamp_body, keys: [{secret: "${file:carol.key}"}]}`
	})
	carol := caller{w, newest}
	sign := func(secret, body string, at time.Time) http.Header {
		stamp := at.UTC().Format(time.RFC3339Nano)
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = io.WriteString(mac, stamp+"."+body)
		return http.Header{"Signature": {base64.RawURLEncoding.EncodeToString(mac.Sum(nil))}, "Timestamp": {stamp}}
	}
	good := func(body string) http.Header { return sign(secret, body, watch.Now()) }

	order := carol.text(w.agent(newest).cart(w.sku(0), 1))
	first := good(order)
	r := carol.do("POST", "/checkout_sessions", "c", order, first)
	s := view(t, r)
	if r.status != http.StatusCreated || s.Status != "ready_for_payment" {
		t.Fatalf("a signed create: %s", r)
	}
	pay := carol.text(w.agent(newest).payment(w.token()))
	w.untouched(func() {
		for _, call := range []struct{ method, path, body string }{
			{"POST", "/checkout_sessions", order},
			{"GET", "/checkout_sessions/" + s.ID, ""},
			{"POST", "/checkout_sessions/" + s.ID, "{}"},
			{"POST", completeOf(s.ID), pay},
			{"POST", "/checkout_sessions/" + s.ID + "/cancel", ""},
			{"POST", "/carts", order},
		} {
			for name, header := range map[string]http.Header{
				"no signature":     nil,
				"another secret":   sign("what nobody shares", call.body, watch.Now()),
				"another body":     sign(secret, call.body+" ", watch.Now()),
				"stale":            sign(secret, call.body, watch.Now().Add(-301*time.Second)),
				"from the future":  sign(secret, call.body, watch.Now().Add(330*time.Second)),
				"no time":          {"Signature": good(call.body)["Signature"]},
				"not a signature":  {"Signature": {"!"}, "Timestamp": {watch.Now().UTC().Format(time.RFC3339)}},
				"in the wrong era": sign(secret, call.body, time.Unix(0, 0)),
			} {
				carol.wants(call.method+" "+call.path+" with "+name, carol.do(call.method, call.path, "x", call.body, header), 401, "invalid_signature")
			}
		}
		// What was signed once is good for its call alone: under another key it is a replay, and after the window it is stale.
		carol.wants("a replay under another key", carol.do("POST", "/checkout_sessions", "c2", order, first), 401, "invalid_signature")
		if again := carol.do("POST", "/checkout_sessions", "c", order, first); again.status != http.StatusCreated || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("a retry: %s", again)
		}
		watch.jump(10 * time.Minute)
		carol.wants("a retry after the window", carol.do("POST", "/checkout_sessions", "c", order, first), 401, "invalid_signature")
	})
	// A key that was refused is free, and the session is as it was.
	if r := carol.do("POST", completeOf(s.ID), "x", pay, good(pay)); r.status != http.StatusOK || view(t, r).Status != "completed" {
		t.Fatalf("a signed complete: %s", r)
	}
	if orders := w.orders(s.ID); len(orders) != 1 || w.stripe.Arrivals(stripetest.OpCreate) != 1 {
		t.Errorf("%d orders and %d charges, want one of each", len(orders), w.stripe.Arrivals(stripetest.OpCreate))
	}
	// Another agent, with whom no signatures were agreed, needs none.
	alice := w.agent(newest)
	other := alice.ready("a", w.sku(0), 1)
	w.bought(alice.must(200, "POST", completeOf(other.ID), "p", alice.payment(w.token())), other.total())
}

// TestFault64_FloodByOneAgent sends more than one agent may. It is told when to come again, its calls reach nobody, and another agent, who
// buys meanwhile, notices nothing.
func TestFault64_FloodByOneAgent(t *testing.T) {
	t.Parallel()
	const burst, callers, each, others = 20, 4, 100, 20
	watch := &shifted{}
	w := newWorld(t, func(w *world) {
		w.options.Clock = watch
		w.settings.carol = "limits: {requests_per_second: 1, burst: " + strconv.Itoa(burst) + "}"
	})
	carol, alice := caller{w, oldest}, w.agent(newest)
	body := carol.text(w.agent(oldest).cart(w.sku(0), 1))
	created := w.shop.Calls(shop.CartCreate).Arrived

	var served, refused atomic.Int64
	began := time.Now()
	var flood sync.WaitGroup
	for range callers {
		flood.Go(func() {
			for range each {
				r := carol.do("POST", "/checkout_sessions", "", body, nil)
				switch wait, err := strconv.Atoi(r.header.Get("Retry-After")); {
				case r.status == http.StatusCreated:
					served.Add(1)
				case r.status == http.StatusTooManyRequests && failure(r).Code == "rate_limited" && err == nil && wait >= 1:
					refused.Add(1)
				default:
					t.Errorf("a call of a flood: %s, Retry-After %q", r, r.header.Get("Retry-After"))
				}
			}
		})
	}
	for i := range others { // none of them is refused; how long they take says more of the machine
		alice.must(http.StatusCreated, "POST", "/checkout_sessions", "busy"+strconv.Itoa(i), alice.cart(w.sku(0), 1))
	}
	flood.Wait()
	if most := int64(burst + time.Since(began).Seconds() + 1); served.Load() < burst || served.Load() > most || served.Load()+refused.Load() != callers*each {
		t.Errorf("of %d calls %d were served and %d refused, want %d to %d served", callers*each, served.Load(), refused.Load(), burst, most)
	}
	if asked := int64(w.shop.Calls(shop.CartCreate).Arrived - created - others); asked != served.Load() {
		t.Errorf("the shop was asked %d times for %d calls that were served", asked, served.Load())
	}
	watch.jump(time.Minute)
	if r := carol.do("POST", "/checkout_sessions", "", body, nil); r.status != http.StatusCreated {
		t.Errorf("when its time has come: %s", r)
	}
}
