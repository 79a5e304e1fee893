package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Condition is what [Examine] found of a database that [Open] would take.
type Condition struct {
	// Exists is false where Open would create the file.
	Exists bool
	// InUse says that another process holds the database, so that Open would be refused for as long as that one runs.
	InUse bool
	// Holder names that process in words, such as " (process 12)"; empty when it is not known.
	Holder string
	// Schema is the version in the file and Known the one of this program; Open would migrate an older one. Both are zero without a file.
	Schema, Known int64
}

// Examine tells whether [Open] would take the database, and changes nothing of it: it creates no file, migrates nothing and frees no
// lease, and a process that uses the database goes on undisturbed. It writes a file of a few bytes into the folder, syncs it and
// removes it again, because only that shows that the folder can be written. The lock is tried and given back at once. Errors are those
// of Open.
func Examine(ctx context.Context, o Options) (Condition, error) {
	c, err := examine(ctx, o)
	if err != nil {
		return Condition{}, fmt.Errorf("examine database %s: %w", o.Path, err)
	}
	return c, nil
}

func examine(ctx context.Context, o Options) (c Condition, err error) {
	seal, err := newSealer(o.Key)
	if err != nil {
		return c, err
	}
	path, err := resolve(o.Path)
	if err != nil {
		return c, err
	}
	if c.Exists, err = inspect(path); err != nil {
		return c, err
	}
	if err := tryFolder(filepath.Dir(path)); err != nil {
		return c, err
	}
	if c.InUse, c.Holder, err = lockedBy(path); err != nil || !c.Exists {
		return c, err
	}
	db, err := sql.Open("sqlite", readOnlySource(path))
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if err := checkKey(ctx, db, seal); err != nil {
		return c, err
	}
	if err := checkPages(ctx, db, path); err != nil {
		return c, err
	}
	provider, err := newProvider(db)
	if err != nil {
		return c, err
	}
	c.Schema, c.Known, err = versions(ctx, provider)
	return c, err
}

// readOnlySource is the address of a file that is only looked at. Without a -wal nobody has the file open and it is complete by itself,
// so that SQLite need not create a -wal and a -shm for looking at it (immutable).
func readOnlySource(path string) string {
	q := url.Values{"mode": {"ro"}, "_busy_timeout": {"5000"}, "_query_only": {"1"}}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		q.Set("immutable", "1")
	}
	return fileURI(path, q)
}

// tryFolder writes, syncs and removes a file, as every commit will have to.
func tryFolder(folder string) error {
	f, err := os.CreateTemp(folder, ".postern-check-*")
	if err != nil {
		return fmt.Errorf("%w: the folder must be writable for the user that runs Postern", err)
	}
	_, err = f.WriteString("postern")
	if err := errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()), syncFolder(folder)); err != nil {
		return fmt.Errorf("write and sync a file in its folder: %w: put the database on a local disk with free space", err)
	}
	return nil
}

// lockedBy tells whether a process holds the database. Without a lock file none does.
func lockedBy(database string) (held bool, holder string, err error) {
	path := database + ".lock"
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, "", nil
	case err != nil:
		return false, "", fmt.Errorf("open the lock file %s: %w: the user that runs Postern must be able to write it", path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	switch err := lock(f); {
	case errors.Is(err, errLocked):
		return true, holderOf(f), nil
	case err != nil:
		return false, "", fmt.Errorf("lock %s: %w: the file system must support file locks", path, err)
	}
	return false, "", unlock(f)
}
