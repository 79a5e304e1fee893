package gateway

import (
	"context"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/handoff"
	"github.com/postern-gateway/postern/gateway/httpapi"
)

// keeper is who keeps what a token names: the sessions, or the carts. HandOff fails as package handoff says.
type keeper interface {
	HandOff(ctx context.Context, t handoff.Token) (address string, err error)
}

// handoffs leads a buyer's token to who keeps what it names.
type handoffs struct {
	signer  *handoff.Signer
	keepers map[handoff.Kind]keeper
}

// openHandoff makes the signer, or nil where no shop hands buyers off.
func openHandoff(cfg *config.Config, c clock.Clock) (*handoff.Signer, error) {
	for _, name := range cfg.ShopNames() {
		if cfg.Shops[name].Continue.On() {
			return handoff.New(cfg.SealingKey(), cfg.PublicURL, c)
		}
	}
	return nil, nil
}

// handoffs is how the pages reach what is kept; nil where nobody is handed off.
func (g *Gateway) handoffs(signer *handoff.Signer) httpapi.Handoffs {
	if signer == nil {
		return nil
	}
	return handoffs{signer: signer, keepers: map[handoff.Kind]keeper{handoff.Session: g.sessions, handoff.Cart: g.carts}}
}

// Look implements httpapi.Handoffs.
func (h handoffs) Look(_ context.Context, token string) error {
	t, err := h.signer.Open(token)
	if err == nil && h.keepers[t.Kind] == nil {
		return handoff.ErrForged
	}
	return err
}

// Follow implements httpapi.Handoffs.
func (h handoffs) Follow(ctx context.Context, token string) (string, error) {
	t, err := h.signer.Open(token)
	if err != nil {
		return "", err
	}
	k := h.keepers[t.Kind]
	if k == nil {
		return "", handoff.ErrForged
	}
	return k.HandOff(ctx, t)
}

// extend adds to a shop what goes beyond its prices and its money: authentication, the hand-off and marketing. [Check] refuses what
// the adapter cannot do.
func extend(sh *checkout.Shop, s config.Shop) {
	if s.Continue.On() {
		sh.Continue = s.Continue.Lifetime
	}
	for _, m := range s.Marketing {
		sh.Marketing = append(sh.Marketing, commerce.MarketingOption{
			Channel: m.Channel, DisplayText: m.DisplayText, PrivacyPolicyURL: m.PrivacyPolicyURL,
		})
	}
	sh.Authentication = authentication(s.Authentication)
}

// authentication is how agents authenticate card holders; nil leaves it to the processor.
func authentication(a *config.Authentication) *checkout.Authentication {
	if a == nil || a.Policy != config.AuthenticationAgent || a.Acquirer == nil || len(a.DirectoryServers) == 0 {
		return nil
	}
	meta := commerce.AuthenticationMetadata{
		AcquirerBIN: a.Acquirer.BIN, AcquirerCountry: a.Acquirer.Country, AcquirerMerchantID: a.Acquirer.MerchantID,
		MerchantName: a.Acquirer.Name, RequestorID: a.Acquirer.RequestorID, DirectoryServer: a.DirectoryServers[0],
	}
	if f := a.FlowPreference; f != nil {
		meta.FlowType, meta.Challenge, meta.Frictionless = f.Type, f.Challenge, f.Frictionless
	}
	out := &checkout.Authentication{
		Acquirer: meta, Always: a.When == config.AuthenticationAlways, RefuseAttempted: a.Attempted == config.ResultRefuse,
		TakeUnproven: a.Unproven == config.ResultProceed,
	}
	if a.When == config.AuthenticationAbove {
		out.Above = a.Above
	}
	return out
}
