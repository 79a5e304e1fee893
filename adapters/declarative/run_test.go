package declarative_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

const goodOrder = `{"no":"1001","paid":"authorized","cur":"USD","total":"20.00","lines":[{"sku":"A","n":1,"price":"20.00"}]}`

const goodPrice = `{"id":"c1","cur":"USD","total":"21.6500","lines":[{"sku":"A","n":1,"price":"20.00","tax":"1.6500"}]}`

// fake answers each call by its method and path; what it is not told of is an empty 204.
type fake struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string]string
	status  map[string]int
	seen    []*http.Request
	bodies  []string
}

func open(t testing.TB, text string, answers map[string]string) (*fake, adapters.Adapter) {
	t.Helper()
	f := &fake{answers: answers, status: map[string]int{}}
	f.Server = httptest.NewServer(f)
	transport := &http.Transport{}
	t.Cleanup(func() { transport.CloseIdleConnections(); f.Close() })
	a, err := load(strings.ReplaceAll(text, "http://shop.example/api", f.URL+"/api"), transport)
	if err != nil {
		t.Fatal(err)
	}
	return f, a
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen, f.bodies = append(f.seen, r), append(f.bodies, string(body))
	call := r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), "/api")
	answer, ok := f.answers[call]
	if token := r.Header.Get("Authorization"); f.answers["token"] != "" && call != "POST /token" && token != "Bearer "+f.answers["token"] {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if s := f.status[call]; s != 0 {
		w.WriteHeader(s)
	}
	_, _ = io.WriteString(w, answer)
}

func (f *fake) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, r := range f.seen {
		out = append(out, r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), "/api"))
	}
	return out
}

var oneLine = adapters.QuoteRequest{Key: "k1", Cart: commerce.Cart{Currency: "usd", Lines: []commerce.CartLine{{ID: "li_1", ItemID: "A", Quantity: 1}}}}

var place = adapters.PlaceRequest{Key: "k1", CartRef: `{"cart":"c1","keep":{}}`, Total: commerce.Money{Minor: 2000, Currency: "usd"}, ExactTotal: "20.00"}

func TestPlacingSendsItsKeyOnceAndOnTheWriteOnly(t *testing.T) {
	t.Parallel()
	text := strings.Replace(stateless, "- {id: placed,", "- {post: /lock, safe: true}\n      - {id: placed,", 1)
	f, a := open(t, text, map[string]string{"POST /orders": goodOrder})
	o, err := a.PlaceOrder(t.Context(), place)
	if err != nil || o.Ref != "1001" || o.Total != 2000 || o.Payment != commerce.Authorized {
		t.Fatalf("%+v, %v", o, err)
	}
	if got := strings.Join(f.calls(), ", "); got != "POST /lock, POST /orders" {
		t.Errorf("calls %s", got)
	}
	if f.seen[0].Header.Get("Idempotency-Key") != "" || f.seen[1].Header.Get("Idempotency-Key") != "k1" {
		t.Errorf("keys %q and %q", f.seen[0].Header.Get("Idempotency-Key"), f.seen[1].Header.Get("Idempotency-Key"))
	}
	if f.bodies[1] != `{"cart":"c1","total":"20.00"}` {
		t.Errorf("body %s", f.bodies[1])
	}
}

func TestWhatFollowsAWriteIsNeverARefusal(t *testing.T) {
	t.Parallel()
	results := map[string]string{
		"no object": `[]`, "null": `null`, "no ref": strings.Replace(goodOrder, `"no":"1001"`, `"no":null`, 1),
		"wrong currency": strings.Replace(goodOrder, "USD", "EUR", 1), "negative": strings.Replace(goodOrder, `"20.00","lines"`, `"-1","lines"`, 1),
		"no total": strings.Replace(goodOrder, `"total":"20.00",`, "", 1), "wrong form": strings.Replace(goodOrder, `"total":"20.00"`, `"total":20`, 1),
		"strange state": strings.Replace(goodOrder, "authorized", "maybe", 1), "huge": strings.Replace(goodOrder, `"n":1`, `"n":1e30`, 1),
		"broken": goodOrder[:40], "HTML": "<h1>thank you, ada@example.com</h1>",
	}
	for name, answer := range results {
		_, a := open(t, stateless, map[string]string{"POST /orders": answer})
		_, err := a.PlaceOrder(t.Context(), place)
		if commerce.KindOf(err) != commerce.Indeterminate || strings.Contains(err.Error(), "ada@") {
			t.Errorf("%s: %v, want Indeterminate", name, err)
		}
	}
	// A later step that is refused does not undo the one before it.
	text := strings.Replace(stateless, "    result: .placed.body | order", "      - {id: got, get: '/orders/{.placed.body.no}'}\n    result: .got.body | order", 1)
	f, a := open(t, text, map[string]string{"POST /orders": goodOrder, "GET /orders/1001": `{}`})
	for _, status := range []int{404, 401, 429, 500} {
		f.status["GET /orders/1001"] = status
		if _, err := a.PlaceOrder(t.Context(), place); commerce.KindOf(err) != commerce.Indeterminate {
			t.Errorf("%d after placing: %v, want Indeterminate", status, err)
		}
	}
	// A refusal before anything was written is one.
	f.status["POST /orders"] = 422
	if _, err := a.PlaceOrder(t.Context(), place); commerce.KindOf(err) != commerce.Unexplained {
		t.Errorf("422: %v, want Unexplained", err)
	}
}

func TestALookUpNeverFindsForeignOrders(t *testing.T) {
	t.Parallel()
	text := strings.Replace(stateless, "{ref: .no, number: .no,", "{ref: .no, number: .no, key: .key,", 1)
	other := strings.Replace(goodOrder, "{", `{"key":"other",`, 1)
	f, a := open(t, text, map[string]string{"GET /orders": "[" + other + "," + strings.Replace(other, "other", "k1", 1) + "]"})
	found, err := a.FindOrder(t.Context(), adapters.OrderQuery{Key: "k1"})
	if err != nil || len(found.Orders) != 1 || found.Orders[0].Key != "k1" || !found.Exact {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := a.FindOrder(t.Context(), adapters.OrderQuery{TxnID: "pi_1"}); commerce.KindOf(err) != commerce.Unsupported || len(f.calls()) != 1 {
		t.Errorf("a look-up by what the shop cannot search: %v after %v", err, f.calls())
	}
	lower := strings.Replace(text, "'{orders: [.found.body[] | order]}'", "'{orders: [], exact: ($in.cart_ref != null)}'", 1)
	_, a = open(t, lower, map[string]string{"GET /orders": "[]"})
	if found, err := a.FindOrder(t.Context(), adapters.OrderQuery{Key: "k1"}); err != nil || found.Exact {
		t.Errorf("a promise that was taken back: %+v, %v", found, err)
	}
}

func TestResultsAreReadStrictly(t *testing.T) {
	t.Parallel()
	_, a := open(t, stateless, map[string]string{"POST /price": goodPrice})
	q, err := a.Quote(t.Context(), oneLine)
	if err != nil || q.Total != 2165 || q.Lines[0].Tax != 165 || q.ExactTotal != "21.65" {
		t.Fatalf("%+v, %v", q, err)
	}
	bad := map[string]string{
		"misspelt member": strings.Replace(stateless, "cart_ref: $b.id,", "cart_ref: $b.id, totl: 1,", 1),
		"no cart":         strings.Replace(stateless, "cart_ref: $b.id,", "", 1),
		"other line":      strings.Replace(stateless, "lines: [$b.lines[] | {item: .sku,", "lines: [$b.lines[] | {item: \"B\",", 1),
		"no line":         strings.Replace(stateless, "lines: [$b.lines[] |", "lines: [$b.lines[1:][] |", 1),
		"line twice":      strings.Replace(stateless, "lines: [$b.lines[] |", "lines: [$b.lines[], $b.lines[] |", 1),
		"other quantity":  strings.Replace(stateless, "{item: .sku,", "{item: .sku, quantity: 2,", 1),
		"total is off":    strings.Replace(stateless, "total: $b.total,", "total: madd($b.total; \"1.00\"),", 1),
		"several results": strings.Replace(stateless, ".priced.body as $b | {cart_ref", ".priced.body, .priced.body | . as $b | {cart_ref", 1),
	}
	for name, text := range bad {
		_, a := open(t, text, map[string]string{"POST /price": goodPrice})
		if _, err := a.Quote(t.Context(), oneLine); commerce.KindOf(err) != commerce.Temporary {
			t.Errorf("%s: %v, want Temporary", name, err)
		}
	}
}

func TestPathsAreEscapedAndConfined(t *testing.T) {
	t.Parallel()
	f, a := open(t, stateless, map[string]string{"GET /orders/a%2Fb%20c%3Fd": goodOrder})
	if _, err := a.GetOrder(t.Context(), "a/b c?d"); err != nil {
		t.Errorf("%v after %v", err, f.calls())
	}
	for _, ref := range []string{"..", ".", "a\nb", "a\x00b", ""} {
		if _, err := a.GetOrder(t.Context(), ref); err == nil {
			t.Errorf("the reference %q makes a path", ref)
		}
	}
	if n := len(f.calls()); n != 1 {
		t.Errorf("%d calls were made: %v", n, f.calls())
	}
	// Only listed hosts can be named by an address.
	other := strings.Replace(stateless, "get: '/orders/{$in.order_ref}'", "get: 'http://other.example/{$in.order_ref}'", 1)
	_, a = open(t, other, nil)
	if _, err := a.GetOrder(t.Context(), "1"); commerce.KindOf(err) != commerce.Temporary || !strings.Contains(errors.Unwrap(err).Error(), "not listed under hosts") {
		t.Errorf("another host: %v", err)
	}
	u, _ := url.Parse(f.URL)
	listed := strings.Replace(other, "http://other.example/", f.URL+"/api/orders/", 1)
	listed = strings.Replace(listed, "adapter: declarative/v1", "adapter: declarative/v1\nhosts: ['"+u.Host+"']", 1)
	f2, a := open(t, listed, nil)
	f.answers["GET /orders/1"] = goodOrder
	if _, err := a.GetOrder(t.Context(), "1"); err != nil || len(f2.calls()) != 0 {
		t.Errorf("a listed host: %v", err)
	}
}

func TestHeadersCannotBeSplit(t *testing.T) {
	t.Parallel()
	text := strings.Replace(stateless, "{id: got, get: '/orders/{$in.order_ref}'}", "{id: got, get: /order, headers: {X-Ref: $in.order_ref}}", 1)
	f, a := open(t, text, map[string]string{"GET /order": goodOrder})
	if _, err := a.GetOrder(t.Context(), "a\r\nX-Evil: 1"); err == nil || len(f.calls()) != 0 {
		t.Errorf("%v after %v", err, f.calls())
	}
}

func TestLoopsAreBounded(t *testing.T) {
	t.Parallel()
	text := strings.Replace(stateless, "      - id: priced\n", "      - {for_each: '[range(6)]', max: 5, get: /x}\n      - id: priced\n", 1)
	f, a := open(t, text, map[string]string{"POST /price": goodPrice})
	if _, err := a.Quote(t.Context(), oneLine); commerce.KindOf(err) != commerce.Temporary || len(f.calls()) != 0 {
		t.Errorf("%v after %v", err, f.calls())
	}
}

const withLogin = `auth:
  default:
    type: login
    login: {post: /token, body: {user: ada, password: hunter2-canary}, token: .body.token, expires_in: .body.ttl}
operations:
`

func TestATokenIsKeptAndFetchedAnewOnce(t *testing.T) {
	t.Parallel()
	f, a := open(t, strings.Replace(stateless, "operations:\n", withLogin, 1), map[string]string{
		"token": "t1", "POST /token": `{"token":"t1","ttl":3600}`, "GET /orders/1": goodOrder,
	})
	get := func() error {
		_, err := a.GetOrder(t.Context(), "1")
		return err
	}
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if err := get(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	logins := func() int { return strings.Count(strings.Join(f.calls(), " "), "POST /token") }
	if logins() != 1 {
		t.Errorf("%d logins for ten calls", logins())
	}
	f.mu.Lock()
	f.answers["token"], f.answers["POST /token"] = "t2", `{"token":"t2","ttl":"3600"}`
	f.mu.Unlock()
	if err := get(); err != nil || logins() != 2 {
		t.Errorf("after the token ended: %v, %d logins", err, logins())
	}
	f.mu.Lock()
	f.answers["token"] = "t3" // and no login gives it
	f.mu.Unlock()
	if err := get(); commerce.KindOf(err) != commerce.Unauthorized || logins() != 3 {
		t.Errorf("credentials that are refused: %v, %d logins", err, logins())
	}
	f.mu.Lock()
	f.status["POST /token"], f.answers["POST /token"] = 400, `{"error":"hunter2-canary"}`
	f.mu.Unlock()
	if err := get(); commerce.KindOf(err) != commerce.Unauthorized || strings.Contains(fmt.Sprintf("%+v", err), "canary") {
		t.Errorf("a refused login: %v", err)
	}
	if err := a.CancelOrder(t.Context(), adapters.CancelRequest{Ref: "1"}); commerce.KindOf(err) != commerce.Unauthorized || !commerce.Definite(err) {
		t.Errorf("a write without a token: %v", err)
	}
}

func TestASessionTravelsInTheCartRef(t *testing.T) {
	t.Parallel()
	text := strings.Replace(stateless, "operations:\n", "keep: {rev: .body.rev}\nauth: {default: {type: none, headers: {X-Rev: $keep.rev}}}\noperations:\n", 1)
	f, a := open(t, text, map[string]string{"POST /price": strings.Replace(goodPrice, "{", `{"rev":"r7",`, 1)})
	q, err := a.Quote(t.Context(), oneLine)
	if err != nil {
		t.Fatal(err)
	}
	var ref map[string]any
	if err := json.Unmarshal([]byte(q.CartRef), &ref); err != nil || ref["cart"] != "c1" {
		t.Errorf("cart ref %s", q.CartRef)
	}
	again := oneLine
	again.CartRef = q.CartRef
	if _, err := a.Quote(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if first, second := f.seen[0].Header.Get("X-Rev"), f.seen[1].Header.Get("X-Rev"); first != "" || second != "r7" {
		t.Errorf("the session went out as %q, then %q", first, second)
	}
}

func TestTaxIncludedPricesAreShownNet(t *testing.T) {
	t.Parallel()
	text := strings.Replace(stateless, "money: {form: decimal_string}", "money: {form: decimal_string, tax: included}", 1)
	_, a := open(t, text, map[string]string{
		"POST /price": `{"id":"c1","cur":"USD","total":"119.00","lines":[{"sku":"A","n":1,"price":"119.00","tax":"19.00"}]}`,
	})
	q, err := a.Quote(t.Context(), oneLine)
	if err != nil || q.Total != 11900 || q.Lines[0].Base != 10000 || q.Lines[0].Tax != 1900 || q.Amount(commerce.TotalTax) != 1900 {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestAnItemOnTwoLinesIsPricedOnceAndShared(t *testing.T) {
	t.Parallel()
	f, a := open(t, stateless, map[string]string{
		"POST /price": `{"id":"c1","cur":"USD","total":"10.8250","lines":[{"sku":"A","n":3,"price":"3.3333","tax":"0.8251"}]}`,
	})
	r := oneLine
	r.Cart.Lines = []commerce.CartLine{{ID: "li_1", ItemID: "A", Quantity: 1}, {ID: "li_2", ItemID: "A", Quantity: 2}}
	q, err := a.Quote(t.Context(), r)
	if err != nil || len(q.Lines) != 2 || q.Lines[0].ID != "li_1" || q.Lines[1].ID != "li_2" || q.Total != 1083 {
		t.Fatalf("%+v, %v", q, err)
	}
	if q.Lines[0].Quantity != 1 || q.Lines[1].Quantity != 2 || q.Lines[0].Base+q.Lines[1].Base != 1000 || q.Lines[1].Base < 666 {
		t.Errorf("lines %+v", q.Lines)
	}
	if f.bodies[0] != `{"lines":[{"n":3,"sku":"A"}]}` {
		t.Errorf("the shop was asked for %s", f.bodies[0])
	}
}

func BenchmarkQuoteMapping(b *testing.B) {
	var lines []string
	r := adapters.QuoteRequest{Key: "k", Cart: commerce.Cart{Currency: "usd"}}
	for i := range 20 {
		lines = append(lines, fmt.Sprintf(`{"sku":"S%d","n":2,"price":"10.00","tax":"0.8250"}`, i))
		r.Cart.Lines = append(r.Cart.Lines, commerce.CartLine{ID: fmt.Sprintf("li_%d", i), ItemID: fmt.Sprintf("S%d", i), Quantity: 2})
	}
	body := `{"id":"c1","cur":"USD","total":"416.5","lines":[` + strings.Join(lines, ",") + `]}`
	a, err := load(stateless, roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Quote(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzAnswers lets a shop answer anything: no panic, no quote that does not add up, and no write that is called done without an order.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte(goodPrice), []byte(goodOrder), 200)
	f.Add([]byte(`{"id":{},"cur":"USD","total":"1e9","lines":[{}]}`), []byte(`{"no":{"a":1}}`), 201)
	f.Add([]byte(`[]`), []byte(`"x"`), 500)
	var price, order []byte
	var status int
	a, err := load(stateless, roundTrip(func(r *http.Request) (*http.Response, error) {
		body := order
		if strings.HasSuffix(r.URL.Path, "/price") {
			body = price
		}
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(string(body))),
		}, nil
	}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, p, o []byte, s int) {
		price, order, status = p, o, s
		if status < 200 || status > 599 {
			status = 200
		}
		if q, err := a.Quote(t.Context(), oneLine); err == nil {
			if err := q.Check(); err != nil || len(q.Lines) != 1 || q.Currency != "usd" {
				t.Fatalf("a quote that may not be: %+v, %v", q, err)
			}
		}
		snap, err := a.PlaceOrder(t.Context(), place)
		if err == nil && (snap.Ref == "" || snap.Total < 0 || status > 299) {
			t.Fatalf("an order that may not be: %+v", snap)
		}
		if err != nil && status >= 200 && status <= 299 && commerce.KindOf(err) != commerce.Indeterminate {
			t.Fatalf("a write that was answered %d is called %v", status, err)
		}
	})
}
