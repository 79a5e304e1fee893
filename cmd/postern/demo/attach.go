package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/conformance"
)

// attachTime is how long the harness of a running demo may take for one call.
const attachTime = 10 * time.Second

// Attached is a demo that another command keeps up, as seen through its harness.
type Attached struct {
	seller   conformance.Seller
	url, key string
}

// ErrNoDemo says that no demo runs on this machine for this user, or that the one that ran is gone.
var ErrNoDemo = errors.New("no demo runs")

// Attach finds the demo that postern demo keeps up. The error is [ErrNoDemo] where there is none.
func Attach(ctx context.Context) (*Attached, error) {
	address, key, err := Running()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDemo, err)
	}
	a := &Attached{url: address, key: key}
	if err := a.call(ctx, http.MethodGet, "/seller", nil, &a.seller); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoDemo, err)
	}
	return a, nil
}

// URL is the origin of the demo's gateway.
func (a *Attached) URL() string { return a.seller.URL }

// Is reports whether an address leads to the demo's gateway.
func (a *Attached) Is(address string) bool {
	mine, err := url.Parse(a.seller.URL)
	theirs, otherErr := url.Parse(address)
	if err != nil || otherErr != nil {
		return false
	}
	ip := net.ParseIP(theirs.Hostname())
	return mine.Port() == theirs.Port() && (theirs.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// Token is the bearer token of an agent that the demo's gateway knows.
func (a *Attached) Token() string { return a.seller.Agents[shopper.Versions()[0]].Token }

// Item is an article that the demo's shop has in plenty.
func (a *Attached) Item() string { return a.seller.Items[conformance.ItemPlain] }

// Buyer is the person whom the demo's agent buys for.
func Buyer() shopper.Person { return buyer() }

// Mint issues a payment token, as an agent's platform would.
func (a *Attached) Mint(ctx context.Context, n shopper.Need) (string, error) {
	var out struct {
		Token string `json:"token"`
	}
	err := a.call(ctx, http.MethodPost, "/payment_tokens", conformance.Mint{Amount: n.Amount, Currency: n.Currency, SessionID: n.Session}, &out)
	return out.Token, err
}

func (a *Attached) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, attachTime)
	defer cancel()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("ask the demo %s: %w", path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask the demo %s: %w", path, err)
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("ask the demo %s: %w", path, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read to its end
	text, err := io.ReadAll(io.LimitReader(res.Body, maxEvent))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answers %d", res.StatusCode)
	}
	if err == nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		return fmt.Errorf("ask the demo %s: %w", path, err)
	}
	return nil
}
