package main

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/cmd/postern/demo"
	"github.com/postern-gateway/postern/cmd/postern/shopper"
)

// TestBuyWithATokenOfOnesOwn buys as at any seller: the first try says which payment token it needs, the second brings one for the
// checkout that stayed open.
func TestBuyWithATokenOfOnesOwn(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // no demo that somebody else keeps up
	d, err := demo.Open(t.Context(), demo.Options{Screen: &bytes.Buffer{}, Token: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	somebody := []string{"buy", "--url", d.URL(), "--token", "mine", "--email", "ada@example.com", "--name", "Ada Lovelace", "--address", "1 Analytical Way, Fresno, CA 93650, US"}
	first := typeIn(t.Context(), append(somebody, "--item", "CUP-0002:2")...)
	session := regexp.MustCompile(`--session (cs_\w+) `).FindStringSubmatch(first.err)
	if first.code != 1 || session == nil || strings.Contains(first.out, "given up") {
		t.Fatalf("without a token: %+v", first)
	}
	second := typeIn(t.Context(), append(somebody, "--session", session[1], "--payment-token", mint(t, d, `{"amount":10000,"currency":"usd"}`), "--json")...)
	if second.code != 0 || !strings.HasPrefix(second.out, `{"ok":true,`) || !strings.Contains(second.out, session[1]) || !strings.Contains(second.out, `"order_id":"200901"`) {
		t.Errorf("with a token: %+v", second)
	}
	again := typeIn(t.Context(), append(somebody, "--session", session[1], "--payment-token", mint(t, d, `{"amount":10000,"currency":"usd"}`))...)
	if again.code != 1 || !strings.Contains(again.err, "is completed already") {
		t.Errorf("once more: %+v", again)
	}
	small := typeIn(t.Context(), append(somebody, "--item", "CUP-0002", "--payment-token", mint(t, d, `{"amount":1,"currency":"usd"}`))...)
	if small.code != 1 || strings.Contains(small.out, "\n  order ") || !strings.Contains(small.out, "given up") {
		t.Errorf("with a token of a cent: %+v", small)
	}
	declined := typeIn(t.Context(), append(somebody, "--item", "CUP-0002", "--payment-token", mint(t, d, `{"amount":10000,"currency":"usd","outcome":"decline"}`))...)
	if declined.code != 1 || !strings.Contains(declined.err, "Nothing was charged. Pay with another token") {
		t.Errorf("with a card that is declined: %+v", declined)
	}
}

// mint asks the demo's harness for a payment token.
func mint(t *testing.T, d *demo.Demo, body string) string {
	t.Helper()
	address, key := d.Harness()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/payment_tokens", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it is read to its end
	text, err := io.ReadAll(res.Body)
	token := regexp.MustCompile(`spt_\w+`).Find(text)
	if err != nil || token == nil {
		t.Fatalf("no token: %s, %v", text, err)
	}
	return string(token)
}

func TestBuyReadsItems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]shopper.Item{
		"A": {{ID: "A", Quantity: 1}}, "A:3": {{ID: "A", Quantity: 3}}, "a:b": {{ID: "a:b", Quantity: 1}}, "a:b:2": {{ID: "a:b", Quantity: 2}},
		"": nil, ":2": nil, "A:0": nil, "A:-1": nil,
	} {
		var p purchase
		if err := p.addItem(text); (err == nil) != (want != nil) || !cmp.Equal(p.items, want) {
			t.Errorf("%q: %v, %v, want %v", text, p.items, err, want)
		}
	}
}

func TestBuyReadsPersons(t *testing.T) {
	t.Parallel()
	p := purchase{name: "Ada M. Lovelace", email: "a@example.com", phone: "+1", address: "1 Way, Floor 2, East Wing, Fresno, CA 93650-1, us"}
	got, err := p.person(shopper.Person{})
	want := shopper.Person{
		First: "Ada M.", Last: "Lovelace", Email: "a@example.com", Phone: "+1", Street: "1 Way", Street2: "Floor 2, East Wing", City: "Fresno", State: "CA",
		Zip: "93650-1", Country: "US",
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []purchase{
		{name: "Ada", email: "a", address: "a, b, CA 1, US"},
		{name: "A B", address: "a, b, CA 1, US"},
		{name: "A B", email: "a"},
		{name: "A B", email: "a", address: "a, b, 93650, US"},
		{name: "A B", email: "a", address: "a, b, CA 1, USA"},
		{name: "A B", email: "a", address: "a, , CA 1, US"},
	} {
		if _, err := bad.person(shopper.Person{}); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
