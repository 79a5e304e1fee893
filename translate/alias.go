package translate

import "github.com/postern-gateway/postern/translate/wire"

// VersionAlias is the deviation of a call that names its date by an alias.
const VersionAlias wire.Deviation = "version_alias"

// aliases are values of API-Version that were never published as a date and
// that samples and documents name all the same, with the date whose documents
// do: OpenAI's pages on checkout (2025-09-12), rfc.agentic_checkout 10
// (2026-01-15), the changelog of 2026-01-30 (2026-01-22) and
// rfc.delegate_authentication (2026-01-28); all read 2026-11-22. There is no
// rule behind them, and no nearest date.
var aliases = map[string]string{
	"2025-09-12": "2025-09-29",
	"2026-01-15": "2026-01-16",
	"2026-01-22": "2026-01-30",
	"2026-01-28": "2026-01-30",
}

// Set says which values of API-Version are taken beside the published dates.
// The zero value takes none.
type Set struct {
	// Aliases takes stray dates for the ones that they stand for.
	Aliases bool
	// Unreleased takes "unreleased", the preview of the next date. It is never
	// listed, because it changes without notice.
	Unreleased bool
}

// Lookup finds the date that an API-Version header means. It is another one
// than the header where that is an alias; see [Version.Date].
func (s Set) Lookup(header string) (Version, bool) {
	if s.Unreleased && header == preview.Date {
		return preview, header != ""
	}
	if date, ok := aliases[header]; ok && s.Aliases {
		header = date
	}
	return Lookup(header)
}

// Supported are the dates that are told to agents, oldest first: the published
// ones, whatever else is taken. The slice is the caller's own.
func (s Set) Supported() []string { return SupportedVersions() }
