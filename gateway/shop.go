package gateway

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/builtin"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/payment"
	"github.com/postern-gateway/postern/gateway/payment/stripepay"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/gateway/upstream"
)

// shop is a configured shop with its connections.
type shop struct {
	checkout.Shop
	checked    bool // the adapter has a check
	transports []*http.Transport
}

// close lets idle connections go.
func (s *shop) close() {
	for _, t := range s.transports {
		t.CloseIdleConnections()
	}
}

// openShops builds every shop; it calls nobody.
func openShops(cfg *config.Config, c clock.Clock, log *slog.Logger, tracer telemetry.Tracer, o upstream.Options) (map[string]*shop, error) {
	shops := make(map[string]*shop, len(cfg.Shops))
	for _, name := range cfg.ShopNames() {
		s := cfg.Shops[name]
		toShop, toStripe := newTransport(), newTransport()
		adapter, err := openAdapter(s, telemetry.Transport(toShop, tracer, telemetry.TransportOptions{Peer: "shop", Propagate: s.PropagateTrace}), c)
		if err != nil {
			return nil, fmt.Errorf("open shop %s: %w", name, err)
		}
		processor, err := stripepay.New(stripeSettings(s.Payment.Stripe), stripepay.Options{
			HTTP:  &http.Client{Transport: telemetry.Transport(toStripe, tracer, telemetry.TransportOptions{Peer: "stripe"})},
			Clock: c, Log: log,
		})
		if err != nil {
			return nil, fmt.Errorf("open shop %s: %w", name, err)
		}
		handler, err := cardHandler(s.Payment.Stripe)
		if err != nil {
			return nil, fmt.Errorf("open shop %s: %w", name, err)
		}
		o.Clock, o.Log, o.Tracer = c, log, tracer
		up := upstream.New(name, adapter, o)
		shops[name] = &shop{
			checked: adapter.Check != nil, transports: []*http.Transport{toShop, toStripe},
			Shop: checkout.Shop{
				Upstream: up, Payment: processor, Handlers: []commerce.PaymentHandler{handler},
				Links: links(s.Links), OrderURL: s.OrderURL, FreeOrders: s.ZeroTotal == config.ZeroTotalPlace,
				Interventions:    interventions(s.Interventions),
				RefundUnrecorded: s.UnrecordedPayment == config.UnrecordedRefund, SessionTTL: s.ExpireAfter, AbandonAfter: s.AbandonAfter,
			},
		}
		extend(&shops[name].Shop, s)
	}
	return shops, nil
}

// openAdapter builds a shop's adapter from its settings.
func openAdapter(s config.Shop, transport http.RoundTripper, c clock.Clock) (adapters.Adapter, error) {
	a, err := builtin.New(s.Adapter, s.Settings, builtin.Deps{Transport: transport, Clock: c})
	if err != nil {
		return a, err
	}
	if declared := a.Facts.Currency; declared != "" && string(declared) != s.Currency {
		return a, fmt.Errorf("the adapter prices in %s, but the shop's currency is %s: make them the same", declared, s.Currency)
	}
	a.Facts.Currency = commerce.Currency(s.Currency)
	return a, nil
}

// newTransport is a transport of its own for each peer: no proxy from the environment, and a connection pool that one peer cannot use
// up for another.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck,forbidigo // a copy of the standard library's own, with its timeouts
	t.Proxy = nil
	t.MaxIdleConnsPerHost = 64
	return t
}

func stripeSettings(s *config.Stripe) stripepay.Settings {
	returnURL := ""
	if s.SavedCards != nil {
		returnURL = s.SavedCards.ReturnURL
	}
	return stripepay.Settings{
		ReturnURL: returnURL,
		SecretKey: payment.Secret(s.SecretKey.Reveal()), Account: s.Account, KeyAccount: s.KeyAccount,
		APIVersion: s.APIVersion, Shape: s.ParameterShape, BaseURL: s.BaseURL,
	}
}

// The card handler of the payment handlers RFC, section 10 (read 2026-11-22).
const (
	cardHandlerID      = "card_tokenized"
	cardHandlerName    = "dev.acp.tokenized.card"
	cardHandlerVersion = "2026-01-22"
	cardHandlerSpec    = "https://acp.dev/handlers/tokenized.card"
	cardHandlerSchemas = "https://acp.dev/schemas/handlers/tokenized.card"
)

// cardHandler is how agents are told to pay: by a shared payment token bound to the merchant.
func cardHandler(s *config.Stripe) (commerce.PaymentHandler, error) {
	cfg, err := json.Marshal(map[string]any{"merchant_id": s.MerchantID, "psp": "stripe", "accepted_brands": s.CardBrands})
	if err != nil {
		return commerce.PaymentHandler{}, fmt.Errorf("encode the configuration of the card handler: %w", err)
	}
	return commerce.PaymentHandler{
		ID: cardHandlerID, Name: cardHandlerName, DisplayName: "Card", Version: cardHandlerVersion, Spec: cardHandlerSpec,
		RequiresDelegatePayment: true, PSP: "stripe", ConfigSchema: cardHandlerSchemas + "/config.json",
		InstrumentSchemas: []string{cardHandlerSchemas + "/instrument.json"}, Config: cfg, MerchantID: s.MerchantID, CardBrands: s.CardBrands,
	}, nil
}

// interventions are what the configuration says of them; none is nothing.
func interventions(i *config.Interventions) commerce.Interventions {
	if i == nil {
		return commerce.Interventions{}
	}
	return commerce.Interventions{Supported: i.Supported, Required: i.Required, Enforcement: i.Enforcement}
}

func links(l config.Links) []commerce.Link {
	list := l.List()
	out := make([]commerce.Link, len(list))
	for i, link := range list {
		out[i] = commerce.Link{Type: commerce.LinkType(link.Type), URL: link.URL}
	}
	return out
}

func (g *Gateway) checkoutShops() map[string]*checkout.Shop {
	m := make(map[string]*checkout.Shop, len(g.shops))
	for name, s := range g.shops {
		m[name] = &s.Shop
	}
	return m
}

func (g *Gateway) processors() map[string]payment.Processor {
	m := make(map[string]payment.Processor, len(g.shops))
	for name, s := range g.shops {
		m[name] = s.Payment
	}
	return m
}
