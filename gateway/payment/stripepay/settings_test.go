package stripepay_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	const test, live = "sk_test_abc123", "rk_live_abc123"
	for name, c := range map[string]struct {
		settings stripepay.Settings
		problem  string // empty: none
	}{
		"test key":              {stripepay.Settings{SecretKey: test}, ""},
		"live key":              {stripepay.Settings{SecretKey: live}, ""},
		"loopback":              {stripepay.Settings{SecretKey: test, BaseURL: "http://127.0.0.1:12111/"}, ""},
		"loopback of v6":        {stripepay.Settings{SecretKey: test, BaseURL: "http://[::1]:12111"}, ""},
		"private stripe":        {stripepay.Settings{SecretKey: test, BaseURL: "https://stripe.internal"}, ""},
		"no key":                {stripepay.Settings{}, "secret key"},
		"publishable key":       {stripepay.Settings{SecretKey: "pk_test_abc123"}, "secret key"},
		"key with a line break": {stripepay.Settings{SecretKey: "sk_test_abc\n123"}, "secret key"},
		"live key elsewhere":    {stripepay.Settings{SecretKey: live, BaseURL: "http://127.0.0.1:12111"}, "live key"},
		"live key over http":    {stripepay.Settings{SecretKey: live, BaseURL: "http://api.stripe.com"}, "plain http"},
		"open network":          {stripepay.Settings{SecretKey: test, BaseURL: "http://192.0.2.1"}, "plain http"},
		"path":                  {stripepay.Settings{SecretKey: test, BaseURL: "https://stripe.internal/v1"}, "host only"},
		"user in the url":       {stripepay.Settings{SecretKey: test, BaseURL: "https://a:b@stripe.internal"}, "host only"},
		"no url":                {stripepay.Settings{SecretKey: test, BaseURL: "stripe.internal"}, "origin"},
		"version":               {stripepay.Settings{SecretKey: test, APIVersion: "latest"}, "api version"},
		"shape":                 {stripepay.Settings{SecretKey: test, Shape: "nested"}, "shape"},
		"account":               {stripepay.Settings{SecretKey: test, Account: "shop"}, "account"},
		"key account":           {stripepay.Settings{SecretKey: test, KeyAccount: "acct_"}, "key account"},
		"timeout":               {stripepay.Settings{SecretKey: test, Timeout: -time.Second}, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.settings.Validate()
			if (err == nil) != (c.problem == "") {
				t.Fatalf("error %v, want %q", err, c.problem)
			}
			if err != nil && (!strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "abc")) {
				t.Errorf("error %q, want %q and no key", err, c.problem)
			}
		})
	}
	all := stripepay.Settings{APIVersion: "x", Shape: "y", Account: "z", BaseURL: "w"}.Validate()
	if n := strings.Count(all.Error(), "\n") + 1; n != 5 {
		t.Errorf("%d problems, want all 5: %v", n, all)
	}
}

func TestNewWantsItsParts(t *testing.T) {
	t.Parallel()
	whole := stripepay.Options{HTTP: &http.Client{Transport: &http.Transport{}}, Clock: clock.System(), Log: slog.New(slog.DiscardHandler)}
	for _, change := range []func(*stripepay.Options){
		func(o *stripepay.Options) { o.HTTP = nil },
		func(o *stripepay.Options) { o.HTTP = &http.Client{} },
		func(o *stripepay.Options) { o.Clock = nil },
		func(o *stripepay.Options) { o.Log = nil },
	} {
		o := whole
		change(&o)
		if _, err := stripepay.New(stripepay.Settings{SecretKey: "sk_test_1"}, o); err == nil {
			t.Errorf("options %+v were accepted", o)
		}
	}
	if _, err := stripepay.New(stripepay.Settings{}, whole); err == nil {
		t.Error("settings without a key were accepted")
	}
}

func TestTermsNameTheAccount(t *testing.T) {
	t.Parallel()
	terms := func(s stripepay.Settings) payment.Terms {
		t.Helper()
		p, err := stripepay.New(s, stripepay.Options{
			HTTP: &http.Client{Transport: &http.Transport{}}, Clock: clock.System(), Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		return p.Terms()
	}
	one := terms(stripepay.Settings{SecretKey: "sk_test_one"})
	if one != terms(stripepay.Settings{SecretKey: "sk_test_one"}) {
		t.Error("the same settings must have the same terms")
	}
	if one.APIVersion != "2026-04-22.preview" || one.Shape != "payment_method_data" || strings.Contains(one.Account, "one") {
		t.Errorf("terms %+v", one)
	}
	for _, s := range []stripepay.Settings{{SecretKey: "sk_test_two"}, {SecretKey: "sk_test_one", Account: "acct_1"}} {
		if terms(s).Account == one.Account {
			t.Errorf("account %q is that of another key", one.Account)
		}
	}

	named := stripepay.Settings{SecretKey: "sk_test_one", KeyAccount: "acct_1"}
	if terms(named) != terms(stripepay.Settings{SecretKey: "rk_test_two", KeyAccount: "acct_1"}) {
		t.Error("another key of a named account changes its terms")
	}
	for _, s := range []stripepay.Settings{
		{SecretKey: "sk_test_one"},
		{SecretKey: "sk_test_one", KeyAccount: "acct_2"},
		{SecretKey: "sk_live_one", KeyAccount: "acct_1"},
		{SecretKey: "sk_test_one", KeyAccount: "acct_1", Account: "acct_1"},
	} {
		if terms(s).Account == terms(named).Account {
			t.Errorf("%+v is taken for %+v", s, named)
		}
	}
}

// TestCheckAsksWhoseKeyItIs: a key of another account, or one that cannot be placed, must show before money moves under it.
func TestCheckAsksWhoseKeyItIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account string
		fault   *stripetest.Fault
		want    string // empty: all is well
	}{
		"its own":    {stripetest.SellerAccount, nil, ""},
		"another":    {stripetest.AgentAccount, nil, `belongs to account "` + stripetest.SellerAccount + `" and the configuration names ` + stripetest.AgentAccount},
		"not told":   {stripetest.SellerAccount, &stripetest.Fault{Op: stripetest.OpAccount, Kind: stripetest.Refuse, Status: 403}, "permission to read its account"},
		"unreadable": {stripetest.SellerAccount, &stripetest.Fault{Op: stripetest.OpAccount, Kind: stripetest.Garble}, "nothing was learned"},
		"not asked":  {"", &stripetest.Fault{Op: stripetest.OpAccount, Kind: stripetest.Refuse, Status: 403}, ""},
		"limited":    {stripetest.SellerAccount, &stripetest.Fault{Op: stripetest.OpAccount, Kind: stripetest.RateLimit}, "limits our calls"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, stripepay.Settings{KeyAccount: c.account}, stripetest.Options{})
			if c.fault != nil {
				if err := f.stripe.Arm(*c.fault); err != nil {
					t.Fatal(err)
				}
			}
			err := f.Check(t.Context())
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), stripetest.SellerKey) {
				t.Errorf("an error shows the key: %v", err)
			}
		})
	}
}

func TestRoute(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/v1/payment_intents":                         "/v1/payment_intents",
		"/v1/payment_intents/pi_1/capture":            "/v1/payment_intents/{id}/capture",
		"/v1/payment_intents/odd":                     "/v1/payment_intents/{id}",
		"/v1/shared_payment/granted_tokens/spt_1":     "/v1/shared_payment/granted_tokens/{id}",
		"/v1/shared_payment/granted_tokens/odd/spt_1": "/v1/shared_payment/granted_tokens/{id}/{id}",
		"/v1/refunds":                                 "/v1/refunds",
	} {
		if got := stripepay.Route(path); got != want {
			t.Errorf("route of %s is %s, want %s", path, got, want)
		}
	}
}
