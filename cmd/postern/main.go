// Command postern is the gateway and its tools.
//
// Start at [commands], the list of what can be typed; each command has a file of its own. A command reads flags, loads the
// configuration and hands over to package gateway or to the demo; nothing is decided here. The program may import every package of
// the module and is imported by none.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
)

// The exit statuses beside 0, all is well.
const (
	exitFailed = 1 // the command ran and something is wrong
	exitUsage  = 2 // the command line is wrong; nothing was done
)

// streams are the ends of a command. Results go to out, everything else to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// action runs a command whose flags are parsed.
type action func(ctx context.Context, std streams) error

// command is one thing that can be typed after postern.
type command struct {
	name    string // one word or two
	summary string
	about   string
	// flags declares the command's flags and returns what runs when they are parsed.
	flags func(fs *flag.FlagSet) action
}

// commands are all of them, in the order of help.
func commands() []command {
	return []command{demoCommand(), serveCommand(), checkCommand(), buyCommand(), conformCommand(), keysNewCommand(), keysHashCommand()}
}

// errReported ends a command that has told already what is wrong.
var errReported = errors.New("reported already")

// usageError is a wrong command line.
type usageError struct{ message, help string }

func (e usageError) Error() string { return e.message + "\nrun: " + e.help }

func usage(c command, format string, args ...any) error {
	return usageError{"postern " + c.name + ": " + fmt.Sprintf(format, args...), "postern help " + c.name}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	os.Exit(run(ctx, streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
}

// run carries out one command line and returns the exit status.
func run(ctx context.Context, std streams, args []string) int {
	err := dispatch(ctx, std, args)
	wrong, isUsage := errors.AsType[usageError](err)
	switch {
	case err == nil:
		return 0
	case isUsage:
		say(std.err, "%s\n", wrong)
		return exitUsage
	case !errors.Is(err, errReported):
		say(std.err, "postern: %s\n", err)
	}
	return exitFailed
}

func dispatch(ctx context.Context, std streams, args []string) error {
	if len(args) == 0 {
		return usageError{"postern wants a command\n\n" + commandList(), "postern help"}
	}
	if isHelp(args[0]) {
		return help(std.out, args[1:])
	}
	if args[0] == "version" || args[0] == "--version" {
		say(std.out, "postern %s\n", version())
		return nil
	}
	c, rest, ok := findCommand(args)
	if !ok {
		return unknownCommand(args)
	}
	fs := newFlagSet(c)
	act := c.flags(fs)
	switch err := fs.Parse(rest); {
	case errors.Is(err, flag.ErrHelp):
		describe(std.out, c)
		return nil
	case err != nil:
		return usage(c, "%s", strings.Replace(err.Error(), ": -", ": --", 1))
	case fs.NArg() > 0:
		return usage(c, "%q is not understood; the command takes flags only", fs.Arg(0))
	}
	return act(ctx, std)
}

func newFlagSet(c command) *flag.FlagSet {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are told by run, in one form
	return fs
}

func isHelp(word string) bool {
	return slices.Contains([]string{"help", "-h", "-help", "--help"}, word)
}

// findCommand takes the command off the front of args; names of two words win.
func findCommand(args []string) (c command, rest []string, ok bool) {
	for words := min(2, len(args)); words > 0; words-- {
		name := strings.Join(args[:words], " ")
		for _, c := range commands() {
			if c.name == name {
				return c, args[words:], true
			}
		}
	}
	return command{}, nil, false
}

func unknownCommand(args []string) error {
	message := fmt.Sprintf("postern: there is no command %q", args[0])
	for _, c := range commands() {
		if strings.HasPrefix(c.name, args[0]+" ") {
			message = fmt.Sprintf("postern: %s wants a second word", args[0])
		}
	}
	return usageError{message + "\n\n" + commandList(), "postern help"}
}

// help prints the list, or what one command does.
func help(w io.Writer, args []string) error {
	if len(args) == 0 {
		say(w, "Postern lets AI agents buy from the shop that you already run (%s).\n\n%s\nRun postern help and a command for its flags.\n", version(), commandList())
		return nil
	}
	c, _, ok := findCommand(args)
	if !ok {
		return unknownCommand(args)
	}
	describe(w, c)
	return nil
}

func commandList() string {
	var b strings.Builder
	for _, c := range commands() {
		say(&b, "  postern %-10s %s\n", c.name, c.summary)
	}
	return b.String()
}

func describe(w io.Writer, c command) {
	fs := newFlagSet(c)
	c.flags(fs)
	say(w, "postern %s: %s\n\n%s\n", c.name, c.summary, c.about)
	fs.VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" {
			text += "; default " + f.DefValue
		}
		say(w, "\n  --%s\n        %s\n", strings.TrimSpace(f.Name+" "+value), text)
	})
}

// say writes for a person to read. When the reader has gone there is nobody left to tell.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// version is what the build knows of itself.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "development build"
	}
	return info.Main.Version
}
