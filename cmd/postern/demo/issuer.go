package demo

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// keysFile holds the issuer's public key, beside gateway.yaml.
	keysFile = "identity-keys.json"
	// customerClaim is the claim of a token that holds the customer at Stripe.
	customerClaim = "stripe_customer"
	keyID         = "demo-1"
	// proofLife is how long a proof is good for.
	proofLife = 5 * time.Minute
)

// issuer vouches for buyers, as an agent platform's login service does: it signs tokens (JWT, RFC 7519) that name the seller's customer.
type issuer struct {
	name, audience string
	key            ed25519.PrivateKey
	customer       string // who has a card saved
}

// newIssuer makes an issuer with a key of its own.
func newIssuer(customer string) (issuer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return issuer{}, fmt.Errorf("make the identity issuer's key: %w", err)
	}
	return issuer{name: "https://login.agent.example", audience: "https://harbor-and-finch.example", key: key, customer: customer}, nil
}

// publish writes the public key as a JWK set (RFC 7517, RFC 8037).
func (i issuer) publish(path string) error {
	public, ok := i.key.Public().(ed25519.PublicKey)
	if !ok {
		return fmt.Errorf("write %s: the key is no Ed25519 key", path)
	}
	text, err := json.Marshal(map[string]any{"keys": []any{map[string]any{
		"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": keyID, "x": base64.RawURLEncoding.EncodeToString(public),
	}}}, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// prove signs a token for the customer.
func (i issuer) prove(now time.Time) (string, error) {
	part := func(v map[string]any) (string, error) {
		text, err := json.Marshal(v, json.Deterministic(true))
		return base64.RawURLEncoding.EncodeToString(text), err
	}
	head, err := part(map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": keyID})
	if err != nil {
		return "", fmt.Errorf("sign an identity: %w", err)
	}
	claims, err := part(map[string]any{
		"iss": i.name, "aud": i.audience, "sub": "buyer-1", "iat": now.Unix(), "exp": now.Add(proofLife).Unix(), customerClaim: i.customer,
	})
	if err != nil {
		return "", fmt.Errorf("sign an identity: %w", err)
	}
	signed := head + "." + claims
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.key, []byte(signed))), nil
}
