package demo

import (
	"crypto/rand"
	"strings"

	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/conformance"
)

// caller is an agent that the gateway knows beside the one of the story: a part in the conformance suite.
type caller struct {
	Role string // as package conformance names it
	Shop string
	conformance.Agent
}

// Name is the agent's in gateway.yaml.
func (c caller) Name() string { return "conform-" + c.Role }

// Hash is what gateway.yaml holds of the token.
func (c caller) Hash() string { return agentkey.Hash(c.Token) }

// newCallers are the suite's agents, one for each date in which events are written, and one for each part that needs settings of its own.
func newCallers() ([]caller, error) {
	var out []caller
	add := func(c caller) error {
		token, err := agentkey.New(strings.ReplaceAll(c.Role, "-", ""))
		c.Token = token
		out = append(out, c)
		return err
	}
	for _, date := range eventDates {
		if err := add(caller{Role: date, Shop: mainShop, Agent: conformance.Agent{EventVersion: date}}); err != nil {
			return nil, err
		}
	}
	for _, c := range []caller{
		{Role: conformance.AgentOther, Shop: mainShop},
	} {
		if err := add(c); err != nil {
			return nil, err
		}
	}
	rotateSecrets(out)
	return out, nil
}

// rotateSecrets gives every caller that hears of its orders a new secret.
func rotateSecrets(callers []caller) {
	for i := range callers {
		if callers[i].EventVersion != "" {
			callers[i].Secret = rand.Text()
		}
	}
}

// mainShop is the shop's name in gateway.yaml.
const mainShop = "harbor"

// eventDates are the dates in which callers hear of their orders.
var eventDates = conformance.Published()
