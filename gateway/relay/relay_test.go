package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

func TestDeliverSignsAndTells(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	rcv := &receiver{}
	srv := httptest.NewServer(rcv)
	t.Cleanup(srv.Close)
	spans := tracetest.NewInMemoryExporter()
	tracer := trace.NewTracerProvider(trace.WithSyncer(spans)).Tracer("test")

	e := event("s1", testAgent, 1, commerce.OrderCreate, clock.System().Now())
	e.Trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	commit(t, st, store.Batch{Events: []store.Delivery{e}})
	var lines logLines
	startRelay(t, Options{Store: st, Subscriptions: []Subscription{subscription(srv.URL + "/hook?token=in-the-url")}, Tracer: tracer, Log: lines.logger()})
	eventually(t, "delivered", func() bool { return delivery(t, st, "s1").State == store.DeliveryDelivered })

	gots := rcv.all()
	if len(gots) != 1 {
		t.Fatalf("%d requests, want 1", len(gots))
	}
	g := gots[0]
	if err := verify(testSecret, g, clock.System().Now()); err != nil {
		t.Error(err)
	}
	if err := verify("another secret", g, clock.System().Now()); err == nil {
		t.Error("signature holds under another secret")
	}
	if string(g.body) != string(e.Body) {
		t.Errorf("body %s, want the frozen %s", g.body, e.Body)
	}
	for k, want := range map[string]string{"Request-Id": e.ID, "Webhook-Id": e.ID, "Content-Type": "application/json"} {
		if g.header.Get(k) != want {
			t.Errorf("%s: %q, want %q", k, g.header.Get(k), want)
		}
	}
	if at, err := time.Parse(time.RFC3339, g.header.Get("Timestamp")); err != nil || clock.System().Now().Sub(at).Abs() > time.Minute {
		t.Errorf("timestamp %q: %v", g.header.Get("Timestamp"), err)
	}
	if g.header.Get("Traceparent") != "" || g.header.Get("Baggage") != "" {
		t.Error("trace context was propagated to the agent")
	}
	eventually(t, "span", func() bool { return len(spans.GetSpans()) == 1 })
	s := spans.GetSpans()[0]
	if s.Parent.IsValid() || len(s.Links) != 1 || s.Links[0].SpanContext.TraceID().String() != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("span is not a root linked to its cause: parent %v, links %v", s.Parent, s.Links)
	}
	if s.SpanContext.TraceID() == s.Links[0].SpanContext.TraceID() {
		t.Error("the delivery is in the trace of its cause")
	}
	for _, secret := range []string{testSecret, "in-the-url"} {
		if strings.Contains(lines.String(), secret) {
			t.Errorf("log shows %s: %s", secret, lines.String())
		}
	}
}

// TestScheduleOfThreeDays counts and times the attempts towards a receiver that is down.
func TestScheduleOfThreeDays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := openStore(t)
		rcv := &receiver{status: func(int, []byte) (int, http.Header) { return http.StatusServiceUnavailable, nil }}
		start := clock.System().Now()
		lane(t, st, "s1", testAgent, start, commerce.OrderCreate)
		r, err := New(Options{
			Store: st, Clock: clock.System(), Owner: "a", PollEvery: time.Second,
			Subscriptions: []Subscription{subscription("https://agent.example")}, Transport: rcv,
		})
		if err != nil {
			t.Fatal(err)
		}
		r.every = 1000 * time.Hour // the test wakes it at each due time: a look each second would be most of the test
		r.Start(t.Context())
		synctest.Wait()
		for d := delivery(t, st, "s1"); d.State == store.DeliveryPending; d = delivery(t, st, "s1") {
			n := rcv.count()
			_ = clock.System().Sleep(t.Context(), d.DueAt.Sub(clock.System().Now())-time.Millisecond)
			r.Wake()
			synctest.Wait()
			if rcv.count() != n {
				t.Fatalf("attempt %d before it was due", n+1)
			}
			_ = clock.System().Sleep(t.Context(), 2*time.Millisecond)
			r.Wake()
			synctest.Wait()
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		gots := rcv.all()
		if len(gots) != len(schedule)+1 {
			t.Fatalf("%d attempts, want %d", len(gots), len(schedule)+1)
		}
		if d := gots[0].at.Sub(start); d > time.Second {
			t.Errorf("first attempt after %s, want at once", d)
		}
		seen := map[string]bool{}
		for n, g := range gots {
			if err := verify(testSecret, g, g.at); err != nil {
				t.Errorf("attempt %d: %v", n+1, err)
			}
			if g.header.Get("Webhook-Id") != "evt_s1_1" {
				t.Errorf("attempt %d has the id %s", n+1, g.header.Get("Webhook-Id"))
			}
			seen[g.header.Get("Timestamp")] = true
			if n == 0 {
				continue
			}
			gap, want := g.at.Sub(gots[n-1].at), schedule[n-1]
			if gap < want*8/10 || gap > want*12/10+time.Second {
				t.Errorf("attempt %d after %s, want %s ± 20 %%", n+1, gap, want)
			}
		}
		if len(seen) != len(gots) {
			t.Error("two attempts carry the same timestamp")
		}
		if d := delivery(t, st, "s1"); d.State != store.DeliveryDead || d.LastResult != "503" || d.Attempts != 12 {
			t.Errorf("after the last attempt: %s %s %d", d.State, d.LastResult, d.Attempts)
		}
	})
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	now := clock.System().Now()
	r := &Relay{clock: clock.NewManual(now), random: func() float64 { return 0.5 }}
	for _, c := range []struct {
		name     string
		attempts int // before this one
		res      result
		state    store.DeliveryState
		wait     time.Duration
	}{
		{"2xx is the end", 0, result{status: 204, delivered: true}, store.DeliveryDelivered, 0},
		{"3xx is a failure", 0, result{status: 302}, store.DeliveryPending, 5 * time.Second},
		{"401 is a failure", 1, result{status: 401}, store.DeliveryPending, 30 * time.Second},
		{"404 is a failure", 2, result{status: 404}, store.DeliveryPending, 2 * time.Minute},
		{"410 is final", 0, result{status: 410}, store.DeliveryDead, 0},
		{"400 once", 0, result{status: 400}, store.DeliveryPending, 5 * time.Second},
		{"400 twice", 1, result{status: 400}, store.DeliveryPending, 30 * time.Second},
		{"400 for the third time", 2, result{status: 400}, store.DeliveryDead, 0},
		{"413 for the third time", 2, result{status: 413}, store.DeliveryDead, 0},
		{"429 with an hour", 0, result{status: 429, retryAfter: time.Hour}, store.DeliveryPending, time.Hour},
		{"a shorter Retry-After does not hurry", 5, result{status: 503, retryAfter: time.Second}, store.DeliveryPending, 2 * time.Hour},
		{"Retry-After of a week", 0, result{status: 503, retryAfter: 7 * 24 * time.Hour}, store.DeliveryPending, 24 * time.Hour},
		{"the last attempt", 11, result{text: "timeout"}, store.DeliveryDead, 0},
		{"the last attempt with Retry-After", 11, result{status: 429, retryAfter: time.Hour}, store.DeliveryDead, 0},
	} {
		d := r.after(store.Delivery{State: store.DeliveryPending, Attempts: c.attempts, Owner: "a", LeaseUntil: now}, c.res)
		if d.State != c.state || d.Owner != "" || d.Attempts != c.attempts+1 {
			t.Errorf("%s: %s owner %q attempts %d, want %s", c.name, d.State, d.Owner, d.Attempts, c.state)
		}
		if c.state == store.DeliveryPending && d.DueAt.Sub(now) != c.wait {
			t.Errorf("%s: due after %s, want %s", c.name, d.DueAt.Sub(now), c.wait)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"":                              0,
		"3600":                          time.Hour,
		" 5 ":                           5 * time.Second,
		"-5":                            0,
		"99999999999999999999":          0,
		"2000000000":                    24 * time.Hour,
		"soon":                          0,
		"Sun, 22 Nov 2026 12:30:00 GMT": 30 * time.Minute,
		"Sun, 22 Nov 2026 11:30:00 GMT": 0,
		"Wed, 22 Nov 2028 11:30:00 GMT": 24 * time.Hour,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}}, now); got != want {
			t.Errorf("Retry-After %q: %s, want %s", text, got, want)
		}
	}
}

// TestLaneOrder is row 71 of the fault matrix: updates that come while the first events fail.
func TestLaneOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := openStore(t)
		var down atomic.Bool
		down.Store(true)
		rcv := &receiver{status: func(int, []byte) (int, http.Header) {
			if down.Load() {
				return http.StatusBadGateway, nil
			}
			return http.StatusOK, nil
		}}
		now := clock.System().Now()
		lane(t, st, "s1", testAgent, now, commerce.OrderCreate)
		lane(t, st, "s2", testAgent, now, commerce.OrderCreate)
		startRelay(t, Options{Store: st, PollEvery: time.Second, Subscriptions: []Subscription{subscription("https://agent.example")}, Transport: rcv})
		_ = clock.System().Sleep(t.Context(), 3*time.Second)
		for n := 2; n <= 4; n++ {
			commit(t, st, store.Batch{Events: []store.Delivery{event("s1", testAgent, n, commerce.OrderUpdate, clock.System().Now())}})
		}
		_ = clock.System().Sleep(t.Context(), 20*time.Second)
		for _, g := range rcv.all() {
			if strings.Contains(string(g.body), "order_update") {
				t.Fatalf("an update went out before its order_create was taken: %s", g.body)
			}
		}
		down.Store(false)
		before := rcv.count()
		_ = clock.System().Sleep(t.Context(), 5*time.Minute)
		var s1 []string
		for _, g := range rcv.all()[before:] {
			if id := g.header.Get("Webhook-Id"); strings.HasPrefix(id, "evt_s1") {
				s1 = append(s1, id)
			}
		}
		if !slices.Equal(s1, []string{"evt_s1_1", "evt_s1_4"}) {
			t.Errorf("the receiver heard %v, want the order_create and then the newest update", s1)
		}
		if got := states(t, st, "s1"); !slices.Equal(got, []string{
			"order_create delivered 200", "order_update superseded ", "order_update superseded ", "order_update delivered 200",
		}) {
			t.Errorf("lane: %q", got)
		}
	})
}

// TestUpdateInFlightIsSupersededWhenItFails covers the one update that the store could not supersede at once: the one on the wire.
func TestUpdateInFlightIsSupersededWhenItFails(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	now := clock.System().Now()
	lane(t, st, "s1", testAgent, now, commerce.OrderCreate)
	arrived, answer := make(chan struct{}, 100), make(chan struct{})
	rcv := &receiver{}
	startRelay(t, Options{
		Store: st, Subscriptions: []Subscription{subscription("https://agent.example")},
		Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.Header.Get("Webhook-Id") == "evt_s1_2" {
				arrived <- struct{}{}
				select {
				case <-answer:
				case <-req.Context().Done():
				}
				return nil, errors.New("reset")
			}
			return rcv.RoundTrip(req)
		}),
	})
	eventually(t, "created", func() bool { return rcv.count() == 1 })
	commit(t, st, store.Batch{Events: []store.Delivery{event("s1", testAgent, 2, commerce.OrderUpdate, now)}})
	<-arrived
	commit(t, st, store.Batch{Events: []store.Delivery{event("s1", testAgent, 3, commerce.OrderUpdate, now)}})
	close(answer)
	eventually(t, "newest delivered", func() bool { return rcv.count() == 2 })
	eventually(t, "lane at rest", func() bool {
		return slices.Equal(states(t, st, "s1"), []string{
			"order_create delivered 200", "order_update superseded connection failed", "order_update delivered 200",
		})
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestUpdateBehindDeadCreate: what the agent hears first is an order_create, or nothing.
func TestUpdateBehindDeadCreate(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	rcv := &receiver{status: func(int, []byte) (int, http.Header) { return http.StatusGone, nil }}
	lane(t, st, "s1", testAgent, clock.System().Now(), commerce.OrderCreate, commerce.OrderUpdate)
	lane(t, st, "s2", testAgent, clock.System().Now(), commerce.OrderCreate, commerce.OrderUpdate, commerce.OrderCreate)
	startRelay(t, Options{Store: st, Subscriptions: []Subscription{subscription("https://agent.example")}, Transport: rcv})
	eventually(t, "lanes at rest", func() bool {
		return slices.Equal(states(t, st, "s1"), []string{"order_create dead 410", "order_update dead no order_create was delivered"}) &&
			slices.Equal(states(t, st, "s2"), []string{
				"order_create dead 410", "order_update superseded a newer order_create waits", "order_create dead 410",
			})
	})
}

// TestDamagedEvent has an event in each of two lanes that the store cannot open. Neither is sent nor held for ever: the lanes of others
// and, behind an update, the next of its own lane go on. A damaged order_create stands for its lane as a dead one does.
func TestDamagedEvent(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	st := openIn(t, folder)
	now := clock.System().Now()
	for _, name := range []string{"good", "update", "create"} {
		first := event(name, testAgent, 1, commerce.OrderCreate, now)
		second := event(name, testAgent, 2, commerce.OrderUpdate, now)
		if name == "update" {
			first.State = store.DeliveryDelivered
			second.Owner, second.LeaseUntil = "incarnation-0", now.Add(time.Hour) // in flight, so that the third does not supersede it
		}
		commit(t, st, store.Batch{Events: []store.Delivery{first, second}})
	}
	commit(t, st, store.Batch{Events: []store.Delivery{event("update", testAgent, 3, commerce.OrderUpdate, now)}})
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	alter(t, folder, `UPDATE deliveries SET body = substr(body, 2) WHERE id IN ('evt_update_2', 'evt_create_1')`)
	st = openIn(t, folder)

	rcv := &receiver{}
	var lines logLines
	startRelay(t, Options{Store: st, Subscriptions: []Subscription{subscription("http://127.0.0.1:9")}, Transport: rcv, Log: lines.logger()})
	want := map[string][]string{
		"good":   {"order_create delivered 200", "order_update delivered 200"},
		"update": {"order_create delivered ", "order_update dead damaged", "order_update delivered 200"},
		"create": {"order_create dead damaged", "order_update dead no order_create was delivered"},
	}
	for name, lane := range want {
		eventually(t, name+" is worked off", func() bool { return slices.Equal(states(t, st, name), lane) })
	}
	if n := rcv.count(); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	if n := strings.Count(lines.String(), "event is damaged in the store"); n != 2 {
		t.Errorf("told %d times, want once for each of two:\n%s", n, lines.String())
	}
}

// TestBulkhead is row 67: a receiver that hangs uses its own slots, and the others do not notice.
func TestBulkhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := openStore(t)
		var hanging, most atomic.Int64
		rcv := &receiver{}
		transport := roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.URL.Host != "slow.example" {
				return rcv.RoundTrip(req)
			}
			n := hanging.Add(1)
			defer hanging.Add(-1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		slow := subscription("https://slow.example")
		slow.Agent = "slow"
		now := clock.System().Now()
		for n := range 100 {
			lane(t, st, "slow"+string(rune('A'+n)), "slow", now, commerce.OrderCreate)
		}
		for n := range 20 {
			lane(t, st, "fast"+string(rune('A'+n)), testAgent, now.Add(time.Millisecond), commerce.OrderCreate)
		}
		startRelay(t, Options{
			Store: st, PollEvery: time.Second, Transport: transport,
			Subscriptions: []Subscription{slow, subscription("https://fast.example")},
		})
		_ = clock.System().Sleep(t.Context(), 5*time.Second)
		if rcv.count() != 20 {
			t.Errorf("the well receiver heard %d of 20 within 5 s", rcv.count())
		}
		_ = clock.System().Sleep(t.Context(), 12*time.Second)
		if most.Load() != endpointSlots {
			t.Errorf("%d attempts at once towards one receiver, want %d", most.Load(), endpointSlots)
		}
		if d := delivery(t, st, "slowA"); d.LastResult != "timeout" || d.Attempts == 0 {
			t.Errorf("hanging receiver: %q after %d attempts, want a timeout", d.LastResult, d.Attempts)
		}
	})
}

func TestQueueOfOneReceiverIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := openStore(t)
		now := clock.System().Now()
		var events []store.Delivery
		for n := range endpointQueue + 100 {
			events = append(events, event("s"+string(rune('A'+n)), testAgent, 1, commerce.OrderCreate, now))
		}
		commit(t, st, store.Batch{Events: events})
		r := startRelay(t, Options{
			Store: st, PollEvery: time.Second, Subscriptions: []Subscription{subscription("https://agent.example")},
			Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			}),
		})
		for range 40 {
			_ = clock.System().Sleep(t.Context(), 1700*time.Millisecond)
			if n := r.endpoints[testAgent].waiting.Load(); n > endpointQueue {
				t.Fatalf("%d deliveries wait in memory, want at most %d", n, endpointQueue)
			}
		}
	})
}

// TestSlowReceiverHearsOnce: deliveries that wait for a slot longer than their lease are handed back, not sent beside their next owner.
func TestSlowReceiverHearsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := openStore(t)
		const orders = 8 * endpointSlots
		var events []store.Delivery
		for n := range orders {
			events = append(events, event(fmt.Sprint("s", n), testAgent, 1, commerce.OrderCreate, clock.System().Now()))
		}
		commit(t, st, store.Batch{Events: events})
		rcv := &receiver{}
		startRelay(t, Options{
			Store: st, PollEvery: time.Second, Subscriptions: []Subscription{subscription("https://agent.example")},
			Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				_ = clock.System().Sleep(req.Context(), 14*time.Second)
				return rcv.RoundTrip(req)
			}),
		})
		_ = clock.System().Sleep(t.Context(), 5*time.Minute)
		heard := map[string]int{}
		for _, g := range rcv.all() {
			heard[g.header.Get("Webhook-Id")]++
		}
		for id, n := range heard {
			if n != 1 {
				t.Errorf("%s was heard %d times", id, n)
			}
		}
		if len(heard) != orders {
			t.Errorf("%d of %d events were heard", len(heard), orders)
		}
	})
}

func TestEndlessReply(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	var sent atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			n, err := w.Write(make([]byte, 4096))
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	lane(t, st, "s1", testAgent, clock.System().Now(), commerce.OrderCreate)
	startRelay(t, Options{Store: st, Subscriptions: []Subscription{subscription(srv.URL)}})
	eventually(t, "delivered", func() bool { return delivery(t, st, "s1").State == store.DeliveryDelivered })
	if sent.Load() > 32<<20 { // what socket buffers take is not ours to bound
		t.Errorf("receiver could send %d bytes", sent.Load())
	}
}

func TestReplyIsReadToItsLimit(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	var read atomic.Int64
	lane(t, st, "s1", testAgent, clock.System().Now(), commerce.OrderCreate)
	startRelay(t, Options{
		Store: st, Subscriptions: []Subscription{subscription("https://agent.example")},
		Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(readFunc(func(p []byte) (int, error) {
				read.Add(int64(len(p)))
				return len(p), nil
			}))}, nil
		}),
	})
	eventually(t, "delivered", func() bool { return delivery(t, st, "s1").State == store.DeliveryDelivered })
	if read.Load() != maxReply {
		t.Errorf("%d bytes were read, want %d", read.Load(), maxReply)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// TestCrashBeforeAcknowledgement is row 70: delivered, and dead before it could be written down.
func TestCrashBeforeAcknowledgement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := openStore(t)
		rcv := &receiver{}
		lane(t, st, "s1", testAgent, clock.System().Now(), commerce.OrderCreate)
		crashed := &faultyStore{Store: st, before: func(b store.Batch) error {
			if len(b.Outcomes) > 0 {
				return errors.New("the process is gone")
			}
			return nil
		}}
		o := Options{Store: crashed, Clock: clock.System(), Owner: "incarnation-1", Transport: rcv, Subscriptions: []Subscription{subscription("https://agent.example")}}
		first, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		first.Start(t.Context())
		_ = clock.System().Sleep(t.Context(), 2*time.Second)
		if err := first.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rcv.count() != 1 {
			t.Fatalf("%d attempts, want 1", rcv.count())
		}
		o.Store, o.Owner, o.PollEvery = st, "incarnation-2", time.Second
		startRelay(t, o)
		_ = clock.System().Sleep(t.Context(), 30*time.Second)
		if rcv.count() != 1 {
			t.Fatal("a delivery was taken while its lease ran")
		}
		_ = clock.System().Sleep(t.Context(), time.Minute)
		gots := rcv.all()
		if len(gots) != 2 {
			t.Fatalf("%d attempts, want 2", len(gots))
		}
		if gots[0].header.Get("Webhook-Id") != gots[1].header.Get("Webhook-Id") || string(gots[0].body) != string(gots[1].body) {
			t.Error("the repetition is another event")
		}
		if gots[0].header.Get("Timestamp") >= gots[1].header.Get("Timestamp") {
			t.Errorf("timestamps %s, %s: the repetition is not newer", gots[0].header.Get("Timestamp"), gots[1].header.Get("Timestamp"))
		}
		if err := verify(testSecret, gots[1], gots[1].at); err != nil {
			t.Error(err)
		}
	})
}

func TestStopWaitsAndThenCuts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := openStore(t)
		var cut atomic.Int64
		transport := roundTrip(func(req *http.Request) (*http.Response, error) {
			select {
			case <-time.After(3 * time.Second):
				return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
			case <-req.Context().Done():
				cut.Add(1)
				return nil, req.Context().Err()
			}
		})
		o := Options{Store: st, Clock: clock.System(), Owner: "a", Transport: transport, Subscriptions: []Subscription{subscription("https://agent.example")}}
		lane(t, st, "s1", testAgent, clock.System().Now(), commerce.OrderCreate)
		patient, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		patient.Start(t.Context())
		patient.Start(t.Context())
		_ = clock.System().Sleep(t.Context(), time.Second)
		for range 2 {
			if err := patient.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if d := delivery(t, st, "s1"); d.State != store.DeliveryDelivered || cut.Load() != 0 {
			t.Errorf("after a patient stop: %s, %d cut", d.State, cut.Load())
		}
		patient.Start(t.Context())

		lane(t, st, "s2", testAgent, clock.System().Now(), commerce.OrderCreate)
		hasty, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		hasty.Start(t.Context())
		_ = clock.System().Sleep(t.Context(), time.Second)
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if err := hasty.Stop(now); !errors.Is(err, context.Canceled) {
			t.Errorf("a stop that cuts returns %v", err)
		}
		if d := delivery(t, st, "s2"); d.State != store.DeliveryPending || d.Owner != "" || d.Attempts != 0 || cut.Load() != 1 {
			t.Errorf("a delivery that was cut off must be due again: %+v, %d cut", d, cut.Load())
		}
		unstarted, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := unstarted.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAgentWithoutSubscription(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	lane(t, st, "s1", "gone", clock.System().Now(), commerce.OrderCreate)
	startRelay(t, Options{Store: st})
	eventually(t, "tried", func() bool { return delivery(t, st, "s1").Attempts == 1 })
	if d := delivery(t, st, "s1"); d.State != store.DeliveryPending || d.LastResult != "no subscription" {
		t.Errorf("%s %q", d.State, d.LastResult)
	}
}

func TestSubscriptionsAreChecked(t *testing.T) {
	t.Parallel()
	bad := []Subscription{
		{Agent: "", Webhook: config.Webhook{URL: "https://a.example", Secret: config.NewSecret("x")}},
		{Agent: "nosecret", Webhook: config.Webhook{URL: "https://a.example"}},
		{Agent: "plain", Webhook: config.Webhook{URL: "http://a.example", Secret: config.NewSecret("x")}},
		{Agent: "plainloopback", Webhook: config.Webhook{URL: "http://127.0.0.1", Secret: config.NewSecret("x")}},
		{Agent: "plainprivate", Webhook: config.Webhook{URL: "http://10.0.0.1", Secret: config.NewSecret("x"), AllowPrivate: true}},
		{Agent: "plainpublic", Webhook: config.Webhook{URL: "http://a.example", Secret: config.NewSecret("x"), AllowPrivate: true}},
		{Agent: "user", Webhook: config.Webhook{URL: "https://me:hunter2@a.example", Secret: config.NewSecret("x")}},
		{Agent: "relative", Webhook: config.Webhook{URL: "/hook", Secret: config.NewSecret("x")}},
		{Agent: "ftp", Webhook: config.Webhook{URL: "ftp://a.example", Secret: config.NewSecret("x")}},
		{Agent: "twice", Webhook: config.Webhook{URL: "https://a.example", Secret: config.NewSecret("x")}},
		{Agent: "twice", Webhook: config.Webhook{URL: "https://a.example", Secret: config.NewSecret("x")}},
	}
	_, err := New(Options{Clock: clock.System(), Subscriptions: bad})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"without an agent", "nosecret", "agent plain:", "plainloopback", "plainprivate", "plainpublic", "user", "relative", "ftp", "twice"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no problem named for %s in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error shows a credential: %v", err)
	}
}

// bodiesOnce looks at each request as a transport gets it.
type bodiesOnce struct {
	receiver

	seen chan *http.Request
}

func (b *bodiesOnce) RoundTrip(req *http.Request) (*http.Response, error) {
	b.seen <- req
	return b.receiver.RoundTrip(req)
}

// TestAttemptCannotBeRepeatedBelow: net/http sends a body that it can get anew a second time by itself, unseen by the schedule and under
// a signature of the first; so it gets one that can be read once.
func TestAttemptCannotBeRepeatedBelow(t *testing.T) {
	t.Parallel()
	st := openStore(t)
	b := &bodiesOnce{seen: make(chan *http.Request, 8)}
	lane(t, st, "cs_1", testAgent, clock.System().Now(), commerce.OrderCreate)
	startRelay(t, Options{Store: st, Subscriptions: []Subscription{subscription("https://agent.example/hook")}, Transport: b})
	req := <-b.seen
	eventually(t, "the event is delivered", func() bool { return delivery(t, st, "cs_1").State == store.DeliveryDelivered })
	if req.GetBody != nil {
		t.Error("the transport can send the body a second time")
	}
	if got, want := req.ContentLength, int64(len(delivery(t, st, "cs_1").Body)); got != want {
		t.Errorf("length %d, want %d", got, want)
	}
}
