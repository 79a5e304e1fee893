package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// Run runs the suite. open returns an empty store and closes it when its test ends.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, s store.Store)
	}{
		{"session round trip", sessionRoundTrip},
		{"session version", sessionVersion},
		{"session keeps its owner", sessionKeepsOwner},
		{"session idle", sessionIdle},
		{"expired sessions", expiredSessions},
		{"cart round trip", cartRoundTrip},
		{"cart conditions", cartConditions},
		{"due carts", dueCarts},
		{"claim", claim},
		{"claim release", claimRelease},
		{"claim answered", claimAnswered},
		{"claim lost", claimLost},
		{"claim retention", claimRetention},
		{"saga round trip", sagaRoundTrip},
		{"saga conditions", sagaConditions},
		{"saga one live", sagaOneLive},
		{"saga acquire", sagaAcquire},
		{"saga frozen owner", sagaFrozenOwner},
		{"order", order},
		{"refunds", refunds},
		{"refunds acquire", refundsAcquire},
		{"cursor", cursor},
		{"log", sessionLog},
		{"delivery lanes", deliveryLanes},
		{"delivery supersedes", deliverySupersedes},
		{"delivery lease", deliveryLease},
		{"delivery conditions", deliveryConditions},
		{"commit is whole", commitIsWhole},
		{"rows belong together", rowsBelongTogether},
		{"sweep answers", sweepAnswers},
		{"sweep tokens", sweepTokens},
		{"context ended", contextEnded},
		{"one version wins", oneVersionWins},
		{"one claim wins", oneClaimWins},
		{"one lease wins", oneLeaseWins},
		{"one begin wins", oneBeginWins},
		{"closed", closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// epoch is when every test begins. It is not on a whole second, so that lost fractions show.
var epoch = time.Date(2026, 11, 22, 10, 0, 0, 123456000, time.UTC)

// after is a time some seconds after epoch.
func after(seconds int) time.Time { return epoch.Add(time.Duration(seconds) * time.Second) }

func lease(owner string, now, until int) store.Lease {
	return store.Lease{Owner: owner, Now: after(now), Until: after(until)}
}

func session(id string) store.Session {
	return store.Session{
		ID: id, Agent: "chatgpt", Shop: "main", Status: commerce.Ready,
		ExpiresAt: after(3600), UpdatedAt: epoch, Body: []byte(`{"id":"` + id + `"}`),
	}
}

func cart(id string) store.Cart {
	return store.Cart{ID: id, Agent: "chatgpt", Shop: "main", DueAt: after(3600), UpdatedAt: epoch, Body: []byte(`{"id":"` + id + `"}`)}
}

func saga(sessionID string, attempt int) store.Saga {
	return store.Saga{
		SessionID: sessionID, Attempt: attempt, Shop: "main", Agent: "chatgpt", Step: "authorize", Live: true,
		DueAt: epoch, Body: []byte("frozen"), Token: []byte("spt_1"), CreatedAt: epoch,
	}
}

func sampleOrder(ref, sessionID string) store.Order {
	return store.Order{
		Shop: "main", Ref: ref, SessionID: sessionID, Agent: "chatgpt", IntentID: "pi_1", UpdatedAt: epoch, Body: []byte("order " + ref),
	}
}

func refund(orderRef, id string) store.Refund {
	return store.Refund{
		Shop: "main", OrderRef: orderRef, ID: id, State: store.RefundDue, Amount: commerce.Money{Minor: 4923, Currency: "usd"}, DueAt: epoch,
	}
}

func event(id, lane string, kind commerce.EventType) store.Delivery {
	return store.Delivery{
		ID: id, Lane: lane, Agent: "chatgpt", Type: kind, State: store.DeliveryPending, DueAt: epoch, CreatedAt: epoch,
		Trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Body: []byte("event " + id),
	}
}

func claimOf(key, token string) store.Claim {
	return store.Claim{
		Agent: "chatgpt", Path: "/checkout_sessions", Key: key, Fingerprint: [32]byte{1, 2, 3}, Owner: "p1", Token: token, At: epoch,
	}
}

// commit writes a batch that must succeed.
func commit(t *testing.T, s store.Store, b store.Batch) {
	t.Helper()
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

// refused writes a batch that must fail with want.
func refused(t *testing.T, s store.Store, want error, b store.Batch) {
	t.Helper()
	wantErr(t, s.Commit(t.Context(), b), want)
}

// seed writes idle sessions in version 1.
func seed(t *testing.T, s store.Store, ids ...string) {
	t.Helper()
	for _, id := range ids {
		commit(t, s, store.Batch{Session: &store.SessionWrite{Session: session(id)}})
	}
}

// must returns the value of a call that must succeed: must(s.Session(ctx, id))(t).
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error = %v, want %v", err, want)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// ended is a context that has ended.
func ended(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
