package config

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"time"
)

// What becomes of a call whose signature is not a good one.
const (
	// SignatureOff looks at no signature.
	SignatureOff = "off"
	// SignatureLog writes it to the log and goes on.
	SignatureLog = "log"
	// SignatureEnforce answers 401.
	SignatureEnforce = "enforce"
)

// How an agent signs.
const (
	HMACSHA256 = "hmac-sha256"
	Ed25519    = "ed25519"
	ES256      = "es256"
)

// What an agent signs. ACP leaves it open (rfc.agentic_checkout 2.1 and 7, read 2026-11-22).
const (
	// SignedBody is the body as it was sent.
	SignedBody = "body"
	// SignedCanonicalBody is the body in the form of RFC 8785.
	SignedCanonicalBody = "canonical_body"
	// SignedTimestampBody is the Timestamp header, a full stop and the body. It is the only one that a replay cannot get around.
	SignedTimestampBody = "timestamp_body"
)

// Signature is how an agent signs its calls. ACP publishes algorithms and keys out of band.
type Signature struct {
	// Mode is SignatureOff, SignatureLog (default) or SignatureEnforce.
	Mode string `yaml:"mode"`
	// Algorithm is HMACSHA256, Ed25519 or ES256.
	Algorithm string `yaml:"algorithm,required"`
	// Payload is SignedBody, SignedCanonicalBody or SignedTimestampBody (default).
	Payload string `yaml:"payload"`
	// MaxSkew is how far the Timestamp header may be from our clock. Default 5 min.
	MaxSkew time.Duration `yaml:"max_skew"`
	// Keys are tried one after the other, so that a key can be replaced without a gap.
	Keys []SignatureKey `yaml:"keys,required"`
}

// SetDefaults fills in what the file does not say.
func (s *Signature) SetDefaults() {
	s.Mode, s.Payload, s.MaxSkew = SignatureLog, SignedTimestampBody, 5*time.Minute
}

// SignatureKey is one key. One of Secret and PublicKey is set, as the algorithm needs.
type SignatureKey struct {
	// Secret is the shared secret of HMACSHA256, its bytes as they stand.
	Secret Secret `yaml:"secret"`
	// PublicKey is a PEM block or the base64 of its content: a SubjectPublicKeyInfo of an Ed25519 key, or of one on P-256.
	PublicKey string `yaml:"public_key"`
	// Expires is when the key stops working; zero means never.
	Expires time.Time `yaml:"expires"`
}

// minSecret is the shortest shared secret in bytes: half of what the hash gives.
const minSecret = 16

// ErrPublicKey says that a public key cannot be read or is of another algorithm.
var ErrPublicKey = errors.New("wants a PEM block, or the base64 of its content, of a public key of the algorithm (SubjectPublicKeyInfo)")

// Public reads PublicKey for the algorithm: an ed25519.PublicKey or an *ecdsa.PublicKey.
func (k SignatureKey) Public(algorithm string) (crypto.PublicKey, error) {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(k.PublicKey))
	if block, _ := pem.Decode([]byte(k.PublicKey)); block != nil {
		der, err = block.Bytes, nil
	}
	if err != nil {
		return nil, ErrPublicKey
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, ErrPublicKey
	}
	switch key := public.(type) {
	case ed25519.PublicKey:
		if algorithm == Ed25519 {
			return key, nil
		}
	case *ecdsa.PublicKey:
		if algorithm == ES256 && key.Curve == elliptic.P256() {
			return key, nil
		}
	}
	return nil, ErrPublicKey
}

func (c *checker) checkSignature(path string, s *Signature) {
	c.checkOneOf(path+".mode", s.Mode, SignatureOff, SignatureLog, SignatureEnforce)
	if s.Algorithm != "" {
		c.checkOneOf(path+".algorithm", s.Algorithm, HMACSHA256, Ed25519, ES256)
	}
	c.checkOneOf(path+".payload", s.Payload, SignedBody, SignedCanonicalBody, SignedTimestampBody)
	c.checkDuration(path+".max_skew", s.MaxSkew, time.Second, time.Hour)
	for i, k := range s.Keys {
		keyPath := indexPath(path+".keys", i)
		switch {
		case s.Algorithm == HMACSHA256 && k.PublicKey != "":
			c.report(keyPath+".public_key", "%s has a secret and no public key", s.Algorithm)
		case s.Algorithm == HMACSHA256 && len(k.Secret.Reveal()) < minSecret:
			c.report(keyPath+".secret", "wants a secret of %d bytes or more", minSecret)
		case s.Algorithm == HMACSHA256:
		case !k.Secret.IsZero():
			c.report(keyPath+".secret", "%s has a public key and no secret", s.Algorithm)
		default:
			if _, err := k.Public(s.Algorithm); err != nil && s.Algorithm != "" {
				c.report(keyPath+".public_key", "%s", err)
			}
		}
	}
}
