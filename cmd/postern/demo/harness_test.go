package demo

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
)

// TestHarnessIsGuarded asks the harness as somebody who may not, and as somebody who asks for what does not exist.
func TestHarnessIsGuarded(t *testing.T) {
	t.Parallel()
	d, _ := begin(t, Options{})
	url, key := d.Harness()
	for _, tt := range []struct {
		method, path, key, body string
		status                  int
		want                    string
	}{
		{"GET", "/seller", "", "", 401, "wants its key"},
		{"GET", "/seller", key + "x", "", 401, "wants its key"},
		{"POST", "/payment_tokens", "", `{"amount":1,"currency":"usd"}`, 401, "wants its key"},
		{"GET", "/seller", key, "", 200, `"agents"`},
		{"POST", "/receiver", key, `{"url":"http://192.0.2.1/hook"}`, 409, "no http address on loopback"},
		{"POST", "/receiver", key, `{"url":"https://127.0.0.1/hook"}`, 409, "no http address on loopback"},
		{"POST", "/clock", key, `{"advance_seconds":-1}`, 409, "only moves on"},
		{"POST", "/clock", key, `{"forward":1}`, 409, "read the call"},
		{"POST", "/faults", key, `{"kind":"earthquake"}`, 404, "earthquake"},
		{"POST", "/faults", key, `{"kind":"sold_out","item":"NO-SUCH"}`, 404, "NO-SUCH"},
		{"POST", "/orders/cs_nobody/ship", key, "", 404, "cs_nobody"},
		{"POST", "/payment_tokens", key, `{"amount":1,"currency":"usd","outcome":"maybe"}`, 409, "maybe"},
		{"GET", "/sessions/cs_nobody/records", key, "", 409, "cs_nobody"},
		{"GET", "/sessions/cs_nobody/charges", key, "", 200, `"charges":[]`},
		{"GET", "/log?from=x", key, "", 409, "read from"},
		{"GET", "/nothing", key, "", 404, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, url+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if tt.key != "" {
			r.Header.Set("Authorization", "Bearer "+tt.key)
		}
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != tt.status || !strings.Contains(string(text), tt.want) {
			t.Errorf("%s %s %s is answered %d %s, want %d with %q", tt.method, tt.path, tt.body, res.StatusCode, text, tt.status, tt.want)
		}
	}
}

// TestRestart ends the gateway and starts it again, where it was and with what it knew.
func TestRestart(t *testing.T) {
	t.Parallel()
	d, story := begin(t, Options{})
	if _, err := d.Buy(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, story)
	}
	before, id := d.URL(), d.result.SessionID
	secrets := map[string]string{}
	for _, c := range d.world.callerList() {
		secrets[c.Role] = c.Secret
	}
	if err := d.world.restart(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if d.URL() != before {
		t.Errorf("the gateway was at %s and is at %s", before, d.URL())
	}
	if s, err := d.world.live().Session(t.Context(), id); err != nil || s.Order == nil {
		t.Errorf("the session %s is %+v, %v after a restart", id, s.Status, err)
	}
	for _, c := range d.world.callerList() {
		if (c.Secret != "") != (c.EventVersion != "") || c.Secret != "" && c.Secret == secrets[c.Role] {
			t.Errorf("%s did not get a new secret", c.Role)
		}
	}
	if err := d.world.poll(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestShiftedClock sleeps through a shift.
func TestShiftedClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newShiftedClock(clock.System())
		began := c.Now()
		woken := make(chan error, 1)
		go func() { woken <- c.Sleep(t.Context(), time.Hour) }()
		synctest.Wait()
		c.Advance(59 * time.Minute)
		synctest.Wait()
		select {
		case err := <-woken:
			t.Fatalf("woken a minute too early: %v", err)
		default:
		}
		c.Advance(2 * time.Minute)
		if err := <-woken; err != nil || c.Now().Sub(began) != 61*time.Minute {
			t.Errorf("woken with %v after %s", err, c.Now().Sub(began))
		}
		if err := c.Sleep(t.Context(), time.Second); err != nil || c.Now().Sub(began) != 61*time.Minute+time.Second {
			t.Errorf("slept until %s, %v", c.Now().Sub(began), err)
		}
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		go cancel(why)
		if err := c.Sleep(ctx, time.Hour); !errors.Is(err, why) {
			t.Errorf("woken with %v", err)
		}
	})
}

// TestRunning leaves word of a demo, and believes only what nobody else could have written.
func TestRunning(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if _, _, err := Running(); err == nil || !strings.Contains(err.Error(), "no demo runs") {
		t.Errorf("without a demo: %v", err)
	}
	d, _ := begin(t, Options{})
	takeBack, err := d.announce()
	if err != nil {
		t.Fatal(err)
	}
	url, key := d.Harness()
	if gotURL, gotKey, err := Running(); err != nil || gotURL != url || gotKey != key {
		t.Errorf("the demo is found at %q with %q, %v", gotURL, gotKey, err)
	}
	if err := os.Chmod(runningFile(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Running(); err == nil || !strings.Contains(err.Error(), "open to others") {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := takeBack(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(runningFile()); !os.IsNotExist(err) {
		t.Errorf("the word of a demo that has ended remains: %v", err)
	}
}
