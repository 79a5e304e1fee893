package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

// typed is what came of a command line that was run inside of the test.
type typed struct {
	code     int
	out, err string
}

func typeIn(ctx context.Context, args ...string) typed {
	var out, errs bytes.Buffer
	code := run(ctx, streams{in: strings.NewReader(""), out: &out, err: &errs}, args)
	return typed{code, out.String(), errs.String()}
}

// TestReadme holds the README to its word: its two commands stand on lines of their own, its links lead somewhere, and the two files
// that it tells a newcomer to write are accepted as they stand.
func TestReadme(t *testing.T) {
	root := filepath.Join("..", "..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	reference, err := os.ReadFile(filepath.Join(root, "docs", "declarative.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"go run ./cmd/postern demo", "go test ./..."} {
		if !regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(line) + `$`).Match(readme) {
			t.Errorf("the README does not say %q on a line of its own", line)
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllSubmatch(readme, -1) {
		if _, err := os.Stat(filepath.Join(root, string(link[1]))); err != nil {
			t.Errorf("a link of the README: %v", err)
		}
	}
	_, smallest, found := bytes.Cut(reference, []byte("\n## The smallest shop\n"))
	if !found {
		t.Fatal("docs/declarative.md has no chapter \"The smallest shop\", which the README links to")
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"shop.yaml": block(t, smallest, ""), "gateway.yaml": block(t, readme, "# gateway.yaml\n"), "postern.key": []byte(strings.Repeat("ab", 32)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, reference := range regexp.MustCompile(`\$\{env:(\w+)\}`).FindAllSubmatch(text, -1) {
			t.Setenv(string(reference[1]), "sk_test_of_the_readme")
		}
	}
	if got := typeIn(t.Context(), "check", "--config", filepath.Join(dir, "gateway.yaml")); got.code != 0 || got.out != "" {
		t.Errorf("check of the README's gateway.yaml: exit status %d\n%s%s", got.code, got.out, got.err)
	}
}

// block is the first block of YAML in a page that begins with a line.
func block(t *testing.T, page []byte, first string) []byte {
	t.Helper()
	found := regexp.MustCompile("(?ms)^```yaml\n(" + regexp.QuoteMeta(first) + ".*?)^```$").FindSubmatch(page)
	if found == nil {
		t.Fatalf("there is no block of YAML that begins with %q", first)
	}
	return found[1]
}

// TestCheckLive asks a shop and a Stripe that answer.
func TestCheckLive(t *testing.T) {
	s, err := shop.Serve(t.Context(), shop.New(t.Context(), shop.Options{}), "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	stripe := stripetest.New(t, stripetest.Options{})
	file := writeConfig(t, s, stripe)
	if got := typeIn(t.Context(), "check", "--config", file, "--live"); got.code != 0 || got.out !=
		"ok      database: there is none yet, and its folder can be written; postern serve creates it\nok      shop main\nok      stripe of shop main\n" {
		t.Errorf("good keys: %+v", got)
	}
	t.Setenv("SHOP_KEY", "a key that the shop does not know")
	got := typeIn(t.Context(), "check", "--config", file, "--live")
	if got.code != 1 || !strings.Contains(got.out, "\nfailed  shop main: ") || !strings.Contains(got.out, "\nok      stripe of shop main\n") {
		t.Errorf("a wrong key of the shop: %+v", got)
	}
	if !strings.Contains(got.out, ": correct the credentials in shops.main.settings\n") {
		t.Errorf("no remedy: %s", got.out)
	}
	t.Setenv("STRIPE_SECRET_KEY", "sk_test_of_nobody")
	if got := typeIn(t.Context(), "check", "--config", file, "--live"); !strings.Contains(got.out, ": correct shops.main.payment.stripe.secret_key, or its account\n") {
		t.Errorf("a wrong key of Stripe: %+v", got)
	}
	if strings.Contains(got.out+got.err, "a key that the shop does not know") {
		t.Error("the key is printed")
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), "postern.db")); err == nil {
		t.Error("check made a database")
	}
}

// TestDemoStays lets the demo stay up and ends it as Ctrl-C does.
func TestDemoStays(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out lockedBuffer
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, streams{in: strings.NewReader(""), out: &out, err: &out}, []string{"demo", "--token", "mine", "--json"})
	}()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(out.String(), "gateway.yaml, shop.yaml and the gateway's log:"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the demo did not come up:\n%s", out.String())
		}
	}
	cancel()
	if code := <-done; code != 0 || !strings.HasSuffix(out.String(), "\nEnding the demo.\n") {
		t.Errorf("exit status %d\n%s", code, out.String())
	}
	if strings.Count(out.String(), `{"ok":true,`) != 1 || !strings.Contains(out.String(), "Bearer mine") {
		t.Errorf("the result or the token is missing:\n%s", out.String())
	}
}

// TestTakenPort begins a demo where something listens already.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // a test's listener
	got := typeIn(t.Context(), "demo", "--once", "--json", "--listen", ln.Addr().String())
	if got.code != 1 || !strings.HasPrefix(got.out, `{"ok":false,`) || !strings.Contains(got.out, ": choose an address of this machine and a port that is free") {
		t.Errorf("got %+v", got)
	}
}

// TestDemoInterrupted ends the demo in the middle of its story.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := typeIn(ctx, "demo", "--once", "--json"); got.code != 1 || !strings.HasPrefix(got.out, `{"ok":false,`) {
		t.Errorf("got %+v", got)
	}
}

// lockedBuffer is a buffer that may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
