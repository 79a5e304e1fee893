package config

import (
	"fmt"
	"reflect"
)

// Section is a part of a file that has not been decoded yet: an adapter's own settings, or any value inside them. It
// knows where it stands, so that problems found later still name the line. The zero Section is an empty one without a
// place. A Section is read-only and may be copied and used concurrently.
type Section struct {
	src  *source
	node *node
	at   position
	path string
}

// Decode fills the value that into points to, strictly: unknown keys, wrong types and missing required keys are all
// reported at once. What the file does not mention keeps the value that it had, so defaults go in before.
//
// Fields are named by `yaml:"name"`; `yaml:"name,required"` must be present and not empty; a field without a tag is
// ignored. Fields may be bool, int and uint kinds, string, [time.Duration] ("10s"), [time.Time] (a date or RFC 3339),
// [Secret], Section (kept undecoded), structs, pointers, slices, maps with string keys, types with UnmarshalText, and
// any (maps, lists, string, bool, nil, int, and [encoding/json.Number] for what is no int). A type with a method
// SetDefaults() on its pointer has it called before it is filled.
//
// The error is nil or of type [Problems]. Secrets are resolved here, by the rules of the file that the section is in.
func (s Section) Decode(into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("decode section %s: want a pointer to fill, got %T", s.path, into)
	}
	d := &decoder{src: s.source()}
	n := s.node
	if n == nil {
		n = &node{kind: kindNull, at: s.at}
	}
	d.decode(n, s.at, s.path, v.Elem())
	d.problems.Sort()
	return d.problems.Err()
}

// Problem makes a problem about the value at a path relative to the section, such as "steps[2].url". Its line is that
// of the value, or of the deepest value on the way to it that exists. An empty path means the section itself.
func (s Section) Problem(path, format string, args ...any) Problem {
	return s.source().problem(locate(s.node, s.at, path), joinPath(s.path, path), format, args...)
}

// Has reports whether the section holds the key with a value that is not empty.
func (s Section) Has(key string) bool {
	f := s.node.get(key)
	return f != nil && f.value.kind != kindNull
}

// Get returns the value under a key as a Section of its own. Under a key that is not there stands an empty Section
// with this one's place.
func (s Section) Get(key string) Section {
	sub := Section{src: s.src, at: s.at, path: keyPath(s.path, key)}
	if f := s.node.get(key); f != nil {
		sub.node, sub.at = f.value, f.at
	}
	return sub
}

// Keys returns the keys in file order; it is empty for anything but a group of keys.
func (s Section) Keys() []string {
	if s.node == nil {
		return nil
	}
	keys := make([]string, len(s.node.fields))
	for i, f := range s.node.fields {
		keys[i] = f.name
	}
	return keys
}

// Items returns the members of a list in file order; it is empty for anything but a list.
func (s Section) Items() []Section {
	if s.node == nil {
		return nil
	}
	items := make([]Section, len(s.node.items))
	for i, item := range s.node.items {
		items[i] = Section{src: s.src, node: item, at: item.at, path: indexPath(s.path, i)}
	}
	return items
}

// IsText reports whether the section is one piece of text, for a setting that may be text or something larger.
func (s Section) IsText() bool {
	return s.node != nil && s.node.kind == kindText
}

// IsZero reports whether nothing was written: no value, or an empty one.
func (s Section) IsZero() bool {
	return s.node == nil || s.node.kind == kindNull
}

// Line returns the section's line in its file, counted from 1; 0 means no place.
func (s Section) Line() int { return s.at.line }

// Path returns the section's path from the root of its file, such as "shops.main.settings".
func (s Section) Path() string { return s.path }

// Load reads another YAML file that a setting of this section names, under the same rules for secrets. A relative
// path starts at the folder of this section's file. The error is of type [Problems], with places in the other file.
func (s Section) Load(path string) (Section, error) {
	return LoadSection(s.source().opts.resolvePath(path), s.source().opts)
}

func (s Section) source() *source {
	if s.src == nil {
		return &source{}
	}
	return s.src
}
