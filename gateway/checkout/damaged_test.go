package checkout_test

import (
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// TestDamagedRowsStopNobodyElse leaves two attempts undecided, and two sessions to expire, and damages one of each in the file. The
// others go on; the damaged are told once, stay as they are, and lead to no write at Stripe.
func TestDamagedRowsStopNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.timing.Lease = 5 * time.Hour })
	w.arm(stripetest.Fault{Op: stripetest.OpCreate, Kind: stripetest.Unavailable})
	damaged, whole := w.create().ID, w.create().ID
	expiredDamaged, expired := w.create().ID, w.create().ID
	w.leave("k1", damaged, w.token())
	w.leave("k2", whole, w.token())
	w.halt()
	before := execute(t, w.path, `UPDATE sagas SET body = substr(body, 1, length(body) - 1) WHERE session_id = '`+damaged+`'`,
		`UPDATE sessions SET body = substr(body, 1, length(body) - 1) WHERE id = '`+expiredDamaged+`'`,
		`UPDATE sessions SET expires_at = 1 WHERE id IN ('`+expiredDamaged+`', '`+expired+`')`)

	w.stripe.Disarm()
	w.boot()
	w.completed(whole)
	w.until("the other session expires", func() bool { return w.row(expired).Status == "expired" })
	w.until("the damaged are told", func() bool { return w.alerts.count("saga_damaged") == 1 && w.alerts.count("session_damaged") == 1 })
	for range 3 { // each time the lease has ended the saga is leased, and the session is listed, once more
		w.clock.advance(w.timing.Lease + time.Minute)
		w.completeBy(w.create().ID)
	}
	if s, g := w.alerts.count("session_damaged"), w.alerts.count("saga_damaged"); s != 1 || g != 1 {
		t.Errorf("told of the session %d times, of the saga %d times", s, g)
	}
	if l := w.ledger(damaged); len(l.Intents) != 0 {
		t.Errorf("intents of the damaged attempt: %+v", l.Intents)
	}
	w.halt()
	if after := execute(t, w.path); !slices.Equal(before, after) {
		t.Errorf("sealed values of the saga %q became %q", before, after)
	}
}

// completeBy completes a session and waits for its sweep, which only a look for due sagas takes up.
func (w *world) completeBy(id string) {
	w.t.Helper()
	if _, err := w.complete("k_"+id, id, w.token()); err != nil {
		w.t.Fatal(err)
	}
	w.rest(id)
}

func (a *alerts) count(what string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.seen {
		if s == what {
			n++
		}
	}
	return n
}

// execute changes a closed database and returns what is sealed in its open sagas.
func execute(t *testing.T, path string, statements ...string) (sealed []string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}()
	for _, s := range statements {
		if _, err = db.ExecContext(t.Context(), s); err != nil {
			return nil
		}
	}
	var one string
	err = db.QueryRowContext(t.Context(), `SELECT hex(body) || hex(token) FROM sagas WHERE closed = 0 ORDER BY session_id LIMIT 1`).Scan(&one)
	return []string{one}
}
