package gateway

import (
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway/acp"
	"github.com/postern-gateway/postern/gateway/carts"
)

// newCarts is the cart service of all shops, also of those that keep none any more, so that what they kept is given back. c is
// everything but the shops.
func newCarts(cfg *config.Config, shops map[string]*shop, c carts.Config) *carts.Service {
	c.Shops = make(map[string]carts.Shop, len(shops))
	for name, sh := range shops {
		one := carts.Shop{Upstream: sh.Upstream, Off: !cfg.Shops[name].Carts, TTL: cfg.Shops[name].ExpireAfter}
		if goOn := cfg.Shops[name].Continue; goOn.On() {
			one.Continue = goOn.Lifetime
		}
		c.Shops[name] = one
	}
	return carts.New(c)
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
