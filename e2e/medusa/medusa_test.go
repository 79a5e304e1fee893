//go:build e2e

package medusa_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/e2e/medusa"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openSeeded opens the running shop and seeds it. Without a shop it fails: a run that was skipped is no run.
func openSeeded(t *testing.T) (*medusa.Shop, medusa.Seeded) {
	t.Helper()
	shop, err := medusa.OpenFromEnv(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(shop.Close)
	seeded, err := shop.Seed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return shop, seeded
}

// storefront is a buyer without Postern: the store API by hand. It shows what the shop does when nothing stands
// before it, so that a difference in a purchase through Postern can be laid at the right door.
type storefront struct {
	t      *testing.T
	url    string
	seeded medusa.Seeded
	client *http.Client
}

func newStorefront(t *testing.T, seeded medusa.Seeded) *storefront {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return &storefront{t: t, url: os.Getenv("MEDUSA_URL"), seeded: seeded, client: client}
}

// object is a request's body or a decoded answer, with numbers as text.
type object = map[string]any

// call makes one call of the store API and returns status and answer.
func (f *storefront) call(method, path string, body object) (int, object) {
	f.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(f.t.Context()), method, f.url+path, bytes.NewReader(raw))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Publishable-Api-Key", f.seeded.PublishableKey)
	res, err := f.client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	answer, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		f.t.Fatal(err)
	}
	out := object{}
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		f.t.Fatalf("%s %s: status %d: %v: %.300s", method, path, res.StatusCode, err, answer)
	}
	return res.StatusCode, out
}

// want makes a call that must succeed and returns the value under a path of keys.
func want[T any](f *storefront, method, path string, body object, keys ...string) T {
	f.t.Helper()
	status, answer := f.call(method, path, body)
	if status != http.StatusOK {
		f.t.Fatalf("%s %s: status %d: %v", method, path, status, answer)
	}
	var at any = answer
	for _, key := range keys {
		m, _ := at.(object)
		at = m[key]
	}
	found, ok := at.(T)
	if !ok {
		f.t.Fatalf("%s %s: no %v in %v", method, path, keys, answer)
	}
	return found
}

// refused makes a call that must be refused and returns the answer.
func (f *storefront) refused(method, path string, body object) object {
	f.t.Helper()
	status, answer := f.call(method, path, body)
	if status != http.StatusBadRequest {
		f.t.Fatalf("%s %s: status %d, want 400: %v", method, path, status, answer)
	}
	return answer
}

// cart makes a cart with one piece of each SKU and returns its id.
func (f *storefront) cart(country, session string, codes []string, skus ...string) string {
	f.t.Helper()
	var items []object
	for _, sku := range skus {
		items = append(items, object{"variant_id": f.seeded.Variants[sku], "quantity": 1})
	}
	return want[string](f, http.MethodPost, "/store/carts", object{
		"region_id": f.seeded.RegionID, "email": "buyer@example.com", "items": items, "promo_codes": append([]string{}, codes...),
		"shipping_address": object{"first_name": "Ada", "last_name": "Buyer", "address_1": "1 Main Street", "city": "Dallas", "postal_code": "75201", "province": "tx", "country_code": country},
		"metadata":         object{"session": session},
	}, "cart", "id")
}

// ready chooses an option and opens a payment session, so that the cart can be completed.
func (f *storefront) ready(cart, option string) {
	f.t.Helper()
	want[object](f, http.MethodPost, "/store/carts/"+cart+"/shipping-methods", object{"option_id": f.seeded.ShippingOptions[option]}, "cart")
	collection := want[string](f, http.MethodPost, "/store/payment-collections", object{"cart_id": cart}, "payment_collection", "id")
	want[object](f, http.MethodPost, "/store/payment-collections/"+collection+"/payment-sessions", object{"provider_id": "pp_system_default"}, "payment_collection")
}

// complete places the order and returns its id.
func (f *storefront) complete(cart string) string {
	f.t.Helper()
	return want[string](f, http.MethodPost, "/store/carts/"+cart+"/complete", object{}, "order", "id")
}

func (f *storefront) buy(session string, codes []string, option string, skus ...string) (order, cart string) {
	f.t.Helper()
	cart = f.cart(medusa.ServedCountry, session, codes, skus...)
	f.ready(cart, option)
	return f.complete(cart), cart
}

func wantAmount(t *testing.T, what string, got decimal.Decimal, want string) {
	t.Helper()
	if !got.Equal(decimal.RequireFromString(want)) {
		t.Errorf("%s is %s, want %s", what, got, want)
	}
}

func readOrder(t *testing.T, shop *medusa.Shop, id string) medusa.Order {
	t.Helper()
	order, err := shop.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return order
}

// must fails the test at once on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSeedingTwiceGivesTheSameShop(t *testing.T) {
	shop, first := openSeeded(t)
	second, err := shop.Seed(t.Context())
	must(t, err)
	first.SecretKey, second.SecretKey = "", ""
	a, _ := json.Marshal(first)
	b, _ := json.Marshal(second)
	if !bytes.Equal(a, b) {
		t.Errorf("seeded %s, then %s", a, b)
	}
	if len(first.Variants) != 4 || len(first.ShippingOptions) != 2 {
		t.Errorf("seeded %s", a)
	}
}
