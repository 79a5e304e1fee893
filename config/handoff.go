package config

import "time"

// Continue is the hand-off of a buyer to the shop's own pages. A shop without the group hands nobody off.
type Continue struct {
	// Enabled turns it off without deleting the group. Default true.
	Enabled bool `yaml:"enabled"`
	// Lifetime is how long an address may be used. Default 15 min.
	Lifetime time.Duration `yaml:"lifetime"`
}

// SetDefaults fills in what the file does not say.
func (h *Continue) SetDefaults() {
	h.Enabled = true
	h.Lifetime = 15 * time.Minute
}

// On reports whether buyers are handed off.
func (h *Continue) On() bool { return h != nil && h.Enabled }

func (c *checker) checkContinue(path string, h *Continue) {
	if !h.On() {
		return
	}
	c.checkDuration(path+".lifetime", h.Lifetime, time.Minute, 24*time.Hour)
	if c.cfg.PublicURL == "" {
		c.report(path, "needs public_url: a buyer's browser comes to the gateway there")
	}
}
