package faults_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/postern-gateway/postern/e2e/acpagent"
)

// program is the gateway as a process of its own.
type program struct {
	addr  string
	cmd   *exec.Cmd
	ended chan struct{}
}

// built is where the program was built to; it is built once, by the first test that wants it.
var built struct {
	sync.Mutex
	dir string
	err error
}

func buildProgram() (string, error) {
	built.Lock()
	defer built.Unlock()
	if built.dir == "" && built.err == nil {
		if built.dir, built.err = os.MkdirTemp("", "postern-faults-"); built.err == nil {
			out, err := exec.Command("go", "build", "-o", filepath.Join(built.dir, "postern"), "../../cmd/postern").CombinedOutput()
			if err != nil {
				built.err = fmt.Errorf("build the program: %w\n%s", err, out)
			}
		}
	}
	return filepath.Join(built.dir, "postern"), built.err
}

// removeProgram is called when all tests have ended.
func removeProgram() {
	built.Lock()
	defer built.Unlock()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
}

// serving is how the program says where it listens.
var serving = regexp.MustCompile(`"msg":"serving","addr":"([^"]+)"`)

// bootProgram starts the real program and waits until it serves.
func (w *world) bootProgram() {
	w.t.Helper()
	binary, err := buildProgram()
	if err != nil {
		w.t.Fatal(err)
	}
	p := &program{ended: make(chan struct{})}
	p.cmd = exec.Command(binary, "serve", "--config", w.configFile())
	p.cmd.Env = append(os.Environ(), w.env...)
	words := &acpagent.Log{} // of this process alone
	both := io.MultiWriter(w.logs, words)
	p.cmd.Stdout, p.cmd.Stderr = both, both
	if err := p.cmd.Start(); err != nil {
		w.t.Fatalf("start the program: %v", err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // often killed on purpose
	}()
	w.child = p
	w.until("the program is ready", func() bool {
		select {
		case <-p.ended:
			w.t.Fatalf("the program ended: %s", p.cmd.ProcessState)
		default:
		}
		at := serving.FindStringSubmatch(words.String())
		if at == nil {
			return false
		}
		p.addr = at[1]
		res, err := w.http.Get(w.url() + "/readyz")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil && res.StatusCode == http.StatusOK
	})
}

// crash is kill -9: no handler runs and nothing is closed in an orderly way.
func (w *world) crash() {
	w.t.Helper()
	if err := w.child.cmd.Process.Kill(); err != nil {
		w.t.Fatal(err)
	}
	<-w.child.ended
	w.child = nil
}

// haltProgram asks the program to end.
func (w *world) haltProgram() {
	w.t.Helper()
	if w.child == nil {
		return
	}
	p := w.child
	w.child = nil
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		w.t.Errorf("end the program: %v", err)
	}
	select {
	case <-p.ended:
		if !p.cmd.ProcessState.Success() {
			w.t.Errorf("the program ended with %s", p.cmd.ProcessState)
		}
	case <-time.After(patience * time.Minute):
		_ = p.cmd.Process.Kill()
		<-p.ended
		w.t.Error("the program did not end when it was told to")
	}
}
