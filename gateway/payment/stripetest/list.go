package stripetest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// listParams are the parameters of every list call.
func listParams(extra spec) spec {
	s := spec{
		"created":        {kind: kindInteger},
		"created[gt]":    {kind: kindInteger},
		"created[gte]":   {kind: kindInteger},
		"created[lt]":    {kind: kindInteger},
		"created[lte]":   {kind: kindInteger},
		"ending_before":  {},
		"expand":         {kind: kindList},
		"limit":          {kind: kindInteger},
		"starting_after": {},
	}
	maps.Copy(s, extra)
	return s
}

// inCreated reports whether the moment fits the created filters, which count whole seconds.
func (a args) inCreated(at time.Time) bool {
	s := at.Unix()
	return (!a.has("created") || s == a.integer("created")) &&
		(!a.has("created[gt]") || s > a.integer("created[gt]")) &&
		(!a.has("created[gte]") || s >= a.integer("created[gte]")) &&
		(!a.has("created[lt]") || s < a.integer("created[lt]")) &&
		(!a.has("created[lte]") || s <= a.integer("created[lte]"))
}

// page cuts one page out of a list that is already newest first. The limit is 1 to 100, 10 when absent.
func page[T any](all []T, in args, id func(T) string) (items []T, more bool, failure *apiError) {
	limit := int64(10)
	if in.has("limit") {
		limit = in.integer("limit")
	}
	if limit < 1 || limit > 100 {
		return nil, false, invalidParameter("parameter_invalid_integer", "limit", "This value must be between 1 and 100.")
	}
	after, before := in.text("starting_after"), in.text("ending_before")
	if after != "" && before != "" {
		return nil, false, invalidRequest("parameters_exclusive", "You cannot set both starting_after and ending_before.")
	}
	if after != "" {
		i := slices.IndexFunc(all, func(item T) bool { return id(item) == after })
		if i < 0 {
			return nil, false, missingObject("object", after, "starting_after")
		}
		all = all[i+1:]
	}
	if before != "" {
		i := slices.IndexFunc(all, func(item T) bool { return id(item) == before })
		if i < 0 {
			return nil, false, missingObject("object", before, "ending_before")
		}
		all = all[max(0, i-int(limit)):i]
		return all, i > int(limit), nil
	}
	if int64(len(all)) > limit {
		return all[:limit], true, nil
	}
	return all, false, nil
}

// itemExpand turns the list form "data.latest_charge" into the form of a single object.
func itemExpand(in args) []string {
	var out []string
	for _, name := range in.list("expand") {
		if inner, ok := strings.CutPrefix(name, "data."); ok {
			out = append(out, inner)
		}
	}
	return out
}
