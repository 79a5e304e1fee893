package sqlstore

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// errLocked says that another process, or another Store of this one, holds the lock.
var errLocked = errors.New("locked")

// lockFile takes the lock that makes this process the only user of a database. The lock is the operating system's and ends with the
// process, however that ends. The side file stays: removing it would let two processes lock two different files.
func lockFile(database string) (*os.File, error) {
	path := database + ".lock"
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock file %s: %w: the folder must exist and be writable by this user", path, err)
	}
	if err := lock(f); err != nil {
		holder := holderOf(f)
		closeErr := f.Close()
		if errors.Is(err, errLocked) {
			return nil, fmt.Errorf("another process%s is using this database: one SQLite file serves one process. Stop the other one, "+
				"or give this one a file of its own; several replicas need PostgreSQL", holder)
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w: the file system must support file locks", path, err), closeErr)
	}
	// The process id is a help for the message above and nothing more.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	}
	return f, nil
}

// unlockFile lets the lock go and closes its file. Closing alone would not do: a child that this process is just starting holds the
// file too, until it runs its own program, and the lock with it.
func unlockFile(f *os.File) error { return errors.Join(unlock(f), f.Close()) }

func holderOf(f *os.File) string {
	var b [20]byte
	n, _ := f.ReadAt(b[:], 0)
	pid := strings.TrimSpace(string(b[:n]))
	if _, err := strconv.Atoi(pid); err != nil {
		return ""
	}
	return " (process " + pid + ")"
}
