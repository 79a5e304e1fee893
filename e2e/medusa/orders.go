package medusa

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// Order is what the shop itself holds of one order. Amounts are in major units, unrounded, as Medusa keeps them.
type Order struct {
	ID string `json:"id"`
	// Status is pending, completed or canceled. A captured order stays pending.
	Status string `json:"status"`
	// PaymentStatus is authorized, captured, partially_refunded, refunded or canceled, among others.
	PaymentStatus string `json:"payment_status"`
	// FulfillmentStatus is Medusa's summary. It looks at the fulfilments alone: one shipped line of two is shipped.
	FulfillmentStatus string         `json:"fulfillment_status"`
	Email             string         `json:"email"`
	Currency          string         `json:"currency_code"`
	Metadata          map[string]any `json:"metadata"`
	UpdatedAt         time.Time      `json:"updated_at"`

	// Total is what the order is worth now: every refund lowers it. Agreed gives what the buyer agreed to.
	Total         decimal.Decimal `json:"total"`
	ItemTotal     decimal.Decimal `json:"item_total"`
	ShippingTotal decimal.Decimal `json:"shipping_total"`
	TaxTotal      decimal.Decimal `json:"tax_total"`
	// DiscountTotal contains the tax that the discount saved.
	DiscountTotal decimal.Decimal `json:"discount_total"`

	Cart struct {
		ID string `json:"id"`
	} `json:"cart"`
	Lines []Line `json:"items"`
	// ShipTo is where the parcel goes.
	ShipTo       Address       `json:"shipping_address"`
	Shipping     []Shipping    `json:"shipping_methods"`
	Fulfillments []Fulfillment `json:"fulfillments"`
	Collections  []Collection  `json:"payment_collections"`
}

// Line is one line of an order. Medusa does not keep the lines in the order in which they came into the cart.
type Line struct {
	ID        string `json:"id"`
	VariantID string `json:"variant_id"`
	SKU       string `json:"variant_sku"`
	Quantity  int    `json:"quantity"`
	// UnitPrice is before discount and tax, Total after both.
	UnitPrice decimal.Decimal `json:"unit_price"`
	Total     decimal.Decimal `json:"total"`
	TaxTotal  decimal.Decimal `json:"tax_total"`
	// Adjustments are the promotions that reach this line, with their amounts before tax.
	Adjustments []struct {
		Code   string          `json:"code"`
		Amount decimal.Decimal `json:"amount"`
	} `json:"adjustments"`
	Detail struct {
		Fulfilled int `json:"fulfilled_quantity"`
		Shipped   int `json:"shipped_quantity"`
	} `json:"detail"`
}

// Address is a postal address as Medusa keeps it; the country is in lower case.
type Address struct {
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	LineOne   string `json:"address_1"`
	LineTwo   string `json:"address_2"`
	City      string `json:"city"`
	Province  string `json:"province"`
	PostCode  string `json:"postal_code"`
	Country   string `json:"country_code"`
}

// Shipping is the chosen shipping option of an order.
type Shipping struct {
	Name     string          `json:"name"`
	OptionID string          `json:"shipping_option_id"`
	Total    decimal.Decimal `json:"total"`
}

// Fulfillment is one parcel.
type Fulfillment struct {
	ID        string     `json:"id"`
	ShippedAt *time.Time `json:"shipped_at"`
	Items     []struct {
		LineID   string `json:"line_item_id"`
		Quantity int    `json:"quantity"`
	} `json:"items"`
	Labels []struct {
		Number string `json:"tracking_number"`
		URL    string `json:"tracking_url"`
	} `json:"labels"`
}

// Collection is the order's payment collection: what was to be paid, and the payments on it.
type Collection struct {
	Status   string          `json:"status"`
	Amount   decimal.Decimal `json:"amount"`
	Captured decimal.Decimal `json:"captured_amount"`
	Refunded decimal.Decimal `json:"refunded_amount"`
	Payments []Payment       `json:"payments"`
}

// Payment is one payment of a collection.
type Payment struct {
	ID         string          `json:"id"`
	Amount     decimal.Decimal `json:"amount"`
	CapturedAt *time.Time      `json:"captured_at"`
	CanceledAt *time.Time      `json:"canceled_at"`
	Refunds    []struct {
		ID     string          `json:"id"`
		Amount decimal.Decimal `json:"amount"`
		Note   string          `json:"note"`
	} `json:"refunds"`
}

// orderFields selects what Order reads. Without it an answer has 16 kB and lacks the cart and the refunds.
const orderFields = "id,status,payment_status,fulfillment_status,email,currency_code,metadata,updated_at," +
	"total,item_total,shipping_total,tax_total,discount_total,cart.id," +
	"items.id,items.variant_id,items.variant_sku,items.quantity,items.unit_price,items.total,items.tax_total," +
	"items.adjustments.code,items.adjustments.amount,items.detail.fulfilled_quantity,items.detail.shipped_quantity," +
	"shipping_address.first_name,shipping_address.last_name,shipping_address.address_1,shipping_address.address_2," +
	"shipping_address.city,shipping_address.province,shipping_address.postal_code,shipping_address.country_code," +
	"shipping_methods.name,shipping_methods.shipping_option_id,shipping_methods.total," +
	"fulfillments.id,fulfillments.shipped_at,fulfillments.items.line_item_id,fulfillments.items.quantity," +
	"fulfillments.labels.tracking_number,fulfillments.labels.tracking_url," +
	"payment_collections.status,payment_collections.amount,payment_collections.captured_amount," +
	"payment_collections.refunded_amount,payment_collections.payments.id,payment_collections.payments.amount," +
	"payment_collections.payments.captured_at,payment_collections.payments.canceled_at," +
	"payment_collections.payments.refunds.id,payment_collections.payments.refunds.amount," +
	"payment_collections.payments.refunds.note"

// Agreed is the total with which the order was placed. Refunds do not change it.
func (o Order) Agreed() decimal.Decimal { return o.ItemTotal.Add(o.ShippingTotal) }

// Payment is the only payment of the order, and an error when there are none or several.
func (o Order) Payment() (Payment, error) {
	if len(o.Collections) != 1 || len(o.Collections[0].Payments) != 1 {
		return Payment{}, fmt.Errorf("order %s: want one payment, have %+v", o.ID, o.Collections)
	}
	return o.Collections[0].Payments[0], nil
}

// Order reads one order.
func (s *Shop) Order(ctx context.Context, id string) (Order, error) {
	var answer struct {
		Order Order `json:"order"`
	}
	err := s.get(ctx, "/admin/orders/"+url.PathEscape(id), url.Values{"fields": {orderFields}}, &answer)
	return answer.Order, err
}

// OrdersWith returns the ids of all orders whose metadata has value under key. It reads every order of the shop,
// because Medusa ignores a filter on metadata without a word.
func (s *Shop) OrdersWith(ctx context.Context, key, value string) ([]string, error) {
	const page = 100
	var ids []string
	for offset := 0; ; offset += page {
		var answer struct {
			Orders []Order `json:"orders"`
			Count  int     `json:"count"`
		}
		query := url.Values{
			"fields": {"id,metadata"}, "order": {"created_at"},
			"limit": {strconv.Itoa(page)}, "offset": {strconv.Itoa(offset)},
		}
		if err := s.get(ctx, "/admin/orders", query, &answer); err != nil {
			return nil, err
		}
		for _, o := range answer.Orders {
			if o.Metadata[key] == value {
				ids = append(ids, o.ID)
			}
		}
		if offset+page >= answer.Count {
			return ids, nil
		}
	}
}

// Ship sends everything of the order that was not sent yet as one parcel with this tracking number, or only the lines
// with these SKUs. It is two calls: the fulfilment takes the goods out of stock, the shipment puts the label on.
func (s *Shop) Ship(ctx context.Context, orderID, tracking, trackingURL string, skus ...string) error {
	order, err := s.Order(ctx, orderID)
	if err != nil {
		return err
	}
	var items []object
	for _, line := range order.Lines {
		if open := line.Quantity - line.Detail.Fulfilled; open > 0 && (len(skus) == 0 || slices.Contains(skus, line.SKU)) {
			items = append(items, object{"id": line.ID, "quantity": open})
		}
	}
	if len(items) == 0 {
		return fmt.Errorf("order %s: nothing is left to ship", orderID)
	}
	path := "/admin/orders/" + url.PathEscape(orderID) + "/fulfillments"
	var answer struct {
		Order struct {
			Fulfillments []Fulfillment `json:"fulfillments"`
		} `json:"order"`
	}
	err = s.post(ctx, path+"?fields=fulfillments.id,fulfillments.shipped_at", object{"items": items}, &answer)
	if err != nil {
		return err
	}
	for _, f := range answer.Order.Fulfillments {
		if f.ShippedAt != nil {
			continue
		}
		label := object{"tracking_number": tracking, "tracking_url": trackingURL, "label_url": trackingURL}
		return s.post(ctx, path+"/"+f.ID+"/shipments", object{"items": items, "labels": []object{label}}, nil)
	}
	return fmt.Errorf("order %s: the fulfilment does not show", orderID)
}

// Capture notes that the whole open payment of the order was captured. Once captured, a second call changes nothing.
func (s *Shop) Capture(ctx context.Context, orderID string) error {
	order, err := s.Order(ctx, orderID)
	if err != nil {
		return err
	}
	payment, err := order.Payment()
	if err != nil {
		return err
	}
	return s.post(ctx, "/admin/payments/"+payment.ID+"/capture", object{}, nil)
}

// Refund notes a refund of amount on the order's captured payment. Medusa moves no money: its built-in payment
// provider has none. Each call adds a refund.
func (s *Shop) Refund(ctx context.Context, orderID string, amount decimal.Decimal, note string) error {
	order, err := s.Order(ctx, orderID)
	if err != nil {
		return err
	}
	payment, err := order.Payment()
	if err != nil {
		return err
	}
	return s.post(ctx, "/admin/payments/"+payment.ID+"/refund", object{"amount": number(amount), "note": note}, nil)
}

// Cancel cancels the order: it cancels an open payment, refunds a captured one and gives reserved stock back.
// Medusa refuses while a fulfilment stands, and a second time.
func (s *Shop) Cancel(ctx context.Context, orderID string) error {
	return s.post(ctx, "/admin/orders/"+url.PathEscape(orderID)+"/cancel", object{}, nil)
}
