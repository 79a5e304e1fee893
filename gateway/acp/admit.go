package acp

import (
	"context"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/signing"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/wire"
)

// identify finds out who calls and for which shop.
func (c *call) identify() error {
	who, err := c.agents.authenticate(c.request.Token, c.clock.Now())
	if err != nil {
		return err
	}
	c.agent, c.strict, c.keyless = who.name, who.strict, who.keyless
	c.shop, err = who.shop(c.request.Host)
	return err
}

// checkPlace refuses a call to what is not there: carts where the shop keeps none, the wrong date, an id that can be none.
func (c *call) checkPlace(ctx context.Context) error {
	if err := c.checkCarts(); err != nil {
		return err
	}
	if err := c.checkVersion(ctx); err != nil {
		return err
	}
	switch {
	case c.request.Operation.creates() || plausibleID(c.request.ID):
		return nil
	case c.request.Operation.ofCart():
		return commerce.Faultf(commerce.NotFound, "there is no such cart")
	default:
		return commerce.Faultf(commerce.NotFound, "there is no such checkout session")
	}
}

// get reads what the call names.
func (c *call) get(ctx context.Context) (store.Answer, error) {
	if c.request.Operation == CartGet {
		return c.carts.Get(ctx, c.renderCart(ctx), c.request.ID)
	}
	return c.sessions.Get(ctx, c.render(ctx), c.request.ID)
}

// checkVersion refuses a call without a date or of one that is not spoken; there is no nearest date (ACP rfc.agentic_checkout 2.1, read
// 2026-11-22). An alias of a date is counted, and is no date to an agent that is held to its own.
func (c *call) checkVersion(ctx context.Context) error {
	switch {
	case c.dated && c.version.Date == c.request.APIVersion:
		return nil
	case c.dated:
		if c.deviated(ctx, c.agent, c.version.Date, translate.VersionAlias); !c.strict {
			return nil
		}
		meant := c.version.Date
		c.version, c.dated = translate.Newest(), false
		return commerce.Faultf(commerce.UnsupportedVersion,
			"this API version is an alias of %s, and this agent is held to its version; send one of supported_versions", meant)
	case c.request.APIVersion == "":
		return commerce.Faultf(commerce.MissingVersion, "the API version is missing (header API-Version, over MCP meta.api_version); send one of supported_versions")
	default:
		return commerce.Faultf(commerce.UnsupportedVersion, "this API version is not served here; send one of supported_versions")
	}
}

// prove finds out who buys, where the agent can prove it.
func (c *call) prove(ctx context.Context) (err error) {
	if c.identities != nil {
		c.subject, err = c.identities.Prove(ctx, c.agent, c.request.Identity)
	}
	return err
}

// verify checks the signature of the body.
func (c *call) verify(ctx context.Context, body []byte) error {
	if c.signatures == nil {
		return nil
	}
	s := signing.Call{
		Agent: c.agent, Key: c.request.Key, Signature: c.request.Signature, Timestamp: c.request.Timestamp, Body: body,
	}
	if !c.request.Operation.reads() {
		s.Path = c.request.path()
	}
	return c.signatures.Verify(ctx, s)
}

// read takes the body in, checks its signature and parses it strictly.
func (c *call) read(ctx context.Context) error {
	var body []byte
	if c.request.Body != nil {
		var err error
		if body, err = c.request.Body(); err != nil {
			return err
		}
	}
	if err := c.verify(ctx, body); err != nil {
		return err
	}
	doc, err := wire.Parse(body)
	c.doc = doc
	return err
}
