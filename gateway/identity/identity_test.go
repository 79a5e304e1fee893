package identity_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/identity"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type stopped struct{ clock.Clock }

func (stopped) Now() time.Time { return now }

// issuer is an identity provider with its files.
type issuer struct {
	private ed25519.PrivateKey
	config  config.Identity
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{private: private}
	i.config.SetDefaults()
	i.config.Issuer, i.config.Audience = "https://login.example", "https://seller.example"
	i.config.JWKS = write(t, "jwks.json", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: "k1", Algorithm: "EdDSA", Use: "sig"}}})
	i.config.Customers = write(t, "customers.json", map[string]string{"ada": "cus_ada"})
	return i
}

func write(t *testing.T, name string, content any) string {
	t.Helper()
	data, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (i *issuer) prover(t *testing.T) *identity.Prover {
	t.Helper()
	p, err := identity.New([]config.Agent{{Name: "agent", Identity: &i.config}, {Name: "other"}}, stopped{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// claims are those of a good token about ada.
func (i *issuer) claims() map[string]any {
	return map[string]any{
		"iss": i.config.Issuer, "aud": i.config.Audience, "sub": "ada", "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
	}
}

func (i *issuer) token(t *testing.T, kid string, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: i.private}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestProve(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	p := i.prover(t)
	stranger := i.claims()
	stranger["sub"] = "eve"
	for name, try := range map[string]struct{ agent, token, want string }{
		"a customer":                       {"agent", i.token(t, "k1", i.claims()), "cus_ada"},
		"nobody":                           {"agent", "", ""},
		"a buyer who is no customer":       {"agent", i.token(t, "k1", stranger), ""},
		"an agent without a provider":      {"other", i.token(t, "k1", i.claims()), ""},
		"an agent that nobody knows":       {"nobody", "x", ""},
		"an agent without one, and no JWT": {"other", "x", ""},
	} {
		got, err := p.Prove(t.Context(), try.agent, try.token)
		if err != nil || got != try.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, try.want)
		}
	}
	if got := p.Agents(); len(got) != 1 || got[0] != "agent" {
		t.Errorf("agents with a provider: %v", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	i, other := newIssuer(t), newIssuer(t)
	p := i.prover(t)
	with := func(name string, value any) string {
		c := i.claims()
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return i.token(t, "k1", c)
	}
	good := i.token(t, "k1", i.claims())
	hs, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte("0123456789abcdef0123456789abcdef")},
		(&jose.SignerOptions{}).WithHeader("kid", "k1"))
	if err != nil {
		t.Fatal(err)
	}
	shared, err := jwt.Signed(hs).Claims(i.claims()).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"no token":             "x",
		"unsigned":             "eyJhbGciOiJub25lIn0." + strings.Split(good, ".")[1] + ".",
		"of a shared secret":   shared,
		"too long":             strings.Repeat("x", 9000),
		"of another issuer":    other.token(t, "k1", i.claims()),
		"of no key":            i.token(t, "k2", i.claims()),
		"without a kid":        i.token(t, "", i.claims()),
		"changed":              good[:len(good)-6] + "AAAAAA",
		"wrong iss":            with("iss", "https://evil.example"),
		"wrong aud":            with("aud", "https://other.example"),
		"expired":              with("exp", now.Add(-time.Minute).Unix()),
		"issued later":         with("iat", now.Add(time.Minute).Unix()),
		"not valid yet":        with("nbf", now.Add(time.Minute).Unix()),
		"lives too long":       with("exp", now.Add(16*time.Minute).Unix()),
		"without exp":          with("exp", nil),
		"without iat":          with("iat", nil),
		"without sub":          with("sub", nil),
		"without aud":          with("aud", nil),
		"without iss":          with("iss", nil),
		"two tokens in one":    good + "," + good,
		"in the JSON notation": `{"payload":"","signatures":[]}`,
	} {
		got, err := p.Prove(t.Context(), "agent", token)
		f, ok := errors.AsType[*commerce.Fault](err)
		if !ok || f.Kind != commerce.Invalid || f.Code != identity.CodeInvalidIdentity || got != "" {
			t.Errorf("%s: got %q, %v", name, got, err)
			continue
		}
		if strings.Contains(err.Error(), "ada") {
			t.Errorf("%s: the error tells of the buyer: %v", name, err)
		}
	}
}

func TestCustomerClaim(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	i.config.Customers, i.config.CustomerClaim = "", "stripe_customer"
	p := i.prover(t)
	for value, want := range map[any]string{"cus_9": "cus_9", "ada": "", "cus_/../x": "", 7: "", nil: ""} {
		c := i.claims()
		c["stripe_customer"] = value
		if got, err := p.Prove(t.Context(), "agent", i.token(t, "k1", c)); err != nil || got != want {
			t.Errorf("%v: got %q, %v, want %q", value, got, err, want)
		}
	}
}

func TestCustomersAreReadAnew(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	p := i.prover(t)
	change := func(content string, at time.Time) {
		t.Helper()
		if err := os.WriteFile(i.config.Customers, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(i.config.Customers, at, at); err != nil {
			t.Fatal(err)
		}
	}
	prove := func() (string, error) { return p.Prove(t.Context(), "agent", i.token(t, "k1", i.claims())) }
	change(`{"ada": "cus_new"}`, now)
	if got, err := prove(); err != nil || got != "cus_new" {
		t.Errorf("after a change: %q, %v", got, err)
	}
	change(`{"ada": "somebody"}`, now.Add(time.Second))
	if got, err := prove(); commerce.KindOf(err) != commerce.Unavailable || got != "" {
		t.Errorf("a file that names no customer: %q, %v; want Unavailable", got, err)
	}
}

func TestUnusableFiles(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*config.Identity){
		"no such file": func(i *config.Identity) { i.JWKS = "no such file" },
		"no key":       func(i *config.Identity) { i.JWKS = write(t, "jwks.json", jose.JSONWebKeySet{}) },
		"no set":       func(i *config.Identity) { i.JWKS = write(t, "jwks.json", "x") },
		"a private key": func(i *config.Identity) {
			i.JWKS = write(t, "k.json", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private, KeyID: "k"}}})
		},
		"a nameless key": func(i *config.Identity) {
			i.JWKS = write(t, "k.json", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private.Public(), KeyID: ""}}})
		},
		"customers missing": func(i *config.Identity) { i.Customers = "no such file" },
		"customers a list":  func(i *config.Identity) { i.Customers = write(t, "c.json", []string{"x"}) },
		"no customer's id":  func(i *config.Identity) { i.Customers = write(t, "c.json", map[string]string{"ada": "ada"}) },
	} {
		i := newIssuer(t)
		change(&i.config)
		if _, err := identity.New([]config.Agent{{Name: "agent", Identity: &i.config}}, stopped{}); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
