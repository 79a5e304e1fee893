package config

import "fmt"

// Marketing is a channel on which a buyer may subscribe to the shop's news (ACP 2026-04-17, schema MarketingConsentOption).
type Marketing struct {
	// Channel is email, sms or whatsapp: those for which ACP says where the address is (rfc.marketing_consent, read 2026-11-22).
	Channel string `yaml:"channel,required"`
	// DisplayText is what the buyer is asked, word for word; it is kept with the answer.
	DisplayText string `yaml:"display_text,required"`
	// PrivacyPolicyURL is where the shop says what it does with the answer.
	PrivacyPolicyURL string `yaml:"privacy_policy_url,required"`
}

func (c *checker) checkMarketing(path string, channels []Marketing) {
	seen := map[string]bool{}
	for i, m := range channels {
		at := fmt.Sprintf("%s[%d]", path, i)
		if m.Channel != "" {
			c.checkOneOf(at+".channel", m.Channel, "email", "sms", "whatsapp")
		}
		if m.Channel != "" && seen[m.Channel] {
			c.report(at+".channel", "the channel %s is offered already; delete one of them", m.Channel)
		}
		seen[m.Channel] = true
		if m.PrivacyPolicyURL != "" {
			if _, err := parseURL(m.PrivacyPolicyURL); err != nil {
				c.report(at+".privacy_policy_url", "%s", err)
			}
		}
	}
}
