package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/postern-gateway/postern/gateway/clock"
)

// Options say what is tried and how. URL with Token, or Harness, is required.
type Options struct {
	// URL is the origin of the seller's ACP endpoints. Empty: what the harness says.
	URL string
	// Token is the agent's bearer token. Empty: what the harness says.
	Token string
	// OtherToken is a second agent's; empty leaves statements that need one skipped.
	OtherToken string
	// Item and SecondItem are articles that the seller has in plenty; needed where there is no harness.
	Item, SecondItem string
	// Currency is the seller's, lower case; default usd.
	Currency string
	// Harness is the address of the test environment's [Harness]; empty: it has none. HarnessKey opens it.
	Harness, HarnessKey string
	// Versions are the dates; empty: all published ones.
	Versions []string
	// Transports are what carries the calls; empty: all.
	Transports []Transport
	// Only are the statements to run; empty: all.
	Only []string
	// SpecDir is a checkout of the specification, whose schemas answers are held against. Empty: our own assertions.
	SpecDir string
	// Patience is how long the suite waits for what comes after an answer, such as an event. Default 20 s, enough for any machine.
	Patience time.Duration
	// Clock tells the time. Required.
	Clock clock.Clock
	// Progress hears of every result as it comes; nil: nobody.
	Progress func(date string, t Transport, r Result)
}

// Check reports what is wrong with the options.
func (o Options) Check() error {
	if o.Clock == nil {
		return errors.New("conformance: a clock is required")
	}
	if o.Harness == "" && (o.URL == "" || o.Token == "" || o.Item == "") {
		return errors.New("without a harness an address, a token and an item are required")
	}
	for _, v := range o.Versions {
		if age(v) < 0 {
			return fmt.Errorf("%q is no date of the protocol; use %s", v, strings.Join(Versions(), ", "))
		}
	}
	for _, t := range o.Transports {
		if !slices.Contains(Transports(), t) {
			return fmt.Errorf("%q is no transport; use rest or mcp", t)
		}
	}
	known := Statements()
	for _, id := range o.Only {
		if !slices.ContainsFunc(known, func(s Statement) bool { return s.ID == id }) {
			return fmt.Errorf("there is no statement %q", id)
		}
	}
	return nil
}

// run is a run under way. One statement is tried at a time.
type run struct {
	options  Options
	clock    clock.Clock
	wire     *wire
	harness  *Harness // nil: there is none
	seller   Seller
	receiver *receiver // nil: events cannot be heard
	schemas  *schemas  // nil: no folder was given
	current  string    // the date that is tried

	mu      sync.Mutex
	secrets []string
	looks   int // calls beside ACP's
}

// Run tries a seller. The error is about what kept the suite from running at all; what the seller does wrong is in the report.
func Run(ctx context.Context, o Options) (_ *Report, err error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if len(o.Versions) == 0 {
		o.Versions = Published()
	}
	if len(o.Transports) == 0 {
		o.Transports = Transports()
	}
	if o.Patience <= 0 {
		o.Patience = eventTime
	}
	r := &run{options: o, clock: o.Clock, wire: newWire(o.URL)}
	defer r.wire.close()
	if o.SpecDir != "" {
		if r.schemas, err = openSchemas(o.SpecDir); err != nil {
			return nil, err
		}
	}
	if err := r.meet(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if r.receiver != nil {
			err = errors.Join(err, r.deafen(context.WithoutCancel(ctx)))
		}
	}()
	began := r.clock.Now()
	report := &Report{URL: r.wire.url, Schemas: r.schemas != nil, Harness: r.harness != nil}
	report.Discovery = r.lookAround(ctx)
	for _, date := range o.Versions {
		for _, t := range o.Transports {
			if carries(t, date) {
				report.Runs = append(report.Runs, r.section(ctx, date, t))
			}
			if ctx.Err() != nil {
				return report, fmt.Errorf("the run was ended: %w", context.Cause(ctx))
			}
		}
	}
	report.Millis = r.clock.Now().Sub(began).Milliseconds()
	return report, nil
}

// meet learns what the seller is.
func (r *run) meet(ctx context.Context) (err error) {
	o := r.options
	r.seller = Seller{
		URL: o.URL, Currency: o.Currency, Items: map[string]string{ItemPlain: o.Item, ItemSecond: o.SecondItem},
		Agents: map[string]Agent{"": {Token: o.Token}},
	}
	if o.OtherToken != "" {
		r.seller.Agents[AgentOther] = Agent{Token: o.OtherToken}
	}
	if o.Harness != "" {
		if r.harness, err = openHarness(ctx, r.wire, o.Harness, o.HarnessKey, r.clock.Now()); err != nil {
			return err
		}
		r.adopt(r.harness.seller)
	}
	if r.seller.Currency == "" {
		r.seller.Currency = "usd"
	}
	for _, a := range r.seller.Agents {
		r.secret(a.Token, a.Secret, a.SigningSecret, a.Identity)
	}
	r.secret(o.Token, o.OtherToken, o.HarnessKey)
	r.wire.url = strings.TrimSuffix(r.seller.URL, "/")
	mcp := r.seller.MCP
	if mcp == "" {
		mcp = r.wire.url + "/mcp"
	}
	r.wire.mcp = newMCPClient(r.wire, mcp)
	if r.harness != nil && r.harness.offers[OfferReceiver] {
		return r.listen(ctx)
	}
	return nil
}

// adopt takes over what the harness says, but what the options say themselves.
func (r *run) adopt(s Seller) {
	o := r.options
	if o.URL != "" {
		s.URL = o.URL
		if s.MCP != "" {
			s.MCP = strings.TrimSuffix(o.URL, "/") + "/mcp"
		}
	}
	if o.Token != "" {
		s.Agents[""] = Agent{Token: o.Token}
	}
	if o.Currency != "" {
		s.Currency = o.Currency
	}
	r.seller = s
	for _, a := range s.Agents {
		r.secret(a.Token, a.Secret, a.SigningSecret, a.Identity)
	}
}

// section tries all statements in one date over one transport.
func (r *run) section(ctx context.Context, date string, t Transport) Section {
	r.current = date
	out := Section{Version: date, Transport: t}
	began := r.clock.Now()
	for _, s := range Statements() {
		if len(r.options.Only) > 0 && !slices.Contains(r.options.Only, s.ID) {
			continue
		}
		var result Result
		if ok, why := s.Applies(date, t); !ok {
			result = Result{ID: s.ID, Profile: s.Profile, Outcome: Skipped, Reason: why, Text: s.Text, Source: s.Source}
		} else {
			start := r.clock.Now()
			result = (&trial{run: r, ctx: ctx, statement: s, date: date, transport: t}).attempt()
			result.Millis = r.clock.Now().Sub(start).Milliseconds()
			if err := r.calm(ctx); err != nil && result.Outcome == Passed {
				result.Outcome, result.Reason = Failed, err.Error()
			}
		}
		out.add(result)
		if r.options.Progress != nil {
			r.options.Progress(date, t, result)
		}
		if ctx.Err() != nil {
			break
		}
	}
	out.Capabilities = r.capabilities(ctx, date, t)
	out.Millis = r.clock.Now().Sub(began).Milliseconds()
	return out
}

// capabilities is what a session of the seller says of itself.
func (r *run) capabilities(ctx context.Context, date string, t Transport) jsontext.Value {
	item := r.seller.Items[ItemPlain]
	if !since(date, v4) || item == "" {
		return nil
	}
	look := &trial{run: r, ctx: ctx, date: date, transport: t}
	a, err := look.exchange(opCreate, "", look.able(list{"3ds", "biometric", "address_verification"}, "discount"))
	if err != nil || a.refused {
		return nil
	}
	text, err := textOf(a.at("capabilities"))
	if err != nil {
		return nil
	}
	return text
}

// calm takes back what a statement did to the shop and the receiver.
func (r *run) calm(ctx context.Context) error {
	if r.receiver != nil {
		r.receiver.answerWell()
	}
	if r.harness == nil || !r.harness.offers[OfferFaults] {
		return nil
	}
	return r.harness.call(ctx, "DELETE", "/faults", nil, nil)
}

// agent is the caller for a role, which is a date or one of the agents by what they are for.
func (r *run) agent(role string) (Agent, bool) {
	a, ok := r.seller.Agents[role]
	return a, ok && a.Token != ""
}

// own is the agent that the current date is tried as: the one from the options, the one whose events come in the date, or any.
func (r *run) own() Agent {
	for _, role := range []string{"", r.current, v5} {
		if a, ok := r.agent(role); ok {
			return a
		}
	}
	return Agent{}
}

func (r *run) token() string { return r.own().Token }

// as is the agent of a role, or the end of the statement.
func (t *trial) as(role string) Agent {
	a, ok := t.agent(role)
	if !ok {
		t.skipf("the target has no agent that is %q", role)
	}
	return a
}

// item is an article by what it is for, or the end of the statement.
func (t *trial) item(role string) string {
	id := t.seller.Items[role]
	if id == "" {
		t.skipf("the target has no item that is %q", role)
	}
	return id
}

// code is a discount code by what it is for, or the end of the statement.
func (t *trial) code(role string) string {
	c := t.seller.Codes[role]
	if c == "" {
		t.skipf("the target has no discount code that is %q", role)
	}
	return c
}

// secret keeps texts that no report may hold.
func (r *run) secret(texts ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range texts {
		if s != "" && !slices.Contains(r.secrets, s) {
			r.secrets = append(r.secrets, s)
		}
	}
}

// redact takes the secrets out of a text.
func (r *run) redact(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.secrets {
		text = strings.ReplaceAll(text, s, "[redacted]")
	}
	return text
}
