// Package translate is the list of the ACP dates that Postern speaks, and the
// contract that each of them keeps: pure functions between the bytes of one
// date and commerce values. Wire JSON exists below this folder only.
//
// Start at [Version] and [Lookup]; [Set] is what a gateway takes beside the
// published dates. A date lives in its own folder, v20250929 and so on; adding
// one is a folder and a line in [Versions]. Reading is lenient, one reader for
// all dates (package reader), and writing is strict, each date for itself.
//
// Everything here is immutable and safe for concurrent use. The package may
// import the date packages, translate/wire and gateway/commerce.
package translate

import (
	"net/http"
	"slices"

	"github.com/postern-gateway/postern/gateway/commerce"
	"github.com/postern-gateway/postern/translate/unreleased"
	"github.com/postern-gateway/postern/translate/v20250929"
	"github.com/postern-gateway/postern/translate/v20251212"
	"github.com/postern-gateway/postern/translate/v20260116"
	"github.com/postern-gateway/postern/translate/v20260130"
	"github.com/postern-gateway/postern/translate/v20260417"
	"github.com/postern-gateway/postern/translate/wire"
)

// Version is one date of the protocol: facts about it, and its translation.
// All functions are pure, and set but for those of carts. Decoding fails with an error that is a
// [commerce.Fault] of kind Invalid with code and param to errors.As. Encoding
// fails when a quote does not add up or a value cannot be JSON; that is a bug
// or a broken shop and never the agent's fault.
type Version struct {
	// Date is the value of the API-Version header.
	Date string
	// KeyRequired says that every POST needs an Idempotency-Key; without it
	// older dates execute unprotected (rfc.agentic_checkout 6.1).
	KeyRequired bool
	// MismatchStatus is the HTTP status for a key that was used with another
	// body: 409 in older dates, 422 since 2026-04-17 (6.4).
	MismatchStatus int
	// Discounts says that requests can carry discount codes.
	Discounts bool
	// OrderInSession says that every answer about a completed session shows
	// its order; in the oldest date only the answer to complete does.
	OrderInSession bool
	// Carts says that the date has carts; then DecodeCart and EncodeCart are set.
	Carts bool
	// MCP says that the date has a binding to the Model Context Protocol.
	MCP bool

	// DecodeCreate reads the body of POST /checkout_sessions.
	DecodeCreate func(*wire.Reader) (commerce.CreateRequest, error)
	// DecodeUpdate reads the body of POST /checkout_sessions/{id}.
	DecodeUpdate func(*wire.Reader) (commerce.UpdateRequest, error)
	// DecodeComplete reads the body of POST /checkout_sessions/{id}/complete.
	DecodeComplete func(*wire.Reader) (commerce.CompleteRequest, error)
	// DecodeCancel reads the body of POST /checkout_sessions/{id}/cancel; the
	// empty body is a good one.
	DecodeCancel func(*wire.Reader) (commerce.CancelRequest, error)

	// DecodeCart reads the body of POST /carts and PUT /carts/{id}.
	DecodeCart func(*wire.Reader) (commerce.CartRequest, error)
	// EncodeCart writes the answer to every operation of a cart.
	EncodeCart func(commerce.SavedCart) ([]byte, error)

	// EncodeSession writes the answer to create, get, update and cancel.
	EncodeSession func(commerce.Session) ([]byte, error)
	// EncodeCompletion writes the answer to complete, with the order if the
	// session has one.
	EncodeCompletion func(commerce.Session) ([]byte, error)
	// EncodeError writes the body of an error answer. A param is given in
	// terms of 2026-04-17 and written in terms of the date, unless the problem
	// says that it is as sent.
	EncodeError func(wire.Problem) ([]byte, error)
	// EncodeEvent writes the body of the order webhook of the date.
	EncodeEvent func(commerce.Event) ([]byte, error)
}

// versions are the dates that are spoken, newest first.
var versions = []Version{
	{
		Date:           v20260417.Date,
		KeyRequired:    true,
		MismatchStatus: http.StatusUnprocessableEntity,
		Discounts:      true,
		OrderInSession: true,
		Carts:          true,
		MCP:            true,

		DecodeCreate:     v20260417.Dialect.Create,
		DecodeUpdate:     v20260417.Dialect.Update,
		DecodeComplete:   v20260417.Dialect.Complete,
		DecodeCancel:     v20260417.Dialect.Cancel,
		DecodeCart:       v20260417.Dialect.Cart,
		EncodeCart:       v20260417.EncodeCart,
		EncodeSession:    v20260417.EncodeSession,
		EncodeCompletion: v20260417.EncodeCompletion,
		EncodeError:      v20260417.EncodeError,
		EncodeEvent:      v20260417.EncodeEvent,
	},
	{
		Date:           v20260130.Date,
		MismatchStatus: http.StatusConflict,
		Discounts:      true,
		OrderInSession: true,

		DecodeCreate:     v20260130.Dialect.Create,
		DecodeUpdate:     v20260130.Dialect.Update,
		DecodeComplete:   v20260130.Dialect.Complete,
		DecodeCancel:     v20260130.Dialect.Cancel,
		EncodeSession:    v20260130.EncodeSession,
		EncodeCompletion: v20260130.EncodeCompletion,
		EncodeError:      v20260130.EncodeError,
		EncodeEvent:      v20260130.EncodeEvent,
	},
	{
		Date:           v20260116.Date,
		MismatchStatus: http.StatusConflict,
		OrderInSession: true,

		DecodeCreate:     v20260116.Dialect.Create,
		DecodeUpdate:     v20260116.Dialect.Update,
		DecodeComplete:   v20260116.Dialect.Complete,
		DecodeCancel:     v20260116.Dialect.Cancel,
		EncodeSession:    v20260116.EncodeSession,
		EncodeCompletion: v20260116.EncodeCompletion,
		EncodeError:      v20260116.EncodeError,
		EncodeEvent:      v20260116.EncodeEvent,
	},
	{
		Date:           v20251212.Date,
		MismatchStatus: http.StatusConflict,
		OrderInSession: true,

		DecodeCreate:     v20251212.Dialect.Create,
		DecodeUpdate:     v20251212.Dialect.Update,
		DecodeComplete:   v20251212.Dialect.Complete,
		DecodeCancel:     v20251212.Dialect.Cancel,
		EncodeSession:    v20251212.EncodeSession,
		EncodeCompletion: v20251212.EncodeCompletion,
		EncodeError:      v20251212.EncodeError,
		EncodeEvent:      v20251212.EncodeEvent,
	},
	{
		Date:           v20250929.Date,
		MismatchStatus: http.StatusConflict,

		DecodeCreate:     v20250929.Dialect.Create,
		DecodeUpdate:     v20250929.Dialect.Update,
		DecodeComplete:   v20250929.Dialect.Complete,
		DecodeCancel:     v20250929.Dialect.Cancel,
		EncodeSession:    v20250929.EncodeSession,
		EncodeCompletion: v20250929.EncodeCompletion,
		EncodeError:      v20250929.EncodeError,
		EncodeEvent:      v20250929.EncodeEvent,
	},
}

// preview is what comes after the newest date; see [Set].
var preview = Version{
	Date:           unreleased.Date,
	KeyRequired:    true,
	MismatchStatus: http.StatusUnprocessableEntity,
	Discounts:      true,
	OrderInSession: true,
	Carts:          true,
	MCP:            true,

	DecodeCreate:     unreleased.Dialect.Create,
	DecodeUpdate:     unreleased.Dialect.Update,
	DecodeComplete:   unreleased.Dialect.Complete,
	DecodeCancel:     unreleased.Dialect.Cancel,
	DecodeCart:       unreleased.Dialect.Cart,
	EncodeCart:       unreleased.EncodeCart,
	EncodeSession:    unreleased.EncodeSession,
	EncodeCompletion: unreleased.EncodeCompletion,
	EncodeError:      unreleased.EncodeError,
	EncodeEvent:      unreleased.EncodeEvent,
}

// Versions are the dates that are spoken, newest first. The slice is the
// caller's own.
func Versions() []Version { return slices.Clone(versions) }

// Newest is the newest date. What must be said before a version is known,
// errors about the version above all, is said in it.
func Newest() Version { return versions[0] }

// Lookup finds a date by the exact value of an API-Version header. There is no
// nearest date: an agent that asks for another one must be told.
func Lookup(date string) (Version, bool) {
	for _, v := range versions {
		if v.Date == date {
			return v, true
		}
	}
	return Version{}, false
}

// SupportedVersions are the dates, oldest first, as discovery wants them and
// as errors about the version list them. The slice is the caller's own.
func SupportedVersions() []string {
	dates := make([]string, 0, len(versions))
	for _, v := range slices.Backward(versions) {
		dates = append(dates, v.Date)
	}
	return dates
}
