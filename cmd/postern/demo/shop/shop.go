package shop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/postern-gateway/postern/gateway/clock"
)

// maxBody is the most that a request body may hold, in bytes.
const maxBody = 1 << 20

// Options is what a new shop can be told. The zero value is good.
type Options struct {
	// Clock dates orders and times faults; nil is the machine's.
	Clock clock.Clock
	// Key is what the order calls want in X-Shop-Key; "" makes a random one.
	Key string
	// ControlKey is what /_control wants in X-Control-Key; "" makes a random one.
	ControlKey string
	// Seed decides which calls a fault with a percentage hits.
	Seed uint64
}

// Shop is the old shop: an [http.Handler] with its state in memory, and the
// methods by which a demo or a test moves it. All methods are safe for
// concurrent use. The zero value is not usable: call [New].
type Shop struct {
	clock   clock.Clock
	key     string
	control string
	handler http.Handler
	life    context.Context // ends with Close; late effects wait on it
	end     context.CancelFunc
	late    sync.WaitGroup
	mu      sync.Mutex // guards what follows
	closed  bool
	items   map[string]*article
	carts   map[string]*cart
	orders  []*Order     // in the order of placing
	heard   []Subscriber // in the order of first asking
	faults  []*Fault
	arrived map[Operation]int
	acted   map[Operation]int
	random  *mathrand.Rand
	// nextLapse is when a cart may hold its pieces for the last time, or earlier.
	nextLapse time.Time
	cartNo    int
	orderNo   int
	refundNo  int
	parcelNo  int
	returnNo  int
}

// New opens a shop with the whole [Catalogue] on its shelves. It lives until
// Close is called or ctx ends.
func New(ctx context.Context, o Options) *Shop {
	life, end := context.WithCancel(ctx)
	s := &Shop{
		clock: o.Clock, key: o.Key, control: o.ControlKey, life: life, end: end,
		items: shelves(Catalogue()), carts: map[string]*cart{},
		arrived: map[Operation]int{}, acted: map[Operation]int{},
		random: mathrand.New(mathrand.NewPCG(o.Seed, 2009)),
		cartNo: 1000, orderNo: 200900, refundNo: 5000, parcelNo: 7000, returnNo: 8000,
	}
	if s.clock == nil {
		s.clock = clock.System()
	}
	if s.key == "" {
		s.key = rand.Text()
	}
	if s.control == "" {
		s.control = rand.Text()
	}
	s.handler = s.routes()
	return s
}

// Key is what the order calls want in X-Shop-Key.
func (s *Shop) Key() string { return s.key }

// ControlKey is what /_control wants in X-Control-Key.
func (s *Shop) ControlKey() string { return s.control }

// Close ends faults that still wait, drops late effects that have not happened
// yet, and returns when none can happen any more.
func (s *Shop) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.late.Wait()
}

// ServeHTTP answers the API and /_control.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Operation names a call of the API, for faults and counts.
type Operation string

// The operations, named after what they do.
const (
	ItemList      Operation = "item.list"
	ItemGet       Operation = "item.get"
	CartCreate    Operation = "cart.create"
	CartGet       Operation = "cart.get"
	CartDelete    Operation = "cart.delete"
	LineAdd       Operation = "cart.line_add"
	LineSet       Operation = "cart.line_set"
	LineDelete    Operation = "cart.line_delete"
	CustomerSet   Operation = "cart.customer"
	CouponAdd     Operation = "cart.coupon_add"
	CouponDelete  Operation = "cart.coupon_delete"
	ShippingList  Operation = "cart.shipping_list"
	ShippingSet   Operation = "cart.shipping_set"
	OrderPlace    Operation = "order.place"
	OrderFind     Operation = "order.find"
	OrderList     Operation = "order.list"
	OrderGet      Operation = "order.get"
	OrderPayment  Operation = "order.payment"
	OrderCancel   Operation = "order.cancel"
	OrderNoteBack Operation = "order.refund_note"
	SubscriberSet Operation = "subscriber.set"
)

type route struct {
	operation Operation
	pattern   string
	act       func(*Shop, call) answer
}

// api is every call of the shop.
var api = []route{
	{ItemList, "GET /items", (*Shop).listItems},
	{ItemGet, "GET /items/{sku}", (*Shop).getItem},
	{CartCreate, "POST /cart", (*Shop).createCart},
	{CartGet, "GET /cart/{id}", ofCart(false, (*Shop).getCart)},
	{CartDelete, "DELETE /cart/{id}", (*Shop).deleteCart},
	{LineAdd, "POST /cart/{id}/lines", ofCart(true, (*Shop).addLine)},
	{LineSet, "PUT /cart/{id}/lines/{line}", ofCart(true, (*Shop).setLine)},
	{LineDelete, "DELETE /cart/{id}/lines/{line}", ofCart(true, (*Shop).deleteLine)},
	{CustomerSet, "POST /cart/{id}/customer", ofCart(true, (*Shop).setCustomer)},
	{CouponAdd, "POST /cart/{id}/coupon", ofCart(true, (*Shop).addCoupon)},
	{CouponDelete, "DELETE /cart/{id}/coupon/{code}", ofCart(true, (*Shop).deleteCoupon)},
	{ShippingList, "GET /cart/{id}/shipping", ofCart(false, (*Shop).listShipping)},
	{ShippingSet, "POST /cart/{id}/shipping", ofCart(true, (*Shop).setShipping)},
	{OrderPlace, "POST /orders", office((*Shop).placeOrder)},
	{OrderFind, "GET /orders?external_ref", office((*Shop).findOrders)},
	{OrderList, "GET /orders", office((*Shop).listOrders)},
	{OrderGet, "GET /orders/{no}", ofOrder((*Shop).getOrder)},
	{OrderPayment, "POST /orders/{no}/payment", ofOrder((*Shop).payOrder)},
	{OrderCancel, "POST /orders/{no}/cancel", ofOrder((*Shop).cancelOrder)},
	{OrderNoteBack, "POST /orders/{no}/refunds/note", ofOrder((*Shop).noteRefund)},
	{SubscriberSet, "POST /subscribers", office((*Shop).setSubscriber)},
}

// findPattern is told from the plain list by its query, which a pattern of
// [http.ServeMux] cannot say.
const findPattern = "GET /orders?external_ref"

// Operations lists the calls of the API.
func Operations() []Operation {
	out := make([]Operation, 0, len(api))
	for _, rt := range api {
		out = append(out, rt.operation)
	}
	return out
}

func (s *Shop) routes() http.Handler {
	mux := http.NewServeMux()
	find := api[slices.IndexFunc(api, func(rt route) bool { return rt.operation == OrderFind })]
	for _, rt := range api {
		if rt.pattern == findPattern {
			continue
		}
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
			if rt.operation == OrderList && r.URL.Query().Has("external_ref") {
				s.serve(w, r, find)
				return
			}
			s.serve(w, r, rt)
		})
	}
	mux.HandleFunc("GET /img/{file}", s.public((*Shop).image))
	mux.HandleFunc("GET /my-order/{no}", s.public((*Shop).orderPage))
	mux.HandleFunc("GET /my-cart", s.public((*Shop).linesPage))
	mux.HandleFunc("GET /my-cart/{id}", s.public((*Shop).cartPage))
	mux.HandleFunc("GET /my-download/{id}", s.public((*Shop).downloadPage))
	mux.Handle("/_control/", s.controlRoutes())
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound().write(w) })
	return mux
}

// public serves what a buyer's browser opens; faults do not touch it.
func (s *Shop) public(show func(*Shop, call) answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		a := show(s, toCall(r, nil))
		s.mu.Unlock()
		a.write(w)
	}
}

func toCall(r *http.Request, body []byte) call {
	return call{path: r.PathValue, query: r.URL.Query(), header: r.Header.Clone(), body: body, baseURL: "http://" + r.Host}
}

func (s *Shop) serve(w http.ResponseWriter, r *http.Request, rt route) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		page(http.StatusBadRequest, "400 Bad Request").write(w)
		return
	}
	c := toCall(r, body)
	f, ok := s.takeFault(rt.operation)
	if !ok {
		s.act(rt, c).write(w)
		return
	}
	s.misbehave(w, r, rt, c, f)
}

// act performs a call with its whole effect.
func (s *Shop) act(rt route, c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.actLocked(rt, c)
}

func (s *Shop) actLocked(rt route, c call) answer {
	s.acted[rt.operation]++
	return rt.act(s, c)
}

// ErrUnknown is wrapped when an article, cart or order does not exist.
var ErrUnknown = errors.New("not known to the shop")

// ErrState is wrapped when an order is not where the move starts.
var ErrState = errors.New("not possible in this state")

func stateError(move string, o *Order) error {
	return fmt.Errorf("%s order %s: %w: it is %s", move, o.Number, ErrState, o.State)
}

func readPrice(text string) (decimal.Decimal, error) {
	var a amount
	if err := a.UnmarshalJSON([]byte(`"` + text + `"`)); err != nil || !a.given || a.IsNegative() || !a.Equal(a.Round(2)) {
		return decimal.Zero, fmt.Errorf("price %q: want major units with at most two digits, like 12.50", text)
	}
	return a.Decimal, nil
}
