package declarative_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/adaptertest"
	"github.com/postern-gateway/postern/adapters/declarative"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// wooFake answers as WooCommerce's documents and sources say, for the calls that woocommerce.yaml makes: carts by token and nonce, amounts
// in cents as text, errors with codes, draft orders, orders with decimal text. It proves that the description is whole, not that a real
// shop agrees.
type wooFake struct {
	mu      sync.Mutex
	carts   map[string]*wooCart
	orders  map[int]*wooOrder
	stock   map[int]int
	prices  map[int]int    // cents
	skus    map[string]int // which product a SKU stands for
	looked  int            // how often the catalogue was asked
	refunds int
	clock   time.Time
}

type wooCart struct {
	token, nonce string
	items        []wooItem
	country      string
	address      map[string]any
	coupons      []string
	rate         string
	draft        int
}

type wooItem struct {
	key     string
	id, qty int
}

type wooOrder struct {
	id, cents int
	status    string
	txn       string
	meta      any
	items     []wooItem
	address   map[string]any
	rate      string
	paid      bool
	tracking  []any
	refunds   []map[string]any
	modified  time.Time
}

type object = map[string]any

func newWoo() *wooFake {
	return &wooFake{
		carts: map[string]*wooCart{}, orders: map[int]*wooOrder{}, clock: time.Now().UTC().Truncate(time.Second),
		stock: map[int]int{11: 1000, 12: 1000, 13: 2}, prices: map[int]int{11: 1999, 12: 550, 13: 2500},
		skus: map[string]int{"TEA": 11, "CUP": 12, "JUG": 13},
	}
}

func (f *wooFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	status, answer := f.answer(w, r)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func refusal(status int, code, message string) (int, any) {
	return status, object{"code": code, "message": message, "data": object{"status": status}}
}

func (f *wooFake) answer(w http.ResponseWriter, r *http.Request) (int, any) {
	var body object
	if r.ContentLength > 0 {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return refusal(400, "rest_invalid_json", "Invalid JSON body passed.")
		}
	}
	if path, ok := strings.CutPrefix(r.URL.Path, "/wp-json/wc/store/v1/"); ok {
		return f.store(w, r, path, body)
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/wp-json/wc/v3/orders")
	products, isProduct := strings.CutPrefix(r.URL.Path, "/wp-json/wc/v3/products")
	if ok = ok || isProduct; !ok {
		return 404, object{"code": "rest_no_route"}
	}
	if user, password, _ := r.BasicAuth(); user != "ck_canary" || password != "cs_canary" {
		return refusal(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
	}
	if isProduct {
		f.looked++
		return f.products(r, strings.Trim(products, "/"))
	}
	return f.admin(r, strings.Trim(path, "/"), body)
}

// sku is what the shop's people call a product.
func (f *wooFake) sku(id int) string {
	for sku, n := range f.skus {
		if n == id {
			return sku
		}
	}
	return ""
}

// products answers a product by its id, or a list by SKUs, which are separated by commas.
func (f *wooFake) products(r *http.Request, path string) (int, any) {
	view := func(id int) object {
		return object{
			"id": id, "parent_id": 0, "name": fmt.Sprintf("Product %d", id), "short_description": "<p>Good.</p>", "sku": f.sku(id), "status": "publish",
			"price": strconv.Itoa(f.prices[id]), "stock_quantity": f.stock[id], "images": []any{object{"src": "https://shop.example/p.png"}},
		}
	}
	if path == "" {
		list := []any{}
		for sku := range strings.SplitSeq(r.URL.Query().Get("sku"), ",") {
			if id, ok := f.skus[sku]; ok {
				list = append(list, view(id))
			}
		}
		return 200, list
	}
	id, _ := strconv.Atoi(path)
	if f.prices[id] == 0 {
		return refusal(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
	}
	return 200, view(id)
}

func (f *wooFake) store(w http.ResponseWriter, r *http.Request, path string, body object) (int, any) {
	c := f.carts[r.Header.Get("Cart-Token")]
	if c == nil {
		c = &wooCart{}
	}
	if r.Method == http.MethodPost && (c.token == "" || c.nonce != r.Header.Get("Nonce")) {
		return refusal(401, "woocommerce_rest_missing_nonce", "Missing the Nonce header.")
	}
	delete(f.carts, c.token)
	c.token, c.nonce = rand.Text(), rand.Text()
	f.carts[c.token] = c
	w.Header().Set("Cart-Token", c.token)
	w.Header().Set("Nonce", c.nonce)
	number := func(name string) int { n, _ := body[name].(float64); return int(n) }
	word := func(name string) string { s, _ := body[name].(string); return s }
	switch path {
	case "cart":
	case "cart/add-item":
		id, qty := number("id"), number("quantity")
		if f.prices[id] == 0 {
			return refusal(400, "woocommerce_rest_cart_invalid_product", "This product cannot be added to the cart.")
		}
		if qty > f.stock[id] {
			return refusal(400, "woocommerce_rest_product_partially_out_of_stock", "You cannot add that amount to the cart.")
		}
		c.items = append(c.items, wooItem{rand.Text(), id, qty})
	case "cart/remove-item":
		c.items = slices.DeleteFunc(c.items, func(i wooItem) bool { return i.key == word("key") })
	case "cart/update-customer":
		if a, ok := body["shipping_address"].(object); ok {
			c.address = a
			c.country, _ = a["country"].(string)
			c.rate = ""
		}
	case "cart/apply-coupon":
		if word("code") != "ten" {
			return refusal(400, "woocommerce_rest_cart_coupon_error", `Coupon "`+word("code")+`" does not exist!`)
		}
		c.coupons = []string{"ten"}
	case "cart/remove-coupon":
		c.coupons = nil
	case "cart/select-shipping-rate":
		c.rate = word("rate_id")
	case "checkout":
		return 200, object{"order_id": f.draft(c), "status": "checkout-draft"}
	default:
		return 404, object{"code": "rest_no_route"}
	}
	return 200, f.cartView(c)
}

// sheet is what a cart costs, in cents, with 8.25 % tax rounded line by line.
func (f *wooFake) sheet(c *wooCart) (lines []object, items, discount, shipping, tax, shippingTax int) {
	rate := func(n int) int {
		if c.country != "US" {
			return 0
		}
		return (n*825 + 5000) / 10000
	}
	lines = []object{}
	for _, i := range c.items {
		base := f.prices[i.id] * i.qty
		off := 0
		if len(c.coupons) > 0 {
			off = base / 10
		}
		t := rate(base - off)
		items, discount, tax = items+base, discount+off, tax+t
		lines = append(lines, object{
			"key": i.key, "id": i.id, "quantity": i.qty, "name": fmt.Sprintf("Product %d", i.id), "sku": f.sku(i.id), "images": []any{},
			"totals": object{
				"line_subtotal": strconv.Itoa(base), "line_subtotal_tax": strconv.Itoa(rate(base)),
				"line_total": strconv.Itoa(base - off), "line_total_tax": strconv.Itoa(t),
			},
		})
	}
	shipping = map[string]int{"flat_rate:1": 500, "flat_rate:2": 1990}[c.rate]
	shippingTax = rate(shipping)
	return lines, items, discount, shipping, tax + shippingTax, shippingTax
}

func (f *wooFake) cartView(c *wooCart) object {
	lines, items, discount, shipping, tax, shippingTax := f.sheet(c)
	rates := []any{}
	if c.country == "US" && len(c.items) > 0 {
		for id, price := range map[string]int{"flat_rate:1": 500, "flat_rate:2": 1990} {
			rates = append(rates, object{"rate_id": id, "name": "Flat " + id, "price": strconv.Itoa(price), "taxes": strconv.Itoa((price*825 + 5000) / 10000), "selected": c.rate == id})
		}
	}
	coupons := []any{}
	for _, code := range c.coupons {
		coupons = append(coupons, object{"code": code, "totals": object{"total_discount": strconv.Itoa(discount), "total_discount_tax": "0"}})
	}
	return object{
		"items": lines, "coupons": coupons, "needs_shipping": len(c.items) > 0,
		"shipping_rates": []any{object{"package_id": 0, "shipping_rates": rates}},
		"totals": object{
			"currency_code": "USD", "currency_minor_unit": 2, "total_items": strconv.Itoa(items), "total_shipping": strconv.Itoa(shipping),
			"total_shipping_tax": strconv.Itoa(shippingTax), "total_fees": "0", "total_fees_tax": "0",
			"total_price": strconv.Itoa(items - discount + shipping + tax),
		},
	}
}

func (f *wooFake) draft(c *wooCart) int {
	if c.draft == 0 || f.orders[c.draft].status != "checkout-draft" {
		c.draft = 500 + len(f.orders)
	}
	_, items, discount, shipping, tax, _ := f.sheet(c)
	f.orders[c.draft] = &wooOrder{
		id: c.draft, cents: items - discount + shipping + tax, status: "checkout-draft", items: slices.Clone(c.items), address: c.address, rate: c.rate, modified: f.clock,
	}
	return c.draft
}

func (f *wooFake) admin(r *http.Request, path string, body object) (int, any) {
	if path == "" {
		since, _ := time.Parse(time.RFC3339Nano, r.URL.Query().Get("modified_after"))
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
		list := []*wooOrder{}
		for _, o := range f.orders {
			if o.modified.After(since) && o.status != "checkout-draft" {
				list = append(list, o)
			}
		}
		slices.SortFunc(list, func(a, b *wooOrder) int { return a.modified.Compare(b.modified)*1000 + a.id - b.id })
		views := []any{}
		for i, o := range list {
			if i >= (page-1)*size && i < page*size {
				views = append(views, f.orderView(o))
			}
		}
		return 200, views
	}
	id, rest, _ := strings.Cut(path, "/")
	n, _ := strconv.Atoi(id)
	o := f.orders[n]
	if o == nil {
		return refusal(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
	}
	switch {
	case rest == "refunds":
		f.refunds++
		amount, _ := body["amount"].(string)
		o.refunds = append(o.refunds, object{"id": 9000 + f.refunds, "reason": body["reason"], "total": "-" + amount})
		o.modified = f.tick()
		return 201, object{"id": 9000 + f.refunds}
	case r.Method == http.MethodPut:
		f.change(o, body)
	}
	return 200, f.orderView(o)
}

func (f *wooFake) change(o *wooOrder, body object) {
	status, _ := body["status"].(string)
	if txn, ok := body["transaction_id"].(string); ok {
		o.txn = txn
	}
	if meta, ok := body["meta_data"]; ok {
		o.meta = meta
	}
	for _, i := range o.items {
		switch {
		case o.status == "checkout-draft" && status == "on-hold":
			f.stock[i.id] -= i.qty
		case status == "cancelled" && o.status != "cancelled":
			f.stock[i.id] += i.qty
		}
	}
	o.paid = o.paid || status == "processing"
	o.status, o.modified = status, f.tick()
}

// tick moves the fake's clock on, as changes in a shop are seconds apart.
func (f *wooFake) tick() time.Time {
	f.clock = f.clock.Add(time.Second)
	return f.clock
}

func (f *wooFake) orderView(o *wooOrder) object {
	lines := []any{}
	for n, i := range o.items {
		lines = append(lines, object{
			"id": o.id*10 + n, "product_id": i.id, "variation_id": 0, "name": "Product", "sku": f.sku(i.id), "quantity": i.qty,
			"price": json.Number(fmt.Sprintf("%d.%02d", f.prices[i.id]/100, f.prices[i.id]%100)),
		})
	}
	var paid any
	if o.paid {
		paid = o.modified.Format("2006-01-02T15:04:05")
	}
	meta := []any{}
	if list, ok := o.meta.([]any); ok {
		meta = append(meta, list...)
	}
	if o.tracking != nil {
		meta = append(meta, object{"key": "_wc_shipment_tracking_items", "value": o.tracking})
	}
	refunds := []any{}
	for _, r := range o.refunds {
		refunds = append(refunds, r)
	}
	shipping := object{"first_name": "", "last_name": ""}
	maps.Copy(shipping, o.address)
	method, instance, _ := strings.Cut(o.rate, ":")
	return object{
		"id": o.id, "number": strconv.Itoa(o.id), "status": o.status, "currency": "USD", "total": fmt.Sprintf("%d.%02d", o.cents/100, o.cents%100),
		"transaction_id": o.txn, "date_paid_gmt": paid, "date_modified_gmt": o.modified.Format("2006-01-02T15:04:05"), "meta_data": meta,
		"line_items": lines, "shipping": shipping, "shipping_lines": []any{object{"method_id": method, "instance_id": instance}}, "refunds": refunds,
	}
}

// order finds an order for the shop's own people.
func (f *wooFake) order(ref string) (*wooOrder, error) {
	n, _ := strconv.Atoi(ref)
	if o := f.orders[n]; o != nil {
		return o, nil
	}
	return nil, errors.New("no such order")
}

// openWoo serves f and opens woocommerce.yaml on it, for agents that call items as it says.
func openWoo(t *testing.T, f *wooFake, items string) adapters.Adapter {
	t.Helper()
	srv := httptest.NewServer(f)
	transport := &http.Transport{}
	t.Cleanup(func() { transport.CloseIdleConnections(); srv.Close() })
	section, err := config.ParseSection("gateway.yaml", []byte("file: examples/woocommerce.yaml\nbase_url: "+srv.URL+
		"/wp-json\nvalues: {items: "+items+"}\nsecrets: {consumer_key: ck_canary, consumer_secret: cs_canary}\n"), config.Options{AllowLiteralSecrets: true})
	if err != nil {
		t.Fatal(err)
	}
	a, err := declarative.New(section, declarative.Deps{Transport: transport, Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWooCommerceOnPaperKeepsTheAdapterContract(t *testing.T) {
	t.Parallel()
	for items, ids := range map[string][4]string{"id": {"11", "12", "999", "13"}, "sku": {"TEA", "CUP", "11", "JUG"}} {
		t.Run(items, func(t *testing.T) {
			t.Parallel()
			wooContract(t, items, ids)
		})
	}
}

func wooContract(t *testing.T, items string, ids [4]string) {
	f := newWoo()
	a := openWoo(t, f, items)
	adaptertest.Run(t, adaptertest.Harness{
		Adapter: a, Context: t.Context(), NewKey: rand.Text,
		Item: ids[0], OtherItem: ids[1], UnknownItem: ids[2], ScarceItem: ids[3], ScarceQuantity: 5, Coupon: "TEN", BadCoupon: "nope",
		Buyer:      commerce.Buyer{FirstName: "Adalbert", LastName: "Lovelacington", Email: "adalbert@example.com", Phone: "+15550100"},
		Address:    commerce.Address{Name: "Adalbert Lovelacington", LineOne: "17 Privet Marker Rd", City: "Fresno", State: "CA", PostalCode: "93650", Country: "US"},
		FarAddress: commerce.Address{Name: "Adalbert Lovelacington", LineOne: "99 Ferne Strasse", City: "Berlin", PostalCode: "10115", Country: "DE"},
		Stock: func(context.Context, string) (int64, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			return int64(f.stock[11]), nil
		},
		Ship: func(_ context.Context, o commerce.Snapshot) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			w, err := f.order(o.Ref)
			if err == nil {
				w.status, w.modified = "completed", f.tick()
				w.tracking = []any{object{"tracking_id": "t1", "tracking_provider": "ups", "tracking_number": "1Z999", "date_shipped": "1795331327"}}
			}
			return err
		},
		Refund: func(_ context.Context, o commerce.Snapshot) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			w, err := f.order(o.Ref)
			if err == nil {
				w.refunds, w.modified = append(w.refunds, object{"id": 8001, "reason": "dented", "total": "-1.00"}), f.tick()
			}
			return err
		},
		Secrets: []string{"ck_canary", "cs_canary"},
	})
}

// TestWooCommerceSKUs: a SKU is looked up once; one that moves to another product sells neither the old nor the wrong one.
func TestWooCommerceSKUs(t *testing.T) {
	t.Parallel()
	f := newWoo()
	shop := upstream.New("main", openWoo(t, f, "sku"), upstream.Options{})
	set := func(change func()) {
		f.mu.Lock()
		defer f.mu.Unlock()
		change()
	}
	quote := func(sku string) (commerce.Quote, error) {
		return shop.Quote(t.Context(), adapters.QuoteRequest{Key: rand.Text(), Cart: commerce.Cart{
			Currency: "usd", Lines: []commerce.CartLine{{ID: "li_1", ItemID: sku, Quantity: 2}},
		}})
	}
	for _, cents := range []int{1999, 2100} {
		set(func() { f.prices[11] = cents })
		q, err := quote("TEA")
		if err != nil || q.Total != int64(2*cents) || q.Lines[0].ItemID != "TEA" || q.Lines[0].Name != "Product 11" {
			t.Fatalf("%+v, %v", q, err)
		}
	}
	set(func() {
		if f.looked != 1 {
			t.Errorf("the catalogue was asked %d times", f.looked)
		}
		f.skus = map[string]int{"TEA": 12, "OLD-TEA": 11}
	})
	if _, err := quote("TEA"); commerce.KindOf(err) != commerce.ItemUnavailable {
		t.Errorf("a SKU that has moved: %v", err)
	}
	if q, err := quote("TEA"); err != nil || q.Total != 1100 {
		t.Errorf("looked up afresh: %+v, %v", q, err)
	}
	for _, item := range []string{"TEA,OLD-TEA", "OLD-TEA,", "12", "tea"} {
		if _, err := quote(item); commerce.KindOf(err) != commerce.ItemUnavailable {
			t.Errorf("item %q: %v, want ItemUnavailable", item, err)
		}
	}
}
