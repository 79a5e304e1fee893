//go:build e2e

package medusa_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/medusa"
)

// TestWrongPublishableKey is a shop that lets nobody in: the agent is told to come back, and neither answer nor log holds the key.
func TestWrongPublishableKey(t *testing.T) {
	w := newSite(t)
	w.seeded.PublishableKey = "pk_" + strings.Repeat("0123456789abcdef", 4)
	w.boot()
	a := w.agents[newest]
	r := a.must(http.StatusServiceUnavailable, http.MethodPost, "/checkout_sessions", a.cart(medusa.ServedCountry, nil, medusa.TowelSKU, 1))
	if p := r.problem(t); p.Type != "service_unavailable" || r.header.Get("Retry-After") == "" {
		t.Errorf("answered %s, Retry-After %q", r.body, r.header.Get("Retry-After"))
	}
	if strings.Contains(string(r.body), w.seeded.PublishableKey) || strings.Contains(w.log.String(), w.seeded.PublishableKey) {
		t.Error("the key is told")
	}
}

// TestSecretKeyLostWhilePaying revokes the key with which orders are read, so that the shop makes the order and Postern cannot know.
// Nobody is told of success; once the key is mended, the same complete gives the one order with the one charge.
func TestSecretKeyLostWhilePaying(t *testing.T) {
	w := newSite(t)
	w.patience = 3 * time.Second
	good := w.seeded.SecretKey
	w.seeded.SecretKey = "sk_" + strings.Repeat("0123456789abcdef", 4)
	w.boot()
	a := w.agents[newest]
	s := a.create(a.cart(medusa.ServedCountry, []string{medusa.Code}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1))
	path, body := "/checkout_sessions/"+s.ID+"/complete", a.pay()
	for range 100 { // a slow shop may use the whole time up before anything is begun
		r := a.must(http.StatusServiceUnavailable, http.MethodPost, path, body)
		if r.header.Get("Retry-After") == "" {
			t.Errorf("answered %s without Retry-After", r.body)
		}
		if w.money(s.ID).Held("usd") > 0 && strings.Contains(w.log.String(), "credential") {
			break
		}
	}
	if l := w.money(s.ID); l.Captured("usd") != 0 || l.Held("usd") != 4923 {
		t.Errorf("while the order cannot be read: %+v", l.Intents)
	}
	if strings.Contains(w.log.String(), w.seeded.SecretKey) {
		t.Error("the key is in the log")
	}
	if !strings.Contains(w.log.String(), "credential") {
		t.Errorf("no line of the log says what an operator has to mend:\n%s", w.log)
	}
	w.halt()
	w.seeded.SecretKey = good
	w.boot()
	done := a.insist(path, "again", body)
	if done.Status != "completed" || done.Order == nil {
		t.Fatalf("with the right key: %+v", done)
	}
	order, intent := w.sold(s.ID)
	if intent.Captured != 4923 || len(w.money(s.ID).Intents) != 1 {
		t.Errorf("the intents are %+v", w.money(s.ID).Intents)
	}
	w.narrate("key lost while paying: mended, then one order %s, one charge %s of %s", order.ID, intent.ID, cents(intent.Captured))
}
