package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"

	"github.com/postern-gateway/postern/cmd/postern/demo"
	"github.com/postern-gateway/postern/cmd/postern/shopper"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

func demoCommand() command {
	c := command{
		name: "demo", summary: "watch an agent buy from an old shop through the gateway, all on this machine",
		about: `Starts a shop, a Stripe, an agent with its webhook receiver, and the gateway between them, on loopback and in one process. The agent
buys something; each step is shown and its outcome is checked. Then everything stays up for you to try, until Ctrl-C. Nothing is
installed, no account is needed and nothing remains on the disk.`,
	}
	c.flags = func(fs *flag.FlagSet) action {
		once := fs.Bool("once", false, "end after the purchase; the exit status is 1 if any step went wrong")
		asJSON := fs.Bool("json", false, "print one JSON line on standard output and the story on standard error")
		listen := fs.String("listen", "", "the `address` of the gateway, host:port on loopback; default 127.0.0.1 and a free port")
		token := fs.String("token", "", "the bearer `token` of the agent; default a new one")
		date := fs.String("version", shopper.Versions()[0], "the ACP `date` that the agent speaks: "+strings.Join(shopper.Versions(), ", "))
		return func(ctx context.Context, std streams) error {
			o := demo.Options{Listen: *listen, Token: *token, Version: *date, Screen: std.out}
			if *asJSON {
				o.Screen = std.err
			}
			if f, ok := o.Screen.(*os.File); ok {
				o.Color = isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
			}
			if err := o.Check(); err != nil {
				return usage(c, "%s", err)
			}
			return runDemo(ctx, std, o, *once, *asJSON)
		}
	}
	return c
}

func runDemo(ctx context.Context, std streams, o demo.Options, once, asJSON bool) (err error) {
	if o.Telemetry, err = telemetry.New(ctx, telemetry.Options{ServiceName: "postern-demo", Version: version()}); err != nil {
		return err
	}
	ending := context.WithoutCancel(ctx)
	d, err := demo.Open(ctx, o)
	if err != nil {
		return endDemo(std, demo.Result{APIVersion: o.Version}, asJSON, errors.Join(err, o.Telemetry.Shutdown(ending)))
	}
	result, err := d.Buy(ctx)
	if err != nil {
		err = errors.Join(errReported, err) // the story ends with it
	}
	if once || err != nil {
		return endDemo(std, result, asJSON, errors.Join(err, d.Close(), o.Telemetry.Shutdown(ending)))
	}
	err = endDemo(std, result, asJSON, nil)
	if err == nil {
		err = d.Stay(ctx)
	}
	return errors.Join(err, d.Close(), o.Telemetry.Shutdown(ending))
}

// endDemo prints the result of the purchase where JSON is asked for, and hands err on.
func endDemo(std streams, r demo.Result, asJSON bool, err error) error {
	if !asJSON {
		return err
	}
	if err != nil {
		r.OK = false
		if r.Error == "" {
			r.Error = err.Error()
		}
		err = errors.Join(errReported, err)
	}
	return errors.Join(printJSON(std.out, r), err)
}
