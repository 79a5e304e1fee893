package checkout_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/store"
)

// call is an agent's request, with a claim when key is not empty.
func (w *world) call(key string) checkout.Call {
	w.t.Helper()
	c, existing := w.claim(key)
	if existing != nil {
		w.t.Fatalf("key %s is taken", key)
	}
	return c
}

// claim begins a request under key as the pipeline does; existing is who has the key.
func (w *world) claim(key string) (c checkout.Call, existing *store.Claim) {
	w.t.Helper()
	c = checkout.Call{Agent: "agent", Shop: "main", Subject: w.subject, Render: w.render}
	if key == "" {
		return c, nil
	}
	cl := store.Claim{
		Agent: "agent", Path: "/", Key: key, Fingerprint: sha256.Sum256([]byte(key)), Owner: w.owner(),
		Token: fmt.Sprintf("claim-%d", w.seq.Add(1)), At: w.clock.Now(),
	}
	found, taken, err := w.store.Claim(w.t.Context(), cl)
	if err != nil {
		w.t.Fatalf("claim %s: %v", key, err)
	}
	if !taken {
		return c, &found
	}
	c.Claim = &cl
	return c, nil
}

// render writes a session as JSON. The rehearsal's order has the number 0.
func (w *world) render(cs commerce.Session) (store.Answer, error) {
	if w.failAnswer.Load() && cs.Order != nil && cs.Order.Number != "0" {
		return store.Answer{}, errors.New("planted: the answer cannot be rendered")
	}
	b, err := json.Marshal(cs)
	return store.Answer{Status: 200, Body: b}, err
}

func session(t *testing.T, a store.Answer, err error) commerce.Session {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
	var cs commerce.Session
	if err := json.Unmarshal(a.Body, &cs); err != nil {
		t.Fatal(err)
	}
	return cs
}

// create opens a session that is ready to be paid.
func (w *world) create() commerce.Session {
	w.t.Helper()
	r := commerce.CreateRequest{
		Lines:  []commerce.CartLine{{ItemID: "tea", Quantity: 2}, {ItemID: "cup", Quantity: 1}},
		Buyer:  &commerce.Buyer{FirstName: "Ada", LastName: "Byron", Email: "ada@example.com"},
		ShipTo: &commerce.Contact{Name: "Ada Byron", Address: &commerce.Address{LineOne: "1 Main St", City: "Reno", State: "NV", PostalCode: "89501", Country: "US"}},
	}
	for _, wish := range w.wishes {
		wish(&r)
	}
	a, err := w.service.Create(w.t.Context(), w.call(""), r)
	cs := session(w.t, a, err)
	if cs.Status != commerce.Ready && cs.Status != commerce.AuthenticationRequired {
		w.t.Fatalf("session is %s: %v", cs.Status, cs.Messages)
	}
	return cs
}

func (w *world) token(change ...func(*stripetest.Grant)) string {
	w.t.Helper()
	if w.memory != nil {
		return fmt.Sprintf("spt_%d", w.seq.Add(1))
	}
	g := stripetest.Grant{Currency: "usd", MaxAmount: 100_000, ExpiresAt: w.clock.Now().Add(30 * 24 * time.Hour)}
	for _, c := range change {
		c(&g)
	}
	id, err := w.stripe.Mint(g)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) complete(key, id, token string) (store.Answer, error) {
	w.t.Helper()
	return w.completeWith(w.call(key), id, token)
}

func (w *world) completeWith(c checkout.Call, id, token string) (store.Answer, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), w.deadline)
	defer cancel()
	return w.completeUntil(ctx, c, id, token)
}

// leave is an agent that gives up waiting once the intent is durable.
func (w *world) leave(key, id, token string) {
	w.t.Helper()
	c, answered := w.call(key), make(chan error, 1)
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	go func() { _, err := w.completeUntil(ctx, c, id, token); answered <- err }()
	w.until("the intent is durable", func() bool { return w.row(id).Live })
	cancel()
	wantKind(w.t, <-answered, commerce.Unavailable)
}

func (w *world) completeUntil(ctx context.Context, c checkout.Call, id, token string) (store.Answer, error) {
	keys := w.store // of this process, whatever comes after it
	r := commerce.CompleteRequest{Payment: commerce.Payment{
		HandlerID: "card", InstrumentType: "card", CredentialType: "spt", Token: token,
	}}
	for _, add := range w.adds {
		add(&r)
	}
	a, err := w.service.Complete(ctx, c, id, r)
	if err != nil && c.Claim != nil { // as the pipeline does
		if err := keys.Release(w.t.Context(), *c.Claim); err != nil {
			w.t.Error(err)
		}
	}
	return a, err
}

// insist is an agent that sends complete again and again while the outcome is open. replayed says that the answer was stored before.
func (w *world) insist(key, id, token string) (a store.Answer, replayed bool, err error) {
	w.t.Helper()
	if !w.comes(func() bool {
		c, existing := w.claim(key)
		if existing != nil && existing.Answer != nil {
			a, replayed, err = *existing.Answer, true, nil
			return true
		}
		if existing != nil {
			return false
		}
		a, err = w.completeWith(c, id, token)
		return commerce.KindOf(err) != commerce.Unavailable
	}) {
		w.t.Fatalf("complete with key %s stays open: %v", key, err)
	}
	return a, replayed, err
}

// get reads a session as its agent.
func (w *world) get(id string) commerce.Session {
	w.t.Helper()
	a, err := w.service.Get(w.t.Context(), w.call(""), id)
	return session(w.t, a, err)
}

func (w *world) update(id string, r commerce.UpdateRequest) (store.Answer, error) {
	return w.service.Update(w.t.Context(), checkout.Call{Agent: "agent", Shop: "main", Render: w.render}, id, r)
}

func (w *world) cancel(id string) (store.Answer, error) {
	return w.service.Cancel(w.t.Context(), checkout.Call{Agent: "agent", Shop: "main", Render: w.render}, id, commerce.CancelRequest{})
}

// gate is a shop call that waits until the test opens it, deaf to its context as a shop is.
type gate struct {
	w       *world
	entered chan struct{}
	opened  chan struct{}
	open    func()
}

// gate makes one. It opens by itself when the test ends, because nothing can end before it.
func (w *world) gate() *gate {
	g := &gate{w: w, entered: make(chan struct{}), opened: make(chan struct{})}
	g.open = sync.OnceFunc(func() { close(g.opened) })
	w.t.Cleanup(g.open)
	return g
}

func (g *gate) pass() {
	close(g.entered)
	<-g.opened
}

// wait waits until somebody stands at the gate.
func (g *gate) wait() {
	g.w.t.Helper()
	g.w.until("the shop is called", func() bool {
		select {
		case <-g.entered:
			return true
		default:
			return false
		}
	})
}

func (g *gate) place(make func() commerce.Snapshot) (commerce.Snapshot, error) {
	g.pass()
	return make(), nil
}

// begin starts a complete that the test does not wait for.
func (w *world) begin(key, id, token string) <-chan result {
	w.t.Helper()
	c, answered := w.call(key), make(chan result, 1)
	go func() {
		a, err := w.completeWith(c, id, token)
		answered <- result{a, err}
	}()
	return answered
}

type result struct {
	answer store.Answer
	err    error
}

func (r result) session(t *testing.T) commerce.Session {
	t.Helper()
	return session(t, r.answer, r.err)
}

func (w *world) arm(f ...stripetest.Fault) {
	w.t.Helper()
	if err := w.stripe.Arm(f...); err != nil {
		w.t.Fatal(err)
	}
}
