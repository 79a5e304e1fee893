package acp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/checkout"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/signing"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/reader"
	"github.com/postern-gateway/postern/translate/wire"
)

// Sessions is the session service as the pipeline uses it: *checkout.Service. Every function answers with what Call.Render made of the
// session; where Call.Claim is set, the answer was stored under it together with the session.
type Sessions interface {
	Create(ctx context.Context, c checkout.Call, r commerce.CreateRequest) (store.Answer, error)
	Get(ctx context.Context, c checkout.Call, id string) (store.Answer, error)
	Update(ctx context.Context, c checkout.Call, id string, r commerce.UpdateRequest) (store.Answer, error)
	Complete(ctx context.Context, c checkout.Call, id string, r commerce.CompleteRequest) (store.Answer, error)
	Cancel(ctx context.Context, c checkout.Call, id string, r commerce.CancelRequest) (store.Answer, error)
}

// Signatures verifies that the agent signed the body: *signing.Verifier. It fails with a [commerce.Fault].
type Signatures interface {
	Verify(ctx context.Context, c signing.Call) error
}

// Identities finds out which customer of the seller a buyer's token proves: *identity.Prover. An agent without an identity provider
// proves nobody. It fails with a [commerce.Fault] when the token is not a good one.
type Identities interface {
	Prove(ctx context.Context, agent, token string) (subject string, err error)
}

// Store is the part of store.Store that idempotency needs.
type Store interface {
	Claim(ctx context.Context, c store.Claim) (existing store.Claim, taken bool, err error)
	Release(ctx context.Context, c store.Claim) error
	Commit(ctx context.Context, b store.Batch) error
}

// Config is what a [Pipeline] needs.
type Config struct {
	Agents   *Agents
	Sessions Sessions
	// Carts is nil when no shop keeps carts.
	Carts Carts
	Store Store
	Clock clock.Clock
	// Owner names this incarnation of the process; claims carry it (S17).
	Owner string
	// Timeouts bound a call from its arrival to its answer.
	Timeouts Timeouts
	// MaxLines is the most lines of a session. Default, and at most, commerce.MaxLines.
	MaxLines int
	// Versions are what is taken beside the published dates. The zero value takes those alone.
	Versions translate.Set
	// Signatures is nil when no agent signs.
	Signatures Signatures
	// Identities is nil when no agent proves its buyers.
	Identities Identities
	// Limits is nil when agents may call as often as they like.
	Limits Limits
	// Deviated hears of each shape that was read although the call's date does not have it, once for each call, and of a date that was
	// named by an alias; nil: nobody does.
	Deviated func(ctx context.Context, agent, date string, d wire.Deviation)
	Log      *slog.Logger     // nil: silent
	Tracer   telemetry.Tracer // zero: off
}

// Timeouts bound a call. Zero means the default. When the time is over the agent is told 503 and to come again; a completion goes on.
type Timeouts struct {
	// Read is for get, of a session or a cart. Default 8 s.
	Read time.Duration
	// Change is for create, update and cancel, and for all that changes a cart. Default 8 s.
	Change time.Duration
	// Complete is for complete. Default 25 s: agents do not say how long they wait, and common gateways give up after 30 s.
	Complete time.Duration
}

func (t Timeouts) of(o Operation) time.Duration {
	d, otherwise := t.Change, 8*time.Second
	switch o {
	case Get, CartGet:
		d = t.Read
	case Complete:
		d, otherwise = t.Complete, 25*time.Second
	case Create, Update, Cancel, CartCreate, CartReplace, CartCancel:
	}
	if d <= 0 {
		return otherwise
	}
	return d
}

// Pipeline takes calls. Make it with [New]. It is safe for concurrent use.
type Pipeline struct {
	agents     *Agents
	sessions   Sessions
	carts      Carts
	store      Store
	clock      clock.Clock
	owner      string
	timeouts   Timeouts
	maxLines   int
	versions   translate.Set
	signatures Signatures
	identities Identities
	limits     Limits
	deviated   func(ctx context.Context, agent, date string, d wire.Deviation)
	log        *slog.Logger
	tracer     telemetry.Tracer
}

// New wires a pipeline. It does nothing yet.
func New(c Config) *Pipeline {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Agents == nil {
		c.Agents = &Agents{}
	}
	if c.MaxLines <= 0 || c.MaxLines > commerce.MaxLines {
		c.MaxLines = commerce.MaxLines
	}
	if c.Deviated == nil {
		c.Deviated = func(context.Context, string, string, wire.Deviation) {}
	}
	return &Pipeline{
		versions: c.Versions, signatures: c.Signatures, identities: c.Identities, limits: c.Limits, deviated: c.Deviated,
		agents: c.Agents, sessions: c.Sessions, carts: c.Carts, store: c.Store, clock: c.Clock, owner: c.Owner, timeouts: c.Timeouts,
		maxLines: c.MaxLines, log: c.Log, tracer: c.Tracer,
	}
}

// call is one request on its way through the pipeline.
type call struct {
	*Pipeline
	request         Request
	version         translate.Version
	dated           bool // version is the one that was asked for
	agent           string
	strict          bool // the agent is held to its date
	keyless         bool // the agent may leave the idempotency key out over MCP
	shop            string
	subject         string // the buyer that was proven; may be empty
	codes, rejected int    // discount codes: sent with the call, and told as rejected by its answer
	doc             *wire.Document
	claim           *store.Claim // nil: the call carries no key
}

// Do answers one call. It always returns an answer, whatever happens inside, a panic included. The end of ctx, such as the agent's
// going away, ends the waiting and undoes nothing: a completion that has begun goes on.
func (p *Pipeline) Do(ctx context.Context, r Request) (response Response) {
	c := &call{Pipeline: p, request: r}
	if c.version, c.dated = r.lookup(p.versions); !c.dated {
		c.version = translate.Newest()
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeouts.of(r.Operation))
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			response = c.refuse(ctx, panicked(v))
		}
		// Whatever became of the call: a claim without an answer must not outlive it. This does nothing where the answer is stored.
		c.release(ctx)
		response.Agent, response.Shop = c.agent, c.shop
		if c.dated {
			response.Version = c.version.Date
		}
		c.annotate(ctx, response)
	}()
	response, err := c.run(ctx)
	if err != nil {
		return c.refuse(ctx, err)
	}
	return response
}

// panicked is a recovered panic as an error. A runtime error is told in words; the value of any other might hold anybody's data.
func panicked(v any) error {
	if e, ok := v.(runtime.Error); ok {
		return fmt.Errorf("panic: %w at %s", e, debug.Stack())
	}
	return fmt.Errorf("panic of type %T at %s", v, debug.Stack())
}

// run is the order of a call.
func (c *call) run(ctx context.Context) (Response, error) {
	if err := c.identify(); err != nil {
		return Response{}, err
	}
	if err := c.checkPlace(ctx); err != nil {
		return Response{}, err
	}
	if err := c.checkRate(); err != nil {
		return Response{}, err
	}
	if err := c.prove(ctx); err != nil {
		return Response{}, err
	}
	if c.request.Operation.reads() {
		if err := c.verify(ctx, nil); err != nil {
			return Response{}, err
		}
		a, err := c.get(ctx)
		return Response{Status: a.Status, Body: a.Body}, err
	}
	if err := c.checkKey(); err != nil {
		return Response{}, err
	}
	if err := c.read(ctx); err != nil {
		return Response{}, err
	}
	if replay, answered, err := c.takeClaim(ctx); answered || err != nil {
		return replay, err
	}
	a, err := c.change(ctx)
	if err == nil {
		c.countRejected()
	}
	return Response{Status: a.Status, Body: a.Body}, err
}

// identify finds out who calls and for which shop.
func (c *call) identify() error {
	who, err := c.agents.authenticate(c.request.Token, c.clock.Now())
	if err != nil {
		return err
	}
	c.agent, c.strict, c.keyless = who.name, who.strict, who.keyless
	c.shop, err = who.shop(c.request.Host)
	return err
}

// checkPlace refuses a call to what is not there: carts where the shop keeps none, the wrong date, an id that can be none.
func (c *call) checkPlace(ctx context.Context) error {
	if err := c.checkCarts(); err != nil {
		return err
	}
	if err := c.checkVersion(ctx); err != nil {
		return err
	}
	switch {
	case c.request.Operation.creates() || plausibleID(c.request.ID):
		return nil
	case c.request.Operation.ofCart():
		return commerce.Faultf(commerce.NotFound, "there is no such cart")
	default:
		return commerce.Faultf(commerce.NotFound, "there is no such checkout session")
	}
}

// get reads what the call names.
func (c *call) get(ctx context.Context) (store.Answer, error) {
	if c.request.Operation == CartGet {
		return c.carts.Get(ctx, c.renderCart(ctx), c.request.ID)
	}
	return c.sessions.Get(ctx, c.render(ctx), c.request.ID)
}

// checkVersion refuses a call without a date or of one that is not spoken; there is no nearest date (ACP rfc.agentic_checkout 2.1, read
// 2026-11-22). An alias of a date is counted, and is no date to an agent that is held to its own.
func (c *call) checkVersion(ctx context.Context) error {
	switch {
	case c.dated && c.version.Date == c.request.APIVersion:
		return nil
	case c.dated:
		if c.deviated(ctx, c.agent, c.version.Date, translate.VersionAlias); !c.strict {
			return nil
		}
		meant := c.version.Date
		c.version, c.dated = translate.Newest(), false
		return commerce.Faultf(commerce.UnsupportedVersion,
			"this API version is an alias of %s, and this agent is held to its version; send one of supported_versions", meant)
	case c.request.APIVersion == "":
		return commerce.Faultf(commerce.MissingVersion, "the API version is missing (header API-Version, over MCP meta.api_version); send one of supported_versions")
	default:
		return commerce.Faultf(commerce.UnsupportedVersion, "this API version is not served here; send one of supported_versions")
	}
}

// prove finds out who buys, where the agent can prove it.
func (c *call) prove(ctx context.Context) (err error) {
	if c.identities != nil {
		c.subject, err = c.identities.Prove(ctx, c.agent, c.request.Identity)
	}
	return err
}

// verify checks the signature of the body.
func (c *call) verify(ctx context.Context, body []byte) error {
	if c.signatures == nil {
		return nil
	}
	s := signing.Call{
		Agent: c.agent, Key: c.request.Key, Signature: c.request.Signature, Timestamp: c.request.Timestamp, Body: body,
	}
	if !c.request.Operation.reads() {
		s.Path = c.request.path()
	}
	return c.signatures.Verify(ctx, s)
}

// read takes the body in, checks its signature and parses it strictly.
func (c *call) read(ctx context.Context) error {
	var body []byte
	if c.request.Body != nil {
		var err error
		if body, err = c.request.Body(); err != nil {
			return err
		}
	}
	if err := c.verify(ctx, body); err != nil {
		return err
	}
	doc, err := wire.Parse(body)
	c.doc = doc
	return err
}

// change decodes the body by the call's date and hands it to the session service.
func (c *call) change(ctx context.Context) (store.Answer, error) {
	id := c.request.ID
	switch c.request.Operation {
	case Create:
		r, err := decode(ctx, c, c.version.DecodeCreate)
		if err == nil {
			err = c.checkLines(r.Lines)
		}
		if err == nil {
			err = c.checkCodes(r.Codes)
		}
		if err != nil {
			return store.Answer{}, err
		}
		if r.Locale == "" {
			r.Locale = locale(c.request.Language)
		}
		return c.sessions.Create(ctx, c.render(ctx), r)
	case Update:
		r, err := decode(ctx, c, c.version.DecodeUpdate)
		if lines, ok := r.Lines.Value(); err == nil && ok {
			err = c.checkLines(lines)
		}
		if codes, ok := r.Codes.Value(); err == nil && ok {
			err = c.checkCodes(codes)
		}
		if err != nil {
			return store.Answer{}, err
		}
		return c.sessions.Update(ctx, c.render(ctx), id, r)
	case Complete:
		r, err := decode(ctx, c, c.version.DecodeComplete)
		if err != nil {
			return store.Answer{}, err
		}
		return c.sessions.Complete(ctx, c.render(ctx), id, r)
	case Cancel:
		r, err := decode(ctx, c, c.version.DecodeCancel)
		if err != nil {
			return store.Answer{}, err
		}
		return c.sessions.Cancel(ctx, c.render(ctx), id, r)
	case CartCreate, CartReplace, CartCancel:
		return c.changeCart(ctx)
	default:
		return store.Answer{}, fmt.Errorf("there is no operation %q", c.request.Operation)
	}
}

func (c *call) checkLines(lines []commerce.CartLine) error {
	if len(lines) > c.maxLines {
		return commerce.Faultf(commerce.Invalid, "a session holds at most %d lines", c.maxLines).At("$.line_items")
	}
	return nil
}

// decode reads the body as one date's request, in a span of its own. Shapes that the date does not have are counted; an agent that is
// held to its date is refused the first of them.
func decode[T any](ctx context.Context, c *call, read func(*wire.Reader) (T, error)) (T, error) {
	_, span := c.tracer.Start(ctx, telemetry.SpanDecode, trace.SpanKindInternal)
	defer span.End()
	body := wire.NewReader(c.doc)
	r, err := read(body)
	for _, d := range body.Deviations() {
		c.deviated(ctx, c.agent, c.version.Date, d.Deviation)
		if c.strict && err == nil && !reader.Published(d.Deviation) {
			err = &wire.Refusal{
				Param: d.Param, Reason: wire.OtherDate, Detail: string(d.Deviation) + " is none of ACP " + c.version.Date + ", and this agent is held to its version",
			}
		}
	}
	if span.IsRecording() {
		span.SetAttributes(telemetry.AttrVersion.String(c.version.Date), telemetry.AttrOperation.String(string(c.request.Operation)))
		if err != nil {
			span.SetStatus(codes.Error, commerce.KindOf(err).String())
		}
	}
	return r, err
}

// render makes the session service's call: who asks, and how a session becomes this call's answer. The service may render more than
// once, to see that it can.
func (c *call) render(ctx context.Context) checkout.Call {
	status, encode := http.StatusOK, c.version.EncodeSession
	switch c.request.Operation {
	case Create:
		status = http.StatusCreated
	case Complete:
		encode = c.version.EncodeCompletion
	case Get, Update, Cancel, CartCreate, CartGet, CartReplace, CartCancel:
	}
	return checkout.Call{
		Agent: c.agent, Shop: c.shop, Subject: c.subject, Claim: c.claim,
		Render: func(s commerce.Session) (store.Answer, error) {
			_, span := c.tracer.Start(ctx, telemetry.SpanEncode, trace.SpanKindInternal)
			defer span.End()
			c.seeRejected(s)
			if !checkout.OwnedBy(s, c.subject) {
				s.Handlers = checkout.ForAnybody(s.Handlers)
			}
			body, err := encode(s)
			if span.IsRecording() {
				span.SetAttributes(telemetry.AttrVersion.String(c.version.Date), telemetry.AttrSession.String(s.ID))
				if err != nil {
					span.SetStatus(codes.Error, "encode")
				}
			}
			if err != nil {
				return store.Answer{}, fmt.Errorf("encode session %s in %s: %w", s.ID, c.version.Date, err)
			}
			return store.Answer{Status: status, Body: body}, nil
		},
	}
}

// refuse turns err into an answer and keeps it when it is final. What is not the agent's doing is logged with its cause.
func (c *call) refuse(ctx context.Context, err error) Response {
	f := faultOf(err)
	r := refusal(c.version, f, c.request.dates(), refusedByReader(err))
	if r.Status >= http.StatusInternalServerError {
		level := slog.LevelWarn
		if f.Kind == commerce.Unexpected {
			level = slog.LevelError
		}
		c.log.LogAttrs(ctx, level, "a call could not be answered", slog.String("request_id", c.request.RequestID),
			slog.String("agent", c.agent), slog.String("operation", string(c.request.Operation)), slog.String("session", c.request.ID),
			slog.String("fault", f.Kind.String()), slog.Any("error", err))
	}
	if c.claim != nil && verdictOf(f.Kind).final {
		c.keep(ctx, r)
	}
	return r
}

// annotate tells the carrier's span what became of the call.
func (c *call) annotate(ctx context.Context, r Response) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	attrs := make([]attribute.KeyValue, 0, 7)
	attrs = append(attrs, telemetry.AttrOperation.String(string(c.request.Operation)))
	if c.agent != "" {
		attrs = append(attrs, telemetry.AttrAgent.String(c.agent), telemetry.AttrShop.String(c.shop))
	}
	if c.dated {
		attrs = append(attrs, telemetry.AttrVersion.String(c.version.Date))
	}
	if c.agent != "" && plausibleID(c.request.ID) {
		what := telemetry.AttrSession
		if c.request.Operation.ofCart() {
			what = telemetry.AttrCart
		}
		attrs = append(attrs, what.String(c.request.ID))
	}
	if r.Refused {
		attrs = append(attrs, telemetry.AttrFault.String(r.Kind.String()))
	}
	if r.Replayed {
		attrs = append(attrs, telemetry.AttrReplayed.Bool(true))
	}
	span.SetAttributes(attrs...)
}

// maxIDBytes is far above the length of a session's id.
const maxIDBytes = 64

// plausibleID reports whether id could be a session's id. Anything else is answered as absent before it reaches the store or a log.
func plausibleID(id string) bool {
	if id == "" || len(id) > maxIDBytes {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '_', b == '-':
		default:
			return false
		}
	}
	return true
}
