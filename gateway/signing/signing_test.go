package signing_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/signing"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// stopped is a clock that tests move.
type stopped struct {
	clock.Clock
	at time.Time
}

func (c *stopped) Now() time.Time { return c.at }

// signer makes signatures of one algorithm, and knows what the configuration must hold to verify them.
type signer struct {
	algorithm string
	key       config.SignatureKey
	sign      func(payload []byte) []byte
}

func hmacSigner(secret string) signer {
	return signer{
		algorithm: config.HMACSHA256, key: config.SignatureKey{Secret: config.NewSecret(secret)},
		sign: func(payload []byte) []byte {
			mac := hmac.New(sha256.New, []byte(secret))
			mac.Write(payload)
			return mac.Sum(nil)
		},
	}
}

func publicKey(t *testing.T, public crypto.PublicKey) config.SignatureKey {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return config.SignatureKey{PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
}

func ed25519Signer(t *testing.T) signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{
		algorithm: config.Ed25519, key: publicKey(t, public),
		sign: func(payload []byte) []byte { return ed25519.Sign(private, payload) },
	}
}

// es256Signer signs in the form of JOSE, or in ASN.1.
func es256Signer(t *testing.T, inASN1 bool) signer {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{
		algorithm: config.ES256, key: publicKey(t, &private.PublicKey),
		sign: func(payload []byte) []byte {
			sum := sha256.Sum256(payload)
			if inASN1 {
				der, err := ecdsa.SignASN1(rand.Reader, private, sum[:])
				if err != nil {
					t.Error(err)
				}
				return der
			}
			r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
			if err != nil {
				t.Error(err)
			}
			return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		},
	}
}

func verifier(t *testing.T, c clock.Clock, mode, payload string, signers ...signer) *signing.Verifier {
	t.Helper()
	s := &config.Signature{}
	s.SetDefaults()
	s.Mode, s.Payload, s.Algorithm = mode, payload, signers[0].algorithm
	for _, one := range signers {
		s.Keys = append(s.Keys, one.key)
	}
	v, err := signing.New([]config.Agent{{Name: "agent", Signature: s}, {Name: "free"}}, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const timestamp = "2026-11-22T12:00:30Z"

// signed is a call whose signature is s's over the payload.
func signed(s signer, payload, body string) signing.Call {
	return signing.Call{
		Agent: "agent", Path: "POST /checkout_sessions", Key: "k1", Timestamp: timestamp, Body: []byte(body),
		Signature: base64.RawURLEncoding.EncodeToString(s.sign([]byte(payload))),
	}
}

func TestEveryAlgorithmAndPayload(t *testing.T) {
	t.Parallel()
	const body = `{"b": 1.0, "a": "x"}`
	for name, s := range map[string]signer{
		"hmac": hmacSigner("a shared secret of an agent"), "ed25519": ed25519Signer(t), "es256": es256Signer(t, false), "es256 ASN.1": es256Signer(t, true),
	} {
		for payload, text := range map[string]string{
			config.SignedBody: body, config.SignedCanonicalBody: `{"a":"x","b":1}`, config.SignedTimestampBody: timestamp + "." + body,
		} {
			v := verifier(t, &stopped{at: now}, config.SignatureEnforce, payload, s)
			if err := v.Verify(t.Context(), signed(s, text, body)); err != nil {
				t.Errorf("%s over %s: %v", name, payload, err)
			}
			changed := signed(s, text, body)
			changed.Body = []byte(strings.Replace(body, "x", "y", 1))
			wantRefused(t, v.Verify(t.Context(), changed), name+" over "+payload+", body changed")
		}
	}
}

func wantRefused(t *testing.T, err error, what string) {
	t.Helper()
	f, ok := errors.AsType[*commerce.Fault](err)
	if !ok || f.Kind != commerce.Unauthenticated || f.Code != signing.CodeInvalidSignature {
		t.Errorf("%s: got %v, want it refused as %s", what, err, signing.CodeInvalidSignature)
	}
}

func TestEmptyBody(t *testing.T) {
	t.Parallel()
	s := hmacSigner("a shared secret of an agent")
	for payload, text := range map[string]string{
		config.SignedBody: "", config.SignedCanonicalBody: "", config.SignedTimestampBody: timestamp + ".",
	} {
		v := verifier(t, &stopped{at: now}, config.SignatureEnforce, payload, s)
		c := signed(s, text, "")
		c.Body, c.Path = nil, ""
		for range 2 { // a read may be repeated
			if err := v.Verify(t.Context(), c); err != nil {
				t.Errorf("%s: %v", payload, err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := hmacSigner("a shared secret of an agent")
	for name, change := range map[string]func(*signing.Call){
		"no signature":       func(c *signing.Call) { c.Signature = "" },
		"no base64":          func(c *signing.Call) { c.Signature = "?" },
		"no timestamp":       func(c *signing.Call) { c.Timestamp = "" },
		"a Unix timestamp":   func(c *signing.Call) { c.Timestamp = "1795348830" },
		"another timestamp":  func(c *signing.Call) { c.Timestamp = "2026-11-22T12:00:31Z" },
		"another agent's":    func(c *signing.Call) { c.Signature = signed(hmacSigner("another secret, as long"), "x", "x").Signature },
		"an empty signature": func(c *signing.Call) { c.Signature = "==" },
	} {
		c := signed(s, timestamp+".{}", "{}")
		change(&c)
		wantRefused(t, verifier(t, &stopped{at: now}, config.SignatureEnforce, config.SignedTimestampBody, s).Verify(t.Context(), c), name)
	}
	for name, at := range map[string]time.Time{
		"too old": now.Add(5*time.Minute + 31*time.Second), "too new": now.Add(-5*time.Minute + 29*time.Second),
	} {
		v := verifier(t, &stopped{at: at}, config.SignatureEnforce, config.SignedTimestampBody, s)
		wantRefused(t, v.Verify(t.Context(), signed(s, timestamp+".{}", "{}")), name)
	}
	v := verifier(t, &stopped{at: now}, config.SignatureEnforce, config.SignedCanonicalBody, s)
	wantRefused(t, v.Verify(t.Context(), signed(s, "{", "{")), "a body that is no JSON")
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	s := hmacSigner("a shared secret of an agent")
	sum := s.sign([]byte(timestamp + ".{}"))
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		c := signed(s, "", "{}")
		c.Signature = e.EncodeToString(sum)
		if err := verifier(t, &stopped{at: now}, config.SignatureEnforce, config.SignedTimestampBody, s).Verify(t.Context(), c); err != nil {
			t.Errorf("%s: %v", c.Signature, err)
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	s := hmacSigner("a shared secret of an agent")
	c := &stopped{at: now}
	v := verifier(t, c, config.SignatureEnforce, config.SignedTimestampBody, s)
	first := signed(s, timestamp+".{}", "{}")
	if err := v.Verify(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := v.Verify(t.Context(), first); err != nil {
		t.Errorf("a retry under the same key: %v", err)
	}
	for name, change := range map[string]func(*signing.Call){
		"under another key": func(c *signing.Call) { c.Key = "k2" },
		"without a key":     func(c *signing.Call) { c.Key = "" },
	} {
		again := first
		change(&again)
		wantRefused(t, v.Verify(t.Context(), again), name)
	}
	elsewhere := first
	elsewhere.Path += "/cs_1/cancel"
	if err := v.Verify(t.Context(), elsewhere); err != nil {
		t.Errorf("an equal body for another path: %v", err)
	}
	keyless := first
	keyless.Path, keyless.Key = "POST /other", ""
	if err := v.Verify(t.Context(), keyless); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, v.Verify(t.Context(), keyless), "twice without a key")
}

// TestReplayInAnotherForm holds that who has no key cannot write a signature anew and pass for somebody else: of each ECDSA signature
// there is a twin, and two forms of both.
func TestReplayInAnotherForm(t *testing.T) {
	t.Parallel()
	s := es256Signer(t, false)
	v := verifier(t, &stopped{at: now}, config.SignatureEnforce, config.SignedTimestampBody, s)
	first := signed(s, timestamp+".{}", "{}")
	if err := v.Verify(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(first.Signature)
	if err != nil {
		t.Fatal(err)
	}
	r, half := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	twin := new(big.Int).Sub(elliptic.P256().Params().N, half)
	der := func(s *big.Int) []byte {
		out, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, signature := range map[string][]byte{
		"the twin": append(slices.Clone(raw[:32]), twin.FillBytes(make([]byte, 32))...), "ASN.1": der(half), "the twin in ASN.1": der(twin),
	} {
		again := first
		again.Key, again.Signature = "k2", base64.RawURLEncoding.EncodeToString(signature)
		wantRefused(t, v.Verify(t.Context(), again), name)
		again.Key = first.Key
		if err := v.Verify(t.Context(), again); err != nil {
			t.Errorf("%s, as a retry: %v", name, err)
		}
	}
}

// TestAFloodForgetsNobodyElses holds that what one agent sends, however much, leaves the replays of another known.
func TestAFloodForgetsNobodyElses(t *testing.T) {
	t.Parallel()
	s := hmacSigner("a shared secret of an agent")
	one := &config.Signature{}
	one.SetDefaults()
	one.Mode, one.Algorithm, one.Payload, one.Keys = config.SignatureEnforce, config.HMACSHA256, config.SignedBody, []config.SignatureKey{s.key}
	v, err := signing.New([]config.Agent{{Name: "agent", Signature: one}, {Name: "flood", Signature: one}}, &stopped{at: now}, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := signed(s, "{}", "{}")
	if err := v.Verify(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	flood := first
	flood.Agent = "flood"
	for i := range 100_001 {
		flood.Path = "POST /" + strconv.Itoa(i)
		if err := v.Verify(t.Context(), flood); err != nil {
			t.Fatal(err)
		}
	}
	first.Key = "k2"
	wantRefused(t, v.Verify(t.Context(), first), "after another agent's flood")
}

func TestKeysOverlap(t *testing.T) {
	t.Parallel()
	old, fresh := hmacSigner("the secret of last year"), hmacSigner("the secret of this year")
	old.key.Expires = now.Add(time.Minute)
	c := &stopped{at: now}
	v := verifier(t, c, config.SignatureEnforce, config.SignedTimestampBody, old, fresh)
	for _, s := range []signer{old, fresh} {
		if err := v.Verify(t.Context(), signed(s, timestamp+".{}", "{}")); err != nil {
			t.Errorf("while both work: %v", err)
		}
	}
	c.at = now.Add(time.Minute)
	wantRefused(t, v.Verify(t.Context(), signed(old, timestamp+".[]", "[]")), "by a key that has expired")
	if err := v.Verify(t.Context(), signed(fresh, timestamp+".[]", "[]")); err != nil {
		t.Error(err)
	}
}

func TestWatchedAndUnwatchedAgentsAreNotRefused(t *testing.T) {
	t.Parallel()
	s := hmacSigner("a shared secret of an agent")
	for mode, agent := range map[string]string{config.SignatureLog: "agent", config.SignatureOff: "agent", config.SignatureEnforce: "free"} {
		v := verifier(t, &stopped{at: now}, mode, config.SignedTimestampBody, s)
		if err := v.Verify(context.Background(), signing.Call{Agent: agent, Path: "POST /x", Body: []byte("{}")}); err != nil {
			t.Errorf("%s, %s: %v", agent, mode, err)
		}
	}
}

func TestUnusableKey(t *testing.T) {
	t.Parallel()
	s := &config.Signature{Mode: config.SignatureEnforce, Algorithm: config.ES256, Keys: []config.SignatureKey{ed25519Signer(t).key}}
	if _, err := signing.New([]config.Agent{{Name: "a", Signature: s}}, clock.System(), nil); err == nil {
		t.Error("a key of another algorithm was taken")
	}
}
