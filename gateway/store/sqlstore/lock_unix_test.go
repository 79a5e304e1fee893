//go:build unix

package sqlstore_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/postern-gateway/postern/gateway/store/sqlstore"
)

// TestCloseLetsTheLockGo: a file that is inherited by a child in the making does not keep the lock of a store that is closed.
func TestCloseLetsTheLockGo(t *testing.T) {
	t.Parallel()
	o := sqlstore.Options{Path: filepath.Join(t.TempDir(), "postern.db"), Key: testKey}
	s, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	inherited, err := unix.Dup(sqlstore.LockFD(s))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(inherited) //nolint:errcheck // nothing was written to it
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("the lock was not let go: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}
