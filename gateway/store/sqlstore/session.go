package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/gateway/store"
)

func sessionPlace(id string) place { return place{"sessions", "body", [3]string{id}} }

// Session reads a session of any owner. See [store.Store].
func (s *Store) Session(ctx context.Context, id string) (store.Session, error) {
	if err := s.enter(ctx); err != nil {
		return store.Session{}, fmt.Errorf("read session %s: %w", id, err)
	}
	defer s.leave()
	row := s.stmts[sessionByID].QueryRowContext(context.WithoutCancel(ctx), id)
	found, err := s.scanSession(row)
	if err == nil {
		err = found.Damaged
	}
	if err != nil {
		return store.Session{}, fmt.Errorf("read session %s: %w", id, notFound(err))
	}
	return found, nil
}

// ExpiredSessions lists sessions whose time has passed and that nothing holds. See [store.Store].
func (s *Store) ExpiredSessions(ctx context.Context, now time.Time, limit int) ([]store.Session, error) {
	var found []store.Session
	err := s.readRows(ctx, sessionsExpired, func(rows *sql.Rows) error {
		one, err := s.scanSession(rows)
		found = append(found, one)
		return err
	}, micros(now), max(limit, 0))
	if err != nil {
		return nil, fmt.Errorf("list expired sessions: %w", err)
	}
	return found, nil
}

func (s *Store) scanSession(r row) (store.Session, error) {
	var one store.Session
	var expires, updated int64
	var sealed []byte
	err := r.Scan(&one.ID, &one.Agent, &one.Shop, &one.Status, &one.Live, &one.Answered, &one.Version, &expires, &updated, &sealed)
	if err != nil {
		return store.Session{}, err
	}
	one.ExpiresAt, one.UpdatedAt = fromMicros(expires), fromMicros(updated)
	one.Body, one.Damaged = s.seal.open(sealed, sessionPlace(one.ID))
	return one, nil
}

func (t *tx) writeSession(w *store.SessionWrite, body []byte) error {
	one := &w.Session
	idle := truth(!one.Live && !one.Status.Terminal())
	var err error
	if w.Expect == 0 {
		err = t.change(sessionInsert, one.ID, one.Agent, one.Shop, string(one.Status), truth(one.Live), truth(one.Answered), idle,
			micros(one.ExpiresAt), micros(one.UpdatedAt), body)
	} else {
		update := sessionUpdate
		if w.Idle {
			update = sessionUpdateIdle
		}
		err = t.change(update, string(one.Status), truth(one.Live), truth(one.Answered), idle,
			micros(one.ExpiresAt), micros(one.UpdatedAt), body, one.ID, one.Agent, one.Shop, w.Expect)
	}
	if err != nil {
		return fmt.Errorf("session %s version %d: %w", one.ID, w.Expect, err)
	}
	return nil
}

// notFound turns database/sql's word for no row into the contract's.
func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	return explain(err)
}
