package shop

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

func inject(b *buyer, f Fault) {
	b.t.Helper()
	if err := b.shop.Inject(f); err != nil {
		b.t.Fatal(err)
	}
}

func TestFaultsBeforeAndAfterPlacing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault  Fault
		status int // 0: the connection was cut
		orders int
		text   string
	}{
		{Fault{Kind: ErrorBefore}, 500, 0, "<html>"},
		{Fault{Kind: ErrorAfter}, 500, 1, "<html>"},
		{Fault{Kind: CutBefore}, 0, 0, ""},
		{Fault{Kind: CutAfter}, 0, 1, ""},
		{Fault{Kind: CutMiddle}, 0, 1, ""},
		{Fault{Kind: HTML}, 200, 1, "<html>"},
		{Fault{Kind: Huge, Bytes: 1 << 20}, 200, 1, `"padding":"xxx`},
		{Fault{Kind: Drip, Delay: time.Microsecond}, 201, 1, `"status":"OK"`},
		{Fault{Kind: Slow, Delay: time.Millisecond}, 201, 1, `"status":"OK"`},
		{Fault{Kind: SlowAnswer, Delay: time.Millisecond}, 201, 1, `"status":"OK"`},
		{Fault{Kind: Off}, 503, 0, "<html>"},
		{Fault{Kind: Unauthorized}, 401, 0, `"AUTH"`},
		{Fault{Kind: RateLimited}, 429, 0, `"BUSY"`},
		{Fault{Kind: SellOut, SKU: "KET-0900"}, 409, 0, `"STOCK"`},
		{Fault{Kind: Vanish}, 409, 0, `"gone"`},
		{Fault{Kind: Twice}, 201, 2, `"status":"OK"`},
		{Fault{Kind: WrongCurrency}, 201, 1, `"currency":"EUR"`},
		{Fault{Kind: NegativePrice}, 201, 1, `"grand":"-`},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			t.Parallel()
			b := open(t, Options{})
			b.ready("KET-0900")
			c.fault.Operation = string(OrderPlace)
			inject(b, c.fault)
			a, err := b.try("POST", "/orders", b.placing("r"))
			switch {
			case c.status == 0 && err == nil:
				t.Fatalf("the connection was not cut: %d %s", a.status, a.text)
			case c.status != 0 && (err != nil || a.status != c.status || !strings.Contains(a.text, c.text)):
				t.Fatalf("answer %d %.200s, %v", a.status, a.text, err)
			}
			if n := len(b.shop.OrdersByRef("r")); n != c.orders {
				t.Errorf("%d orders, want %d", n, c.orders)
			}
			if n := len(b.shop.Faults()); n != 0 {
				t.Errorf("%d faults left after the only call", n)
			}
		})
	}
}

func TestFaultsThatSpoilJSON(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.begin("KET-0900")
	for _, kind := range []Kind{BrokenJSON, DuplicateKeys} {
		inject(b, Fault{Operation: string(CartGet), Kind: kind})
		if a, err := b.try("GET", "/cart/"+b.cart, ""); err == nil || a.status != 200 {
			t.Errorf("%s: a strict reader took %s", kind, a.text)
		}
	}
	b.ok("GET", "/cart/"+b.cart, "")
}

func TestLateOrderAppearsAfterTheConnectionWasCut(t *testing.T) {
	t.Parallel()
	clk := stoppedClock()
	b := open(t, Options{Clock: clk})
	b.ready("KET-0900")
	inject(b, Fault{Operation: string(OrderPlace), Kind: Late, Delay: time.Minute})
	if a, err := b.try("POST", "/orders", b.placing("r")); err == nil {
		t.Fatalf("answered: %s", a.text)
	}
	if got := b.ok("GET", "/orders?external_ref=r", "").body.Count; got != 0 {
		t.Fatalf("the order is there too early: %d", got)
	}
	clk.Advance(time.Minute)
	eventually(t, "the late order", func() bool {
		clk.Advance(time.Minute) // the waiter may have begun after the first step
		return len(b.shop.OrdersByRef("r")) == 1
	})
	if c := b.shop.Calls(OrderPlace); c != (Calls{Arrived: 1, Acted: 1}) {
		t.Errorf("calls = %+v", c)
	}
}

func TestSlowShopActsThoughTheCallerHasLeft(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.ready("KET-0900")
	inject(b, Fault{Operation: string(OrderPlace), Kind: Slow, Delay: 150 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := b.within(ctx, "POST", "/orders", b.placing("r")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("want a timeout, got %v", err)
	}
	if n := len(b.shop.Orders()); n != 0 {
		t.Fatalf("%d orders before the delay was over", n)
	}
	eventually(t, "the order of the caller that left", func() bool { return len(b.shop.Orders()) == 1 })
}

func TestHangEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.ready("KET-0900")
	inject(b, Fault{Operation: "order.*", Kind: Hang})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := b.within(ctx, "POST", "/orders", b.placing("r")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("want a timeout, got %v", err)
	}
	if c := b.shop.Calls(OrderPlace); c != (Calls{Arrived: 1}) {
		t.Errorf("calls = %+v", c)
	}
}

func TestCloseDropsWhatIsStillToCome(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.ready("KET-0900")
	inject(b, Fault{Operation: string(OrderPlace), Kind: Late, Delay: time.Hour})
	if _, err := b.try("POST", "/orders", b.placing("r")); err == nil {
		t.Fatal("the connection was not cut")
	}
	b.shop.Close() // must not wait for the hour
	if n := len(b.shop.Orders()); n != 0 {
		t.Errorf("%d orders", n)
	}
}

func TestRepriceJustBeforeTheOrder(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.ready("KET-0900")
	total := b.ok("GET", "/cart/"+b.cart, "").body.Cart.Totals.Grand
	inject(b, Fault{Operation: string(OrderPlace), Kind: Reprice, SKU: "KET-0900", Price: "91.00"})
	b.refused(409, "PRICE", "POST", "/orders", strings.Replace(b.placing("r"), "{", `{"expected_total":"`+total+`",`, 1))
	if got := b.ok("GET", "/cart/"+b.cart, "").body.Cart.Lines[0].Price; got != "91.00" {
		t.Errorf("the cart shows %s", got)
	}
}

func TestWhichCallsAFaultHits(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	statuses := func(n int) (out []int) {
		for range n {
			out = append(out, b.call("GET", "/items", "").status)
		}
		return out
	}
	want := func(got []int, want ...int) {
		t.Helper()
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("statuses %v, want %v", got, want)
			}
		}
	}
	inject(b, Fault{Operation: string(ItemList), Kind: Off, Skip: 1, Times: 2})
	want(statuses(4), 200, 503, 503, 200)
	inject(b, Fault{Operation: "order.*", Kind: Off})
	want(statuses(1), 200)
	b.shop.ClearFaults()
	inject(b, Fault{Operation: "*", Kind: Off, Times: Forever})
	want(statuses(3), 503, 503, 503)
	b.shop.ClearFaults()
	want(statuses(1), 200)
	inject(b, Fault{Operation: "item.*", Kind: ErrorBefore})
	inject(b, Fault{Operation: "item.*", Kind: Off})
	want(statuses(3), 500, 503, 200)
}

func TestPercentageFollowsTheSeed(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) (out string) {
		b := open(t, Options{Seed: seed})
		inject(b, Fault{Operation: string(ItemList), Kind: Off, Percent: 30, Times: Forever})
		for range 60 {
			out += string(rune('0' + b.call("GET", "/items", "").status/100))
		}
		return out
	}
	one := draw(1)
	if hits := strings.Count(one, "5"); hits < 5 || hits > 35 {
		t.Errorf("%d of 60 at 30 %%", hits)
	}
	if draw(1) != one {
		t.Error("the same seed hit other calls")
	}
	if draw(2) == one {
		t.Error("another seed hit the same calls")
	}
}

func TestFaultsThatCannotHitAreRefused(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	for _, f := range []Fault{
		{Operation: "order.place", Kind: "explode"},
		{Operation: "order.eat", Kind: Slow},
		{Operation: "", Kind: Slow},
		{Operation: "*", Kind: Slow, Percent: 101},
		{Operation: "*", Kind: Slow, Times: -2},
		{Operation: "*", Kind: SellOut, SKU: "NONE"},
		{Operation: "*", Kind: Reprice, SKU: "KET-0900", Price: "1.999"},
		{Operation: "*", Kind: Reprice, SKU: "KET-0900"},
	} {
		if err := b.shop.Inject(f); err == nil {
			t.Errorf("taken: %+v", f)
		}
	}
}

func TestControlOverHTTP(t *testing.T) {
	t.Parallel()
	b := open(t, Options{ControlKey: "let-me"})
	control := func(method, path, body string) (int, string) {
		t.Helper()
		a := b.call(method, "/_control/"+path, body, HeaderControl, "let-me")
		return a.status, a.text
	}
	must := func(path, body string) string {
		t.Helper()
		status, text := control("POST", path, body)
		if status != 200 {
			t.Fatalf("%s: %d %s", path, status, text)
		}
		return text
	}
	b.refused(401, "AUTH", "GET", "/_control/state", "")
	b.refused(401, "AUTH", "POST", "/_control/stock", `{"sku":"KET-0900","stock":0}`, HeaderControl, "guess")

	must("price", `{"sku":"KET-0900","price":"80.00"}`)
	must("stock", `{"sku":"KET-0900","stock":9}`)
	must("faults", `{"operation":"order.place","kind":"slow","delay_ms":1,"times":2}`)
	if f := b.shop.Faults(); len(f) != 1 || f[0].Delay != time.Millisecond || f[0].Times != 2 {
		t.Fatalf("faults: %+v", f)
	}
	no := paidOrder(b, "r").Number
	must("orders/"+no+"/pick", "")
	must("orders/"+no+"/ship", `{"carrier":"UPS","tracking_no":"1Z"}`)
	must("orders/"+no+"/deliver", "{}")
	if text := must("orders/"+no+"/refund", `{"amount":"1.00","reason":"late"}`); !strings.Contains(text, `"id":"R5001"`) {
		t.Errorf("refund: %s", text)
	}
	must("orders/"+no+"/duplicate", "")
	status, text := control("GET", "state", "")
	var st struct {
		Orders, Live, Duplicates int
		Stock                    map[string]int
		Calls                    map[string]Calls
		Faults                   []struct{ Kind string }
	}
	if err := json.Unmarshal([]byte(text), &st, json.MatchCaseInsensitiveNames(true)); err != nil || status != 200 {
		t.Fatalf("state: %d %v", status, err)
	}
	if st.Orders != 2 || st.Live != 2 || st.Duplicates != 1 || st.Stock["KET-0900"] != 7 || st.Calls["order.place"].Acted != 1 || len(st.Faults) != 1 {
		t.Errorf("state: %s", text)
	}
	if _, text := control("GET", "orders?external_ref=r", ""); strings.Count(text, `"number"`) != 2 {
		t.Errorf("orders by reference: %s", text)
	}
	if _, text := control("GET", "orders?external_ref=x", ""); text != `{"orders":[]}` {
		t.Errorf("orders by another reference: %s", text)
	}
	twin := b.shop.OrdersByRef("r")[1]
	if twin.State != Pending || len(twin.Shipments) != 0 || twin.Lines[0].Shipped != "0" {
		t.Errorf("twin: %+v", twin)
	}
	must("orders/"+twin.Number+"/cancel", "")
	b.begin("CUP-0002")
	must("carts/"+b.cart+"/vanish", "")
	if a := b.call("GET", "/cart/"+b.cart, ""); a.status != 404 {
		t.Errorf("vanished cart: %d", a.status)
	}
	if status, _ := control("DELETE", "faults", ""); status != 200 || len(b.shop.Faults()) != 0 {
		t.Errorf("clearing faults: %d", status)
	}
	for path, want := range map[string]int{
		"orders/1/ship": 404, "orders/" + no + "/ship": 409, "carts/C1/vanish": 404, "nothing": 404,
		"price": 422, "faults": 422, "stock": 404,
	} {
		body := map[string]string{"price": `{"sku":"KET-0900","price":"-1"}`, "faults": `{"kind":"slow","oops":1}`, "stock": `{"sku":"X"}`}[path]
		if status, text := control("POST", path, body); status != want {
			t.Errorf("%s: %d %s, want %d", path, status, text, want)
		}
	}
}

func TestServeOnlyOnLoopback(t *testing.T) {
	t.Parallel()
	quiet := slog.New(slog.DiscardHandler)
	s := New(t.Context(), Options{})
	for _, addr := range []string{"0.0.0.0:0", ":0", "example.com:80", "127.0.0.1"} {
		if v, err := Serve(t.Context(), s, addr, quiet); err == nil {
			_ = v.Close()
			t.Errorf("served on %s", addr)
		}
	}
	v, err := Serve(t.Context(), s, "127.0.0.1:0", quiet)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.URL()+"/items", nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	client.CloseIdleConnections()
	if res.StatusCode != 200 {
		t.Errorf("status %d", res.StatusCode)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}
