package config

import (
	"fmt"
	"slices"
	"strings"
)

// How firmly a shop asks for the interventions that it requires.
const (
	// EnforceAlways keeps an agent that lacks one from paying.
	EnforceAlways = "always"
	// EnforceConditional tells such an agent that the payment may need one.
	EnforceConditional = "conditional"
	// EnforceOptional tells it the same.
	EnforceOptional = "optional"
)

// Interventions are what a shop can do, and asks for, when a buyer must step in while paying (ACP 2026-04-17, schema
// InterventionCapabilities, read 2026-11-22). What an agent claims to support unlocks nothing. The zero value is nothing.
type Interventions struct {
	// Supported are 3ds, biometric or address_verification. 3ds needs no mention where the policy of authentication is agent.
	Supported []string `yaml:"supported"`
	// Required are 3ds or biometric, each of them supported.
	Required []string `yaml:"required"`
	// Enforcement is EnforceAlways (default), EnforceConditional or EnforceOptional.
	Enforcement string `yaml:"enforcement"`
}

// SetDefaults fills in what the file does not say.
func (i *Interventions) SetDefaults() { i.Enforcement = EnforceAlways }

// checkInterventions finds words that the protocol does not have, and promises that nobody keeps.
func (c *checker) checkInterventions(path string, i *Interventions, a *Authentication) {
	byAgent := a != nil && a.Policy == AuthenticationAgent
	if i == nil {
		return
	}
	c.checkOneOf(path+".enforcement", i.Enforcement, EnforceAlways, EnforceConditional, EnforceOptional)
	for n, word := range i.Supported {
		at := fmt.Sprintf("%s.supported[%d]", path, n)
		switch {
		case !slices.Contains([]string{intervention3DS, "biometric", "address_verification"}, word):
			c.report(at, "%q is not known; choose 3ds, biometric or address_verification", word)
		case word == intervention3DS && !byAgent:
			c.report(at, "agents cannot authenticate card holders for this shop; set authentication.policy to agent, or delete 3ds")
		}
	}
	for n, word := range i.Required {
		at := fmt.Sprintf("%s.required[%d]", path, n)
		offered := slices.Contains(i.Supported, word) || (word == intervention3DS && byAgent)
		switch {
		case !slices.Contains([]string{intervention3DS, "biometric"}, word):
			c.report(at, "%q is not known; choose %s", word, strings.Join([]string{intervention3DS, "biometric"}, " or "))
		case !offered:
			c.report(at, "%q is required and not supported; add it to supported, or delete it here", word)
		}
	}
}

// intervention3DS is the word for 3-D Secure.
const intervention3DS = "3ds"
