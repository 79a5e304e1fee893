package translate_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/wire"
)

// BenchmarkRoundTrip is a request to create a session of twenty lines, read,
// and its answer, written: by the gateway, and by encoding/json reading the
// same two bodies into nothing in particular and writing them again. The two
// take turns within each date, and each is run twice, so that one run shows
// the noise of the machine beside the difference.
func BenchmarkRoundTrip(b *testing.B) {
	for _, v := range every() {
		request, session := wideRequest(v.Date), wide(20)
		answer, err := v.EncodeSession(session)
		if err != nil {
			b.Fatal(err)
		}
		for range 2 {
			b.Run(v.Date+"/postern", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					throughGateway(b, v, request, session)
				}
			})
			b.Run(v.Date+"/json", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					throughJSON(b, request)
					throughJSON(b, answer)
				}
			})
		}
	}
}

func throughGateway(tb testing.TB, v translate.Version, request []byte, session commerce.Session) {
	doc, err := wire.Parse(request)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := v.DecodeCreate(wire.NewReader(doc)); err != nil {
		tb.Fatal(err)
	}
	if _, err := v.EncodeSession(session); err != nil {
		tb.Fatal(err)
	}
}

func throughJSON(tb testing.TB, body []byte) {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		tb.Fatal(err)
	}
	if _, err := json.Marshal(value); err != nil {
		tb.Fatal(err)
	}
}

// TestRoundTripIsFastEnough holds what the gateway allocates to no more than
// encoding/json allocates for the same bytes, for every date. The goal is two
// and a half times its time, but a busy machine spoils what a test measures of
// time; the benchmark shows it.
func TestRoundTripIsFastEnough(t *testing.T) {
	for _, v := range every() {
		request, session := wideRequest(v.Date), wide(20)
		answer, err := v.EncodeSession(session)
		if err != nil {
			t.Fatal(err)
		}
		ours := testing.AllocsPerRun(20, func() { throughGateway(t, v, request, session) })
		plain := testing.AllocsPerRun(20, func() { throughJSON(t, request); throughJSON(t, answer) })
		if ours > plain {
			t.Errorf("%s: %v allocations, encoding/json needs %v for the same bytes", v.Date, ours, plain)
		}
	}
}

// wide is a session of n lines with all that a session of a day has.
func wide(n int) commerce.Session {
	s := discounted()
	line := everything().Quote.Lines[0]
	line.DiscountDetails, line.Discount, line.Subtotal, line.Total = nil, 0, line.Base, line.Base+line.Tax
	s.Cart.Lines, s.Quote.Lines = nil, nil
	for i := range n {
		line.ID, line.ItemID = fmt.Sprintf("li_%d", i+1), fmt.Sprintf("item_%d", i+1)
		s.Quote.Lines = append(s.Quote.Lines, line)
		s.Cart.Lines = append(s.Cart.Lines, commerce.CartLine{ID: line.ID, ItemID: line.ItemID, Quantity: line.Quantity})
	}
	s.Quote.Discounts.Applied = nil
	s.Quote.Totals = totals(int64(n)*line.Base, 0, 500, int64(n)*line.Tax+41)
	s.Quote.Total = s.Quote.Totals[0].Amount
	return s
}

// wideRequest is the request for such a session in the words of a date.
func wideRequest(date string) []byte {
	const place = `{"name":"Ada Lovelace","line_one":"1 Main Street","line_two":"","city":"San Francisco","state":"CA","country":"US","postal_code":"94131"}`
	older := date == "2025-09-29" || date == "2025-12-12" || date == "2026-01-16"
	body, name := `"buyer":{"first_name":"Ada","last_name":"Lovelace","email":"ada@example.com","phone_number":"+15551234567"}`, "items"
	if date == "2025-09-29" {
		body += `,"fulfillment_address":` + place
	} else {
		body += `,"fulfillment_details":{"name":"Ada Lovelace","phone_number":"+15551234567","email":"ada@example.com","address":` + place + `}`
	}
	if !older {
		name = "line_items"
		body += `,"currency":"usd","capabilities":{"interventions":{"supported":["3ds"],"display_context":"webview"},"extensions":["discount"]},` +
			`"discounts":{"codes":["SAVE10"]},"locale":"en-US","timezone":"America/New_York","metadata":{"cart":"c_1"}`
	}
	body += `,"` + name + `":[`
	for i := range 20 {
		if i > 0 {
			body += ","
		}
		if older {
			body += fmt.Sprintf(`{"id":"item_%d","quantity":2}`, i+1)
		} else {
			body += fmt.Sprintf(`{"id":"item_%d","name":"Shirt, M","unit_amount":2000}`, i+1)
		}
	}
	return []byte("{" + body + "]}")
}
