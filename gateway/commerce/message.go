package commerce

// Message tells an agent about a session that is valid but blocked or worth a remark. Faults of a whole request are a [Fault].
type Message struct {
	Type       MessageType
	Code       string // empty for info; the codes of the 2026-04-17 schema, mapped down by older dates
	Severity   string // info, low, medium, high or critical; may be empty
	Resolution Resolution
	Param      string // JSONPath in terms of the 2026-04-17 session, such as $.line_items[0]
	Content    string // plain text
	Markdown   bool   // Content is CommonMark without raw HTML
}

// MessageType is how grave a message is.
type MessageType string

// The types of messages. Dates before 2026-01-30 show warnings as info.
const (
	Info    MessageType = "info"
	Warning MessageType = "warning"
	Error   MessageType = "error"
)

// Resolution is what an agent can do about a message (from 2026-04-17).
type Resolution string

// The resolutions. Every error carries one.
const (
	Recoverable         Resolution = "recoverable"
	RequiresBuyerInput  Resolution = "requires_buyer_input"
	RequiresBuyerReview Resolution = "requires_buyer_review"
)

// The error codes that Postern sends. Source: 2026-04-17 schema, MessageError.
const (
	CodeMissing              = "missing"
	CodeInvalid              = "invalid"
	CodeOutOfStock           = "out_of_stock"
	CodePaymentDeclined      = "payment_declined"
	CodeRequiresSignIn       = "requires_sign_in"
	CodeRequires3DS          = "requires_3ds"
	CodeQuantityExceeded     = "quantity_exceeded"
	CodeCouponInvalid        = "coupon_invalid"
	CodeCouponExpired        = "coupon_expired"
	CodeMinimumNotMet        = "minimum_not_met"
	CodeRegionRestricted     = "region_restricted"
	CodeUnsupported          = "unsupported"
	CodeNotFound             = "not_found"
	CodeConflict             = "conflict"
	CodeInterventionRequired = "intervention_required"
	CodeAgeVerification      = "age_verification_required"
	CodeApprovalRequired     = "approval_required"
)

// The warning codes that Postern sends beside the [DiscountReason] values. Source: 2026-04-17 schema, MessageWarning.
const (
	CodePriceChange         = "price_change"
	CodeLowStock            = "low_stock"
	CodeLimitedAvailability = "limited_availability"
)

// Blocks reports whether m keeps a session from being paid. A declined payment does not: the session stays ready for another try.
func (m Message) Blocks() bool {
	return m.Type == Error && m.Code != CodePaymentDeclined && m.Code != CodeRequires3DS
}

// ErrorMessage is a plain-text error about param with what can be done about it.
func ErrorMessage(code, param string, r Resolution, content string) Message {
	return Message{Type: Error, Code: code, Severity: "high", Resolution: r, Param: param, Content: content}
}

// WarningMessage is a plain-text warning about param.
func WarningMessage(code, param, content string) Message {
	return Message{Type: Warning, Code: code, Severity: "medium", Param: param, Content: content}
}
