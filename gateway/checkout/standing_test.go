package checkout_test

import (
	"errors"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// says makes the shop say m in every quote.
func (w *world) says(m ...commerce.Message) {
	w.shop.do(func() { w.shop.spoil = func(q *commerce.Quote) { q.Messages = m } })
}

// TestStatusOfWhatTheShopSays creates sessions while the shop says things, and pays them when it says them no more.
func TestStatusOfWhatTheShopSays(t *testing.T) {
	t.Parallel()
	failed := func(code string) commerce.Message {
		return commerce.Message{Type: commerce.Error, Code: code, Content: "planted"}
	}
	for name, c := range map[string]struct {
		says       []commerce.Message
		want       commerce.Status
		resolution commerce.Resolution // of the first message
		severity   string
	}{
		"sign-in":             {[]commerce.Message{failed(commerce.CodeRequiresSignIn)}, commerce.RequiresEscalation, commerce.RequiresBuyerInput, "high"},
		"age":                 {[]commerce.Message{failed(commerce.CodeAgeVerification)}, commerce.RequiresEscalation, commerce.RequiresBuyerInput, "high"},
		"approval":            {[]commerce.Message{failed(commerce.CodeApprovalRequired)}, commerce.PendingApproval, commerce.RequiresBuyerReview, "high"},
		"sign-in comes first": {[]commerce.Message{failed(commerce.CodeApprovalRequired), failed(commerce.CodeRequiresSignIn)}, commerce.RequiresEscalation, commerce.RequiresBuyerReview, "high"},
		"before stock":        {[]commerce.Message{failed(commerce.CodeOutOfStock), failed(commerce.CodeApprovalRequired)}, commerce.PendingApproval, commerce.RequiresBuyerReview, "high"},
		"a sign-in that the shop calls a remark": {
			[]commerce.Message{{Type: commerce.Info, Code: commerce.CodeRequiresSignIn, Content: "planted"}}, commerce.RequiresEscalation, commerce.RequiresBuyerInput, "info",
		},
		"stock":             {[]commerce.Message{failed(commerce.CodeOutOfStock)}, commerce.NotReady, commerce.RequiresBuyerReview, "high"},
		"an unknown error":  {[]commerce.Message{failed("full_moon")}, commerce.NotReady, commerce.RequiresBuyerReview, "high"},
		"an invalid member": {[]commerce.Message{failed(commerce.CodeInvalid)}, commerce.NotReady, commerce.Recoverable, "high"},
		"a graded error": {
			[]commerce.Message{{Type: commerce.Error, Code: "invalid", Severity: "critical", Resolution: commerce.RequiresBuyerInput, Content: "planted"}},
			commerce.NotReady, commerce.RequiresBuyerInput, "critical",
		},
		"a warning": {[]commerce.Message{{Type: commerce.Warning, Code: "high_demand", Content: "planted"}}, commerce.Ready, "", "medium"},
		"a remark":  {[]commerce.Message{{Type: commerce.Info, Content: "planted"}}, commerce.Ready, "", "info"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.says(c.says...)
			a, err := w.service.Create(t.Context(), w.call(""), order(true, "tea"))
			cs := session(t, a, err)
			m := cs.Messages[0]
			wantSeverity := c.severity
			if m.Type == commerce.Error && c.severity == "info" {
				wantSeverity = "high"
			}
			if cs.Status != c.want || m.Resolution != c.resolution || m.Severity != wantSeverity {
				t.Fatalf("got %s, %q, %q; want %s, %q, %q", cs.Status, m.Resolution, m.Severity, c.want, c.resolution, wantSeverity)
			}
			if c.want != commerce.Ready {
				a, err = w.complete("k1", cs.ID, w.token())
				if got := session(t, a, err); got.Status != c.want {
					t.Fatalf("a complete made it %s", got.Status)
				}
				w.nothing(cs.ID)
			}
			w.shop.do(func() { w.shop.spoil = nil })
			a, err = w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("done")})
			if got := session(t, a, err); got.Status != commerce.Ready {
				t.Fatalf("got %s: %v", got.Status, got.Messages)
			}
			a, err = w.complete("k2", cs.ID, w.token())
			if got := session(t, a, err); got.Status != commerce.Completed {
				t.Fatalf("got %s", got.Status)
			}
			w.completed(cs.ID)
		})
	}
}

// TestIncompleteIsAFirstStateOnly creates a session that the shop cannot price before it knows more of the buyer.
func TestIncompleteIsAFirstStateOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unpriced := func(q *commerce.Quote) { q.Totals, q.Total, q.ExactTotal, q.Options = nil, 0, "", nil }
	w.shop.do(func() { w.shop.spoil = unpriced })
	a, err := w.service.Create(t.Context(), w.call(""), order(false, "tea"))
	cs := session(t, a, err)
	if cs.Status != commerce.Incomplete {
		t.Fatalf("got %s: %v", cs.Status, cs.Messages)
	}
	a, err = w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("still nothing")})
	if cs = session(t, a, err); cs.Status != commerce.Incomplete {
		t.Fatalf("got %s", cs.Status)
	}
	w.shop.do(func() { w.shop.spoil = nil })
	a, err = w.update(cs.ID, commerce.UpdateRequest{})
	if cs = session(t, a, err); cs.Status != commerce.NotReady { // it has a price, and no address
		t.Fatalf("got %s", cs.Status)
	}
	w.shop.do(func() { w.shop.spoil = unpriced })
	a, err = w.update(cs.ID, commerce.UpdateRequest{})
	if cs = session(t, a, err); cs.Status != commerce.NotReady {
		t.Fatalf("got %s", cs.Status)
	}
	// What is out of stock is told as that, from the beginning.
	a, err = w.service.Create(t.Context(), w.call(""), commerce.CreateRequest{Lines: []commerce.CartLine{{ItemID: "tea", Quantity: 99}}})
	if cs = session(t, a, err); cs.Status != commerce.NotReady {
		t.Fatalf("got %s", cs.Status)
	}
}

// TestEndOfTime lets a session pass its time: it reads as expired, and can neither be changed, paid nor canceled.
func TestEndOfTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.settings.SessionTTL, w.timing.Poll = time.Hour, forever })
	cs := w.create()
	w.clock.advance(40 * time.Minute)
	a, err := w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("wait")})
	got := session(t, a, err)
	if left := got.ExpiresAt.Sub(got.UpdatedAt); left != time.Hour || !got.ExpiresAt.After(cs.ExpiresAt) {
		t.Fatalf("an update leaves %v", left)
	}
	w.clock.advance(40 * time.Minute)
	if got := w.get(cs.ID); got.Status != commerce.Ready {
		t.Fatalf("got %s before its time", got.Status)
	}
	w.clock.advance(21 * time.Minute)
	if got := w.get(cs.ID); got.Status != commerce.Expired {
		t.Fatalf("got %s", got.Status)
	}
	_, err = w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("too late")})
	wantKind(t, err, commerce.Conflict)
	_, err = w.complete("k", cs.ID, w.token())
	wantKind(t, err, commerce.Conflict)
	_, err = w.cancel(cs.ID)
	wantKind(t, err, commerce.NotCancelable)
	w.nothing(cs.ID)
}

// TestAnOldQuoteIsPricedAnew completes a session whose quote has lapsed. The price is asked for again, and charged when it stands.
func TestAnOldQuoteIsPricedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shop.do(func() {
		w.shop.spoil = func(q *commerce.Quote) { q.ExpiresAt = w.clock.Now().Add(time.Minute) }
	})
	cs := w.create()
	w.clock.advance(time.Hour)
	w.shop.do(func() { w.shop.prices["tea"] = 2100 })
	a, err := w.complete("k1", cs.ID, w.token())
	got := session(t, a, err)
	wantMessage(t, got, commerce.CodePriceChange)
	if !got.Quote.ExpiresAt.After(w.clock.Now()) {
		t.Errorf("the quote lapsed at %v", got.Quote.ExpiresAt)
	}
	w.nothing(cs.ID)
	w.clock.advance(time.Hour)
	before := w.shop.told().quoted
	a, err = w.complete("k2", cs.ID, w.token())
	if got := session(t, a, err); got.Status != commerce.Completed || w.shop.told().quoted == before {
		t.Fatalf("got %s", got.Status)
	}
	w.completed(cs.ID)
}

// TestSuggestedPrice sends the price that a feed showed. The shop's is charged, and the line is marked where they differ.
func TestSuggestedPrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := order(true, "cup", "tea")
	r.Lines[0].Suggested = &commerce.SuggestedPrice{Amount: 500, FeedID: "f"}
	r.Lines[1].Suggested = &commerce.SuggestedPrice{Amount: 1, FeedID: "f"}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := session(t, a, err)
	diff(t, []string{"price_change $.line_items[1].unit_amount"}, codes(cs))
	if cs.Status != commerce.Ready || cs.Quote.Amount(commerce.TotalItemsBase) != 2499 || cs.Cart.Lines[1].Suggested == nil {
		t.Fatalf("%s, items %d", cs.Status, cs.Quote.Amount(commerce.TotalItemsBase))
	}
}

// TestWhatACreateKeeps is stored with the session: metadata and language, and the first touch of an attribution.
func TestWhatACreateKeeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := order(true, "tea")
	r.Locale, r.Timezone, r.QuoteID = "de-AT", "Europe/Vienna", "q-1"
	r.Metadata = map[string]any{"campaign": "spring", "n": float64(3)}
	r.Affiliate = &commerce.Affiliate{Provider: "p", Token: "secret"}
	a, err := w.service.Create(t.Context(), w.call(""), r)
	cs := w.get(session(t, a, err).ID)
	diff(t, r.Metadata, cs.Metadata)
	diff(t, []commerce.Affiliate{{Provider: "p", Token: "secret", Touchpoint: "first"}}, cs.Affiliates)
	if cs.Cart.Locale != "de-AT" || cs.Cart.Timezone != "Europe/Vienna" || cs.QuoteID != "q-1" {
		t.Errorf("kept %q, %q, %q", cs.Cart.Locale, cs.Cart.Timezone, cs.QuoteID)
	}
}

// TestCreateFromASavedCart takes the lines of a cart, and refuses every cart that is not the agent's to check out.
func TestCreateFromASavedCart(t *testing.T) {
	t.Parallel()
	saved := func(change func(*commerce.SavedCart)) func(*world) {
		return func(w *world) {
			c := commerce.SavedCart{
				ID: "cart_1", Agent: "agent", Shop: "main", ExpiresAt: w.clock.Now().Add(time.Hour),
				Cart: commerce.Cart{
					Lines: []commerce.CartLine{{ID: "li_7", ItemID: "tea", Quantity: 2}, {ID: "li_9", ItemID: "cup", Quantity: 1}},
					Buyer: &commerce.Buyer{Email: "cart@example.com"}, Locale: "fr",
				},
			}
			change(&c)
			w.savedCart = func(agent, id string) (commerce.SavedCart, error) {
				if agent != "agent" || id != "cart_1" {
					return commerce.SavedCart{}, commerce.Faultf(commerce.NotFound, "there is no cart")
				}
				return c, nil
			}
		}
	}
	fine := saved(func(*commerce.SavedCart) {})
	for name, c := range map[string]struct {
		world   func(*world)
		request commerce.CreateRequest
		kind    commerce.Kind // 0: it is created
		lines   int
		email   string
	}{
		"its lines and buyer": {world: fine, request: commerce.CreateRequest{CartID: "cart_1"}, lines: 2, email: "cart@example.com"},
		"a buyer of the request": {
			world: fine, request: commerce.CreateRequest{CartID: "cart_1", Buyer: &commerce.Buyer{Email: "me@example.com"}}, lines: 2, email: "me@example.com",
		},
		"lines of the request win": {
			world: fine, request: commerce.CreateRequest{CartID: "cart_1", Lines: []commerce.CartLine{{ItemID: "cup", Quantity: 1}}}, lines: 1,
		},
		"lines of the request win over a cart that is not there": {
			world: fine, request: commerce.CreateRequest{CartID: "cart_2", Lines: []commerce.CartLine{{ItemID: "cup", Quantity: 1}}}, lines: 1,
		},
		"unknown": {world: fine, request: commerce.CreateRequest{CartID: "cart_2"}, kind: commerce.Invalid},
		"canceled": {
			world: saved(func(c *commerce.SavedCart) { c.Canceled = true }), request: commerce.CreateRequest{CartID: "cart_1"}, kind: commerce.Invalid,
		},
		"expired": {
			world: saved(func(c *commerce.SavedCart) { c.ExpiresAt = time.Unix(1, 0) }), request: commerce.CreateRequest{CartID: "cart_1"}, kind: commerce.Invalid,
		},
		"of another shop": {
			world: saved(func(c *commerce.SavedCart) { c.Shop = "other" }), request: commerce.CreateRequest{CartID: "cart_1"}, kind: commerce.Invalid,
		},
		"of another agent": {
			world: saved(func(c *commerce.SavedCart) { c.Agent = "other" }), request: commerce.CreateRequest{CartID: "cart_1"}, kind: commerce.Invalid,
		},
		"empty": {
			world: saved(func(c *commerce.SavedCart) { c.Cart.Lines = nil }), request: commerce.CreateRequest{CartID: "cart_1"}, kind: commerce.Invalid,
		},
		"no carts here": {world: func(*world) {}, request: commerce.CreateRequest{CartID: "cart_1"}, kind: commerce.Invalid},
		"the books cannot be read": {
			world: func(w *world) {
				w.savedCart = func(string, string) (commerce.SavedCart, error) {
					return commerce.SavedCart{}, commerce.Faultf(commerce.Unavailable, "planted")
				}
			},
			request: commerce.CreateRequest{CartID: "cart_1"}, kind: commerce.Unavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.world)
			a, err := w.service.Create(t.Context(), w.call(""), c.request)
			if c.kind != 0 {
				wantKind(t, err, c.kind)
				f, _ := errors.AsType[*commerce.Fault](err)
				if c.kind == commerce.Invalid && (f.Code != commerce.CodeNotFound || f.Param != "$.metadata.cart_id") {
					t.Errorf("got %q at %s", f.Code, f.Param)
				}
				return
			}
			cs := session(t, a, err)
			if len(cs.Cart.Lines) != c.lines || cs.Cart.Lines[0].ID != "li_1" || cs.Cart.Email() != c.email {
				t.Errorf("lines %v, e-mail %q", cs.Cart.Lines, cs.Cart.Email())
			}
		})
	}
}

// TestNegotiation intersects what an agent declares with what the shop supports, and says what an agent lacks.
func TestNegotiation(t *testing.T) {
	t.Parallel()
	shop := func(enforcement string) func(*world) {
		return func(w *world) {
			w.settings.Authentication = &checkout.Authentication{}
			w.settings.Interventions = commerce.Interventions{Supported: []string{"address_verification"}, Required: []string{"3ds"}, Enforcement: enforcement}
		}
	}
	for name, c := range map[string]struct {
		world     func(*world)
		declares  []string
		supported []string
		says      []string
		status    commerce.Status
	}{
		"both can": {
			world: shop("always"), declares: []string{"biometric", "3ds", "telepathy", "address_verification", "3ds"},
			supported: []string{"3ds", "address_verification"}, status: commerce.Ready,
		},
		"the agent lacks what is always asked": {
			world: shop("always"), declares: []string{"biometric"}, says: []string{"intervention_required $.capabilities.interventions"}, status: commerce.NotReady,
		},
		"the agent lacks what is asked at times": {
			world: shop("conditional"), says: []string{" $.capabilities.interventions"}, status: commerce.Ready,
		},
		"the agent lacks what is optional": {
			world: shop("optional"), says: []string{" $.capabilities.interventions"}, status: commerce.Ready,
		},
		"the shop asks for nothing": {world: func(*world) {}, declares: []string{"3ds"}, status: commerce.Ready},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.world)
			r := order(true, "tea")
			r.Capabilities.Interventions.Supported = c.declares
			a, err := w.service.Create(t.Context(), w.call(""), r)
			cs := session(t, a, err)
			diff(t, c.supported, cs.Interventions.Supported)
			diff(t, append([]string{}, c.says...), codes(cs))
			if cs.Status != c.status {
				t.Errorf("got %s", cs.Status)
			}
			a, err = w.update(cs.ID, commerce.UpdateRequest{Notes: commerce.Set("again")})
			again := session(t, a, err)
			diff(t, cs.Interventions, again.Interventions)
			diff(t, cs.Messages, again.Messages)
			if c.status == commerce.NotReady {
				a, err = w.complete("k", cs.ID, w.token())
				if got := session(t, a, err); got.Status != commerce.NotReady {
					t.Fatalf("got %s", got.Status)
				}
				w.nothing(cs.ID)
			}
		})
	}
}
