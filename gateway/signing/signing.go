// Package signing verifies what agents sign: the Signature and Timestamp headers of ACP (rfc.agentic_checkout 2.1 and 7, read
// 2026-11-22).
//
// Start with [New] and [Verifier.Verify]. The protocol leaves algorithm, payload and keys to an agreement between agent and seller, so
// each agent's are configured. A signature guards against a changed body; who calls is still the bearer token's word.
//
// The package may import config, commerce and clock.
package signing

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// CodeInvalidSignature is the code of a refusal.
const CodeInvalidSignature = "invalid_signature"

// Call is what a signature is verified for.
type Call struct {
	Agent string
	// Path is the operation's scope, such as "POST /checkout_sessions"; empty for a read.
	Path string
	// Key is the Idempotency-Key; may be empty.
	Key string
	// Signature and Timestamp are the headers; empty when they were not sent.
	Signature, Timestamp string
	// Body is the body as it came; nil is the empty one.
	Body []byte
}

// Verifier knows how each agent signs. Make it with [New]. It is safe for concurrent use.
type Verifier struct {
	agents map[string]*signer
	clock  clock.Clock
	log    *slog.Logger
}

// signer is how one agent signs.
type signer struct {
	enforced bool
	es256    bool
	payload  string
	maxSkew  time.Duration
	keys     []key
	seen     *replays
}

// key is one way to verify a payload.
type key struct {
	verify  func(payload, signature []byte) bool
	expires time.Time
}

// New reads how agents sign out of the configuration. It fails where a key cannot be read. A nil log is silent.
func New(agents []config.Agent, c clock.Clock, log *slog.Logger) (*Verifier, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	v := &Verifier{agents: make(map[string]*signer), clock: c, log: log}
	for _, a := range agents {
		if a.Signature == nil || a.Signature.Mode == config.SignatureOff {
			continue
		}
		s := &signer{
			enforced: a.Signature.Mode == config.SignatureEnforce, es256: a.Signature.Algorithm == config.ES256,
			payload: a.Signature.Payload, maxSkew: a.Signature.MaxSkew, seen: newReplays(),
		}
		for i, k := range a.Signature.Keys {
			verify, err := verification(a.Signature.Algorithm, k)
			if err != nil {
				return nil, fmt.Errorf("agent %s: signature key %d: %w", a.Name, i, err)
			}
			s.keys = append(s.keys, key{verify: verify, expires: k.Expires})
		}
		v.agents[a.Name] = s
	}
	return v, nil
}

// verification is how a key of the algorithm verifies.
func verification(algorithm string, k config.SignatureKey) (func(payload, signature []byte) bool, error) {
	if algorithm == config.HMACSHA256 {
		secret := []byte(k.Secret.Reveal())
		return func(payload, signature []byte) bool {
			mac := hmac.New(sha256.New, secret)
			mac.Write(payload)
			return hmac.Equal(mac.Sum(nil), signature)
		}, nil
	}
	public, err := k.Public(algorithm)
	if err != nil {
		return nil, err
	}
	return publicKey(public), nil
}

// publicKey verifies with a public key that config.SignatureKey.Public has read.
func publicKey(public crypto.PublicKey) func(payload, signature []byte) bool {
	if k, ok := public.(ed25519.PublicKey); ok {
		return func(payload, signature []byte) bool { return ed25519.Verify(k, payload, signature) }
	}
	return func(payload, signature []byte) bool {
		k, ok := public.(*ecdsa.PublicKey)
		sum := sha256.Sum256(payload)
		return ok && verifyES256(k, sum[:], signature)
	}
}

// Verify checks the call's signature. For an agent that is only watched a bad one is logged, and for one without a signature in its
// configuration none is looked at. Its error is a [commerce.Fault] of kind Unauthenticated.
func (v *Verifier) Verify(ctx context.Context, c Call) error {
	s, ok := v.agents[c.Agent]
	if !ok {
		return nil
	}
	reason := v.check(s, c)
	if reason == nil {
		return nil
	}
	v.log.WarnContext(ctx, "a call is not signed as agreed", "agent", c.Agent, "path", c.Path, "reason", reason, "refused", s.enforced)
	if !s.enforced {
		return nil
	}
	return &commerce.Fault{
		Kind: commerce.Unauthenticated, Code: CodeInvalidSignature, Message: "the request must be signed as agreed: " + reason.Error(), Err: reason,
	}
}

// Why a signature is not a good one.
var (
	errNoSignature  = errors.New("the Signature header is missing")
	errNoTimestamp  = errors.New("the Timestamp header must be an RFC 3339 date and time")
	errSkew         = errors.New("the Timestamp is too far from the time")
	errEncoding     = errors.New("the Signature is no base64")
	errNotCanonical = errors.New("the body has no canonical form")
	errWrong        = errors.New("the Signature does not verify")
	errReplay       = errors.New("the signed request was received before under another Idempotency-Key")
)

// check says why the call's signature is not a good one; nil when it is.
func (v *Verifier) check(s *signer, c Call) error {
	if c.Signature == "" {
		return errNoSignature
	}
	now := v.clock.Now()
	at, err := time.Parse(time.RFC3339, c.Timestamp)
	if err != nil {
		return errNoTimestamp
	}
	if at.Before(now.Add(-s.maxSkew)) || at.After(now.Add(s.maxSkew)) {
		return errSkew
	}
	signature, err := decode(c.Signature)
	if err != nil {
		return errEncoding
	}
	payload, err := s.signed(c)
	if err != nil {
		return err
	}
	if !s.verifies(payload, signature, now) {
		return errWrong
	}
	if s.es256 {
		signature = oneFormES256(signature)
	}
	if c.Path != "" && !s.seen.fresh(c, signature, at.Add(s.maxSkew), now) {
		return errReplay
	}
	return nil
}

// signed is what the agent has signed.
func (s *signer) signed(c Call) ([]byte, error) {
	switch s.payload {
	case config.SignedTimestampBody:
		return append([]byte(c.Timestamp+"."), c.Body...), nil
	case config.SignedCanonicalBody:
		if len(strings.Trim(string(c.Body), " \t\r\n")) == 0 {
			return nil, nil
		}
		canonical := jsontext.Value(append([]byte(nil), c.Body...))
		if err := canonical.Canonicalize(); err != nil {
			return nil, errNotCanonical
		}
		return canonical, nil
	default:
		return c.Body, nil
	}
}

// verifies tries the keys that still work. All of them are tried.
func (s *signer) verifies(payload, signature []byte, now time.Time) bool {
	good := false
	for _, k := range s.keys {
		if (k.expires.IsZero() || now.Before(k.expires)) && k.verify(payload, signature) {
			good = true
		}
	}
	return good
}

// decode reads base64 in either alphabet, with or without padding.
func decode(text string) ([]byte, error) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	return base64.RawStdEncoding.DecodeString(text)
}
