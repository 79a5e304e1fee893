// Package reader reads the requests of every ACP date. There is one reader
// and not one for each date, because agents send what the documents, their
// samples and other agents showed them, whatever date they name: it takes the
// union of all shapes, gives it one meaning, and records each shape that the
// named date does not have (wire.Value.Deviate), so that a deviation is
// counted, and refused to an agent that is held to its date.
//
// Start at [Dialect.Create]. A [Dialect] holds the facts of a date; the date packages
// above keep one each. What can be wrong about a request is named in
// deviation.go. One noun lives in one file.
//
// Two members that mean the same are refused when both are sent, because
// obeying one would silently ignore the other. Null means absence on create
// and complete and clears on update. Prices that an agent sends are ignored.
// Card numbers are refused where people write text.
//
// Everything here is pure and safe for concurrent use; a wire.Reader is for
// one call. The facts are those of the published schemas (spec/<date>, read
// 2026-11-22).
//
// It may import translate/wire, gateway/commerce and the standard library.
package reader
