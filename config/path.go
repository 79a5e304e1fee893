package config

import (
	"regexp"
	"strconv"
	"strings"
)

// plainKey is a key that a path shows without quotes.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// keyPath appends a key: a.b for plain keys, a["b.c"] for others.
func keyPath(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

// indexPath appends a list index, which counts from 0.
func indexPath(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}

// joinPath appends a path to the path of the section that it is relative to.
func joinPath(base, path string) string {
	if base == "" || path == "" || strings.HasPrefix(path, "[") {
		return base + path
	}
	return base + "." + path
}

// locate walks from n along path and returns the place of the value it names. Of a group or list that is its own
// first line; where the path leads on beyond what is in the file, the deepest value on the way answers.
func locate(n *node, at position, path string) position {
	for n != nil && path != "" {
		var step string
		step, path = cutStep(path)
		next, nextAt, ok := n.child(step)
		if !ok {
			return at
		}
		n, at = next, nextAt
	}
	return at
}

// child returns the value that one step of a path leads to, and its place: a scalar's own, else that of its key.
func (n *node) child(step string) (*node, position, bool) {
	if i, ok := indexOf(step); ok {
		if n.kind != kindList || i >= len(n.items) {
			return nil, position{}, false
		}
		return n.items[i], n.items[i].at, true
	}
	name := step
	if strings.HasPrefix(step, "[") {
		unquoted, err := strconv.Unquote(step[1 : len(step)-1])
		if err != nil {
			return nil, position{}, false
		}
		name = unquoted
	}
	f := n.get(name)
	if f == nil {
		return nil, position{}, false
	}
	if f.value.kind == kindMap || f.value.kind == kindList {
		return f.value, f.at, true
	}
	return f.value, f.value.at, true
}

// cutStep splits the first step off a path: "a", "[0]" or `["a.b"]`.
func cutStep(path string) (step, rest string) {
	path = strings.TrimPrefix(path, ".")
	if strings.HasPrefix(path, `["`) {
		if quoted, err := strconv.QuotedPrefix(path[1:]); err == nil && strings.HasPrefix(path[1+len(quoted):], "]") {
			end := 1 + len(quoted) + 1
			return path[:end], path[end:]
		}
		return path, ""
	}
	if strings.HasPrefix(path, "[") {
		if end := strings.IndexByte(path, ']'); end > 0 {
			return path[:end+1], path[end+1:]
		}
		return path, ""
	}
	if end := strings.IndexAny(path, ".["); end > 0 {
		return path[:end], path[end:]
	}
	return path, ""
}

func indexOf(step string) (int, bool) {
	if len(step) < 3 || step[0] != '[' {
		return 0, false
	}
	i, err := strconv.Atoi(step[1 : len(step)-1])
	return i, err == nil && i >= 0
}
