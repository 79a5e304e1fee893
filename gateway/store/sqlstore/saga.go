package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"

	"github.com/postern-gateway/postern/gateway/store"
)

func sagaPlace(column, sessionID string, attempt int) place {
	return place{"sagas", column, [3]string{sessionID, strconv.Itoa(attempt)}}
}

// Sagas reads all attempts of a session. See [store.Store].
func (s *Store) Sagas(ctx context.Context, sessionID string) ([]store.Saga, error) {
	var found []store.Saga
	err := s.readRows(ctx, sagasOfSession, func(rows *sql.Rows) error {
		one, err := scanSaga(rows)
		found = append(found, one)
		return err
	}, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read sagas of session %s: %w", sessionID, err)
	}
	for i := range found {
		if err := s.openSaga(&found[i]); err != nil {
			return nil, fmt.Errorf("read attempt %d of session %s: %w", found[i].Attempt, sessionID, err)
		}
	}
	return found, nil
}

// AcquireSagas leases open sagas that are due. See [store.Store].
func (s *Store) AcquireSagas(ctx context.Context, l store.Lease, limit int) ([]store.Saga, error) {
	var found []store.Saga
	err := s.acquire(ctx, sagasAcquire, l, limit, func(rows *sql.Rows) error {
		one, err := scanSaga(rows)
		found = append(found, one)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease sagas: %w", err)
	}
	for i := range found {
		one := &found[i]
		if one.Damaged = s.openSaga(one); one.Damaged != nil {
			one.Body, one.Token = nil, nil
		}
	}
	slices.SortFunc(found, func(a, b store.Saga) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.SessionID, b.SessionID), cmp.Compare(a.Attempt, b.Attempt))
	})
	return found, nil
}

// acquire leases due rows with one of the three statements for it, which take the same arguments.
func (s *Store) acquire(ctx context.Context, id write, l store.Lease, limit int, each func(*sql.Rows) error) error {
	if l.Owner == "" || !l.Until.After(l.Now) {
		return fmt.Errorf("%w: a lease needs an owner and an end after now", store.ErrNotWritten)
	}
	if limit <= 0 {
		return nil
	}
	args := []any{l.Owner, micros(l.Until), micros(l.Now), micros(l.Now)}
	if id == deliveriesAcquire {
		args = append(args, micros(l.Now))
	}
	args = append(args, limit)
	return s.write(ctx, func(t *tx) error { return t.query(id, each, args...) })
}

// scanSaga leaves Body and Token sealed, so that the writer does not decrypt; openSaga does that.
func scanSaga(r row) (store.Saga, error) {
	var one store.Saga
	var lease, due, mark, tokenUntil, created int64
	err := r.Scan(&one.SessionID, &one.Attempt, &one.Shop, &one.Agent, &one.Step, &one.Live, &one.Version, &one.Owner,
		&lease, &due, &mark, &one.Closed, &one.Body, &one.Token, &tokenUntil, &created)
	one.LeaseUntil, one.DueAt, one.Mark = fromMicros(lease), fromMicros(due), fromMicros(mark)
	one.TokenUntil, one.CreatedAt = fromMicros(tokenUntil), fromMicros(created)
	return one, err
}

func (s *Store) openSaga(one *store.Saga) (err error) {
	if one.Body, err = s.seal.open(one.Body, sagaPlace("body", one.SessionID, one.Attempt)); err != nil || one.Token == nil {
		return err
	}
	one.Token, err = s.seal.open(one.Token, sagaPlace("token", one.SessionID, one.Attempt))
	return err
}

// writeSaga takes body and token sealed; a nil token is stored as none.
func (t *tx) writeSaga(w *store.SagaWrite, body, token []byte) error {
	one := &w.Saga
	var tokenColumn any
	if token != nil {
		tokenColumn = token
	}
	var err error
	if w.Expect == 0 {
		err = t.change(sagaInsert, one.SessionID, one.Attempt, one.Shop, one.Agent, one.Step, truth(one.Live), one.Owner,
			micros(one.LeaseUntil), micros(one.DueAt), micros(one.Mark), truth(one.Closed), body, tokenColumn,
			micros(one.TokenUntil), micros(one.CreatedAt))
	} else {
		err = t.change(sagaUpdate, one.Step, truth(one.Live), one.Owner,
			micros(one.LeaseUntil), micros(one.DueAt), micros(one.Mark), truth(one.Closed), body, tokenColumn, micros(one.TokenUntil),
			one.SessionID, one.Attempt, one.Shop, one.Agent, w.Expect, w.Owner)
	}
	if err != nil {
		return fmt.Errorf("saga of session %s attempt %d version %d: %w", one.SessionID, one.Attempt, w.Expect, err)
	}
	return nil
}
