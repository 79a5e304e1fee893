package acp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
)

// maxKeyRunes is the longest Idempotency-Key, in characters (ACP 2026-04-17 openapi, parameter IdempotencyKey, read 2026-11-22).
const maxKeyRunes = 255

// releaseTimeout bounds the giving up of a claim, which goes on when the agent has gone away.
const releaseTimeout = 5 * time.Second

// ValidKey reports whether key can be an Idempotency-Key: 1 to 255 characters, none of them a control character.
func ValidKey(key string) bool {
	n := utf8.RuneCountInString(key)
	if n < 1 || n > maxKeyRunes || !utf8.ValidString(key) {
		return false
	}
	for _, r := range key {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// checkKey applies the rule of the call's date. A key that is there must be a good one in every date: an agent that sends an empty key
// believes itself protected.
func (c *call) checkKey() error {
	switch {
	case !c.request.KeyPresent && c.version.KeyRequired && !c.request.KeyOptional && (!c.request.MCP || !c.keyless):
		return commerce.Faultf(commerce.IdempotencyKeyRequired, "the idempotency key is missing (header Idempotency-Key, over MCP meta.idempotency_key); send a new one with each new request")
	case c.request.KeyPresent && !ValidKey(c.request.Key):
		return &commerce.Fault{Kind: commerce.Invalid, Message: "the idempotency key must hold 1 to 255 characters"}
	default:
		return nil
	}
}

// scope is where the call's key counts: its path at its shop, because hosts tell shops apart and each is a seller of its own, and for a
// proven buyer theirs alone. So a key that meets twice never shows what was answered for another shop or to another buyer. A buyer is
// written as a hash.
func (c *call) scope() string {
	path := c.shop + " " + c.request.path()
	if c.subject == "" {
		return path
	}
	sum := sha256.Sum256([]byte(c.subject))
	return path + "#" + hex.EncodeToString(sum[:16])
}

// takeClaim takes the call's key. When somebody has it already the call ends here: with the stored answer, byte for byte and whatever
// date it was asked for in, or with a refusal. A call without a key runs unprotected, as older dates allow.
func (c *call) takeClaim(ctx context.Context) (replay Response, answered bool, err error) {
	if !c.request.KeyPresent {
		return Response{}, false, nil
	}
	claim := store.Claim{
		Agent: c.agent, Path: c.scope(), Key: c.request.Key, Fingerprint: c.doc.Fingerprint(),
		Owner: c.owner, Token: rand.Text(), At: c.clock.Now(),
	}
	existing, taken, err := c.store.Claim(ctx, claim)
	switch {
	case err != nil:
		return Response{}, false, commerce.Faultf(commerce.Unavailable, "the request could not be begun; send it again").Because(err)
	case taken:
		c.claim = &claim
		return Response{}, false, nil
	case existing.Answer == nil:
		// The first request may still fail and free the key for any body, so that nothing final can be said about this one's.
		return Response{}, false, commerce.Faultf(commerce.IdempotencyInFlight, "the first request with this Idempotency-Key is still running; send it again later")
	case existing.Fingerprint != claim.Fingerprint:
		return Response{}, false, commerce.Faultf(commerce.IdempotencyMismatch, "this Idempotency-Key was used with another body; send a new key with a new request")
	default:
		return Response{Status: existing.Answer.Status, Body: existing.Answer.Body, Replayed: true}, true, nil
	}
}

// keep stores a refusal that will be the same forever under the call's key (S17). A refusal that could not be stored is told all the
// same: the request did nothing, and doing it again gives the same refusal.
func (c *call) keep(ctx context.Context, r Response) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	answer := store.Answer{Status: r.Status, Body: r.Body}
	if err := c.store.Commit(ctx, store.Batch{Answers: []store.AnswerWrite{{Claim: *c.claim, Answer: answer}}}); err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "a refusal could not be stored", slog.String("request_id", c.request.RequestID),
			slog.String("agent", c.agent), slog.Any("error", err))
	}
}

// release gives the call's claim up, if it has one that is not answered. A second call does nothing.
func (c *call) release(ctx context.Context) {
	if c.claim == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	if err := c.store.Release(ctx, *c.claim); err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "an idempotency key could not be freed and stays taken until the next start",
			slog.String("request_id", c.request.RequestID), slog.String("agent", c.agent), slog.Any("error", err))
	}
}
