package demo_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/declarative"
	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// openShop starts a shop on a port of its own and the adapter that shop.yaml makes of it.
func openShop(t testing.TB) (*shop.Server, adapters.Adapter) {
	t.Helper()
	s := shop.New(t.Context(), shop.Options{})
	v, err := shop.Serve(t.Context(), s, "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	section, err := config.ParseSection("gateway.yaml", fmt.Appendf(nil, "file: shop.yaml\nbase_url: %s\nsecrets: {shop_key: %q}\n", v.URL(), s.Key()),
		config.Options{AllowLiteralSecrets: true, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	a, err := declarative.New(section, declarative.Deps{Transport: transport, Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	return v, a
}

// open reads a page as a browser does.
func open(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %d: %v", url, resp.StatusCode, err)
	}
	return string(body)
}

// harness is the suite's view of a shop: plenty of beans and cups, two packs of filters.
func harness(t testing.TB, v *shop.Server, a adapters.Adapter) adaptertest.Harness {
	t.Helper()
	for sku, pieces := range map[string]int{"GRN-0250": 1000, "CUP-0002": 1000, "FLT-0100": 2, "PST-HARB": 1000} {
		if err := v.Shop().SetStock(sku, pieces); err != nil {
			t.Fatal(err)
		}
	}
	return adaptertest.Harness{
		Adapter: a, Context: t.Context(), NewKey: rand.Text,
		Item: "GRN-0250", OtherItem: "CUP-0002", UnknownItem: "NOPE-1", ScarceItem: "FLT-0100", ScarceQuantity: 5,
		ApartItem: "PST-HARB", DigitalItem: "EBK-POUR", RebateItem: "MUG-2026", RebateQuantity: 3,
		WarnedItem: "WIN-0750", WarnedCode: commerce.CodeAgeVerification,
		Calls: func() int {
			n := 0
			for _, op := range shop.Operations() {
				n += v.Shop().Calls(op).Arrived
			}
			return n
		},
		Consents: func(context.Context) (int, error) {
			n := 0
			for _, s := range v.Shop().Subscribers() {
				n += s.Changes
			}
			return n, nil
		},
		Coupon: "SAVE10", BadCoupon: "NOSUCHCODE",
		Buyer:      commerce.Buyer{FirstName: "Adalbert", LastName: "Lovelacington", Email: "adalbert@example.com", Phone: "+15550100"},
		Address:    commerce.Address{Name: "Adalbert Lovelacington", LineOne: "17 Privet Marker Rd", City: "Fresno", State: "CA", PostalCode: "93650", Country: "US"},
		FarAddress: commerce.Address{Name: "Adalbert Lovelacington", LineOne: "99 Ferne Strasse", City: "Berlin", PostalCode: "10115", Country: "DE"},
		Stock: func(_ context.Context, item string) (int64, error) {
			return int64(v.Shop().Stock()[item]), nil
		},
		Ship: func(_ context.Context, o commerce.Snapshot) error { return v.Shop().Ship(o.Number, "UPS", "1Z999") },
		Refund: func(_ context.Context, o commerce.Snapshot) error {
			_, err := v.Shop().Refund(o.Number, "1.00", "dented")
			return err
		},
		Secrets: []string{v.Shop().Key()},
	}
}

func TestShopKeepsTheAdapterContract(t *testing.T) {
	t.Parallel()
	v, a := openShop(t)
	adaptertest.Run(t, harness(t, v, a))
}
