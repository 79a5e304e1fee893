package sqlstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
)

// secrets stand for a buyer and a payment token; each place of a batch that may carry them gets all of them.
var secrets = []string{"spt_SECRETtoken", "ada.lovelace@example.com", "Ada Lovelace", "12 St James's Square", "+442071234567"}

func secretBatch(id string, claim store.Claim) store.Batch {
	body := []byte(strings.Join(secrets, "|"))
	b := purchase(id)
	b.Session.Session.Body = body
	b.Cart.Cart.Body = body
	b.Sagas[0].Saga.Body, b.Sagas[0].Saga.Token = body, body
	b.Order.Order.Body = body
	b.Events[0].Body = body
	b.Answers = []store.AnswerWrite{{Claim: claim, Answer: store.Answer{Status: 201, Body: body}}}
	return b
}

// TestFilesShowNoSecret greps the raw files, while the rows are in the -wal and after they have moved to the database.
func TestFilesShowNoSecret(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := openIn(t, folder)
	for i := range 20 {
		claim := store.Claim{Agent: "a", Path: "/p", Key: fmt.Sprint(i), Token: "t", Owner: "p1"}
		if _, taken, err := s.Claim(t.Context(), claim); err != nil || !taken {
			t.Fatal(taken, err)
		}
		if err := s.Commit(t.Context(), secretBatch(fmt.Sprint("cs_", i), claim)); err != nil {
			t.Fatal(err)
		}
	}
	grep := func(when string) {
		t.Helper()
		found := files(t, folder)
		marker := false
		for name, b := range found {
			marker = marker || bytes.Contains(b, []byte("cs_19")) // ids are plain: this is where the rows are
			for _, secret := range secrets {
				if bytes.Contains(b, []byte(secret)) {
					t.Errorf("%s: %s shows %q", when, name, secret)
				}
			}
		}
		if !marker {
			t.Errorf("%s: the rows are in none of %d files: the test looks in the wrong place", when, len(found))
		}
	}
	grep("open")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	grep("closed")
}

// TestRowsCannotBeSwapped moves sealed values between rows and columns and changes one bit: none of it may open.
func TestRowsCannotBeSwapped(t *testing.T) {
	t.Parallel()
	sessionOf := func(s *sqlstore.Store) error { _, err := s.Session(t.Context(), "cs_1"); return err }
	cartOf := func(s *sqlstore.Store) error { _, err := s.Cart(t.Context(), "cart_cs_1"); return err }
	sagasOf := func(s *sqlstore.Store) error { _, err := s.Sagas(t.Context(), "cs_1"); return err }
	orderOf := func(s *sqlstore.Store) error { _, err := s.Order(t.Context(), "main", "cs_1"); return err }
	damaged := func(ds []store.Delivery, err error) error {
		for _, d := range ds {
			err = errors.Join(err, d.Damaged)
		}
		return err
	}
	eventsOf := func(s *sqlstore.Store) error { return damaged(s.Deliveries(t.Context(), "cs_1")) }
	leasesOf := func(s *sqlstore.Store) error {
		return damaged(s.AcquireDeliveries(t.Context(), store.Lease{Owner: "p", Now: time.Unix(1_900_000_000, 0), Until: time.Unix(1_900_000_001, 0)}, 9))
	}
	answerOf := func(s *sqlstore.Store) error {
		_, taken, err := s.Claim(t.Context(), store.Claim{Agent: "a", Path: "/p", Key: "cs_1", Token: "t2"})
		if taken {
			t.Error("took a key whose stored answer does not open")
		}
		return err
	}
	for _, c := range []struct {
		name, sql string
		read      func(*sqlstore.Store) error
	}{
		{"session", `UPDATE sessions SET body = (SELECT body FROM sessions WHERE id = 'cs_2') WHERE id = 'cs_1'`, sessionOf},
		{"session id", `PRAGMA foreign_keys = 0; DELETE FROM sessions WHERE id = 'cs_1'; UPDATE sessions SET id = 'cs_1' WHERE id = 'cs_2'`, sessionOf},
		{"cart", `UPDATE carts SET body = (SELECT body FROM carts WHERE id = 'cart_cs_2') WHERE id = 'cart_cs_1'`, cartOf},
		{"session into cart", `UPDATE carts SET body = (SELECT body FROM sessions WHERE id = 'cs_1') WHERE id = 'cart_cs_1'`, cartOf},
		{"saga", `UPDATE sagas SET body = (SELECT body FROM sagas WHERE session_id = 'cs_2') WHERE session_id = 'cs_1'`, sagasOf},
		{"token", `UPDATE sagas SET token = (SELECT token FROM sagas WHERE session_id = 'cs_2') WHERE session_id = 'cs_1'`, sagasOf},
		{"token into body", `UPDATE sagas SET body = token`, sagasOf},
		{"attempt", `UPDATE sagas SET attempt = 2`, sagasOf},
		{"order", `UPDATE orders SET body = (SELECT body FROM orders WHERE ref = 'cs_2') WHERE ref = 'cs_1'`, orderOf},
		{"delivery", `UPDATE deliveries SET body = (SELECT body FROM deliveries WHERE id = 'cs_2') WHERE id = 'cs_1'`, eventsOf},
		{"leased delivery", `UPDATE deliveries SET body = (SELECT body FROM deliveries WHERE id = 'cs_2') WHERE id = 'cs_1'`, leasesOf},
		{"answer", `UPDATE answers SET body = (SELECT body FROM answers WHERE key = 'cs_2') WHERE key = 'cs_1'`, answerOf},
		{"session into delivery", `UPDATE deliveries SET body = (SELECT body FROM sessions WHERE id = 'cs_1') WHERE id = 'cs_1'`, eventsOf},
		{"session into order", `UPDATE orders SET body = (SELECT body FROM sessions WHERE id = 'cs_1') WHERE ref = 'cs_1'`, orderOf},
		{"cut", `UPDATE sessions SET body = substr(body, 1, length(body) - 1)`, sessionOf},
		{"longer", `UPDATE sessions SET body = body || x'00'`, sessionOf},
		{"empty", `UPDATE sessions SET body = x''`, sessionOf},
		{"plain", `UPDATE sessions SET body = CAST('{"id":"cs_1"}' AS BLOB)`, sessionOf},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s := openIn(t, folder)
			for _, id := range []string{"cs_1", "cs_2"} {
				claim := store.Claim{Agent: "a", Path: "/p", Key: id, Token: "t"}
				if _, taken, err := s.Claim(t.Context(), claim); err != nil || !taken {
					t.Fatal(taken, err)
				}
				if err := s.Commit(t.Context(), secretBatch(id, claim)); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			alter(t, filepath.Join(folder, "postern.db"), c.sql)
			err := c.read(openIn(t, folder))
			if err == nil || !strings.Contains(err.Error(), "does not open") {
				t.Errorf("error = %v, want that the value does not open", err)
			}
		})
	}
}

// TestSameTextSealsDifferently: equal bodies cannot be seen to be equal.
func TestSameTextSealsDifferently(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := openIn(t, folder)
	one := store.Session{ID: "cs_1", Agent: "a", Shop: "main", Status: commerce.Ready, Body: []byte("the same")}
	var values [][]byte
	for expect := range int64(2) {
		if err := s.Commit(t.Context(), store.Batch{Session: &store.SessionWrite{Session: one, Expect: expect}}); err != nil {
			t.Fatal(err)
		}
		values = append(values, rawBody(t, s))
	}
	if bytes.Equal(values[0], values[1]) {
		t.Error("the same text was sealed to the same bytes twice")
	}
}
