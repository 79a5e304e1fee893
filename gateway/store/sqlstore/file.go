package sqlstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// fileHeader is how every SQLite database begins (https://www.sqlite.org/fileformat.html section 1.3).
var fileHeader = []byte("SQLite format 3\x00")

// resolve makes the path absolute and follows links, so that two names of one file share one lock.
func resolve(path string) (string, error) {
	if path == "" {
		return "", errors.New("no path given")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("the folder of the database must exist: %w", err)
	}
	return filepath.Join(folder, filepath.Base(path)), nil
}

// inspect tells whether the database exists, and refuses a file that no program of ours can have left like this.
func inspect(path string) (exists bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(path + "-wal"); err == nil {
			return false, fmt.Errorf("the database is missing but its %s-wal is there: put the database file back, or restore a backup", filepath.Base(path))
		}
		return false, nil
	}
	switch {
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, errors.New("it is not a regular file")
	case info.Mode().Perm()&0o200 == 0:
		return false, errors.New("the file is read-only: make it writable for the user that runs Postern (chmod u+w)")
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("%w: the user that runs Postern must own the file and be able to write it", err)
	}
	head := make([]byte, len(fileHeader))
	_, err = io.ReadFull(f, head)
	if err := errors.Join(ignoreShort(err), f.Close()); err != nil {
		return false, err
	}
	if !bytes.Equal(head, fileHeader) {
		return false, fmt.Errorf("the file is %d bytes long and no SQLite database, or a damaged one: check the path, or restore a backup; "+
			"to begin anew, move the file away", info.Size())
	}
	return true, nil
}

func ignoreShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// dataSource is the driver's address of the file with the settings that every connection gets. mode=rw: SQLite never creates a file by
// itself. secure_delete overwrites what is deleted where that costs no extra write. fullfsync counts on macOS only, where an fsync
// does not reach the disk without it. WAL is not among them: it is a property of the file, set by useWAL once the file is known to be ours.
func dataSource(path string, cacheKiB int, readOnly bool) string {
	q := url.Values{
		"mode":          {"rw"},
		"_busy_timeout": {"5000"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"1"},
		"_pragma": {
			fmt.Sprintf("cache_size(-%d)", cacheKiB),
			"journal_size_limit(67108864)",
			"secure_delete(FAST)",
			"fullfsync(1)",
			"checkpoint_fullfsync(1)",
		},
	}
	if readOnly {
		q.Set("_query_only", "1")
	}
	return fileURI(path, q)
}

// fileURI is the address of a file as SQLite reads it (https://www.sqlite.org/uri.html, read 2026-11-22).
func fileURI(path string, q url.Values) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/... in a file URI
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}
