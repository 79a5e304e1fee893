package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/cmd/postern/demo"
	"github.com/postern-gateway/postern/gateway/clock"
	"github.com/postern-gateway/postern/gateway/conformance"
)

// specVariable names the folder of the specification where --spec does not.
const specVariable = "ACP_SPEC_DIR"

func conformCommand() command {
	c := command{
		name: "conform", summary: "hold any ACP seller against the specification, statement by statement",
		about: `Is an agent, written from the specification alone, and tries 120 statements in every version and over every transport. Each passes, fails
with what was sent and what came, or is skipped with a reason. Without --url and --harness it tries the demo that postern demo keeps up.

It buys: point it at a test environment. Money, orders, events and time are seen through a harness, which the demo has and any seller's
test environment may offer (package gateway/conformance describes it); without one the statements that need it are skipped.`,
	}
	c.flags = func(fs *flag.FlagSet) action {
		var o conformance.Options
		fs.StringVar(&o.URL, "url", "", "the `origin` of the seller's endpoints, such as https://shop.example.com")
		fs.StringVar(&o.Token, "token", "", "the agent's bearer `token`")
		fs.StringVar(&o.OtherToken, "other-token", "", "the bearer `token` of a second agent")
		fs.StringVar(&o.Item, "item", "", "the `id` of an article in plenty that needs shipping")
		fs.StringVar(&o.SecondItem, "second-item", "", "the `id` of another such article")
		fs.StringVar(&o.Currency, "currency", "", "the seller's `currency`; default usd")
		fs.StringVar(&o.Harness, "harness", "", "the `address` of the test environment's harness")
		fs.StringVar(&o.HarnessKey, "harness-key", "", "the `key` that opens the harness")
		versions := fs.String("version", "all", "the ACP `dates` to try, with commas; all are the published ones, and unreleased can be named")
		transports := fs.String("transport", "all", "what carries the calls: all, rest or mcp")
		only := fs.String("only", "", "try these statements only: `ids` with commas")
		format := fs.String("format", "text", "text, json or junit")
		list := fs.Bool("list", false, "print the statements with their sources, and try nothing")
		fs.StringVar(&o.SpecDir, "spec", os.Getenv(specVariable), "the `folder` of a checkout of the specification, for its schemas; $"+specVariable)
		return func(ctx context.Context, std streams) error {
			if *list {
				listStatements(std)
				return nil
			}
			o.Clock, o.Only = clock.System(), words(*only)
			if *versions != "all" {
				o.Versions = words(*versions)
			}
			if *transports != "all" {
				for _, t := range words(*transports) {
					o.Transports = append(o.Transports, conformance.Transport(t))
				}
			}
			if o.URL == "" && o.Harness == "" {
				var err error
				if o.Harness, o.HarnessKey, err = demo.Running(); err != nil {
					return usage(c, "%s", err)
				}
			}
			if err := o.Check(); err != nil {
				return usage(c, "%s", err)
			}
			return conform(ctx, std, c, o, *format)
		}
	}
	return c
}

// words splits a flag at its commas.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func listStatements(std streams) {
	for _, s := range conformance.Statements() {
		dates := s.From
		switch s.To {
		case "":
			dates += " and later"
		case s.From:
		default:
			dates += " to " + s.To
		}
		source := s.Source
		if source == "" {
			source = "a quality of ours"
		}
		say(std.out, "%-7s %-2s  %s\n            %s; %s\n", s.ID, s.Profile, s.Text, dates, source)
	}
}

// conform runs the suite and prints its report.
func conform(ctx context.Context, std streams, c command, o conformance.Options, format string) error {
	if !slices.Contains(conformance.Formats(), format) {
		return usage(c, "--format %q is not known; use %s", format, strings.Join(conformance.Formats(), ", "))
	}
	report, err := conformance.Run(ctx, o)
	if report == nil {
		return fmt.Errorf("try the seller: %w", err)
	}
	err = errors.Join(err, report.Write(std.out, format))
	if n := report.Failed(); n > 0 {
		say(std.err, "postern conform: %d statements failed\n", n)
		err = errors.Join(errReported, err)
	}
	return err
}
