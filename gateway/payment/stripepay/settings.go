package stripepay

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/postern-gateway/postern/gateway/payment"
)

// Shapes of the token's parameter, as they stand in [payment.Terms].
const (
	// ShapeMethodData sends payment_method_data[shared_payment_granted_token], as documented since 2026-04-22.
	ShapeMethodData = "payment_method_data"
	// ShapeTopLevel sends shared_payment_granted_token, as the private preview did.
	ShapeTopLevel = "top_level"
)

const (
	// StripeURL is where Stripe is.
	StripeURL = "https://api.stripe.com"
	// DefaultAPIVersion is the first public preview of Shared Payment Tokens, the one in Stripe's own examples.
	// Source: docs.stripe.com/changelog/dahlia/2026-04-22, read 2026-11-22.
	DefaultAPIVersion = "2026-04-22.preview"
	// DefaultTimeout is the longest wait for one answer. The SDK's own 80 s is longer than any agent waits.
	DefaultTimeout = 20 * time.Second
)

// Settings say how to reach one Stripe account. The zero value lacks the key; the rest has defaults.
type Settings struct {
	// SecretKey is a secret or restricted key: sk_ or rk_, test or live.
	SecretKey payment.Secret
	// Account is the connected account that is charged, acct_…; empty means the key's own.
	Account string
	// KeyAccount is the account that SecretKey belongs to, acct_…. When it is named, attempts are frozen for it and go on under another
	// key of the same account and mode; empty binds them to the key. [Processor.Check] compares it with what Stripe says.
	KeyAccount string
	// APIVersion is the Stripe-Version of calls with a token; empty is [DefaultAPIVersion]. Other calls use the SDK's own.
	APIVersion string
	// Shape is [ShapeMethodData], also when empty, or [ShapeTopLevel].
	Shape string
	// ReturnURL is where a buyer with a saved card would come back to; empty: saved cards are neither listed nor taken.
	ReturnURL string
	// BaseURL is the origin of the API; empty is [StripeURL]. Anything else takes test keys only, and plain HTTP on loopback only.
	BaseURL string
	// Timeout is the longest wait for one answer; 0 is [DefaultTimeout].
	Timeout time.Duration
}

var (
	keyForm     = regexp.MustCompile(`^(sk|rk)_(test|live)_[A-Za-z0-9_]+$`)
	accountForm = regexp.MustCompile(`^acct_[A-Za-z0-9]+$`)
	versionForm = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$`)
)

// defaults fills in what is not said.
func (s Settings) defaults() Settings {
	if s.APIVersion == "" {
		s.APIVersion = DefaultAPIVersion
	}
	if s.Shape == "" {
		s.Shape = ShapeMethodData
	}
	s.BaseURL = strings.TrimRight(s.BaseURL, "/")
	if s.BaseURL == "" {
		s.BaseURL = StripeURL
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	return s
}

// live reports whether the key moves real money.
func (s Settings) live() bool {
	return strings.HasPrefix(string(s.SecretKey), "sk_live_") || strings.HasPrefix(string(s.SecretKey), "rk_live_")
}

// Validate reports every problem at once. No text holds the key.
func (s Settings) Validate() error {
	s = s.defaults()
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !keyForm.MatchString(string(s.SecretKey)) {
		report("stripe secret key: want one that begins with sk_test_, rk_test_, sk_live_ or rk_live_")
	}
	if s.Account != "" && !accountForm.MatchString(s.Account) {
		report("stripe account %q: want acct_ and letters or digits", s.Account)
	}
	if s.KeyAccount != "" && !accountForm.MatchString(s.KeyAccount) {
		report("stripe key account %q: want acct_ and letters or digits", s.KeyAccount)
	}
	if !versionForm.MatchString(s.APIVersion) {
		report("stripe api version %q: want a date and a name, such as %s", s.APIVersion, DefaultAPIVersion)
	}
	if s.Shape != ShapeMethodData && s.Shape != ShapeTopLevel {
		report("stripe parameter shape %q: want %s or %s", s.Shape, ShapeMethodData, ShapeTopLevel)
	}
	if u, err := url.Parse(s.ReturnURL); s.ReturnURL != "" && (err != nil || u.Host == "" || (u.Scheme != "https" && !loopback(u.Hostname()))) {
		report("stripe return url: want an absolute https address")
	}
	if s.Timeout < 0 {
		report("stripe timeout %s: must not be negative", s.Timeout)
	}
	if err := s.checkURL(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// checkURL keeps live keys away from anything that is not Stripe, and every key away from open networks.
func (s Settings) checkURL() error {
	if s.BaseURL == StripeURL {
		return nil
	}
	u, err := url.Parse(s.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return errors.New("stripe base url: want an origin such as " + StripeURL)
	}
	if u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return errors.New("stripe base url: want scheme and host only")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return fmt.Errorf("stripe base url: plain http to %q would show the key and the tokens; use https", u.Hostname())
	}
	if s.live() {
		return errors.New("stripe base url: a live key must not be sent anywhere but " + StripeURL)
	}
	return nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// terms are what an attempt freezes. Idempotency keys belong to an account and a mode. Unless the settings name the account, only the
// key says which one that is, and the fingerprint changes with the key: a hash that cannot be turned back.
func (s Settings) terms() payment.Terms {
	owner := "postern stripe account\x00" + string(s.SecretKey)
	if s.KeyAccount != "" {
		mode := "test"
		if s.live() {
			mode = "live"
		}
		owner = "postern stripe account id\x00" + mode + "\x00" + s.KeyAccount
	}
	sum := sha256.Sum256([]byte(owner + "\x00" + s.Account))
	return payment.Terms{Account: hex.EncodeToString(sum[:8]), APIVersion: s.APIVersion, Shape: s.Shape, ReturnURL: s.ReturnURL}
}
