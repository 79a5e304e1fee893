package declarative_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/declarative"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stateless is the smallest whole description: a shop with one call for each operation.
const stateless = `adapter: declarative/v1
base_url: http://shop.example/api
facts: {currency: usd}
money: {form: decimal_string}
functions: |
  def order: {ref: .no, number: .no, status: "created", payment: .paid, currency: .cur, total: .total,
    lines: [.lines[] | {id: .sku, item: .sku, ordered: .n, unit: .price}]};
operations:
  quote:
    steps:
      - id: priced
        post: /price
        body: '{lines: [$in.lines[] | {sku: .item, n: .quantity}]}'
    result: |
      .priced.body as $b | {cart_ref: $b.id, currency: $b.cur, total: $b.total,
        lines: [$b.lines[] | {item: .sku, base: mmul(.price; .n), tax}]}
  place_order:
    idempotency: {mode: header, header: Idempotency-Key}
    steps:
      - {id: placed, post: /orders, body: '{cart: $in.cart_ref, total: $in.total.text}'}
    result: .placed.body | order
  find_order:
    exact: true
    steps:
      - {id: found, get: /orders, query: {key: $in.key}}
    result: '{orders: [.found.body[] | order]}'
  get_order:
    steps:
      - {id: got, get: '/orders/{$in.order_ref}'}
    result: .got.body | order
  record_payment:
    steps:
      - {post: '/orders/{$in.order_ref}/payment', body: '{amount: $in.amount.number}'}
  cancel_order:
    steps:
      - {delete: '/orders/{$in.order_ref}'}
  changes:
    steps:
      - {id: page, get: /changes, query: {since: $in.since}}
    result: '{orders: [.page.body[] | {ref: .no, updated_at: .at}]}'
`

func load(text string, transport http.RoundTripper) (adapters.Adapter, error) {
	section, err := config.ParseSection("shop.yaml", []byte(text), config.Options{AllowLiteralSecrets: true})
	if err != nil {
		return adapters.Adapter{}, err
	}
	return declarative.New(section, declarative.Deps{Transport: transport, Clock: clock.System()})
}

func TestASmallDescriptionLoads(t *testing.T) {
	t.Parallel()
	a, err := load(stateless, http.DefaultTransport)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Facts.Idempotent || !a.Facts.ExactLookup || a.Facts.Currency != "usd" || a.FindOrder == nil || a.ReleaseCart != nil || a.Check != nil {
		t.Errorf("facts %+v", a.Facts)
	}
}

// lineOf is the line of the first text that holds mark.
func lineOf(t *testing.T, text, mark string) int {
	t.Helper()
	for i, l := range strings.Split(text, "\n") {
		if strings.Contains(l, mark) {
			return i + 1
		}
	}
	t.Fatalf("%q is not in the text", mark)
	return 0
}

func TestEveryMistakeIsReportedWithItsLine(t *testing.T) {
	t.Parallel()
	text := stateless
	mistakes := []struct{ old, now, mark, want string }{
		{"currency: usd}", "currency: dollars}", "currency: dollars", "three letters of ISO 4217"},
		{"body: '{cart: $in.cart_ref, total: $in.total.text}'", "body: '{cart: $in.cart_ref, total: }'", "total: }", `"{cart: $in.cart_ref, total: }" cannot be read`},
		{"{since: $in.since}", "{since: $since}", "{since: $since}", "variable not defined: $since"},
		{"base: mmul(.price; .n), tax", "base: (.price * .n), tax", "base: (.price", "floating point"},
		{"{amount: $in.amount.number}", "{amount: nosuch(.x)}", "nosuch(.x)", "function not defined: nosuch/1"},
		{"delete: '/orders/{$in.order_ref}'", "delete: '/orders/{$in.order_ref'", "order_ref'}", "a { is never closed"},
		{"{id: found, get: /orders, query: {key: $in.key}}", "{id: found, post: /orders, querry: {key: $in.key}}", "querry", "unknown key"},
		{"- {id: got, get:", "- {id: got, auth: admin, get:", "auth: admin", `"admin" is not one of auth`},
		{"form: decimal_string", "form: cents", "form: cents", "minor_int, decimal_string or decimal_number"},
		{"base_url: http://shop.example/api", "base_url: shop.example", "base_url: shop.example", "absolute http or https URL"},
		{"adapter: declarative/v1", "adapter: declarative/v9", "declarative/v9", "write declarative/v1"},
		{"changes:\n    steps:", "changes:\n    format: iso\n    steps:", "format: iso", "choose rfc3339, sql or unix"},
	}
	for _, m := range mistakes {
		if !strings.Contains(text, m.old) {
			t.Fatalf("%q is not in the description", m.old)
		}
		text = strings.Replace(text, m.old, m.now, 1)
	}
	_, err := load(text, nil)
	problems := config.ProblemsOf(err)
	for _, m := range mistakes {
		found := false
		for _, p := range problems {
			// A block of text is placed by its key, which may stand above the faulty line.
			line := lineOf(t, text, m.mark)
			if strings.Contains(p.Message, m.want) && p.Line <= line && p.Line >= line-2 && p.File == "shop.yaml" {
				found = true
			}
		}
		if !found {
			t.Errorf("no problem near line %d says %q", lineOf(t, text, m.mark), m.want)
		}
	}
	if t.Failed() {
		t.Logf("problems:\n%v", err)
	}
}

func TestABrokenBlockNamesItsOwnLine(t *testing.T) {
	t.Parallel()
	text := strings.Replace(stateless, "total: $b.total,\n", "total: $b.total,, \n", 1)
	_, err := load(text, nil)
	problems := config.ProblemsOf(err)
	if len(problems) != 1 || problems[0].Line != lineOf(t, text, "total,,") || !strings.Contains(problems[0].Message, "$b.total,,") {
		t.Errorf("problems: %v, want one on line %d with the text", err, lineOf(t, text, "total,,"))
	}
}

func TestPlacingThatCouldChargeTwiceIsRefused(t *testing.T) {
	t.Parallel()
	const key = "    idempotency: {mode: header, header: Idempotency-Key}\n"
	cases := map[string]struct{ idempotency, exact, want string }{
		"nothing at all":         {"", "", "the buyer might be charged twice"},
		"search without exact":   {"    idempotency: {mode: search}\n", "", "search needs find_order with exact: true"},
		"exact without a mode":   {"", "    exact: true\n", "header, body, natural or search"},
		"header without a name":  {"    idempotency: {mode: header}\n", "", "name the header"},
		"a mode that is unknown": {"    idempotency: {mode: hope}\n", "", "choose header, body, natural or search"},
	}
	for name, c := range cases {
		text := strings.Replace(strings.Replace(stateless, key, c.idempotency, 1), "    exact: true\n", c.exact, 1)
		if _, err := load(text, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, mode := range []string{"body", "natural"} {
		text := strings.Replace(stateless, key, "    idempotency: {mode: "+mode+"}\n", 1)
		if a, err := load(strings.Replace(text, "    exact: true\n", "", 1), nil); err != nil || !a.Facts.Idempotent || a.Facts.ExactLookup {
			t.Errorf("mode %s: %+v, %v", mode, a.Facts, err)
		}
	}
	twoWrites := strings.Replace(stateless, "- {id: placed,", "- {post: /lock}\n      - {id: placed,", 1)
	if _, err := load(twoWrites, nil); err == nil || !strings.Contains(err.Error(), "2 steps write under one idempotency key") {
		t.Errorf("two writes under one key: %v", err)
	}
	if a, err := load(strings.Replace(twoWrites, "{post: /lock}", "{post: /lock, safe: true}", 1), nil); err != nil || !a.Facts.Idempotent {
		t.Errorf("one write is safe: %v", err)
	}
}

func TestRawArithmeticOnMoneyIsRefused(t *testing.T) {
	t.Parallel()
	const base = "base: mmul(.price; .n)"
	bad := []string{
		"base: minor(.price * .n)", "base: (.price * .n)", "base: money(.price * .n)", "base: (.n * .price)", "base: (.price - .price)",
		"base: mmul(.price + .price; .n)", "base: ([.price, .price] | add)", "base: money([.lines[].price] | add)",
		"base: ((.price | tonumber) * 2 | tostring)", "base: (money(.price) + money(.price))", "base: msum([.price / 2])",
		"base: madd(.price; (.price // 0) * 2)", "base: (.price |= . * 2 | .price * 3)", "base: .now, title: (now | tostring)",
		"base: .price, title: env.HOME", "base: .price, title: (input | .x)", "base: .price, title: ($ENV.PATH)",
	}
	for _, b := range bad {
		_, err := load(strings.Replace(stateless, base, b, 1), nil)
		if err == nil {
			t.Errorf("%s is taken", b)
			continue
		}
		for _, p := range config.ProblemsOf(err) {
			if p.Line == 0 || !strings.Contains(p.Path, "quote.result") {
				t.Errorf("%s: the problem has no place: %v", b, p)
			}
		}
	}
	good := []string{
		"base: mmul(.price; .n)", "base: .price", "base: mmul(.price; .n + 1)", "base: msum([.price, .price])", `base: .price, title: "\(.price)"`,
		"base: mround(madd(.price; .price); \"half_even\"), available: (.n + 1)", "base: from_minor(100; 2)", "base: from_decimal(\"1.5\")",
	}
	for _, g := range good {
		if _, err := load(strings.Replace(stateless, base, g, 1), nil); err != nil {
			t.Errorf("%s is refused: %v", g, err)
		}
	}
}

func TestSmallerMistakes(t *testing.T) {
	t.Parallel()
	cases := []struct{ old, now, want string }{
		{"get: '/orders/{$in.order_ref}'", "post: '/orders/{$in.order_ref}'", "say safe: true"},
		{"get: '/orders/{$in.order_ref}'", "get: /a, post: /b", "write one call in each step"},
		{"get: '/orders/{$in.order_ref}'", "get: orders", "starts with /"},
		{"get: '/orders/{$in.order_ref}'", "get: '/orders?no={$in.order_ref}'", "write it under query"},
		{"get: '/orders/{$in.order_ref}'", "get: '/orders/{$in.order_ref}', body: '1'", "a get has no body"},
		{"{id: got, get: '/orders/{$in.order_ref}'}", "{id: got}", "does nothing"},
		{"{id: got, get: '/orders/{$in.order_ref}'}", "{id: got, get: /a, max: 5000}", "from 1 to 1000"},
		{"{id: got, get: '/orders/{$in.order_ref}'}", "{id: got, get: /a, on_error: [{as: Maybe, status: 400}]}", `"Maybe" is not known`},
		{"{id: got, get: '/orders/{$in.order_ref}'}", "{id: got, get: /a, on_error: [{as: Rejected}]}", "fits every answer"},
		{"{id: got, get: '/orders/{$in.order_ref}'}", "{id: got, get: /a, on_error: [{as: NoShipping, status: 1, continue: true}]}", "only the steps of quote"},
		{"{id: got, get: '/orders/{$in.order_ref}'}", "{id: got, get: /a, on_error: [{as: Rejected, status: 9}]}", "HTTP status"},
		{"  get_order:\n", "  get_ordr:\n", "unknown key"},
		{"    result: .got.body | order\n", "", "operations.get_order.result"},
		{"functions: |\n", "functions: |\n  . | \n", "functions"},
		{"functions: |\n", "functions: |\n  import \"x\" as x;\n", "imports a module"},
		{"operations:\n", "auth: {a: {type: bearer}}\noperations:\n", "is required; write"},
		{"operations:\n", "auth: {a: {type: magic}}\noperations:\n", "choose none, basic, bearer, header or login"},
		{"operations:\n", "auth: {a: {type: login, login: {post: /t, token: .body.t}}}\noperations:\n", "how long a token is good"},
		{"operations:\n", "needs: {values: [region], secrets: [k]}\noperations:\n", `the value "region" is not given`},
		{"operations:\n", "needs: {values: [region], secrets: [k]}\noperations:\n", `the secret "k" is not given`},
		{"operations:\n", "auth: {a: {type: bearer, token: '${secret:nope}'}}\noperations:\n", `the secret "nope" is not given`},
		{"base_url: http://shop.example/api", "base_url: http://ada:pw@shop.example/", "must not hold credentials"},
		{"facts: {currency: usd}", "facts: {currency: usd, commits_on: payment}", "paying is what binds the order is not served yet"},
		{"facts: {currency: usd}", "facts: {currency: usd, rounding: fair, commits_on: never, max_processing: 9h}", `"fair" is not known`},
		{"money: {form: decimal_string}", "money: {form: decimal_string, exponent: many, tax: maybe}", "iso or a number of digits"},
		{"operations:\n", "timeouts: {call: 1h}\nmax_response: 1000000000\noperations:\n", "up to 5m"},
	}
	for _, c := range cases {
		if !strings.Contains(stateless, c.old) {
			t.Fatalf("%q is not in the description", c.old)
		}
		_, err := load(strings.Replace(stateless, c.old, c.now, 1), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.now, err, c.want)
		}
	}
}

func TestAFileIsOverlaidBySettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := strings.Replace(stateless, "operations:\n", "needs: {values: [region], secrets: [k]}\nauth: {default: {type: bearer, token: '${secret:k}'}}\noperations:\n", 1)
	if err := os.WriteFile(filepath.Join(dir, "shop.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(settings string) (adapters.Adapter, error) {
		s, err := config.ParseSection("gateway.yaml", []byte(settings), config.Options{Dir: dir, AllowLiteralSecrets: true})
		if err != nil {
			return adapters.Adapter{}, err
		}
		return declarative.New(s, declarative.Deps{Clock: clock.System()})
	}
	a, err := open("file: shop.yaml\ncurrency: jpy\nbase_url: https://other.example\nvalues: {region: r1}\nsecrets: {k: s3}\n")
	if err != nil || a.Facts.Currency != "jpy" {
		t.Errorf("%+v, %v", a.Facts, err)
	}
	for settings, want := range map[string]string{
		"file: nosuch.yaml\n":                  "cannot be read",
		"file: shop.yaml\n":                    `the value "region" is not given`,
		"values: {}\n":                         "file",
		"file: shop.yaml\ncolour: red\n":       "unknown key",
		"file: shop.yaml\nsecrets: {k: 12}\n":  "a secret must not stand in the file",
		fmt.Sprintf("file: %s/shop.yaml", dir): `the secret "k" is not given`,
	} {
		if _, err := open(settings); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", settings, err, want)
		}
	}
}

func TestExamplesLoad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("examples/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	settings := map[string]string{
		"medusa.yaml":      "values: {region: r, sales_channel: s}\nsecrets: {publishable_key: a, secret_key: b}\n",
		"woocommerce.yaml": "secrets: {consumer_key: a, consumer_secret: b}\n",
	}
	for _, f := range files {
		s, err := config.ParseSection("gateway.yaml", []byte("file: "+f+"\nbase_url: https://shop.example\n"+settings[filepath.Base(f)]),
			config.Options{AllowLiteralSecrets: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := declarative.New(s, declarative.Deps{Clock: clock.System()}); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}
