package config

import (
	"encoding/hex"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (c *checker) checkAgents() {
	names := map[string]int{}
	hashes := map[string]string{}
	for i := range c.cfg.Agents {
		agent := &c.cfg.Agents[i]
		path := indexPath("agents", i)
		if agent.Name != "" {
			if !nameForm.MatchString(agent.Name) {
				c.report(path+".name", "%q is no usable name; use lower-case letters, digits, - and _, at most 63", agent.Name)
			}
			if first, taken := names[agent.Name]; taken {
				c.report(path+".name", "agents[%d] is called %q already; give each agent its own name", first, agent.Name)
			} else {
				names[agent.Name] = i
			}
		}
		c.checkKeys(path, agent, hashes)
		c.checkAgentShops(path, agent)
		if agent.Signature != nil {
			c.checkSignature(path+".signature", agent.Signature)
		}
		if agent.Identity != nil {
			c.checkIdentity(path+".identity", agent.Identity)
		}
		c.checkAgentMCP(path+".mcp", agent.MCP)
		c.checkAgentLimits(path+".limits", agent.Limits)
		if agent.Webhook != nil {
			c.checkWebhook(path+".webhook", agent.Webhook)
		}
	}
}

func (c *checker) checkKeys(path string, agent *Agent, hashes map[string]string) {
	now := c.cfg.src.opts.Now
	for i := range agent.Keys {
		key := &agent.Keys[i]
		keyPath := indexPath(path+".keys", i)
		if key.SHA256 != "" {
			key.SHA256 = strings.ToLower(key.SHA256)
			if sum, err := hex.DecodeString(key.SHA256); err != nil || len(sum) != 32 {
				c.report(keyPath+".sha256", "wants the 64 hexadecimal digits of a SHA-256; make them with: postern keys hash")
			} else if first, taken := hashes[key.SHA256]; taken {
				c.report(keyPath+".sha256", "%s holds this key already; a key must name one agent, make another with: postern keys new", first)
			} else {
				hashes[key.SHA256] = keyPath
			}
		}
		if !now.IsZero() && key.Expired(now) {
			c.warn(keyPath+".expires", "this key stopped working on %s; delete it, or make a new one with: postern keys new", key.Expires.UTC().Format(time.DateOnly))
		}
	}
}

func (c *checker) checkAgentShops(path string, agent *Agent) {
	for i, name := range agent.Shops {
		if name == "" || len(c.cfg.Shops) == 0 { // reported already, as missing
			continue
		}
		shopPath := indexPath(path+".shops", i)
		shop, known := c.cfg.Shops[name]
		switch {
		case !known:
			c.report(shopPath, "there is no shop %q; %s", name, remedyForShop(name, c.cfg.ShopNames()))
		case slices.Contains(agent.Shops[:i], name):
			c.report(shopPath, "the shop %q is named twice; delete one of them", name)
		case len(agent.Shops) > 1 && shop.Host == "":
			c.report(shopPath, "an agent of several shops finds them by host, and the shop %q has none; set shops.%s.host", name, name)
		}
	}
}

func remedyForShop(name string, known []string) string {
	for _, k := range known {
		if editDistance(name, k) <= len(name)/2 {
			return "did you mean \"" + k + "\"?"
		}
	}
	return "the shops are " + strings.Join(known, ", ")
}

func (c *checker) checkWebhook(path string, w *Webhook) {
	if w.URL == "" {
		return
	}
	u, err := parseURL(w.URL)
	switch {
	case err != nil:
		c.report(path+".url", "%s", err)
	case !isPort(u.Port()):
		c.report(path+".url", "has port %s; use one from 1 to 65535, or leave it out", u.Port())
	case isLoopback(u.Hostname()) && w.AllowPrivate:
	case u.Scheme != "https" && w.AllowPrivate:
		c.report(path+".url", "must be https; http is for loopback only")
	case u.Scheme != "https":
		c.report(path+".url", "must be https; for a receiver on this machine set allow_private: true")
	case isLoopback(u.Hostname()):
		c.report(path+".url", "is a loopback address; for a receiver on this machine set allow_private: true")
	case isPrivate(u):
		c.report(path+".url", "is a private address, and no event is ever sent to one; give the receiver a public address")
	}
}

// isPort reports whether the text of a URL's port, which may be missing, is one that can be dialled.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return text == "" || (err == nil && n > 0)
}

// carrierNAT is the shared address space of RFC 6598, which is not public either.
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// isPrivate reports whether a URL names an address that is not public by its text alone. Names are resolved, and
// checked again, when a delivery is dialed.
func isPrivate(u *url.URL) bool {
	addr, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return false
	}
	addr = addr.Unmap()
	return carrierNAT.Contains(addr) || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() || addr.IsMulticast()
}
