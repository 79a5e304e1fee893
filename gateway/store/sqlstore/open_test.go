package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
)

// TestSettingsOfEveryConnection reads the settings back, on all connections at once: a driver that defaults to NORMAL would lose
// acknowledged commits at a power cut.
func TestSettingsOfEveryConnection(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	want := map[string]string{
		"synchronous": "2", "journal_mode": "wal", "busy_timeout": "5000", "foreign_keys": "1", "secure_delete": "2",
		"journal_size_limit": "67108864", "fullfsync": "1",
	}
	seen := 0
	check := func(queryOnly string) func(context.Context, *sql.Conn) {
		return func(ctx context.Context, conn *sql.Conn) {
			seen++
			want["query_only"] = queryOnly
			for name, value := range want {
				var got string
				if err := conn.QueryRowContext(ctx, "PRAGMA "+name).Scan(&got); err != nil || got != value {
					t.Errorf("connection %d: PRAGMA %s = %q, %v, want %s", seen, name, got, err, value)
				}
			}
		}
	}
	sqlstore.OnWriter(t, s, check("0"))
	sqlstore.OnReaders(t, s, check("1"))
	if seen != 1+sqlstore.Readers {
		t.Errorf("looked at %d connections, want %d", seen, 1+sqlstore.Readers)
	}
}

// TestOpenMigrates opens a file of the first schema, from before there were saved carts. What it holds is there, and carts can be kept.
func TestOpenMigrates(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "postern.db")
	o := sqlstore.Options{Path: path, Key: testKey}
	old, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	session := store.Session{ID: "cs_1", Agent: "a", Shop: "main", Status: "ready_for_payment", Body: []byte("kept")}
	err = old.Commit(t.Context(), store.Batch{Session: &store.SessionWrite{Session: session}})
	if err := errors.Join(err, old.Close()); err != nil {
		t.Fatal(err)
	}
	alter(t, path, `DROP TABLE carts`)
	alter(t, path, `DELETE FROM goose_db_version WHERE version_id = 2`)
	s := openIn(t, filepath.Dir(path))
	if got, err := s.Session(t.Context(), "cs_1"); err != nil || string(got.Body) != "kept" {
		t.Errorf("the session is %+v, %v", got, err)
	}
	cart := store.Cart{ID: "cart_1", Agent: "a", Shop: "main", Body: []byte("new")}
	if err := s.Commit(t.Context(), store.Batch{Cart: &store.CartWrite{Cart: cart}}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Cart(t.Context(), "cart_1"); err != nil || string(got.Body) != "new" {
		t.Errorf("the cart is %+v, %v", got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, path string, o *sqlstore.Options)
		want  string
	}{
		{"wrong key", func(t *testing.T, path string, o *sqlstore.Options) {
			o.Key = bytes.Repeat([]byte{7}, sqlstore.KeySize)
		}, "the encryption key does not fit"},
		{"short key", func(t *testing.T, path string, o *sqlstore.Options) { o.Key = testKey[:16] }, "has 16 bytes, want 32"},
		{"no key", func(t *testing.T, path string, o *sqlstore.Options) { o.Key = nil }, "has 0 bytes, want 32"},
		{"no path", func(t *testing.T, path string, o *sqlstore.Options) { o.Path = "" }, "no path given"},
		{"no folder", func(t *testing.T, path string, o *sqlstore.Options) {
			o.Path = filepath.Join(path, "..", "absent", "postern.db")
		}, "the folder of the database must exist"},
		{"must exist", func(t *testing.T, path string, o *sqlstore.Options) {
			o.Path, o.MustExist = filepath.Join(filepath.Dir(path), "other.db"), true
		}, "there is no such file"},
		{"folder in its place", func(t *testing.T, path string, o *sqlstore.Options) {
			remove(t, path)
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
		{"empty file", func(t *testing.T, path string, o *sqlstore.Options) { write(t, path, nil) }, "0 bytes long and no SQLite database"},
		{"another file", func(t *testing.T, path string, o *sqlstore.Options) {
			write(t, path, []byte("listen: \":8443\"\n"))
		}, "no SQLite database"},
		{"damaged header", func(t *testing.T, path string, o *sqlstore.Options) {
			b := content(t, path)
			copy(b, "garbage")
			write(t, path, b)
		}, "no SQLite database, or a damaged one"},
		{"damaged first page", func(t *testing.T, path string, o *sqlstore.Options) {
			b := content(t, path)
			copy(b[100:2000], bytes.Repeat([]byte{0xff}, 1900))
			write(t, path, b)
		}, "damaged"},
		{"damaged pages", func(t *testing.T, path string, o *sqlstore.Options) {
			b := content(t, path)
			copy(b[4*4096:], bytes.Repeat([]byte{0xa5}, len(b)-4*4096))
			write(t, path, b)
		}, "damaged"},
		{"damaged last page", func(t *testing.T, path string, o *sqlstore.Options) {
			b := content(t, path)
			copy(b[len(b)-4096:], bytes.Repeat([]byte{0xa5}, 4096))
			write(t, path, b)
		}, "the database file is damaged ("},
		{"cut off", func(t *testing.T, path string, o *sqlstore.Options) {
			write(t, path, content(t, path)[:3*4096])
		}, "damaged"},
		{"read-only", func(t *testing.T, path string, o *sqlstore.Options) {
			if err := os.Chmod(path, 0o400); err != nil {
				t.Fatal(err)
			}
		}, "the file is read-only"},
		{"log without its database", func(t *testing.T, path string, o *sqlstore.Options) {
			if err := os.Rename(path, path+"-wal"); err != nil {
				t.Fatal(err)
			}
		}, "the database is missing but its postern.db-wal is there"},
		{"not ours", func(t *testing.T, path string, o *sqlstore.Options) {
			remove(t, path)
			alter(t, path, `CREATE TABLE customers (id TEXT)`)
		}, "not one of Postern"},
		{"newer schema", func(t *testing.T, path string, o *sqlstore.Options) {
			alter(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		}, "its schema is version 99 and this program knows 2"},
		{"key check gone", func(t *testing.T, path string, o *sqlstore.Options) {
			alter(t, path, `DELETE FROM meta`)
		}, "not one of Postern"},
		{"key check damaged", func(t *testing.T, path string, o *sqlstore.Options) {
			alter(t, path, `UPDATE meta SET value = x'00'`)
		}, "the key check is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s := openIn(t, folder)
			if err := s.Commit(t.Context(), purchase("cs_1")); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			o := sqlstore.Options{Path: filepath.Join(folder, "postern.db"), Key: testKey}
			path := o.Path
			c.spoil(t, path, &o)
			before := files(t, folder)
			again, err := sqlstore.Open(t.Context(), o)
			if err == nil {
				_ = again.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "open database "+o.Path) {
				t.Errorf("error = %v\nwant the path and %q", err, c.want)
			}
			switch _, examined := sqlstore.Examine(t.Context(), o); {
			case o.MustExist: // it is for Open to say
			case examined == nil || !strings.Contains(examined.Error(), c.want) || !strings.Contains(examined.Error(), "examine database "+o.Path):
				t.Errorf("examined: %v\nwant the path and %q", examined, c.want)
			}
			for _, secret := range []string{string(testKey), string(o.Key)} {
				if secret != "" && strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows the key: %v", err)
				}
			}
			after := files(t, folder)
			for name, was := range before {
				if !bytes.Equal(after[name], was) {
					t.Errorf("%s was changed by an open that failed", name)
				}
			}
		})
	}
}

func TestOpenCreates(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "odd ?name#50%.db")
	// What a creation leaves that was killed half way.
	write(t, path+".new", []byte("half"))
	write(t, path+".new-wal", []byte("half"))
	for range 2 {
		s, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: path, Key: testKey})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, want it closed to others", info.Mode())
	}
	for name := range files(t, folder) {
		if name != filepath.Base(path) && name != filepath.Base(path)+".lock" {
			t.Errorf("%s was left behind", name)
		}
	}
}

// TestWALIsRestored: another program may have left the file in another journal mode.
func TestWALIsRestored(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := openIn(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
	alter(t, filepath.Join(folder, "postern.db"), `PRAGMA journal_mode = DELETE`)
	sqlstore.OnReaders(t, openIn(t, folder), func(ctx context.Context, conn *sql.Conn) {
		var mode string
		if err := conn.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil || mode != "wal" {
			t.Errorf("journal_mode = %q, %v, want wal", mode, err)
		}
	})
}

// alter changes a closed database behind the back of the store.
func alter(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), statement)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// files reads all files of a folder but the lock file, which names the last process that tried.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(name, ".db.lock") {
			found[name], err = os.ReadFile(filepath.Join(folder, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
