package translate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
	"github.com/postern-gateway/postern/translate/wire"
)

func TestVersionsAreWhole(t *testing.T) {
	t.Parallel()
	for _, v := range spoken(t) {
		fields := reflect.ValueOf(v)
		for i := range fields.NumField() {
			name := fields.Type().Field(i).Name
			wanted := v.Carts || !strings.HasSuffix(name, "Cart")
			if fields.Field(i).Kind() == reflect.Func && fields.Field(i).IsNil() == wanted {
				t.Errorf("%s has %s: %t, want %t", v.Date, name, !wanted, wanted)
			}
		}
		if v.MismatchStatus != 409 && v.MismatchStatus != 422 {
			t.Errorf("%s answers a mismatch with %d", v.Date, v.MismatchStatus)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(publishedDates, translate.SupportedVersions()); diff != "" {
		t.Error(diff)
	}
	if translate.Newest().Date != "2026-04-17" {
		t.Errorf("the newest is %s", translate.Newest().Date)
	}
	for _, date := range translate.SupportedVersions() {
		if v, ok := translate.Lookup(date); !ok || v.Date != date {
			t.Errorf("%s is not found", date)
		}
	}
	for _, date := range []string{"", "2026-04-16", "2026-04-18", " 2026-04-17", "2026-04-17 ", "latest", "unreleased", "2025-09-12"} {
		if _, ok := translate.Lookup(date); ok {
			t.Errorf("%q must not be found: there is no nearest date", date)
		}
	}
	translate.Versions()[0].Date = "changed"
	if translate.Newest().Date == "changed" {
		t.Error("the list can be changed from outside")
	}
}

func TestFactsOfTheDates(t *testing.T) {
	t.Parallel()
	type facts struct {
		mismatch                                   int
		key, discounts, orderInSession, carts, mcp bool
	}
	want := []facts{
		{mismatch: 409},
		{mismatch: 409, orderInSession: true},
		{mismatch: 409, orderInSession: true},
		{mismatch: 409, discounts: true, orderInSession: true},
		{mismatch: 422, key: true, discounts: true, orderInSession: true, carts: true, mcp: true},
		{mismatch: 422, key: true, discounts: true, orderInSession: true, carts: true, mcp: true},
	}
	for i, v := range spoken(t) {
		got := facts{v.MismatchStatus, v.KeyRequired, v.Discounts, v.OrderInSession, v.Carts, v.MCP}
		if got != want[i] {
			t.Errorf("%s: %+v, want %+v", v.Date, got, want[i])
		}
	}
}

// Every session can be read in every date, whatever it was made with, and
// shows nothing that is for writing only.
func TestEverySessionInEveryDate(t *testing.T) {
	t.Parallel()
	for _, v := range translate.Versions() {
		for name, session := range sessions {
			t.Run(v.Date+"/"+name, func(t *testing.T) {
				t.Parallel()
				body, err := v.EncodeSession(session())
				if err != nil {
					t.Fatal(err)
				}
				schematest.Validate(t, v.Date, schematest.Session, body)
				completion, err := v.EncodeCompletion(session())
				if err != nil {
					t.Fatal(err)
				}
				schematest.Validate(t, v.Date, schematest.Completion, completion)
				if bytes.Contains(body, []byte("canary")) || bytes.Contains(completion, []byte("canary")) {
					t.Error("a write-only member is shown")
				}
				checkMoney(t, v.Date, session(), body)
			})
		}
		for name, event := range events {
			body, err := v.EncodeEvent(event)
			if err != nil {
				t.Fatal(err)
			}
			schematest.Validate(t, v.Date, schematest.Event, body)
			if !json.Valid(body) || !bytes.Contains(body, []byte(event.Order.PermalinkURL)) {
				t.Errorf("%s: event %s lacks its order", v.Date, name)
			}
		}
	}
}

// checkMoney reads the answer as an agent would: one total, the shop's, and a
// formula that holds with the words of the date.
func checkMoney(t *testing.T, date string, s commerce.Session, body []byte) {
	t.Helper()
	var answer struct {
		Totals []struct {
			Type   string
			Text   string `json:"display_text"`
			Amount int64
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	sum, due, last := map[string]int64{}, 0, -1
	order := []string{
		"items_base_amount", "items_discount", "subtotal", "discount", "fulfillment", "tax", "fee", "gift_wrap", "tip", "store_credit", "total",
	}
	for _, row := range answer.Totals {
		if row.Type == "total" {
			due++
		}
		at := slices.Index(order, row.Type)
		if row.Amount < 0 || row.Text == "" || at <= last {
			t.Errorf("%s: row %+v is negative, without text, double or out of order", date, row)
		}
		last = at
		sum[row.Type] += row.Amount
	}
	total := sum["items_base_amount"] - sum["items_discount"] - sum["discount"] + sum["fulfillment"] + sum["tax"] + sum["fee"] + sum["gift_wrap"] +
		sum["tip"] - sum["store_credit"]
	if due != 1 || total != sum["total"] || total != s.Quote.Total {
		t.Errorf("%s: %d total rows, %d by the formula, %d shown, %d by the shop", date, due, total, sum["total"], s.Quote.Total)
	}
}

// Money that does not add up is never shown, in any date.
func TestInconsistentMoneyIsNotShown(t *testing.T) {
	t.Parallel()
	broken := map[string]func(*commerce.Session){
		"total row":           func(s *commerce.Session) { s.Quote.Totals[0].Amount++ },
		"shop's total":        func(s *commerce.Session) { s.Quote.Total-- },
		"line":                func(s *commerce.Session) { s.Quote.Lines[0].Subtotal++ },
		"option":              func(s *commerce.Session) { s.Quote.Options[0].Total++ },
		"negative":            func(s *commerce.Session) { s.Quote.Lines[0].Tax = -1 },
		"beyond 2^53 line":    func(s *commerce.Session) { s.Quote.Lines[0].Base = math.MaxInt64 },
		"beyond 2^53 option":  func(s *commerce.Session) { s.Quote.Options[0].Total = math.MaxInt64 },
		"beyond 2^53 in rows": func(s *commerce.Session) { s.Quote.Totals[4].Amount = math.MaxInt64 },
	}
	for _, v := range translate.Versions() {
		for name, damage := range broken {
			s := ready()
			damage(&s)
			if body, err := v.EncodeSession(s); err == nil {
				t.Errorf("%s shows a broken %s: %s", v.Date, name, body)
			}
			if _, err := v.EncodeCompletion(s); err == nil {
				t.Errorf("%s completes with a broken %s", v.Date, name)
			}
		}
	}
}

// A shop's broken text must not stop an answer about money that is held.
func TestBrokenShopTextIsReplaced(t *testing.T) {
	t.Parallel()
	for _, v := range translate.Versions() {
		s := ready()
		s.Quote.Options[0].Title = "Stand\xffard"
		body, err := v.EncodeSession(s)
		if err != nil || !bytes.Contains(body, []byte("Stand\ufffdard")) {
			t.Errorf("%s: %v\n%s", v.Date, err, body)
		}
	}
}

func TestEncodeError(t *testing.T) {
	t.Parallel()
	problem := wire.Problem{
		Type: wire.InvalidRequest, Code: "unsupported_api_version", Message: "no such date", Param: "$.line_items[2].item.id",
		SupportedVersions: translate.SupportedVersions(),
	}
	old := `{"type":"invalid_request","code":"unsupported_api_version","message":"no such date","param":"$.items[2].id"}`
	want := map[string]string{
		"2025-09-29": old, "2025-12-12": old, "2026-01-16": old,
		"2026-01-30": `{"type":"invalid_request","code":"unsupported_api_version","message":"no such date","param":"$.line_items[2].item.id"}`,
		"2026-04-17": `{"type":"invalid_request","code":"unsupported_api_version","message":"no such date","param":"$.line_items[2].item.id",` +
			`"supported_versions":["2025-09-29","2025-12-12","2026-01-16","2026-01-30","2026-04-17"]}`,
	}
	for _, v := range translate.Versions() {
		body, err := v.EncodeError(problem)
		if err != nil {
			t.Fatal(err)
		}
		schematest.Validate(t, v.Date, schematest.Error, body)
		if diff := cmp.Diff(want[v.Date], string(body)); diff != "" {
			t.Error(diff)
		}
	}
}

// A place is told in the words of the date, unless it was found in the body: then in those of the body.
func TestErrorPlaces(t *testing.T) {
	t.Parallel()
	for param, want := range map[string][5]string{
		"$.line_items":            {"$.items", "$.items", "$.items", "$.line_items", "$.line_items"},
		"$.line_items[0].item.id": {"$.items[0].id", "$.items[0].id", "$.items[0].id", "$.line_items[0].item.id", "$.line_items[0].item.id"},
		"$.line_items[0].quantity": {
			"$.items[0].quantity", "$.items[0].quantity", "$.items[0].quantity", "$.line_items[0].quantity", "$.line_items[0].quantity",
		},
		"$.fulfillment_details.address": {
			"$.fulfillment_address", "$.fulfillment_details.address", "$.fulfillment_details.address", "$.fulfillment_details.address",
			"$.fulfillment_details.address",
		},
		"$.selected_fulfillment_options[0]": {
			"$.fulfillment_option_id", "$.selected_fulfillment_options[0]", "$.selected_fulfillment_options[0]", "$.selected_fulfillment_options[0]",
			"$.selected_fulfillment_options[0]",
		},
		"$.payment_data.handler_id": {
			"$.payment_data.provider", "$.payment_data.provider", "$.payment_data.provider", "$.payment_data.handler_id", "$.payment_data.handler_id",
		},
		"$.payment_data.instrument.credential.token": {
			"$.payment_data.token", "$.payment_data.token", "$.payment_data.token",
			"$.payment_data.instrument.credential.token", "$.payment_data.instrument.credential.token",
		},
		"$.discounts.codes[0]":    {"", "", "", "$.discounts.codes[0]", "$.discounts.codes[0]"},
		"$.buyer.email":           {"$.buyer.email", "$.buyer.email", "$.buyer.email", "$.buyer.email", "$.buyer.email"},
		"$.authentication_result": {"$.authentication_result", "$.authentication_result", "$.authentication_result", "$.authentication_result", "$.authentication_result"},
	} {
		for i, date := range publishedDates {
			v, _ := translate.Lookup(date)
			for asSent, want := range map[bool]string{false: want[i], true: param} {
				body, err := v.EncodeError(wire.Problem{Type: wire.InvalidRequest, Code: "invalid", Message: "no", Param: param, AsSent: asSent})
				var got struct{ Param string }
				if err == nil {
					err = json.Unmarshal(body, &got)
				}
				if err != nil || got.Param != want {
					t.Errorf("%s in %s, as sent %t: %q, want %q (%v)", param, date, asSent, got.Param, want, err)
				}
			}
		}
	}
}

// Refusals of hostile bodies, in every date: each a fault of kind Invalid with
// a code and a place.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	lines := func(n int) string {
		return `[` + strings.TrimSuffix(strings.Repeat(`{"id":"a","quantity":1},`, n), ",") + `]`
	}
	for _, v := range translate.Versions() {
		name := "items"
		if v.Date >= "2026-01-30" {
			name = "line_items"
		}
		for body, param := range map[string]string{
			`{"` + name + `":[{"id":"a","quantity":0}]}`:      "$." + name + "[0].quantity",
			`{"` + name + `":[{"id":"a","quantity":-1}]}`:     "$." + name + "[0].quantity",
			`{"` + name + `":[{"id":"a","quantity":1e9}]}`:    "$." + name + "[0].quantity",
			`{"` + name + `":[{"id":"a","quantity":true}]}`:   "$." + name + "[0].quantity",
			`{"` + name + `":[{"id":"a","quantity":[1]}]}`:    "$." + name + "[0].quantity",
			`{"` + name + `":[{"id":7}]}`:                     "$." + name + "[0].id",
			`{"` + name + `":[{"id":""}]}`:                    "$." + name + "[0].id",
			`{"` + name + `":[{}]}`:                           "$." + name + "[0].id",
			`{"` + name + `":["a"]}`:                          "$." + name + "[0]",
			`{"` + name + `":[null]}`:                         "$." + name + "[0].id",
			`{"` + name + `":{"id":"a"}}`:                     "$." + name,
			`{"` + name + `":"a"}`:                            "$." + name,
			`{"` + name + `":` + lines(10_000) + `}`:          "$." + name,
			`{"` + name + `":` + lines(101) + `}`:             "$." + name,
			`{}`:                                              "$." + name,
			``:                                                "$." + name,
			`{"` + name + `":` + lines(1) + `,"buyer":{}}`:    "$.buyer.email",
			`{"` + name + `":` + lines(1) + `,"buyer":"Ada"}`: "$.buyer",
			`{"` + name + `":` + lines(1) + `,"buyer":{"email":"a@b\r\nX: y"}}`:    "$.buyer.email",
			`{"` + name + `":` + lines(1) + `,"fulfillment_address":[]}`:           "$.fulfillment_address",
			`{"` + name + `":` + lines(1) + `,"fulfillment_address":{"city":[1]}}`: "$.fulfillment_address.city",
			`[]`:   "$",
			`"x"`:  "$",
			`null`: "$",
		} {
			_, _, err := decode(v, "create", []byte(body))
			fault, ok := errors.AsType[*commerce.Fault](err)
			if !ok || fault.Kind != commerce.Invalid || fault.Code == "" || fault.Message == "" || fault.Param != param {
				t.Errorf("%s: %.80s\n got %v (%+v)\nwant a fault at %s", v.Date, body, err, fault, param)
			}
		}
	}
}

// At most a hundred lines are taken, and exactly a hundred are.
func TestMostLines(t *testing.T) {
	t.Parallel()
	body := `{"items":[` + strings.TrimSuffix(strings.Repeat(`{"id":"a"},`, commerce.MaxLines), ",") + `]}`
	for _, v := range translate.Versions() {
		value, _, err := decode(v, "create", []byte(body))
		request, ok := value.(commerce.CreateRequest)
		if err != nil || !ok || len(request.Lines) != commerce.MaxLines {
			t.Errorf("%s: %v", v.Date, err)
		}
	}
}

// FuzzDecode runs every operation of every date over any body: no panic, and
// each refusal is a fault with a code and a place. Seeds are the golden files.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("v*", "testdata", "*.txtar"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if _, request, ok := bytes.Cut(text, []byte("-- request.json --\n")); ok {
			request, _, _ = bytes.Cut(request, []byte("\n-- "))
			f.Add(request)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, v := range spoken(t) {
			for _, operation := range []string{"create", "update", "complete", "cancel", "cart"} {
				if operation == "cart" && !v.Carts {
					continue
				}
				value, r, err := read(v, operation, string(body))
				again, s, errAgain := read(v, operation, string(body))
				if !reflect.DeepEqual(value, again) || fmt.Sprint(err) != fmt.Sprint(errAgain) || r != nil && !slices.Equal(r.Deviations(), s.Deviations()) {
					t.Fatalf("%s %s: read twice, the body means two things", v.Date, operation)
				}
				if err == nil {
					checkDecoded(t, value)
					checkDeviations(t, r)
					continue
				}
				fault, ok := errors.AsType[*commerce.Fault](err)
				if !ok || fault.Kind != commerce.Invalid || fault.Code == "" || !strings.HasPrefix(fault.Param, "$") {
					t.Fatalf("%s %s: %v is no fault with a place", v.Date, operation, err)
				}
				if _, err := v.EncodeError(wire.Problem{Type: wire.InvalidRequest, Code: fault.Code, Message: fault.Message, Param: fault.Param}); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// checkDecoded holds what the rest of the gateway relies on.
func checkDecoded(t *testing.T, value any) {
	t.Helper()
	var lines []commerce.CartLine
	switch request := value.(type) {
	case commerce.CreateRequest:
		if lines = request.Lines; len(lines) == 0 && request.CartID == "" {
			t.Fatal("a create request without lines was taken")
		}
	case commerce.CartRequest:
		if lines = request.Lines; len(lines) == 0 {
			t.Fatal("a cart without lines was taken")
		}
	case commerce.UpdateRequest:
		var ok bool
		if lines, ok = request.Lines.Value(); request.Lines.Present() && (!ok || len(lines) == 0) {
			t.Fatal("an update to no lines was taken")
		}
	case commerce.CompleteRequest:
		if request.Payment.Token == "" || (request.Payment.HandlerID == "") == (request.Payment.Provider == "") {
			t.Fatal("a payment without token, or without one way to find its handler, was taken")
		}
	}
	for _, l := range lines {
		if l.ItemID == "" || !commerce.ValidQuantity(l.Quantity) {
			t.Fatalf("line %+v was taken", l)
		}
	}
}

// checkDeviations holds what metrics and strict agents rely on: each deviation once, with a name and a place.
func checkDeviations(t *testing.T, r *wire.Reader) {
	t.Helper()
	seen := map[wire.Deviation]bool{}
	for _, d := range r.Deviations() {
		if seen[d.Deviation] || !deviationName.MatchString(string(d.Deviation)) || !strings.HasPrefix(d.Param, "$") {
			t.Fatalf("deviation %+v comes twice, or lacks a name or a place", d)
		}
		seen[d.Deviation] = true
	}
}

var deviationName = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

var benchmarkRequests = map[string]string{
	"2025-09-29": `{"items":[{"id":"shirt_m","quantity":2},{"id":"mug","quantity":1}],"buyer":{"first_name":"Ada","last_name":"Lovelace",` +
		`"email":"ada@example.com"},"fulfillment_address":{"name":"Ada Lovelace","line_one":"1 Main Street","city":"San Francisco",` +
		`"state":"CA","country":"US","postal_code":"94131"}}`,
	"2025-12-12": `{"items":[{"id":"shirt_m","quantity":2},{"id":"mug","quantity":1}],"buyer":{"first_name":"Ada","last_name":"Lovelace",` +
		`"email":"ada@example.com"},"fulfillment_details":{"name":"Ada Lovelace","email":"ada@example.com","address":{"name":` +
		`"Ada Lovelace","line_one":"1 Main Street","city":"San Francisco","state":"CA","country":"US","postal_code":"94131"}}}`,
	"2026-04-17": `{"currency":"usd","line_items":[{"id":"shirt_m"},{"id":"mug"}],"capabilities":{"interventions":{"supported":["3ds"]}},` +
		`"buyer":{"email":"ada@example.com"},"fulfillment_details":{"name":"Ada Lovelace","email":"ada@example.com","address":{"name":` +
		`"Ada Lovelace","line_one":"1 Main Street","city":"San Francisco","state":"CA","country":"US","postal_code":"94131"}}}`,
}

// BenchmarkDecode is the reading of one create that was parsed already.
func BenchmarkDecode(b *testing.B) {
	for _, v := range translate.Versions() {
		body := benchmarkRequests[v.Date]
		if body == "" {
			continue
		}
		doc, err := wire.Parse([]byte(body))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(v.Date, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.DecodeCreate(wire.NewReader(doc)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecodeEncode is the translation of one create: parse, fingerprint,
// decode, and encode the answer.
func BenchmarkDecodeEncode(b *testing.B) {
	session := ready()
	for _, v := range translate.Versions() {
		body := []byte(benchmarkRequests[map[string]string{"2026-01-16": "2025-12-12", "2026-01-30": "2026-04-17"}[v.Date]])
		if len(body) == 0 {
			body = []byte(benchmarkRequests[v.Date])
		}
		b.Run(v.Date, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				doc, err := wire.Parse(body)
				if err != nil {
					b.Fatal(err)
				}
				doc.Fingerprint()
				if _, err := v.DecodeCreate(wire.NewReader(doc)); err != nil {
					b.Fatal(err)
				}
				if _, err := v.EncodeSession(session); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleLookup() {
	version, _ := translate.Lookup("2026-04-17")
	doc, err := wire.Parse([]byte(`{"currency":"usd","line_items":[{"id":"shirt_m","quantity":"two"}],"capabilities":{}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = version.DecodeCreate(wire.NewReader(doc))
	fault, _ := errors.AsType[*commerce.Fault](err)
	fmt.Println(fault.Code, fault.Param)
	// Output: invalid $.line_items[0].quantity
}
