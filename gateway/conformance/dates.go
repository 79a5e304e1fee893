package conformance

import "slices"

// The published dates of the protocol, oldest first, and the folder of what comes next.
const (
	v1      = "2025-09-29"
	v2      = "2025-12-12"
	v3      = "2026-01-16"
	v4      = "2026-01-30"
	v5      = "2026-04-17"
	preview = "unreleased"
)

// Published are the dates that "all" means, oldest first.
func Published() []string { return []string{v1, v2, v3, v4, v5} }

// Versions are all dates that can be asked for: the published ones and "unreleased".
func Versions() []string { return append(Published(), preview) }

// Transport is what carries the calls.
type Transport string

// The transports.
const (
	REST Transport = "rest"
	MCP  Transport = "mcp"
)

// Transports are all of them. MCP exists from 2026-04-17 on.
func Transports() []Transport { return []Transport{REST, MCP} }

// age counts dates from 0, the oldest; -1 for what is no date.
func age(date string) int { return slices.Index(Versions(), date) }

// since reports whether date is from or later.
func since(date, from string) bool { return age(date) >= age(from) }

// carries reports whether a transport exists in a date.
func carries(t Transport, date string) bool { return t == REST || since(date, v5) }
