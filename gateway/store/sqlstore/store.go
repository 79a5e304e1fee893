package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"github.com/postern-gateway/postern/gateway/store"
)

var _ store.Store = (*Store)(nil)

// errClosed is why a closed store refuses.
var errClosed = errors.New("the store is closed")

// Store is a store.Store in one SQLite file. It is safe for concurrent use; call [Open].
type Store struct {
	path   string
	log    *slog.Logger
	seal   *sealer
	claims *claims
	writer *writer

	writing *sql.DB // one connection, the writer's
	reading *sql.DB
	stmts   [reads]*sql.Stmt
	lock    *os.File

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

// enter counts a caller in, so that Close waits for it.
func (s *Store) enter(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("%w: %w", store.ErrNotWritten, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("%w: %w", store.ErrNotWritten, errClosed)
	}
	s.running.Add(1)
	return nil
}

func (s *Store) leave() { s.running.Done() }

// write hands run to the writer and waits for its COMMIT. When ctx ends first, the request is withdrawn if the writer has not begun
// it, and did surely not happen; else its true result is waited for, which takes one commit and no longer.
func (s *Store) write(ctx context.Context, run func(*tx) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	r := &request{run: run, done: make(chan struct{})}
	select {
	case s.writer.queue <- r:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", store.ErrNotWritten, context.Cause(ctx))
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(waiting, withdrawn) {
			return fmt.Errorf("%w: %w", store.ErrNotWritten, context.Cause(ctx))
		}
		<-r.done
	}
	return r.err
}

// readRow reads one row, or fails with sql.ErrNoRows. The context is not passed on: a look-up takes microseconds, and a context that
// can end costs a goroutine in the driver and one in database/sql.
func (s *Store) readRow(ctx context.Context, id read, args []any, into ...any) error {
	return s.stmts[id].QueryRowContext(context.WithoutCancel(ctx), args...).Scan(into...)
}

// readRows reads all rows of a statement.
func (s *Store) readRows(ctx context.Context, id read, each func(*sql.Rows) error, args ...any) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	rows, err := s.stmts[id].QueryContext(context.WithoutCancel(ctx), args...)
	if err != nil {
		return explain(err)
	}
	return explain(eachRow(rows, each))
}

func eachRow(rows *sql.Rows, each func(*sql.Rows) error) error {
	for rows.Next() {
		if err := each(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// Check reads and writes, through the same ways as everything else.
func (s *Store) Check(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return fmt.Errorf("check %s: %w", s.path, err)
	}
	defer s.leave()
	var sealed []byte
	if err := s.readRow(ctx, probeRead, nil, &sealed); err != nil {
		return fmt.Errorf("check %s: read: %w", s.path, explain(err))
	}
	if _, err := s.seal.open(sealed, keyCheckPlace); err != nil {
		return fmt.Errorf("check %s: %w", s.path, err)
	}
	err := s.write(ctx, func(t *tx) error {
		_, err := t.exec(probeWrite, sealed[:0])
		return err
	})
	if err != nil {
		return fmt.Errorf("check %s: write: %w", s.path, err)
	}
	return nil
}

// Close waits for all calls that have begun, refuses new ones, and gives the file up. A second Close does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
	err := s.writer.stop()
	for _, stmt := range s.stmts {
		err = errors.Join(err, stmt.Close())
	}
	// The writer's connection goes last: closing the last one moves the -wal into the file.
	err = errors.Join(err, s.reading.Close(), s.writing.Close(), unlockFile(s.lock))
	if err != nil {
		return fmt.Errorf("close %s: %w", s.path, err)
	}
	return nil
}
