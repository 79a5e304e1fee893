package sqlstore_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/store/storetest"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childEnv); folder != "" {
		os.Exit(child(folder))
	}
	goleak.VerifyTestMain(m)
}

// testKey is the sealing key of all tests.
var testKey = []byte("0123456789abcdef0123456789abcdef")

// openIn opens the database of a folder and closes it when the test ends.
func openIn(t testing.TB, folder string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: filepath.Join(folder, "postern.db"), Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return openIn(t, t.TempDir()) })
}

func TestContractReopen(t *testing.T) {
	t.Parallel()
	storetest.RunReopen(t, func(t *testing.T, folder string) store.Store { return openIn(t, folder) })
}

func TestContractDamage(t *testing.T) {
	t.Parallel()
	storetest.RunDamage(t, func(t *testing.T, folder string) store.Store { return openIn(t, folder) },
		func(t *testing.T, folder string, what storetest.Sealed) {
			// Without its last byte the tag is not whole.
			alter(t, filepath.Join(folder, "postern.db"), map[storetest.Sealed]string{
				storetest.SealedSagaBody:  `UPDATE sagas SET body = substr(body, 1, length(body) - 1) WHERE session_id = 'cs_bad'`,
				storetest.SealedSagaToken: `UPDATE sagas SET token = substr(token, 1, length(token) - 1) WHERE session_id = 'cs_bad'`,
				storetest.SealedSession:   `UPDATE sessions SET body = substr(body, 1, length(body) - 1) WHERE id = 'cs_bad_old'`,
				storetest.SealedCart:      `UPDATE carts SET body = substr(body, 1, length(body) - 1) WHERE id = 'cart_bad'`,
				storetest.SealedDelivery:  `UPDATE deliveries SET body = substr(body, 1, length(body) - 1) WHERE id = 'bad'`,
			}[what])
		})
}
