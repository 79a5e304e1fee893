// Package handoff makes the addresses under which a buyer leaves an agent and goes on in the shop by themselves, and reads them back.
//
// Start with [Signer]. An address carries a token: what is handed off, until when, and a random number, under a signature that only this
// gateway can make (HMAC-SHA256 with a key derived from the sealing key by HKDF). The package knows nothing of what it names: whoever
// keeps the session or the cart finds out where the buyer goes, so that no token can lead anywhere that the shop did not name.
//
// The rule of a hand-off, which its users keep:
//
//   - Looking is free. Link previews and agents fetch addresses, so that a GET shows a page and changes nothing; only the buyer's POST
//     goes on, and it does so once, through a restart and for two that race ([Token.Claim] is the mark).
//   - From that moment on the buyer may place the order in the shop, and nobody tells the gateway when. So the session is the buyer's: it
//     is told as requires_escalation, and a complete is a conflict. Otherwise there could be two orders and two charges for one wish.
//   - An update by the agent takes the session back, onto a new cart of the shop. The old cart has somebody else's hands on it: it is
//     never priced, placed or released again (S3).
//   - While a purchase runs nothing is handed off; after it, the address leads to the order.
//
// The package imports commerce, clock, store and the standard library.
package handoff

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// Kind is what a token hands off.
type Kind byte

// The kinds.
const (
	Session Kind = 's'
	Cart    Kind = 'c'
)

const (
	// Path is where the pages are, before the token.
	Path = "/continue/"
	// purpose keeps the derived key apart from every other use of the sealing key.
	purpose = "postern hand-off v1"
	// nonceBytes are the random bytes of a token: two are never the same.
	nonceBytes = 12
	// headBytes are the kind, the expiry in Unix seconds and the nonce.
	headBytes = 1 + 8 + nonceBytes
	// maxToken bounds what is looked at.
	maxToken = 512
)

// The ways in which a hand-off does not happen. None says more to a stranger.
var (
	// ErrForged says that the text is no token of this gateway.
	ErrForged = errors.New("no hand-off token of this gateway")
	// ErrExpired says that the token was good once.
	ErrExpired = errors.New("the hand-off token has expired")
	// ErrGone says that the token was used, or that what it names has ended or is somebody else's already.
	ErrGone = errors.New("there is nothing to hand off")
	// ErrBusy says that a purchase is under way: nothing can be handed off until it is known how it ends. The token stays good.
	ErrBusy = errors.New("the purchase is under way")
)

// Token is a genuine token, as it was read.
type Token struct {
	Kind    Kind
	ID      string // of the session or cart
	Expires time.Time
	Nonce   string // names this token alone
}

// String names what is handed off, and never the token.
func (t Token) String() string { return fmt.Sprintf("hand-off of %c %s", t.Kind, t.ID) }

// markAgent and markPath are the place of the marks among the idempotency claims. No agent has a name with a space.
const (
	markAgent = "hand off"
	markPath  = "/continue"
)

// Claim is the mark that t was used, for store.Store.Claim: the first taker uses the token, and answers the claim in the commit that
// hands off. Unanswered, it is void with its process (S17), and the token is good again. name names this very claim.
func (t Token) Claim(owner, name string, now time.Time) store.Claim {
	return store.Claim{
		Agent: markAgent, Path: markPath, Key: string(t.Kind) + t.Nonce, Fingerprint: sha256.Sum256([]byte(t.ID)),
		Owner: owner, Token: name, At: now,
	}
}

// Marks are the idempotency claims of a store.Store, among which the marks of used tokens stand.
type Marks interface {
	Claim(ctx context.Context, c store.Claim) (existing store.Claim, taken bool, err error)
	Release(ctx context.Context, c store.Claim) error
}

// Mark takes t's mark, which the caller answers in the commit that hands off. It fails with [ErrGone] when the token was used. giveBack
// takes the error of the hand-off and makes the token good again where there is one; a mark that was answered stays.
func (t Token) Mark(ctx context.Context, m Marks, owner, name string, now time.Time) (claim store.Claim, giveBack func(error) error, err error) {
	claim = t.Claim(owner, name, now)
	switch _, taken, err := m.Claim(ctx, claim); {
	case err != nil:
		return claim, nil, commerce.Faultf(commerce.Unavailable, "could not look at the hand-off now; send the same request again").Because(err)
	case !taken:
		return claim, nil, ErrGone
	}
	return claim, func(failed error) error {
		if err := m.Release(ctx, claim); failed != nil && err != nil {
			return errors.Join(failed, err)
		}
		return failed
	}, nil
}

// Signer makes and reads tokens. Make it with [New]; it is safe for concurrent use.
type Signer struct {
	key    []byte
	origin string
	clock  clock.Clock
}

// New derives the key from sealingKey, which must be secret and at least 32 bytes. origin is where buyers reach the gateway, such as
// https://agents.example.com.
func New(sealingKey []byte, origin string, c clock.Clock) (*Signer, error) {
	if len(sealingKey) < 32 {
		return nil, errors.New("make a hand-off signer: the sealing key has fewer than 32 bytes")
	}
	if origin == "" {
		return nil, errors.New("make a hand-off signer: buyers need an address; set public_url")
	}
	key, err := hkdf.Key(sha256.New, sealingKey, nil, purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the key of hand-off tokens: %w", err)
	}
	return &Signer{key: key, origin: strings.TrimRight(origin, "/"), clock: c}, nil
}

// URL is a fresh address that hands off what kind and id name, for as long as lifetime, at most [store.Retention]: no mark is kept longer.
func (s *Signer) URL(kind Kind, id string, lifetime time.Duration) string {
	head := make([]byte, headBytes, headBytes+len(id))
	head[0] = byte(kind)
	end := s.clock.Now().Add(min(lifetime, store.Retention-time.Hour)).Unix()
	binary.BigEndian.PutUint64(head[1:], uint64(max(end, 0)))
	_, _ = rand.Read(head[9:headBytes]) // it never fails
	head = append(head, id...)
	return s.origin + Path + base64.RawURLEncoding.EncodeToString(slices.Concat(s.sign(head), head))
}

// Lasts reports whether address is one of ours that hands off kind and id and is good for at least so long. It does not know whether it
// was used.
func (s *Signer) Lasts(address string, kind Kind, id string, atLeast time.Duration) bool {
	text, ours := strings.CutPrefix(address, s.origin+Path)
	if !ours {
		return false
	}
	t, err := s.Open(text)
	return err == nil && t.Kind == kind && t.ID == id && !t.Expires.Before(s.clock.Now().Add(atLeast))
}

// sign is the signature of a body.
func (s *Signer) sign(body []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write(body) // it never fails
	return mac.Sum(nil)
}

// Open reads a token, or fails with [ErrForged] or [ErrExpired]. It does not know whether the token was used.
func (s *Signer) Open(text string) (Token, error) {
	if len(text) > maxToken {
		return Token{}, ErrForged
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= sha256.Size+headBytes {
		return Token{}, ErrForged
	}
	mac, body := raw[:sha256.Size], raw[sha256.Size:]
	if !hmac.Equal(mac, s.sign(body)) {
		return Token{}, ErrForged
	}
	t := Token{
		Kind: Kind(body[0]), ID: string(body[headBytes:]), Nonce: base64.RawURLEncoding.EncodeToString(body[9:headBytes]),
		Expires: time.Unix(int64(binary.BigEndian.Uint64(body[1:9])), 0).UTC(),
	}
	if !s.clock.Now().Before(t.Expires) {
		return t, ErrExpired
	}
	return t, nil
}
