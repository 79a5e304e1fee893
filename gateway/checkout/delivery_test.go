package checkout_test

import (
	"errors"
	"testing"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// TestDeliveryOfSeveralKinds creates sessions at a shop that splits and looks at what is selected, what is missing and what it costs.
func TestDeliveryOfSeveralKinds(t *testing.T) {
	t.Parallel()
	const address, selection = "missing $.fulfillment_details.address", "missing $.selected_fulfillment_options"
	type lines = map[string][]string
	for name, c := range map[string]struct {
		home    bool
		items   []string
		choices []commerce.Choice
		groups  []commerce.FulfillmentGroup
		want    lines
		says    []string
		status  commerce.Status
		costs   int64 // of the fulfillment
	}{
		"nothing chosen: the cheapest that is sent, and never to be fetched": {
			home: true, items: []string{"tea", "cup"}, want: lines{"slow": {"li_1", "li_2"}}, status: commerce.Ready, costs: 550,
		},
		"nothing chosen: data goes as data": {
			home: true, items: []string{"tea", "song"}, want: lines{"slow": {"li_1"}, "link": {"li_2"}}, status: commerce.Ready, costs: 550,
		},
		"nothing chosen and no address: what is fetched is a decision": {
			items: []string{"tea"}, want: lines{}, says: []string{address, selection}, status: commerce.NotReady,
		},
		"data alone needs no address": {items: []string{"song"}, want: lines{"link": {"li_1"}}, status: commerce.Ready},
		"a booking alone needs nothing": {
			items: []string{"booking"}, want: lines{}, status: commerce.Ready,
		},
		"fetched and data need no address": {
			items: []string{"tea", "song", "booking"}, choices: []commerce.Choice{choose("shelf", "tea")},
			want: lines{"shelf": {"li_1"}, "link": {"li_2"}}, status: commerce.Ready,
		},
		"an empty list means what the option can deliver": {
			home: true, items: []string{"song", "tea", "cup"}, choices: []commerce.Choice{choose("fast")},
			want: lines{"fast": {"li_2", "li_3"}, "link": {"li_1"}}, status: commerce.Ready, costs: 1200,
		},
		"lines by their ids and by their items": {
			home: true, items: []string{"tea", "cup"}, choices: []commerce.Choice{choose("bike", "tea"), choose("slow", "li_2")},
			want: lines{"bike": {"li_1"}, "slow": {"li_2"}}, status: commerce.Ready, costs: 1250,
		},
		"one option named for each line": {
			home: true, items: []string{"tea", "cup"}, choices: []commerce.Choice{choose("fast", "tea"), choose("fast", "cup")},
			want: lines{"fast": {"li_1", "li_2"}}, status: commerce.Ready, costs: 1200,
		},
		"two empty lists that share no line": {
			home: true, items: []string{"tea", "song"}, choices: []commerce.Choice{choose("fast"), choose("mail")},
			want: lines{"fast": {"li_1"}, "mail": {"li_2"}}, status: commerce.Ready, costs: 1210,
		},
		"a line is left out": {
			home: true, items: []string{"tea", "cup"}, choices: []commerce.Choice{choose("bike", "tea")},
			want: lines{"bike": {"li_1"}}, says: []string{selection}, status: commerce.NotReady, costs: 700,
		},
		"one line is fetched and one sent, without an address": {
			items: []string{"tea", "cup"}, choices: []commerce.Choice{choose("shelf", "tea")},
			want: lines{"shelf": {"li_1"}}, says: []string{address, selection}, status: commerce.NotReady,
		},
		"an option that is not offered": {
			home: true, items: []string{"tea"}, choices: []commerce.Choice{choose("drone")},
			want: lines{}, says: []string{"invalid $.selected_fulfillment_options", selection}, status: commerce.NotReady,
		},
		"an option that cannot deliver the line": {
			home: true, items: []string{"tea", "cup"}, choices: []commerce.Choice{choose("bike", "tea", "cup")},
			want: lines{"bike": {"li_1"}}, says: []string{"invalid $.selected_fulfillment_options", selection}, status: commerce.NotReady, costs: 700,
		},
		"a group that is fetched is a decision": {
			items: []string{"tea", "cup"}, want: lines{"slow": {"li_2"}, "shelf": {"li_1"}}, status: commerce.Ready, costs: 550,
			groups: []commerce.FulfillmentGroup{
				{ID: "a", LineIDs: []string{"tea"}, Destination: commerce.Pickup},
				{ID: "b", LineIDs: []string{"cup"}, Destination: commerce.Shipping, Contact: &commerce.Contact{Address: reno()}},
			},
		},
		"a group without an address of its own": {
			items: []string{"tea"}, want: lines{"slow": {"li_1"}}, says: []string{address}, status: commerce.NotReady, costs: 550,
			groups: []commerce.FulfillmentGroup{{ID: "b", LineIDs: []string{"li_1"}, Destination: commerce.Shipping}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSplitWorld(t)
			r := order(c.home, c.items...)
			r.Choices, r.Groups = c.choices, c.groups
			a, err := w.service.Create(t.Context(), w.call(""), r)
			cs := session(t, a, err)
			diff(t, c.want, selected(cs))
			diff(t, append([]string{}, c.says...), codes(cs))
			if got := cs.Quote.Amount(commerce.TotalFulfillment); cs.Status != c.status || got != c.costs {
				t.Errorf("got %s, fulfillment %d; want %s, %d", cs.Status, got, c.status, c.costs)
			}
		})
	}
}

// TestDeliveryIsRefused sends wishes that have no sure reading, to a shop that splits and to one that does not. Nothing is stored of
// them.
func TestDeliveryIsRefused(t *testing.T) {
	t.Parallel()
	const at = "$.selected_fulfillment_options"
	group := func(id string, to commerce.FulfillmentType, lines ...string) commerce.FulfillmentGroup {
		return commerce.FulfillmentGroup{ID: id, LineIDs: lines, Destination: to}
	}
	elsewhere := group("g", commerce.Shipping, "tea")
	elsewhere.Contact = &commerce.Contact{Address: &commerce.Address{LineOne: "2 Side St", Country: "US"}}
	for name, c := range map[string]struct {
		whole       bool // the shop does not split
		choices     []commerce.Choice
		groups      []commerce.FulfillmentGroup
		param, code string
	}{
		"a line that does not exist": {choices: []commerce.Choice{choose("fast", "tea"), choose("slow", "li_9")}, param: at + "[1].item_ids"},
		"a line that does not exist, whole": {
			whole: true, choices: []commerce.Choice{choose("fast", "li_9")}, param: at + "[0].item_ids",
		},
		"a line by two options":                 {choices: []commerce.Choice{choose("fast", "tea"), choose("slow", "li_1", "cup")}, param: at + "[1].item_ids"},
		"a line by an option that means all":    {choices: []commerce.Choice{choose("slow"), choose("fast", "cup")}, param: at + "[0].item_ids"},
		"two options that mean all":             {choices: []commerce.Choice{choose("slow"), choose("fast")}, param: at + "[1].item_ids"},
		"two options, whole":                    {whole: true, choices: []commerce.Choice{choose("slow", "tea"), choose("fast", "cup")}, param: at, code: commerce.CodeUnsupported},
		"two groups of one id":                  {groups: []commerce.FulfillmentGroup{group("g", "pickup", "tea"), group("g", "pickup", "cup")}, param: "$.fulfillment_groups[1].id"},
		"a group without an id":                 {groups: []commerce.FulfillmentGroup{group("", "pickup", "tea")}, param: "$.fulfillment_groups[0].id"},
		"a group that goes nowhere":             {groups: []commerce.FulfillmentGroup{group("g", "pigeon", "tea")}, param: "$.fulfillment_groups[0].destination_type"},
		"a group of a line that does not exist": {groups: []commerce.FulfillmentGroup{group("g", "pickup", "hat")}, param: "$.fulfillment_groups[0].item_ids"},
		"a group of nothing":                    {groups: []commerce.FulfillmentGroup{group("g", "pickup")}, param: "$.fulfillment_groups[0].item_ids"},
		"a line in two groups": {
			groups: []commerce.FulfillmentGroup{group("g", "pickup", "tea"), group("h", "shipping", "li_1")}, param: "$.fulfillment_groups[1].item_ids",
		},
		"groups to two kinds of places, whole": {
			whole: true, groups: []commerce.FulfillmentGroup{group("g", "pickup", "tea"), group("h", "shipping", "cup")},
			param: "$.fulfillment_groups", code: commerce.CodeUnsupported,
		},
		"a group to another place, whole": {
			whole: true, groups: []commerce.FulfillmentGroup{elsewhere}, param: "$.fulfillment_groups", code: commerce.CodeUnsupported,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSplitWorld(t)
			if c.whole {
				w = newWorld(t)
			}
			r := order(true, "tea", "cup")
			refused := func(err error) {
				t.Helper()
				wantKind(t, err, commerce.Invalid)
				if f, ok := errors.AsType[*commerce.Fault](err); !ok || f.Param != c.param || f.Code != c.code {
					t.Errorf("got %s %q at %s, want %q at %s", f.Kind, f.Code, f.Param, c.code, c.param)
				}
			}
			with := r
			with.Choices, with.Groups = c.choices, c.groups
			_, err := w.service.Create(t.Context(), w.call(""), with)
			refused(err)
			w.shop.do(func() {
				if len(w.shop.carts) != 0 {
					t.Errorf("a refused create left carts: %v", w.shop.carts)
				}
			})
			a, err := w.service.Create(t.Context(), w.call(""), r)
			cs := session(t, a, err)
			u := commerce.UpdateRequest{}
			if c.choices != nil {
				u.Choices = commerce.Set(c.choices)
			}
			if c.groups != nil {
				u.Groups = commerce.Set(c.groups)
			}
			_, err = w.update(cs.ID, u)
			refused(err)
			diff(t, cs, w.get(cs.ID))
			// What was asked of the shop for the refused wish is no part of the session.
			a, err = w.complete("k", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed || got.Quote.Total != cs.Quote.Total {
				t.Fatalf("%s, total %d", got.Status, got.Quote.Total)
			}
			w.completed(cs.ID)
		})
	}
}

// TestGroupsThatNeedNoSplit are taken by a shop that sends everything in one way to one place.
func TestGroupsThatNeedNoSplit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := order(true, "tea", "cup", "free")
	r.Groups = []commerce.FulfillmentGroup{
		{ID: "a", LineIDs: []string{"tea"}, Destination: commerce.Shipping, Contact: r.ShipTo},
		{ID: "b", LineIDs: []string{"cup"}, Destination: commerce.Shipping},
		{ID: "c", LineIDs: []string{"free"}, Destination: commerce.Digital},
	}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	if cs.Status != commerce.Ready || len(cs.Cart.Groups) != 3 || cs.Cart.Groups[0].LineIDs[0] != "li_1" {
		t.Fatalf("%s, groups %v", cs.Status, cs.Cart.Groups)
	}
	// The group's address is now another one than the checkout's: that would be two places.
	_, err = w.update(cs.ID, commerce.UpdateRequest{ShipTo: commerce.Set(commerce.ContactChange{Name: commerce.Set("Charles Babbage")})})
	wantKind(t, err, commerce.Invalid)
	diff(t, cs, w.get(cs.ID))
	a, err = w.update(cs.ID, commerce.UpdateRequest{
		Groups: commerce.Clear[[]commerce.FulfillmentGroup](),
		ShipTo: commerce.Set(commerce.ContactChange{Name: commerce.Set("Charles Babbage")}),
	})
	if got := session(t, a, err); len(got.Cart.Groups) != 0 || got.Status != commerce.Ready {
		t.Fatalf("%s, groups %v", got.Status, got.Cart.Groups)
	}
}

// TestSelectionsFollowTheLines replaces lines under selections and groups that name them.
func TestSelectionsFollowTheLines(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t)
	r := order(true, "tea", "cup", "song")
	r.Choices = []commerce.Choice{choose("bike", "tea"), choose("fast", "cup")}
	r.Groups = []commerce.FulfillmentGroup{{ID: "a", LineIDs: []string{"tea"}, Destination: commerce.LocalDelivery}}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	diff(t, map[string][]string{"bike": {"li_1"}, "fast": {"li_2"}, "link": {"li_3"}}, selected(cs))
	lines := func(items ...string) commerce.UpdateRequest {
		return commerce.UpdateRequest{Lines: commerce.Set(order(true, items...).Lines)}
	}
	a, err = w.update(cs.ID, lines("cup", "song"))
	got := session(t, a, err)
	diff(t, map[string][]string{"fast": {"li_2"}, "link": {"li_3"}}, selected(got))
	if got.Status != commerce.Ready || len(got.Cart.Groups) != 0 {
		t.Fatalf("%s, groups %v", got.Status, got.Cart.Groups)
	}
	// Tea is another line now, and nobody chose for it.
	a, err = w.update(cs.ID, lines("cup", "tea"))
	got = session(t, a, err)
	diff(t, map[string][]string{"fast": {"li_2"}}, selected(got))
	wantMessage(t, got, commerce.CodeMissing)
	// A selection whose lines are all gone does not mean all lines.
	a, err = w.update(cs.ID, lines("tea"))
	got = session(t, a, err)
	diff(t, map[string][]string{"slow": {"li_4"}}, selected(got))
	a, err = w.update(cs.ID, commerce.UpdateRequest{Choices: commerce.Set([]commerce.Choice{choose("fast")})})
	diff(t, map[string][]string{"fast": {"li_4"}}, selected(session(t, a, err)))
	a, err = w.update(cs.ID, commerce.UpdateRequest{Choices: commerce.Clear[[]commerce.Choice]()})
	diff(t, map[string][]string{"slow": {"li_4"}}, selected(session(t, a, err)))
}

// TestSplitCostsOneCall asks the shop once for a session whose selection has not changed, and at most twice for one that has.
func TestSplitCostsOneCall(t *testing.T) {
	t.Parallel()
	for name, choices := range map[string][]commerce.Choice{
		"default": nil, "named": {choose("bike", "tea"), choose("fast", "cup")}, "meant": {choose("fast"), choose("mail")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSplitWorld(t)
			r := order(true, "tea", "cup", "song")
			r.Choices = choices
			a, err := w.service.Create(t.Context(), w.call(""), r)
			cs := session(t, a, err)
			before := w.shop.told().quoted
			if before > 2 {
				t.Errorf("%d calls for the create", before)
			}
			a, err = w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("ring twice")})
			diff(t, selected(cs), selected(session(t, a, err)))
			a, err = w.complete("k1", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			if n := w.shop.told().quoted - before; n != 2 {
				t.Errorf("%d calls for update and complete", n)
			}
			w.completed(cs.ID)
			placed := w.shop.told().placed
			if len(placed) != 1 {
				t.Fatalf("%d calls to place", len(placed))
			}
			diff(t, cs.Quote.Choices, placed[0].Cart.Choices)
		})
	}
}

// TestOptionsMoveUnderChoices lets options change what they can deliver after the agent chose: what is no longer sure is asked for again,
// and is never charged.
func TestOptionsMoveUnderChoices(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t)
	r := order(true, "tea", "cup")
	r.Choices = []commerce.Choice{choose("bike", "tea"), choose("slow", "cup")}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	w.shop.do(func() {
		w.shop.offers = func(c commerce.Cart) []commerce.FulfillmentOption {
			offered := usualOffers(c)
			for i, o := range offered {
				if o.ID == "bike" {
					offered[i].LineIDs = linesOf(c, "cup")
				}
			}
			return offered
		}
	})
	a, err = w.complete("k1", cs.ID, w.token())
	got := session(t, a, err)
	diff(t, map[string][]string{"slow": {"li_2"}}, selected(got))
	wantMessage(t, got, commerce.CodeInvalid)
	if got.Status != commerce.NotReady {
		t.Fatalf("got %s", got.Status)
	}
	w.nothing(cs.ID)
}

// TestADeafShop refuses every option that it offers. The session says so, and nothing is charged.
func TestADeafShop(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t)
	w.shop.do(func() {
		for range 20 {
			w.shop.quote = append(w.shop.quote, nil, commerce.Faultf(commerce.OptionGone, "planted"))
		}
	})
	a, err := w.service.Create(t.Context(), w.call(""), order(true, "tea"))
	got := session(t, a, err)
	wantMessage(t, got, commerce.CodeInvalid)
	if n := w.shop.told().quoted; got.Status != commerce.NotReady || len(got.Cart.Choices) != 0 || n > 4 {
		t.Fatalf("%s, choices %v, %d calls", got.Status, got.Cart.Choices, n)
	}
}

// TestNobodyDeliversALine names the line that no option is for.
func TestNobodyDeliversALine(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t)
	w.shop.do(func() {
		w.shop.offers = func(c commerce.Cart) []commerce.FulfillmentOption {
			offered := usualOffers(c)
			return offered[2:3] // bike, for tea alone
		}
	})
	a, err := w.service.Create(t.Context(), w.call(""), order(true, "tea", "cup"))
	got := session(t, a, err)
	diff(t, []string{"region_restricted $.line_items[1]"}, codes(got))
	if got.Status != commerce.NotReady {
		t.Fatalf("got %s", got.Status)
	}
}

// TestS04_AnOrderByOtherOptions is canceled, and nothing is taken for it: the shop forgot one of two selected options.
func TestS04_AnOrderByOtherOptions(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t)
	r := order(true, "tea", "cup")
	r.Choices = []commerce.Choice{choose("bike", "tea"), choose("slow", "cup")}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	w.shop.do(func() { w.shop.alter = func(o *commerce.Snapshot) { o.OptionIDs = o.OptionIDs[:1] } })
	a, err = w.complete("k1", cs.ID, w.token())
	wantMessage(t, session(t, a, err), commerce.CodePriceChange)
	w.untouched(cs.ID)
}

// TestAShopThatSplitsNoMore is configured anew while a session has several choices: the agent is told that they are gone, and selects one.
func TestAShopThatSplitsNoMore(t *testing.T) {
	t.Parallel()
	w := newSplitWorld(t)
	r := order(true, "tea", "cup")
	r.Choices = []commerce.Choice{choose("fast", "tea"), choose("slow", "cup")}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	w.shop.do(func() { w.shop.facts.Split, w.shop.offers = false, nil })
	w.restart()
	a, err = w.complete("k1", cs.ID, w.token())
	got := session(t, a, err)
	wantMessage(t, got, commerce.CodeInvalid)
	if got.Status != commerce.NotReady || len(got.Cart.Choices) != 0 {
		t.Fatalf("%s, choices %v", got.Status, got.Cart.Choices)
	}
	w.nothing(cs.ID)
	a, err = w.update(cs.ID, commerce.UpdateRequest{Choices: commerce.Set([]commerce.Choice{choose("fast")})})
	if got = session(t, a, err); got.Status != commerce.Ready || got.Quote.Choices[0].OptionID != "fast" {
		t.Fatalf("%s, choices %v", got.Status, got.Quote.Choices)
	}
}
