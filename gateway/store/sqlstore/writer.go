package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/postern-gateway/postern/gateway/store"
)

// maxGroup bounds how many requests share a COMMIT, so that the first of them does not wait for ever more work.
const maxGroup = 128

// queueSize bounds how many requests wait. A full queue makes callers wait in queue, where their context can still end the wait.
const queueSize = 2 * maxGroup

// The life of a request: exactly one of the writer and the caller moves it on from waiting.
const (
	waiting int32 = iota
	running
	withdrawn
)

// request is one write. run happens in the writer's transaction, inside a savepoint: when it fails, its own changes are undone.
type request struct {
	run   func(*tx) error
	state atomic.Int32
	err   error // set before done is closed
	done  chan struct{}
}

// writer is the one connection that writes, and the goroutine that uses it.
type writer struct {
	queue chan *request
	tx    tx
	ended chan struct{}
}

// tx runs the prepared statements of the writer. Only run functions of requests get to use it, one at a time.
type tx struct {
	ctx   context.Context // never ends: a write that has begun is not interrupted
	conn  *sql.Conn
	stmts [writes]*sql.Stmt
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect the writer: %w", err)
	}
	w := &writer{queue: make(chan *request, queueSize), ended: make(chan struct{})}
	w.tx = tx{ctx: context.WithoutCancel(ctx), conn: conn}
	for id, text := range writeText {
		if w.tx.stmts[id], err = conn.PrepareContext(ctx, text); err != nil {
			return nil, errors.Join(fmt.Errorf("prepare %q: %w", text, err), w.tx.close())
		}
	}
	return w, nil
}

// loop serves until the queue is closed and empty.
func (w *writer) loop() {
	defer close(w.ended)
	group := make([]*request, 0, maxGroup)
	for first := range w.queue {
		group = append(group[:0], first)
	collect:
		for len(group) < maxGroup {
			select {
			case r, ok := <-w.queue:
				if !ok {
					break collect
				}
				group = append(group, r)
			default:
				break collect
			}
		}
		w.commit(group)
		clear(group)
	}
}

// stop lets the queue run empty and closes the connection. Nothing may be sent to the queue from here on.
func (w *writer) stop() error {
	close(w.queue)
	<-w.ended
	return w.tx.close()
}

// commit runs the requests that were not withdrawn in one transaction and tells each its result once that is durable.
func (w *writer) commit(group []*request) {
	ran := group[:0:0]
	defer func() {
		for _, r := range ran {
			close(r.done)
		}
	}()
	begun := false
	good := 0
	for i, r := range group {
		if !r.state.CompareAndSwap(waiting, running) {
			continue
		}
		ran = append(ran, r)
		if !begun {
			if err := w.begin(); err != nil {
				w.fail(&ran, group[i+1:], fmt.Errorf("begin: %w: %w", store.ErrNotWritten, explain(err)))
				return
			}
			begun = true
		}
		lost, err := w.runInSavepoint(r)
		r.err = err
		if lost {
			// SQLite gave up the whole transaction, as it may on a full disk or a failing one: what ran before is undone as well.
			_, _ = w.tx.exec(txRollback)
			w.fail(&ran, group[i+1:], err)
			return
		}
		if err == nil {
			good++
		}
	}
	if !begun {
		return
	}
	if good == 0 {
		if _, err := w.tx.exec(txRollback); err != nil {
			w.failGood(ran, fmt.Errorf("roll back: %w", explain(err)))
		}
		return
	}
	if _, err := w.tx.exec(txCommit); err != nil {
		_, _ = w.tx.exec(txRollback) // fails when SQLite has rolled back already
		w.failGood(ran, fmt.Errorf("the outcome of the commit is open, read it back: %w", explain(err)))
	}
}

// begin opens a transaction, after ending one that an earlier failure may have left open.
func (w *writer) begin() error {
	_, err := w.tx.exec(txBegin)
	if err == nil {
		return nil
	}
	if _, rollbackErr := w.tx.exec(txRollback); rollbackErr != nil {
		return err
	}
	_, err = w.tx.exec(txBegin)
	return err
}

// runInSavepoint reports lost when the transaction around the savepoint is gone or cannot be trusted.
func (w *writer) runInSavepoint(r *request) (lost bool, err error) {
	if _, err := w.tx.exec(savepoint); err != nil {
		return true, fmt.Errorf("%w: %w", store.ErrNotWritten, explain(err))
	}
	err = r.run(&w.tx)
	if err == nil {
		if _, err = w.tx.exec(savepointRelease); err != nil {
			return true, fmt.Errorf("%w: %w", store.ErrNotWritten, explain(err))
		}
		return false, nil
	}
	if !errors.Is(err, store.ErrStale) && !errors.Is(err, store.ErrClaimLost) {
		err = fmt.Errorf("%w: %w", store.ErrNotWritten, explain(err))
	}
	if _, undoErr := w.tx.exec(savepointRollback); undoErr != nil {
		return true, err
	}
	if _, undoErr := w.tx.exec(savepointRelease); undoErr != nil {
		return true, err
	}
	return false, err
}

// fail gives err to the requests that ran without an error of their own, and to those that did not run.
func (w *writer) fail(ran *[]*request, rest []*request, err error) {
	for _, r := range rest {
		if r.state.CompareAndSwap(waiting, running) {
			*ran = append(*ran, r)
		}
	}
	if !errors.Is(err, store.ErrNotWritten) {
		err = fmt.Errorf("%w: %w", store.ErrNotWritten, err)
	}
	w.failGood(*ran, err)
}

func (w *writer) failGood(ran []*request, err error) {
	for _, r := range ran {
		if r.err == nil {
			r.err = err
		}
	}
}

// exec runs a statement and tells how many rows it changed.
func (t *tx) exec(id write, args ...any) (int64, error) {
	result, err := t.stmts[id].ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// change runs a statement that must change exactly one row, else the row is not what the writer read: store.ErrStale.
func (t *tx) change(id write, args ...any) error {
	n, err := t.exec(id, args...)
	switch {
	case isUniqueViolation(err):
		return store.ErrStale
	case err != nil:
		return err
	case n != 1:
		return store.ErrStale
	}
	return nil
}

// query runs a statement that returns rows. All of them are read before it returns.
func (t *tx) query(id write, each func(*sql.Rows) error, args ...any) error {
	rows, err := t.stmts[id].QueryContext(t.ctx, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, each)
}

func (t *tx) close() error {
	var errs []error
	for _, stmt := range t.stmts {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(append(errs, t.conn.Close())...)
}
