package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway"
	"github.com/postern-gateway/postern/gateway/clock"
)

// liveTime bounds what --live asks of all parties together.
const liveTime = 60 * time.Second

func checkCommand() command {
	return command{
		name: "check", summary: "report every problem of a configuration at once, with its lines",
		about: `Reads the configuration, the files that it names and the descriptions of the shops. It calls nobody, unless told to by --live,
and changes nothing. The exit status is 1 when there is a problem; warnings do not count.`,
		flags: func(fs *flag.FlagSet) action {
			path := fs.String("config", "gateway.yaml", configFlag)
			live := fs.Bool("live", false, "also ask the database, every shop, Stripe and the agents' receivers whether they will do; no event is sent")
			asJSON := fs.Bool("json", false, "print one JSON object in place of text")
			return func(ctx context.Context, std streams) error { return check(ctx, std, *path, *live, *asJSON) }
		},
	}
}

// checked is what check found.
type checked struct {
	OK       bool            `json:"ok"`
	File     string          `json:"file"`
	Problems config.Problems `json:"problems"`
	Warnings config.Problems `json:"warnings"`
	Live     []asked         `json:"live,omitempty"`

	shops, agents int
}

// asked is what one party answered to --live.
type asked struct {
	What  string `json:"what"`
	OK    bool   `json:"ok"`
	Note  string `json:"note,omitempty"`
	Error string `json:"error,omitempty"` // with what to do about it
}

func check(ctx context.Context, std streams, path string, live, asJSON bool) error {
	cfg, err := load(path)
	found := checked{
		File: path, Problems: append(config.Problems{}, config.ProblemsOf(err)...), Warnings: append(config.Problems{}, cfg.Warnings...),
		shops: len(cfg.Shops), agents: len(cfg.Agents),
	}
	if live && err == nil {
		if found.Live, err = askLive(ctx, cfg); err != nil {
			return err
		}
	}
	found.OK = len(found.Problems) == 0 && !slices.ContainsFunc(found.Live, func(a asked) bool { return !a.OK })
	if asJSON {
		if err := printJSON(std.out, found); err != nil {
			return err
		}
	} else {
		found.print(std)
	}
	if !found.OK {
		return errReported
	}
	return nil
}

func (c checked) print(std streams) {
	all := slices.Concat(c.Problems, c.Warnings)
	all.Sort()
	for _, p := range all {
		say(std.out, "%s\n", p)
	}
	for _, a := range c.Live {
		switch {
		case !a.OK:
			say(std.out, "failed  %s: %s\n", a.What, a.Error)
		case a.Note != "":
			say(std.out, "ok      %s: %s\n", a.What, a.Note)
		default:
			say(std.out, "ok      %s\n", a.What)
		}
	}
	sum := []string{"no problems"}
	failed := len(c.Live)
	for _, a := range c.Live {
		if a.OK {
			failed--
		}
	}
	if n := len(c.Problems) + failed; n > 0 {
		sum[0] = counted(n, "problem")
	}
	if n := len(c.Warnings); n > 0 {
		sum = append(sum, counted(n, "warning"))
	}
	if len(c.Problems) == 0 {
		sum = append(sum, counted(c.shops, "shop"), counted(c.agents, "agent"))
	}
	say(std.err, "%s: %s\n", c.File, strings.Join(sum, ", "))
}

func askLive(ctx context.Context, cfg *config.Config) ([]asked, error) {
	ctx, cancel := context.WithTimeout(ctx, liveTime)
	defer cancel()
	findings, err := gateway.CheckLive(ctx, cfg, gateway.Options{})
	if err != nil {
		return nil, fmt.Errorf("ask who is configured: %w", err)
	}
	out := make([]asked, len(findings))
	for i, f := range findings {
		out[i] = asked{What: f.What, OK: f.Err == nil, Note: f.Note}
		if f.Err != nil {
			out[i].Note, out[i].Error = "", f.Err.Error()
		}
	}
	return out, nil
}

// load reads a configuration and judges it as a whole: what config finds in the file, and what the gateway knows of the names in it.
// The error is nil or of type [config.Problems], in file order.
func load(path string) (*config.Config, error) {
	cfg, err := config.Load(path, config.Options{Now: clock.System().Now()})
	problems := config.ProblemsOf(err)
	told := slices.Clone(problems)
	for _, p := range config.ProblemsOf(gateway.Check(cfg)) {
		if !covers(told, p) {
			problems = append(problems, p)
		}
	}
	problems.Sort()
	return cfg, problems.Err()
}

// covers reports whether told names the setting of p, or one inside it: a group with a mistake in it makes no second problem.
func covers(told config.Problems, p config.Problem) bool {
	return slices.ContainsFunc(told, func(t config.Problem) bool {
		return t.File == p.File && (t.Path == p.Path || strings.HasPrefix(t.Path, p.Path+".") || strings.HasPrefix(t.Path, p.Path+"["))
	})
}

// printJSON writes one value as one line.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}
