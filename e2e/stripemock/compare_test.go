//go:build e2e

package stripemock_test

import (
	"fmt"
	"slices"
	"strings"
)

// schemas are the named objects of an OpenAPI description.
type schemas map[string]schema

// schema is as much of an OpenAPI schema as a comparison needs.
type schema struct {
	Ref                  string            `json:"$ref"`
	Type                 string            `json:"type"`
	Nullable             bool              `json:"nullable"`
	Enum                 []any             `json:"enum"`
	AnyOf                []schema          `json:"anyOf"`
	Properties           map[string]schema `json:"properties"`
	Items                *schema           `json:"items"`
	AdditionalProperties any               `json:"additionalProperties"`
	Required             []string          `json:"required"`
}

// comparison collects what differs between our answer and the mock's.
type comparison struct {
	schemas  schemas
	problems []string
	// undisplayed are members that the description declares and the mock's fixture leaves out.
	undisplayed []string
	// oneNull are members that only one of the two shows as null, so that the description alone judges the other's value.
	oneNull []string
}

// forms resolves references and alternatives.
func (c *comparison) forms(s schema) (out []schema, nullable bool) {
	nullable = s.Nullable
	switch {
	case s.Ref != "":
		more, alsoNull := c.forms(c.schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")])
		return more, nullable || alsoNull
	case len(s.AnyOf) > 0:
		for _, one := range s.AnyOf {
			more, alsoNull := c.forms(one)
			out, nullable = append(out, more...), nullable || alsoNull
		}
		return out, nullable
	default:
		return []schema{s}, nullable
	}
}

func (c *comparison) problem(path, format string, args ...any) {
	c.problems = append(c.problems, path+": "+fmt.Sprintf(format, args...))
}

// value compares one member. theirs is nil, with there false, where the mock does not show it.
func (c *comparison) value(path string, ours, theirs any, there bool, s schema) {
	forms, nullable := c.forms(s)
	if there && (ours == nil) != (theirs == nil) {
		c.oneNull = append(c.oneNull, path)
	}
	if ours == nil {
		if !nullable && theirs != nil {
			c.problem(path, "ours is null, which the description does not allow")
		}
		return
	}
	var fitting []schema
	for _, f := range forms {
		if f.Type == "" || f.Type == jsonType(ours) || (f.Type == "integer" && jsonType(ours) == "number") {
			fitting = append(fitting, f)
		}
	}
	if len(fitting) == 0 {
		c.problem(path, "ours is a %s, which the description does not allow", jsonType(ours))
		return
	}
	// A reference may be shown as an id by the one and as an object by the other; expanded answers compare the objects.
	if there && theirs != nil && jsonType(theirs) != jsonType(ours) {
		c.problem(path, "ours is a %s, theirs a %s", jsonType(ours), jsonType(theirs))
		return
	}
	switch ours := ours.(type) {
	case map[string]any:
		known, _ := theirs.(map[string]any)
		c.object(path, ours, known, fitting)
	case []any:
		known, _ := theirs.([]any)
		for i, item := range ours {
			var like any
			if len(known) > 0 {
				like = known[min(i, len(known)-1)]
			}
			if fitting[0].Items != nil {
				c.value(fmt.Sprintf("%s[%d]", path, i), item, like, like != nil, *fitting[0].Items)
			}
		}
	case string:
		enum := fitting[0].Enum
		if len(enum) > 0 && !slices.Contains(enum, any(ours)) {
			c.problem(path, "%q is none of %v", ours, enum)
		}
	}
}

// object compares members. A member must be in the mock's answer; failing that it is noted if the description declares it, and is a
// problem if it does not.
func (c *comparison) object(path string, ours, theirs map[string]any, forms []schema) {
	form := forms[0]
	for _, f := range forms {
		if object, ok := f.Properties["object"]; ok && len(object.Enum) > 0 && object.Enum[0] == ours["object"] {
			form = f
		}
	}
	if form.AdditionalProperties != nil && form.AdditionalProperties != false && len(form.Properties) == 0 {
		for name, value := range ours {
			if _, ok := value.(string); !ok {
				c.problem(path+"."+name, "metadata is text")
			}
		}
		return
	}
	for name, value := range ours {
		at := path + "." + name
		declared, known := form.Properties[name]
		shown, there := theirs[name]
		switch {
		case !known:
			c.problem(at, "no such member is described")
			continue
		case !there:
			c.undisplayed = append(c.undisplayed, at)
		}
		c.value(at, value, shown, there, declared)
	}
	for _, name := range form.Required {
		if _, ok := ours[name]; !ok {
			c.problem(path+"."+name, "the description requires it and ours lacks it")
		}
	}
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "object"
	}
}
