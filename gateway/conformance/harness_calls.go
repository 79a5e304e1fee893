package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// openHarness asks a harness what it is. An empty address is no harness: a nil one, which offers nothing.
func openHarness(ctx context.Context, w *wire, address, key string, now time.Time) (*Harness, error) {
	h := &Harness{url: strings.TrimSuffix(address, "/"), key: key, wire: w}
	if err := h.call(ctx, http.MethodGet, "/seller", nil, &h.seller); err != nil {
		return nil, err
	}
	h.learn(now)
	return h, nil
}

func (h *Harness) learn(now time.Time) {
	h.offers = map[string]bool{}
	for _, o := range h.seller.Offers {
		h.offers[o] = true
	}
	h.clockSkew = h.seller.Now.Sub(now)
}

// call is one round trip.
func (h *Harness) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("ask the harness %s: %w", path, err)
		}
	}
	header := http.Header{"Authorization": {"Bearer " + h.key}, "Content-Type": {"application/json"}}
	status, _, text, err := h.wire.roundTrip(ctx, method, h.url+path, header, body)
	if err != nil {
		return fmt.Errorf("ask the harness %s: %w", path, err)
	}
	if status < 200 || status > 299 {
		return fmt.Errorf("ask the harness %s: it answers %d: %s", path, status, excerpt(string(text), 300))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("ask the harness %s: its answer cannot be read: %w", path, err)
	}
	return nil
}

// need skips the statement unless the harness offers all that it needs.
func (t *trial) need(offers ...string) {
	for _, o := range offers {
		switch {
		case t.harness == nil:
			t.skipf("the target has no harness, so that %s cannot be seen", o)
		case !t.harness.offers[o]:
			t.skipf("the target's harness does not offer %s", o)
		}
	}
}

// ask calls the harness, whose refusal fails the statement.
func (t *trial) ask(method, path string, in, out any) {
	if err := t.harness.call(t.ctx, method, path, in, out); err != nil {
		t.failf("%v", err)
	}
}

// mint issues a payment token that is good for the amount.
func (t *trial) mint(m Mint) string {
	t.need(OfferTokens)
	if m.Currency == "" {
		m.Currency = t.seller.Currency
	}
	var out struct {
		Token string `json:"token"`
	}
	t.ask(http.MethodPost, "/payment_tokens", m, &out)
	t.secret(out.Token)
	return out.Token
}

// consumed reports whether a payment token was used up.
func (t *trial) consumed(token string) bool {
	var out struct {
		Consumed bool `json:"consumed"`
	}
	t.ask(http.MethodGet, "/payment_tokens/"+url.PathEscape(token), nil, &out)
	return out.Consumed
}

// charges are the payments that were tried for a session.
func (t *trial) charges(id string) []Charge {
	t.need(OfferCharges)
	var out struct {
		Charges []Charge `json:"charges"`
	}
	t.ask(http.MethodGet, "/sessions/"+url.PathEscape(id)+"/charges", nil, &out)
	return out.Charges
}

// placed are the orders of a session.
func (t *trial) placed(id string) []Placed {
	t.need(OfferOrders)
	var out struct {
		Orders []Placed `json:"orders"`
	}
	t.ask(http.MethodGet, "/sessions/"+url.PathEscape(id)+"/orders", nil, &out)
	return out.Orders
}

// records are what was kept with a session.
func (t *trial) records(id string) Records {
	t.need(OfferRecords)
	var out Records
	t.ask(http.MethodGet, "/sessions/"+url.PathEscape(id)+"/records", nil, &out)
	return out
}

// fault makes the shop misbehave until the statement ends.
func (t *trial) fault(f Fault) {
	t.need(OfferFaults)
	t.ask(http.MethodPost, "/faults", f, nil)
}

// move lets the shop's staff act on the order of a session.
func (t *trial) move(id, what string, m Move) {
	t.need(OfferMoves)
	t.ask(http.MethodPost, "/orders/"+url.PathEscape(id)+"/"+what, m, nil)
}

// advance moves the seller's time on.
func (t *trial) advance(d time.Duration) {
	t.need(OfferClock)
	var out struct {
		Now time.Time `json:"now"`
	}
	t.ask(http.MethodPost, "/clock", map[string]int64{"advance_seconds": int64(d / time.Second)}, &out)
	t.harness.clockSkew = out.Now.Sub(t.clock.Now())
}

// now is the seller's time.
func (t *trial) now() time.Time {
	if t.harness == nil {
		return t.clock.Now()
	}
	return t.clock.Now().Add(t.harness.clockSkew)
}

// restart ends the seller and starts it again.
func (t *trial) restart(rotate bool) {
	t.need(OfferRestart)
	t.wire.transport.CloseIdleConnections() // connections that nobody uses would only be waited for
	t.wire.mcp.forget()
	var s Seller
	t.ask(http.MethodPost, "/restart", map[string]bool{"rotate_secrets": rotate}, &s)
	t.harness.seller = s
	t.harness.learn(t.clock.Now())
	t.adopt(s)
}

// refresh asks the harness again what the suite must know: proofs of buyers are good for a short time.
func (t *trial) refresh() {
	if t.harness == nil {
		return
	}
	var s Seller
	t.ask(http.MethodGet, "/seller", nil, &s)
	t.harness.seller = s
	t.harness.learn(t.clock.Now())
	t.adopt(s)
}

// logged are the lines that the seller has logged from a place on, and the place after them.
func (t *trial) logged(from int64) (lines []string, next int64) {
	t.need(OfferLog)
	var out struct {
		Lines []string `json:"lines"`
		Next  int64    `json:"next"`
	}
	t.ask(http.MethodGet, fmt.Sprintf("/log?from=%d", from), nil, &out)
	return out.Lines, out.Next
}

// nothingMoved fails when money is held or taken for the session, or when an order lives.
func (t *trial) nothingMoved(id string) {
	if t.harness == nil {
		t.notef("without a harness only the answers were looked at, not the money")
		return
	}
	for _, c := range t.charges(id) {
		t.check(c.Held == 0 && c.Captured-c.Refunded == 0, "payment %s holds %d and took %d, want nothing", c.ID, c.Held, c.Captured)
	}
	for _, o := range t.placed(id) {
		t.check(o.Canceled, "the shop has the order %s, want none", o.ID)
	}
}

// oneCharge fails unless exactly one payment took exactly amount, nothing is held, and exactly one order lives.
func (t *trial) oneCharge(id string, amount int64) {
	if t.harness == nil {
		t.notef("without a harness only the answers were looked at, not the money")
		return
	}
	taken := 0
	for _, c := range t.charges(id) {
		t.check(c.Held == 0, "payment %s still holds %d", c.ID, c.Held)
		if c.Captured > 0 {
			taken++
			t.check(c.Captured == amount, "payment %s took %d, want %d", c.ID, c.Captured, amount)
		}
	}
	t.check(taken == 1, "%d payments took money, want 1", taken)
	live := 0
	for _, o := range t.placed(id) {
		if !o.Canceled {
			live++
		}
	}
	t.check(live == 1, "the shop has %d live orders, want 1", live)
}
