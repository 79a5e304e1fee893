package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// Options say how a demo runs. Screen is required; the zero value of everything else is usable.
type Options struct {
	// Listen is the gateway's address on loopback; empty takes a free port of 127.0.0.1.
	Listen string
	// Token is the agent's bearer token; empty makes a new one.
	Token string
	// Version is the ACP date that the agent speaks; empty is the newest of [shopper.Versions].
	Version string
	// Screen takes the story, as lines of text.
	Screen io.Writer
	// Color lets the story use colors, for a terminal.
	Color bool
	// Telemetry makes the gateway's spans; nil makes none.
	Telemetry *telemetry.Providers
	// Clock tells the time; nil is the machine's.
	Clock clock.Clock
}

// Check reports what is wrong with the options, in words that name the flags of postern demo.
func (o Options) Check() error {
	if o.Version != "" && !slices.Contains(shopper.Versions(), o.Version) {
		return fmt.Errorf("--version %q is no date that the demo's agent speaks; use %s", o.Version, strings.Join(shopper.Versions(), ", "))
	}
	if strings.ContainsAny(o.Token, " \t\r\n\"\\") {
		return errors.New("--token must be one word without spaces, quotes and backslashes")
	}
	if o.Listen == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if ip := net.ParseIP(host); err != nil || (host != "localhost" && (ip == nil || !ip.IsLoopback())) {
		return fmt.Errorf("--listen %q is not on loopback; use 127.0.0.1 and a port, such as 127.0.0.1:8080, because the demo speaks plain HTTP", o.Listen)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("--listen %q wants a port from 0 to 65535 after the colon; 0 takes a free one", o.Listen)
	}
	return nil
}

// Result is what came of the purchase.
type Result struct {
	OK            bool   `json:"ok"`
	Error         string `json:"error,omitempty"`
	APIVersion    string `json:"api_version"`
	SessionID     string `json:"session_id,omitempty"`
	OrderID       string `json:"order_id,omitempty"`
	PaymentIntent string `json:"payment_intent,omitempty"`
	// Total is what the buyer paid, in minor units of Currency.
	Total    int64  `json:"total,omitempty"`
	Currency string `json:"currency,omitempty"`
	// Refunded is what went back, in minor units.
	Refunded int64 `json:"refunded,omitempty"`
	// Events are the verified events in the order in which they came.
	Events []Event `json:"events,omitempty"`
}

// Event is one signed event as the agent got it.
type Event struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Status string `json:"status"` // of the order
}

// Demo is a running demo. Its methods are for one goroutine.
type Demo struct {
	world  *world
	agent  *agent
	screen *screen
	clock  clock.Clock
	result Result
	// handler is the payment handler's id as the agent was told it; empty where the date has none.
	handler string
}

// Open starts the four parties. End them with [Demo.Close].
func Open(ctx context.Context, o Options) (*Demo, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Version == "" {
		o.Version = shopper.Versions()[0]
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	speaks, _ := shopper.Lookup(o.Version) // checked above
	began := o.Clock.Now()
	w, err := openWorld(ctx, o, speaks)
	if err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	a, err := newAgent(w, speaks, w.clock)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the demo: %w", err), w.close())
	}
	d := &Demo{
		world: w, agent: a, clock: w.clock, screen: newScreen(o.Screen, o.Color, o.Clock, began),
		result: Result{APIVersion: o.Version, Currency: currency},
	}
	return d, nil
}

// Close ends everything and removes what was written. The error says what did not end well.
func (d *Demo) Close() error {
	d.agent.close()
	return d.world.close()
}

// Buy lets the agent buy and checks every step. The result holds what was learned, even when a step failed; the story then ends with
// what the gateway's log says.
func (d *Demo) Buy(ctx context.Context) (Result, error) {
	s := &story{Demo: d}
	err := s.tell(ctx)
	d.result.Events = d.world.receiver.list()
	d.result.OK = err == nil
	if err != nil {
		d.result.Error = err.Error()
		d.screen.failed(err, d.world.complaints())
	}
	return d.result, err
}
