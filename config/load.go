package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"time"
)

// Options says how references and paths in a file are resolved. The zero value reads the process's environment,
// resolves relative paths from the working folder, refuses literal secrets and does not look at expiry dates.
type Options struct {
	// LookupEnv finds an environment variable; nil means the environment of the process.
	LookupEnv func(name string) (value string, ok bool)
	// AllowLiteralSecrets lets a secret stand in the file as plain text. It is for the demo, whose secrets open nothing.
	AllowLiteralSecrets bool
	// Dir is where relative paths in the file start. Load sets it to the file's own folder.
	Dir string
	// Now is the moment by which keys are judged expired; zero judges none.
	Now time.Time
}

// Load reads and checks the file at path.
//
// The error is nil or of type [Problems], in file order. The Config is never nil: on an error it holds what could be
// read, so that the caller can check names in it (skipping what is empty, which is reported already) and join the
// problems; it must not be run. What is odd but harmless is in Config.Warnings. Load reads the secrets' files and
// variables and the TLS pair; it opens no connection. Reading the same file again has no effect.
func Load(path string, opts Options) (*Config, error) {
	opts.Dir = filepath.Dir(path)
	data, problem := readFile(path)
	if problem != nil {
		return newConfig(), Problems{*problem}
	}
	return parse(data, path, opts)
}

// Parse is Load for text that did not come from a file, as in a test or the demo; its problems carry no file name.
func Parse(data []byte, opts Options) (*Config, error) {
	return parse(data, "", opts)
}

func parse(data []byte, file string, opts Options) (*Config, error) {
	src := &source{file: file, opts: opts}
	cfg := newConfig()
	cfg.src = src
	root, problems := parseTree(src, data)
	if root == nil {
		return cfg, problems
	}
	cfg.root = root
	d := &decoder{src: src}
	d.decode(root, position{1, 1}, "", reflect.ValueOf(cfg).Elem())
	c := &checker{cfg: cfg, problems: append(problems, d.problems...)}
	c.check()
	c.problems.Sort()
	cfg.Warnings = c.problems.Warnings()
	return cfg, c.problems.Err()
}

// LoadSection reads a YAML file that is not gateway.yaml, such as the description of a shop, as one Section. The error
// is nil or of type [Problems].
func LoadSection(path string, opts Options) (Section, error) {
	opts.Dir = filepath.Dir(path)
	data, problem := readFile(path)
	if problem != nil {
		return Section{src: &source{file: path, opts: opts}}, Problems{*problem}
	}
	return ParseSection(path, data, opts)
}

// ParseSection is LoadSection for text that is already in memory, such as an embedded example; name is the file name
// that its problems carry and may be empty.
func ParseSection(name string, data []byte, opts Options) (Section, error) {
	src := &source{file: name, opts: opts}
	root, problems := parseTree(src, data)
	problems.Sort()
	return Section{src: src, node: root, at: position{1, 1}}, problems.Err()
}

func readFile(path string) ([]byte, *Problem) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &Problem{File: path, Message: fmt.Sprintf("the file cannot be read (%s); check its name", reason(err))}
	}
	if info.Size() > maxFileBytes || !info.Mode().IsRegular() {
		return nil, &Problem{File: path, Message: fmt.Sprintf("wants a regular file of at most %d bytes; name the right file", maxFileBytes)}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &Problem{File: path, Message: fmt.Sprintf("the file cannot be read (%s); check its permissions", reason(err))}
	}
	return data, nil
}
