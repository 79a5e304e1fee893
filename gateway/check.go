package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/gateway/upstream"
	"github.com/postern-gateway/postern/translate"
)

// Check finds what config cannot know: adapters that are not built in, mistakes in their settings and files, dates that are not spoken.
// The error is of type [config.Problems], in file order, and holds every problem at once. It opens no connection.
func Check(cfg *config.Config) error {
	var problems config.Problems
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
		if _, ok := translate.Lookup(a.Webhook.Version); !ok {
			problems = append(problems, cfg.Problem(fmt.Sprintf("agents[%d].webhook.version", i),
				"%q is no ACP date that is spoken; use one of: %s", a.Webhook.Version, strings.Join(translate.SupportedVersions(), ", ")))
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
	_, err := openAdapter(s, nowhere{}, clock.System())
	if err == nil {
		return nil
	}
	if found := config.ProblemsOf(err); len(found) > 0 {
		return found
	}
	return config.Problems{cfg.Problem(path+".settings", "%s", err)}
}

// nowhere is the transport of an adapter that is only looked at.
type nowhere struct{}

func (nowhere) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return nil, errors.New("a check without --live calls nobody")
}

// Finding is the answer of one of the parties that [CheckLive] asked.
type Finding struct {
	// What was asked, such as "shop main".
	What string
	// Err is why it will not do; nil when all is well.
	Err error
}

// CheckLive asks every shop and processor of a configuration that [Check] accepts whether it can be reached with our credentials. It
// changes nothing anywhere.
func CheckLive(ctx context.Context, cfg *config.Config, o Options) ([]Finding, error) {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	shops, err := openShops(cfg, o.Clock, discardLogger(o.Log), telemetry.Tracer{}, upstream.Options{})
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, name := range cfg.ShopNames() {
		s := shops[name]
		found = append(found, Finding{"shop " + name, s.Upstream.Check(ctx)}, Finding{"stripe of shop " + name, s.Payment.Check(ctx)})
		s.close()
	}
	return found, nil
}
