package wire

import "github.com/postern-gateway/postern/gateway/commerce"

// Reason says why a body or one of its members was refused. The set is
// closed; the zero value is not a reason.
type Reason uint8

// The reasons for which a body is refused. They map onto ACP error codes
// through [Reason.Code].
const (
	// Malformed means that the bytes are no JSON document by RFC 8259.
	Malformed Reason = iota + 1
	// TrailingData means that something follows the document.
	TrailingData
	// Encoding means invalid UTF-8, a lone surrogate, a NUL or a byte order mark.
	Encoding
	// DuplicateName means that an object names one member twice, or two
	// members that mean the same.
	DuplicateName
	// LetterCase means a name that differs from a known one in letter case alone.
	LetterCase
	// TooDeep means more than [MaxDepth] levels.
	TooDeep
	// TooLarge means more than [MaxNodes] values in one document.
	TooLarge
	// NumberRange means a number beyond ±(2^53−1), or one that a date does
	// not allow here.
	NumberRange
	// NotInteger means a fraction where whole numbers are meant.
	NotInteger
	// WrongType means another JSON type than the one that is meant.
	WrongType
	// WrongFormat means a string that is no date, address or word of the
	// expected form.
	WrongFormat
	// Missing means that a required member is absent, null or empty.
	Missing
	// LinesMissing means a cart without lines.
	LinesMissing
	// Unsupported means a well-formed value that this gateway does not take.
	Unsupported
	// Private means a card number, or another trace of a person, where none
	// belongs.
	Private
	// OtherDate means a shape that the date does not have, for an agent that is
	// held to its date.
	OtherDate
)

var reasonText = [...]string{
	Malformed:     "is not valid JSON",
	TrailingData:  "is followed by further data",
	Encoding:      "is not valid text",
	DuplicateName: "is a duplicate member name",
	LetterCase:    "is no member name",
	TooDeep:       "is nested too deeply",
	TooLarge:      "holds too many values",
	NumberRange:   "is out of range",
	NotInteger:    "is not a whole number",
	WrongType:     "has the wrong JSON type",
	WrongFormat:   "has the wrong format",
	Missing:       "is missing",
	LinesMissing:  "must name a line",
	Unsupported:   "is not supported",
	Private:       "holds data that does not belong there",
	OtherDate:     "has a shape of another version",
}

// String names the reason in words, lower case, fit for the middle of a sentence.
func (r Reason) String() string {
	if int(r) < len(reasonText) && reasonText[r] != "" {
		return reasonText[r]
	}
	return "is refused"
}

// Code is the ACP error code of the reason. The protocol leaves codes to
// implementations; missing, invalid and pii_not_allowed are those that its
// documents use for bodies (ACP rfc.agentic_checkout 3.1 and
// rfc.affiliate_attribution 6, read 2026-11-22).
func (r Reason) Code() string {
	switch r {
	case Missing:
		return "missing"
	case LinesMissing:
		return "missing_line_items"
	case Unsupported:
		return "unsupported"
	case Private:
		return "pii_not_allowed"
	default:
		return "invalid"
	}
}

// Refusal is the error of every refusal in this package. It is safe to show
// to an agent and to log: it names the place and the reason and never repeats
// a value, because values carry buyers' data and tokens.
type Refusal struct {
	// Param is the RFC 9535 JSONPath of the refused value, "$" for the body.
	Param string
	// Reason says why, from the closed set.
	Reason Reason
	// Detail adds what was expected, in words of our own. May be empty.
	Detail string
}

// Error implements error.
func (r *Refusal) Error() string {
	subject := r.Param
	if subject == "$" {
		subject = "request body"
	}
	if r.Detail == "" {
		return subject + " " + r.Reason.String()
	}
	return subject + " " + r.Reason.String() + ": " + r.Detail
}

// As lets errors.As and errors.AsType see the refusal as the fault that it is
// to the rest of the gateway: [commerce.Invalid] with its place and code.
func (r *Refusal) As(target any) bool {
	fault, ok := target.(**commerce.Fault)
	if !ok {
		return false
	}
	*fault = &commerce.Fault{Kind: commerce.Invalid, Code: r.Reason.Code(), Param: r.Param, Message: r.Error()}
	return true
}
