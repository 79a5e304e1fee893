package checkout_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// process is one run of the program. It can be killed at any of the points that it passes, which stand before and after every durable
// write and every outside call. From then on nothing that it does reaches anybody, as after kill -9.
type process struct {
	mu     sync.Mutex
	counts bool     // points are counted from now on
	points []string // that were passed
	killAt int      // the point that it does not survive; 0: none
	dead   bool
}

var errKilled = errors.New("the process was killed")

// pass reports whether the process lives on after the point.
func (p *process) pass(point string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead || !p.counts {
		return !p.dead
	}
	p.points = append(p.points, point)
	p.dead = len(p.points) == p.killAt
	return !p.dead
}

// arm begins to count, and to kill at point n; 0 kills never.
func (p *process) arm(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts, p.killAt = true, n
}

// kill ends the process now.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

func (p *process) passed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.points...)
}

func (p *process) killed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// around does f between two points.
func (p *process) around(what string, f func() error) error {
	if !p.pass("before " + what) {
		return errKilled
	}
	err := f()
	if !p.pass("after " + what) {
		return errKilled
	}
	return err
}

// mortalStore is a store that a dead process cannot write.
type mortalStore struct {
	store.Store
	process *process
	// refuse fails the next commits before they reach the store.
	mu     sync.Mutex
	refuse []error
}

func (s *mortalStore) Commit(ctx context.Context, b store.Batch) error {
	s.mu.Lock()
	err, planted := pop(&s.refuse)
	s.mu.Unlock()
	if planted && err != nil {
		return err
	}
	return s.process.around("commit", func() error { return s.Store.Commit(ctx, b) })
}

// readHook is the key of a context whose reads of the store are announced: a func(what string) error that is called before each read of
// a "session" or of its "sagas", and whose error is the read's.
type readHook struct{}

func announce(ctx context.Context, what string) error {
	if hook, ok := ctx.Value(readHook{}).(func(string) error); ok {
		return hook(what)
	}
	return nil
}

func (s *mortalStore) Session(ctx context.Context, id string) (store.Session, error) {
	if err := announce(ctx, "session"); err != nil {
		return store.Session{}, err
	}
	return s.Store.Session(ctx, id)
}

func (s *mortalStore) Sagas(ctx context.Context, id string) ([]store.Saga, error) {
	if err := announce(ctx, "sagas"); err != nil {
		return nil, err
	}
	return s.Store.Sagas(ctx, id)
}

func (s *mortalStore) AcquireSagas(ctx context.Context, l store.Lease, limit int) ([]store.Saga, error) {
	if s.process.killed() {
		return nil, errKilled
	}
	return s.Store.AcquireSagas(ctx, l, limit)
}

func (s *mortalStore) Release(ctx context.Context, c store.Claim) error {
	if s.process.killed() {
		return nil
	}
	return s.Store.Release(ctx, c)
}

func (s *mortalStore) Sweep(ctx context.Context, now time.Time) (int, error) {
	if s.process.killed() {
		return 0, errKilled
	}
	return s.Store.Sweep(ctx, now)
}

// failAfter lets n commits happen and the next times fail as on a full disk.
func (s *mortalStore) failAfter(n, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = make([]error, n, n+times)
	for range times {
		s.refuse = append(s.refuse, store.ErrNotWritten)
	}
}

// mortalAdapter is a shop that a dead process cannot call.
func mortalAdapter(p *process, a adapters.Adapter) adapters.Adapter {
	m := a
	m.Quote = func(ctx context.Context, r adapters.QuoteRequest) (q commerce.Quote, err error) {
		err = p.around("quote", func() (err error) { q, err = a.Quote(ctx, r); return err })
		return q, err
	}
	m.PlaceOrder = func(ctx context.Context, r adapters.PlaceRequest) (o commerce.Snapshot, err error) {
		err = p.around("place", func() (err error) { o, err = a.PlaceOrder(ctx, r); return err })
		return o, err
	}
	m.GetOrder = func(ctx context.Context, ref string) (o commerce.Snapshot, err error) {
		err = p.around("get order", func() (err error) { o, err = a.GetOrder(ctx, ref); return err })
		return o, err
	}
	m.RecordPayment = func(ctx context.Context, r adapters.PaymentRecord) error {
		return p.around("record", func() error { return a.RecordPayment(ctx, r) })
	}
	m.CancelOrder = func(ctx context.Context, r adapters.CancelRequest) error {
		return p.around("cancel order", func() error { return a.CancelOrder(ctx, r) })
	}
	m.ReleaseCart = func(ctx context.Context, ref string) error {
		return p.around("release", func() error { return a.ReleaseCart(ctx, ref) })
	}
	if a.RecordConsent != nil {
		m.RecordConsent = func(ctx context.Context, r adapters.ConsentRecord) error {
			return p.around("consent", func() error { return a.RecordConsent(ctx, r) })
		}
	}
	if a.FindOrder != nil {
		m.FindOrder = func(ctx context.Context, q adapters.OrderQuery) (f adapters.Found, err error) {
			err = p.around("find order", func() (err error) { f, err = a.FindOrder(ctx, q); return err })
			return f, err
		}
	}
	return m
}

// mortalTransport reaches the processor as long as the process lives.
type mortalTransport struct {
	process *process
	next    http.RoundTripper
}

func (m mortalTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var a *http.Response
	err := m.process.around("stripe "+r.Method, func() (err error) {
		a, err = m.next.RoundTrip(r) //nolint:bodyclose // handed on, or closed below
		return err
	})
	if err != nil && a != nil {
		return nil, errors.Join(err, a.Body.Close())
	}
	return a, err
}
