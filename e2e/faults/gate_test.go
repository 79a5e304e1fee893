package faults_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// gate carries bytes between two parties of a purchase. It can swallow what comes back, so that an answer that was sent never arrives.
type gate struct {
	to       string
	addr     string
	swallow  atomic.Bool
	returned atomic.Int64 // bytes that came back, swallowed ones too

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	work     sync.WaitGroup
}

// newGate opens a gate to host:port.
func newGate(t *testing.T, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{to: to, addr: l.Addr().String(), listener: l, open: map[net.Conn]bool{}}
	t.Cleanup(g.shut)
	g.work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			g.work.Go(func() { g.carry(c) })
		}
	})
	return g
}

func (g *gate) url() string { return "http://" + g.addr }

// shut cuts what is open and refuses what comes.
func (g *gate) shut() {
	g.mu.Lock()
	if g.listener != nil {
		_ = g.listener.Close()
		g.listener = nil
	}
	for c := range g.open {
		_ = c.Close()
	}
	g.mu.Unlock()
	g.work.Wait()
}

// keep notes a connection; it reports false when the gate is shut.
func (g *gate) keep(c net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener == nil {
		_ = c.Close()
		return false
	}
	g.open[c] = true
	return true
}

func (g *gate) carry(near net.Conn) {
	if !g.keep(near) {
		return
	}
	defer g.drop(near)
	far, err := net.Dial("tcp", g.to)
	if err != nil || !g.keep(far) {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		defer near.Close() //nolint:errcheck // closed twice at worst
		b := make([]byte, 32<<10)
		for {
			n, err := far.Read(b)
			g.returned.Add(int64(n))
			if n > 0 && !g.swallow.Load() {
				if _, err := near.Write(b[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	_, _ = io.Copy(far, near)
	g.drop(far)
	back.Wait()
}

func (g *gate) drop(c net.Conn) {
	_ = c.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, c)
}
