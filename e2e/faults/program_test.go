package faults_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
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

// bootProgram starts the real program and waits until it serves.
func (w *world) bootProgram() {
	w.t.Helper()
	binary, err := buildProgram()
	if err != nil {
		w.t.Fatal(err)
	}
	p := &program{addr: freePort(w), ended: make(chan struct{})}
	w.child = p
	p.cmd = exec.Command(binary, "serve", "--config", w.configFile())
	p.cmd.Env = append(os.Environ(), w.env...)
	p.cmd.Stdout, p.cmd.Stderr = w.logs, w.logs
	if err := p.cmd.Start(); err != nil {
		w.t.Fatalf("start the program: %v", err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // often killed on purpose
	}()
	w.until("the program is ready", func() bool {
		select {
		case <-p.ended:
			w.t.Fatalf("the program ended: %s", p.cmd.ProcessState)
		default:
		}
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
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
		w.t.Error("the program did not end when it was told to")
	}
}

func freePort(w *world) string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		w.t.Fatal(err)
	}
	return l.Addr().String()
}
