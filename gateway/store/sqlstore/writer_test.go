package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
)

func rawBody(t *testing.T, s *sqlstore.Store) (body []byte) {
	t.Helper()
	sqlstore.OnWriter(t, s, func(ctx context.Context, conn *sql.Conn) {
		if err := conn.QueryRowContext(ctx, `SELECT body FROM sessions`).Scan(&body); err != nil {
			t.Error(err)
		}
	})
	return body
}

// queue sends commits to a writer that is held and returns how they end. It returns when all of them wait.
func queue(ctx context.Context, t *testing.T, s *sqlstore.Store, batches ...store.Batch) []chan error {
	t.Helper()
	results := make([]chan error, len(batches))
	for i, b := range batches {
		results[i] = make(chan error, 1)
		go func() { results[i] <- s.Commit(ctx, b) }()
		for sqlstore.Queued(s) <= i {
			time.Sleep(50 * time.Microsecond)
		}
	}
	return results
}

func sessionBatch(id string, expect int64) store.Batch {
	return store.Batch{Session: &store.SessionWrite{Expect: expect, Session: store.Session{
		ID: id, Agent: "a", Shop: "main", Status: commerce.Ready, Body: make([]byte, 1500),
	}}}
}

// TestGroupKeepsRequestsApart: of the requests that share a COMMIT, one that fails takes nothing of the others with it.
func TestGroupKeepsRequestsApart(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	half := sessionBatch("half", 0) // its session is written before its cursor fails
	half.Cursor = &store.CursorWrite{Shop: "main", From: "nowhere", To: "1"}
	release := sqlstore.Hold(t, s)
	results := queue(t.Context(), t, s, sessionBatch("one", 0), half, sessionBatch("two", 0), sessionBatch("one", 0), sessionBatch("one", 1))
	release()
	for i, want := range []error{nil, store.ErrStale, nil, store.ErrStale, nil} {
		if err := <-results[i]; !errors.Is(err, want) {
			t.Errorf("request %d: %v, want %v", i, err, want)
		}
	}
	if _, err := s.Session(t.Context(), "half"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("half of a failed request was kept: %v", err)
	}
	one, err := s.Session(t.Context(), "one")
	if err != nil || one.Version != 2 {
		t.Errorf("version = %d, %v, want 2", one.Version, err)
	}
}

// TestWithdrawn: a request whose context ends in the queue surely does not happen; one that runs is waited for.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	release := sqlstore.Hold(t, s)
	reason := errors.New("the agent hung up")
	ctx, cancel := context.WithCancelCause(t.Context())
	claim := store.Claim{Agent: "a", Path: "/p", Key: "k", Token: "t"}
	if _, taken, err := s.Claim(t.Context(), claim); err != nil || !taken {
		t.Fatal(taken, err)
	}
	b := sessionBatch("withdrawn", 0)
	b.Answers = []store.AnswerWrite{{Claim: claim, Answer: store.Answer{Status: 201}}}
	results := queue(ctx, t, s, b)
	cancel(reason)
	if err := <-results[0]; !errors.Is(err, store.ErrNotWritten) || !errors.Is(err, reason) {
		t.Errorf("withdrawn: %v, want ErrNotWritten and the reason", err)
	}
	release()
	if err := s.Check(t.Context()); err != nil { // the writer has passed the withdrawn request
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), "withdrawn"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a withdrawn request happened: %v", err)
	}
	b.Session.Session.ID = "again" // the claim is still held
	if err := s.Commit(t.Context(), b); err != nil {
		t.Error(err)
	}
}

// TestDiskFull is row 47 of the fault matrix: writes are refused as not written, reads go on, and it heals by itself.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	if err := s.Commit(t.Context(), sessionBatch("before", 0)); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		sqlstore.OnWriter(t, s, func(ctx context.Context, conn *sql.Conn) {
			if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
				t.Error(err)
			}
		})
	}
	limit(1) // that is: what it is now
	var err error
	acknowledged := []string{"before"}
	refused := ""
	for i := 0; err == nil && i < 200; i++ {
		id := fmt.Sprint("cs_", i)
		if err = s.Commit(t.Context(), sessionBatch(id, 0)); err == nil {
			acknowledged = append(acknowledged, id)
		} else {
			refused = id
		}
	}
	if !errors.Is(err, store.ErrNotWritten) || !strings.Contains(err.Error(), "the disk is full") {
		t.Fatalf("on a full disk: %v", err)
	}
	if _, ok := errors.AsType[*sqlite.Error](err); !ok {
		t.Errorf("the driver's error is not reachable in %v", err)
	}
	// Requests that share a transaction with one that does not fit get a definite answer as well.
	release := sqlstore.Hold(t, s)
	results := queue(t.Context(), t, s, sessionBatch("before", 1), sessionBatch("big", 0), sessionBatch("before", 2))
	release()
	version := int64(1)
	for _, r := range results {
		switch err := <-r; {
		case err == nil:
			version++
		case !errors.Is(err, store.ErrNotWritten) && !errors.Is(err, store.ErrStale):
			t.Errorf("on a full disk: %v", err)
		}
	}
	for _, id := range acknowledged {
		if _, err := s.Session(t.Context(), id); err != nil {
			t.Errorf("read on a full disk: %v", err)
		}
	}
	if got, err := s.Session(t.Context(), "before"); err != nil || got.Version != version {
		t.Errorf("version = %d, %v, want %d", got.Version, err, version)
	}
	limit(1 << 20)
	if _, err := s.Session(t.Context(), refused); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a refused commit left its session: %v", err)
	}
	if err := s.Commit(t.Context(), sessionBatch(refused, 0)); err != nil {
		t.Errorf("with space again: %v", err)
	}
}

// TestCloseDrains: commits that began before Close are done and kept, later ones are refused as not written.
func TestCloseDrains(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := openIn(t, folder)
	var mu sync.Mutex
	kept, dropped := []string{}, []string{}
	var all sync.WaitGroup
	begun := make(chan struct{}, 1000)
	for worker := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d_%d", worker, i)
				err := s.Commit(t.Context(), sessionBatch(id, 0))
				mu.Lock()
				if err == nil {
					kept = append(kept, id)
				} else {
					dropped = append(dropped, id)
				}
				mu.Unlock()
				if err != nil {
					if !errors.Is(err, store.ErrNotWritten) {
						t.Error(err)
					}
					return
				}
				select {
				case begun <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 20 {
		<-begun
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	s = openIn(t, folder)
	for _, id := range kept {
		if _, err := s.Session(t.Context(), id); err != nil {
			t.Errorf("acknowledged, then lost: %v", err)
		}
	}
	for _, id := range dropped {
		if _, err := s.Session(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("refused, but written: %s: %v", id, err)
		}
	}
}

// TestCloseWaitsForTheQueue closes while the queue is full and more callers wait to get into it.
func TestCloseWaitsForTheQueue(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	release := sqlstore.Hold(t, s)
	var kept atomic.Int64
	var all sync.WaitGroup
	for i := range sqlstore.QueueSize + 50 {
		all.Go(func() {
			switch err := s.Commit(t.Context(), sessionBatch(fmt.Sprint(i), 0)); {
			case err == nil:
				kept.Add(1)
			case !errors.Is(err, store.ErrNotWritten):
				t.Error(err)
			}
		})
	}
	for sqlstore.Queued(s) < sqlstore.QueueSize {
		time.Sleep(50 * time.Microsecond)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	for !sqlstore.Closed(s) {
		time.Sleep(50 * time.Microsecond)
	}
	select {
	case err := <-closed:
		t.Errorf("Close did not wait: %v", err)
	default:
	}
	release()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	all.Wait()
	if kept.Load() < sqlstore.QueueSize {
		t.Errorf("%d commits were kept, want at least the %d that were queued", kept.Load(), sqlstore.QueueSize)
	}
}

// TestCommitFailureIsOpen: when COMMIT itself fails, the caller is told that the outcome is open, not that nothing was written.
func TestCommitFailureIsOpen(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	sqlstore.OnWriter(t, s, func(ctx context.Context, conn *sql.Conn) {
		// A deferred foreign key that is broken makes the next COMMIT fail and leaves the transaction open.
		for _, text := range []string{
			`CREATE TEMP TABLE parent (id INTEGER PRIMARY KEY)`,
			`CREATE TEMP TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`,
		} {
			if _, err := conn.ExecContext(ctx, text); err != nil {
				t.Error(err)
			}
		}
	})
	err := sqlstore.Write(t, s, `INSERT INTO child VALUES (1)`)
	if err == nil || errors.Is(err, store.ErrNotWritten) || !strings.Contains(err.Error(), "outcome of the commit is open") {
		t.Errorf("COMMIT failed: %v, want an open outcome", err)
	}
	if err := s.Commit(t.Context(), sessionBatch("after", 0)); err != nil {
		t.Errorf("the next commit: %v", err)
	}
}

// TestReleaseWhileAnswering: a claim whose answer is on its way to the disk cannot be released under it, nor answered twice.
func TestReleaseWhileAnswering(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	claim := store.Claim{Agent: "a", Path: "/p", Key: "k", Token: "t"}
	if _, taken, err := s.Claim(t.Context(), claim); err != nil || !taken {
		t.Fatal(taken, err)
	}
	answer := store.Batch{Answers: []store.AnswerWrite{{Claim: claim, Answer: store.Answer{Status: 201, Body: []byte("first")}}}}
	release := sqlstore.Hold(t, s)
	results := queue(t.Context(), t, s, answer)
	if err := s.Release(t.Context(), claim); err != nil {
		t.Error(err)
	}
	if existing, taken, err := s.Claim(t.Context(), store.Claim{Agent: "a", Path: "/p", Key: "k", Token: "t2"}); taken || err != nil || existing.Answer != nil {
		t.Errorf("Claim = %+v, %v, %v, want the running one", existing, taken, err)
	}
	if err := s.Commit(t.Context(), answer); !errors.Is(err, store.ErrClaimLost) {
		t.Errorf("second answer: %v, want ErrClaimLost", err)
	}
	release()
	if err := <-results[0]; err != nil {
		t.Error(err)
	}
	existing, _, err := s.Claim(t.Context(), store.Claim{Agent: "a", Path: "/p", Key: "k", Token: "t3"})
	if err != nil || existing.Answer == nil || string(existing.Answer.Body) != "first" {
		t.Errorf("Claim = %+v, %v, want the answer", existing, err)
	}
}

// TestAnswerIsNeverReplaced: when a commit whose outcome was open did reach the file, its answer stands.
func TestAnswerIsNeverReplaced(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	claim := store.Claim{Agent: "a", Path: "/p", Key: "k", Token: "t", At: time.Unix(1_800_000_000, 0)}
	if _, taken, err := s.Claim(t.Context(), claim); err != nil || !taken {
		t.Fatal(taken, err)
	}
	insert := fmt.Sprintf(`INSERT INTO answers VALUES ('a', '/p', 'k', x'00', %d, 201, x'00')`, claim.At.UnixMicro())
	if err := sqlstore.Write(t, s, insert); err != nil {
		t.Fatal(err)
	}
	b := sessionBatch("cs_1", 0)
	b.Answers = []store.AnswerWrite{{Claim: claim, Answer: store.Answer{Status: 200}}}
	if err := s.Commit(t.Context(), b); !errors.Is(err, store.ErrClaimLost) {
		t.Errorf("answered twice: %v, want ErrClaimLost", err)
	}
	if _, err := s.Session(t.Context(), "cs_1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the rest of the batch was kept: %v", err)
	}
}
