package shop

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
)

// The headers that carry a cart's session and the shop's keys.
const (
	HeaderToken   = "X-Cart-Token"
	HeaderNonce   = "X-Cart-Nonce"
	HeaderKey     = "X-Shop-Key"
	HeaderControl = "X-Control-Key"
)

// kept is how many issued tokens and nonces of a cart are good: the newest and
// the one before it, so that a client that lost one reply can go on, while one
// that keeps sending its first token is refused.
const kept = 2

// session is the proof that a caller owns a cart. Token and nonce change with
// every answer; reads need the token, writes need both.
type session struct {
	tokens, nonces []string
}

// turn issues the next token and nonce into h.
func (s *session) turn(h http.Header) {
	s.tokens = last(append(s.tokens, rand.Text()))
	s.nonces = last(append(s.nonces, rand.Text()))
	h.Set(HeaderToken, s.tokens[len(s.tokens)-1])
	h.Set(HeaderNonce, s.nonces[len(s.nonces)-1])
}

// refuse says why a call may not use the cart; ok reports that it may.
func (s *session) refuse(c call, write bool) (refusal, bool) {
	if !contains(s.tokens, c.header.Get(HeaderToken)) {
		return refusal{Code: "TOKEN", Message: "session token missing or no longer valid"}, true
	}
	if write && !contains(s.nonces, c.header.Get(HeaderNonce)) {
		return refusal{Code: "NONCE", Message: "form nonce missing or no longer valid"}, true
	}
	return refusal{}, false
}

func last(list []string) []string { return list[max(0, len(list)-kept):] }

func contains(list []string, given string) bool {
	found := 0
	for _, each := range list {
		found |= subtle.ConstantTimeCompare([]byte(each), []byte(given))
	}
	return found == 1
}

// sameKey compares secrets without telling how much of them was right.
func sameKey(want, given string) bool {
	return subtle.ConstantTimeCompare([]byte(want), []byte(given)) == 1
}
