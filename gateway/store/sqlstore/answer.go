package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/postern-gateway/postern/gateway/store"
)

func answerPlace(c store.Claim) place {
	return place{"answers", "body", [3]string{c.Agent, c.Path, c.Key}}
}

// Claim takes an idempotency key, or tells who has it. See [store.Store].
func (s *Store) Claim(ctx context.Context, c store.Claim) (existing store.Claim, taken bool, err error) {
	if c.Token == "" || c.Key == "" {
		return store.Claim{}, false, fmt.Errorf("claim %s %s: %w: a claim needs a key and a token", c.Agent, c.Path, store.ErrNotWritten)
	}
	if err := s.enter(ctx); err != nil {
		return store.Claim{}, false, fmt.Errorf("claim %s %s: %w", c.Agent, c.Path, err)
	}
	defer s.leave()
	defer s.claims.enter(keyOf(c)).Unlock()
	if open, ok := s.claims.get(keyOf(c)); ok {
		return open, false, nil
	}
	existing, err = s.answered(ctx, c)
	if err == nil {
		return existing, false, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return store.Claim{}, false, fmt.Errorf("claim %s %s: %w: %w", c.Agent, c.Path, store.ErrNotWritten, err)
	}
	c.At = stored(c.At)
	c.Answer = nil
	s.claims.put(c)
	return store.Claim{}, true, nil
}

// answered reads the stored answer of a key unless it is too old to be replayed.
func (s *Store) answered(ctx context.Context, c store.Claim) (store.Claim, error) {
	found := store.Claim{Agent: c.Agent, Path: c.Path, Key: c.Key, Answer: &store.Answer{}}
	var fingerprint, sealed []byte
	var at int64
	err := s.readRow(ctx, answerByKey, []any{c.Agent, c.Path, c.Key, micros(c.At.Add(-store.Retention))},
		&fingerprint, &at, &found.Answer.Status, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Claim{}, store.ErrNotFound
	}
	if err != nil {
		return store.Claim{}, explain(err)
	}
	if copy(found.Fingerprint[:], fingerprint) != len(found.Fingerprint) {
		return store.Claim{}, fmt.Errorf("the stored fingerprint has %d bytes, want %d", len(fingerprint), len(found.Fingerprint))
	}
	found.At = fromMicros(at)
	found.Answer.Body, err = s.seal.open(sealed, answerPlace(c))
	return found, err
}

// Release gives an unanswered claim up. See [store.Store].
func (s *Store) Release(ctx context.Context, c store.Claim) error {
	if err := s.enter(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("release %s %s: %w", c.Agent, c.Path, err)
	}
	defer s.leave()
	s.claims.release(c)
	return nil
}

func (t *tx) writeAnswer(a sealedAnswer) error {
	n, err := t.exec(answerUpsert, a.claim.Agent, a.claim.Path, a.claim.Key, a.claim.Fingerprint[:], micros(a.claim.At),
		a.status, a.body, micros(a.claim.At.Add(-store.Retention)))
	if err != nil {
		return fmt.Errorf("answer %s %s: %w", a.claim.Agent, a.claim.Path, err)
	}
	if n != 1 {
		return fmt.Errorf("answer %s %s: %w", a.claim.Agent, a.claim.Path, store.ErrClaimLost)
	}
	return nil
}
