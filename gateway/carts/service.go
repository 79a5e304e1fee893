package carts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// Store is the part of store.Store that carts need.
type Store interface {
	Cart(ctx context.Context, id string) (store.Cart, error)
	Claim(ctx context.Context, c store.Claim) (existing store.Claim, taken bool, err error)
	Release(ctx context.Context, c store.Claim) error
	DueCarts(ctx context.Context, now time.Time, limit int) ([]store.Cart, error)
	Commit(ctx context.Context, b store.Batch) error
}

// Shop is one shop.
type Shop struct {
	Upstream *upstream.Shop
	// Off says that the shop keeps no carts for agents. Those that it kept before are given back.
	Off bool
	// TTL is how long a cart lives after its last change. Default 6 h.
	TTL time.Duration
	// Continue is how long an address lives at which a buyer goes on in the shop with the cart. Zero: there is none.
	Continue time.Duration
}

// Config is what a [Service] needs.
type Config struct {
	Store Store
	Clock clock.Clock
	// Shops are all shops by name.
	Shops map[string]Shop
	// NewID makes a new id that sorts by time, with the prefix.
	NewID func(prefix string) string
	// Owner names this incarnation of the process; claims carry it (S17).
	Owner string
	// Handoff signs the addresses at which buyers go on in the shop. Nil: there are none.
	Handoff *handoff.Signer
	// Poll is how often carts that have ended are looked for. Default 5 s.
	Poll time.Duration
	Log  *slog.Logger // nil: silent
}

// Service is the cart service. Make it with [New], start the giving back of carts with [Service.Start] and end it with [Service.Stop].
// It is safe for concurrent use.
type Service struct {
	store   Store
	clock   clock.Clock
	shops   map[string]Shop
	owner   string
	newID   func(string) string
	handoff *handoff.Signer
	poll    time.Duration
	log     *slog.Logger

	locks   locks
	wake    chan struct{}
	toldBad sync.Map // id of a cart that cannot be read and was reported
	running sync.WaitGroup
	stop    context.CancelCauseFunc
}

// defaultTTL is the life of a cart after its last change, the same as that of a session.
const defaultTTL = 6 * time.Hour

// New wires a service. It does nothing yet.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Poll <= 0 {
		c.Poll = 5 * time.Second
	}
	shops := make(map[string]Shop, len(c.Shops))
	for name, s := range c.Shops {
		if s.TTL <= 0 {
			s.TTL = defaultTTL
		}
		shops[name] = s
	}
	return &Service{
		store: c.Store, clock: c.Clock, shops: shops, owner: c.Owner, newID: c.NewID, handoff: c.Handoff, poll: c.Poll, log: c.Log,
		wake: make(chan struct{}, 1),
	}
}

// Call is one request of an agent, as the pipeline hands it over.
type Call struct {
	Agent string
	Shop  string
	// Claim is the idempotency claim to answer; nil when the request carries no key.
	Claim *store.Claim
	// Render encodes a cart as this call's answer.
	Render func(commerce.SavedCart) (store.Answer, error)
}

// Serves reports whether the shop keeps carts.
func (s *Service) Serves(shop string) bool {
	sh, ok := s.shops[shop]
	return ok && !sh.Off
}

// Create prices lines and keeps them as a cart. A second call without a key makes a second cart, which costs nobody anything; with a
// key the pipeline replays the answer.
func (s *Service) Create(ctx context.Context, c Call, r commerce.CartRequest) (store.Answer, error) {
	if !s.Serves(c.Shop) {
		return store.Answer{}, noCarts()
	}
	shop, now := s.shops[c.Shop], s.clock.Now()
	kept := record{
		Identity: shop.Upstream.Identity(),
		Cart: commerce.SavedCart{
			ID: s.newID("cart_"), Agent: c.Agent, Shop: c.Shop, Cart: commerce.Cart{Currency: shop.Upstream.Facts().Currency}, CreatedAt: now,
		},
	}
	if err := s.fill(ctx, shop, &kept, r); err != nil {
		return store.Answer{}, err
	}
	answer, err := s.commit(ctx, c, kept, 0)
	if err != nil && notWritten(err) {
		s.letGo(ctx, shop, kept.Cart.Quote.CartRef)
	}
	return answer, err
}

// Get reads a cart. One of somebody else, one that was canceled and one whose time has passed are not there.
func (s *Service) Get(ctx context.Context, c Call, id string) (store.Answer, error) {
	_, kept, err := s.load(ctx, c.Agent, c.Shop, id)
	if err != nil {
		return store.Answer{}, err
	}
	s.invite(&kept)
	return s.render(c, kept.Cart)
}

// Replace puts other lines and another buyer into a cart, prices it and gives it a new span of life. A second call without a key does
// the same again, which changes nothing.
func (s *Service) Replace(ctx context.Context, c Call, id string, r commerce.CartRequest) (store.Answer, error) {
	release, err := s.locks.acquire(ctx, id)
	if err != nil {
		return store.Answer{}, err
	}
	defer release()
	row, kept, err := s.load(ctx, c.Agent, c.Shop, id)
	if err != nil {
		return store.Answer{}, err
	}
	shop := s.shops[row.Shop]
	before := kept
	if now := shop.Upstream.Identity(); kept.Identity != now { // the shop's cart is in another shop: it cannot be asked for any more
		kept.Identity, kept.Cart.Quote.CartRef, kept.Left = now, "", nil
	}
	if err := s.fill(ctx, shop, &kept, r); err != nil {
		if commerce.KindOf(err) == commerce.Unavailable {
			s.forgetRef(ctx, row, before)
		}
		return store.Answer{}, err
	}
	return s.commit(ctx, c, kept, row.Version)
}

// Cancel ends a cart and answers with its last state. From then on it is not there.
func (s *Service) Cancel(ctx context.Context, c Call, id string) (store.Answer, error) {
	release, err := s.locks.acquire(ctx, id)
	if err != nil {
		return store.Answer{}, err
	}
	defer release()
	row, kept, err := s.load(ctx, c.Agent, c.Shop, id)
	if err != nil {
		return store.Answer{}, err
	}
	kept.Cart.Canceled = true
	answer, err := s.commit(ctx, c, kept, row.Version)
	if err == nil {
		s.nudge()
	}
	return answer, err
}

// Saved reads a cart, of any shop, for a checkout session that is made of its lines. It fails with NotFound as [Service.Get] does, and
// while the buyer has the cart in the shop: they may place the order there, and two would be one too many.
func (s *Service) Saved(ctx context.Context, agent, id string) (commerce.SavedCart, error) {
	_, kept, err := s.load(ctx, agent, "", id)
	if err == nil && kept.HandedOff {
		return commerce.SavedCart{}, notFound(id)
	}
	return kept.Cart, err
}

// record is a cart as it is stored.
type record struct {
	Cart     commerce.SavedCart
	Identity string   // of the shop that its CartRef belongs to
	Left     []string // carts of the shop that this cart used before and that are to be given back with it
	Tries    int      // to give the carts back
	// HandedOff says that the buyer went on in the shop with the cart as it now is.
	HandedOff bool
}

// fill puts what r wishes for into the cart and prices it. The error of a pricing whose writes may have happened is Unavailable.
func (s *Service) fill(ctx context.Context, shop Shop, kept *record, r commerce.CartRequest) error {
	if len(r.Lines) == 0 {
		return &commerce.Fault{Kind: commerce.Invalid, Code: codeMissingLines, Param: paramLines, Message: "a cart needs at least one line item"}
	}
	c := &kept.Cart
	c.Cart.ReplaceLines(r.Lines)
	c.Cart.Buyer = r.Buyer
	if r.Locale != "" {
		c.Cart.Locale = r.Locale
	}
	old := c.Quote.CartRef
	quote, messages, err := s.price(ctx, shop, "acp:"+c.ID, c.Cart, old)
	if err != nil {
		return err
	}
	if old != "" && quote.CartRef != old && !slices.Contains(kept.Left, old) {
		kept.Left = append(kept.Left, old)
	}
	c.Quote, c.Messages, kept.HandedOff = quote, messages, false
	c.ExpiresAt = s.clock.Now().Add(shop.TTL)
	return nil
}

// load reads a cart for its owner; an empty shop is any. Whatever is the reason that an agent does not get it, it looks like one that
// never was (openapi.cart of 2026-04-17, response CartNotFound, read 2026-11-22).
func (s *Service) load(ctx context.Context, agent, shop, id string) (store.Cart, record, error) {
	row, err := s.store.Cart(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return row, record{}, notFound(id)
	case err != nil:
		return row, record{}, unavailable("read the cart", err)
	case row.Agent != agent, shop != "" && row.Shop != shop, !s.Serves(row.Shop), row.Ended, !s.clock.Now().Before(row.DueAt):
		return row, record{}, notFound(id)
	}
	kept, err := decode(row)
	return row, kept, err
}

func decode(row store.Cart) (kept record, err error) {
	if err := json.Unmarshal(row.Body, &kept); err != nil {
		return kept, fmt.Errorf("read cart %s from the store: %w", row.ID, err)
	}
	return kept, nil
}

// commit stores the cart in place of version expect, together with the call's answer. A canceled one is due to be given back at once.
func (s *Service) commit(ctx context.Context, c Call, kept record, expect int64) (store.Answer, error) {
	s.invite(&kept)
	answer, err := s.render(c, kept.Cart)
	if err != nil {
		return store.Answer{}, err
	}
	w := store.CartWrite{Expect: expect}
	if w.Cart, err = s.row(kept); err != nil {
		return store.Answer{}, err
	}
	if kept.Cart.Canceled {
		w.Cart.Ended, w.Cart.DueAt = true, s.clock.Now()
	}
	b := store.Batch{Cart: &w}
	if c.Claim != nil {
		b.Answers = []store.AnswerWrite{{Claim: *c.Claim, Answer: answer}}
	}
	switch err := s.store.Commit(ctx, b); {
	case errors.Is(err, store.ErrStale):
		return store.Answer{}, commerce.Faultf(commerce.Conflict, "cart %s was changed by another request; read it and decide again", kept.Cart.ID).Because(err)
	case err != nil:
		return store.Answer{}, unavailable("store the cart", err)
	}
	return answer, nil
}

// row makes the row that keeps an open cart.
func (s *Service) row(kept record) (store.Cart, error) {
	body, err := json.Marshal(kept)
	if err != nil {
		return store.Cart{}, fmt.Errorf("write cart %s: %w", kept.Cart.ID, err)
	}
	c := kept.Cart
	return store.Cart{ID: c.ID, Agent: c.Agent, Shop: c.Shop, DueAt: c.ExpiresAt, UpdatedAt: s.clock.Now(), Body: body}, nil
}

// render encodes the cart.
func (s *Service) render(c Call, cart commerce.SavedCart) (store.Answer, error) {
	a, err := c.Render(cart)
	if err != nil {
		return a, fmt.Errorf("render cart %s: %w", cart.ID, err)
	}
	return a, nil
}

// notWritten reports whether err says that a commit surely did not happen.
func notWritten(err error) bool {
	return errors.Is(err, store.ErrStale) || errors.Is(err, store.ErrClaimLost) || errors.Is(err, store.ErrNotWritten)
}

func noCarts() error { return commerce.Faultf(commerce.NotFound, "there are no carts at this shop") }

func notFound(id string) error {
	return commerce.Faultf(commerce.NotFound, "there is no cart %q: it was never made, has expired or was canceled", id)
}

// unavailable is the fault of something that cannot be reached now; the cause is for the log.
func unavailable(attempt string, err error) error {
	return commerce.Faultf(commerce.Unavailable, "could not %s now; send the same request again", attempt).Because(err)
}
