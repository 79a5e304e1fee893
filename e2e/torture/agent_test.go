//go:build e2e

package torture_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/e2e/acpagent"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// skus are what is bought. The torture gives them stock without end.
var skus = firstSKUs()

func firstSKUs() []string {
	var out []string
	for _, i := range shop.Catalogue()[:2] {
		out = append(out, i.SKU)
	}
	return out
}

// purchase is what an agent knows of one sale.
type purchase struct {
	session, order string
	total          int64
	err            error
}

// buyer is an agent that never gives up: it repeats what was not answered with a 2xx, with the same key or with another.
type buyer struct {
	t      *testing.T
	base   string
	token  string
	stripe *stripetest.Server
	random *rand.Rand
	http   *http.Client
}

// buyAll buys everything with some agents at once; done is told how many sales have ended.
func buyAll(ctx context.Context, t *testing.T, base, token string, stripe *stripetest.Server, seed uint64, done func(int)) []purchase {
	t.Helper()
	results := make([]purchase, purchases)
	next, ended := make(chan int), 0
	var mu sync.Mutex
	var wg sync.WaitGroup
	for a := range agents {
		wg.Go(func() {
			b := &buyer{
				t: t, base: base, token: token, stripe: stripe, random: rand.New(rand.NewPCG(seed, uint64(a))),
				http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second},
			}
			for i := range next {
				sale, cancel := context.WithTimeout(ctx, patience)
				results[i] = b.buy(sale, i)
				cancel()
				mu.Lock()
				ended++
				done(ended)
				mu.Unlock()
			}
		})
	}
	for i := range purchases {
		next <- i
	}
	close(next)
	wg.Wait()
	return results
}

type session struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Totals []struct {
		Type   string `json:"type"`
		Amount int64  `json:"amount"`
	} `json:"totals"`
	Messages []struct {
		Type, Code, Content string
	} `json:"messages"`
	Order *struct {
		ID string `json:"id"`
	} `json:"order"`
}

func (s session) total() int64 {
	for _, t := range s.Totals {
		if t.Type == "total" {
			return t.Amount
		}
	}
	return 0
}

// buy makes one sale. A session that comes back open (a price that moved, a token that died) is completed again with a new token.
func (b *buyer) buy(ctx context.Context, n int) (p purchase) {
	var s session
	if p.err = b.until(ctx, "create", "/checkout_sessions", fmt.Sprintf("create-%d", n), func() any {
		return map[string]any{
			"line_items":   []any{map[string]any{"id": skus[n%len(skus)], "quantity": 1 + n%3}},
			"currency":     "usd",
			"capabilities": map[string]any{"interventions": map[string]any{"supported": []any{}}},
			"buyer":        map[string]any{"email": fmt.Sprintf("buyer%d@example.com", n), "first_name": "Bo", "last_name": "Peep"},
			"fulfillment_details": map[string]any{"name": "Bo Peep", "address": map[string]any{
				"name": "Bo Peep", "line_one": "1 Main St", "city": "San Jose", "state": "CA", "country": "US", "postal_code": "95110",
			}},
		}
	}, &s); p.err != nil {
		return p
	}
	p.session = s.ID
	for try := 0; ; try++ {
		spt, err := b.stripe.Mint(stripetest.Grant{Currency: "usd", MaxAmount: s.total() + 100_000, ExpiresAt: time.Now().Add(time.Hour)})
		if err != nil {
			p.err = err
			return p
		}
		p.err = b.until(ctx, "complete", "/checkout_sessions/"+s.ID+"/complete", fmt.Sprintf("complete-%d-%d", n, try), func() any {
			return acpagent.Payment(acpagent.Newest, spt)
		}, &s)
		if p.err != nil {
			return p
		}
		if s.Status == "completed" && s.Order != nil {
			p.order, p.total = s.Order.ID, s.total()
			return p
		}
		if ctx.Err() != nil {
			p.err = fmt.Errorf("session %s is %s after %d tries: %v", s.ID, s.Status, try, s.Messages)
			return p
		}
	}
}

// until posts until a 2xx comes. Now and then it forgets its key, as an agent that was restarted would. A 409 to another key of a
// completed session is answered by reading the session.
func (b *buyer) until(ctx context.Context, what, path, key string, body func() any, into *session) error {
	payload, err := json.Marshal(body())
	if err != nil {
		return err
	}
	var last string
	for try := 0; ctx.Err() == nil; try++ {
		if b.random.IntN(4) == 0 {
			key = fmt.Sprintf("%s-%d", key, try)
		}
		status, answer, err := b.do(ctx, http.MethodPost, path, key, payload)
		switch {
		case err != nil:
			last = err.Error()
		case status/100 == 2:
			return json.Unmarshal(answer, into)
		case status == http.StatusConflict && what == "complete":
			last = string(answer)
			if status, answer, err := b.do(ctx, http.MethodGet, path[:len(path)-len("/complete")], "", nil); err == nil && status == http.StatusOK {
				var s session
				if json.Unmarshal(answer, &s) == nil && s.Status == "completed" {
					*into = s
					return nil
				}
			}
		case status/100 == 5, status == http.StatusTooManyRequests, status == http.StatusConflict:
			last = string(answer)
		default:
			return fmt.Errorf("%s: %d %s", what, status, answer)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(50+b.random.IntN(200)) * time.Millisecond):
		}
	}
	return fmt.Errorf("%s %s was never answered with a 2xx; last: %s", what, path, last)
}

func (b *buyer) do(ctx context.Context, method, path, key string, payload []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.base+path, bytes.NewReader(payload))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	req.Header.Set("API-Version", acpagent.Newest)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := b.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// result is what shop and Stripe hold in the end.
type result struct {
	charges, orders, duplicates, lost, stuck int
	detail                                   []string
}

// rest waits until nothing moves any more and counts: a duplicate is a second live order or a second charge of a session, a loss is a
// charge without its order, an order without its charge, or an order that an agent was promised and nobody has, and stuck is a hold
// that nobody captures or lets go, or a sale without an answer.
func rest(t *testing.T, front *shop.Shop, stripe *stripetest.Server, bought []purchase) result {
	t.Helper()
	var r result
	for end := time.Now().Add(quiet); ; time.Sleep(250 * time.Millisecond) {
		r = count(front, stripe, bought)
		if (r.duplicates == 0 && r.lost == 0 && r.stuck == 0) || time.Now().After(end) {
			return r
		}
	}
}

func count(front *shop.Shop, stripe *stripetest.Server, bought []purchase) result {
	var r result
	note := func(n *int, format string, args ...any) {
		*n++
		r.detail = append(r.detail, fmt.Sprintf(format, args...))
	}
	orders := map[string][]shop.Order{} // by session: the key starts with it
	for _, o := range front.Orders() {
		if o.State != "canceled" {
			r.orders++
			orders[sessionOf(o.ExternalRef)] = append(orders[sessionOf(o.ExternalRef)], o)
		}
	}
	ledger := stripe.Ledger()
	if err := ledger.Check(stripepay.MetadataSession); err != nil { // two holds at once too, that were let go since
		note(&r.duplicates, "%v", err)
	}
	intents := ledger.By(stripepay.MetadataSession)
	for id, list := range intents {
		var kept []stripetest.Intent
		for _, i := range list {
			if i.Held > 0 {
				note(&r.stuck, "intent %s of %s still holds %d", i.ID, id, i.Held)
			}
			if i.Captured > i.Refunded {
				kept = append(kept, i)
				r.charges++
			}
		}
		switch {
		case len(kept) > 1:
			note(&r.duplicates, "session %s was charged %d times", id, len(kept))
		case len(kept) == 1 && len(orders[id]) == 0:
			note(&r.lost, "session %s was charged and has no order", id)
		}
	}
	for id, list := range orders {
		if len(list) > 1 {
			note(&r.duplicates, "session %s has %d orders", id, len(list))
		}
		if !slices.ContainsFunc(intents[id], func(i stripetest.Intent) bool { return i.Captured > i.Refunded }) {
			note(&r.lost, "order %s of session %s was never charged", list[0].Number, id)
		}
	}
	for _, p := range bought {
		switch {
		case p.err != nil:
			note(&r.stuck, "%v", p.err)
		case !slices.ContainsFunc(orders[p.session], func(o shop.Order) bool { return o.Number == p.order }):
			note(&r.lost, "session %s was promised order %s", p.session, p.order)
		}
	}
	return r
}

// sessionOf takes the session out of an order's key, acp:<session>:order:<attempt>.
func sessionOf(key string) string {
	parts := bytes.Split([]byte(key), []byte(":"))
	if len(parts) < 2 {
		return key
	}
	return string(parts[1])
}
