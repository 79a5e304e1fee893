package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"testing"
)

// Statements lists all SQL that serves requests.
func Statements() (reading, writing []string) { return readText[:], writeText[:] }

// OpeningStatements lists the SQL that changes rows when a file is opened.
func OpeningStatements() []string { return freeText[:] }

// Hold keeps the writer busy until the returned function is called.
func Hold(t testing.TB, s *Store) (release func()) {
	held, free := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.write(t.Context(), func(*tx) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return func() {
		close(free)
		if err := <-done; err != nil {
			t.Errorf("hold: %v", err)
		}
	}
}

// Queued tells how many requests wait for the writer.
func Queued(s *Store) int { return len(s.writer.queue) }

// OnWriter runs f with the connection that writes.
func OnWriter(t testing.TB, s *Store, f func(ctx context.Context, conn *sql.Conn)) {
	t.Helper()
	err := s.write(t.Context(), func(t *tx) error {
		f(t.ctx, t.conn)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// OnReaders runs f with every connection that reads, all of them open at once.
func OnReaders(t testing.TB, s *Store, f func(ctx context.Context, conn *sql.Conn)) {
	t.Helper()
	var err error
	for range readers {
		conn, connErr := s.reading.Conn(t.Context())
		if connErr != nil {
			t.Fatal(connErr)
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		f(t.Context(), conn)
	}
	if err != nil {
		t.Error(err)
	}
}

// Readers is how many connections read.
const Readers = readers

// Write runs SQL as a request.
func Write(t testing.TB, s *Store, text string) error {
	return s.write(t.Context(), func(t *tx) error {
		_, err := t.conn.ExecContext(t.ctx, text)
		return err
	})
}

// Closed tells whether Close has begun.
func Closed(s *Store) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// QueueSize is how many requests wait in the queue at most.
const QueueSize = queueSize

// LockFD is the descriptor of the lock file.
func LockFD(s *Store) int { return int(s.lock.Fd()) }

// KnownSchema is the newest schema version of this program.
const KnownSchema = 2

// TryFolder writes and syncs in a folder.
func TryFolder(folder string) error { return tryFolder(folder) }
