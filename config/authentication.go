package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The policies for authenticating a card holder (3-D Secure).
const (
	// AuthenticationStripe leaves it to Stripe. A payment that needs the card holder is given up and told as requires_3ds.
	AuthenticationStripe = "stripe"
	// AuthenticationAgent lets agents that can do it authenticate the card holder, with the seller's acquirer data.
	AuthenticationAgent = "agent"
)

// When an agent is asked to authenticate the card holder.
const (
	// AuthenticationAlways asks in every session.
	AuthenticationAlways = "always"
	// AuthenticationAbove asks where the total is above Authentication.Above.
	AuthenticationAbove = "above"
	// AuthenticationOnRequest asks only after Stripe has refused to go on without it.
	AuthenticationOnRequest = "on_request"
)

// What becomes of a result that is no proof.
const (
	ResultRefuse  = "refuse"
	ResultProceed = "proceed"
)

// Authentication is who authenticates card holders, and how. The zero value leaves it to Stripe.
type Authentication struct {
	// Policy is AuthenticationStripe (default) or AuthenticationAgent.
	Policy string `yaml:"policy"`
	// When is AuthenticationOnRequest (default), AuthenticationAlways or AuthenticationAbove.
	When string `yaml:"when"`
	// Above is the total, in minor units, above which an agent is asked.
	Above int64 `yaml:"above"`
	// Acquirer is what the card holder's issuer is told of the seller. AuthenticationAgent needs it.
	Acquirer *Acquirer `yaml:"acquirer"`
	// DirectoryServers are american_express, mastercard or visa. A session names the first: before the payment nobody knows the card.
	DirectoryServers []string `yaml:"directory_servers"`
	// FlowPreference is what the seller would like; the issuer decides. Optional.
	FlowPreference *FlowPreference `yaml:"flow_preference"`
	// Attempted is ResultProceed (default) or ResultRefuse: what becomes of an authentication that the issuer only acknowledged.
	Attempted string `yaml:"attempted"`
	// Unproven is ResultRefuse (default) or ResultProceed: what becomes of a result that says neither yes nor no.
	Unproven string `yaml:"unproven"`
}

// Acquirer is the seller's acquirer as 3-D Secure knows it (ACP 2026-04-17, schema AuthenticationMetadata, read 2026-11-22).
type Acquirer struct {
	BIN         string `yaml:"bin,required"`         // at most 11 digits
	Country     string `yaml:"country,required"`     // ISO 3166-1 alpha-2, upper case
	MerchantID  string `yaml:"merchant_id,required"` // at most 35 characters
	Name        string `yaml:"name,required"`        // of the merchant, at most 40 characters
	RequestorID string `yaml:"requestor_id"`         // at most 35 characters
}

// FlowPreference is the flow that the seller would like.
type FlowPreference struct {
	Type         string `yaml:"type,required"` // challenge or frictionless
	Challenge    string `yaml:"challenge"`     // mandated or preferred
	Frictionless string `yaml:"frictionless"`  // low_risk
}

// SetDefaults fills in what the file does not say.
func (a *Authentication) SetDefaults() {
	a.Policy, a.When, a.Attempted, a.Unproven = AuthenticationStripe, AuthenticationOnRequest, ResultProceed, ResultRefuse
}

// binForm is an acquirer's number at a directory server.
var binForm = regexp.MustCompile(`^\d{1,11}$`)

func (c *checker) checkAuthentication(path string, a *Authentication) {
	if a == nil {
		return
	}
	c.checkOneOf(path+".policy", a.Policy, AuthenticationStripe, AuthenticationAgent)
	c.checkOneOf(path+".when", a.When, AuthenticationAlways, AuthenticationAbove, AuthenticationOnRequest)
	c.checkOneOf(path+".attempted", a.Attempted, ResultProceed, ResultRefuse)
	c.checkOneOf(path+".unproven", a.Unproven, ResultProceed, ResultRefuse)
	switch {
	case a.When == AuthenticationAbove && a.Above < 1:
		c.report(path+".above", "is needed where when is above: a total in minor units, 1 or more")
	case a.When != AuthenticationAbove && a.Above != 0:
		c.report(path+".above", "counts only where when is above; set that, or delete the line")
	}
	servers := []string{"american_express", "mastercard", "visa"}
	for i, server := range a.DirectoryServers {
		if !slices.Contains(servers, server) {
			c.report(fmt.Sprintf("%s.directory_servers[%d]", path, i), "%q is not known; choose %s", server, strings.Join(servers, " or "))
		}
	}
	if a.Policy == AuthenticationAgent {
		if a.Acquirer == nil {
			c.report(path+".acquirer", "is needed where policy is agent; your acquirer or Stripe tells you the values")
		}
		if len(a.DirectoryServers) == 0 {
			c.report(path+".directory_servers", "is needed where policy is agent; name at least one of %s", strings.Join(servers, ", "))
		}
	}
	if a.Acquirer != nil {
		c.checkAcquirer(path+".acquirer", a.Acquirer)
	}
	if f := a.FlowPreference; f != nil && f.Type != "" {
		c.checkOneOf(path+".flow_preference.type", f.Type, "challenge", "frictionless")
		if f.Challenge != "" {
			c.checkOneOf(path+".flow_preference.challenge", f.Challenge, "mandated", "preferred")
		}
		if f.Frictionless != "" {
			c.checkOneOf(path+".flow_preference.frictionless", f.Frictionless, "low_risk")
		}
	}
}

func (c *checker) checkAcquirer(path string, a *Acquirer) {
	if a.BIN != "" && !binForm.MatchString(a.BIN) {
		c.report(path+".bin", "wants 1 to 11 digits; quote them")
	}
	if a.Country != "" && !countryForm.MatchString(a.Country) {
		c.report(path+".country", "wants two upper-case letters of ISO 3166-1, such as US")
	}
	for _, f := range []struct {
		name, value string
		most        int
	}{{"merchant_id", a.MerchantID, 35}, {"name", a.Name, 40}, {"requestor_id", a.RequestorID, 35}} {
		if n := len([]rune(f.value)); n > f.most {
			c.report(path+"."+f.name, "has %d characters; %d is the most", n, f.most)
		}
	}
}

// countryForm is an ISO 3166-1 alpha-2 code.
var countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
