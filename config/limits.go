package config

import "time"

// Limits bounds what one request may ask for, and how often an agent may ask.
type Limits struct {
	// MaxBodyBytes is the size of a request body in bytes. Default 256 KiB, thirty times a large checkout.
	MaxBodyBytes int64 `yaml:"max_body_bytes"`
	// MaxLineItems is how many line items a session or a cart may hold. Default 100.
	MaxLineItems int `yaml:"max_line_items"`
	// CompleteTimeout is how long a complete may take before it is answered 503 and goes on behind. Default 25 s:
	// agents do not publish how long they wait, and common gateways give up after 30 s.
	CompleteTimeout time.Duration `yaml:"complete_timeout"`
	// RequestsPerSecond is how many requests an agent may send each second in the long run, and Burst how many at once after a pause.
	// Default 100 and 200: an agent is a platform with many buyers.
	RequestsPerSecond int `yaml:"requests_per_second"`
	Burst             int `yaml:"burst"`
	// CompletesPerMinute is how many of them may be completes. Default 600.
	CompletesPerMinute int `yaml:"completes_per_minute"`
	// RejectedCodesPerMinute is how many discount codes of an agent the shop may reject before requests with codes must wait. Default 30.
	RejectedCodesPerMinute int `yaml:"rejected_codes_per_minute"`
}

// SetDefaults fills in what the file does not say.
func (l *Limits) SetDefaults() {
	l.MaxBodyBytes = 256 << 10
	l.MaxLineItems = 100
	l.CompleteTimeout = 25 * time.Second
	l.RequestsPerSecond, l.Burst, l.CompletesPerMinute, l.RejectedCodesPerMinute = 100, 200, 600, 30
}

// AgentLimits are the rates of one agent. Zero means that of [Limits].
type AgentLimits struct {
	RequestsPerSecond      int `yaml:"requests_per_second"`
	Burst                  int `yaml:"burst"`
	CompletesPerMinute     int `yaml:"completes_per_minute"`
	RejectedCodesPerMinute int `yaml:"rejected_codes_per_minute"`
}

// Of are the rates that an agent has in the end. None of them is zero in a configuration that was checked.
func (l Limits) Of(a Agent) AgentLimits {
	own := AgentLimits{}
	if a.Limits != nil {
		own = *a.Limits
	}
	for _, rate := range []struct {
		own    *int
		common int
	}{
		{&own.RequestsPerSecond, l.RequestsPerSecond},
		{&own.Burst, l.Burst},
		{&own.CompletesPerMinute, l.CompletesPerMinute},
		{&own.RejectedCodesPerMinute, l.RejectedCodesPerMinute},
	} {
		if *rate.own == 0 {
			*rate.own = rate.common
		}
	}
	return own
}

// maxRate is more than a process can answer: who wants no limit writes it.
const maxRate = 1_000_000

func (c *checker) checkLimits() {
	l := c.cfg.Limits
	c.checkRange("limits.max_body_bytes", l.MaxBodyBytes, 1<<10, 16<<20)
	c.checkRange("limits.max_line_items", int64(l.MaxLineItems), 1, 1000)
	c.checkDuration("limits.complete_timeout", l.CompleteTimeout, time.Second, 2*time.Minute)
	c.checkRates("limits", AgentLimits{l.RequestsPerSecond, l.Burst, l.CompletesPerMinute, l.RejectedCodesPerMinute}, 1)
}

func (c *checker) checkAgentLimits(path string, l *AgentLimits) {
	if l != nil {
		c.checkRates(path, *l, 0)
	}
}

func (c *checker) checkRates(path string, r AgentLimits, least int64) {
	c.checkRange(path+".requests_per_second", int64(r.RequestsPerSecond), least, maxRate)
	c.checkRange(path+".burst", int64(r.Burst), least, maxRate)
	c.checkRange(path+".completes_per_minute", int64(r.CompletesPerMinute), least, maxRate)
	c.checkRange(path+".rejected_codes_per_minute", int64(r.RejectedCodesPerMinute), least, maxRate)
}
