package acp

import "github.com/postern-gateway/postern/gateway/commerce"

// Limits bound how often an agent may call: *limits.Limiter. What they refuse is a [commerce.Fault] of kind TooManyRequests, which is
// never stored under a key.
type Limits interface {
	// Call counts a call of any operation.
	Call(agent string) error
	// Complete counts a complete beside.
	Complete(agent string) error
	// Codes refuses a call that carries discount codes when too many of the agent's were rejected.
	Codes(agent string) error
	// Rejected counts discount codes that were rejected.
	Rejected(agent string, n int)
}

// checkRate counts the call. It comes before anything is read, so that a flood costs no more than finding out whose it is.
func (c *call) checkRate() error {
	if c.limits == nil {
		return nil
	}
	if err := c.limits.Call(c.agent); err != nil {
		return err
	}
	if c.request.Operation == Complete {
		return c.limits.Complete(c.agent)
	}
	return nil
}

// checkCodes refuses the call when it carries codes and its agent has guessed too many. Whoever sends none is not held up.
func (c *call) checkCodes(codes []string) error {
	c.codes = len(codes)
	if c.limits == nil || c.codes == 0 {
		return nil
	}
	return c.limits.Codes(c.agent)
}

// countRejected counts the codes of the call that the session tells as rejected. Codes that were sent before and are told again cost
// nothing.
func (c *call) countRejected() {
	if c.limits != nil && c.rejected > 0 {
		c.limits.Rejected(c.agent, min(c.rejected, c.codes))
	}
}

// seeRejected notes what the session that is being rendered tells of codes. It may be rendered more than once. Only calls that carry
// codes are looked at; no other goroutine renders for those.
func (c *call) seeRejected(s commerce.Session) {
	if c.codes > 0 {
		c.rejected = len(s.Quote.Discounts.Rejected)
	}
}
