package commerce

// Line is one priced line of a session. Base is unit price × quantity; Subtotal is Base − Discount; Total is Subtotal + Tax.
type Line struct {
	ID       string // stable for an item while the session lives
	ItemID   string
	Quantity int64

	UnitAmount                           int64
	Base, Discount, Subtotal, Tax, Total int64
	// Totals are the shop's own rows for this line, with its own texts; empty: the numbers say it. Dates that show numbers never show
	// them.
	Totals                              []Total `json:",omitempty"`
	Name, Description                   string
	Images                              []string
	Disclosures                         []Disclosure
	CustomAttributes                    []Attribute
	SellerName                          string // of a marketplace
	ProductID, SKU, VariantID, Category string
	Tags                                []string
	Weight                              *Weight
	Dimensions                          *Dimensions
	Availability                        Availability
	AvailableQuantity, MaxPerOrder      *int64
	FulfillableOn                       string // RFC 3339
	VariantOptions                      []Attribute
	DiscountDetails                     []LineDiscount
	TaxExempt                           *bool
	TaxExemptionReason                  string
	ParentID                            string // the line that this one belongs to, such as a warranty
	// NoDelivery says that nothing of the line is delivered, such as of a warranty or a booking: no fulfillment option need cover it.
	NoDelivery bool `json:",omitempty"`
}

// Availability is whether a line can be had. The zero value is "not said".
type Availability string

// The availabilities of the published schemas.
const (
	InStock    Availability = "in_stock"
	LowStock   Availability = "low_stock"
	SoldOut    Availability = "out_of_stock"
	Backorder  Availability = "backorder"
	Preordered Availability = "pre_order"
)

// Disclosure is a text that must be shown beside a line.
type Disclosure struct{ Type, ContentType, Content string }

// Attribute is a named value.
type Attribute struct{ Name, Value string }

// Weight is a physical weight; Value is decimal text and never money.
type Weight struct{ Value, Unit string }

// Dimensions are physical; the values are decimal text.
type Dimensions struct{ Length, Width, Height, Unit string }

// LineDiscount explains a part of a line's discount.
type LineDiscount struct {
	Code, Type, Description, Source string
	Amount                          int64
}

// TotalType names a row of totals.
type TotalType string

// The rows, in the order in which they are shown.
const (
	TotalItemsBase     TotalType = "items_base_amount"
	TotalItemsDiscount TotalType = "items_discount"
	TotalSubtotal      TotalType = "subtotal"
	TotalDiscount      TotalType = "discount"
	TotalFulfillment   TotalType = "fulfillment"
	TotalTax           TotalType = "tax"
	TotalFee           TotalType = "fee"
	TotalGiftWrap      TotalType = "gift_wrap"
	TotalTip           TotalType = "tip"
	TotalStoreCredit   TotalType = "store_credit"
	TotalDue           TotalType = "total"
	TotalRefunded      TotalType = "amount_refunded"
)

// Total is one row of totals. Amounts are never negative: discounts, store credit and refunds are subtracted by meaning.
type Total struct {
	Type              TotalType
	DisplayText       string
	Amount            int64
	Description       string
	PresentmentAmount *int64
	Breakdown         []TaxPart
}

// TaxPart is a tax by jurisdiction; Rate is decimal text.
type TaxPart struct {
	Jurisdiction, Rate string
	Amount             int64
}
