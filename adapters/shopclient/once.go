package shopclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httptrace"
	"os"
	"sync/atomic"
	"syscall"
)

// onceBody is a body that only gives itself out once: it is no type that net/http knows how to rewind.
type onceBody struct{ r *bytes.Reader }

func once(data []byte) io.ReadCloser { return &onceBody{bytes.NewReader(data)} }

func (b *onceBody) Read(p []byte) (int, error) { return b.r.Read(p) }
func (b *onceBody) Close() error               { return nil }

// sending watches whether a request can have reached the wire.
type sending struct{ asked, connected atomic.Bool }

func trace(ctx context.Context) (context.Context, *sending) {
	s := &sending{}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { s.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { s.connected.Store(true) },
	}), s
}

// never reports that the transport looked for a connection and did not get one. A transport that tells nothing gives no such proof.
func (s *sending) never() bool { return s.asked.Load() && !s.connected.Load() }

// notSent reports an error that proves that no byte of the request left: the connection was not made.
func notSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	// A broken TLS record proves nothing: it may come after the request. What fails before is known by the connection that never was.
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// cause says in our own words why a round trip failed: the texts of the network packages may quote addresses and header values.
func cause(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return "no whole answer in time"
	case errors.Is(err, context.Canceled):
		return "the call was given up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "the host name was not found"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the shop's certificate is not trusted"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the shop does not speak TLS"
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
		return "no whole answer in time"
	}
	return "the connection failed"
}
