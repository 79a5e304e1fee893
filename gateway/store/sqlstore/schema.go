package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Migrations only add, and each runs in a transaction of its own. An older program refuses a newer file: after a step back a backup is
// restored.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

// keyCheckPlace is where the value stands that only the right key opens.
var keyCheckPlace = place{"meta", "value", [3]string{"key_check"}}

// migrate brings the schema up to what this program knows. It refuses one that is newer, before it changes anything.
func migrate(ctx context.Context, db *sql.DB) (applied int, err error) {
	provider, err := newProvider(db)
	if err != nil {
		return 0, err
	}
	current, known, err := versions(ctx, provider)
	if err != nil {
		return 0, err
	}
	if current == known {
		return 0, nil
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return len(results), fmt.Errorf("migrate the schema from version %d to %d: %w", current, known, explain(err))
	}
	return len(results), nil
}

// newProvider knows the migrations; it asks db nothing yet.
func newProvider(db *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// versions are the schema's version in the file and the newest that this program knows. A newer file is refused.
func versions(ctx context.Context, provider *goose.Provider) (current, known int64, err error) {
	if current, known, err = provider.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("read the schema version: %w", explain(err))
	}
	if current > known {
		return 0, 0, fmt.Errorf("its schema is version %d and this program knows %d: run the newer program, or restore a backup from before its start",
			current, known)
	}
	return current, known, nil
}

// writeKeyCheck stores the value that checkKey opens.
func writeKeyCheck(ctx context.Context, db *sql.DB, s *sealer) error {
	_, err := db.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('key_check', ?)`, s.seal([]byte("postern"), keyCheckPlace))
	if err != nil {
		return fmt.Errorf("store the key check: %w", explain(err))
	}
	return nil
}

// checkKey tells a wrong key and a database that is not Postern's.
func checkKey(ctx context.Context, db *sql.DB, s *sealer) error {
	var tables int
	err := db.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'`).Scan(&tables)
	if err != nil {
		return fmt.Errorf("read the schema: %w", explain(err))
	}
	var sealed []byte
	if tables == 1 {
		err = db.QueryRowContext(ctx, readText[probeRead]).Scan(&sealed)
	} else {
		err = sql.ErrNoRows
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errors.New("the file is a database, but not one of Postern: check the path")
	case err != nil:
		return fmt.Errorf("read the key check: %w", explain(err))
	}
	if len(sealed) < headerSize {
		return errors.New("the key check is damaged: restore a backup")
	}
	storedID := fmt.Sprintf("%x", sealed[1:1+keyIDSize])
	if _, err := s.open(sealed, keyCheckPlace); err != nil {
		return fmt.Errorf("the encryption key does not fit: the database was sealed with key %s, this is key %s: give the key that it was made with",
			storedID, s.keyID())
	}
	return nil
}

// freeLeases takes all leases away: whoever held them has ended, else the lock would not be ours.
func freeLeases(ctx context.Context, db *sql.DB) (int64, error) {
	var freed int64
	for _, text := range freeText {
		result, err := db.ExecContext(ctx, text, zeroMicros)
		if err != nil {
			return freed, fmt.Errorf("free the leases of the earlier process: %w", explain(err))
		}
		n, err := result.RowsAffected()
		if err != nil {
			return freed, fmt.Errorf("free the leases of the earlier process: %w", err)
		}
		freed += n
	}
	return freed, nil
}
