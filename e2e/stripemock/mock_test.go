//go:build e2e

package stripemock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	module  = "github.com/stripe/stripe-mock"
	version = "v0.203.0"
)

// install builds the mock once into the cache and returns the program.
func install(t *testing.T) string {
	t.Helper()
	cache := os.Getenv("POSTERN_CI_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			t.Fatalf("find a cache folder for %s; set POSTERN_CI_CACHE: %v", module, err)
		}
		cache = filepath.Join(user, "postern-ci")
	}
	folder := filepath.Join(cache, "stripe-mock-"+version)
	program := filepath.Join(folder, "stripe-mock")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	goCommand(t, []string{"GOBIN=" + folder}, "install", module+"@"+version)
	return program
}

// goCommand runs the go tool away from this module, so that neither its go.mod nor its flags matter.
func goCommand(t *testing.T, env []string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(append(os.Environ(), "GOFLAGS=", "GOWORK=off"), env...)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, problems.String())
	}
	return out
}

// description reads the OpenAPI description that the mock serves.
func description(t *testing.T, file string) schemas {
	t.Helper()
	var got struct{ Dir string }
	if err := json.Unmarshal(goCommand(t, nil, "mod", "download", "-json", module+"@"+version), &got); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(got.Dir, "embedded", "openapi", file))
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Components struct {
			Schemas schemas `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	if len(spec.Components.Schemas) < 100 {
		t.Fatalf("%s has %d schemas only", file, len(spec.Components.Schemas))
	}
	return spec.Components.Schemas
}

// start runs the mock on a free port of loopback until the test ends, and returns its address.
func start(t *testing.T, flags ...string) string {
	t.Helper()
	program := install(t)
	addr := freeAddr(t)
	cmd := exec.CommandContext(t.Context(), program, append(flags, "-http-addr", addr)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // It was killed: the error says so.
	})
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
		if err == nil {
			_ = conn.Close()
			return "http://" + addr
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	t.Fatalf("the mock does not listen on %s:\n%s", addr, output.String())
	return ""
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// side is one of the two servers.
type side struct {
	name, url, key, version string
}

// call sends a form and returns the status and the JSON.
func (s side) call(t *testing.T, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	target := s.url + path
	body := form.Encode()
	if method == http.MethodGet && body != "" {
		target, body = target+"?"+body, ""
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if s.version != "" {
		req.Header.Set("Stripe-Version", s.version)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(errors.Join(errors.New(s.name+" answered no JSON to "+method+" "+path), err))
	}
	return res.StatusCode, out
}

// ok calls and insists on 200.
func (s side) ok(t *testing.T, method, path string, form url.Values) map[string]any {
	t.Helper()
	status, out := s.call(t, method, path, form)
	if status != http.StatusOK {
		t.Fatalf("%s answered %d to %s %s: %v", s.name, status, method, path, out)
	}
	return out
}
