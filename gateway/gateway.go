package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"net/url"

	"github.com/oklog/ulid/v2"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/httpapi"
	"github.com/postern-gateway/postern/gateway/identity"
	"github.com/postern-gateway/postern/gateway/limits"
	"github.com/postern-gateway/postern/gateway/relay"
	"github.com/postern-gateway/postern/gateway/signing"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/store/sqlstore"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/gateway/upstream"
	"github.com/postern-gateway/postern/translate"
)

// Options are the seams of a [Gateway]. The zero value of each is the real thing.
type Options struct {
	Clock clock.Clock  // nil: the machine's
	Log   *slog.Logger // nil: silent
	// Telemetry makes spans and metrics; nil: none.
	Telemetry *telemetry.Providers
	// Timing are the waits of the saga; tests shorten them.
	Timing checkout.Timing
	// Upstream tunes deadline and breaker of every shop; its clock, log and tracer are set here.
	Upstream upstream.Options
}

// Gateway is the whole program but for flags. Make it with [New], start it with [Gateway.Start] and end it with [Gateway.Stop].
type Gateway struct {
	cfg       *config.Config
	clock     clock.Clock
	log       *slog.Logger
	telemetry *telemetry.Providers
	store     store.Store
	shops     map[string]*shop
	sessions  *checkout.Service
	carts     *carts.Service
	relay     *relay.Relay
	refunds   *relay.Refunds
	intakes   map[string]*relay.Intake
	server    *httpapi.Server
	discovery *discovery
}

// New opens the database and wires everything, from the bottom up. It listens to nobody and calls nobody; the configuration must be
// one that [Check] accepts.
func New(ctx context.Context, cfg *config.Config, o Options) (_ *Gateway, err error) {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	o.Log = discardLogger(o.Log)
	if o.Telemetry == nil {
		o.Telemetry = &telemetry.Providers{}
	}
	g := &Gateway{cfg: cfg, clock: o.Clock, log: o.Log, telemetry: o.Telemetry, intakes: make(map[string]*relay.Intake)}
	tracer := o.Telemetry.Tracer()
	spans := o.Telemetry.TracerProvider().Tracer(telemetry.Scope)
	newID := g.newID
	owner := newID("run_")

	if g.store, err = sqlstore.Open(ctx, sqlstore.Options{Path: cfg.Store.SQLite, Key: cfg.SealingKey(), Logger: o.Log}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.store.Close())
		}
	}()
	if g.shops, err = openShops(cfg, g.clock, o.Log, tracer, o.Upstream); err != nil {
		return nil, err
	}
	versions := versionSet(cfg)
	body := eventBody(cfg.Agents, versions)

	if g.relay, err = relay.New(relay.Options{
		Store: g.store, Clock: g.clock, Owner: owner, Subscriptions: subscriptions(cfg.Agents), Log: o.Log, Tracer: spans,
	}); err != nil {
		return nil, err
	}
	g.refunds = relay.NewRefunds(relay.RefundsOptions{
		Store: g.store, Clock: g.clock, Owner: owner, NewID: newID, Body: body, Processors: g.processors(),
		Committed: g.relay.Wake, Log: o.Log, Tracer: spans,
	})
	for name, s := range g.shops {
		g.intakes[name] = relay.NewIntake(relay.IntakeOptions{
			Shop: s.Upstream, Store: g.store, Clock: g.clock, NewID: newID, Body: body, Every: cfg.Shops[name].PollEvery,
			Committed: g.wake, Log: o.Log, Tracer: spans,
		})
	}
	handOffs, err := openHandoff(cfg, g.clock)
	if err != nil {
		return nil, err
	}
	g.carts = newCarts(cfg, g.shops, carts.Config{
		Store: g.store, Clock: g.clock, Owner: owner, NewID: newID, Handoff: handOffs, Log: o.Log,
	})
	g.sessions = checkout.New(checkout.Config{
		SavedCart: g.carts.Saved, Handoff: handOffs,
		Store: g.store, Clock: g.clock, Shops: g.checkoutShops(), Owner: owner, NewID: newID, EventBody: body, Delivered: g.relay.Wake,
		Look: func(shop, ref string) { g.intakes[shop].Look(ref) }, Log: o.Log, Tracer: tracer, Timing: o.Timing,
	})
	agents, err := acp.NewAgents(cfg.Agents, cfg.Shops)
	if err != nil {
		return nil, err
	}
	signatures, err := signing.New(cfg.Agents, g.clock, o.Log)
	if err != nil {
		return nil, err
	}
	identities, err := identity.New(cfg.Agents, g.clock)
	if err != nil {
		return nil, err
	}
	deviated, err := countDeviations(o.Telemetry.MeterProvider(), o.Log)
	if err != nil {
		return nil, err
	}
	limiter := limits.New(cfg.Agents, cfg.Limits, g.clock)
	pipeline := acp.New(acp.Config{
		Versions: versions, Deviated: deviated,
		Signatures: signatures, Identities: identities,
		Limits: limiter,
		Agents: agents, Sessions: g.sessions, Carts: g.carts, Store: g.store, Clock: g.clock, Owner: owner,
		Timeouts: acp.Timeouts{Complete: cfg.Limits.CompleteTimeout}, MaxLines: cfg.Limits.MaxLineItems, Log: o.Log, Tracer: tracer,
	})
	trusted := make([]netip.Prefix, len(cfg.TrustedProxies))
	for i, p := range cfg.TrustedProxies {
		trusted[i] = p.Prefix
	}
	server := httpapi.ServerOptions{
		Listen: cfg.Listen, Proxied: len(trusted) > 0, Slowest: cfg.Limits.CompleteTimeout, Log: o.Log,
		Handler: httpapi.NewHandler(httpapi.Options{
			Pipeline: pipeline, Clock: g.clock, Ready: g.store.Check, TrustedProxies: trusted, MaxBody: cfg.Limits.MaxBodyBytes,
			Carts: keepsCarts(cfg), Discovery: func(host string) (httpapi.Discovery, bool) { return g.discovery.at(host) },
			MCP:        mcpEndpoint(cfg, pipeline, agents, limiter, g.clock),
			Handoffs:   g.handoffs(handOffs),
			ServerName: serverName(cfg), Log: o.Log, Tracers: o.Telemetry.TracerProvider(), Meters: o.Telemetry.MeterProvider(),
		}),
	}
	if cfg.TLS != nil {
		server.Cert, server.Key = cfg.TLS.Cert, cfg.TLS.Key
	}
	if g.server, err = httpapi.NewServer(ctx, server); err != nil {
		return nil, err
	}
	g.discovery = newDiscovery(cfg, g.shops, versions.Supported(), cfg.MCP.Enabled, g.server.Addr())
	return g, nil
}

// Start takes up what an earlier process left open, and serves until [Gateway.Stop]. The channel gets the error that ends serving, nil
// after a Stop, and is closed. A second call is a mistake of the caller.
func (g *Gateway) Start(ctx context.Context) <-chan error {
	ctx = context.WithoutCancel(ctx)
	g.relay.Start(ctx)
	g.refunds.Start(ctx)
	for _, i := range g.intakes {
		i.Start(ctx)
	}
	g.sessions.Start()
	g.carts.Start(ctx)
	ended := make(chan error, 1)
	go func() {
		defer close(ended)
		ended <- g.server.Serve()
	}()
	g.log.InfoContext(ctx, "serving", "addr", g.Addr())
	return ended
}

// Stop takes no new calls, answers those that run, parks the sagas and closes the database. When ctx ends first, connections are cut;
// nothing is lost by that: what is open is taken up by the next Start.
func (g *Gateway) Stop(ctx context.Context) error {
	errs := []error{g.server.Shutdown(ctx)}
	g.sessions.Stop()
	g.carts.Stop()
	for _, i := range g.intakes {
		i.Stop()
	}
	g.refunds.Stop()
	errs = append(errs, g.relay.Stop(ctx))
	for _, s := range g.shops {
		s.close()
	}
	return errors.Join(append(errs, g.store.Close())...)
}

// Addr is where the gateway listens, host:port.
func (g *Gateway) Addr() string { return g.server.Addr().String() }

// URL is the origin of the gateway as seen from this machine.
func (g *Gateway) URL() string {
	if g.cfg.TLS != nil {
		return "https://" + g.Addr()
	}
	return "http://" + g.Addr()
}

// Poll asks every shop for changed orders now, moves the money of new refunds, and waits for both. It is for tests and the demo; the
// gateway polls by itself.
func (g *Gateway) Poll(ctx context.Context) error {
	var errs []error
	for _, i := range g.intakes {
		errs = append(errs, i.Poll(ctx))
	}
	return errors.Join(append(errs, g.refunds.Run(ctx))...)
}

// serverName is the host and port that agents know, for spans and metrics.
func serverName(cfg *config.Config) string {
	if u, err := url.Parse(cfg.PublicURL); err == nil && u.Host != "" {
		return u.Host
	}
	return ""
}

// wake lets relay and refunds look at once.
func (g *Gateway) wake() {
	g.relay.Wake()
	g.refunds.Wake()
}

// newID makes an id that sorts by time, with the prefix and 80 random bits.
func (g *Gateway) newID(prefix string) string {
	return prefix + ulid.MustNew(ulid.Timestamp(g.clock.Now()), rand.Reader).String()
}

// discardLogger is log, or one that says nothing.
func discardLogger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// subscriptions are the agents that want to hear of their orders.
func subscriptions(agents []config.Agent) []relay.Subscription {
	var subs []relay.Subscription
	for _, a := range agents {
		if a.Webhook != nil {
			subs = append(subs, relay.Subscription{Agent: a.Name, Webhook: *a.Webhook})
		}
	}
	return subs
}

// versionSet is what the configuration takes beside the published dates.
func versionSet(cfg *config.Config) translate.Set {
	return translate.Set{Aliases: cfg.Protocol.Aliases, Unreleased: cfg.Protocol.Unreleased}
}

// eventBody renders events in the date that each agent's subscription asks for.
func eventBody(agents []config.Agent, set translate.Set) relay.EventBody {
	versions := make(map[string]translate.Version)
	for _, a := range agents {
		if a.Webhook == nil {
			continue
		}
		if v, ok := set.Lookup(a.Webhook.Version); ok {
			versions[a.Name] = v
		}
	}
	return func(agent string, e commerce.Event) ([]byte, bool, error) {
		v, ok := versions[agent]
		if !ok {
			return nil, false, nil
		}
		body, err := v.EncodeEvent(e)
		return body, true, err
	}
}
