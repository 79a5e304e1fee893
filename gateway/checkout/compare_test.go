package checkout

import (
	"slices"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestS04_SeveralChoices compares placed orders with quotes that were frozen with several options and places.
func TestS04_SeveralChoices(t *testing.T) {
	t.Parallel()
	home := commerce.Address{LineOne: "1 Main St", City: "Reno", PostalCode: "89501", Country: "US"}
	gift, elsewhere := home, home
	gift.LineOne, elsewhere.LineOne = "2 Side St", "3 Far St"
	both := []commerce.Choice{{Type: commerce.Shipping, OptionID: "slow"}, {Type: commerce.Pickup, OptionID: "shelf"}}
	fetched := []commerce.Choice{{Type: commerce.Pickup, OptionID: "shelf"}, {Type: commerce.Digital, OptionID: "link"}}
	for name, c := range map[string]struct {
		choices []commerce.Choice
		groups  []commerce.FulfillmentGroup
		order   commerce.Snapshot
		want    []string
	}{
		"all options":            {choices: both, order: commerce.Snapshot{OptionIDs: []string{"shelf", "slow"}}},
		"nothing is told":        {choices: both},
		"one of several is told": {choices: both, order: commerce.Snapshot{OptionID: "slow"}},
		"another one is told":    {choices: both, order: commerce.Snapshot{OptionID: "fast"}, want: []string{"fulfillment option"}},
		"one is missing":         {choices: both, order: commerce.Snapshot{OptionIDs: []string{"slow"}}, want: []string{"fulfillment option"}},
		"one is too many": {
			choices: both, order: commerce.Snapshot{OptionIDs: []string{"slow", "shelf", "fast"}}, want: []string{"fulfillment option"},
		},
		"one is another": {choices: both, order: commerce.Snapshot{OptionIDs: []string{"slow", "fast"}}, want: []string{"fulfillment option"}},
		"a single one":   {choices: both[:1], order: commerce.Snapshot{OptionID: "slow", OptionIDs: []string{"slow"}}},
		"a single one, another": {
			choices: both[:1], order: commerce.Snapshot{OptionID: "fast"}, want: []string{"fulfillment option"},
		},
		"nothing was selected": {order: commerce.Snapshot{OptionID: "pickup"}},
		"the address":          {choices: both, order: commerce.Snapshot{ShipTo: &home}},
		"another address":      {choices: both, order: commerce.Snapshot{ShipTo: &elsewhere}, want: []string{"address"}},
		"the address of a group": {
			choices: both, order: commerce.Snapshot{ShipTo: &gift},
			groups: []commerce.FulfillmentGroup{{Contact: &commerce.Contact{Address: &gift}}, {Contact: &commerce.Contact{Name: "Ada"}}, {}},
		},
		"an address of no group": {
			choices: both, order: commerce.Snapshot{ShipTo: &elsewhere}, want: []string{"address"},
			groups: []commerce.FulfillmentGroup{{Contact: &commerce.Contact{Address: &gift}}},
		},
		"the shop's own address on what is fetched": {choices: fetched, order: commerce.Snapshot{ShipTo: &elsewhere}},
		"another address where nothing was selected": {
			order: commerce.Snapshot{ShipTo: &elsewhere}, want: []string{"address"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := attempt{
				Cart:  commerce.Cart{ShipTo: &commerce.Contact{Address: &home}, Groups: c.groups},
				Quote: commerce.Quote{Choices: c.choices},
			}
			if got := differs(at, c.order); !slices.Equal(got, c.want) {
				t.Errorf("differs in %q, want %q", got, c.want)
			}
		})
	}
}
