package shop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server is a shop on a port of its own.
type Server struct {
	shop *Shop
	http *http.Server
	url  string
	done chan error
}

// Serve puts the shop on a loopback address such as "127.0.0.1:0"; port 0 takes
// a free one. Any other address is refused: the shop can be told to lie.
func Serve(ctx context.Context, s *Shop, addr string, log *slog.Logger) (*Server, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("serve demo shop on %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("serve demo shop on %q: not a loopback address; use 127.0.0.1", addr)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("serve demo shop on %q: %w", addr, err)
	}
	v := &Server{
		shop: s, url: "http://" + ln.Addr().String(), done: make(chan error, 1),
		http: &http.Server{
			Handler: s, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: 90 * time.Second,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
	}
	go func() { v.done <- v.http.Serve(ln) }()
	return v, nil
}

// URL is where the shop answers, without a slash at the end.
func (v *Server) URL() string { return v.url }

// Shop is the shop behind the port.
func (v *Server) Shop() *Shop { return v.shop }

// Close ends the shop and its port; open calls are cut.
func (v *Server) Close() error {
	v.shop.Close()
	err := v.http.Close()
	if served := <-v.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("close demo shop at %s: %w", v.url, err)
	}
	return nil
}
