package acp

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/gateway/store"
	"github.com/postern-gateway/postern/gateway/telemetry"
	"github.com/postern-gateway/postern/translate"
	"github.com/postern-gateway/postern/translate/reader"
	"github.com/postern-gateway/postern/translate/wire"
)

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
