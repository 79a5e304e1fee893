package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	// nameForm keeps names usable in paths, labels and file names.
	nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	// currencyForm is an ISO 4217 code as ACP and Stripe write it.
	currencyForm = regexp.MustCompile(`^[a-z]{3}$`)
	// hostForm is a host name in lower case without a port.
	hostForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
	// stripeVersionForm is a Stripe API version, such as 2025-08-27.basil or 2026-04-22.preview.
	stripeVersionForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$`)
	// stripeAccountForm is the id of a Stripe account.
	stripeAccountForm = regexp.MustCompile(`^acct_[A-Za-z0-9]+$`)
)

func (c *checker) checkShops() {
	hosts := map[string]string{}
	for _, name := range c.cfg.ShopNames() {
		shop := c.cfg.Shops[name]
		path := keyPath("shops", name)
		if !nameForm.MatchString(name) {
			c.report(path, "%q is no usable name; use lower-case letters, digits, - and _, at most 63", name)
		}
		if shop.Host != "" {
			if !hostForm.MatchString(shop.Host) {
				c.report(path+".host", "wants a lower-case host name without scheme and port, such as shop.example.com")
			} else if first, taken := hosts[shop.Host]; taken {
				c.report(path+".host", "the shop %s has this host already; give each shop its own", first)
			}
			hosts[shop.Host] = name
		}
		if shop.Currency != "" && !currencyForm.MatchString(shop.Currency) {
			c.report(path+".currency", "wants three lower-case letters of ISO 4217, such as usd")
		}
		c.checkOneOf(path+".zero_total", shop.ZeroTotal, ZeroTotalRefuse, ZeroTotalPlace)
		c.checkOneOf(path+".unrecorded_payment", shop.UnrecordedPayment, UnrecordedOperator, UnrecordedRefund)
		if shop.OrderURL != "" {
			if _, err := parseURL(strings.ReplaceAll(shop.OrderURL, "{number}", "1")); err != nil {
				c.report(path+".order_url", "%s", err)
			}
		}
		c.checkLocales(path+".locales", shop.Locales)
		c.checkDuration(path+".poll_every", shop.PollEvery, time.Second, 24*time.Hour)
		c.checkDuration(path+".expire_after", shop.ExpireAfter, time.Minute, 30*24*time.Hour)
		c.checkDuration(path+".abandon_after", shop.AbandonAfter, time.Minute, 24*time.Hour)
		for _, link := range shop.Links.List() {
			if _, err := parseURL(link.URL); err != nil {
				c.report(path+".links."+link.Type, "%s", err)
			}
		}
		if shop.Links.TermsOfUse == "" || shop.Links.PrivacyPolicy == "" {
			c.warn(path+".links", "agents expect terms_of_use and privacy_policy; add their URLs")
		}
		c.checkAuthentication(path+".authentication", shop.Authentication)
		c.checkInterventions(path+".interventions", shop.Interventions, shop.Authentication)
		c.checkContinue(path+".continue", shop.Continue)
		c.checkMarketing(path+".marketing", shop.Marketing)
		if shop.Payment.Stripe != nil {
			c.checkStripe(path+".payment.stripe", shop.Payment.Stripe)
		}
	}
}

func (c *checker) checkStripe(path string, s *Stripe) {
	c.checkSavedCards(path+".saved_cards", s.SavedCards)
	if len(s.MerchantID) > 256 {
		c.report(path+".merchant_id", "is longer than 256 characters; name the Stripe profile or account id")
	}
	if s.Account != "" && !stripeAccountForm.MatchString(s.Account) {
		c.report(path+".account", "wants a Stripe account id, acct_ and letters or digits")
	}
	if s.KeyAccount != "" && !stripeAccountForm.MatchString(s.KeyAccount) {
		c.report(path+".key_account", "wants a Stripe account id, acct_ and letters or digits")
	}
	if !stripeVersionForm.MatchString(s.APIVersion) {
		c.report(path+".api_version", "wants a Stripe API version, such as 2026-04-22.preview")
	}
	c.checkOneOf(path+".parameter_shape", s.ParameterShape, ShapePaymentMethodData, ShapeTopLevel)
	c.checkOneOf(path+".capture", s.Capture, CaptureAfterOrder)
	brands := []string{"visa", "mastercard", "amex", "discover"}
	for i, brand := range s.CardBrands {
		if brand != "" && !slices.Contains(brands, brand) {
			c.report(fmt.Sprintf("%s.card_brands[%d]", path, i), "%q is not known; choose %s", brand, strings.Join(brands, " or "))
		}
	}
	if len(s.CardBrands) == 0 {
		c.report(path+".card_brands", "is empty, so no card could be used; name a brand or delete the line")
	}
	c.checkStripeKey(path, s)
}

// checkStripeKey keeps live keys away from anything that is not Stripe.
func (c *checker) checkStripeKey(path string, s *Stripe) {
	key := s.SecretKey.Reveal()
	test := strings.HasPrefix(key, "sk_test_") || strings.HasPrefix(key, "rk_test_")
	live := strings.HasPrefix(key, "sk_live_") || strings.HasPrefix(key, "rk_live_")
	if key != "" && !test && !live {
		c.report(path+".secret_key", "is no Stripe secret key; it must begin with sk_test_, rk_test_, sk_live_ or rk_live_")
	}
	s.BaseURL = strings.TrimRight(s.BaseURL, "/")
	if s.BaseURL == StripeURL {
		return
	}
	u, err := parseURL(s.BaseURL)
	switch {
	case err != nil:
		c.report(path+".base_url", "%s", err)
	case !isOrigin(u) || !isLoopback(u.Hostname()):
		c.report(path+".base_url", "must be %s or an address on loopback; delete the line to use Stripe", StripeURL)
	case live:
		c.report(path+".base_url", "a live key must not be sent anywhere but Stripe; delete the line or use a test key")
	}
}

// isOrigin reports whether a URL is scheme and host only.
func isOrigin(u *url.URL) bool {
	return (u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}
