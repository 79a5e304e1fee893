package translate_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/schematest"
)

// TestPublishedDiscounts reads the discounts and the messages of the published
// answers of the extension, which are broken by their capabilities alone, and
// writes them in the date of their folder. No member may be lost. What
// is bought stands in for them without a price, because the samples do not add
// up: they show a line's subtotal before its discount.
func TestPublishedDiscounts(t *testing.T) {
	t.Parallel()
	if schematest.New(t) == nil {
		return
	}
	root := filepath.Join(os.Getenv(schematest.DirVariable), "examples")
	files, err := filepath.Glob(filepath.Join(root, "*", "discount-extension", "*.json"))
	previews, _ := filepath.Glob(filepath.Join(root, "discount-extension", "*.json"))
	if files = append(files, previews...); err != nil || len(files) < 15 {
		t.Fatalf("%d samples: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		answer := published(parseSample(t, text)).at("response")
		s := commerce.Session{
			ID: "cs_1", Currency: "usd", Status: commerce.Ready, Cart: commerce.Cart{Codes: answer.at("discounts").texts("codes")},
			Messages: listOf(answer, "messages", published.message),
		}
		s.Quote.Lines = listOf(answer, "line_items", func(l published) commerce.Line {
			return commerce.Line{ID: l.text("id"), ItemID: l.at("item").text("id"), Quantity: l.amount("quantity")}
		})
		s.Quote.Options = listOf(answer, "fulfillment_options", func(o published) commerce.FulfillmentOption {
			return commerce.FulfillmentOption{Type: commerce.Shipping, ID: o.text("id"), Title: o.text("title")}
		})
		s.Quote.Discounts = answer.at("discounts").discounts(s.Quote)
		s.Capabilities.Extensions = []string{"discount"}
		short, _ := filepath.Rel(root, file)
		v := versionOf(short)
		body, err := v.EncodeSession(s)
		if err != nil {
			t.Errorf("%s: %v", short, err)
			continue
		}
		schematest.Validate(t, v.Date, schematest.Session, body)
		written, seen := parseSample(t, body), map[string]bool{}
		for _, member := range []string{"discounts", "messages"} {
			for place, difference := range lost(answer[member], written[member], "$."+member, seen) {
				t.Errorf("%s: %s %s", short, place, difference)
			}
		}
		delete(seen, "$.discounts.rejected") // an empty list is told too
		for place := range seen {
			t.Errorf("%s: %s is added", short, place)
		}
	}
}

// discounts reads the discounts of an answer about q.
func (s published) discounts(q commerce.Quote) commerce.Discounts {
	return commerce.Discounts{
		Codes: s.texts("codes"),
		Applied: listOf(s, "applied", func(a published) commerce.AppliedDiscount {
			c := a.at("coupon")
			return commerce.AppliedDiscount{
				ID: a.text("id"), Code: a.text("code"), Amount: a.amount("amount"), Automatic: a.flag("automatic"), Start: a.time("start"), End: a.time("end"),
				Method: a.text("method"), Priority: a.amount("priority"),
				Coupon: commerce.Coupon{
					ID: c.text("id"), Name: c.text("name"), PercentOff: c.number("percent_off"), AmountOff: c.amount("amount_off"),
					Currency: commerce.Currency(c.text("currency")), Duration: c.text("duration"), DurationInMonths: c.amount("duration_in_months"),
					MaxRedemptions: c.amount("max_redemptions"), TimesRedeemed: c.amount("times_redeemed"), Metadata: c.at("metadata"),
				},
				Allocations: listOf(a, "allocations", func(part published) commerce.Allocation {
					allocation := commerce.Allocation{Amount: part.amount("amount")}
					path := part.text("path")
					list, index, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(path, "$."), "]"), "[")
					if at, err := strconv.Atoi(index); err == nil && list == "line_items" && at < len(q.Lines) {
						allocation.LineID = q.Lines[at].ID
					} else if row, ok := strings.CutPrefix(path, "$.totals."); ok {
						allocation.Row = commerce.TotalType(row)
					} else if err == nil && list == "fulfillment_options" && at < len(q.Options) {
						allocation.OptionID = q.Options[at].ID
					}
					return allocation
				}),
			}
		}),
		Rejected: listOf(s, "rejected", func(r published) commerce.RejectedDiscount {
			return commerce.RejectedDiscount{Code: r.text("code"), Reason: commerce.DiscountReason(r.text("reason")), Message: r.text("message")}
		}),
	}
}
