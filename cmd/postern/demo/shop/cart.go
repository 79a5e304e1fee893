package shop

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Customer is who buys. Everything may be missing while the cart is open.
type Customer struct {
	Email  string   `json:"email"`
	Phone  string   `json:"phone"`
	ShipTo *Address `json:"ship_to"`
	BillTo *Address `json:"bill_to"`
}

func (c Customer) clone() Customer {
	if c.ShipTo != nil {
		a := *c.ShipTo
		c.ShipTo = &a
	}
	if c.BillTo != nil {
		a := *c.BillTo
		c.BillTo = &a
	}
	return c
}

type cart struct {
	id       string
	session  session
	lines    []cartLine
	lineNo   int
	customer Customer
	coupons  []string
	shipping map[Depot]string // codes of the chosen ways
	// held is what of its lines the cart holds, until heldUntil.
	held      []cartLine
	heldUntil time.Time
}

type cartLine struct {
	number   int
	sku      string
	quantity int
}

type cartView struct {
	ID       string   `json:"id"`
	Customer Customer `json:"customer"`
	Sheet
}

func (s *Shop) showCart(c call, k *cart, status int) answer {
	return reply(status, struct {
		Status string   `json:"status"`
		Cart   cartView `json:"cart"`
	}{"OK", cartView{k.id, k.customer, s.sheet(c, k)}})
}

func (s *Shop) createCart(c call) answer {
	s.cartNo++
	k := &cart{id: fmt.Sprintf("C%d", s.cartNo), shipping: map[Depot]string{}}
	s.carts[k.id] = k
	a := s.showCart(c, k, http.StatusCreated)
	k.session.turn(a.header)
	return a
}

// ofCart wraps a call on one cart: finds it, checks its session, and sends the
// next token and nonce with whatever the call answers.
func ofCart(write bool, act func(*Shop, call, *cart) answer) func(*Shop, call) answer {
	return func(s *Shop, c call) answer {
		k, ok := s.carts[c.path("id")]
		if !ok {
			return notFound()
		}
		if r, refused := k.session.refuse(c, write); refused {
			return refuse(http.StatusForbidden, r)
		}
		a := act(s, c, k)
		s.hold(k)
		k.session.turn(a.header)
		return a
	}
}

func (s *Shop) getCart(c call, k *cart) answer { return s.showCart(c, k, http.StatusOK) }

// deleteCart takes the cart's token and nonce, or the office key, which needs
// no session: carts are also dropped by people who have lost it.
func (s *Shop) deleteCart(c call) answer {
	k, ok := s.carts[c.path("id")]
	if !ok {
		return notFound()
	}
	if !sameKey(s.key, c.header.Get(HeaderKey)) {
		if r, refused := k.session.refuse(c, true); refused {
			return refuse(http.StatusForbidden, r)
		}
	}
	s.drop(k)
	return reply(http.StatusOK, struct {
		Status string `json:"status"`
	}{"OK"})
}

func (s *Shop) addLine(c call, k *cart) answer {
	var in struct {
		SKU      string `json:"sku"`
		Quantity count  `json:"qty"`
	}
	if !decode(c, &in) {
		return unreadable()
	}
	at := slices.IndexFunc(k.lines, func(l cartLine) bool { return l.sku == in.SKU })
	want := int(in.Quantity)
	if at >= 0 && want > 0 {
		want += k.lines[at].quantity
	}
	if a, refused := s.refuseLine(in.SKU, want); refused {
		return a
	}
	if at >= 0 {
		k.lines[at].quantity = want
		return s.showCart(c, k, http.StatusOK)
	}
	k.lineNo++
	k.lines = append(k.lines, cartLine{k.lineNo, in.SKU, want})
	return s.showCart(c, k, http.StatusCreated)
}

func (s *Shop) setLine(c call, k *cart) answer {
	var in struct {
		Quantity count `json:"qty"`
	}
	at := k.find(c.path("line"))
	if at < 0 {
		return notFound()
	}
	if !decode(c, &in) {
		return unreadable()
	}
	if a, refused := s.refuseLine(k.lines[at].sku, int(in.Quantity)); refused {
		return a
	}
	k.lines[at].quantity = int(in.Quantity)
	return s.showCart(c, k, http.StatusOK)
}

func (s *Shop) deleteLine(c call, k *cart) answer {
	at := k.find(c.path("line"))
	if at < 0 {
		return notFound()
	}
	k.lines = slices.Delete(k.lines, at, at+1)
	return s.showCart(c, k, http.StatusOK)
}

func (k *cart) find(number string) int {
	return slices.IndexFunc(k.lines, func(l cartLine) bool { return digits(l.number) == number })
}

// refuseLine says why quantity pieces of an article cannot be in a cart. An
// article that nobody can buy is answered with 200 and an error inside.
func (s *Shop) refuseLine(sku string, quantity int) (answer, bool) {
	a, ok := s.items[sku]
	switch {
	case !ok:
		return refuse(http.StatusOK, refusal{Code: "ITEM", Message: "no such article", SKU: sku, Reason: "unknown"}), true
	case a.Discontinued:
		return refuse(http.StatusOK, refusal{Code: "ITEM", Message: "article is no longer sold", SKU: sku, Reason: "discontinued"}), true
	case quantity < 1:
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "QTY", Message: "quantity must be 1 or more", SKU: sku}), true
	case quantity > a.MaxQuantity:
		return refuse(http.StatusUnprocessableEntity, refusal{
			Code: "QTY", Message: "too many for one order", SKU: sku, Max: digits(a.MaxQuantity),
		}), true
	case quantity > a.Stock:
		return refuseStock(a, a.Stock), true
	}
	return answer{}, false
}

func refuseStock(a *article, available int) answer {
	return refuse(http.StatusConflict, refusal{
		Code: "STOCK", Message: "not enough pieces on stock", SKU: a.SKU, Available: digits(available),
	})
}

// setCustomer replaces the whole customer. A new address forgets the chosen
// way of shipping, as the shop's form always did.
func (s *Shop) setCustomer(c call, k *cart) answer {
	var in Customer
	if !decode(c, &in) {
		return unreadable()
	}
	if in.Email != "" && !emailForm.MatchString(in.Email) {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "BUYER", Message: "e-mail address is not usable", Field: "email"})
	}
	if in.ShipTo != nil {
		if f := badField(in.ShipTo); f != "" {
			return refuseAddress(f)
		}
	}
	k.customer = in
	clear(k.shipping)
	return s.showCart(c, k, http.StatusOK)
}

func refuseAddress(field string) answer {
	return refuse(http.StatusUnprocessableEntity, refusal{Code: "ADDRESS", Message: "address is not usable", Field: field})
}

func (s *Shop) addCoupon(c call, k *cart) answer {
	var in struct {
		Code string `json:"code"`
	}
	if !decode(c, &in) {
		return unreadable()
	}
	v, ok := findVoucher(in.Code)
	if !ok {
		return refuse(http.StatusOK, refusal{Code: "COUPON", Message: "no such code", Coupon: in.Code, Reason: "unknown"})
	}
	switch problem := s.problem(v, k); problem {
	case "":
	case "minimum":
		return refuse(http.StatusUnprocessableEntity, refusal{
			Code: "COUPON", Message: "cart is below the minimum of the code", Coupon: v.code, Reason: problem, Minimum: v.minimum.StringFixed(2),
		})
	case "login", "person", "already":
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "COUPON", Message: "code is not for this cart", Coupon: v.code, Reason: problem})
	default:
		return refuse(http.StatusOK, refusal{Code: "COUPON", Message: "code is no longer valid", Coupon: v.code, Reason: problem})
	}
	for _, code := range k.coupons {
		if code == v.code {
			return s.showCart(c, k, http.StatusOK)
		}
		if other, _ := findVoucher(code); other.fixed.IsZero() && v.fixed.IsZero() {
			return refuse(http.StatusUnprocessableEntity, refusal{
				Code: "COUPON", Message: "one percentage per cart", Coupon: v.code, Reason: "combination",
			})
		}
	}
	k.coupons = append(k.coupons, v.code)
	return s.showCart(c, k, http.StatusOK)
}

func (s *Shop) deleteCoupon(c call, k *cart) answer {
	at := slices.Index(k.coupons, c.path("code"))
	if at < 0 {
		return notFound()
	}
	k.coupons = slices.Delete(k.coupons, at, at+1)
	return s.showCart(c, k, http.StatusOK)
}

func (s *Shop) listShipping(_ call, k *cart) answer {
	parcels := s.loads(k)
	if k.customer.ShipTo == nil && needsAddress(parcels) {
		return refuseAddress("ship_to")
	}
	list := []Shipping{}
	for _, l := range parcels {
		for _, m := range l.depot.ways {
			list = append(list, *l.view(s, m, taxRate(k.customer.ShipTo)))
		}
	}
	return reply(http.StatusOK, struct {
		Status  string     `json:"status"`
		Methods []Shipping `json:"methods"`
	}{"OK", list})
}

// itemsSum is what the items cost before any discount, net of tax.
func (s *Shop) itemsSum(k *cart) decimal.Decimal {
	sum := decimal.Zero
	for _, l := range k.lines {
		sum = sum.Add(s.items[l.sku].price.Mul(decimal.NewFromInt(int64(l.quantity))))
	}
	return sum
}

// setShipping chooses a way for the parcel that it belongs to; the other
// parcels keep theirs.
func (s *Shop) setShipping(c call, k *cart) answer {
	var in struct {
		Code string `json:"code"`
	}
	if !decode(c, &in) {
		return unreadable()
	}
	if k.customer.ShipTo == nil {
		return refuseAddress("ship_to")
	}
	for _, l := range s.loads(k) {
		if slices.ContainsFunc(l.depot.ways, func(m method) bool { return m.code == in.Code }) {
			k.shipping[l.depot.name] = in.Code
			return s.showCart(c, k, http.StatusOK)
		}
	}
	return refuse(http.StatusUnprocessableEntity, refusal{
		Code: "SHIPPING", Message: "this way of shipping is not offered for the address", Reason: "not_offered",
	})
}
