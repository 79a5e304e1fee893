package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/postern-gateway/postern/config/agentkey"
	"github.com/postern-gateway/postern/gateway/clock"
)

// maxToken is far above the length of any bearer token, in bytes.
const maxToken = 16 << 10

// agentName is the form of an agent's name in gateway.yaml.
var agentName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// keyFlags are what both commands take.
type keyFlags struct {
	name, expires *string
	json          *bool
}

func newKeyFlags(fs *flag.FlagSet) keyFlags {
	return keyFlags{
		name:    fs.String("name", "", "the agent's `name`: print a whole entry of agents, not the key alone"),
		expires: fs.String("expires", "", "the `date` on which the key stops working: 2027-01-31, midnight UTC, or 2027-01-31T18:00:00Z"),
		json:    fs.Bool("json", false, "print one JSON object in place of text"),
	}
}

func keysNewCommand() command {
	c := command{
		name: "keys new", summary: "make a token for an agent and the line of gateway.yaml that accepts it",
		about: `Prints the token once, on the first line. Nothing keeps it: gateway.yaml holds its SHA-256 only.`,
	}
	c.flags = func(fs *flag.FlagSet) action {
		env := fs.String("env", "live", "a `word` in the token that tells keys apart, such as live or test")
		k := newKeyFlags(fs)
		return func(_ context.Context, std streams) error {
			if err := k.check(c); err != nil {
				return err
			}
			token, err := agentkey.New(*env)
			if err != nil {
				return usage(c, "%s", err)
			}
			return k.print(std.out, token, true)
		}
	}
	return c
}

func keysHashCommand() command {
	c := command{
		name: "keys hash", summary: "print the line of gateway.yaml that accepts a token which the agent's platform issued",
		about: `Reads the token from standard input, never from an argument: arguments end up in the history of the shell and in the list of
processes.`,
	}
	c.flags = func(fs *flag.FlagSet) action {
		k := newKeyFlags(fs)
		return func(_ context.Context, std streams) error {
			if err := k.check(c); err != nil {
				return err
			}
			if f, ok := std.in.(*os.File); ok && isTerminal(f) {
				say(std.err, "Paste the token and press Enter: ")
			}
			token, err := readToken(std.in)
			if err != nil {
				return err
			}
			return k.print(std.out, token, false)
		}
	}
	return c
}

func (k keyFlags) check(c command) error {
	if *k.name != "" && !agentName.MatchString(*k.name) {
		return usage(c, "--name %q is no usable name; use lower-case letters, digits, - and _, at most 63", *k.name)
	}
	if *k.expires == "" {
		return nil
	}
	at, err := time.Parse(time.DateOnly, *k.expires)
	if err != nil {
		at, err = time.Parse(time.RFC3339, *k.expires)
	}
	switch {
	case err != nil:
		return usage(c, "--expires %q is no date; write it like 2027-01-31 or 2027-01-31T18:00:00Z", *k.expires)
	case !at.After(clock.System().Now()):
		return usage(c, "--expires %s is in the past; such a key would open nothing", *k.expires)
	}
	return nil
}

// readToken takes the first line, which must be the only one.
func readToken(r io.Reader) (string, error) {
	text, err := readLine(r)
	if err != nil {
		return "", fmt.Errorf("read the token from standard input: %w", err)
	}
	token := strings.TrimSpace(text)
	switch {
	case token == "":
		return "", errors.New("read the token from standard input: there is none; pipe it in, for example: postern keys hash < token.txt")
	case strings.ContainsAny(token, " \t\r\n"):
		return "", errors.New("read the token from standard input: it must be one word on one line")
	case strings.HasPrefix(token, "acpg_") && agentkey.Check(token) != nil:
		return "", errors.New("read the token from standard input: it was not copied whole; it begins like a token of postern keys new, but its checksum is wrong")
	}
	return token, nil
}

// readLine reads to the end of the input; from a terminal, one read is one line.
func readLine(r io.Reader) (string, error) {
	if f, ok := r.(*os.File); ok && isTerminal(f) {
		line := make([]byte, maxToken)
		n, err := f.Read(line)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return string(line[:n]), err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxToken+1))
	if err == nil && len(text) > maxToken {
		err = fmt.Errorf("it is longer than %d bytes; that is no token", maxToken)
	}
	return string(text), err
}

// print shows a key. The token itself is shown only when it was made here.
func (k keyFlags) print(w io.Writer, token string, made bool) error {
	entry := k.entry(agentkey.Hash(token))
	if *k.json {
		out := struct {
			Token   string `json:"token,omitempty"`
			SHA256  string `json:"sha256"`
			Expires string `json:"expires,omitempty"`
			YAML    string `json:"yaml"`
		}{SHA256: agentkey.Hash(token), Expires: *k.expires, YAML: entry}
		if made {
			out.Token = token
		}
		return printJSON(w, out)
	}
	where := "agents[].keys"
	if *k.name != "" {
		where = "agents"
	}
	if made {
		say(w, "%s\n\n# Give the agent the line above; it is shown this once. Put the lines below under %s in gateway.yaml:\n", token, where)
	}
	say(w, "%s", entry)
	return nil
}

// entry is the YAML of a key, or of the agent that has it.
func (k keyFlags) entry(hash string) string {
	lines := []string{"- sha256: " + hash}
	if *k.expires != "" {
		lines = append(lines, "  expires: "+*k.expires)
	}
	if *k.name == "" {
		return strings.Join(lines, "\n") + "\n"
	}
	return "- name: " + *k.name + "\n  keys:\n    " + strings.Join(lines, "\n    ") + "\n  shops: [main]\n"
}

// isTerminal reports whether a person sits at f. A device that is no terminal, such as /dev/null, counts as one: it does not matter there.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
