package demo

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/conformance"
)

// caller is an agent that the gateway knows beside the one of the story: a part in the conformance suite.
type caller struct {
	Role string // as package conformance names it
	Shop string
	conformance.Agent
	// Settings are further lines of its entry in gateway.yaml.
	Settings []string
}

// Name is the agent's in gateway.yaml.
func (c caller) Name() string { return "conform-" + c.Role }

// Hash is what gateway.yaml holds of the token.
func (c caller) Hash() string { return agentkey.Hash(c.Token) }

// newCallers are the suite's agents, one for each date in which events are written, and one for each part that needs settings of its own.
func newCallers(who issuer) ([]caller, error) {
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
	signing := rand.Text()
	for _, c := range []caller{
		{Role: conformance.AgentOther, Shop: mainShop},
		{Role: conformance.AgentSecure, Shop: mainShop},
		{Role: conformance.AgentRequired, Shop: strictShop},
		{Role: conformance.AgentStrict, Shop: mainShop, Settings: []string{"strict: true"}},
		{Role: conformance.AgentLimited, Shop: mainShop, Settings: []string{
			"limits: {requests_per_second: 5, burst: 50, rejected_codes_per_minute: 10}",
		}},
		{
			Role: conformance.AgentSigned, Shop: mainShop, Agent: conformance.Agent{SigningSecret: signing, SigningRecipe: "timestamp.body"},
			Settings: []string{
				"signature: {mode: enforce, algorithm: hmac-sha256, payload: timestamp_body, keys: [{secret: " + strconv.Quote(signing) + "}]}",
			},
		},
		{
			Role: conformance.AgentIdentity, Shop: mainShop, Agent: conformance.Agent{IdentityHeader: "Buyer-Identity"},
			Settings: []string{fmt.Sprintf("identity: {issuer: %s, audience: %s, jwks: %s, customer_claim: %s}",
				who.name, who.audience, keysFile, customerClaim)},
		},
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

// The shop's names in gateway.yaml: it stands there twice, with and without an intervention that it always requires.
const (
	mainShop   = "harbor"
	strictShop = "harbor-strict"
)

// eventDates are the dates in which callers hear of their orders.
var eventDates = conformance.Published()
