package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/config"
	"github.com/postern-gateway/postern/gateway"
	"github.com/postern-gateway/postern/gateway/telemetry"
)

// stopTime is how long calls that run may take once the program was told to stop. Service managers kill after 30 s or more.
const stopTime = 25 * time.Second

const configFlag = "the configuration `file`"

func serveCommand() command {
	return command{
		name: "serve", summary: "run the gateway",
		about: `Reads and checks the configuration, then serves until SIGINT or SIGTERM. Calls that run get 25 s to end; purchases that are
half way are taken up at the next start. Logs are JSON lines on standard error. Traces and metrics follow the OTEL_* variables.`,
		flags: func(fs *flag.FlagSet) action {
			path := fs.String("config", "gateway.yaml", configFlag)
			return func(ctx context.Context, std streams) error { return serve(ctx, std, *path) }
		},
	}
}

func serve(ctx context.Context, std streams, path string) (err error) {
	cfg, err := load(path)
	if err != nil {
		return refuse(std, path, err)
	}
	log := telemetry.NewLogger(std.err, cfg.Telemetry.LogLevel)
	for _, w := range cfg.Warnings {
		log.WarnContext(ctx, "the configuration could be better", "problem", w.String())
	}
	providers, err := telemetry.New(ctx, telemetry.Options{ServiceName: cfg.Telemetry.ServiceName, Version: version()})
	if err != nil {
		return err
	}
	g, err := gateway.New(ctx, cfg, gateway.Options{Log: log, Telemetry: providers})
	if err != nil {
		return errors.Join(err, providers.Shutdown(ctx))
	}
	ended := g.Start(ctx)
	select {
	case err = <-ended:
	case <-ctx.Done():
		log.InfoContext(ctx, "stopping")
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err = errors.Join(err, g.Stop(stopping), providers.Shutdown(stopping)); err == nil {
		log.InfoContext(stopping, "stopped")
	}
	return err
}

// refuse prints what keeps a configuration from being used.
func refuse(std streams, path string, err error) error {
	problems := config.ProblemsOf(err)
	for _, p := range problems {
		say(std.err, "%s\n", p)
	}
	say(std.err, "postern: %s cannot be used: %s\n", path, counted(len(problems), "problem"))
	return errReported
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
