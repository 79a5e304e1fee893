package commerce

import "time"

// The outcomes of an authentication, in the words of 2026-04-17 (schema AuthenticationResult, read 2026-11-22).
const (
	OutcomeAuthenticated   = "authenticated"
	OutcomeAttempted       = "attempt_acknowledged"
	OutcomeDenied          = "denied"
	OutcomeRejected        = "rejected"
	OutcomeAbandoned       = "abandoned"
	OutcomeCanceled        = "canceled"
	OutcomeInformational   = "informational"
	OutcomeNotSupported    = "not_supported"
	OutcomeInternalError   = "internal_error"
	OutcomeProcessingError = "processing_error"
)

// Proves reports whether r holds what a processor needs to charge on the strength of it.
func (r AuthenticationResult) Proves() bool {
	return (r.Outcome == OutcomeAuthenticated || r.Outcome == OutcomeAttempted) && r.Cryptogram != "" && r.ECI != "" &&
		r.TransactionID != "" && r.Version != ""
}

// PendingAuthentication is what a session remembers of authentications: the one that it waits for, and those that it has had. It is
// internal: no answer shows it.
type PendingAuthentication struct {
	// Demanded says that the processor has asked for an authentication, whatever the shop's own rule says, and that no result has ended it.
	Demanded bool
	// Fingerprint is of what was asked for: session, amount, currency and acquirer. Empty: none is waited for.
	Fingerprint string
	AskedAt     time.Time
	// Settled says that the last result ended the request without a charge; the next complete asks again.
	Settled bool
	// Used are fingerprints of the results that were taken, in order: none is taken twice.
	Used []string
}
