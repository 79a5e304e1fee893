package checkout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// memoryShop is a shop without idempotency, as most are: placing twice makes two orders, unless its facts say otherwise. Tests change its fields under lock.
type memoryShop struct {
	mu       sync.Mutex
	prices   map[string]int64
	stock    map[string]int64
	carts    map[string]commerce.Cart
	facts    adapters.Facts
	identity string
	heard
	late sync.WaitGroup // calls that act after they were cut off

	refuseRecords bool // for good
	freeShipping  bool
	slowFee       int64 // of the slow option; 0: 550
	noFast        bool
	weak          bool // FindOrder matches by something else than the key
	continues     bool // a buyer can go on in the shop
	takesConsent  bool // the shop takes answers about marketing
	// offers makes it a shop that splits: the options for a cart; see priceSplit.
	offers func(c commerce.Cart) []commerce.FulfillmentOption
	// spoil changes what is quoted.
	spoil func(*commerce.Quote)
	// afterRecord is done to the order whatever RecordPayment answers.
	afterRecord func(*commerce.Snapshot)

	// faults, each for the next calls
	place   []func(make func() commerce.Snapshot) (commerce.Snapshot, error)
	quote   []error
	record  []error
	cancel  []error
	get     []error
	find    []error
	release []error
	consent []error
	// always is what place does when no fault is left.
	always func(make func() commerce.Snapshot) (commerce.Snapshot, error)
	// alter changes what is placed.
	alter func(*commerce.Snapshot)
}

var errCut = errors.New("the connection was cut")

func newMemoryShop() *memoryShop {
	return &memoryShop{
		prices: map[string]int64{"tea": 1999, "cup": 500, "free": 0},
		stock:  map[string]int64{"tea": 50, "cup": 50, "free": 50},
		carts:  map[string]commerce.Cart{},
		facts:  adapters.Facts{Currency: "usd", ExactLookup: true, MaxProcessing: 60 * time.Millisecond},
	}
}

// heard is what the shop was asked, and the orders that it has.
type heard struct {
	orders        []commerce.Snapshot
	placed        []adapters.PlaceRequest // calls
	released      []string
	records       []adapters.PaymentRecord
	notes         []adapters.RefundRecord
	quoted        int                      // calls
	finds         int                      // calls
	gets, cancels int                      // calls
	releases      int                      // calls
	consents      []adapters.ConsentRecord // calls that were answered well
	continued     []string                 // carts that buyers went on with
}

// told is what was heard, as a copy: work behind an answer may reach the shop at any moment.
func (m *memoryShop) told() heard {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.heard
	h.orders, h.placed, h.released, h.records, h.notes = slices.Clone(h.orders), slices.Clone(h.placed), slices.Clone(h.released),
		slices.Clone(h.records), slices.Clone(h.notes)
	return h
}

func (m *memoryShop) do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func pop[T any](list *[]T) (v T, ok bool) {
	if len(*list) == 0 {
		return v, false
	}
	v, *list = (*list)[0], (*list)[1:]
	return v, true
}

func (m *memoryShop) live() []commerce.Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.orders), func(o commerce.Snapshot) bool { return o.Canceled() })
}

func (m *memoryShop) adapter() adapters.Adapter {
	a := adapters.Adapter{
		Facts: m.facts, Identity: m.identity, Quote: m.doQuote, PlaceOrder: m.doPlace, FindOrder: m.doFind, GetOrder: m.doGet, RecordPayment: m.doRecord,
		CancelOrder: m.doCancel,
		ReleaseCart: func(_ context.Context, ref string) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.releases++
			if err, ok := pop(&m.release); ok && err != nil {
				return err
			}
			m.released = append(m.released, ref)
			delete(m.carts, ref)
			return nil
		},
		RecordRefund: func(_ context.Context, r adapters.RefundRecord) error {
			m.do(func() { m.notes = append(m.notes, r) })
			return nil
		},
		Changes: func(context.Context, string, int) (adapters.ChangePage, error) { return adapters.ChangePage{}, nil },
	}
	if m.continues {
		a.Continue = m.doContinue
	}
	if m.takesConsent {
		a.RecordConsent = m.doConsent
	}
	return a
}

func (m *memoryShop) doQuote(_ context.Context, r adapters.QuoteRequest) (commerce.Quote, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.quoted++
	if err, ok := pop(&m.quote); ok && err != nil {
		return commerce.Quote{}, err
	}
	ref := r.CartRef
	if ref == "" {
		ref = fmt.Sprintf("cart-%d", len(m.carts)+len(m.released)+len(m.orders)+1)
		for m.carts[ref].Lines != nil {
			ref += "x"
		}
	} else if _, ok := m.carts[ref]; !ok {
		return commerce.Quote{}, commerce.Faultf(commerce.CartGone, "no cart %s", ref)
	}
	q, err := m.price(ref, r.Cart)
	if err == nil && m.spoil != nil {
		m.spoil(&q)
	}
	return q, err
}

func (m *memoryShop) price(ref string, c commerce.Cart) (commerce.Quote, error) {
	q := commerce.Quote{CartRef: ref, Currency: "usd", NeedsShipping: true}
	var items int64
	for _, l := range c.Lines {
		p, ok := m.prices[l.ItemID]
		if !ok {
			return q, &commerce.Fault{Kind: commerce.ItemUnavailable, LineID: l.ID, Message: "no such item"}
		}
		if m.stock[l.ItemID] < l.Quantity {
			left := m.stock[l.ItemID]
			return q, &commerce.Fault{Kind: commerce.OutOfStock, LineID: l.ID, Available: &left, Message: "out of stock"}
		}
		base := p * l.Quantity
		items += base
		q.Lines = append(q.Lines, commerce.Line{ID: l.ID, ItemID: l.ItemID, Name: l.ItemID, Quantity: l.Quantity, UnitAmount: p, Base: base, Subtotal: base, Total: base})
	}
	for _, code := range c.Codes {
		if code != "SAVE" {
			return q, &commerce.Fault{Kind: commerce.CouponRejected, Coupon: code, Reason: commerce.DiscountInvalid, Message: "no such code"}
		}
	}
	if m.offers != nil {
		return m.priceSplit(q, items, c)
	}
	shipping := int64(0)
	if c.ShipTo != nil && c.ShipTo.Address != nil {
		if c.ShipTo.Address.Country != "US" {
			return q, commerce.Faultf(commerce.NoShipping, "not served")
		}
		fee := int64(0)
		if items > 0 {
			fee = 550
		}
		q.Options = []commerce.FulfillmentOption{
			{Type: commerce.Shipping, ID: "slow", Title: "Slow", Subtotal: fee, Total: fee},
			{Type: commerce.Shipping, ID: "fast", Title: "Fast", Subtotal: 1200, Total: 1200},
		}
		if m.slowFee != 0 {
			q.Options[0].Subtotal, q.Options[0].Total = m.slowFee, m.slowFee
		}
		if m.noFast {
			q.Options = q.Options[:1]
		}
		if m.freeShipping {
			q.Options[0].Subtotal, q.Options[0].Total = 0, 0
		}
		for _, ch := range c.Choices {
			i := slices.IndexFunc(q.Options, func(o commerce.FulfillmentOption) bool { return o.ID == ch.OptionID })
			if i < 0 {
				return q, commerce.Faultf(commerce.OptionGone, "no such option")
			}
			shipping = q.Options[i].Total
			q.Choices = []commerce.Choice{{Type: commerce.Shipping, OptionID: ch.OptionID}}
		}
	}
	q.Total = items + shipping
	q.ExactTotal = commerce.FormatMinor(q.Total, 2)
	q.Totals = []commerce.Total{
		{Type: commerce.TotalItemsBase, Amount: items},
		{Type: commerce.TotalSubtotal, Amount: items},
		{Type: commerce.TotalFulfillment, Amount: shipping},
		{Type: commerce.TotalDue, Amount: q.Total},
	}
	m.carts[ref] = c
	return q, nil
}

// doPlace makes an order at every call, or once for each key where the facts say so.
func (m *memoryShop) doPlace(_ context.Context, r adapters.PlaceRequest) (commerce.Snapshot, error) {
	m.mu.Lock()
	m.placed = append(m.placed, r)
	hook, hooked := pop(&m.place)
	if !hooked {
		hook, hooked = m.always, m.always != nil
	}
	m.mu.Unlock()
	make := func() commerce.Snapshot {
		m.mu.Lock()
		defer m.mu.Unlock()
		if i := slices.IndexFunc(m.orders, func(o commerce.Snapshot) bool { return o.Key == r.Key }); i >= 0 && m.facts.Idempotent {
			return m.orders[i]
		}
		n := len(m.orders) + 1
		o := commerce.Snapshot{
			Ref: fmt.Sprintf("ref-%d", n), Number: fmt.Sprintf("%d", 1000+n), CartRef: r.CartRef, Key: r.Key, Status: commerce.OrderCreated,
			Payment: r.Payment.State, TxnID: r.Payment.TxnID, Currency: "usd",
		}
		q, err := m.price(r.CartRef, r.Cart)
		if err != nil {
			panic(err)
		}
		o.Total, o.ExactTotal = q.Total, q.ExactTotal
		for _, c := range q.Choices {
			o.OptionIDs = append(o.OptionIDs, c.OptionID)
		}
		for i, l := range q.Lines {
			m.stock[l.ItemID] -= l.Quantity
			o.Lines = append(o.Lines, commerce.SnapshotLine{ID: fmt.Sprint(i), ItemID: l.ItemID, Ordered: l.Quantity, Current: l.Quantity})
		}
		if m.alter != nil {
			m.alter(&o)
		}
		m.orders = append(m.orders, o)
		return o
	}
	if hooked && hook != nil {
		return hook(make)
	}
	return make(), nil
}

func (m *memoryShop) doFind(_ context.Context, q adapters.OrderQuery) (adapters.Found, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.finds++
	if err, ok := pop(&m.find); ok && err != nil {
		return adapters.Found{}, err
	}
	f := adapters.Found{Exact: !m.weak}
	for _, o := range m.orders {
		if o.Key == q.Key {
			f.Orders = append(f.Orders, o)
		}
	}
	return f, nil
}

func (m *memoryShop) doGet(_ context.Context, ref string) (commerce.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gets++
	if err, ok := pop(&m.get); ok && err != nil {
		return commerce.Snapshot{}, err
	}
	for _, o := range m.orders {
		if o.Ref == ref {
			return o, nil
		}
	}
	return commerce.Snapshot{}, commerce.Faultf(commerce.Rejected, "no order %s", ref)
}

func (m *memoryShop) doRecord(_ context.Context, r adapters.PaymentRecord) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = append(m.records, r)
	for i := range m.orders {
		if m.afterRecord != nil && m.orders[i].Ref == r.Ref {
			m.afterRecord(&m.orders[i])
		}
	}
	if err, ok := pop(&m.record); ok && err != nil {
		return err
	}
	if m.refuseRecords {
		return commerce.Faultf(commerce.Rejected, "planted: not noted")
	}
	for i := range m.orders {
		if m.orders[i].Ref == r.Ref {
			m.orders[i].Payment = r.State
		}
	}
	return nil
}

func (m *memoryShop) doCancel(_ context.Context, r adapters.CancelRequest) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cancels++
	if err, ok := pop(&m.cancel); ok && err != nil {
		return err
	}
	for i := range m.orders {
		o := &m.orders[i]
		if o.Ref == r.Ref && !o.Canceled() {
			o.Status = commerce.OrderCanceled
			for _, l := range o.Lines {
				m.stock[l.ItemID] += l.Ordered
			}
		}
	}
	return nil
}

// lost is a call that acts and whose answer never comes.
func lost(make func() commerce.Snapshot) (commerce.Snapshot, error) {
	make()
	return commerce.Snapshot{}, commerce.Faultf(commerce.Indeterminate, "no answer").Because(errCut)
}

// late is a call that is cut off and acts after d all the same.
func late(m *memoryShop, d time.Duration) func(func() commerce.Snapshot) (commerce.Snapshot, error) {
	return func(make func() commerce.Snapshot) (commerce.Snapshot, error) {
		m.late.Go(func() {
			time.Sleep(d)
			make()
		})
		return commerce.Snapshot{}, commerce.Faultf(commerce.Indeterminate, "no answer").Because(errCut)
	}
}

// refuse is a definite no.
func refuse(k commerce.Kind) func(func() commerce.Snapshot) (commerce.Snapshot, error) {
	return func(func() commerce.Snapshot) (commerce.Snapshot, error) {
		return commerce.Snapshot{}, commerce.Faultf(k, "planted %s", k)
	}
}
