package gateway

import (
	"log/slog"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/carts"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/store"
)

// newCarts is the cart service of all shops.
func newCarts(cfg *config.Config, shops map[string]*shop, s store.Store, c clock.Clock, newID func(string) string, log *slog.Logger) *carts.Service {
	all := make(map[string]carts.Shop, len(shops))
	for name, sh := range shops {
		all[name] = carts.Shop{Upstream: sh.Upstream, Off: !cfg.Shops[name].Carts, TTL: cfg.Shops[name].ExpireAfter}
	}
	return carts.New(carts.Config{Store: s, Clock: c, Shops: all, NewID: newID, Log: log})
}

// keepsCarts reports whether any shop does.
func keepsCarts(cfg *config.Config) bool {
	for _, s := range cfg.Shops {
		if s.Carts {
			return true
		}
	}
	return false
}

var _ acp.Carts = (*carts.Service)(nil)
