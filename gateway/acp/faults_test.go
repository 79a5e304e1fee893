package acp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/schematest"
)

// kinds are all kinds of faults: those that have a name.
func kinds(t *testing.T) []commerce.Kind {
	t.Helper()
	all := []commerce.Kind{commerce.Unexpected}
	for k := range 256 {
		if kind := commerce.Kind(k); kind.String() != commerce.Unexpected.String() {
			all = append(all, kind)
		}
	}
	if len(all) < 30 {
		t.Fatalf("only %d kinds were found", len(all))
	}
	return all
}

func TestEveryKindHasARow(t *testing.T) {
	t.Parallel()
	all := kinds(t)
	for _, k := range all {
		row, ok := verdicts[k]
		if !ok {
			t.Errorf("%s has no row", k)
			continue
		}
		if row.status < 400 || row.kind == "" || row.code == "" {
			t.Errorf("%s: the row is not whole: %+v", k, row)
		}
		// The type of an error follows from its status: only 500 is ours, only 503 passes.
		if (row.status == http.StatusInternalServerError) != (row.kind == "processing_error") ||
			(row.status == http.StatusServiceUnavailable) != (row.kind == "service_unavailable") {
			t.Errorf("%s: %d is told as %s", k, row.status, row.kind)
		}
		if row.status == http.StatusServiceUnavailable && row.retryAfter <= 0 {
			t.Errorf("%s: 503 without Retry-After", k)
		}
		// S17: what is stored is deterministic, and only 400 and 422 are.
		if row.final && row.status != http.StatusBadRequest && row.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d is stored", k, row.status)
		}
	}
	for k := range verdicts {
		if !slices.Contains(all, k) {
			t.Errorf("kind %d has a row and no name", k)
		}
	}
}

func TestRefusalsAreFlatErrorsOfEveryDate(t *testing.T) {
	t.Parallel()
	for _, v := range translate.Versions() {
		for _, k := range kinds(t) {
			f := &commerce.Fault{
				Kind: k, Message: "words of the fault", Param: "$.line_items[0].item.id", RetryAfter: 1500 * time.Millisecond,
				Err: errors.New("internal text"),
			}
			r := Refusal(v.Date, fmt.Errorf("wrapped: %w", f))
			if k != commerce.MissingVersion && k != commerce.UnsupportedVersion { // those come in the newest date only
				schematest.Validate(t, v.Date, schematest.Error, r.Body)
			}
			var body map[string]any
			if err := json.Unmarshal(r.Body, &body); err != nil {
				t.Fatal(err)
			}
			row := verdicts[k]
			status := row.status
			if k == commerce.IdempotencyMismatch {
				status = v.MismatchStatus
			}
			if r.Status != status || !r.Refused || r.Kind != k || body["code"] != row.code || body["type"] != string(row.kind) {
				t.Errorf("%s in %s: %d %s", k, v.Date, r.Status, r.Body)
			}
			if strings.Contains(string(r.Body), "internal text") || (row.text != "" && strings.Contains(string(r.Body), "words of the fault")) {
				t.Errorf("%s in %s tells what is inside: %s", k, v.Date, r.Body)
			}
			want := "$.line_items[0].item.id"
			if v.Date < "2026-01-30" {
				want = "$.items[0].id"
			}
			if body["param"] != want {
				t.Errorf("%s in %s: param = %v, want %s", k, v.Date, body["param"], want)
			}
			if row.retryAfter > 0 && r.RetryAfter != 2*time.Second {
				t.Errorf("%s: Retry-After = %s, want the fault's own, rounded up", k, r.RetryAfter)
			}
			if row.retryAfter == 0 && r.RetryAfter != 0 {
				t.Errorf("%s: Retry-After = %s, want none", k, r.RetryAfter)
			}
		}
	}
}

func TestErrorsWithoutAKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
	}{
		{errors.New("a bug"), 500},
		{fmt.Errorf("%w", context.DeadlineExceeded), 503},
		{fmt.Errorf("%w", context.Canceled), 503},
		{fmt.Errorf("%w", store.ErrNotWritten), 503},
		{fmt.Errorf("%w", store.ErrClaimLost), 503},
		{commerce.Faultf(commerce.Kind(200), "a kind that nobody knows"), 500},
	} {
		if r := Refusal("2026-04-17", c.err); r.Status != c.status {
			t.Errorf("%v: %d, want %d", c.err, r.Status, c.status)
		}
	}
}
