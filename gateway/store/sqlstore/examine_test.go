package sqlstore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/store/sqlstore"
)

// TestExamineChangesNothing looks at no file, at one that is in use, and at one that was closed. What an open refuses, TestOpenRefuses
// has examined too.
func TestExamineChangesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	o := sqlstore.Options{Path: filepath.Join(folder, "postern.db"), Key: testKey}
	examine := func(want sqlstore.Condition) {
		t.Helper()
		before := all(t, folder)
		got, err := sqlstore.Examine(t.Context(), o)
		if err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		after := all(t, folder)
		if len(before) != len(after) {
			t.Errorf("files before: %d, after: %d", len(before), len(after))
		}
		for name, was := range before {
			if !bytes.Equal(after[name], was) {
				t.Errorf("%s was changed", name)
			}
		}
	}
	examine(sqlstore.Condition{})
	s, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	closed := sqlstore.Condition{Exists: true, Schema: sqlstore.KnownSchema, Known: sqlstore.KnownSchema}
	examine(closed)
	again, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("the examination holds the lock: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	alter(t, o.Path, `DELETE FROM goose_db_version WHERE version_id > 0`)
	closed.Schema = 0
	examine(closed) // an older schema is for Open to migrate
}

// TestExamineInUse looks at a database that a process has open.
func TestExamineInUse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := openIn(t, folder)
	if err := s.Commit(t.Context(), purchase("cs_1")); err != nil {
		t.Fatal(err)
	}
	got, err := sqlstore.Examine(t.Context(), sqlstore.Options{Path: filepath.Join(folder, "postern.db"), Key: testKey})
	want := sqlstore.Condition{
		Exists: true, InUse: true, Holder: " (process " + strconv.Itoa(os.Getpid()) + ")",
		Schema: sqlstore.KnownSchema, Known: sqlstore.KnownSchema,
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if err := s.Commit(t.Context(), purchase("cs_2")); err != nil {
		t.Errorf("the examination disturbed the owner: %v", err)
	}
}

// TestExamineAfterACrash looks at what a killed process leaves: a database whose last commits, the key check among them, are in its -wal.
func TestExamineAfterACrash(t *testing.T) {
	t.Parallel()
	living, crashed := t.TempDir(), t.TempDir()
	s := openIn(t, living)
	if err := s.Commit(t.Context(), purchase("cs_1")); err != nil {
		t.Fatal(err)
	}
	before := map[string][]byte{}
	for _, name := range []string{"postern.db", "postern.db-wal", "postern.db.lock"} {
		before[name] = content(t, filepath.Join(living, name))
		write(t, filepath.Join(crashed, name), before[name])
	}
	got, err := sqlstore.Examine(t.Context(), sqlstore.Options{Path: filepath.Join(crashed, "postern.db"), Key: testKey})
	want := sqlstore.Condition{Exists: true, Schema: sqlstore.KnownSchema, Known: sqlstore.KnownSchema}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for name, was := range before {
		if !bytes.Equal(content(t, filepath.Join(crashed, name)), was) {
			t.Errorf("%s was changed", name)
		}
	}
}

// TestExamineFolder: on a folder that takes no file even from root, the examination says what to do.
func TestExamineFolder(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "absent")
	_, err := sqlstore.Examine(t.Context(), sqlstore.Options{Path: filepath.Join(folder, "postern.db"), Key: testKey})
	if err == nil || !strings.Contains(err.Error(), "the folder of the database must exist") {
		t.Errorf("no folder: %v", err)
	}
	if err := sqlstore.TryFolder(folder); err == nil || !strings.Contains(err.Error(), "the folder must be writable") {
		t.Errorf("a folder that takes no file: %v", err)
	}
}

// all are all files of a folder, the lock too.
func all(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		found[e.Name()] = content(t, filepath.Join(folder, e.Name()))
	}
	return found
}
