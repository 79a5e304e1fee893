package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
)

// childEnv makes the test program a process that owns the database of a folder and commits until it is killed.
const childEnv = "POSTERN_SQLSTORE_TEST_FOLDER"

// child prints each id once its commit is acknowledged. It never ends by itself unless the store fails.
func child(folder string) int {
	ctx := context.Background()
	s, err := sqlstore.Open(ctx, sqlstore.Options{Path: filepath.Join(folder, "postern.db"), Key: testKey})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d_%d_%d", os.Getpid(), worker, i)
				if err := s.Commit(ctx, purchase(id)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println(id) // one write call, so that lines do not mix
			}
		})
	}
	all.Wait()
	return 1
}

// purchase is a batch whose parts must be there together or not at all.
func purchase(id string) store.Batch {
	now := time.Unix(1_800_000_000, 0)
	return store.Batch{
		Session: &store.SessionWrite{Session: store.Session{ID: id, Agent: "a", Shop: "main", Status: commerce.Completed, Body: make([]byte, 1500)}},
		Cart:    &store.CartWrite{Cart: store.Cart{ID: "cart_" + id, Agent: "a", Shop: "main", DueAt: now, Body: []byte("b")}},
		Sagas:   []store.SagaWrite{{Saga: store.Saga{SessionID: id, Attempt: 1, Shop: "main", Agent: "a", Closed: true, Body: []byte("b")}}},
		Order:   &store.OrderWrite{Order: store.Order{Shop: "main", Ref: id, SessionID: id, Agent: "a"}},
		Events: []store.Delivery{{
			ID: id, Lane: id, Agent: "a", Type: commerce.OrderCreate, DueAt: now, CreatedAt: now, Body: []byte("b"),
		}},
	}
}

// startChild starts a process on the folder and returns what it acknowledged once stop has killed it.
func startChild(t *testing.T, folder string) (acknowledged func() []string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), childEnv+"="+folder)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		_ = cmd.Wait()
		t.Fatalf("the process acknowledged nothing: %s", &stderr)
	}
	ids := []string{lines.Text()}
	return func() []string {
		for len(ids) < 100 && lines.Scan() {
			ids = append(ids, lines.Text())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		for lines.Scan() {
			ids = append(ids, lines.Text())
		}
		if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
			t.Errorf("the process ended before it was killed: %v %s", err, &stderr)
		}
		return ids
	}
}

// TestKillLosesNothing kills a process that writes, several times over: what it acknowledged is there, and each purchase is whole.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var acknowledged []string
	for range 3 {
		acknowledged = append(acknowledged, startChild(t, folder)()...)
	}
	s := openIn(t, folder)
	for _, id := range acknowledged {
		if _, err := s.Session(t.Context(), id); err != nil {
			t.Fatalf("acknowledged, then lost: %v", err)
		}
		_, orderErr := s.OrderOfSession(t.Context(), id)
		sagas, sagaErr := s.Sagas(t.Context(), id)
		events, eventErr := s.Deliveries(t.Context(), id)
		if orderErr != nil || sagaErr != nil || eventErr != nil || len(sagas) != 1 || len(events) != 1 {
			t.Fatalf("purchase %s is not whole: order %v, %d sagas, %d events", id, orderErr, len(sagas), len(events))
		}
	}
	if len(acknowledged) < 300 {
		t.Errorf("only %d purchases were acknowledged: the test proves little", len(acknowledged))
	}
}

// TestSecondProcessIsRefused is row 43 of the fault matrix: the second process does not start, the first is undisturbed.
func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	stop := startChild(t, folder)
	_, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: filepath.Join(folder, "postern.db"), Key: testKey})
	if err == nil || !strings.Contains(err.Error(), "one SQLite file serves one process") || !strings.Contains(err.Error(), "(process ") {
		t.Fatalf("second process: %v", err)
	}
	ids := stop()
	s := openIn(t, folder)
	if _, err := s.Session(t.Context(), ids[len(ids)-1]); err != nil {
		t.Fatal(err)
	}
}

func TestSecondStoreIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := openIn(t, folder)
	other := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(filepath.Join(folder, "postern.db"), other); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(folder, "postern.db"), other} {
		if _, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: path, Key: testKey}); err == nil {
			t.Fatalf("opened %s twice", path)
		}
	}
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}
