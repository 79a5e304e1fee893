package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"postern": main})
}

// leakless runs the tests and then looks for goroutines that they left. It stands inside of testscript.Main, which ends the process.
type leakless struct{ tests testscript.TestingM }

func (l leakless) Run() int {
	code := l.tests.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		say(os.Stderr, "%s\n", err)
		return 1
	}
	return code
}

// TestScripts runs the whole program, as a person at a terminal would. See testdata/script.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"answers": answers,
			"expand":  expand,
			"appears": appears,
			"sigterm": sigterm,
			"empty":   empty,
		},
	})
}

// setupScript gives a script a free port, the key and the description of a shop that serve needs, and no settings of this machine.
func setupScript(env *testscript.Env) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err := errors.Join(err, ln.Close()); err != nil {
		return err
	}
	env.Setenv("PORT", port)
	env.Setenv("STRIPE_SECRET_KEY", "sk_test_of_a_script")
	env.Setenv("SHOP_KEY", "key of a script")
	env.Setenv("WEBHOOK_SECRET", "secret of a script")
	description, err := os.ReadFile(filepath.Join("demo", "shop.yaml"))
	if err != nil {
		return err
	}
	plain, err := os.ReadFile(filepath.Join("..", "..", "adapters", "declarative", "examples", "medusa.yaml"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(env.WorkDir, "shop.yaml"), description, 0o600),
		os.WriteFile(filepath.Join(env.WorkDir, "plain.yaml"), plain, 0o600),
		os.WriteFile(filepath.Join(env.WorkDir, "postern.key"), []byte("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"), 0o600),
	)
}

// exits runs a command line that must end with the exit status in its first argument: exits 2 postern check --bogus.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits status program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// answers waits until GET of an address is answered with a status: answers 200 http://127.0.0.1:8080/healthz.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: answers status url")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	last := ""
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, args[1], http.NoBody)
		ts.Check(err)
		if res, err := transport.RoundTrip(req); err != nil {
			last = err.Error()
		} else if last = fmt.Sprint(res.StatusCode); errors.Join(res.Body.Close()) == nil && last == args[0] {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("GET %s: %s, want %s", args[1], last, args[0])
}

// appears waits until a file whose name matches is there: appears $TMPDIR/*.json.
func appears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: appears pattern")
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if names, err := filepath.Glob(ts.MkAbs(args[0])); err == nil && len(names) > 0 {
			return
		}
	}
	ts.Fatalf("no file %s appeared", args[0])
}

// expand puts variables such as $PORT into files: expand gateway.yaml.
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand file...")
	}
	for _, name := range args {
		text := strings.ReplaceAll(ts.ReadFile(name), "$PORT", ts.Getenv("PORT"))
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// empty wants a folder to hold nothing: empty $TMPDIR.
func empty(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: empty folder")
	}
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(entries) > 0 {
		ts.Fatalf("%s holds %v", args[0], entries)
	}
}

// sigterm asks the programs in the background to end, as a service manager does. The kill of testscript knows INT and KILL only.
func sigterm(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: sigterm")
	}
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}
