package declarative

import (
	"encoding/json"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// Requests as expressions see them, in $in. What is not known is null, so that jq's // works on it.

func quoteInput(r adapters.QuoteRequest, cart any) map[string]any {
	in := cartInput(merged(r.Cart))
	in["key"], in["cart_ref"] = r.Key, cart
	lines, _ := in["lines"].([]any)
	for _, v := range lines {
		line, _ := v.(map[string]any)
		id, _ := line["item"].(string)
		line["catalogue"] = nil
		if item, ok := r.Items[id]; ok {
			line["catalogue"] = catalogueInput(item)
		}
	}
	return in
}

func placeInput(r adapters.PlaceRequest, cart any) map[string]any {
	in := cartInput(merged(r.Cart))
	in["key"], in["cart_ref"], in["session_id"] = r.Key, cart, text(r.SessionID)
	in["fingerprint"] = text(r.Fingerprint)
	total := moneyInput(r.Total)
	total["exact"] = text(r.ExactTotal)
	in["total"] = total
	in["payment"] = map[string]any{"state": string(r.Payment.State), "txn_id": text(r.Payment.TxnID)}
	return in
}

func findInput(q adapters.OrderQuery, cart any) map[string]any {
	in := map[string]any{"key": text(q.Key), "cart_ref": cart, "txn_id": text(q.TxnID), "since": nil}
	if !q.Since.IsZero() {
		in["since"] = q.Since.UTC().Format(time.RFC3339)
	}
	return in
}

func recordInput(r adapters.PaymentRecord, order any) map[string]any {
	return map[string]any{
		"key": r.Key, "order_ref": order, "state": string(r.State), "txn_id": text(r.TxnID), "amount": moneyInput(r.Amount),
	}
}

func cancelInput(r adapters.CancelRequest, order any) map[string]any {
	return map[string]any{"key": r.Key, "order_ref": order, "reason": text(r.Reason)}
}

func refundInput(r adapters.RefundRecord, order any) map[string]any {
	return map[string]any{
		"key": r.Key, "order_ref": order, "refund_id": text(r.RefundID), "amount": moneyInput(r.Amount), "reason": text(r.Reason),
	}
}

// moneyInput is an amount in the ways that shops take one: minor units, and major units as text and as an exact number.
func moneyInput(m commerce.Money) map[string]any {
	major := commerce.FormatMinor(m.Minor, m.Currency.Digits())
	return map[string]any{"minor": int(m.Minor), "text": major, "number": json.Number(major), "currency": string(m.Currency)}
}

func cartInput(c commerce.Cart) map[string]any {
	lines := make([]any, len(c.Lines))
	for i, l := range c.Lines {
		lines[i] = map[string]any{"id": l.ID, "item": l.ItemID, "quantity": int(l.Quantity), "index": i}
	}
	codes := make([]any, len(c.Codes))
	for i, code := range c.Codes {
		codes[i] = code
	}
	in := map[string]any{
		"lines": lines, "choices": choicesInput(c), "codes": codes, "currency": string(c.Currency), "email": text(c.Email()), "option_id": text(c.OptionID()),
		"locale": text(c.Locale), "notes": text(c.Notes), "buyer": buyerInput(c.Buyer), "bill_to": addressInput(c.BillTo), "ship_to": nil,
	}
	if c.ShipTo != nil {
		if to, ok := addressInput(c.ShipTo.Address).(map[string]any); ok {
			name := c.ShipTo.Name
			if name == "" {
				name = c.ShipTo.Address.Name
			}
			to["name"], to["phone"], to["email"] = text(name), text(c.ShipTo.Phone), text(c.ShipTo.Email)
			in["ship_to"] = to
		}
	}
	return in
}

// choicesInput is what the agent selected. items are what its lines hold; both lists are empty where a choice is for all that need
// delivery.
func choicesInput(c commerce.Cart) []any {
	out := make([]any, len(c.Choices))
	for i, ch := range c.Choices {
		lines, items := []any{}, []any{}
		for _, id := range ch.LineIDs {
			lines = append(lines, id)
			for _, l := range c.Lines {
				if l.ID == id {
					items = append(items, l.ItemID)
				}
			}
		}
		out[i] = map[string]any{"option_id": ch.OptionID, "type": string(ch.Type), "line_ids": lines, "items": items}
	}
	return out
}

// continueInput is what a link into the shop may rest on: nothing of the buyer, because links are kept in histories and logs.
func continueInput(c commerce.Cart, cart any) map[string]any {
	whole := cartInput(merged(c))
	in := map[string]any{"cart_ref": cart}
	for _, name := range []string{"lines", "choices", "codes", "currency", "locale"} {
		in[name] = whole[name]
	}
	return in
}

func consentInput(r adapters.ConsentRecord, order any) map[string]any {
	return map[string]any{
		"key": r.Key, "order_ref": order, "channel": r.Consent.Channel, "address": r.Address, "opted_in": r.Consent.OptedIn,
		"display_text": text(r.Consent.DisplayText), "at": r.Consent.At.UTC().Format(time.RFC3339),
	}
}

func buyerInput(b *commerce.Buyer) any {
	if b == nil {
		return nil
	}
	return map[string]any{
		"first_name": text(b.FirstName), "last_name": text(b.LastName), "name": text(b.Name()), "email": text(b.Email), "phone": text(b.Phone),
	}
}

func addressInput(a *commerce.Address) any {
	if a == nil {
		return nil
	}
	return map[string]any{
		"name": text(a.Name), "company": text(a.Company), "line_one": text(a.LineOne), "line_two": text(a.LineTwo),
		"city": text(a.City), "state": text(a.State), "postal_code": text(a.PostalCode), "country": text(a.Country),
	}
}

// text is s, or null when it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}
