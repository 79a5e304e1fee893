//go:build e2e

package medusa_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/medusa"
)

const completePath = "/store/carts/[^/]+/complete"

// TestLostReply loses one reply of each write that makes an order, after the shop has acted: there is one order and one charge.
func TestLostReply(t *testing.T) {
	w := newWorld(t)
	a := w.agents[newest]
	for _, c := range []struct {
		name, method, path string
		again              bool // the call must be made again; else a look at the order may do
	}{
		{"metadata of the cart", http.MethodPost, "/store/carts/[^/]+", true},
		{"payment collection", http.MethodPost, "/store/payment-collections", true},
		{"payment session", http.MethodPost, "/store/payment-collections/[^/]+/payment-sessions", true},
		{"completion", http.MethodPost, completePath, true},
		{"order that was read", http.MethodGet, "/admin/orders/[^/]+", true},
		{"capture that was noted", http.MethodPost, "/admin/payments/[^/]+/capture", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.in(t, a.version)
			s := a.create(a.cart(medusa.ServedCountry, []string{medusa.Code}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1))
			before := w.proxy.count(c.method, c.path)
			x := w.proxy.set(c.method, c.path, trap{lose: true})
			s = a.complete(s)
			if s.Status != "completed" {
				t.Fatalf("completed %+v", s)
			}
			order, intent := a.w.sold(s.ID)
			x.wait(t)
			if calls := w.proxy.count(c.method, c.path) - before; c.again && calls < 2 {
				t.Errorf("the call was made %d times", calls)
			}
			if intent.Captured != 4923 || intent.Captures != 1 {
				t.Errorf("the intent is %+v", intent)
			}
			a.events.await(t, s.ID, "creates the order", func(e event) bool { return e.Type == "order_create" })
			// What was sent twice must not come to light late either.
			time.Sleep(1500 * time.Millisecond)
			if later, _ := a.w.sold(s.ID); later.ID != order.ID || !later.Collections[0].Captured.Equal(later.Agreed()) {
				t.Errorf("later the shop holds %s with %s captured of %s", later.ID, later.Collections[0].Captured, later.Agreed())
			}
			a.events.check(t, w.schemas, s.ID)
			a.w.narrate("lost reply of the %s: one order %s, one charge %s of %s", c.name, order.ID, intent.ID, cents(intent.Captured))
		})
	}
}

// program is the gateway as a process of its own, which is killed and started again.
type program struct {
	t      *testing.T
	w      *world
	binary string
	addr   string
	child  *exec.Cmd
}

// start runs the program on the same address as before, and waits until it answers.
func (p *program) start() {
	p.t.Helper()
	file := filepath.Join(p.w.dir, "gateway.yaml")
	must(p.t, os.WriteFile(file, []byte(p.w.config(p.addr)), 0o600))
	c := exec.Command(p.binary, "serve", "--config", file)
	c.Stdout, c.Stderr = p.w.log, p.w.log
	must(p.t, c.Start())
	p.child = c
	for range 500 {
		conn, err := net.DialTimeout("tcp", p.addr, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Fatal("the program does not listen")
}

// kill is kill -9: the program gets no moment to tidy up.
func (p *program) kill() {
	if p.child == nil {
		return
	}
	_ = p.child.Process.Kill()
	_ = p.child.Wait() // killed on purpose
	p.child = nil
}

// TestKilledWhilePlacing kills the gateway with -9 while the call that makes the order is under way, and starts it again.
func TestKilledWhilePlacing(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "postern")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/postern").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	for _, c := range []struct {
		name string
		trap func(killed, started <-chan struct{}, ready chan<- struct{}) trap
	}{
		{"the shop has acted", func(killed, _ <-chan struct{}, ready chan<- struct{}) trap {
			return trap{lose: true, after: func() { close(ready); <-killed }}
		}},
		{"the shop never hears of it", func(killed, _ <-chan struct{}, ready chan<- struct{}) trap {
			return trap{drop: true, before: func() { close(ready); <-killed }}
		}},
		{"the shop acts after the restart", func(_, started <-chan struct{}, ready chan<- struct{}) trap {
			return trap{lose: true, before: func() { close(ready); <-started }}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newSite(t)
			w.program = &program{t: t, w: w, binary: binary, addr: freeAddress(t)}
			w.program.start()
			a := w.agents[newest]
			s := a.create(a.cart(medusa.ServedCountry, []string{medusa.Code}, medusa.TowelSKU, 1, medusa.TeapotSKU, 1))

			killed, started, ready := make(chan struct{}), make(chan struct{}), make(chan struct{})
			x := w.proxy.set(http.MethodPost, completePath, c.trap(killed, started, ready))
			path, body := "/checkout_sessions/"+s.ID+"/complete", a.pay()
			cut := make(chan struct{})
			go func() {
				defer close(cut)
				for { // a slow shop may use the whole time up before anything is begun
					r, err := a.send(context.WithoutCancel(t.Context()), http.MethodPost, path, "pay", body)
					if err != nil {
						return
					}
					if r.status != http.StatusServiceUnavailable {
						t.Errorf("the killed program answered %d %s", r.status, r.body)
						return
					}
				}
			}()
			select {
			case <-ready:
			case <-cut:
				t.Fatal("no order was placed")
			}
			w.program.kill()
			close(killed)
			<-cut
			l := w.money(s.ID)
			if l.Held("usd") != 4923 || l.Captured("usd") != 0 {
				t.Errorf("when the program died: %+v", l.Intents)
			}
			w.narrate("kill -9 while placing %s: %s held, nothing captured", s.ID, cents(l.Held("usd")))
			w.program.start()
			close(started)
			x.wait(t)

			done := a.insist(path, "pay", body)
			if done.Status != "completed" || done.Order == nil {
				t.Fatalf("completed %+v", done)
			}
			order, intent := w.sold(s.ID)
			if intent.Captured != 4923 || intent.Captures != 1 || len(w.money(s.ID).Intents) != 1 {
				t.Errorf("the intents are %+v", w.money(s.ID).Intents)
			}
			a.events.await(t, s.ID, "creates the order", func(e event) bool { return e.Type == "order_create" })
			a.events.check(t, w.schemas, s.ID)
			w.narrate("restarted after %s: one order %s, one charge %s of %s", c.name, order.ID, intent.ID, cents(intent.Captured))
		})
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	addr := l.Addr().String()
	must(t, l.Close())
	return addr
}
