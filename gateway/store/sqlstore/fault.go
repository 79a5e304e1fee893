package sqlstore

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// explain adds to an error of SQLite what an operator can do about it. The original stays reachable by errors.As.
func explain(err error) error {
	advice := ""
	switch code(err) & 0xff {
	case sqlite3.SQLITE_FULL:
		advice = "the disk is full: free space, the store then goes on by itself"
	case sqlite3.SQLITE_CORRUPT:
		advice = "the database file is damaged: stop, keep a copy of the file, restore a backup"
	case sqlite3.SQLITE_NOTADB:
		advice = "the file is not a database: check the path, or restore a backup"
	case sqlite3.SQLITE_READONLY:
		advice = "the database file or its folder cannot be written: check owner, mode and mount"
	case sqlite3.SQLITE_CANTOPEN:
		advice = "the database file or its -wal cannot be opened: check owner and mode of file and folder"
	case sqlite3.SQLITE_IOERR:
		advice = "the disk reports an error: check it before going on"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		advice = "another program holds the database file: close it"
	default:
		return err
	}
	return fmt.Errorf("%s: %w", advice, err)
}

// code is the extended result code of SQLite in err, 0 if there is none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

func isUniqueViolation(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_CONSTRAINT_UNIQUE || c == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}
