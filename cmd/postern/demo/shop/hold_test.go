package shop

import (
	"testing"
	"time"
)

// wants fills a new cart with aprons, of which there are three, up to placing.
func (b *buyer) wants(pieces string) (cart, token, nonce string) {
	b.t.Helper()
	b.begin()
	b.ok("POST", "/cart/"+b.cart+"/lines", `{"sku":"APR-LIN1","qty":`+pieces+`}`)
	b.ok("POST", "/cart/"+b.cart+"/customer", californian)
	b.ok("POST", "/cart/"+b.cart+"/shipping", `{"code":"standard"}`)
	return b.cart, b.token, b.nonce
}

// holds asserts how many aprons the carts hold, and that all stand on the shelf.
func (b *buyer) holds(pieces, shelf int) {
	b.t.Helper()
	if h, s := b.shop.Held()["APR-LIN1"], b.shop.Stock()["APR-LIN1"]; h != pieces || s != shelf {
		b.t.Fatalf("carts hold %d of %d aprons, want %d of %d", h, s, pieces, shelf)
	}
}

func TestCartHoldsItsPieces(t *testing.T) {
	t.Parallel()
	clock := stoppedClock()
	b := open(t, Options{Clock: clock})
	first, token, nonce := b.wants("2")
	second, _, _ := b.wants("2")
	b.holds(3, 3)
	// The second cart is one short, and hears of it when it is ordered.
	if a := b.refused(409, "STOCK", "POST", "/orders", b.placing("short")); a.body.Available != "1" || a.body.SKU != "APR-LIN1" {
		t.Errorf("refused with %s", a.text)
	}
	b.ok("DELETE", "/cart/"+second, "")
	b.holds(2, 3)
	// A look renews what a cart holds, and takes up what has become free.
	b.wants("2")
	b.holds(3, 3)
	third := b.cart
	clock.Advance(holdTime - time.Second)
	b.cart, b.token, b.nonce = first, token, nonce
	b.ok("PUT", "/cart/"+first+"/lines/1", `{"qty":1}`)
	b.holds(2, 3)
	clock.Advance(time.Second)
	b.holds(1, 3) // the third cart's minutes are over
	b.cart = third
	b.ok("POST", "/orders", b.placing("forgotten")) // nobody else wants them
	b.holds(1, 1)
	b.refused(409, "STOCK", "POST", "/orders", b.placing("forgotten"))
	b.cart = first
	b.ok("POST", "/orders", b.placing("renewed"))
	b.holds(0, 0)
	b.refused(409, "STOCK", "POST", "/orders", b.placing("renewed"))
}

func TestWhatACartHoldsGoesWithIt(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*buyer){
		"dropped":    func(b *buyer) { b.ok("DELETE", "/cart/"+b.cart, "") },
		"by the key": func(b *buyer) { b.call("DELETE", "/cart/"+b.cart, "", HeaderToken, "") },
		"the line":   func(b *buyer) { b.ok("DELETE", "/cart/"+b.cart+"/lines/1", "") },
		"vanished": func(b *buyer) {
			if err := b.shop.VanishCart(b.cart); err != nil {
				b.t.Fatal(err)
			}
		},
		"vanished at a call": func(b *buyer) {
			if err := b.shop.Inject(Fault{Operation: string(CartGet), Kind: Vanish}); err != nil {
				b.t.Fatal(err)
			}
			b.call("GET", "/cart/"+b.cart, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, Options{})
			b.wants("2")
			b.holds(2, 3)
			end(b)
			b.holds(0, 3)
			b.wants("2")
			b.ok("POST", "/orders", b.placing("r"))
			b.holds(0, 1)
		})
	}
}

func TestShelfBelowWhatCartsHold(t *testing.T) {
	t.Parallel()
	b := open(t, Options{})
	b.wants("2")
	if err := b.shop.SetStock("APR-LIN1", 1); err != nil {
		t.Fatal(err)
	}
	if a := b.refused(409, "STOCK", "POST", "/orders", b.placing("r")); a.body.Available != "1" {
		t.Errorf("refused with %s", a.text)
	}
	b.wants("1")
	b.holds(2, 1)
	if a := b.refused(409, "STOCK", "POST", "/orders", b.placing("r")); a.body.Available != "0" {
		t.Errorf("refused with %s", a.text)
	}
}

func TestCartsLapseOneByOne(t *testing.T) {
	t.Parallel()
	clock := stoppedClock()
	b := open(t, Options{Clock: clock})
	b.wants("2")
	clock.Advance(holdTime / 2)
	second, _, _ := b.wants("2")
	clock.Advance(holdTime / 4)
	third, _, _ := b.wants("2")
	clock.Advance(holdTime / 4) // the first cart's time is over
	b.cart = third
	b.ok("POST", "/orders", b.placing("third")) // all but the one that the second holds
	b.cart = second
	b.refused(409, "STOCK", "POST", "/orders", b.placing("second"))
	b.holds(1, 1)
}

func TestALaterCartLapsesInItsTurn(t *testing.T) {
	t.Parallel()
	clock := stoppedClock()
	b := open(t, Options{Clock: clock})
	b.wants("2")
	clock.Advance(holdTime / 2)
	b.wants("2")
	b.holds(3, 3)
	clock.Advance(holdTime / 2)
	b.holds(1, 3)
	clock.Advance(holdTime / 2)
	b.holds(0, 3)
}
