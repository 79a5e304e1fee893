package faults_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// between stands before a server; meet may answer in its place by returning true.
func between(t *testing.T, target string, meet func(w http.ResponseWriter, r *http.Request, body []byte, on http.Handler) bool) string {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport:    &http.Transport{DisableKeepAlives: true},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !meet(w, r, body, proxy) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func answerJSON(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// TestA500WithACodeIsNoRefusal lets the shop place the order and then answer 500 with an error code of its own.
func TestA500WithACodeIsNoRefusal(t *testing.T) {
	t.Parallel()
	var struck atomic.Int64
	w := newWorld(t, lossy, func(w *world) {
		w.shopBefore = func(target string) string {
			return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, _ []byte, on http.Handler) bool {
				if r.Method != http.MethodPost || r.URL.Path != "/orders" || struck.Add(1) > 1 {
					return false
				}
				on.ServeHTTP(httptest.NewRecorder(), r) // the order is made
				answerJSON(rw, http.StatusInternalServerError, `{"status":"ERROR","code":"INTERNAL","message":"mail server away"}`)
				return true
			})
		}
	})
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	r := a.persist(completeOf(s.ID), "p", a.payment(w.token()))
	if len(w.orders(s.ID)) == 1 && w.charged(s.ID) == 0 {
		t.Errorf("the order stands, nothing was charged, and the agent was told %s", view(t, r).Status)
	}
	w.bought(r, s.total())
}

// TestA500WithACodeIsNoFaultOfTheAgent lets the shop be out of order, in its own words, while a cart is priced.
func TestA500WithACodeIsNoFaultOfTheAgent(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	w := newWorld(t, func(w *world) {
		w.shopBefore = func(target string) string {
			return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, _ []byte, _ http.Handler) bool {
				if !down.Load() || !strings.HasPrefix(r.URL.Path, "/cart") {
					return false
				}
				answerJSON(rw, http.StatusInternalServerError, `{"status":"ERROR","code":"INTERNAL","message":"database away"}`)
				return true
			})
		}
	})
	a := w.agent(newest)
	down.Store(true)
	r := a.send("POST", "/checkout_sessions", "c", a.cart(w.sku(0), 1))
	down.Store(false)
	again := a.send("POST", "/checkout_sessions", "c", a.cart(w.sku(0), 1))
	if r.status != 503 || again.status != 201 {
		t.Errorf("a shop that is down is told as %s, and the same request is answered %s when it is up", r, again)
	}
}

// TestARefusedRepeatSaysNothingOfTheFirstCall loses the answer of the first call for a hold, which was made, and lets the second be refused
// before Stripe looks at the key. The session must not open above a hold (S2).
func TestARefusedRepeatSaysNothingOfTheFirstCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first stripetest.Kind
		held  bool
	}{"the first call held": {stripetest.CutReply, true}, "it never came": {stripetest.CutRequest, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var creates atomic.Int64
			w := newWorld(t, func(w *world) {
				w.stripeBefore = func(target string) string {
					return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, _ []byte, _ http.Handler) bool {
						if r.Method != http.MethodPost || r.URL.Path != "/v1/payment_intents" || creates.Add(1) == 1 || c.held && creates.Load() > 2 {
							return false
						}
						answerJSON(rw, http.StatusBadRequest, `{"error":{"type":"invalid_request_error","code":"parameter_unknown","message":"no"}}`)
						return true
					})
				}
			})
			a := w.agent(newest)
			s := a.ready("c", w.sku(0), 1)
			w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: c.first, Times: 1})
			r := a.persist(completeOf(s.ID), "p", a.payment(w.token()))
			if !c.held {
				w.open(r, "ready_for_payment").wants(t, "payment_declined", a.credential())
				return
			}
			w.bought(r, s.total())
			if n := len(w.intents(s.ID)); n != 1 {
				t.Errorf("%d intents", n)
			}
		})
	}
}

// TestOneRefusalAfterOutagesIsNotForGood lets Stripe fail in silence a few times and then refuse the capture once.
func TestOneRefusalAfterOutagesIsNotForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable, Times: 3},
		stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Refuse, Status: 400, Times: 1})
	w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
}

// TestACanceledOrderIsNotPaid lets the shop cancel the order while the capture is held up: the money is let go, also where the shop would
// take the note of a payment without a word.
func TestACanceledOrderIsNotPaid(t *testing.T) {
	t.Parallel()
	for name, silent := range map[string]bool{"the shop would refuse the note": false, "the shop would take the note": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var canceled atomic.Value
			w := newWorld(t, impatient, func(w *world) {
				w.shopBefore = func(target string) string {
					return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, _ []byte, _ http.Handler) bool {
						number, _ := canceled.Load().(string)
						if !silent || number == "" || r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, number+"/payment") {
							return false
						}
						answerJSON(rw, http.StatusOK, `{"status":"OK"}`)
						return true
					})
				}
			})
			a := w.agent(newest)
			s := a.ready("c", w.sku(0), 1)
			body := a.payment(w.token())
			w.arm(stripetest.Fault{Op: stripetest.OpCapture, Kind: stripetest.Unavailable})
			a.openOutcome(s.ID, "p", body)
			w.until("the order is placed and its capture tried", func() bool {
				return len(w.orders(s.ID)) == 1 && w.stripe.Arrivals(stripetest.OpCapture) > 0
			})
			number := w.orders(s.ID)[0].Number
			canceled.Store(number)
			if err := w.shop.CancelOrder(number); err != nil {
				t.Fatal(err)
			}
			// One capture may be on its way, whose order was read before.
			tried := w.stripe.Arrivals(stripetest.OpCapture)
			w.until("the order was read again, or its capture tried without", func() bool {
				return w.stripe.Arrivals(stripetest.OpCapture) > tried+1 || a.get(s.ID).Status != "complete_in_progress"
			})
			w.stripe.Disarm()
			r := a.persist(completeOf(s.ID), "p", body)
			if w.charged(s.ID) > 0 && len(w.orders(s.ID)) == 0 {
				t.Fatalf("money was taken for an order that the shop had canceled; the agent was told %s", r)
			}
		})
	}
}

// TestARefusalThatNamesNoLineBlamesNone lets the shop say that something is sold out, and not what.
func TestARefusalThatNamesNoLineBlamesNone(t *testing.T) {
	t.Parallel()
	var places atomic.Int64
	w := newWorld(t, func(w *world) {
		w.shopBefore = func(target string) string {
			return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, _ []byte, _ http.Handler) bool {
				if r.Method != http.MethodPost || r.URL.Path != "/orders" || places.Add(1) > 1 {
					return false
				}
				answerJSON(rw, http.StatusConflict, `{"status":"ERROR","code":"STOCK","message":"sold out"}`)
				return true
			})
		}
	})
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1, w.sku(1), 1)
	r := a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token()))
	w.open(r, "not_ready_for_payment").wants(t, "out_of_stock", "$.line_items")
}

// TestAnOrderThatAppearsAfterItsAttemptWasUndone holds a call to place up until its attempt was undone: the order is found and canceled,
// because nobody pays for it.
func TestAnOrderThatAppearsAfterItsAttemptWasUndone(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var places int
	var late func()
	var appeared atomic.Bool
	w := newWorld(t, lossy, func(w *world) {
		w.shopBefore = func(target string) string {
			return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, body []byte, on http.Handler) bool {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case r.URL.Path != "/orders":
					return false
				case r.Method == http.MethodGet && places > 1 && !appeared.Load(): // no search is the last one before it appears
					answerJSON(rw, http.StatusServiceUnavailable, `{}`)
					return true
				case r.Method != http.MethodPost:
					return false
				}
				switch places++; places {
				case 1: // it is held up on its way
					held := r.Clone(context.WithoutCancel(w.t.Context()))
					late = func() {
						held.Body = io.NopCloser(bytes.NewReader(body))
						on.ServeHTTP(httptest.NewRecorder(), held)
					}
					answerJSON(rw, http.StatusBadGateway, `<html>`)
				case 2:
					answerJSON(rw, http.StatusConflict, `{"status":"ERROR","code":"PRICE","message":"the price has changed"}`)
				default:
					return false
				}
				return true
			})
		}
	})
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	r := a.persist(completeOf(s.ID), "p", a.payment(w.token()))
	if got := view(t, r).Status; got != "ready_for_payment" || places != 2 {
		t.Fatalf("the attempt was not undone: %s after %d places", r, places)
	}
	late()
	if len(w.orders(s.ID)) != 1 {
		t.Fatalf("the late order did not appear: %+v", w.shop.Orders())
	}
	appeared.Store(true)
	w.until("it is canceled", func() bool { return len(w.orders(s.ID)) == 0 })
	w.open(r, "ready_for_payment")
	if !strings.Contains(w.logs.String(), "order_of_an_undone_attempt") {
		t.Error("nobody was told")
	}
}

// TestAnOrderIsLookedAtOnceMoreAfterItsCompletion hides the shop's feed. What it would have told of the order before the order was ours is
// lost with the process that heard it, so that the order itself is read, and the agent hears of what it became.
func TestAnOrderIsLookedAtOnceMoreAfterItsCompletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.shopBefore = func(target string) string {
			return between(w.t, target, func(rw http.ResponseWriter, r *http.Request, _ []byte, _ http.Handler) bool {
				if r.Method != http.MethodGet || r.URL.Path != "/orders" || !r.URL.Query().Has("updated_since") {
					return false
				}
				answerJSON(rw, http.StatusOK, `{"status":"OK","orders":[],"page":1,"pages":1}`)
				return true
			})
		}
	})
	a := w.agent(newest)
	s := a.ready("c", w.sku(0), 1)
	w.bought(a.must(200, "POST", completeOf(s.ID), "p", a.payment(w.token())), s.total())
	if err := w.shop.Ship(w.orders(s.ID)[0].Number, "UPS", "1Z999"); err != nil {
		t.Fatal(err)
	}
	w.until("the shipment is told", func() bool {
		w.poll()
		events := w.receiver.events(s.ID)
		return len(events) > 1 && bytes.Contains(events[len(events)-1].body, []byte("1Z999"))
	})
}
