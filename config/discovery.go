package config

import (
	"net"
	"regexp"
)

// Discovery is what the document at /.well-known/acp.json tells beside what the shops are configured to do.
type Discovery struct {
	// DocumentationURL is where people read how to use the shop through agents. Empty: the document names no such place.
	DocumentationURL string `yaml:"documentation_url"`
}

// localeForm is the form of a BCP 47 tag, of which only the subtags' lengths are looked at.
var localeForm = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

func (c *checker) checkDiscovery() {
	if d := c.cfg.Discovery; d.DocumentationURL != "" {
		if _, err := parseURL(d.DocumentationURL); err != nil {
			c.report("discovery.documentation_url", "%s", err)
		}
	}
	if host, _, err := net.SplitHostPort(c.cfg.Listen); err == nil && c.cfg.PublicURL == "" && !isLoopback(host) {
		c.warn("public_url", "without it agents cannot discover this gateway at /.well-known/acp.json, which is answered 404; set it to the origin that they reach")
	}
}

func (c *checker) checkLocales(path string, locales []string) {
	for i, locale := range locales {
		if locale != "" && !localeForm.MatchString(locale) {
			c.report(indexPath(path, i), "%q is no language tag of BCP 47; write one such as en-US", locale)
		}
	}
}
