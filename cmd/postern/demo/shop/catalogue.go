package shop

import (
	"cmp"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// currency is the only one that the shop sells in.
const currency = "USD"

// Item is one article of the catalogue. Price is net of tax, in major units of
// USD as a decimal string with two digits. The zero value is no article.
type Item struct {
	SKU         string
	Title       string
	Description string
	Price       string
	WeightGrams int
	// Stock is how many pieces stand on the shelf, held by carts or not.
	Stock int
	// MaxQuantity is the most that one order may hold of this article.
	MaxQuantity int
	// Discontinued articles are still listed and can no longer be bought.
	Discontinued bool
	// Depot is where it leaves from; "" is [House].
	Depot Depot
	// Wrap is what wrapping each piece costs, Fee what each piece costs
	// beside its price under the name FeeLabel; "" is nothing.
	Wrap, Fee, FeeLabel string
	// MultiBuy takes a tenth off a line of that many pieces or more; 0: never.
	MultiBuy int
	// LowAt warns when so few pieces or fewer are left; 0: never.
	LowAt int
	// Notice keeps the article from being ordered by a machine; "" does not.
	Notice Notice
	// Traits tell variants apart, such as a size.
	Traits []Trait
	// Disclosure is what the law wants said, in the shop's HTML.
	Disclosure string
}

// Trait is a named value.
type Trait struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Catalogue is what a new shop has on its shelves. The result is a copy.
func Catalogue() []Item {
	return []Item{
		{
			SKU: "KET-0900", Title: "Copper Gooseneck Kettle, 0.9 l", Price: "89.00", WeightGrams: 1100, Stock: 40, MaxQuantity: 5,
			Description: "Hand-hammered copper, tin-lined, with a spout that pours where you point it.",
		},
		{
			SKU: "GRN-0250", Title: "Ethiopia Guji Coffee Beans, 250 g", Price: "17.50", WeightGrams: 270, Stock: 200, MaxQuantity: 20,
			Description: "Washed heirloom beans: bergamot, peach, a little cocoa. Roasted on Tuesdays.",
		},
		{
			SKU: "CUP-0002", Title: "Stoneware Cups, Sea Green, Pair", Price: "34.95", WeightGrams: 820, Stock: 60, MaxQuantity: 12,
			Description: "Two thrown cups, 180 ml each. No two glazes are quite alike.",
		},
		{
			SKU: "SCL-2000", Title: "Brass Pour-Over Scale, 0.1 g", Price: "59.99", WeightGrams: 640, Stock: 25, MaxQuantity: 3,
			Description: "Weighs to a tenth of a gram and counts the seconds while you pour.",
		},
		{
			SKU: "FLT-0100", Title: "Paper Filters, Natural, Pack of 100", Price: "6.45", WeightGrams: 180, Stock: 500, MaxQuantity: 50,
			Description: "Unbleached cone filters, size 02.",
		},
		{
			SKU: "APR-LIN1", Title: "Linen Apron, Charcoal", Price: "42.00", WeightGrams: 350, Stock: 3, MaxQuantity: 2,
			Description: "Heavy washed linen with a cross back. The last few of the spring batch.",
		},
		{
			SKU: "MUG-2009", Title: "Opening Day Mug, 2009", Price: "9.00", WeightGrams: 400, Stock: 7, MaxQuantity: 1, Discontinued: true,
			Description: "From the week we opened. No longer for sale; we keep these.",
		},
		{
			SKU: "MUG-2026", Title: "Harbour Mug, 2026", Price: "12.00", WeightGrams: 380, Stock: 120, MaxQuantity: 12, MultiBuy: 3,
			Description: "This year's mug. Three or more, and a tenth is off.",
			Traits:      []Trait{{"Glaze", "Navy"}},
		},
		{
			SKU: "TEE-000M", Title: "Deckhand T-Shirt, M", Price: "24.00", WeightGrams: 210, Stock: 50, MaxQuantity: 10,
			Description: "Heavy cotton, printed <b>by hand</b> &amp; washed once.",
			Traits:      []Trait{{"Size", "M"}, {"Colour", "Sand"}},
		},
		{
			SKU: "EBK-POUR", Title: "Pour: A Field Guide, E-Book", Price: "14.00", Stock: 10000, MaxQuantity: 5, Depot: Download,
			Description: "EPUB, 212 pages, to be read anywhere.",
		},
		{
			SKU: "PST-HARB", Title: "Harbour Chart Poster, A2", Price: "28.00", WeightGrams: 450, Stock: 80, MaxQuantity: 10, Depot: Press,
			Description: "Printed when it is ordered, and sent by the printer.",
		},
		{
			SKU: "WIN-0750", Title: "Tawny Port, 0.75 l", Price: "32.00", WeightGrams: 1300, Stock: 36, MaxQuantity: 6, Notice: NoticeAge,
			Description: "Ten years in wood.",
			Disclosure:  "Contains <i>sulphites</i>. For adults only.",
		},
		{
			SKU: "VIP-2026", Title: "Harbour Club Pass, 2026", Price: "60.00", Stock: 100, MaxQuantity: 1, Depot: Download, Notice: NoticeSignIn,
			Description: "For members: cuppings on Thursdays.",
		},
		{
			SKU: "GFT-BOX2", Title: "Gift Box for Two, Wrapped", Price: "58.00", WeightGrams: 1500, Stock: 30, MaxQuantity: 6, Wrap: "4.50",
			Description: "Two cups, beans and a card, wrapped in our paper.",
		},
		{
			SKU: "BTL-0330", Title: "Cold Brew, Bottle, 0.33 l", Price: "4.80", WeightGrams: 520, Stock: 240, MaxQuantity: 24,
			Fee: "0.25", FeeLabel: "Bottle deposit",
			Description: "Bottled the morning it leaves.",
			Disclosure:  "Contains caffeine.",
		},
		{
			SKU: "ROA-5000", Title: "Drum Roaster, 5 kg", Price: "890.00", WeightGrams: 78000, Stock: 4, MaxQuantity: 4, Depot: Van,
			Fee: "25.00", FeeLabel: "Two people to carry",
			Description: "Cast iron. Too heavy for any parcel: our van brings it, or you fetch it at the dock.",
		},
		{
			SKU: "RAR-0001", Title: "Geisha Reserve, 100 g", Price: "45.00", WeightGrams: 120, Stock: 2, MaxQuantity: 2, LowAt: 2,
			Description: "What is left of the lot.",
		},
		{
			SKU: "OUT-0001", Title: "Moka Pot, Four Cups", Price: "39.00", WeightGrams: 600, Stock: 0, MaxQuantity: 5,
			Description: "Back in spring.",
		},
	}
}

// article is an Item as the shop keeps it.
type article struct {
	Item
	price decimal.Decimal
	wrap  decimal.Decimal
	fee   decimal.Decimal
	held  int // by carts, of Stock; more than it where somebody counted the shelf again
}

func shelves(items []Item) map[string]*article {
	out := make(map[string]*article, len(items))
	for _, it := range items {
		if it.Depot == "" {
			it.Depot = House
		}
		out[it.SKU] = &article{Item: it, price: decimal.RequireFromString(it.Price), wrap: sumOrNone(it.Wrap), fee: sumOrNone(it.Fee)}
	}
	return out
}

func sumOrNone(text string) decimal.Decimal {
	if text == "" {
		return decimal.Zero
	}
	return decimal.RequireFromString(text)
}

// itemView is an article as the API shows it: numbers are text, yes and no are letters.
type itemView struct {
	SKU         string `json:"sku"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Image       string `json:"image"`
	Price       string `json:"price"`
	Currency    string `json:"currency"`
	WeightGrams string `json:"weight_g"`
	InStock     string `json:"in_stock"`
	MaxQuantity string `json:"max_qty"`
	Sold        string `json:"sold"`
	// Depot is where it leaves from.
	Depot  Depot   `json:"depot"`
	Traits []Trait `json:"traits,omitempty"`
}

func (s *Shop) viewItem(c call, a *article) itemView {
	return itemView{
		SKU: a.SKU, Title: a.Title, Description: a.Description, Image: imageURL(c, a.SKU),
		Price: a.price.StringFixed(2), Currency: currency,
		WeightGrams: digits(a.WeightGrams), InStock: digits(a.Stock), MaxQuantity: digits(a.MaxQuantity),
		Sold: letter(!a.Discontinued), Depot: a.Depot, Traits: a.Traits,
	}
}

func (s *Shop) listItems(c call) answer {
	list := make([]itemView, 0, len(s.items))
	for _, a := range s.items {
		list = append(list, s.viewItem(c, a))
	}
	slices.SortFunc(list, func(a, b itemView) int { return cmp.Compare(a.SKU, b.SKU) })
	return reply(200, struct {
		Status string     `json:"status"`
		Items  []itemView `json:"items"`
	}{"OK", list})
}

func (s *Shop) getItem(c call) answer {
	a, ok := s.items[c.path("sku")]
	if !ok {
		return notFound()
	}
	return reply(200, struct {
		Status string   `json:"status"`
		Item   itemView `json:"item"`
	}{"OK", s.viewItem(c, a)})
}

func imageURL(c call, sku string) string { return c.baseURL + "/img/" + sku + ".svg" }

// image draws a plain card with the article's first letter, so that a page
// which shows the item has something to show without any network.
func (s *Shop) image(c call) answer {
	sku, isCard := strings.CutSuffix(c.path("file"), ".svg")
	a, ok := s.items[sku]
	if !ok || !isCard {
		return notFound()
	}
	return answer{
		status: 200, contentType: "image/svg+xml",
		body: []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="320" height="320"><rect width="320" height="320" fill="#e8e2d6"/>` +
			`<text x="160" y="190" font-family="Georgia" font-size="96" text-anchor="middle" fill="#5b4a36">` + a.Title[:1] + `</text></svg>`),
	}
}
