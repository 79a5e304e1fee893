package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
)

const (
	testSecret = "whsec-of-the-test"
	testShop   = "main"
	testAgent  = "chat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openStore opens the real store in a new file.
func openStore(t *testing.T) store.Store {
	t.Helper()
	return openIn(t, t.TempDir())
}

// openIn opens the store in folder and closes it when the test ends.
func openIn(t *testing.T, folder string) store.Store {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{
		Path: filepath.Join(folder, "postern.db"), Key: bytes.Repeat([]byte{7}, sqlstore.KeySize),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// alter changes a closed database behind the back of the store.
func alter(t *testing.T, folder, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(folder, "postern.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), statement)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// ids numbers ids, so that they sort by time.
type ids struct{ n atomic.Int64 }

func (i *ids) next(prefix string) string { return fmt.Sprintf("%s%06d", prefix, i.n.Add(1)) }

func commit(t *testing.T, st store.Store, b store.Batch) {
	t.Helper()
	if err := st.Commit(context.Background(), b); err != nil {
		t.Fatal(err)
	}
}

// lane puts events of one order into the outbox, first in first out.
func lane(t *testing.T, st store.Store, name, agent string, now time.Time, kinds ...commerce.EventType) {
	t.Helper()
	for n, kind := range kinds {
		commit(t, st, store.Batch{Events: []store.Delivery{event(name, agent, n+1, kind, now)}})
	}
}

func event(lane, agent string, n int, kind commerce.EventType, now time.Time) store.Delivery {
	return store.Delivery{
		ID: fmt.Sprintf("evt_%s_%d", lane, n), Lane: lane, Agent: agent, Type: kind, DueAt: now, CreatedAt: now,
		Body: fmt.Appendf(nil, `{"type":%q,"data":{"lane":%q,"n":%d}}`, kind, lane, n),
	}
}

func states(t *testing.T, st store.Store, lane string) []string {
	t.Helper()
	ds, err := st.Deliveries(context.Background(), lane)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range ds {
		out = append(out, fmt.Sprintf("%s %s %s", d.Type, d.State, d.LastResult))
	}
	return out
}

func delivery(t *testing.T, st store.Store, lane string) store.Delivery {
	t.Helper()
	ds, err := st.Deliveries(context.Background(), lane)
	if err != nil || len(ds) == 0 {
		t.Fatalf("deliveries of lane %s: %v, %v", lane, ds, err)
	}
	return ds[0]
}

func subscription(url string) Subscription {
	return Subscription{Agent: testAgent, Webhook: config.Webhook{
		URL: url, Secret: config.NewSecret(testSecret), Version: "2026-04-17", AllowPrivate: true,
	}}
}

// startRelay runs a relay until the test ends.
func startRelay(t *testing.T, o Options) *Relay {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Owner == "" {
		o.Owner = "incarnation-1"
	}
	if o.PollEvery == 0 {
		o.PollEvery = 10 * time.Millisecond
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Start(context.Background())
	t.Cleanup(func() {
		if err := r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := clock.System().Now().Add(10 * time.Second); clock.System().Now().Before(end); {
		if ok() {
			return
		}
		_ = clock.System().Sleep(context.Background(), 2*time.Millisecond)
	}
	t.Fatalf("did not come about: %s", what)
}

// got is one request as a receiver saw it.
type got struct {
	at     time.Time
	header http.Header
	body   []byte
}

// receiver is an agent's end of the wire, on a socket or as a transport in memory.
type receiver struct {
	mu     sync.Mutex
	gots   []got
	status func(n int, body []byte) (int, http.Header) // n counts from 1; nil: 200
}

func (r *receiver) take(req *http.Request) (int, http.Header) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gots = append(r.gots, got{clock.System().Now(), req.Header.Clone(), body})
	if r.status == nil {
		return http.StatusOK, nil
	}
	return r.status(len(r.gots), body)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	status, h := r.take(req)
	maps.Copy(w.Header(), h)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"received":true}`))
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	status, h := r.take(req)
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(nil)), Request: req}, nil
}

func (r *receiver) all() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]got(nil), r.gots...)
}

func (r *receiver) count() int { return len(r.all()) }

var signatureForm = regexp.MustCompile(`^t=([0-9]+),v1=([0-9a-f]{64})$`)

// verify checks a signature the way a stranger would who has only the specification: HMAC by its definition in RFC 2104, not by the
// library that signed.
func verify(secret string, g got, now time.Time) error {
	m := signatureForm.FindStringSubmatch(g.header.Get("Merchant-Signature"))
	if m == nil {
		return fmt.Errorf("malformed signature %q", g.header.Get("Merchant-Signature"))
	}
	unix, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return err
	}
	if d := now.Sub(time.Unix(unix, 0)).Abs(); d > 300*time.Second {
		return fmt.Errorf("signature is %s away", d)
	}
	inner, outer := make([]byte, 64), make([]byte, 64)
	copy(inner, secret)
	copy(outer, secret)
	for n := range inner {
		inner[n] ^= 0x36
		outer[n] ^= 0x5c
	}
	first := sha256.Sum256(append(append(inner, m[1]+"."...), g.body...))
	second := sha256.Sum256(append(outer, first[:]...))
	if want := hex.EncodeToString(second[:]); want != m[2] {
		return fmt.Errorf("signature %s, want %s", m[2], want)
	}
	return nil
}

// logLines collects log lines for a look at what an operator reads.
type logLines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logLines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// faultyStore lets a test fail commits, and one order that does not open.
type faultyStore struct {
	store.Store
	before  func(store.Batch) error
	damaged string // the order's ref
}

func (f *faultyStore) Order(ctx context.Context, shop, ref string) (store.Order, error) {
	if ref == f.damaged {
		return store.Order{}, errors.New("planted: the sealed value does not open")
	}
	return f.Store.Order(ctx, shop, ref)
}

func (f *faultyStore) Commit(ctx context.Context, b store.Batch) error {
	if f.before != nil {
		if err := f.before(b); err != nil {
			return err
		}
	}
	return f.Store.Commit(ctx, b)
}

// fullBody shows an agent everything, coarseBody only what the oldest date shows: the status and the completed refunds.
func fullBody(_ string, e commerce.Event) ([]byte, bool, error) {
	b, err := json.Marshal(struct {
		Type commerce.EventType
		Data commerce.Order
	}{e.Type, e.Order})
	return b, true, err
}

func coarseBody(_ string, e commerce.Event) ([]byte, bool, error) {
	return fmt.Appendf(nil, `{"type":%q,"status":%q,"refunded":%d}`, e.Type, e.Order.Status, e.Order.Refunded()), true, nil
}
