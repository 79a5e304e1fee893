//go:build e2e

package medusa_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/e2e/medusa"
)

// The tests of this file pin what README.md records of this version of Medusa, without Postern. When one of them
// fails after an update, the adapter file's assumptions changed, not Postern.

func TestCodeAndAutomaticPromotionGiveUnroundedTotals(t *testing.T) {
	shop, seeded := openSeeded(t)
	front := newStorefront(t, seeded)

	withCode, _ := front.buy("control-code", []string{medusa.Code}, medusa.Standard, medusa.TowelSKU, medusa.TeapotSKU)
	order := readOrder(t, shop, withCode)
	wantAmount(t, "total with the code", order.Agreed(), "49.2321")
	wantAmount(t, "tax with the code", order.TaxTotal, "3.7521")

	automatic, _ := front.buy("control-automatic", nil, medusa.Express, medusa.TowelSKU, medusa.LampSKU)
	order = readOrder(t, shop, automatic)
	wantAmount(t, "total with the automatic promotion", order.Agreed(), "91.99247375")
	for _, line := range order.Lines {
		var codes []string
		for _, a := range line.Adjustments {
			codes = append(codes, a.Code)
		}
		want := ""
		if line.SKU == medusa.LampSKU {
			want = medusa.AutomaticCode
		}
		if got := strings.Join(codes, ","); got != want {
			t.Errorf("%s is adjusted by %q, want %q", line.SKU, got, want)
		}
	}
}

func TestCompletingAgainReturnsTheSameOrder(t *testing.T) {
	shop, seeded := openSeeded(t)
	front := newStorefront(t, seeded)
	order, cart := front.buy("control-again", nil, medusa.Standard, medusa.TowelSKU)
	if again := front.complete(cart); again != order {
		t.Errorf("completing again gave %s, not %s", again, order)
	}
	if got := readOrder(t, shop, order); got.Cart.ID != cart || got.Metadata["session"] != "control-again" {
		t.Errorf("the order knows cart %q and metadata %v", got.Cart.ID, got.Metadata)
	}
	must(t, shop.Cancel(t.Context(), order))
	if again := front.complete(cart); again != order {
		t.Errorf("completing the cart of a canceled order gave %s, not %s", again, order)
	}
	ids, err := shop.OrdersWith(t.Context(), "session", "control-again")
	must(t, err)
	found := false
	for _, id := range ids {
		found = found || id == order
	}
	if !found {
		t.Errorf("the order is not found by its metadata among %v", ids)
	}
}

func TestRefusals(t *testing.T) {
	_, seeded := openSeeded(t)
	front := newStorefront(t, seeded)
	cart := front.cart(medusa.ServedCountry, "control-refusals", nil, medusa.TowelSKU)
	at := "/store/carts/" + cart
	for _, c := range []struct {
		name, path string
		body       object
		want       object
	}{
		{
			"out of stock", at + "/line-items",
			object{"variant_id": seeded.Variants[medusa.ScarceSKU], "quantity": medusa.ScarceStock + 1},
			object{"type": "not_allowed", "code": "insufficient_inventory"},
		},
		{
			"unknown item", at + "/line-items",
			object{"variant_id": "variant_nope", "quantity": 1},
			object{"type": "invalid_data", "message": "Variants variant_nope do not exist or belong to a product that is not published"},
		},
		{
			"bad coupon", at + "/promotions",
			object{"promo_codes": []string{"NOPE"}},
			object{"type": "invalid_data", "message": "The promotion code NOPE is invalid"},
		},
		{
			"country outside the region", at,
			object{"shipping_address": object{"country_code": medusa.ForeignCountry}},
			object{"type": "invalid_data", "message": "Country with code de is not within region North America"},
		},
		{
			"bad e-mail", at,
			object{"email": "nobody"},
			object{"type": "invalid_data", "message": "Invalid request: Invalid email address"},
		},
		{
			"unknown option", at + "/shipping-methods",
			object{"option_id": "so_nope"},
			object{"type": "invalid_data", "message": "Shipping Options are invalid for cart."},
		},
		{
			"completing without a payment collection", at + "/complete",
			object{},
			object{"type": "invalid_data", "message": "Payment collection has not been initiated for cart"},
		},
	} {
		answer := front.refused(http.MethodPost, c.path, c.body)
		for key, want := range c.want {
			if answer[key] != want {
				t.Errorf("%s: %s is %v, want %v", c.name, key, answer[key], want)
			}
		}
	}

	nowhere := front.cart(medusa.UnservedCountry, "control-nowhere", nil, medusa.TowelSKU)
	options := want[[]any](front, http.MethodGet, "/store/shipping-options?cart_id="+nowhere, object{}, "shipping_options")
	if len(options) != 0 {
		t.Errorf("an address that no option serves has options: %v", options)
	}
}

func TestStockIsTakenAtCompletionAndGivenBackByCancelling(t *testing.T) {
	shop, seeded := openSeeded(t)
	front := newStorefront(t, seeded)
	vase := seeded.Inventory[medusa.ScarceSKU]
	available := func(when string, want int) {
		t.Helper()
		stock, err := shop.Stock(t.Context(), vase)
		must(t, err)
		if stock.Available != want {
			t.Errorf("%s: %d available, want %d", when, stock.Available, want)
		}
	}
	available("at first", medusa.ScarceStock)
	one := front.cart(medusa.ServedCountry, "control-one", nil, medusa.ScarceSKU)
	other := front.cart(medusa.ServedCountry, "control-other", nil, medusa.ScarceSKU)
	front.ready(one, medusa.Standard)
	front.ready(other, medusa.Standard)
	available("before completing", medusa.ScarceStock)
	order := front.complete(one)
	available("after completing", 0)
	answer := front.refused(http.MethodPost, "/store/carts/"+other+"/complete", object{})
	if message, _ := answer["message"].(string); answer["type"] != "not_allowed" || !strings.HasPrefix(message, "Not enough stock available for item ") {
		t.Errorf("completing without stock: %v", answer)
	}
	must(t, shop.Cancel(t.Context(), order))
	available("after cancelling", medusa.ScarceStock)
	got := readOrder(t, shop, order)
	if got.Status != "canceled" || got.PaymentStatus != "canceled" {
		t.Errorf("the canceled order is %s, its payment %s", got.Status, got.PaymentStatus)
	}
}

func TestChangesOfAnOrderThatAPollSees(t *testing.T) {
	shop, seeded := openSeeded(t)
	front := newStorefront(t, seeded)
	id, _ := front.buy("control-changes", nil, medusa.Standard, medusa.TowelSKU, medusa.TeapotSKU)
	placed := readOrder(t, shop, id)

	must(t, shop.Capture(t.Context(), id))
	captured := readOrder(t, shop, id)
	if captured.PaymentStatus != "captured" {
		t.Errorf("payment is %s after the capture", captured.PaymentStatus)
	}
	if !captured.UpdatedAt.Equal(placed.UpdatedAt) {
		t.Errorf("a capture moves updated_at now: the adapter's change feed may rely on it")
	}

	must(t, shop.Ship(t.Context(), id, "1Z999", "https://track.example/1Z999"))
	shipped := readOrder(t, shop, id)
	if !shipped.UpdatedAt.After(captured.UpdatedAt) || shipped.FulfillmentStatus != "shipped" ||
		len(shipped.Fulfillments) != 1 || len(shipped.Fulfillments[0].Labels) != 1 || shipped.Fulfillments[0].Labels[0].Number != "1Z999" {
		t.Errorf("shipped: %+v", shipped)
	}

	must(t, shop.Refund(t.Context(), id, decimal.RequireFromString("5.25"), "a chip in the lid"))
	refunded := readOrder(t, shop, id)
	if !refunded.UpdatedAt.After(shipped.UpdatedAt) || refunded.PaymentStatus != "partially_refunded" {
		t.Errorf("refunded: %+v", refunded)
	}
	payment, err := refunded.Payment()
	must(t, err)
	if len(payment.Refunds) != 1 {
		t.Fatalf("refunds: %+v", payment.Refunds)
	}
	wantAmount(t, "the refund", payment.Refunds[0].Amount, "5.25")
	wantAmount(t, "the agreed total after a refund", refunded.Agreed(), placed.Total.String())
	wantAmount(t, "the total after a refund", refunded.Total, placed.Total.Sub(decimal.RequireFromString("5.25")).String())
}
