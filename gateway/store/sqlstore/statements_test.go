package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/gateway/store/sqlstore"
)

// keys are the conditions that name one row, or one lane, of each table. Every statement that changes a row has them in its WHERE:
// so no request reaches a row of another session, order or shop.
var keys = map[string][]string{
	"sessions":   {"id = ?", "agent = ?", "shop = ?", "version = ?"},
	"carts":      {"id = ?", "agent = ?", "shop = ?", "version = ?"},
	"sagas":      {"session_id = ?", "attempt = ?", "shop = ?", "agent = ?", "version = ?", "owner = ?"},
	"orders":     {"shop = ?", "ref = ?", "session_id = ?", "agent = ?", "version = ?"},
	"refunds":    {"shop = ?", "order_ref = ?", "id = ?", "version = ?"},
	"cursors":    {"shop = ?", "place = ?"},
	"deliveries": {"id = ?", "owner = ?"},
}

// wide are the statements that pick rows by their state, on purpose: leases, the sweep, and an event that supersedes within its lane.
var wide = map[string][]string{
	"UPDATE sagas SET owner":                     {"(session_id, attempt) IN (SELECT", "LIMIT ?)", "closed = 0"},
	"UPDATE refunds SET owner":                   {"(shop, order_ref, id) IN (SELECT", "LIMIT ?)", "state = 'due'"},
	"UPDATE deliveries SET owner":                {"id IN (SELECT", "LIMIT ?)", "state = 'pending'"},
	"UPDATE deliveries SET state = 'superseded'": {"lane = ?", "state = 'pending'", "owner = ''"},
	"UPDATE sagas SET token = NULL":              {"(session_id, attempt) IN (SELECT", "token_until <= ?", "LIMIT ?)"},
	"DELETE FROM answers":                        {"(agent, path, key) IN (SELECT", "at < ?", "LIMIT ?)"},
}

var changes = regexp.MustCompile(`^(?:UPDATE|DELETE FROM) (\w+)`)

func TestEveryChangeNamesItsRow(t *testing.T) {
	t.Parallel()
	_, writing := sqlstore.Statements()
	seen := 0
	for _, text := range writing {
		match := changes.FindStringSubmatch(text)
		if match == nil {
			continue
		}
		seen++
		_, where, ok := strings.Cut(text, "WHERE")
		if !ok {
			t.Errorf("no WHERE: %s", text)
		}
		want := keys[match[1]]
		for start, conditions := range wide {
			if strings.HasPrefix(text, start) {
				want = conditions
			}
		}
		if len(want) == 0 {
			t.Errorf("no rule for table %s: %s", match[1], text)
		}
		for _, condition := range want {
			if !strings.Contains(where, condition) {
				t.Errorf("%q is no condition of: %s", condition, text)
			}
		}
	}
	if seen < 12 {
		t.Errorf("only %d statements change rows: the test misses some", seen)
	}
}

// TestReadsNameTheirRow: what is read for a request is asked for by its key; the one exception is the expiry's list.
func TestReadsNameTheirRow(t *testing.T) {
	t.Parallel()
	reading, _ := sqlstore.Statements()
	for _, text := range reading {
		_, where, ok := strings.Cut(text, "WHERE")
		if !ok || (!strings.Contains(where, " = ?") && !strings.Contains(where, "name = 'key_check'") && !strings.Contains(text, "LIMIT ?")) {
			t.Errorf("reads more than it was asked for: %s", text)
		}
	}
}

// TestPlans: no statement walks through a whole table or sorts what an index could give in order; a million sessions must cost what ten do.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	reading, writing := sqlstore.Statements()
	sqlstore.OnWriter(t, s, func(ctx context.Context, conn *sql.Conn) {
		for _, text := range slices.Concat(reading, writing, sqlstore.OpeningStatements()) {
			for _, step := range plan(ctx, t, conn, text) {
				if strings.HasPrefix(step, "SCAN") && !strings.Contains(step, "INDEX") && !strings.Contains(step, "CONSTANT ROW") {
					t.Errorf("%s in: %s", step, text)
				}
			}
		}
	})
}

func plan(ctx context.Context, t *testing.T, conn *sql.Conn, text string) (steps []string) {
	if !strings.ContainsAny(text, " ") || strings.HasPrefix(text, "BEGIN") || strings.Contains(text, "SAVEPOINT") {
		return nil
	}
	rows, err := conn.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
	if err != nil {
		t.Errorf("%v: %s", err, text)
		return nil
	}
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Error(err)
		}
		steps = append(steps, step)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Error(err)
	}
	return steps
}
