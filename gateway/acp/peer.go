package acp

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/postern-gateway/postern/translate"
)

// Caller is who holds a bearer token, as far as a shell has to know before there is a call.
type Caller struct {
	// Name is the agent's name in the configuration.
	Name string
	// Errors is how it is told errors over MCP: config.MCPErrorsACP or config.MCPErrorsTool.
	Errors string

	who *agent
}

// Shop is the shop that the caller buys from when it calls host, as a call would find it. It fails with a [commerce.Fault] of kind
// NotFound where there is none, and for the zero Caller.
func (c Caller) Shop(host string) (string, error) {
	if c.who == nil {
		return "", noShop()
	}
	return c.who.shop(host)
}

// Caller finds the agent of a bearer token, so that a shell can turn a stranger away before it reads anything. It fails with a
// [commerce.Fault] of kind Unauthenticated. The call itself is authenticated again by the pipeline.
func (a *Agents) Caller(token string, now time.Time) (Caller, error) {
	who, err := a.authenticate(token, now)
	if err != nil {
		return Caller{}, err
	}
	return Caller{Name: who.name, Errors: who.errors, who: who}, nil
}

// Peer is what the HTTP side knows of a request whose call another shell finds in the body. The HTTP side makes it and lays it into the
// context; the other shell leaves in it what the call was answered with, for the request's line in the log.
type Peer struct {
	// Token is the opaque bearer token; empty when there is none.
	Token string
	// Host is the name that the agent called, with or without a port.
	Host string
	// Identity is a signed token that names the buyer; empty when there is none.
	Identity string
	// RequestID names the request in logs.
	RequestID string

	answer atomic.Pointer[Response]
}

// Answered keeps what the call was answered with. It is safe for concurrent use.
func (p *Peer) Answered(r Response) { p.answer.Store(&r) }

// Answer is what the call was answered with; the zero value when there was no call.
func (p *Peer) Answer() Response {
	if r := p.answer.Load(); r != nil {
		return *r
	}
	return Response{}
}

// peerKey is where a Peer stands in a context.
type peerKey struct{}

// WithPeer lays p into the context.
func WithPeer(ctx context.Context, p *Peer) context.Context {
	return context.WithValue(ctx, peerKey{}, p)
}

// PeerOf is the Peer of the context; an empty one when there is none.
func PeerOf(ctx context.Context) *Peer {
	if p, ok := ctx.Value(peerKey{}).(*Peer); ok {
		return p
	}
	return &Peer{}
}

// lookup finds the date that the call asks for, among those of the set that have its carrier and its operation.
func (r Request) lookup(versions translate.Set) (translate.Version, bool) {
	v, ok := versions.Lookup(r.APIVersion)
	return v, ok && r.exists(v)
}

// exists reports whether a date has the call's carrier and operation. A date without them is answered as one that is not served, and
// told which are: carts, like MCP, came with 2026-04-17 and were never part of the older ones.
func (r Request) exists(v translate.Version) bool {
	return (v.MCP || !r.MCP) && (v.Carts || !r.Operation.ofCart())
}

// dates are those that the call could be of, oldest first.
func (r Request) dates() []string {
	return slices.DeleteFunc(translate.SupportedVersions(), func(date string) bool {
		v, ok := translate.Lookup(date)
		return !ok || !r.exists(v)
	})
}
