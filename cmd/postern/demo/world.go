package demo

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"text/template"
	"time"

	"github.com/postern-gateway/postern/cmd/postern/demo/shop"
	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway"
	"github.com/postern-gateway/postern/gateway/payment/stripetest"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/gateway/upstream"
)

var (
	//go:embed shop.yaml
	shopYAML []byte
	//go:embed gateway.yaml.tmpl
	gatewayYAML string
)

// portLook is how often a restarted gateway tries its port, which an outgoing connection of anybody may have taken for a moment.
const portLook = 50 * time.Millisecond

// stopTime is how long the gateway may take to end.
const stopTime = 10 * time.Second

// breakerPause is how long the gateway leaves the shop alone after it failed several times: the demo's shop is away for moments only.
const breakerPause = 200 * time.Millisecond

// world is the four parties of a purchase.
type world struct {
	dir      string // holds the configuration, the database and the log
	token    string // of the agent
	shop     *shop.Server
	stripe   *stripetest.Server
	receiver *receiver
	clock    *shiftedClock
	harness  *harness
	exchange *exchange
	options  Options // as they were given, with the clock that all share
	secret   string  // of the story's agent, for its events
	sealing  []byte
	issuer   issuer
	log      io.Writer
	ending   []func() error // in the order of starting

	mu      sync.Mutex // guards what follows, which a restart replaces
	gateway *gateway.Gateway
	ended   <-chan error
	callers []caller
}

// openWorld starts the parties from the ones that call nobody to the one that calls all.
func openWorld(ctx context.Context, o Options, speaks shopper.Dialect) (_ *world, err error) {
	// Ctrl-C must not take the shop away from a gateway that ends in order: close ends everything, in the right order.
	ctx = context.WithoutCancel(ctx)
	w := &world{token: o.Token, clock: newShiftedClock(o.Clock), secret: rand.Text(), sealing: make([]byte, 32)}
	_, _ = rand.Read(w.sealing) // never fails: crypto/rand ends the program rather than return less
	o.Clock = w.clock
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.dir, err = os.MkdirTemp("", "postern-demo-"); err != nil {
		return nil, fmt.Errorf("make a folder for the demo's files: %w", err)
	}
	w.atEnd(func() error { return os.RemoveAll(w.dir) })

	w.shop, err = shop.Serve(ctx, shop.New(ctx, shop.Options{Clock: o.Clock}), "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	w.atEnd(w.shop.Close)
	if w.stripe, err = stripetest.Start(ctx, stripetest.Options{Clock: o.Clock}); err != nil {
		return nil, err
	}
	w.atEnd(func() error { w.stripe.Close(); return nil })
	w.exchange = &exchange{transport: &http.Transport{}}
	w.atEnd(func() error { w.exchange.transport.CloseIdleConnections(); return nil })
	if w.receiver, err = openReceiver(ctx, w.secret, speaks, o.Clock, w.exchange); err != nil {
		return nil, err
	}
	w.atEnd(w.receiver.close)
	if w.issuer, err = newIssuer(w.stripe.NewCustomer()); err != nil {
		return nil, err
	}
	if err := w.issuer.publish(w.path(keysFile)); err != nil {
		return nil, err
	}
	if _, err := w.stripe.Save(w.issuer.customer, stripetest.SavedMethod{}); err != nil {
		return nil, fmt.Errorf("save a card: %w", err)
	}
	if w.callers, err = newCallers(w.issuer); err != nil {
		return nil, err
	}

	log, err := os.OpenFile(w.path("postern.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the gateway's log: %w", err)
	}
	w.atEnd(log.Close)
	w.options, w.log = o, log
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	w.atEnd(func() error { return w.finish(ctx) })
	if w.harness, err = openHarness(ctx, w); err != nil {
		return nil, err
	}
	w.atEnd(w.harness.close)
	return w, nil
}

// begin starts the gateway on what is configured now. Its own address stands in its configuration, so that a free port is chosen before it
// is listened on; one that somebody else takes meanwhile is given up for another.
func (w *world) begin(ctx context.Context) error {
	var g *gateway.Gateway
	for range 10 {
		o := w.options
		var err error
		if o.Listen, err = freeAddress(ctx, o.Listen); err != nil {
			return err
		}
		cfg, err := w.configure(o, w.secret)
		if err != nil {
			return err
		}
		g, err = gateway.New(ctx, cfg, gateway.Options{
			Clock: w.clock, Log: telemetry.NewLogger(w.log, cfg.Telemetry.LogLevel), Telemetry: w.options.Telemetry,
			Upstream: upstream.Options{BreakerPause: breakerPause},
		})
		if err == nil {
			break
		}
		if o.Listen == w.options.Listen || !errors.Is(err, syscall.EADDRINUSE) {
			return err
		}
		g = nil
	}
	if g == nil {
		return errors.New("find a free port for the gateway: each was taken by somebody else; name one with --listen")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gateway, w.ended = g, g.Start(ctx)
	w.options.Listen = g.Addr() // a restart is found at the same address
	return nil
}

// freeAddress is listen with a free port in place of port 0.
func freeAddress(ctx context.Context, listen string) (string, error) {
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	if _, port, err := net.SplitHostPort(listen); err != nil || port != "0" {
		return listen, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return "", fmt.Errorf("find a free port for the gateway: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// finish ends the gateway in order.
func (w *world) finish(ctx context.Context) error {
	w.mu.Lock()
	g, ended := w.gateway, w.ended
	w.gateway = nil
	w.mu.Unlock()
	if g == nil {
		return nil
	}
	stopping, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	return errors.Join(g.Stop(stopping), <-ended)
}

// restart ends the gateway and starts it again, with its database and at its address. With rotate the suite's agents get new secrets
// for their events.
func (w *world) restart(ctx context.Context, rotate bool) error {
	stopped, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	ctx = context.WithoutCancel(ctx)
	if err := w.finish(ctx); err != nil {
		return err
	}
	if rotate {
		w.mu.Lock()
		rotateSecrets(w.callers)
		w.mu.Unlock()
	}
	for {
		err := w.begin(ctx)
		if !errors.Is(err, syscall.EADDRINUSE) || w.clock.Sleep(stopped, portLook) != nil {
			return err
		}
	}
}

// live is the gateway that runs now.
func (w *world) live() *gateway.Gateway {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.gateway
}

// origin is the gateway's address, which a restart does not change.
func (w *world) origin() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return "http://" + w.options.Listen
}

// callerList are the suite's agents as they are now.
func (w *world) callerList() []caller {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.callers)
}

// poll has the gateway look at the shop's changes now.
func (w *world) poll(ctx context.Context) error {
	g := w.live()
	if g == nil {
		return errDown
	}
	return g.Poll(ctx)
}

var errDown = errors.New("the gateway is down: it did not start again")

// configure writes gateway.yaml and shop.yaml as a person would, and reads them as postern serve does.
func (w *world) configure(o Options, secret string) (*config.Config, error) {
	if w.token == "" {
		var err error
		if w.token, err = agentkey.New("demo"); err != nil {
			return nil, err
		}
	}
	text, err := template.New("gateway.yaml").Funcs(template.FuncMap{"quote": strconv.Quote}).Parse(gatewayYAML)
	if err != nil {
		return nil, fmt.Errorf("read the demo's gateway.yaml: %w", err)
	}
	var b bytes.Buffer
	err = text.Execute(&b, map[string]any{
		"Listen": o.Listen, "Public": "http://" + o.Listen, "SealingKey": base64.StdEncoding.EncodeToString(w.sealing),
		"Shop": w.shop.URL(), "ShopKey": w.shop.Shop().Key(),
		"Stripe": w.stripe.URL(), "StripeKey": stripetest.SellerKey, "Merchant": stripetest.SellerProfile,
		"TokenHash": agentkey.Hash(w.token), "Webhook": w.receiver.url, "WebhookSecret": secret, "Version": o.Version,
		"Callers": w.callerList(), "Exchange": w.receiver.address() + exchangePath,
	})
	if err != nil {
		return nil, fmt.Errorf("write the demo's gateway.yaml: %w", err)
	}
	for name, content := range map[string][]byte{"gateway.yaml": b.Bytes(), "shop.yaml": shopYAML} {
		if err := os.WriteFile(w.path(name), content, 0o600); err != nil {
			return nil, fmt.Errorf("write the demo's %s: %w", name, err)
		}
	}
	cfg, err := config.Load(w.path("gateway.yaml"), config.Options{AllowLiteralSecrets: true, Now: o.Clock.Now()})
	if err != nil {
		return nil, err
	}
	return cfg, gateway.Check(cfg)
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) atEnd(f func() error) { w.ending = append(w.ending, f) }

// close ends what was started, the last first. A second call does nothing.
func (w *world) close() error {
	var errs []error
	for len(w.ending) > 0 {
		last := len(w.ending) - 1
		errs = append(errs, w.ending[last]())
		w.ending = w.ending[:last]
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("end the demo: %w", err)
	}
	return nil
}

// complaints are the lines of the gateway's log that are warnings or worse, at most the last ten.
func (w *world) complaints() []string {
	f, err := os.Open(w.path("postern.log"))
	if err != nil {
		return nil
	}
	defer f.Close() //nolint:errcheck // it was only read
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		var line struct {
			Level string `json:"level"`
		}
		if json.Unmarshal(s.Bytes(), &line) == nil && line.Level != "INFO" && line.Level != "DEBUG" {
			lines = append(lines, s.Text())
		}
	}
	return lines[max(0, len(lines)-10):]
}
