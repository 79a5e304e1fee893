package shop

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
)

// cartPage is where a buyer goes on by himself with a cart that somebody else
// filled. It shows what is in it and nothing of whose it is, because a cart's
// number is easily guessed.
func (s *Shop) cartPage(c call) answer {
	k, ok := s.carts[c.path("id")]
	if !ok {
		return notFound()
	}
	return cartHTML("Your cart "+k.id, s.sheet(c, k))
}

// linesForm is what a page without a cart takes: articles and their numbers.
var linesForm = regexp.MustCompile(`^[A-Z0-9-]{1,20}:[0-9]{1,3}(,[A-Z0-9-]{1,20}:[0-9]{1,3})*$`)

// linesPage shows what a cart with ?items=SKU:n,SKU:n would cost, and makes none.
func (s *Shop) linesPage(c call) answer {
	list := c.query.Get("items")
	if list == "" {
		return page(http.StatusOK, "Your cart is empty")
	}
	if len(list) > 1024 || !linesForm.MatchString(list) {
		return page(http.StatusBadRequest, "400 Bad Request")
	}
	k := &cart{}
	for each := range strings.SplitSeq(list, ",") {
		sku, n, _ := strings.Cut(each, ":")
		var pieces count
		if pieces.UnmarshalJSON([]byte(n)) != nil {
			return page(http.StatusBadRequest, "400 Bad Request")
		}
		if a, refused := s.refuseLine(sku, int(pieces)); refused {
			return page(http.StatusNotFound, "Not for sale: "+sku+" ("+digits(a.status)+")")
		}
		k.lineNo++
		k.lines = append(k.lines, cartLine{k.lineNo, sku, int(pieces)})
	}
	return cartHTML("Your cart", s.sheet(c, k))
}

func cartHTML(title string, sheet Sheet) answer {
	var b strings.Builder
	for _, l := range sheet.Lines {
		fmt.Fprintf(&b, "<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n", l.Quantity, html.EscapeString(l.Title), l.Amount)
	}
	for _, n := range sheet.Notices {
		b.WriteString("<tr><td colspan=\"3\">" + n.Text + "</td></tr>\n")
	}
	a := page(http.StatusOK, title)
	a.body = []byte(strings.Replace(string(a.body), "<hr>",
		"<table border=\"1\">\n"+b.String()+"<tr><th colspan=\"2\">Total</th><th>"+sheet.Totals.Grand+"</th></tr></table><hr>", 1))
	return a
}

// downloadPage is what a download's link leads to.
func (s *Shop) downloadPage(c call) answer {
	for _, o := range s.orders {
		for _, sh := range o.Shipments {
			if sh.ID == c.path("id") && sh.Link != "" {
				return page(http.StatusOK, "Your download")
			}
		}
	}
	return notFound()
}

// OrderByHand orders a cart as a buyer does on the cart's page, whatever its
// notices say, and pays it there. base is the shop's own address. It returns
// the order's number.
func (s *Shop) OrderByHand(id, base string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.carts[id]
	if !ok {
		return "", fmt.Errorf("order by hand: %w: cart %q", ErrUnknown, id)
	}
	c := call{baseURL: base}
	in := placeRequest{Cart: id}
	in.Payment.State = "paid"
	if a, refused := s.refuseOrder(k, s.sheet(c, k), in); refused {
		return "", fmt.Errorf("order cart %s by hand: %w: the shop answers %d", id, ErrState, a.status)
	}
	o := s.insert(c, k, in)
	s.drop(k)
	return o.Number, nil
}
