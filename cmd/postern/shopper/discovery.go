package shopper

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
)

// Seller is what a seller says of itself in /.well-known/acp.json. The zero value is a seller that says nothing.
type Seller struct {
	Versions   []string // oldest first
	Transports []string
	Services   []string
	Extensions []string
	Currencies []string // lower case
}

// Discover asks a seller what it is; no token is sent. False: it has no such document, which says nothing about what it speaks. The error
// says that nobody answers.
func Discover(ctx context.Context, address string) (Seller, bool, error) {
	u, err := url.Parse(address)
	if err != nil {
		return Seller{}, false, fmt.Errorf("ask %s: %w", address, err)
	}
	u.Path, u.RawQuery, u.Fragment = "/.well-known/acp.json", "", "" // the root of the origin, whatever the endpoints stand below
	w := wire{transport: newTransport()}
	defer w.transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	status, _, text, err := w.roundTrip(ctx, http.MethodGet, u.String(), http.Header{}, nil)
	if err != nil || status != http.StatusOK {
		return Seller{}, false, err
	}
	var d struct {
		Protocol struct {
			Name     string   `json:"name"`
			Versions []string `json:"supported_versions"`
		} `json:"protocol"`
		Transports   []string `json:"transports"`
		Capabilities struct {
			Services   []string `json:"services"`
			Extensions []struct {
				Name string `json:"name"`
			} `json:"extensions"`
			Currencies []string `json:"supported_currencies"`
		} `json:"capabilities"`
	}
	if json.Unmarshal(text, &d) != nil || d.Protocol.Name != "acp" {
		return Seller{}, false, nil // a page that a web shop answers to anything
	}
	s := Seller{
		Versions: d.Protocol.Versions, Transports: d.Transports, Services: d.Capabilities.Services, Currencies: d.Capabilities.Currencies,
	}
	for _, e := range d.Capabilities.Extensions {
		s.Extensions = append(s.Extensions, e.Name)
	}
	return s, true, nil
}
