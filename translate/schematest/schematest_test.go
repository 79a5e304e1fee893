package schematest_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/translate/schematest"
)

// The validators must be able to fail: a checker that accepts everything would
// make every other test of the wire worthless.
func TestCheck(t *testing.T) {
	t.Parallel()
	v := schematest.New(t)
	if v == nil {
		return
	}
	const (
		older = `{"id":"cs_1","status":"STATUS","currency":"usd","line_items":[{"id":"li_1","item":{"id":"a","quantity":1},` +
			`"base_amount":1,"discount":0,"subtotal":1,"tax":0,"total":1}],"totals":[],"fulfillment_options":[],"messages":[],"links":[]EXTRA}`
		newer = `{"id":"cs_1","status":"STATUS","currency":"usd","line_items":[],"totals":[],"fulfillment_options":[],"messages":[],` +
			`"links":[],"capabilities":{}EXTRA}`
		order      = `,"order":{"id":"o_1","checkout_session_id":"cs_1","permalink_url":"https://shop.example/o/1"}`
		eventOlder = `{"type":"order_create","data":{"type":"order","checkout_session_id":"cs_1","permalink_url":"https://shop.example/o",` +
			`"status":"created","refunds":[]EXTRA}}`
		eventNewer = `{"type":"order_create","data":{"type":"order","id":"o_1","checkout_session_id":"cs_1",` +
			`"permalink_url":"https://shop.example/o","status":"created"EXTRA}}`
	)
	body := func(text, status, extra string) []byte {
		return []byte(strings.NewReplacer("STATUS", status, "EXTRA", extra).Replace(text))
	}
	tests := []struct {
		name, date string
		kind       schematest.Kind
		body       []byte
		ok         bool
	}{
		{"session", "2025-09-29", schematest.Session, body(older, "ready_for_payment", ""), true},
		{"session with a newer status", "2025-09-29", schematest.Session, body(older, "expired", ""), false},
		{"session with a newer member", "2025-09-29", schematest.Session, body(older, "completed", `,"locale":"en"`), false},
		{"session with an order", "2025-09-29", schematest.Session, body(older, "completed", order), false},
		{"completion", "2025-09-29", schematest.Completion, body(older, "completed", order), true},
		{"completion without order", "2025-09-29", schematest.Completion, body(older, "completed", ""), false},
		{"decline", "2025-09-29", schematest.Completion, body(older, "ready_for_payment", ""), true},
		{"session", "2026-04-17", schematest.Session, body(newer, "expired", ""), true},
		{"session with an older member", "2026-04-17", schematest.Session, body(newer, "completed", `,"payment_provider":{}`), false},
		{"bad format", "2026-04-17", schematest.Session, body(newer, "expired", `,"created_at":"yesterday"`), false},
		{"completion", "2026-04-17", schematest.Completion, body(newer, "completed", order), true},
		{"completion without order", "2026-04-17", schematest.Completion, body(newer, "completed", ""), false},
		{"event", "2025-09-29", schematest.Event, body(eventOlder, "", ""), true},
		{"event with an id", "2025-09-29", schematest.Event, body(eventOlder, "", `,"id":"o_1"`), false},
		{"event", "2026-04-17", schematest.Event, body(eventNewer, "", `,"line_items":[],"adjustments":[]`), true},
		{"event with refunds", "2026-04-17", schematest.Event, body(eventNewer, "", `,"refunds":[]`), false},
		{"error", "2025-09-29", schematest.Error, []byte(`{"type":"invalid_request","code":"invalid","message":"m","param":"$"}`), true},
		{"error", "2026-04-17", schematest.Error, []byte(`{"type":"unauthorized","code":"invalid","message":"m"}`), false},
		{"cart", "2026-04-17", schematest.Cart, []byte(`{"id":"c","line_items":[],"currency":"usd","totals":[]}`), true},
		{"cart with a status", "2026-04-17", schematest.Cart, []byte(`{"id":"c","line_items":[],"currency":"usd","totals":[],"status":"open"}`), false},
		{"cart with a broken line", "unreleased", schematest.Cart, []byte(`{"id":"c","line_items":[{}],"currency":"usd","totals":[]}`), false},
		{"cart of a date without carts", "2026-01-30", schematest.Cart, []byte(`{"id":"c","line_items":[],"currency":"usd","totals":[]}`), false},
		{"session", "unreleased", schematest.Session, body(newer, "expired", ""), true},
		{"session with an older member", "2026-01-30", schematest.Session, body(newer, "expired", `,"marketing_consent_options":[]`), false},
		{"order", "2026-04-17", schematest.Order, []byte(`{"id":"o","checkout_session_id":"c","permalink_url":"https://shop.example/o"}`), true},
		{"order of a newer date", "2026-01-30", schematest.Order, []byte(`{"id":"o","checkout_session_id":"c","permalink_url":"https://shop.example/o","totals":[]}`), false},
		{"create", "2025-09-29", schematest.CreateRequest, []byte(`{"items":[{"id":"a","quantity":0}]}`), false},
		{"create", "2025-09-29", schematest.CreateRequest, []byte(`{"items":[{"id":"a","quantity":1}]}`), true},
	}
	for _, tt := range tests {
		t.Run(tt.date+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			if err := v.Check(tt.date, tt.kind, tt.body); (err == nil) != tt.ok {
				t.Errorf("valid should be %t: %v", tt.ok, err)
			}
		})
	}
}

func TestCorrectionsHaveReasons(t *testing.T) {
	t.Parallel()
	for _, c := range schematest.Corrections {
		if c.Name == "" || len(c.Reason) < 20 || len(c.Dates) == 0 {
			t.Errorf("a correction without name, reason or dates: %+v", c)
		}
	}
}
