package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // The driver "sqlite".
)

const (
	// readers is how many connections read. A look-up takes microseconds, so more would only cost memory.
	readers = 4
	// Page caches in KiB. They are small because the operating system caches the file as well.
	writerCacheKiB = 32 << 10
	readerCacheKiB = 4 << 10
	// fullCheckBytes is up to which size a file is checked from end to end when it is opened; above it, a start would take too long.
	fullCheckBytes = 16 << 20
)

// Options say which file to open.
type Options struct {
	// Path of the database. Its folder must exist. Beside it stand Path-wal, Path-shm and Path.lock.
	Path string
	// Key is the sealing key, [KeySize] random bytes.
	Key []byte
	// MustExist refuses a missing file; otherwise it is created.
	MustExist bool
	// Logger says what was created, migrated and freed. Nil: nothing.
	Logger *slog.Logger
}

// Open opens the database, or creates it, and takes it for this process: a second process that opens it is refused. All leases of the
// process before are void. It fails, and changes nothing, when the file is damaged, read-only, sealed with another key, not Postern's
// or of a newer schema. ctx bounds the opening only.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", o.Path, err)
	}
	return s, nil
}

func open(ctx context.Context, o Options) (_ *Store, err error) {
	s := &Store{log: o.Logger, claims: newClaims()}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.seal, err = newSealer(o.Key); err != nil {
		return nil, err
	}
	if s.path, err = resolve(o.Path); err != nil {
		return nil, err
	}
	if s.lock, err = lockFile(s.path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.abandon())
		}
	}()
	exists, err := inspect(s.path)
	if err != nil {
		return nil, err
	}
	if !exists {
		if o.MustExist {
			return nil, errors.New("there is no such file: check the path")
		}
		if err := create(ctx, s.path, s.seal); err != nil {
			return nil, fmt.Errorf("create it: %w", err)
		}
		s.log.InfoContext(ctx, "created a new database", "path", s.path)
	}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	if s.writer, err = newWriter(ctx, s.writing); err != nil {
		return nil, err
	}
	for id, text := range readText {
		if s.stmts[id], err = s.reading.PrepareContext(ctx, text); err != nil {
			return nil, fmt.Errorf("prepare %q: %w", text, err)
		}
	}
	go s.writer.loop()
	return s, nil
}

// connect opens the file, refuses it if it is not as it must be, and prepares it for a new owner.
func (s *Store) connect(ctx context.Context) (err error) {
	if s.writing, err = sql.Open("sqlite", dataSource(s.path, writerCacheKiB, false)); err != nil {
		return err
	}
	s.writing.SetMaxOpenConns(1)
	if err := checkKey(ctx, s.writing, s.seal); err != nil {
		return err
	}
	if err := checkPages(ctx, s.writing, s.path); err != nil {
		return err
	}
	applied, err := migrate(ctx, s.writing)
	if err != nil {
		return err
	}
	if err := useWAL(ctx, s.writing); err != nil {
		return err
	}
	if applied > 0 {
		s.log.InfoContext(ctx, "migrated the database", "path", s.path, "steps", applied)
	}
	freed, err := freeLeases(ctx, s.writing)
	if err != nil {
		return err
	}
	if freed > 0 {
		s.log.InfoContext(ctx, "freed the leases of the earlier process", "leases", freed)
	}
	if s.reading, err = sql.Open("sqlite", dataSource(s.path, readerCacheKiB, true)); err != nil {
		return err
	}
	s.reading.SetMaxOpenConns(readers)
	s.reading.SetMaxIdleConns(readers)
	return nil
}

// useWAL makes readers and the writer independent. The file remembers it.
func useWAL(ctx context.Context, db *sql.DB) error {
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err != nil {
		return fmt.Errorf("use a write-ahead log: %w", explain(err))
	}
	if mode != "wal" {
		return fmt.Errorf("use a write-ahead log: the database stays in mode %q: put it on a local disk", mode)
	}
	return nil
}

// checkPages looks for damage in a file that is small enough.
func checkPages(ctx context.Context, db *sql.DB, path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() > fullCheckBytes {
		return err
	}
	var verdict string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return fmt.Errorf("check it: %w", explain(err))
	}
	if verdict != "ok" {
		return fmt.Errorf("the database file is damaged (%s): keep a copy of the file and restore a backup", verdict)
	}
	return nil
}

// create makes the database under another name and renames it when it is complete, so that whatever is found under path later was
// whole once: an empty or half-made file is then a fault and no beginning.
func create(ctx context.Context, path string, seal *sealer) (err error) {
	unfinished := path + ".new"
	for _, suffix := range [...]string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(unfinished + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	f, err := os.OpenFile(unfinished, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := fill(ctx, unfinished, seal); err != nil {
		return err
	}
	if err := os.Rename(unfinished, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func fill(ctx context.Context, path string, seal *sealer) (err error) {
	db, err := sql.Open("sqlite", dataSource(path, readerCacheKiB, false))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if err := useWAL(ctx, db); err != nil {
		return err
	}
	if _, err := migrate(ctx, db); err != nil {
		return err
	}
	return writeKeyCheck(ctx, db, seal)
}

// abandon closes what a failed open has opened.
func (s *Store) abandon() error {
	var errs []error
	for _, stmt := range s.stmts {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	if s.writer != nil {
		errs = append(errs, s.writer.tx.close())
	}
	if s.reading != nil {
		errs = append(errs, s.reading.Close())
	}
	if s.writing != nil {
		errs = append(errs, s.writing.Close())
	}
	return errors.Join(append(errs, unlockFile(s.lock))...)
}
