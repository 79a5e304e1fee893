package stripepay_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
)

// busyAccount is an account's list of payments, two of them in each second, newest first. The number of an intent is its id.
type busyAccount struct {
	mu      sync.Mutex
	begun   time.Time
	n       int            // intents so far
	session map[int]string // by intent
	status  map[int]string
	lists   int // that were asked for
	reads   int // of one intent
	onList  func(a *busyAccount) (status int)
}

func (a *busyAccount) intent(n int) map[string]any {
	status := a.status[n]
	if status == "" {
		status = "requires_capture"
	}
	return map[string]any{
		"id": fmt.Sprint("pi_", n), "object": "payment_intent", "status": status, "currency": "usd", "amount": 4923,
		"created":  a.begun.Add(time.Duration(n/2) * time.Second).Unix(),
		"metadata": map[string]string{stripepay.MetadataSession: a.session[n], stripepay.MetadataAttempt: "1"},
	}
}

func (a *busyAccount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if id, one := strings.CutPrefix(r.URL.Path, "/v1/payment_intents/pi_"); one {
		a.reads++
		n, _ := strconv.Atoi(id)
		_ = json.NewEncoder(w).Encode(a.intent(n))
		return
	}
	a.lists++
	if a.onList != nil {
		if status := a.onList(a); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	from := a.n
	if after := r.URL.Query().Get("starting_after"); after != "" {
		from, _ = strconv.Atoi(strings.TrimPrefix(after, "pi_"))
		from--
	}
	since, _ := strconv.ParseInt(r.URL.Query().Get("created[gte]"), 10, 64)
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	data, more := []any{}, false
	for n := from; n > 0; n-- {
		one := a.intent(n)
		if created, _ := one["created"].(int64); created < since {
			break
		}
		if more = len(data) == limit; more {
			break
		}
		data = append(data, one)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": data, "has_more": more})
}

func newBusyAccount(t *testing.T, n int, c clock.Clock) (*busyAccount, *stripepay.Processor, *buffer) {
	t.Helper()
	a := &busyAccount{begun: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), n: n, session: map[int]string{}, status: map[int]string{}}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	log := &buffer{}
	return a, newProcessor(t, stripepay.Settings{SecretKey: "sk_test_1", BaseURL: server.URL}, c, log), log
}

// searchOn repeats a search until it ends, and counts the calls that did not.
func (a *busyAccount) searchOn(t *testing.T, p *stripepay.Processor, between func()) (found payment.Intent, ok bool, busy int) {
	t.Helper()
	for busy < 20 {
		before := a.lists
		found, ok, err := p.Find(t.Context(), payment.FindRequest{
			SessionID: "cs_1", Attempt: 1, Since: a.begun.In(time.FixedZone(strconv.Itoa(busy), 3600)),
		})
		if err == nil {
			return found, ok, busy
		}
		if ok || payment.KindOf(err) != payment.Busy {
			t.Fatalf("a search that did not end says %v, %v", ok, err)
		}
		if a.lists == before || a.lists > before+60 {
			t.Fatalf("one call read %d pages", a.lists-before)
		}
		busy++
		between()
	}
	t.Fatal("the search never ends")
	return payment.Intent{}, false, 0
}

// TestSearchOfABusyAccount looks for an intent behind more others than one call reads: the search goes on at the next call, tells the
// operator that it does, and says that there is none only when everything was looked at, what was made meanwhile included.
func TestSearchOfABusyAccount(t *testing.T) {
	t.Parallel()
	const many = 9050
	manual := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	for name, c := range map[string]struct {
		plan    func(*busyAccount)
		between func(a *busyAccount, p *stripepay.Processor)
		want    string // the intent; empty: none
		state   payment.State
	}{
		"the oldest": {plan: func(a *busyAccount) { a.session[1] = "cs_1" }, want: "pi_1", state: payment.Held},
		"none":       {},
		"made while the search went on": {between: func(a *busyAccount, _ *stripepay.Processor) {
			a.n += 100
			a.session[many+3] = "cs_1"
		}, want: fmt.Sprint("pi_", many+3), state: payment.Held},
		"listed a little late": {between: func(a *busyAccount, _ *stripepay.Processor) { a.session[many-20] = "cs_1" }, want: fmt.Sprint("pi_", many-20), state: payment.Held},
		"changed after it was met": {plan: func(a *busyAccount) { a.session[many-500] = "cs_1" }, between: func(a *busyAccount, _ *stripepay.Processor) {
			a.status[many-500] = "succeeded"
		}, want: fmt.Sprint("pi_", many-500), state: payment.Taken},
		"beside another search": {plan: func(a *busyAccount) { a.session[many] = "cs_2" }, between: func(a *busyAccount, p *stripepay.Processor) {
			_, _, err := p.Find(t.Context(), payment.FindRequest{SessionID: "cs_2", Attempt: 1, Since: a.begun})
			if err != nil && payment.KindOf(err) != payment.Busy {
				t.Error(err)
			}
		}},
	} {
		a, p, log := newBusyAccount(t, many, manual)
		if c.plan != nil {
			c.plan(a)
		}
		found, ok, busy := a.searchOn(t, p, func() {
			if c.between != nil {
				c.between(a, p)
			}
		})
		if busy == 0 || strings.Count(log.String(), "session=cs_1") != busy {
			t.Errorf("%s: %d calls did not end it, the log says %s", name, busy, log.String())
		}
		if ok != (c.want != "") || found.ID != c.want || found.State != c.state {
			t.Errorf("%s: found %+v %v, want %s %q", name, found, ok, c.state, c.want)
		}
	}
}

// TestSearchEndsInTime lets each page take a second: a call reads no further page when the saga's lease could end.
func TestSearchEndsInTime(t *testing.T) {
	t.Parallel()
	manual := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	a, p, _ := newBusyAccount(t, 3050, manual)
	a.session[1] = "cs_1"
	a.onList = func(*busyAccount) int { manual.Advance(time.Second); return 0 }
	began := manual.Now()
	found, ok, busy := a.searchOn(t, p, func() {
		if took := manual.Now().Sub(began); took > 30*time.Second {
			t.Errorf("one call took %s", took)
		}
		began = manual.Now()
	})
	if busy != 1 || !ok || found.ID != "pi_1" {
		t.Errorf("found %+v %v after %d calls that did not end it", found, ok, busy)
	}
}

// TestSearchKeepsItsPlace loses a page: the next call goes on where the search was.
func TestSearchKeepsItsPlace(t *testing.T) {
	t.Parallel()
	a, p, _ := newBusyAccount(t, 1050, clock.System())
	a.session[1] = "cs_1"
	a.onList = func(a *busyAccount) int {
		if a.lists == 6 {
			return http.StatusInternalServerError
		}
		return 0
	}
	r := payment.FindRequest{SessionID: "cs_1", Attempt: 1, Since: a.begun}
	if _, ok, err := p.Find(t.Context(), r); ok || err == nil || payment.KindOf(err) != payment.Unknown {
		t.Fatalf("a search that lost a page says %v, %v", ok, err)
	}
	found, ok, err := p.Find(t.Context(), r)
	if err != nil || !ok || found.ID != "pi_1" {
		t.Errorf("found %+v %v: %v", found, ok, err)
	}
	if a.lists > 16 {
		t.Errorf("%d pages were read of 11, one lost and those over what is new", a.lists)
	}
}

// TestNoPageIsNoEnd answers lists with what is none: nobody may take that for "there is no such payment" and pay again.
func TestNoPageIsNoEnd(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `null`, `{"object":"list"}`, `{"object":"list","data":[]}`, `{"data":[],"has_more":false}`,
		`{"object":"list","data":[],"has_more":true}`, `{"object":"payment_intent","data":[],"has_more":false}`,
	} {
		p := newProcessor(t, stripepay.Settings{SecretKey: "sk_test_1", BaseURL: answering(t, 200, body).URL}, clock.System(), io.Discard)
		_, ok, err := p.Find(t.Context(), payment.FindRequest{SessionID: "cs_1", Attempt: 1, Since: time.Unix(1e9, 0)})
		if ok || err == nil || payment.KindOf(err) != payment.Unknown {
			t.Errorf("search answered by %s: %v, %v", body, ok, err)
		}
		if _, ok, err = p.FindRefund(t.Context(), "pi_1", "key"); ok || err == nil || payment.KindOf(err) != payment.Unknown {
			t.Errorf("refunds answered by %s: %v, %v", body, ok, err)
		}
	}
	p := newProcessor(t, stripepay.Settings{
		SecretKey: "sk_test_1", BaseURL: answering(t, 200, `{"object":"list","data":[],"has_more":false}`).URL,
	}, clock.System(), io.Discard)
	_, ok, err := p.Find(t.Context(), payment.FindRequest{SessionID: "cs_1", Attempt: 1, Since: time.Unix(1e9, 0)})
	if _, refunded, refundErr := p.FindRefund(t.Context(), "pi_1", "key"); ok || refunded || err != nil || refundErr != nil {
		t.Errorf("an empty list says %v %v, %v %v", ok, err, refunded, refundErr)
	}
}
