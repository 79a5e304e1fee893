package shop

import (
	"net/http"
	"slices"
)

type placeRequest struct {
	Cart        string `json:"cart"`
	ExternalRef string `json:"external_ref"`
	Expected    amount `json:"expected_total"`
	Payment     struct {
		State     string `json:"state"`
		Provider  string `json:"provider"`
		Reference string `json:"reference"`
		Amount    amount `json:"amount"`
	} `json:"payment"`
}

// placeOrder turns a cart into an order and takes its pieces off the shelf,
// but for those that other carts hold. It has no idempotency: the cart stays, and a second call makes a second order
// with the same external_ref. That is the fault of the old system that a caller
// has to live with, by looking the reference up first.
func (s *Shop) placeOrder(c call) answer {
	var in placeRequest
	if !decode(c, &in) {
		return unreadable()
	}
	k, ok := s.carts[in.Cart]
	if !ok {
		return refuse(http.StatusConflict, refusal{Code: "CART", Message: "no such cart", Reason: "gone"})
	}
	sheet := s.sheet(c, k)
	if n, stopped := sheet.stopped(); stopped && len(k.lines) > 0 {
		return refuse(http.StatusUnprocessableEntity, refusal{
			Code: "NOTICE", Message: "a person must order this cart", Reason: string(n),
		})
	}
	if a, refused := s.refuseOrder(k, sheet, in); refused {
		return a
	}
	o := s.insert(c, k, in)
	return showOrder(http.StatusCreated, o)
}

func (s *Shop) refuseOrder(k *cart, sheet Sheet, in placeRequest) (answer, bool) {
	if len(k.lines) == 0 {
		return refuse(http.StatusConflict, refusal{Code: "CART", Message: "the cart is empty", Reason: "empty"}), true
	}
	s.lapse()
	for _, l := range k.lines {
		if a, refused := s.refuseLine(l.sku, l.quantity); refused {
			return a, true
		}
		if a := s.items[l.sku]; l.quantity > s.left(k, a) {
			return refuseStock(a, s.left(k, a)), true
		}
	}
	if k.customer.ShipTo == nil && needsAddress(s.loads(k)) {
		return refuseAddress("ship_to"), true
	}
	if slices.ContainsFunc(sheet.Parcels, func(p Parcel) bool { return p.Shipping == nil }) {
		return refuse(http.StatusUnprocessableEntity, refusal{
			Code: "SHIPPING", Message: "no way of shipping was chosen", Reason: "not_chosen",
		}), true
	}
	for _, cp := range sheet.Coupons {
		if cp.Problem != "" {
			return refuse(http.StatusUnprocessableEntity, refusal{
				Code: "COUPON", Message: "code no longer applies", Coupon: cp.Code, Reason: cp.Problem,
			}), true
		}
	}
	if in.Expected.given && !in.Expected.Equal(sheet.grand) && !in.Expected.Equal(sheet.grand.Round(2)) {
		return refuse(http.StatusConflict, refusal{
			Code: "PRICE", Message: "the total is not the expected one", Total: sheet.Totals.Grand,
		}), true
	}
	if !slices.Contains([]string{"", "none", "authorized", "paid"}, in.Payment.State) {
		return refuse(http.StatusUnprocessableEntity, refusal{Code: "PAYMENT", Message: "payment state is not known", Field: "payment.state"}), true
	}
	return answer{}, false
}

func (s *Shop) insert(c call, k *cart, in placeRequest) *Order {
	s.orderNo++
	o := &Order{
		Number: digits(s.orderNo), serial: s.orderNo, ExternalRef: in.ExternalRef, Cart: k.id, State: Pending,
		Customer: k.customer.clone(), Sheet: s.sheet(c, k),
		Payment:   Payment{State: "none", Provider: in.Payment.Provider, Reference: in.Payment.Reference},
		Shipments: []Shipment{}, Returns: []Return{}, Refunds: []Refund{}, PlacedAt: s.stamp(),
	}
	if in.Payment.State != "" {
		o.Payment.State = in.Payment.State
	}
	if in.Payment.Amount.given {
		o.Payment.Amount = in.Payment.Amount.StringFixed(2)
	}
	s.letGo(k)
	for _, l := range k.lines {
		s.items[l.sku].Stock -= l.quantity
	}
	o.URL = c.baseURL + "/my-order/" + o.Number
	s.orders = append(s.orders, o)
	if o.Payment.State == "paid" {
		s.paid(o)
	}
	s.touch(o)
	return o
}
