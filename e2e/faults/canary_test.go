package faults_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// The marks that stand for what must never be told. None has a form by which a filter of texts could know it, except for the e-mail.
const (
	canaryBearer = "CanaryBearerQ7"
	canaryWrong  = "CanaryWrongBearerQ7"
	canaryMail   = "canaryq7@mail.example"
	canaryFirst  = "Canaryfirstq"
	canaryLast   = "Canarylastq"
	canaryPhone  = "+14155550177"
	canaryStreet = "77 Canaryrow Street"
	canaryTwo    = "Flat Canarytwo"
	canaryCity   = "Canaryville"
	canaryBill   = "88 Canarybill Street"
	canaryStripe = "sk_test_CanaryStripeQ7"
	canaryShop   = "CanaryShopKeyQ7"
	canaryHook   = "CanaryHookSecretQ7"
	canaryToken  = "CanaryStrangeTokenQ7"
)

// canaries are the marks, with the short form under which each is looked for.
func canaries() map[string]string {
	return map[string]string{
		"bearer token": canaryBearer, "wrong bearer token": canaryWrong, "e-mail": "canaryq7", "first name": canaryFirst, "last name": canaryLast,
		"phone": "4155550177", "street": "Canaryrow", "second line": "Canarytwo", "city": canaryCity, "billing address": "Canarybill",
		"Stripe key": "CanaryStripe", "shop key": "CanaryShopKey", "webhook secret": "CanaryHookSecret", "unknown token": "CanaryStrange",
		"sealing key": canarySeal,
	}
}

var canarySeal = strings.Repeat("c7", 32)

func canaryAddress(street string) object {
	return object{
		"name": canaryFirst + " " + canaryLast, "line_one": street, "line_two": canaryTwo, "city": canaryCity, "state": "CA",
		"country": "US", "postal_code": "95110",
	}
}

func canaryBuyer() object {
	return object{"first_name": canaryFirst, "last_name": canaryLast, "email": canaryMail, "phone_number": canaryPhone}
}

// canaryRun is a world full of marks.
type canaryRun struct {
	*world
	shop2, stripe2 *echo // before the shop and Stripe
	spans          *tracetest.InMemoryExporter
	providers      *telemetry.Providers
	refusals       bytes.Buffer // every error body, and headers of all answers
	answers        bytes.Buffer // every other body
	n              int
}

func newCanaryRun(t *testing.T, asProgram bool) *canaryRun {
	t.Helper()
	c := &canaryRun{spans: tracetest.NewInMemoryExporter()}
	c.world = newWorld(t, func(w *world) {
		lossy(w)
		w.settings.completeTimeout = patience * 10 * time.Second
		w.program = asProgram
		w.env = []string{"OTEL_TRACES_EXPORTER=console", "OTEL_METRICS_EXPORTER=console"}
		w.secrets = secrets{stripeKey: canaryStripe, shopKey: canaryShop, webhook: canaryHook, sealing: canarySeal}
		w.tokens["alice"] = canaryBearer
		w.shopBefore = func(url string) string { c.shop2 = newEcho(t, url); return c.shop2.URL }
		w.stripeBefore = func(url string) string { c.stripe2 = newEcho(t, url); return c.stripe2.URL }
		if !asProgram {
			var err error
			if c.providers, err = telemetry.New(t.Context(), telemetry.Options{Exporter: c.spans}); err != nil {
				t.Fatal(err)
			}
			w.options.Telemetry = c.providers
		}
	})
	// The carts of requests that fail hold their pieces until the shop's own time is over.
	if err := c.shop.SetStock(c.sku(0), 10_000); err != nil {
		t.Fatal(err)
	}
	return c
}

// send is one request whose answer is kept.
func (c *canaryRun) send(a *agent, method, path string, body any) reply {
	c.t.Helper()
	c.n++
	key := ""
	if method == "POST" {
		key = fmt.Sprintf("k%d", c.n)
	}
	r := a.send(method, path, key, body)
	into := &c.answers
	if r.status/100 != 2 {
		into = &c.refusals
	}
	_, _ = fmt.Fprintf(into, "%d %s\n", r.status, r.body)
	_, _ = fmt.Fprintf(&c.refusals, "%v\n", r.header)
	return r
}

// want is send with a status that must come; several say that any of them will do.
func (c *canaryRun) want(a *agent, method, path string, body any, status ...int) reply {
	c.t.Helper()
	r := c.send(a, method, path, body)
	if !slices.Contains(status, r.status) {
		c.t.Fatalf("%s %s: got %s, want %v", method, path, r, status)
	}
	return r
}

// cart is a create full of marks.
func (c *canaryRun) cart(a *agent) object {
	body := a.cart(c.sku(0), 1)
	body["buyer"] = canaryBuyer()
	if a.version == oldest {
		body["fulfillment_address"] = canaryAddress(canaryStreet)
		return body
	}
	body["fulfillment_details"] = object{"name": canaryFirst, "email": canaryMail, "phone_number": canaryPhone, "address": canaryAddress(canaryStreet)}
	return body
}

// pay is a complete full of marks.
func (c *canaryRun) pay(a *agent, token string) object {
	body := a.payment(token)
	body["buyer"] = canaryBuyer()
	body["payment_data"].(object)["billing_address"] = canaryAddress(canaryBill) //nolint:errcheck,forcetypeassert // ours
	return body
}

func (c *canaryRun) session(a *agent) sessionView {
	c.t.Helper()
	return view(c.t, c.want(a, "POST", "/checkout_sessions", c.cart(a), 201))
}

// purchases sells, well and badly.
func (c *canaryRun) purchases(version string) {
	c.t.Helper()
	a := c.agent(version)
	path := func(s sessionView) string { return "/checkout_sessions/" + s.ID }

	good := c.session(a)
	c.want(a, "POST", path(good), object{"buyer": canaryBuyer()}, 200)
	done := view(c.t, c.want(a, "POST", completeOf(good.ID), c.pay(a, c.token()), 200))
	if done.Status != "completed" {
		c.t.Fatalf("not completed: %+v", done)
	}
	c.want(a, "GET", path(good), nil, 200)
	c.want(a, "POST", completeOf(good.ID), c.pay(a, c.token()), 409)
	c.want(a, "POST", path(good)+"/cancel", nil, 405)

	s := c.session(a)
	for _, method := range []string{"pm_card_chargeDeclined", "pm_card_threeDSecure2Required"} {
		c.want(a, "POST", completeOf(s.ID), c.pay(a, c.token(card(method))), 200)
	}
	c.want(a, "POST", completeOf(s.ID), c.pay(a, c.token(func(g *stripetest.Grant) { g.Currency = "eur" })), 400)
	c.want(a, "POST", completeOf(s.ID), c.pay(a, canaryToken), 400)
	revoked := c.token()
	if err := c.stripe.Revoke(revoked); err != nil {
		c.t.Fatal(err)
	}
	c.want(a, "POST", completeOf(s.ID), c.pay(a, revoked), 200)
	c.want(a, "POST", path(s)+"/cancel", nil, 200)
}

const html, js = "text/html", "application/json"

// form is an answer that repeats what was sent.
type form struct {
	status int
	kind   string
	body   string
}

// strayShop makes the shop repeat what it was sent, in every step.
func (c *canaryRun) strayShop() {
	c.t.Helper()
	a := c.agent(newest)
	for _, f := range []form{
		{500, html, "<html><body>Fatal error near %s</body></html>"},
		{200, html, "<html>%s</html>"},
		{502, "text/plain", "%s"},
		{422, js, `{"status":"ERROR","code":"ADDRESS","field":"%[1]s","message":"%[1]s"}`},
		{409, js, `{"status":"ERROR","code":"STOCK","sku":"%[1]s","message":"%[1]s"}`},
		{422, js, `{"status":"ERROR","code":"%[1]s","message":"%[1]s"}`},
		{200, js, `{"status":"OK","cart":{"id":"C1","lines":[{"price":"%s"}]}}`},
		{200, js, `{"status":"OK","cart":"%s`},
		{302, html, "%s"},
		{400, html, "%s"},
		{404, html, "%s"},
		{401, html, "%s"},
		{429, html, "%s"},
	} {
		for _, path := range []string{"/customer", "/shipping", "/lines"} {
			c.shop2.repeat("POST", path, 1, f.status, f.kind, f.body)
			c.send(a, "POST", "/checkout_sessions", c.cart(a))
			if c.shop2.hits() == 0 && path == "/customer" {
				c.t.Errorf("the shop was not asked for %s", path)
			}
		}
		c.shop2.repeat("", "", 0, 0, "", "")
		c.session(a) // the breaker sees that the shop lives
	}
	c.shop2.repeat("", "", 0, 0, "", "")

	// A shop that repeats itself when the order is placed, looked up and noted as paid. The saga goes on behind.
	for _, step := range []struct{ method, path string }{{"POST", "/orders"}, {"POST", "/payment"}} {
		s := c.session(a)
		c.shop2.repeat(step.method, step.path, 1, 500, html, "<html>%s</html>")
		c.want(a, "POST", completeOf(s.ID), c.pay(a, c.token()), 200, 503)
		c.until("the shop was asked", func() bool { return c.shop2.hits() > 0 })
	}
}

// strayStripe makes Stripe repeat what it was sent, at every call.
func (c *canaryRun) strayStripe() {
	c.t.Helper()
	a := c.agent(newest)
	for _, f := range []form{
		{500, js, `{"error":{"type":"api_error","message":"%s"}}`},
		{402, js, `{"error":{"type":"card_error","code":"card_declined","decline_code":"generic_decline","message":"%s"}}`},
		{400, js, `{"error":{"type":"invalid_request_error","code":"parameter_invalid","param":"x","message":"%s"}}`},
		{500, html, "<html>%s</html>"},
		{200, html, "%s"},
		{200, js, `{"id":7,"object":"%s"}`},
		{200, js, `{"id":"%s`},
		{404, js, `{"error":{"type":"invalid_request_error","code":"resource_missing","message":"%s"}}`},
		{401, js, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided: %s"}}`},
	} {
		// At the look at the token, at the hold, and at the capture.
		for _, step := range []struct{ method, path string }{{"GET", ""}, {"POST", "/v1/payment_intents"}, {"POST", "/capture"}} {
			s := c.session(a)
			c.stripe2.repeat(step.method, step.path, 1, f.status, f.kind, f.body)
			c.want(a, "POST", completeOf(s.ID), c.pay(a, c.token()), 200, 400, 503)
			c.until("Stripe was asked", func() bool { return c.stripe2.hits() > 0 })
			c.settled(s.ID)
		}
	}
	c.stripe2.repeat("", "", 0, 0, "", "")
}

// badInput sends bodies and headers that must be refused, with marks in every place.
func (c *canaryRun) badInput() {
	c.t.Helper()
	a := c.agent(newest)
	for _, body := range []string{
		`{"buyer":{"email":"` + canaryMail + `","email":"` + canaryMail + `"}}`,
		`{"buyer":{"email":"` + canaryMail + `"`,
		`{"buyer":{"first_name":"` + canaryFirst + `","phone_number":` + "\"\xff" + canaryPhone + `"}}`,
		`{"line_items":"` + canaryLast + `"}`, `{"line_items":[{"id":"KET-0900","quantity":"` + canaryPhone + `"}]}`,
		`{"line_items":[{"id":"KET-0900"}],"currency":"` + canaryCity + `","capabilities":{}}`,
		`{"buyer":"` + canaryMail + `"}`, `["` + canaryMail + `"]`, canaryMail, `{"line_items":[{"id":"KET-0900"}],"currency":"usd","buyer":{"email":["` + canaryMail + `"]}}`,
		`{"payment_data":{"instrument":{"credential":{"token":"` + canaryToken + `","token":1}}}}`,
		`{"payment_data":"` + canaryToken + `"}`, `{"payment_data":{"handler_id":"` + canaryToken + `"}}`,
		`{"fulfillment_details":{"address":"` + canaryStreet + `"}}`, `{"fulfillment_details":{"address":{"line_one":7,"city":"` + canaryCity + `"}}}`,
		strings.Repeat(`{"`+canaryMail+`":`, 40) + "1" + strings.Repeat("}", 40),
	} {
		c.want(a, "POST", "/checkout_sessions", body, 400)
	}
	s := c.session(a)
	for _, body := range []string{`{"payment_data":"` + canaryToken + `"}`, `{"payment_data":{"instrument":{"credential":{"token":["` + canaryToken + `"]}}}}`, `{"payment_data":{"token":"` + canaryToken} {
		c.want(a, "POST", completeOf(s.ID), body, 400)
	}
	for _, authorization := range []string{"Bearer " + canaryWrong, "Basic " + canaryWrong, canaryBearer, "Bearer " + canaryBearer + " " + canaryWrong} {
		c.want(a.as("Authorization", authorization), "POST", completeOf(s.ID), c.pay(a, c.token()), 401)
	}
	c.want(a.as("Content-Type", "text/"+canaryFirst), "POST", "/checkout_sessions", c.cart(a), 415)
	c.want(a.as("API-Version", canaryToken), "POST", "/checkout_sessions", c.cart(a), 400)
}

// spanText is everything that was exported of the spans.
func spanText(spans []sdktrace.ReadOnlySpan) string {
	var b strings.Builder
	for _, s := range spans {
		_, _ = fmt.Fprintf(&b, "%s %v %v %s\n", s.Name(), s.SpanKind(), s.Status(), s.SpanContext().TraceState().String())
		for _, kv := range slices.Concat(s.Attributes(), s.Resource().Attributes()) {
			_, _ = fmt.Fprintf(&b, "  %s=%s\n", kv.Key, kv.Value.String())
		}
		for _, e := range s.Events() {
			_, _ = fmt.Fprintf(&b, "  event %s %v\n", e.Name, e.Attributes)
		}
		for _, l := range s.Links() {
			_, _ = fmt.Fprintf(&b, "  link %v %s %v\n", l.SpanContext.TraceID(), l.SpanContext.TraceState().String(), l.Attributes)
		}
	}
	return b.String()
}

// databaseText is what the files of the database hold.
func (c *canaryRun) databaseText() map[string]string {
	c.t.Helper()
	out := map[string]string{}
	for _, name := range []string{"postern.db", "postern.db-wal", "postern.db-shm"} {
		b, err := os.ReadFile(filepath.Join(c.dir, name))
		if err != nil && !os.IsNotExist(err) {
			c.t.Error(err)
		}
		if err == nil {
			out[name] = string(b)
		}
	}
	return out
}

// silent looks for every mark in every place.
func (c *canaryRun) silent(places map[string]string) {
	c.t.Helper()
	marks := canaries()
	for i, token := range c.minted {
		marks[fmt.Sprintf("payment token %d", i)] = token
	}
	for where, text := range places {
		for what, mark := range marks {
			if i := strings.Index(text, mark); i >= 0 {
				c.t.Errorf("%s: the %s is told: …%q…", where, what, text[max(0, i-200):min(len(text), i+60)])
			}
		}
	}
}

func TestCanary(t *testing.T) {
	t.Parallel()
	parts := map[string]func(*canaryRun){
		"sold and refused": func(c *canaryRun) {
			c.receiver.refuse(1)
			c.purchases(oldest)
			c.purchases(newest)
			c.until("a delivery was refused", func() bool { return len(c.receiver.refused()) > 0 })
			c.badInput()
			if !c.program {
				c.orderChanges()
			}
			if n := len(c.stripe.Ledger().Intents); n < 6 {
				c.t.Errorf("only %d payments were tried", n)
			}
		},
		"stray shop":   (*canaryRun).strayShop,
		"stray Stripe": (*canaryRun).strayStripe,
	}
	for name, part := range parts {
		for _, asProgram := range []bool{false, true} {
			where := map[bool]string{false: "in process, unscrubbed log", true: "the program with spans and metrics on its output"}[asProgram]
			t.Run(name+", "+where, func(t *testing.T) {
				t.Parallel()
				c := newCanaryRun(t, asProgram)
				part(c)
				c.searched()
			})
		}
	}
}

// searched ends the run and looks for the marks wherever something is left of it.
func (c *canaryRun) searched() {
	c.t.Helper()
	for _, s := range c.sessions {
		c.settled(s)
	}
	places := map[string]string{"an error": c.refusals.String()}
	maps.Copy(places, c.databaseText()) // with its write-ahead log, as it stands while it is in use
	if _, ok := places["postern.db-wal"]; !ok {
		c.t.Error("the database has no write-ahead log")
	}
	c.halt()
	for name, text := range c.databaseText() {
		places[name+" at rest"] = text
	}
	if c.providers != nil {
		ctx := context.WithoutCancel(c.t.Context())
		if err := c.providers.Flush(ctx); err != nil {
			c.t.Fatal(err)
		}
		places["a span"] = spanText(c.spans.GetSpans().Snapshots())
		if err := c.providers.Shutdown(ctx); err != nil {
			c.t.Fatal(err)
		}
	}
	places["the log"] = c.logs.String()
	c.silent(places)
	c.controls(places)
	c.options.Telemetry = nil // the rest is checked without
}

// orderChanges ships, and refunds with a receiver that fails.
func (c *canaryRun) orderChanges() {
	c.t.Helper()
	for _, o := range c.shop.LiveOrders() {
		if o.State != shop.Paid {
			continue
		}
		if err := c.shop.Ship(o.Number, "UPS", "1Z"); err != nil {
			c.t.Fatal(err)
		}
		if _, err := c.shop.Refund(o.Number, "1.00", canaryFirst); err != nil {
			c.t.Fatal(err)
		}
	}
	c.shop2.repeat("GET", "/orders", 1, 500, "text/html", "<html>%s</html>")
	_ = c.gateway.Poll(context.WithoutCancel(c.t.Context())) // it fails, and says so in the log
	c.stripe2.repeat("POST", "/v1/refunds", 1, 400, "application/json", `{"error":{"type":"invalid_request_error","message":"%s"}}`)
	c.poll()
}

// controls prove that the marks went through, and that each place holds what it should: a search of the wrong place finds nothing.
func (c *canaryRun) controls(places map[string]string) {
	c.t.Helper()
	orders := fmt.Sprintf("%+v", c.shop.LiveOrders())
	for _, o := range c.shop.LiveOrders() {
		orders += fmt.Sprintf("%+v %+v", *o.Customer.ShipTo, o.Customer.BillTo)
	}
	for _, mark := range []string{canaryMail, canaryPhone, canaryFirst, canaryLast, canaryStreet, canaryTwo, canaryCity, canaryBill} {
		if !strings.Contains(orders, mark) {
			c.t.Errorf("the shop's orders do not hold %q", mark)
		}
		// No session has a place for the billing address: it is for the shop alone.
		if shown := strings.Contains(c.answers.String(), mark); shown == (mark == canaryBill) {
			c.t.Errorf("a session shows %q to its owner: %v", mark, shown)
		}
	}
	for where, mark := range map[string]string{"the log": "/checkout_sessions/{id}/complete", "a span": c.sessions[0], "postern.db at rest": c.sessions[0]} {
		if text, ok := places[where]; ok && !strings.Contains(text, mark) {
			c.t.Errorf("%s does not even hold %q", where, mark)
		}
	}
	if c.child == nil && c.program && (!strings.Contains(places["the log"], "saga.placing") || !strings.Contains(places["the log"], "http.server.request.duration")) {
		c.t.Error("the program wrote no spans or metrics")
	}
	if !strings.Contains(places["an error"], "Content-Type") {
		c.t.Error("no answer was kept")
	}
}
