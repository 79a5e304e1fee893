package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/relay"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// Finding is what one of the parties that [CheckLive] asked has answered.
type Finding struct {
	// What was asked, such as "shop main".
	What string
	// Note says more about a party that will do; it may be empty.
	Note string
	// Err is why it will not do, and what to do about it; nil when all is well.
	Err error
}

// CheckLive asks everybody whom a configuration that [Check] accepts leads to: the database, every shop and its processor, and the
// agents' receivers, in this order. They are asked at once, so that one that hangs takes no time from the others. It changes nothing
// anywhere, and sends no event.
func CheckLive(ctx context.Context, cfg *config.Config, o Options) ([]Finding, error) {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	shops, err := openShops(cfg, o.Clock, discardLogger(o.Log), telemetry.Tracer{}, upstream.Options{})
	if err != nil {
		return nil, err
	}
	asks := []func() Finding{func() Finding { return askDatabase(ctx, cfg) }}
	for _, name := range cfg.ShopNames() {
		s := shops[name]
		defer s.close()
		asks = append(asks,
			func() Finding { return askShop(ctx, name, s) }, func() Finding { return askStripe(ctx, name, s) })
	}
	for _, sub := range subscriptions(cfg.Agents) {
		asks = append(asks, func() Finding { return askReceiver(ctx, sub, o.Clock.Now()) })
	}
	found := make([]Finding, len(asks))
	var asking sync.WaitGroup
	for i, ask := range asks {
		asking.Go(func() { found[i] = ask() })
	}
	asking.Wait()
	return found, nil
}

// askDatabase looks at the database as the gateway would open it.
func askDatabase(ctx context.Context, cfg *config.Config) Finding {
	f := Finding{What: "database"}
	c, err := sqlstore.Examine(ctx, sqlstore.Options{Path: cfg.Store.SQLite, Key: cfg.SealingKey()})
	switch {
	case err != nil:
		f.Err = err
	case !c.Exists:
		f.Note = "there is none yet, and its folder can be written; postern serve creates it"
	case c.Schema < c.Known:
		f.Note = fmt.Sprintf("the key fits; its schema is version %d, and postern serve brings it to %d", c.Schema, c.Known)
	default:
		f.Note = fmt.Sprintf("the key fits; its schema is version %d", c.Schema)
	}
	if c.InUse {
		f.Note += "; another process" + c.Holder + " is using it, which is fine as long as it is the gateway that runs"
	}
	return f
}

// askShop adds to the shop's answer which setting may be wrong.
func askShop(ctx context.Context, name string, s *shop) Finding {
	f := Finding{What: "shop " + name}
	if !s.checked {
		f.Note = "not asked: its description has no operation check"
		return f
	}
	switch err := s.Upstream.Check(ctx); {
	case err == nil:
	case commerce.KindOf(err) == commerce.Unauthorized:
		f.Err = fmt.Errorf("%w: correct the credentials in shops.%s.settings", err, name)
	default:
		f.Err = fmt.Errorf("%w: correct the address in shops.%s.settings, or start the shop", err, name)
	}
	return f
}

// askStripe does the same with Stripe's answer.
func askStripe(ctx context.Context, name string, s *shop) Finding {
	f := Finding{What: "stripe of shop " + name}
	switch err := s.Payment.Check(ctx); {
	case err == nil:
	case payment.KindOf(err) == payment.Unauthorized:
		f.Err = fmt.Errorf("%w: correct shops.%s.payment.stripe.secret_key, or its account", err, name)
	default:
		f.Err = fmt.Errorf("%w: let this machine reach shops.%s.payment.stripe.base_url, or try again", err, name)
	}
	return f
}

// askReceiver goes the way of a delivery, without an event.
func askReceiver(ctx context.Context, sub relay.Subscription, now time.Time) Finding {
	f := Finding{What: "receiver of agent " + sub.Agent}
	got, err := sub.Probe(ctx)
	switch {
	case err != nil:
		f.Err = err
	case got.TLS == "":
		f.Note = "connected over plain HTTP on loopback; no event was sent"
	default:
		f.Note = fmt.Sprintf("connected over %s, certificate good for %d days; no event was sent", got.TLS, got.Expires.Sub(now)/(24*time.Hour))
	}
	return f
}
