package config

import (
	"encoding/json"
	"os"
	"time"
)

// Identity is who vouches for an agent's buyers: an issuer of signed tokens (JWT, RFC 7519). What a token proves is a customer of the
// seller, and it is the only thing that shows anybody's saved cards.
type Identity struct {
	// Issuer is the token's iss, exactly.
	Issuer string `yaml:"issuer,required"`
	// Audience must be among the token's aud.
	Audience string `yaml:"audience,required"`
	// JWKS is the path of a file with the issuer's public keys (RFC 7517). It is read at start; a token names its key by kid.
	JWKS string `yaml:"jwks,required"`
	// CustomerClaim is the claim that holds the seller's customer at Stripe (cus_…). Empty: Customers maps the token's sub.
	CustomerClaim string `yaml:"customer_claim"`
	// Customers is the path of a JSON file, an object from sub to the customer at Stripe. It is read anew when it changes.
	Customers string `yaml:"customers"`
	// MaxAge is the longest life of a token that is accepted, from iat to exp. Default 15 min.
	MaxAge time.Duration `yaml:"max_age"`
	// Leeway is how far the issuer's clock may be from ours. Default 30 s.
	Leeway time.Duration `yaml:"leeway"`
}

// SetDefaults fills in what the file does not say.
func (i *Identity) SetDefaults() { i.MaxAge, i.Leeway = 15*time.Minute, 30*time.Second }

func (c *checker) checkIdentity(path string, i *Identity) {
	c.checkDuration(path+".max_age", i.MaxAge, time.Minute, 24*time.Hour)
	c.checkDuration(path+".leeway", i.Leeway, 0, 5*time.Minute)
	switch {
	case i.CustomerClaim == "" && i.Customers == "":
		c.report(path, "says whom a token proves, and not which customer that is; set customer_claim or customers")
	case i.CustomerClaim != "" && i.Customers != "":
		c.report(path+".customers", "customer_claim says the same; delete one of them")
	}
	if i.JWKS != "" {
		i.JWKS = c.cfg.src.opts.resolvePath(i.JWKS)
		c.checkJSONFile(path+".jwks", i.JWKS)
	}
	if i.Customers != "" {
		i.Customers = c.cfg.src.opts.resolvePath(i.Customers)
		c.checkJSONFile(path+".customers", i.Customers)
	}
}

// SavedCards are cards that Stripe keeps for the seller's customers. They are shown to buyers whom an agent's identity proves only.
type SavedCards struct {
	// ReturnURL is where Stripe would send a buyer back to; https. Stripe asks for it where the account's dashboard offers redirects.
	ReturnURL string `yaml:"return_url,required"`
}

func (c *checker) checkSavedCards(path string, s *SavedCards) {
	if s == nil || s.ReturnURL == "" {
		return
	}
	if u, err := parseURL(s.ReturnURL); err != nil {
		c.report(path+".return_url", "%s", err)
	} else if u.Scheme != "https" && !isLoopback(u.Hostname()) {
		c.report(path+".return_url", "must be https; http is for loopback only")
	}
}

func (c *checker) checkJSONFile(path, file string) {
	data, err := os.ReadFile(file)
	switch {
	case err != nil:
		c.report(path, "the file %s cannot be read (%s)", file, reason(err))
	case !json.Valid(data):
		c.report(path, "the file %s holds no JSON", file)
	}
}
