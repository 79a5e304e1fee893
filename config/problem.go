package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a file. Its Message says what and how to mend it, and never holds a secret.
// The zero value is a problem without a place.
type Problem struct {
	// File is the file's name as it was given to Load, empty for text that came from elsewhere.
	File string `json:"file,omitempty"`
	// Line and Column count from 1; 0 means that the problem concerns the file as a whole.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Path names the setting, for example "agents[0].keys[1].sha256"; empty means the whole file.
	Path string `json:"path"`
	// Message is lower case and ends with the remedy.
	Message string `json:"message"`
	// Warning is set when the gateway can run all the same.
	Warning bool `json:"warning,omitempty"`
}

// String renders the problem as "file:line:column: path: message", leaving out what is unknown.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		b.WriteByte(':')
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is a list of problems. As an error it prints one line for each; as JSON it is an array. A list that is
// handed out is sorted in file order. Do not store an empty list in an error: use [Problems.Err].
type Problems []Problem

// Error renders the list, one problem on each line.
func (ps Problems) Error() string {
	if len(ps) == 0 {
		return "no problems"
	}
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Sort puts the list in file order: by file, line, column, path and message.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Message, b.Message),
		)
	})
}

// Warnings returns the problems that do not keep the gateway from running.
func (ps Problems) Warnings() Problems {
	return ps.filter(true)
}

// Errors returns the problems that keep the gateway from running.
func (ps Problems) Errors() Problems {
	return ps.filter(false)
}

// Err returns the errors in the list as an error of type Problems, or nil when there is none.
func (ps Problems) Err() error {
	errs := ps.Errors()
	if len(errs) == 0 {
		return nil
	}
	return errs
}

func (ps Problems) filter(warning bool) Problems {
	var out Problems
	for _, p := range ps {
		if p.Warning == warning {
			out = append(out, p)
		}
	}
	return out
}

// ProblemsOf returns the list that err carries. An error of another kind becomes one problem without a place, and nil
// becomes an empty list, so that a command can report whatever loading returned in one form.
func ProblemsOf(err error) Problems {
	if err == nil {
		return nil
	}
	if ps, ok := errors.AsType[Problems](err); ok {
		return ps
	}
	return Problems{{Message: err.Error()}}
}
