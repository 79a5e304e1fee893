package demo

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/conformance"
)

// harnessTime bounds the reading of a harness call.
const harnessTime = 15 * time.Second

// harness lets the conformance suite see and move what a test environment can: money, orders, events and time. The contract is
// [conformance.Harness]. It listens on loopback only and wants a key, because it hands out tokens.
type harness struct {
	world *world
	url   string
	key   string
	http  *http.Server
	done  chan error
}

// errUnheard is the answer to what does not exist.
var errUnheard = errors.New("there is no such thing")

func openHarness(ctx context.Context, w *world) (*harness, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the conformance suite: %w", err)
	}
	h := &harness{world: w, url: "http://" + ln.Addr().String(), key: rand.Text(), done: make(chan error, 1)}
	mux := http.NewServeMux()
	mux.Handle("GET /seller", h.serve(func(*http.Request) (any, error) { return h.seller() }))
	h.moneyRoutes(mux)
	h.shopRoutes(mux)
	h.worldRoutes(mux)
	h.http = &http.Server{
		Handler: h.guarded(mux), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: harnessTime,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	go func() { h.done <- h.http.Serve(ln) }()
	return h, nil
}

func (h *harness) close() error {
	err := h.http.Close()
	if served := <-h.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// guarded lets in who has the key.
func (h *harness) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(given), []byte(h.key)) != 1 {
			answer(w, http.StatusUnauthorized, map[string]any{"message": "the harness wants its key, as Authorization: Bearer"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve answers with what act returns, as JSON; a nil result is an empty object.
func (h *harness) serve(act func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := act(r)
		switch {
		case errors.Is(err, errUnheard), errors.Is(err, shop.ErrUnknown):
			answer(w, http.StatusNotFound, map[string]any{"message": err.Error()})
			return
		case err != nil:
			answer(w, http.StatusConflict, map[string]any{"message": err.Error()})
			return
		}
		text := []byte("{}")
		if out != nil {
			if text, err = json.Marshal(out); err != nil {
				answer(w, http.StatusInternalServerError, map[string]any{"message": err.Error()})
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text) // a suite that went away does not miss it
	})
}

// take reads the body of a call.
func take[T any](r *http.Request) (in T, err error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxEvent))
	if err == nil && len(text) > 0 {
		err = json.Unmarshal(text, &in, json.RejectUnknownMembers(true))
	}
	if err != nil {
		return in, fmt.Errorf("read the call: %w", err)
	}
	return in, nil
}

// seller is what the suite must know.
func (h *harness) seller() (conformance.Seller, error) {
	w := h.world
	p := buyer()
	home := conformance.Address{Name: p.First + " " + p.Last, LineOne: p.Street, City: p.City, State: p.State, Country: p.Country, PostalCode: p.Zip}
	away := conformance.Address{Name: p.First + " " + p.Last, LineOne: "20 W 34th St", City: "New York", State: "NY", Country: "US", PostalCode: "10001"}
	s := conformance.Seller{
		URL: w.origin(), Now: w.clock.Now(), Currency: currency,
		Items: map[string]string{
			conformance.ItemPlain: plainItem, conformance.ItemSecond: "FLT-0100", conformance.ItemSoldOut: "OUT-0001",
			conformance.ItemDigital: "EBK-POUR", conformance.ItemAutomatic: "MUG-2026", conformance.ItemApproval: "WIN-0750",
			conformance.ItemMarkup: "TEE-000M",
		},
		Codes:     map[string]string{conformance.CodePercent: discountCode, conformance.CodeAmount: "WELCOME5", conformance.CodeExpired: "SUMMER09"},
		Addresses: map[string]conformance.Address{"home": home, "away": away},
		Agents:    map[string]conformance.Agent{},
		Offers: []string{
			conformance.OfferTokens, conformance.OfferCharges, conformance.OfferOrders, conformance.OfferRecords, conformance.OfferConsents, conformance.OfferReceiver,
			conformance.OfferFaults, conformance.OfferMoves, conformance.OfferClock, conformance.OfferRestart, conformance.OfferLog,
		},
	}
	proof, err := w.issuer.prove(w.clock.Now())
	for _, c := range w.callerList() {
		if c.IdentityHeader != "" {
			c.Identity = proof
		}
		s.Agents[c.Role] = c.Agent
	}
	return s, err
}

// plainItem is what the suite mostly buys.
const plainItem = "CUP-0002"

// number reads a number from the query; an absent one is 0.
func number(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	return n, nil
}

// Harness is where the conformance suite sees and moves what happens in the demo, and the key that opens it.
func (d *Demo) Harness() (url, key string) { return d.world.harness.url, d.world.harness.key }

// URL is the gateway's origin.
func (d *Demo) URL() string { return d.world.origin() }
