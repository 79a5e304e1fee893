// Package config turns gateway.yaml into typed data and reports everything that is wrong with it at once.
//
// Start at [Load], which reads a file into a [Config]; the fields of Config are the settings, and gateway.yaml at the
// root of the repository is their commented reference. Three types carry the package's ideas:
//
//   - [Problem] is one thing that is wrong, with its file, line, column and path, and the remedy in its text. Problems
//     come in file order, all of them, so that one look at the list is enough to mend the file.
//   - [Secret] is a value that was named by ${env:NAME} or ${file:/path} and that prints as [redacted] everywhere.
//   - [Section] is a part of the file that somebody else understands: an adapter's own settings. It is decoded by its
//     owner with [Section.Decode], just as strictly, and its problems keep the line in the file. Adapters never import
//     YAML; this is their way to it.
//
// The package is data only. Whether an adapter, an ACP date or a policy of that name exists is known to the gateway,
// which checks those names itself and joins its problems, placed by [Config.Problem], to the ones found here.
//
// It may import the standard library, the YAML parser and floor 0 (gateway/commerce, gateway/clock); nothing else of
// this module, except that config/agentkey stands beside it.
package config
