// Package identity finds out who an agent's buyer is: it verifies the signed token (JWT, RFC 7519) of the identity provider that the
// configuration names for the agent, and tells which customer of the seller that proves.
//
// Start with [New] and [Prover.Prove]. What an agent writes about a buyer in a request (customer_id, authentication_status) is a claim
// and proves nothing; this is the only thing that shows saved cards. Postern asks no identity provider: keys and customers are files.
//
// The package may import config, commerce and clock.
package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
)

// CodeInvalidIdentity is the code of a refusal.
const CodeInvalidIdentity = "invalid_identity"

// algorithms are the signatures that are accepted. Shared secrets are not among them: whoever could check a token could make one.
var algorithms = []jose.SignatureAlgorithm{
	jose.EdDSA, jose.ES256, jose.ES384, jose.ES512, jose.PS256, jose.PS384, jose.PS512, jose.RS256, jose.RS384, jose.RS512,
}

// maxToken is the longest token in bytes. Headers hold no more in practice.
const maxToken = 8 << 10

// customerForm is the id of a customer at Stripe.
var customerForm = regexp.MustCompile(`^cus_[A-Za-z0-9]{1,64}$`)

// Prover knows who vouches for each agent's buyers. Make it with [New]. It is safe for concurrent use.
type Prover struct {
	agents map[string]*provider
	clock  clock.Clock
}

// provider is one agent's identity provider.
type provider struct {
	config.Identity
	keys      jose.JSONWebKeySet
	customers *customers // nil: the token names the customer
}

// New reads the identity providers out of the configuration and their files. It fails where a file cannot be read or holds no key, or
// one that is not public.
func New(agents []config.Agent, c clock.Clock) (*Prover, error) {
	p := &Prover{agents: make(map[string]*provider), clock: c}
	for _, a := range agents {
		if a.Identity == nil {
			continue
		}
		one := &provider{Identity: *a.Identity}
		if err := one.readKeys(); err != nil {
			return nil, fmt.Errorf("agent %s: identity: %w", a.Name, err)
		}
		if a.Identity.Customers != "" {
			one.customers = &customers{file: a.Identity.Customers}
			if err := one.customers.refresh(); err != nil {
				return nil, fmt.Errorf("agent %s: identity: %w", a.Name, err)
			}
		}
		p.agents[a.Name] = one
	}
	return p, nil
}

func (p *provider) readKeys() error {
	data, err := os.ReadFile(p.JWKS)
	if err != nil {
		return fmt.Errorf("read the keys: %w", err)
	}
	if err := json.Unmarshal(data, &p.keys); err != nil {
		return fmt.Errorf("read the keys of %s: %w", p.JWKS, err)
	}
	for _, k := range p.keys.Keys {
		if !k.Valid() || !k.IsPublic() || k.KeyID == "" {
			return fmt.Errorf("the key %q of %s is not usable: each key must be public and have a kid", k.KeyID, p.JWKS)
		}
	}
	if len(p.keys.Keys) == 0 {
		return fmt.Errorf("%s holds no key: give it a JWK set", p.JWKS)
	}
	return nil
}

// Prove is the customer of the seller at the processor whom the agent's token proves. It is empty without an error where there is no
// token, where the agent has no identity provider, and where the proven buyer is no customer of the seller. A token that is not a good
// one is a [commerce.Fault] of kind Invalid: an agent that sends one believes that it says something.
func (p *Prover) Prove(_ context.Context, agent, token string) (string, error) {
	one, ok := p.agents[agent]
	if !ok || token == "" {
		return "", nil
	}
	claims, extra, err := one.verify(token, p.clock.Now())
	if err != nil {
		return "", &commerce.Fault{
			Kind: commerce.Invalid, Code: CodeInvalidIdentity,
			Message: "the buyer's identity token is not valid; send a fresh one, or none", Err: err,
		}
	}
	return one.customer(claims, extra)
}

var (
	errToken    = errors.New("the token cannot be read")
	errKey      = errors.New("the token names no key of the issuer")
	errClaims   = errors.New("the token lacks sub, iat or exp")
	errLifetime = errors.New("the token lives longer than is accepted")
)

// verify reads the claims of a token that is signed by the issuer, for the audience and for now. Its errors hold nothing of the token.
func (p *provider) verify(token string, now time.Time) (jwt.Claims, map[string]any, error) {
	var claims jwt.Claims
	var extra map[string]any
	if len(token) > maxToken {
		return claims, nil, errToken
	}
	signed, err := jwt.ParseSigned(token, algorithms)
	if err != nil || len(signed.Headers) != 1 {
		return claims, nil, errToken
	}
	keys := p.keys.Key(signed.Headers[0].KeyID)
	if signed.Headers[0].KeyID == "" || len(keys) == 0 {
		return claims, nil, errKey
	}
	if keys[0].Algorithm != "" && keys[0].Algorithm != signed.Headers[0].Algorithm {
		return claims, nil, errKey
	}
	if err := signed.Claims(keys[0].Key, &claims, &extra); err != nil {
		return claims, nil, errKey
	}
	expected := jwt.Expected{Issuer: p.Issuer, AnyAudience: jwt.Audience{p.Audience}, Time: now}
	if err := claims.ValidateWithLeeway(expected, p.Leeway); err != nil {
		return claims, nil, err
	}
	if claims.Subject == "" || claims.IssuedAt == nil || claims.Expiry == nil {
		return claims, nil, errClaims
	}
	if claims.Expiry.Time().Sub(claims.IssuedAt.Time()) > p.MaxAge {
		return claims, nil, errLifetime
	}
	return claims, extra, nil
}

// customer is the seller's customer that the claims are about; empty when there is none.
func (p *provider) customer(claims jwt.Claims, extra map[string]any) (string, error) {
	if p.customers == nil {
		id, _ := extra[p.CustomerClaim].(string)
		if !customerForm.MatchString(id) {
			return "", nil
		}
		return id, nil
	}
	if err := p.customers.refresh(); err != nil {
		return "", commerce.Faultf(commerce.Unavailable, "could not look the buyer up now; send the same request again").Because(err)
	}
	return p.customers.of(claims.Subject), nil
}

// customers is a file that maps subjects to customers.
type customers struct {
	file string

	mu      sync.RWMutex
	changed time.Time
	size    int64
	bySub   map[string]string
}

// refresh reads the file when it is not the one that was read last.
func (c *customers) refresh() error {
	info, err := os.Stat(c.file)
	if err != nil {
		return fmt.Errorf("read the customers: %w", err)
	}
	c.mu.RLock()
	same := c.bySub != nil && info.ModTime().Equal(c.changed) && info.Size() == c.size
	c.mu.RUnlock()
	if same {
		return nil
	}
	data, err := os.ReadFile(c.file)
	if err != nil {
		return fmt.Errorf("read the customers: %w", err)
	}
	var bySub map[string]string
	if err := json.Unmarshal(data, &bySub); err != nil {
		return fmt.Errorf("%s must be an object from subjects to customers: %w", c.file, withoutText(err))
	}
	for _, id := range bySub {
		if !customerForm.MatchString(id) {
			return fmt.Errorf("%s names a customer that is no cus_…; each value is a customer's id at Stripe", c.file)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed, c.size, c.bySub = info.ModTime(), info.Size(), bySub
	return nil
}

func (c *customers) of(sub string) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.bySub[sub]
}

// withoutText is an error about JSON without what stood there: subjects are buyers' data.
func withoutText(err error) error {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("byte %d", e.Offset)
	}
	return errors.New("a value is not a text")
}

// Agents are the names of the agents whose buyers can be proven, sorted.
func (p *Prover) Agents() []string {
	names := make([]string, 0, len(p.agents))
	for name := range p.agents {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
