package stripetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
)

// Keys, profiles and ids of the two accounts that every server starts with.
const (
	SellerKey     = "sk_test_posternseller"
	SellerProfile = "profile_test_postern_seller"
	AgentKey      = "sk_test_posternagent"
	AgentProfile  = "profile_test_postern_agent"
	SellerAccount = "acct_seller"
	AgentAccount  = "acct_agent"
)

// Options say how a server behaves. The zero value is usable.
type Options struct {
	// Addr is where to listen; empty is a free port of 127.0.0.1. An address off loopback is refused.
	Addr string
	// Clock dates everything and lets holds, tokens and keys run out; nil is the machine's.
	Clock clock.Clock
	// Shape fixes how a PaymentIntent names a token; the zero value lets each request's Stripe-Version decide.
	Shape Shape
	// Rules settle what Stripe's documents leave open.
	Rules Rules
	// Webhook receives the seller's events; an empty URL receives none.
	Webhook Webhook
}

// Rules are the switches for what is not documented. The zero value is the reading that Postern expects.
type Rules struct {
	// SingleUse ends a token with the first accepted charge, even a hold.
	SingleUse bool
	// DeclineConsumes ends a token with the first declined charge.
	DeclineConsumes bool
	// HoldKeepsAmount leaves a cancelled hold counted against the token's limit.
	HoldKeepsAmount bool
}

// Server is a running Stripe. Its methods are safe for concurrent use.
type Server struct {
	clock clock.Clock
	shape Shape
	rules Rules
	cards map[string]card
	addr  string

	life   context.Context // ends with Close; a client that went away does not stop what it began
	cancel context.CancelFunc
	http   *http.Server
	work   sync.WaitGroup
	post   *poster

	mu       sync.Mutex
	listener net.Listener
	accounts []*account
	faults   []*armed
	requests []*Request
	arrivals map[Op]int
	due      time.Time // the next moment at which something runs out; zero: nothing does
}

// account is one Stripe account: its keys and everything that it owns.
type account struct {
	id        string
	name      string
	profile   string
	keys      []string
	intents   shelf[*intent]
	refunds   shelf[*refund]
	grants    shelf[*token] // tokens that it may charge
	issues    shelf[*token] // tokens that it gave out
	customers shelf[*customer]
	methods   shelf[*method] // that are or were attached to a customer
	events    []*eventBody
	moves     int // how often an intent began or ceased to hold or have money
	stored    map[string]*stored
}

func newAccount(name, key, profile string) *account {
	id := "acct_" + strings.ReplaceAll(name, "_", "")
	return &account{id: id, name: name, profile: profile, keys: []string{key}, stored: map[string]*stored{}}
}

// shelf keeps objects in the order of their making and finds them by id. The zero value is empty.
type shelf[T any] struct {
	list []T
	byID map[string]T
}

func (s *shelf[T]) add(id string, object T) {
	if s.byID == nil {
		s.byID = map[string]T{}
	}
	s.byID[id] = object
	s.list = append(s.list, object)
}

// Start listens and serves until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if err := checkLoopback(o.Addr); err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the stripe of tests on %s: %w", o.Addr, err)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{
		clock: o.Clock, shape: o.Shape, rules: o.Rules, cards: testCards(), addr: listener.Addr().String(),
		life: life, cancel: cancel, listener: listener,
		accounts: []*account{newAccount("seller", SellerKey, SellerProfile), newAccount("agent", AgentKey, AgentProfile)},
		arrivals: map[Op]int{},
	}
	s.post = newPoster(o.Webhook, o.Clock)
	s.http = &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // what it would tell are the faults that were ordered
		BaseContext:       func(net.Listener) context.Context { return life },
	}
	s.work.Go(func() { s.post.run(life) })
	s.listen(listener)
	stop := context.AfterFunc(ctx, s.cancel)
	context.AfterFunc(life, func() {
		stop()
		// The only error is that of a listener that is already closed.
		_ = s.http.Close()
	})
	return s, nil
}

// TB is the part of testing.TB that [New] needs, so that programs may use this package without linking package testing.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
	Context() context.Context
}

// New starts a server for one test and closes it at the test's end.
func New(t TB, o Options) *Server {
	t.Helper()
	s, err := Start(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatalf("start the stripe of tests: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// checkLoopback refuses to offer free money to a network.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("read the address %q of the stripe of tests: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the stripe of tests listens on loopback only, not on %q", addr)
	}
	return nil
}

func (s *Server) listen(l net.Listener) {
	s.work.Go(func() {
		// Serve always ends with an error: that of the closed listener or of the closed server.
		_ = s.http.Serve(l)
	})
}

// URL is the base address, without a trailing slash.
func (s *Server) URL() string { return "http://" + s.addr }

// Close stops serving and waits for what runs.
func (s *Server) Close() {
	s.cancel()
	_ = s.http.Close() // The listener may be closed already by Suspend.
	s.work.Wait()
}

// Suspend refuses connections until [Server.Resume], as a dead host does. Idle connections are closed; what runs may end.
func (s *Server) Suspend() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return errors.New("suspend the stripe of tests: it is suspended already")
	}
	s.http.SetKeepAlivesEnabled(false)
	err := s.listener.Close()
	s.listener = nil
	return err
}

// Resume listens again on the same address.
func (s *Server) Resume() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		return errors.New("resume the stripe of tests: it is not suspended")
	}
	l, err := (&net.ListenConfig{}).Listen(s.life, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("listen again for the stripe of tests on %s: %w", s.addr, err)
	}
	s.http.SetKeepAlivesEnabled(true)
	s.listener = l
	s.listen(l)
	return nil
}

// AddSeller opens another seller's account with the given test key and profile, for tests of several shops or of a changed key.
func (s *Server) AddSeller(key, profile string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = append(s.accounts, newAccount(profile, key, profile))
}

// AddSellerKey gives the first seller another key, as a rotation does: same account, same idempotency keys.
func (s *Server) AddSellerKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[0].keys = append(s.accounts[0].keys, key)
}

// SetRules changes the switches from now on.
func (s *Server) SetRules(r Rules) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = r
}

// byKey finds the account behind a secret key. The caller holds the lock.
func (s *Server) byKey(key string) *account {
	for _, a := range s.accounts {
		if slices.Contains(a.keys, key) {
			return a
		}
	}
	return nil
}

// byProfile finds the account behind a network business profile. The caller holds the lock.
func (s *Server) byProfile(profile string) *account {
	for _, a := range s.accounts {
		if profile != "" && a.profile == profile {
			return a
		}
	}
	return nil
}

// newID makes an id that no other server has made, because the gateway's database may outlive this server.
func (s *Server) newID(prefix string) string { return prefix + rand.Text()[:24] }
