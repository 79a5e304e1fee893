package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/identity"
)

// Check finds what config cannot know: adapters that are not built in, mistakes in their settings and files, dates that are not spoken.
// The error is of type [config.Problems], in file order, and holds every problem at once. It opens no connection.
func Check(cfg *config.Config) error {
	var problems config.Problems
	versions := versionSet(cfg)
	for _, name := range cfg.ShopNames() {
		s, path := cfg.Shops[name], "shops."+name
		problems = append(problems, checkAdapter(cfg, s, path)...)
		if st := s.Payment.Stripe; st != nil && !st.SecretKey.IsZero() {
			if err := stripeSettings(st).Validate(); err != nil {
				problems = append(problems, cfg.Problem(path+".payment.stripe", "%s", err))
			}
		}
	}
	for i, a := range cfg.Agents {
		if a.Webhook == nil || a.Webhook.Version == "" {
			continue
		}
		if _, ok := versions.Lookup(a.Webhook.Version); !ok {
			problems = append(problems, cfg.Problem(fmt.Sprintf("agents[%d].webhook.version", i),
				"%q is no ACP date that is spoken; use one of: %s", a.Webhook.Version, strings.Join(versions.Supported(), ", ")))
		}
	}
	for i, a := range cfg.Agents {
		if _, err := identity.New([]config.Agent{a}, clock.System()); err != nil {
			problems = append(problems, cfg.Problem(fmt.Sprintf("agents[%d].identity", i), "%s", err))
		}
	}
	problems.Sort()
	return problems.Err()
}

func checkAdapter(cfg *config.Config, s config.Shop, path string) config.Problems {
	if s.Adapter == "" {
		return nil // reported by config already
	}
	if !slices.Contains(builtin.Names(), s.Adapter) {
		return config.Problems{cfg.Problem(path+".adapter", "there is no adapter %q; use one of: %s", s.Adapter, strings.Join(builtin.Names(), ", "))}
	}
	a, err := openAdapter(s, nowhere{}, clock.System())
	if err == nil {
		return checkOffers(cfg, s, a, path)
	}
	if found := config.ProblemsOf(err); len(found) > 0 {
		return found
	}
	return config.Problems{cfg.Problem(path+".settings", "%s", err)}
}

// checkOffers finds what is offered to agents and what the adapter cannot do.
func checkOffers(cfg *config.Config, s config.Shop, a adapters.Adapter, path string) (problems config.Problems) {
	if s.Continue.On() && a.Continue == nil {
		problems = append(problems, cfg.Problem(path+".continue",
			"the adapter knows no address where a buyer can go on in the shop; describe one, or delete this group"))
	}
	if len(s.Marketing) > 0 && a.RecordConsent == nil {
		problems = append(problems, cfg.Problem(path+".marketing",
			"the adapter cannot tell the shop what a buyer answers; describe it, or delete this group"))
	}
	return problems
}

// nowhere is the transport of an adapter that is only looked at.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return nil, errors.New("a check without --live calls nobody")
}
