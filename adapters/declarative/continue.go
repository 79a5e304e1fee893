package declarative

import (
	"context"
	"net/url"
	"strings"

	"github.com/postern-gateway/postern/gateway/commerce"
)

// continueLink makes the address where a buyer goes on in the shop.
type continueLink struct {
	base          *expression // absent: the shop's own address
	cart, newCart *template   // for a cart that the shop has, and for one that it has not; either may be absent
	query         []named
}

// continueURL is the address in the shop where a buyer goes on. It makes no call: what it says rests on the cart and its reference alone.
// A cart that the shop does not have yet is Unsupported where the description knows no address without one.
func (s *shop) continueURL(cart commerce.Cart, cartRef string) (string, error) {
	ref, keep, err := decodeCart(cartRef)
	if err != nil {
		return "", badReference("continue in the shop", err)
	}
	path := s.goOn.newCart
	if ref != nil && s.goOn.cart != nil {
		path = s.goOn.cart
	}
	if path == nil {
		return "", commerce.Faultf(commerce.Unsupported, "continue in the shop: there is no cart to go on with; quote first")
	}
	sc := &scope{in: continueInput(cart, ref), keep: keep, values: s.values, faults: []any{}}
	if sc.keep == nil {
		sc.keep = map[string]any{}
	}
	u, err := s.goOn.address(s, path, sc)
	if err != nil {
		return "", commerce.Faultf(commerce.Unsupported, "continue in the shop: the address cannot be made").Because(err)
	}
	return u, nil
}

func (c *continueLink) address(s *shop, path *template, sc *scope) (string, error) {
	ctx := context.Background() //nolint:forbidigo // no call is made that a request could cancel; each expression has a limit of its own
	filled, err := path.fill(ctx, nil, sc)
	if err != nil {
		return "", err
	}
	base := s.base.String()
	if c.base != nil {
		v, err := c.base.eval(ctx, nil, sc)
		if err != nil {
			return "", err
		}
		text, ok := v.(string)
		if !ok || !absoluteURL(text) || strings.ContainsAny(text, "?#") {
			return "", safeError("continue_url.base: want an absolute http or https URL without a query")
		}
		base = text
	}
	query := url.Values{}
	for _, n := range c.query {
		v, err := n.expr.eval(ctx, nil, sc)
		if err != nil {
			return "", err
		}
		if query[n.name], err = parameter(n, v); err != nil {
			return "", err
		}
		if query[n.name] == nil {
			delete(query, n.name)
		}
	}
	u := strings.TrimRight(base, "/") + filled
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	if !absoluteURL(u) {
		return "", safeError("continue_url: is no absolute address")
	}
	return u, nil
}

// continueURL compiles the address where a buyer goes on.
func (l *loader) continueURL() {
	p := l.d.ContinueURL
	if p == nil {
		return
	}
	const path = "continue_url"
	if p.Cart == "" && p.NewCart == "" {
		l.report(path, "wants cart, a path for a cart that the shop has, or new_cart, a path where it has none yet")
	}
	c := &continueLink{base: l.expression(path+".base", p.Base), query: l.mixed(path+".query", p.Query)}
	for _, t := range []struct {
		key, text string
		to        **template
	}{{"cart", p.Cart, &c.cart}, {"new_cart", p.NewCart, &c.newCart}} {
		if t.text == "" {
			continue
		}
		if !strings.HasPrefix(t.text, "/") || strings.HasPrefix(t.text, "//") {
			l.report(path+"."+t.key, "wants a path that starts with one /; another host goes under base")
		}
		*t.to = l.template(path+"."+t.key, t.text)
	}
	l.shop.goOn = c
}
