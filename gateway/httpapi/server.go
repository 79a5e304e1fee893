package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// The limits of a connection. The slowest honest answer is a complete of 25 s, so that writing may begin late.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 40 * time.Second
	idleTimeout       = 90 * time.Second
	maxHeaderBytes    = 32 << 10
	maxStreams        = 100 // of one HTTP/2 connection
	defaultMaxConns   = 10_000
)

// ServerOptions say where to listen and how.
type ServerOptions struct {
	// Listen is host:port. Port 0 takes a free one; see [Server.Addr].
	Listen  string
	Handler http.Handler
	// Cert and Key are PEM files: the certificate chain and its key. Both empty: plain HTTP.
	Cert, Key string
	// Proxied says that trusted proxies stand in front and end TLS; only then may plain HTTP leave loopback.
	Proxied bool
	// Slowest is the longest that a call may take, as acp.Timeouts has it; zero means 25 s. It only lengthens the write timeout.
	Slowest time.Duration
	// MaxConns is how many connections are open at once; more wait to be accepted. Default 10,000.
	MaxConns int
	Log      *slog.Logger // nil: silent
}

// Server is a bound listener with a handler behind it. Make it with [NewServer], run it with [Server.Serve], end it with
// [Server.Shutdown]. It is safe for concurrent use.
type Server struct {
	http     *http.Server
	listener net.Listener
}

// NewServer loads the certificate and binds the address, so that a mistake shows before anything runs. TLS is 1.2 or newer: ACP asks
// for 1.3 (rfc.agentic_checkout 7, read 2026-11-22), and a live agent platform documents 1.2; each line of the request log names the
// version. It refuses plain HTTP on an address that others can reach unless a proxy in front ends TLS, because tokens would be read on
// the way.
func NewServer(ctx context.Context, o ServerOptions) (*Server, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxConns <= 0 {
		o.MaxConns = defaultMaxConns
	}
	s := &Server{http: &http.Server{
		Handler: o.Handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		WriteTimeout: max(writeTimeout, o.Slowest+readTimeout), IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams}, DisableGeneralOptionsHandler: true,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}}
	if o.Cert != "" || o.Key != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("load the TLS certificate %s and its key: %w", o.Cert, err)
		}
		s.http.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w: choose an address of this machine and a port that is free and open to this user", o.Listen, err)
	}
	if s.http.TLSConfig == nil && !o.Proxied && !onLoopback(listener.Addr()) {
		return nil, errors.Join(
			fmt.Errorf("listen on %s: plain HTTP off loopback would show tokens to the network; set tls, or trusted_proxies if a proxy ends TLS, or listen on 127.0.0.1", o.Listen),
			listener.Close(),
		)
	}
	s.listener = netutil.LimitListener(listener, o.MaxConns)
	return s, nil
}

// onLoopback asks what was bound, because a name in a file can mean any address.
func onLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// Addr is the address that is listened on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// TLS reports whether the server speaks TLS itself.
func (s *Server) TLS() bool { return s.http.TLSConfig != nil }

// Serve accepts connections until [Server.Shutdown], and then returns nil.
func (s *Server) Serve() error {
	var err error
	if s.TLS() {
		err = s.http.ServeTLS(s.listener, "", "")
	} else {
		err = s.http.Serve(s.listener)
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve on %s: %w", s.Addr(), err)
	}
	return nil
}

// Shutdown stops accepting and waits for the calls that run, at most until ctx ends; then it cuts them off. A completion that is cut
// off goes on in the saga and is answered on the agent's next try. A second call does nothing.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err == nil {
		return s.closeListener()
	}
	return errors.Join(fmt.Errorf("wait for running calls on %s: %w", s.Addr(), err), s.http.Close(), s.closeListener())
}

// closeListener matters where Serve never ran and nobody else closes it.
func (s *Server) closeListener() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the listener on %s: %w", s.Addr(), err)
	}
	return nil
}
