//go:build e2e

package declarative_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/declarative"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/e2e/medusa"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestMedusaKeepsTheAdapterContract drives a real Medusa by examples/medusa.yaml. It wants the variables that .ci/medusa.sh and
// e2e/medusa/seedshop print, and fails without them.
func TestMedusaKeepsTheAdapterContract(t *testing.T) {
	ctx := t.Context()
	shop, err := medusa.OpenFromEnv(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(shop.Close)
	seeded, err := shop.Seed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a := openMedusa(t)
	t.Run("the total that is never rounded", func(t *testing.T) { exactTotal(t, a) })
	inventory := os.Getenv("MEDUSA_INVENTORY_TOWEL_BLUE")
	if err := shop.SetStock(ctx, seeded, inventory, 10000); err != nil {
		t.Fatal(err)
	}
	adaptertest.Run(t, adaptertest.Harness{
		Adapter: a, Context: ctx, NewKey: rand.Text,
		Item: "TOWEL-BLUE", OtherItem: "TEAPOT-1L", UnknownItem: "NOPE", ScarceItem: "VASE-LAST", ScarceQuantity: 9,
		Coupon: "TENOFF", BadCoupon: "NOPE",
		Buyer:      commerce.Buyer{FirstName: "Adalbert", LastName: "Lovelacington", Email: "adalbert@example.com", Phone: "+15550100"},
		Address:    commerce.Address{Name: "Adalbert Lovelacington", LineOne: "17 Privet Marker Rd", City: "Dallas", State: "TX", PostalCode: "75201", Country: "US"},
		FarAddress: commerce.Address{Name: "Adalbert Lovelacington", LineOne: "99 Ferne Street", City: "Toronto", State: "ON", PostalCode: "M5H 2N2", Country: "CA"},
		Stock: func(ctx context.Context, _ string) (int64, error) {
			stock, err := shop.Stock(ctx, inventory)
			return int64(stock.Stocked - stock.Reserved), err
		},
		Ship: func(ctx context.Context, o commerce.Snapshot) error {
			return shop.Ship(ctx, o.Ref, "1Z999", "https://track.example/1Z999")
		},
		Refund: func(ctx context.Context, o commerce.Snapshot) error {
			return shop.Refund(ctx, o.Ref, decimal.RequireFromString("1.00"), "dented")
		},
		Secrets: []string{os.Getenv("MEDUSA_SECRET_KEY"), os.Getenv("MEDUSA_PUBLISHABLE_KEY")},
	})
}

func openMedusa(t *testing.T) adapters.Adapter {
	t.Helper()
	text := fmt.Appendf(nil, "file: examples/medusa.yaml\nbase_url: %s\nvalues: {region: %s, sales_channel: %s}\n"+
		"secrets: {publishable_key: \"${env:MEDUSA_PUBLISHABLE_KEY}\", secret_key: \"${env:MEDUSA_SECRET_KEY}\"}\n",
		os.Getenv("MEDUSA_URL"), os.Getenv("MEDUSA_REGION"), os.Getenv("MEDUSA_SALES_CHANNEL"))
	section, err := config.ParseSection("gateway.yaml", text, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	a, err := declarative.New(section, declarative.Deps{Transport: transport, Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// exactTotal is the cart whose total Medusa keeps as 49.2321: 4923 must be shown and held, in parts that add up.
func exactTotal(t *testing.T, a adapters.Adapter) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	q, err := a.Quote(ctx, adapters.QuoteRequest{Key: rand.Text(), Cart: commerce.Cart{
		Currency: "usd", Codes: []string{"TENOFF"},
		Lines:  []commerce.CartLine{{ID: "li_1", ItemID: "TOWEL-BLUE", Quantity: 1}, {ID: "li_2", ItemID: "TEAPOT-1L", Quantity: 1}},
		ShipTo: &commerce.Contact{Address: &commerce.Address{Name: "A B", LineOne: "1 Main", City: "Dallas", State: "TX", PostalCode: "75201", Country: "US"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if q.ExactTotal != "49.2321" || q.Total != 4923 || q.Amount(commerce.TotalTax) != 375 || q.Amount(commerce.TotalItemsDiscount) != 1000 ||
		q.Amount(commerce.TotalFulfillment) != 550 {
		t.Errorf("exact total %s, total %d, totals %+v", q.ExactTotal, q.Total, q.Totals)
	}
	if len(q.Discounts.Applied) != 1 || q.Discounts.Applied[0].Amount != 1000 {
		t.Errorf("discounts %+v", q.Discounts)
	}
}
