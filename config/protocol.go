package config

// Protocol says which values of API-Version are taken beside the published ACP dates, all of which are always taken. The zero value
// takes no other.
type Protocol struct {
	// Aliases takes stray dates that documents name for the published ones that they stand for; each use is counted. Default false.
	Aliases bool `yaml:"aliases"`
	// Unreleased takes "unreleased", the preview of the next date, which changes without notice and is never advertised. Default false.
	Unreleased bool `yaml:"unreleased"`
}
